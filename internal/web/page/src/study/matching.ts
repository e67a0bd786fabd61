// Where a place of this scan lies in the earlier one: the comparison matched the
// places of findings, and what lies near one has moved as it has.
import type { Earlier, SeriesView } from "../api";
import type { LPS } from "../viewer/viewer";
import { add, distance, minus } from "../viewer/vector";

/** A place of this scan, and the same place in the earlier one. */
export type Pair = [now: LPS, earlier: LPS];

/** All places that were matched: of findings here, and of those of the earlier scan. */
export function pairsOf(series: SeriesView | undefined, earlier: Earlier | undefined): Pair[] {
  if (!earlier) return [];
  const here = (series?.result?.findings ?? []).flatMap(({ centerLpsMm, change }): Pair[] =>
    change?.inEarlier.sopInstanceUid ? [[centerLpsMm, change.inEarlierLpsMm]] : []);
  const there = earlier.findings.flatMap(({ finding, inCurrent, inCurrentLpsMm }): Pair[] =>
    inCurrent.sopInstanceUid ? [[inCurrentLpsMm, finding.centerLpsMm]] : []);
  return [...here, ...there];
}

/** A place moved as the nearest matched one; undefined where none is matched. */
export function matched(pairs: Pair[], at: LPS): LPS | undefined {
  let least = Infinity, out: LPS | undefined;
  for (const [now, earlier] of pairs) {
    const away = distance(now, at);
    if (away < least) [least, out] = [away, add(at, minus(earlier, now))];
  }
  return out;
}
