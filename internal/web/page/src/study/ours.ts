// The voice of the page, in the language in use.
import { date, language, number, say, time, word } from "../kit/words";
import type { Voice } from "./voice";

export const voice = (): Voice => ({ say, word, number, date, time, rtl: language.value === "ar" });
