// What this browser keeps of a reader's wishes; read before the first paint too.
export type Language = "en" | "fr" | "ar";
export type Theme = "dark" | "light" | "system";

/** What was chosen here before, else the first of the browser's languages that is
 * one of the three, else English. */
export function keptLanguage(): Language {
  for (const wish of [localStorage.getItem("nafas.language"), ...navigator.languages]) {
    const two = wish?.slice(0, 2).toLowerCase();
    if (two === "en" || two === "fr" || two === "ar") return two;
  }
  return "en";
}

/** Dark is what reading rooms have; whoever asks for it gets what the computer is
 * set to. */
export function keptTheme(): Theme {
  const kept = localStorage.getItem("nafas.theme");
  return kept === "light" || kept === "system" ? kept : "dark";
}

export const systemLight = matchMedia("(prefers-color-scheme: light)");

/** Puts a theme on the document. */
export function wear(theme: Theme): void {
  const light = theme === "light" || (theme === "system" && systemLight.matches);
  document.documentElement.dataset.theme = light ? "light" : "dark";
}

/** Puts a language and its direction on the document. */
export function write(language: Language): void {
  document.documentElement.lang = language;
  document.documentElement.dir = language === "ar" ? "rtl" : "ltr";
}
