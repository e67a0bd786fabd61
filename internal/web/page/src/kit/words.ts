// The words of the page in three languages, and how they write numbers and dates.
import { signal, effect } from "@preact/signals";
import { IntlMessageFormat } from "intl-messageformat";
import en from "../words/en.json";
import fr from "../words/fr.json";
import ar from "../words/ar.json";
import { keptLanguage, write, type Language } from "./kept";

export type { Language } from "./kept";
export type Key = keyof typeof en;

/** Each language's own name for itself. */
export const languages: Record<Language, string> = { en: "English", fr: "Français", ar: "العربية" };

const tables: Record<Language, Record<string, string>> = { en, fr, ar };

/** The language in use; set it with speak. */
export const language = signal<Language>(keptLanguage());

export function speak(to: Language): void {
  localStorage.setItem("nafas.language", to);
  language.value = to;
}

effect(() => write(language.value));

// Digits stay Latin, as they are on scanners and in reports of the Maghreb.
const locales: Record<Language, string> = { en: "en-GB", fr: "fr-FR", ar: "ar-MA-u-nu-latn" };
// Arabic sentences of the service, and scanners, have a decimal point.
const numerals: Record<Language, string> = { ...locales, ar: "ar-u-nu-latn" };
export const locale = (): string => locales[language.value];

const made = new Map<string, IntlMessageFormat>();

/** The sentence of a key; values fill its places (ICU MessageFormat). */
export function say(key: Key, values?: Record<string, string | number>): string {
  const text = tables[language.value][key];
  if (text === undefined) throw new Error(`no word for ${key} in ${language.value}`);
  if (!values) return text;
  const name = language.value + key;
  let format = made.get(name);
  if (!format) made.set(name, (format = new IntlMessageFormat(text, numerals[language.value])));
  return String(format.format(values));
}

/** The word of a code of the service, such as `state.done`; the code itself where
 * there is no word for it, so that nothing is hidden. */
export function word(group: string, code: string): string {
  return tables[language.value][`${group}.${code}`] ?? code;
}

/** A number with this many decimals. */
export const number = (value: number, decimals = 0): string =>
  new Intl.NumberFormat(numerals[language.value], { minimumFractionDigits: decimals, maximumFractionDigits: decimals }).format(value);

/** A time of the service (RFC 3339). */
export const time = (at: string): string =>
  new Intl.DateTimeFormat(locale(), { dateStyle: "medium", timeStyle: "short" }).format(new Date(at));

/** A DICOM date (YYYYMMDD); "" stays "". */
export function date(dicom: string): string {
  const m = /^(\d{4})(\d{2})(\d{2})$/.exec(dicom);
  if (!m) return dicom;
  return new Intl.DateTimeFormat(locale(), { dateStyle: "medium", timeZone: "UTC" })
    .format(Date.UTC(Number(m[1]), Number(m[2]) - 1, Number(m[3])));
}

/** How long ago or ahead, in its largest unit: 3 h, 2 d. For ages in a list. */
export function age(seconds: number): string {
  const [count, unit] = seconds < 60 ? [0, "minute"] : seconds < 3600 ? [seconds / 60, "minute"]
    : seconds < 172800 ? [seconds / 3600, "hour"] : [seconds / 86400, "day"];
  return new Intl.NumberFormat(locale(), { style: "unit", unit, unitDisplay: "short", maximumFractionDigits: 0 }).format(Math.floor(count));
}
