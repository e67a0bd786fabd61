// What is on the reader's desk: the study, its review, and what the reader is in
// the middle of.
import { computed, effect, signal } from "@preact/signals";
import type { Answer, Earlier, EarlierFinding, FindingOutline, Mark, Outlines, Review, ReviewAction, SeriesView, StudyEvent, StudyPage, Worklist } from "../api";
import { get, getPassive, Refused } from "../kit/call";
import { listen } from "../kit/events";
import { remedy } from "../kit/parts";
import { go } from "../kit/place";
import { putAway, toast, toasts } from "../kit/toast";
import { me } from "../kit/who";
import type { LPS, Picked, Viewer } from "../viewer/viewer";
import type { Cause, Verdict } from "./codes";
import { answerTo, fold, noAnswer, nothing, sameAnswer } from "./fold";
import { centre, findingsOf, firstSeries, isMark, itemsOf, step, type Item } from "./items";
import { voice } from "./ours";
import { elsewhere, othersWaiting, outboxOf } from "./sending";
import { announced, answer as answerInWords, entry } from "./sentences";
import { matched, pairsOf } from "./matching";
import { held, mm } from "./voice";
import { uuid } from "./uuid";

/** A finding that is being added, or changed. */
export interface Draft {
  /** "" while it is new. */
  id: string;
  seriesUid: string;
  picked: Picked | null;
  /** It was put where it is just now. */
  placed: boolean;
  diameterMm: number;
  kind: string;
  category: string;
  comment: string;
}

export type Desk = ReturnType<typeof makeDesk>;

