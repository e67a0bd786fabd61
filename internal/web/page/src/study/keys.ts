// What a key does on the page of a study.
import { causes } from "./codes";

/** What a key asks for. A number is the place of a cause in `causes`. */
export type Command =
  | "next" | "previous" | "agree" | "disagree" | "unsure" | "take_back" | "edit" | "mark" | "remove"
  | "undo" | "sign" | "next_study" | "worklist" | "lung" | "soft" | "bone" | "overlay" | "layout" | "earlier"
  | "slab" | "measure" | "crosshair" | "scroll" | "reset" | "slice_on" | "slice_back" | "slices_on" | "slices_back"
  | "next_series" | "previous_series" | "history" | "close" | "cause";

/** What the reader is in the middle of. */
export interface Situation {
  /** The causes of a disagreement are on offer. */
  asking: boolean;
  /** Where the focus is. Arrows scroll in the images; the keys that scroll a text
   * do so beside them. */
  focus: "images" | "beside" | "nowhere";
  /** The findings are in front, and not the history or the earlier study. */
  listed: boolean;
  /** An editor or a mode is open, which Escape closes. */
  open: boolean;
}

export interface Row {
  command: Command;
  /** KeyboardEvent.key values. */
  keys: string[];
  /** Which cause, with command cause. */
  at?: number;
  when?: (now: Situation) => boolean;
}

const inImages = (now: Situation): boolean => now.focus === "images";
const notBeside = (now: Situation): boolean => now.focus !== "beside";
const listed = (now: Situation): boolean => now.listed;
const asking = (now: Situation): boolean => now.asking;

/** All keys, in the order of the help. Of two rows with one key the later one has it,
 * where its `when` holds. */
export const rows: Row[] = [
  { command: "next", keys: ["n"] },
  { command: "previous", keys: ["p"] },
  { command: "next", keys: ["ArrowDown"], when: listed },
  { command: "previous", keys: ["ArrowUp"], when: listed },
  { command: "agree", keys: ["a"] },
  { command: "disagree", keys: ["d"] },
  { command: "unsure", keys: ["u"] },
  { command: "take_back", keys: ["x"] },
  { command: "edit", keys: ["e"] },
  { command: "mark", keys: ["m"] },
  { command: "remove", keys: ["Delete"] },
  { command: "undo", keys: ["z"] },
  { command: "sign", keys: ["s"] },
  { command: "next_study", keys: ["N"] },
  { command: "worklist", keys: ["w", "Backspace"] },
  { command: "lung", keys: ["1"] },
  { command: "soft", keys: ["2"] },
  { command: "bone", keys: ["3"] },
  { command: "overlay", keys: ["o"] },
  { command: "layout", keys: ["l"] },
  { command: "earlier", keys: ["v"] },
  { command: "slab", keys: ["t"] },
  { command: "measure", keys: ["g"] },
  { command: "crosshair", keys: ["c"] },
  { command: "scroll", keys: ["f"] },
  { command: "reset", keys: ["r"] },
  { command: "slice_on", keys: ["."] },
  { command: "slice_back", keys: [","] },
  { command: "slices_on", keys: ["PageDown"], when: notBeside },
  { command: "slices_back", keys: ["PageUp"], when: notBeside },
  { command: "slice_on", keys: ["ArrowDown"], when: inImages },
  { command: "slice_back", keys: ["ArrowUp"], when: inImages },
  { command: "next_series", keys: ["]"] },
  { command: "previous_series", keys: ["["] },
  { command: "history", keys: ["h"] },
  { command: "close", keys: ["Escape"], when: (now) => now.open || now.asking },
  ...causes.map((_, at): Row => ({ command: "cause", at, keys: [digit(at)], when: asking })),
];

/** What a key that is held down does again and again: going on, and nothing else. */
export const repeats: ReadonlySet<Command> = new Set<Command>(["next", "previous", "slice_on", "slice_back", "slices_on", "slices_back"]);

/** The digit of the cause at a place: 1 to 9, then 0. */
export function digit(at: number): string {
  return String((at + 1) % 10);
}

/** The row that a key belongs to now; nothing where it is not ours. */
export const rowOf = (key: string, now: Situation): Row | undefined =>
  [...rows].reverse().find((row) => row.keys.includes(key) && (row.when?.(now) ?? true));

/** Ctrl+Z, as everywhere. */
export const isUndo = (e: Pick<KeyboardEvent, "key" | "ctrlKey" | "metaKey" | "shiftKey" | "altKey">): boolean =>
  (e.ctrlKey || e.metaKey) && !e.shiftKey && !e.altKey && e.key.toLowerCase() === "z";
