// What is in the list of a study: the findings of the series on the screen by rank,
// then what readers added there.
import type { FindingView, ImagePlace, Mark, Review, SeriesView, StudyPage } from "../api";
import type { LPS } from "../viewer/viewer";

/** A finding of the detector, in one result of one series. */
export interface FindingItem {
  id: string;
  seriesUid: string;
  resultKey: string;
  finding: FindingView;
}

/** A finding that a reader added. */
export interface MarkItem {
  id: string;
  /** Counts from 1 in the order in which they were added to the study. */
  place: number;
  mark: Mark;
}

export type Item = FindingItem | MarkItem;

export const isMark = (item: Item): item is MarkItem => "mark" in item;

/** Names a finding of one result: another result's finding of the same rank is another one. */
export const findingID = (seriesUid: string, resultKey: string, rank: number): string =>
  `finding ${seriesUid} ${resultKey} ${rank}`;

export const markID = (id: string): string => `mark ${id}`;

/** What stands beside it on the images and in the list; added ones have a plus. */
export const label = (item: Item): string => (isMark(item) ? `+${item.place}` : String(item.finding.rank));

export const centre = (item: Item): LPS => (isMark(item) ? item.mark.centerLpsMm : item.finding.centerLpsMm);

export const diameterMm = (item: Item): number => (isMark(item) ? item.mark.diameterMm : item.finding.diameterMm);

export const image = (item: Item): ImagePlace => (isMark(item) ? item.mark.image : item.finding.image);

/** The list of one series. */
export function itemsOf(series: SeriesView | undefined, review: Pick<Review, "added">): Item[] {
  if (!series) return [];
  const result = series.result;
  const found: Item[] = result
    ? result.findings.map((finding) => ({
      id: findingID(series.uid, result.key, finding.rank), seriesUid: series.uid, resultKey: result.key, finding,
    }))
    : [];
  const added: Item[] = review.added
    .map((mark, i) => ({ id: markID(mark.id), place: i + 1, mark }))
    .filter(({ mark }) => mark.seriesUid === series.uid);
  return [...found, ...added];
}

/** All findings of all series. */
export const findingsOf = (page: StudyPage): FindingItem[] =>
  page.series.flatMap((s) => itemsOf(s, { added: [] })) as FindingItem[];

/** The series to begin with: that of the most findings at or above the operating
 * point, then of the best score; where nothing was read, the longest CT. */
export function firstSeries(page: StudyPage): SeriesView | undefined {
  const worth = (s: SeriesView): number[] => [
    s.result ? 1 : 0,
    s.result?.findings.filter((f) => f.flagged).length ?? 0,
    s.result?.findings[0]?.score ?? 0,
    s.modality === "CT" ? 1 : 0,
    s.instances,
  ];
  return [...page.series].sort((a, b) => {
    const [wa, wb] = [worth(a), worth(b)];
    const at = wa.findIndex((w, i) => w !== wb[i]);
    return at < 0 ? 0 : wb[at]! - wa[at]!;
  })[0];
}

/** The item that comes after (1) or before (-1) the selected one; the ends hold. */
export function step(items: Item[], selected: string | null, by: 1 | -1): Item | undefined {
  if (items.length === 0) return undefined;
  const at = items.findIndex((i) => i.id === selected);
  if (at < 0) return by > 0 ? items[0] : items[items.length - 1];
  return items[Math.min(Math.max(at + by, 0), items.length - 1)];
}