export function makeDesk(uid: string) {
  const by = me.value?.name ?? "";
  // Where nobody has a name the service calls whoever it is so.
  const display = me.value?.display || by || "local";

  const page = signal<StudyPage | null>(null);
  const review = signal<Review>(nothing);
  const reviewed = signal(false);
  const failure = signal<unknown>(null);
  /** What was said before is not known: nothing can be answered. */
  const reviewFailed = signal(false);
  const outlines = signal<FindingOutline[]>([]);
  /** The study has another result than the one on the screen. */
  const stale = signal(false);
  /** Others' actions reach the page as they happen. */
  const live = signal(true);
  const openBy = signal<string[]>([]);
  const announcement = signal("");

  const seriesUid = signal("");
  const selected = signal<string | null>(null);
  /** The finding whose disagreement lacks its cause. */
  const asking = signal<string | null>(null);
  const editing = signal<string | null>(null);
  const draft = signal<Draft | null>(null);
  const signing = signal(false);
  const side = signal<"findings" | "history" | "earlier">("findings");

  const viewer = signal<Viewer | null>(null);
  /** How the viewer stands; nothing while there is none. */
  const settings = computed(() => viewer.value?.settings.value);

  const [outbox, deafen] = outboxOf(uid, by, { taken, conflict, refused });

  const shown = computed(() => fold(review.value, outbox.pending.value, display));
  const series = computed(() => page.value?.series.find((s) => s.uid === seriesUid.value));
  const items = computed(() => itemsOf(series.value, shown.value));
  const item = computed(() => items.value.find((i) => i.id === selected.value));
  const earlier = computed<Earlier | undefined>(() => {
    const one = page.value?.earlier;
    return one && one.seriesUid && !one.notDone ? one : undefined;
  });
  const pairs = computed(() => pairsOf(series.value, earlier.value));
  /** Why nothing can be answered: role, signed, unread; "" where all can. */
  const blocked = computed(() => {
    if (!me.value?.roles.some((role) => role === "review" || role === "admin")) return "role";
    if (!reviewed.value) return "unread";
    return shown.value.signed || shown.value.signing ? "signed" : "";
  });
  const conflicts = computed(() => outbox.pending.value.filter((p) => p.way === "conflict"));
  /** Findings of the whole study that nobody has answered. */
  const unanswered = computed(() => (page.value ? findingsOf(page.value) : []).filter((f) => !answerTo(shown.value, f.id)?.answer.verdict));
  /** Others who have the study open. */
  const others = computed(() => {
    const list = [...openBy.value];
    const own = list.indexOf(display);
    if (own >= 0) list.splice(own, 1);
    return list;
  });

  /** What the study shows now, as far as it was told: "" before anything was. */
  let shows = "";
  let loads = 0;

  async function load(passive = false): Promise<void> {
    failure.value = null;
    const mine = ++loads;
    try {
      const got = await (passive ? getPassive : get)<StudyPage>(`/api/studies/${uid}`);
      if (mine !== loads) return; // a later one was asked for, and tells more
      if (page.value && page.value.shows !== got.shows) outdateSigning();
      page.value = got;
      stale.value = shows !== "" && shows !== got.shows;
      openBy.value = got.study.review.open;
      if (!got.series.some((s) => s.uid === seriesUid.value)) seriesUid.value = firstSeries(got)?.uid ?? "";
      if (!item.value) selected.value = items.value[0]?.id ?? null;
      if (got.study.hasResult) void loadOutlines();
    } catch (cause) {
      if (mine !== loads) return;
      // What is on the screen stays, and what is being written in it.
      if (page.value) toast(remedy(cause), "bad");
      else failure.value = cause;
      return;
    }
    await loadReview(passive);
  }

  async function loadReview(passive = false): Promise<void> {
    try {
      take(await (passive ? getPassive : get)<Review>(`/api/studies/${uid}/review`));
      reviewFailed.value = false;
    } catch (cause) {
      if (!reviewed.value) reviewFailed.value = true;
    }
  }

  // The images are worth reading without the borders.
  async function loadOutlines(): Promise<void> {
    try {
      outlines.value = (await getPassive<Outlines>(`/api/studies/${uid}/outlines`)).findings;
    } catch (cause) {
      if (!(cause instanceof Refused)) throw cause;
    }
  }

  function take(to: Review): void {
    if (reviewed.value && to.version < review.value.version) return;
    review.value = to;
    reviewed.value = true;
  }

  function onEvent(event: StudyEvent): void {
    if (event.review) {
      hear(review.value, event.review);
      take(event.review);
    }
    openBy.value = event.open ?? [];
    shows = event.shows;
    const now = page.value;
    if (!now) return; // it is being loaded, and compared then
    stale.value = now.shows !== shows;
    // Before there is a result there is nothing to pull from under the reader.
    if (stale.value && !now.study.hasResult) void load(true);
  }

  /** What is to be signed is not what was on the screen when the dialog was opened. */
  function outdateSigning(): void {
    if (!signing.value) return;
    signing.value = false;
    toast(voice().say("study.sign.changed"), "bad");
  }

  /** Says what somebody else has just done. */
  function hear(before: Review, now: Review): void {
    const theirs = now.history.filter((e) => e.number > before.version && e.by !== display && reviewed.value);
    const last = theirs.at(-1);
    if (!last) return;
    const text = voice().say("study.others.did", { who: held(voice(), last.by) });
    for (const old of toasts.value) if (old.text === text) putAway(old.id);
    toast(text);
  }

  function taken(action: ReviewAction, to: Review): void {
    take(to);
    if (action.kind === "sign") say(voice().say("study.announce.signed"));
    else if (action.kind !== "answer") say(voice().say("study.announce.saved"));
  }

  function conflict(action: ReviewAction, to: Review): void {
    take(to);
    if (action.kind === "sign") signing.value = false;
    say(voice().say("study.conflict.heard"));
  }

  function refused(_action: ReviewAction, code: string, detail: string): void {
    toast(voice().say("study.refused", { why: voice().word("problem", code), detail }), "bad");
    void loadReview(true);
  }

  function say(text: string): void {
    announcement.value = "";
    // The same words twice are heard twice.
    queueMicrotask(() => { announcement.value = text; });
  }

  const act = (action: Omit<ReviewAction, "id" | "seen">): void =>
    outbox.add({ ...action, id: uuid(), seen: review.value.version });

  function select(id: string | null): void {
    if (id === selected.value && id !== null) return focus();
    selected.value = id;
    asking.value = null;
    editing.value = null;
    const now = item.value;
    if (!now) return;
    if (side.value === "history") side.value = "findings";
    const v = voice();
    say(isMark(now)
      ? v.say("study.announce.mark", { place: now.place, size: mm(v, now.mark.diameterMm) })
      : announced(v, now.finding, items.value.filter((i) => !isMark(i)).length, answerTo(shown.value, now.id)?.answer));
  }

  /** Puts the images on the selected item again. */
  function focus(): void {
    const now = item.value;
    if (!now) return;
    viewer.value?.goTo(centre(now));
  }

  /** Where a place of this scan lies in the earlier one, as far as they are matched. */
  const before = (at: LPS): LPS | undefined => matched(pairs.value, at);

  /** Selects what a mark on the images stands for: those of the earlier scan for what
   * became of them. */
  function point(id: string): void {
    const [, rank] = /^earlier (\d+)$/.exec(id) ?? [];
    const to = rank === undefined ? id
      : items.value.find((i) => !isMark(i) && i.finding.rank === earlier.value?.findings.find((e) => e.finding.rank === Number(rank))?.currentRank)?.id;
    if (to !== undefined && items.value.some((i) => i.id === to)) select(to);
  }

  /** Shows a finding of the earlier scan in both. What is selected is what is on the
   * screen: one that is gone leaves nothing to answer. */
  function showBefore({ finding, currentRank, inCurrent, inCurrentLpsMm }: EarlierFinding): void {
    viewer.value?.layout("earlier");
    const now = items.value.find((i) => !isMark(i) && currentRank > 0 && i.finding.rank === currentRank);
    if (now) return select(now.id);
    select(null);
    const there = finding.centerLpsMm;
    const here = inCurrent.sopInstanceUid ? inCurrentLpsMm : matched(pairs.value.map(([a, b]) => [b, a]), there);
    viewer.value?.goTo(here ?? there, there);
  }

  function jump(by: 1 | -1): void {
    const to = step(items.value, selected.value, by);
    if (!to) return;
    if (to.id === selected.value) say(voice().say(by > 0 ? "study.announce.last" : "study.announce.first"));
    select(to.id);
  }

  function chooseSeries(to: SeriesView | undefined): void {
    if (!to || to.uid === seriesUid.value) return;
    seriesUid.value = to.uid;
    dropDraft();
    select(items.value[0]?.id ?? null);
  }

  function stepSeries(by: 1 | -1): void {
    const list = page.value?.series ?? [];
    chooseSeries(list[list.findIndex((s) => s.uid === seriesUid.value) + by]);
  }

  /** Says a verdict of the selected finding; a disagreement asks for its cause. */
  function verdict(to: Verdict): void {
    const now = item.value;
    if (!now || isMark(now) || refuse() || hidden()) return;
    if (to === "disagree") {
      asking.value = now.id;
      say(voice().say("study.cause.ask"));
      return;
    }
    answer(now, { ...current(now), verdict: to, cause: "" });
  }

  /** What is answered must be in sight: behind the history it comes to the front, and
   * nothing is said of it yet. */
  function hidden(): boolean {
    if (side.value === "findings") return false;
    side.value = "findings";
    return true;
  }

  function cause(of: Cause): void {
    const now = item.value;
    if (!now || isMark(now) || asking.value !== now.id || refuse()) return;
    if (of === "other" && !current(now).comment) {
      // "Other" says nothing without words: the editor asks for them.
      asking.value = null;
      editing.value = now.id;
      editCause.value = "other";
      return;
    }
    asking.value = null;
    answer(now, { ...current(now), verdict: "disagree", cause: of });
  }

  /** The cause that the editor begins with, once. */
  const editCause = signal("");

  const current = (of: Item): Answer => answerTo(shown.value, of.id)?.answer ?? noAnswer;

  function answer(of: Item, to: Answer): void {
    if (isMark(of) || refuse()) return;
    const said = answerTo(shown.value, of.id);
    // The same again, as a key that is pressed twice says it, is said already.
    if (said?.by === display && sameAnswer(said.answer, to) && shown.value.underWay.get(of.id) !== "conflict") return;
    act({ kind: "answer", seriesUid: of.seriesUid, resultKey: of.resultKey, rank: of.finding.rank, answer: to });
    say(voice().say("study.announce.answered", { rank: of.finding.rank, answer: answerInWords(voice(), to) }));
  }

  function takeBack(): void {
    const now = item.value;
    if (!now || isMark(now) || !current(now).verdict || refuse() || hidden()) return;
    asking.value = null;
    answer(now, noAnswer);
  }

  /** Says why nothing can be answered, where it is so. */
  function refuse(): boolean {
    const why = blocked.value;
    if (why) toast(voice().say(`study.blocked.${why}`), "warn");
    return why !== "";
  }

  function beginMark(): void {
    if (refuse() || !series.value) {
      viewer.value?.tool("scroll");
      return;
    }
    side.value = "findings";
    draft.value = { id: "", seriesUid: series.value.uid, picked: null, placed: false, diameterMm: 6, kind: "", category: "", comment: "" };
    viewer.value?.tool("add");
    say(voice().say("study.mark.click"));
  }

  function changeMark(mark: Mark): void {
    if (refuse()) return;
    draft.value = {
      id: mark.id, seriesUid: mark.seriesUid, picked: { at: mark.centerLpsMm, image: mark.image }, placed: false,
      diameterMm: mark.diameterMm, kind: mark.kind, category: mark.category, comment: mark.comment,
    };
    viewer.value?.tool("add");
  }

  function pick(picked: Picked): void {
    if (draft.value) draft.value = { ...draft.value, picked, placed: true };
  }

  function dropDraft(): void {
    draft.value = null;
    if (settings.value?.tool === "add") viewer.value?.tool("scroll");
  }

  function saveDraft(): void {
    const d = draft.value;
    if (!d?.picked || refuse()) return;
    const mark: Mark = {
      id: d.id, seriesUid: d.seriesUid, centerLpsMm: d.picked.at, diameterMm: d.diameterMm, image: d.picked.image,
      kind: d.kind, category: d.category, comment: d.comment.trim(), by: "",
    };
    if (d.id) act({ kind: "change", markId: d.id, mark });
    else act({ kind: "add", mark });
    dropDraft();
    if (!d.id) select(items.value.at(-1)?.id ?? null);
  }

  function remove(mark: Mark): void {
    if (refuse()) return;
    const at = items.value.findIndex((i) => isMark(i) && i.mark.id === mark.id);
    act({ kind: "remove", markId: mark.id });
    select(items.value[Math.max(0, at - 1)]?.id ?? null);
  }

  function undo(): void {
    if (refuse()) return;
    const back = outbox.takeBack();
    if (back) return say(voice().say("study.announce.undone"));
    if (outbox.pending.value.length > 0) return toast(voice().say("study.undo.not_yet"), "warn");
    if (!shown.value.canUndo) return toast(voice().say("study.undo.nothing"));
    const undone = shown.value.history.find((e) => e.number === shown.value.canUndo);
    act({ kind: "undo", undoes: shown.value.canUndo });
    // It may be of another series, another day or another result: nobody sees it there.
    if (undone) toast(voice().say("study.history.undo", { what: entry(voice(), undone, shown.value.history).what }));
  }

  function sign(): void {
    signing.value = false;
    act({ kind: "sign", resultKeys: (page.value?.series ?? []).flatMap((s) => (s.result ? [s.result.key] : [])) });
  }

  /** Opens the dialog that signs, unless that is done or under way. */
  function askToSign(): void {
    if (!shown.value.signed && !shown.value.signing) signing.value = true;
  }

  function reopen(): void {
    if (!shown.value.reopening) act({ kind: "reopen" });
  }

  /** Shows the earlier scan beside this one, or no longer. */
  function beside(): void {
    if (earlier.value) viewer.value?.layout(settings.value?.layout === "earlier" ? "planes" : "earlier");
  }

  /** Goes to the study that is worst of those that nobody has signed or open. */
  async function nextStudy(): Promise<void> {
    const v = voice();
    try {
      const list = await get<Worklist>("/api/worklist?offset=0&limit=50&state=done&state=not_assessed&state=failed&review=none&review=begun&review=outdated");
      const rest = list.studies.filter((s) => s.uid !== uid);
      const to = rest.find((s) => s.review.open.length === 0) ?? rest[0];
      if (to) go(`/studies/${to.uid}`);
      else toast(v.say("study.next.none"), "good");
    } catch {
      toast(v.say("study.next.failed"), "bad");
    }
  }

  function close(): void {
    if (asking.value) asking.value = null;
    else if (editing.value) editing.value = null;
    else if (draft.value) dropDraft();
    else if (side.value !== "findings") side.value = "findings";
  }

  const stopListening = listen<StudyEvent>({
    path: () => `/api/studies/${uid}/events`,
    message: onEvent,
    state: (up) => {
      // What was missed while it was down is in the review of now.
      if (up && !live.value) void loadReview(true);
      live.value = up;
    },
  });
  const stopGuard = effect(() => {
    const guard = (e: BeforeUnloadEvent): void => { e.preventDefault(); };
    if (outbox.pending.value.length === 0) return;
    addEventListener("beforeunload", guard);
    return () => removeEventListener("beforeunload", guard);
  });
  // A conflict that a reload brought back is of a study that is loaded again.
  const unsavedElsewhere = computed(() => elsewhere(uid, by));

  function leave(): void {
    stopListening();
    stopGuard();
    deafen();
  }

  void load();

  return {
    uid, by, display, page, review, reviewFailed, failure, outlines, stale, live, others, announcement, seriesUid, selected, asking, editing, editCause, draft, signing, side,
    viewer, settings, outbox, shown, series, items, item, earlier, blocked, conflicts, unanswered, unsavedElsewhere,
    othersWaiting: othersWaiting(uid, by),
    load, loadReview, select, focus, jump, chooseSeries, stepSeries, verdict, cause, answer, current, takeBack, beginMark, changeMark, pick, dropDraft, saveDraft, remove,
    undo, askToSign, sign, reopen, before, point, showBefore, beside, nextStudy, close, refuse, hidden, say, leave,
  };
}

/** How far what is said of an item is on its way; nothing where it is saved. */
export const wayOf = (desk: Desk, item: Item): string | undefined => desk.shown.value.underWay.get(item.id);
