// The voice of the page, in the language in use.
import { date, language, number, say, time, word } from "../kit/words";
import { held, type Voice } from "./voice";

export function voice(): Voice {
  const way = { rtl: language.value === "ar" };
  return {
    say, word, number, ...way,
    date: (dicom) => held(way, date(dicom)),
    time: (at) => held(way, time(at)),
    percentSign: language.value === "fr" ? "\u202f%" : "%",
  };
}
