// The voice of the page, in the language in use.
import { date, language, number, say, time, word } from "../kit/words";
import type { Voice } from "./voice";

export const voice = (): Voice => ({ say, word, number, date, time, percentSign: language.value === "fr" ? "\u202f%" : "%", rtl: language.value === "ar" });
