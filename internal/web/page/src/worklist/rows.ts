// The arithmetic of a long list of which only a part is here: which rows are on
// the screen, which pages they need, and what an event does to what is held. No
// browser in it.
import type { Progress, StudyRow, Worklist } from "../api";

/** Rows from first up to, not including, end. */
export interface Span { first: number; end: number }

/** The rows to draw: those in view and as many more on each side as `margin`. All
 * lengths in px. */
export function inView(scrollTop: number, height: number, row: number, total: number, margin: number): Span {
  const first = Math.min(Math.max(0, Math.floor(scrollTop / row) - margin), total);
  const end = Math.min(total, Math.max(first, Math.ceil((scrollTop + height) / row) + margin));
  return { first, end };
}

/** The numbers of the pages, of `size` rows each, that a span touches. */
export function pagesOf(span: Span, size: number): number[] {
  if (span.end <= span.first) return [];
  const from = Math.floor(span.first / size), to = Math.floor((span.end - 1) / size);
  return Array.from({ length: to - from + 1 }, (_, i) => from + i);
}

/** Where to scroll so that a row is in view below the head, moving as little as can
 * be. */
export function reveal(index: number, scrollTop: number, height: number, row: number): number {
  const top = index * row;
  if (top < scrollTop) return top;
  return top + row > scrollTop + height ? top + row - height : scrollTop;
}

/** What an event did to the list. */
export type Effect = "nothing" | "updated" | "moved";

// What of a study its place in the list hangs on, or whether it is in it.
const placeOf = (s: StudyRow): string => [s.priority, s.requestPriority, s.receivedAt, s.review.state === "signed"].join();

/**
 * The rows that are held, by index. A row that is on the screen never moves by
 * itself: events change what it says, and what would move rows is kept in
 * `changes` until the reader, or a moment in which nobody reads, asks for the order
 * as it is now.
 */
export class Rows {
  total = 0;
  /** UIDs of studies whose place or presence in the list has changed. */
  readonly changes = new Set<string>();
  /** Studies of the list that are no more, or fit no more. */
  readonly gone = new Set<string>();
  /** Those of changes that are urgent and were not known before. */
  readonly urgent = new Set<string>();
  private readonly byIndex = new Map<number, string>();
  private readonly indexes = new Map<string, number>();
  private readonly studies = new Map<string, StudyRow>();
  // Each study as it was when it was given its place.
  private readonly places = new Map<string, StudyRow>();

  at(index: number): StudyRow | undefined {
    const uid = this.byIndex.get(index);
    return uid === undefined ? undefined : this.studies.get(uid);
  }

  indexOf(uid: string): number | undefined { return this.indexes.get(uid); }

  /** Puts a page in its place. It says whether the page and what was held are of two
   * different orders: then a study may be missing between them, and all must be
   * asked for again. */
  put(page: Worklist): boolean {
    let torn = this.studies.size > 0 && page.total !== this.total;
    this.total = page.total;
    page.studies.forEach((study, i) => {
      const index = page.offset + i;
      const before = this.indexes.get(study.uid), other = this.byIndex.get(index);
      if (before !== undefined && before !== index) { torn = true; this.byIndex.delete(before); }
      if (other !== undefined && other !== study.uid) { torn = true; this.drop(other); }
      this.byIndex.set(index, study.uid);
      this.indexes.set(study.uid, index);
      this.studies.set(study.uid, study);
      this.places.set(study.uid, study);
      this.settle(study.uid);
    });
    return torn;
  }

  private drop(uid: string): void {
    this.places.delete(uid);
    this.indexes.delete(uid);
    this.studies.delete(uid);
  }

