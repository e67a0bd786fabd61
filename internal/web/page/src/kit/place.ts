// Where in the page somebody is: the path.
import { signal } from "@preact/signals";

export const path = signal(location.pathname);

addEventListener("popstate", () => { path.value = location.pathname; });

/** Goes to a path of the page without loading it anew. */
export function go(to: string): void {
  history.pushState(null, "", to);
  path.value = location.pathname;
}
