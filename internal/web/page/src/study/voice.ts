// How the page speaks: words, and numbers with their units, which keep their order
// inside Arabic text.
import type { Key } from "../kit/words";

export type { Key };

export interface Voice {
  say: (key: Key, values?: Record<string, string | number>) => string;
  word: (group: string, code: string) => string;
  number: (value: number, decimals?: number) => string;
  date: (dicom: string) => string;
  time: (at: string) => string;
  /** What stands after a number of percent, with its space. */
  percentSign: string;
  /** The page is written from right to left. */
  rtl: boolean;
}

const [isolate, isolateAny, pop] = ["\u2066", "\u2068", "\u2069"];

/** A run of text that reads from left to right whatever stands around it. In a
 * string this is what <bdi dir="ltr"> is in a page. */
export const run = (v: Voice, text: string): string => (v.rtl ? isolate + text + pop : text);

/** What has a direction of its own, such as a name or a date. */
export const held = (v: Pick<Voice, "rtl">, text: string): string => (v.rtl && text ? isolateAny + text + pop : text);

export const mm = (v: Voice, value: number, decimals = 1): string => run(v, `${v.number(value, decimals)}\u00a0mm`);

const minus = "\u2212";

/** A change, always with its sign. */
export function signed(v: Voice, value: number, decimals = 0): string {
  const size = v.number(Math.abs(value), decimals);
  const zero = Number(Math.abs(value).toFixed(decimals)) === 0;
  return zero ? size : (value > 0 ? "+" : minus) + size;
}

/** A score, never rounded up: 0.998 is no 1.00. */
export const score = (v: Voice, value: number): string => run(v, v.number(Math.floor(value * 100 + 1e-9) / 100, 2));

/** Whole percent of a share. */
export const percent = (v: Voice, share: number): string => run(v, v.number(Math.round(share * 100)) + v.percentSign);

/** A change of so many percent, with its sign. */
export const signedPercent = (v: Voice, value: number): string => run(v, signed(v, value) + v.percentSign);
