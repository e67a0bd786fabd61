// Dark or light.
import { effect, signal } from "@preact/signals";
import { keptTheme, systemLight, wear, type Theme } from "./kept";

export type { Theme } from "./kept";

/** The theme in use; set it with dress. */
export const theme = signal<Theme>(keptTheme());

export function dress(as: Theme): void {
  localStorage.setItem("nafas.theme", as);
  theme.value = as;
}

effect(() => wear(theme.value));
systemLight.addEventListener("change", () => wear(theme.value));
