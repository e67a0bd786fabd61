// The letters at the edges of a view: the same in every language.
import type { Vector } from "./vector";

// DICOM's letters for both ways of each axis (PS3.3 C.7.6.1.1.1).
const names = [["L", "R"], ["P", "A"], ["H", "F"]] as const;

/** What a direction points to, the strongest first: "R", or "RA" where it is more
 * than a quarter towards the front too. */
export function letters(direction: Vector): string {
  return [0, 1, 2]
    .map((axis) => ({ part: Math.abs(direction[axis]!), name: names[axis]![direction[axis]! > 0 ? 0 : 1] }))
    .filter(({ part }) => part > 0.25)
    .sort((a, b) => b.part - a.part)
    .map(({ name }) => name)
    .join("");
}
