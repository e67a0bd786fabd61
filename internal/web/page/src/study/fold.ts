// The review as the reader sees it: what the service has, with what this page has
// said and the service has not yet taken.
import type { Answer, Entry, FindingAnswer, Mark, Review, ReviewAction } from "../api";
import { findingID, markID } from "./items";

/** How far an action is on its way. */
export type Way = "waiting" | "sending" | "conflict";

/** An action that the service has not taken yet. */
export interface Pending {
  action: ReviewAction;
  /** When it was done, RFC 3339. */
  at: string;
  /** How often it was sent; above 0 it may have arrived without an answer. */
  tries: number;
  way: Way;
  /** The review that contradicts it, with way "conflict". */
  theirs?: Review;
}

/** The review with the actions under way laid over it. */
export interface Shown extends Review {
  /** How far what is said of an item is on its way; nothing where it is saved. */
  underWay: Map<string, Way>;
  signing: boolean;
  reopening: boolean;
}

export const nothing: Review = { version: 0, answers: [], added: [], outdated: false, history: [], canUndo: 0 };

/** What an action is about: two of the same contradict each other. */
export function subject(action: ReviewAction): string {
  switch (action.kind) {
    case "answer":
      return findingID(action.seriesUid ?? "", action.resultKey ?? "", action.rank ?? 0);
    case "add":
      return markID(action.id);
    case "change":
    case "remove":
      return markID(action.markId ?? "");
    case "undo":
      return "undo";
    default:
      return "signature";
  }
}

/** Lays the actions over the review, in order. A signature is never laid over: a
 * study is signed when the service says so. */
export function fold(review: Review, pending: Pending[], by: string): Shown {
  const shown: Shown = {
    ...review, answers: [...review.answers], added: [...review.added],
    underWay: new Map(), signing: false, reopening: false,
  };
  for (const p of pending) {
    lay(shown, p, by);
    // A conflict is not passed over by what was said of the same afterwards.
    const about = subject(p.action);
    if (shown.underWay.get(about) !== "conflict") shown.underWay.set(about, p.way);
  }
  return shown;
}

function lay(shown: Shown, { action, at, way }: Pending, by: string): void {
  switch (action.kind) {
    case "answer":
      say(shown, action, action.answer, by, at);
      break;
    case "add":
      if (!action.mark || shown.added.some((m) => m.id === action.id)) break; // it arrived, and its answer did not
      shown.added.push({ ...action.mark, id: action.id, by, at });
      break;
    case "change":
      shown.added = shown.added.map((m) => (m.id === action.markId && action.mark ? { ...action.mark, id: m.id, by, at } : m));
      break;
    case "remove":
      shown.added = shown.added.filter((m) => m.id !== action.markId);
      break;
    case "undo":
      undo(shown, action.undoes ?? 0);
      break;
    case "sign":
      shown.signing = way !== "conflict";
      break;
    case "reopen":
      shown.reopening = way !== "conflict";
  }
}

function say(shown: Shown, of: { seriesUid?: string; resultKey?: string; rank?: number }, answer: Answer | undefined, by: string, at: string): void {
  const [seriesUid, resultKey, rank] = [of.seriesUid ?? "", of.resultKey ?? "", of.rank ?? 0];
  const id = findingID(seriesUid, resultKey, rank);
  const others = shown.answers.filter((a) => answerID(a) !== id);
  shown.answers = empty(answer) ? others : [...others, { seriesUid, resultKey, rank, answer, by, at }];
}

/** Lays the undoing of an entry over: what it replaced is there again. */
function undo(shown: Shown, number: number): void {
  const entry = shown.history.find((e) => e.number === number);
  if (!entry) return;
  shown.canUndo = 0;
  switch (entry.kind) {
    case "answer": {
      const stands = answerTo(shown, findingID(entry.seriesUid, entry.resultKey ?? "", entry.rank));
      // What it replaced was another's as often as not; whose, the service says next.
      if (stands && same(stands, entry)) say(shown, stands, entry.fromAnswer, entry.by, entry.at);
      else if (!stands && empty(entry.answer)) say(shown, entry, entry.fromAnswer, entry.by, entry.at);
      break;
    }
    case "add":
      shown.added = shown.added.filter((m) => m.id !== entry.markId);
      break;
    case "change":
      shown.added = shown.added.map((m) => (m.id === entry.markId && entry.fromMark ? entry.fromMark : m));
      break;
    case "remove":
      if (entry.fromMark) shown.added.push(entry.fromMark);
  }
}

// The answer that stands is the one of the entry of its time.
const same = (a: FindingAnswer, e: Entry): boolean => a.at === e.at && a.by === e.by;

export const answerID = (a: { seriesUid: string; resultKey: string; rank: number }): string =>
  findingID(a.seriesUid, a.resultKey, a.rank);

const empty = (a: Answer | undefined): a is undefined => !a || (!a.verdict && !a.cause && !a.kind && !a.category && !a.comment);

export const sameAnswer = (a: Answer, b: Answer): boolean =>
  a.verdict === b.verdict && a.cause === b.cause && a.kind === b.kind && a.category === b.category && a.comment === b.comment;

export const noAnswer: Answer = { verdict: "", cause: "", kind: "", category: "", comment: "" };

/** What was said of a finding, or nothing. */
export const answerTo = (review: Review, id: string): FindingAnswer | undefined => review.answers.find((a) => answerID(a) === id);

/** What is said in a contradiction: by whom, and what they said. */
export interface Contradiction {
  by: string;
  at: string;
  answer?: Answer;
  mark?: Mark;
  /** The other took it away, or back. */
  gone: boolean;
}

/** What the review that contradicts an action says of the same. */
export function contradiction(action: ReviewAction, theirs: Review): Contradiction {
  const about = subject(action);
  const last = [...theirs.history].reverse().find((e) => concerns(e, action));
  const who = { by: last?.by ?? "", at: last?.at ?? "" };
  if (action.kind === "answer") {
    const said = answerTo(theirs, about);
    return said ? { by: said.by, at: said.at, answer: said.answer, gone: false } : { ...who, gone: true };
  }
  if (action.kind === "change" || action.kind === "remove") {
    const mark = theirs.added.find((m) => m.id === action.markId);
    return mark ? { by: mark.by, at: mark.at ?? who.at, mark, gone: false } : { ...who, gone: true };
  }
  return { ...who, gone: false };
}

function concerns(e: Entry, action: ReviewAction): boolean {
  switch (action.kind) {
    case "answer":
      return e.seriesUid === action.seriesUid && e.resultKey === action.resultKey && e.rank === action.rank;
    case "change":
    case "remove":
      return e.markId === action.markId;
    default:
      return true; // a signature is contradicted by whatever came last
  }
}