  /** Takes a study as it is now; fits says whether the filters let it through. */
  take(study: StudyRow, fits: boolean): Effect {
    const before = this.studies.get(study.uid);
    if (!before) {
      if (!fits) return this.forget(study.uid);
      this.changes.add(study.uid);
      if (study.priority === "urgent" && study.review.state !== "signed") this.urgent.add(study.uid);
      return "moved";
    }
    // Progress is told of by its own events; a row of the store has none.
    const progress = study.progress ?? (study.state === "running" ? before.progress : undefined);
    this.studies.set(study.uid, progress ? { ...study, progress } : study);
    const place = this.places.get(study.uid)!;
    if (fits && placeOf(study) === placeOf(place)) { this.settle(study.uid); return "updated"; }
    if (!fits) this.gone.add(study.uid);
    else this.gone.delete(study.uid);
    if (fits && place.priority !== "urgent" && study.priority === "urgent") this.urgent.add(study.uid);
    else this.urgent.delete(study.uid);
    this.changes.add(study.uid);
    return "moved";
  }

  // A study that is where it stands: in the list, and in its place.
  private settle(uid: string): void {
    for (const set of [this.changes, this.gone, this.urgent]) set.delete(uid);
  }

  // A study that was to come into the list and fits no more.
  private forget(uid: string): Effect {
    this.urgent.delete(uid);
    return this.changes.delete(uid) ? "moved" : "nothing";
  }

  /** Takes that a study is no more. */
  remove(uid: string): Effect {
    if (!this.studies.has(uid)) return this.forget(uid);
    this.gone.add(uid);
    this.changes.add(uid);
    return "moved";
  }

  /** Takes how far the reading of a study is. */
  progress(uid: string, progress: Progress): Effect {
    const before = this.studies.get(uid);
    if (!before) return "nothing";
    this.studies.set(uid, { ...before, progress });
    return "updated";
  }
}

/** What the list is filtered by: codes; none of a kind lets all through. */
export interface Filters { states: string[]; priorities: string[]; reviews: string[] }

/** Reviews that are not finished: what the list shows unless it is asked for others. */
export const unsigned = ["none", "begun", "outdated"];

const known = {
  state: ["receiving", "waiting", "running", "done", "not_assessed", "failed"],
  priority: ["urgent", "high", "not_assessed", "routine", "none"],
  review: ["none", "begun", "signed", "outdated"],
};

/** The filters of an address's query: ?state=&priority=&review=, each repeatable;
 * review=all asks for signed ones too. What is unknown is left out. */
export function filtersOf(query: string): Filters {
  const params = new URLSearchParams(query);
  const take = (name: keyof typeof known): string[] => known[name].filter((code) => params.getAll(name).includes(code));
  const reviews = take("review");
  return { states: take("state"), priorities: take("priority"), reviews: params.getAll("review").includes("all") ? [] : reviews.length ? reviews : unsigned };
}

/** The query of filters, shortest form; "" for those of the start. */
export function queryOf(filters: Filters): string {
  const params = new URLSearchParams();
  for (const code of filters.states) params.append("state", code);
  for (const code of filters.priorities) params.append("priority", code);
  if (!filters.reviews.length) params.append("review", "all");
  else if (filters.reviews.join() !== unsigned.join()) for (const code of filters.reviews) params.append("review", code);
  const text = params.toString();
  return text && `?${text}`;
}

/** Whether the filters, and what is searched for, let a study through. The service
 * searches; this only says whether a change is worth a word. */
export function fits(study: StudyRow, filters: Filters, search: string): boolean {
  const lets = (codes: string[], code: string): boolean => !codes.length || codes.includes(code);
  const text = plain([study.patient.name, study.patient.id, study.accession, study.description, study.uid].join(" "));
  return lets(filters.states, study.state) && lets(filters.priorities, study.priority) && lets(filters.reviews, study.review.state) &&
    plain(search).split(/\s+/).every((part) => text.includes(part));
}

// Without case and accents, as the service searches.
const plain = (text: string): string => text.normalize("NFD").replace(/\p{M}/gu, "").toLowerCase();

/** Whole years at the study; null where a date is missing or makes no sense. Both
 * are YYYYMMDD. */
export function ageAt(birthDate: string, studyDate: string): number | null {
  if (!/^\d{8}$/.test(birthDate) || !/^\d{8}$/.test(studyDate)) return null;
  const years = Math.floor((Number(studyDate) - Number(birthDate)) / 10000);
  return years >= 0 && years < 130 ? years : null;
}
