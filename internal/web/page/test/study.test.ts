// What is said of findings, and what becomes of what readers say.
import assert from "node:assert/strict";
import { test } from "node:test";
import { IntlMessageFormat } from "intl-messageformat";
import type { Answer, Change, Earlier, Entry, FindingView, Mark, Review, ReviewAction, SeriesView, StudyPage } from "../src/api";
import { causes } from "../src/study/codes";
import { answerTo, contradiction, fold, nothing, subject, type Pending } from "../src/study/fold";
import { findingID, firstSeries, itemsOf, markID, step } from "../src/study/items";
import { keep, recall, studiesOf } from "../src/study/kept";
import { digit, isUndo, repeats, rowOf, rows, type Situation } from "../src/study/keys";
import { matched, pairsOf } from "../src/study/matching";
import { Outbox, pause, type Outcome } from "../src/study/outbox";
import { outlineOf } from "../src/study/overlays";
import { age, announced, answer as inWords, change, changeInShort, doubt, entry, kind, place, size } from "../src/study/sentences";
import { uuid } from "../src/study/uuid";
import { mm, score, signed, type Voice } from "../src/study/voice";
import ar from "../src/words/ar.json";
import en from "../src/words/en.json";
import fr from "../src/words/fr.json";

// --- shapes

const noWhere = { sopInstanceUid: "1.2", slice: 3, frame: 0, column: 0, row: 0 };
const finding = (rank: number, more: Partial<FindingView> = {}): FindingView => ({
  rank, score: 0.5, flagged: true, centerLpsMm: [rank, 0, 0], side: "right", lobe: "right_upper", zone: "", juxtapleural: false, perifissural: false,
  diameterMm: 8, diameterBy: "detector", image: noWhere, guidelines: [], brock: "", reasons: [], thumbnailUrl: "", ...more,
});
const read = (uid: string, findings: FindingView[], key = "k"): SeriesView => ({
  uid, number: "1", modality: "CT", description: "", instances: 100,
  result: {
    key, model: { name: "m", version: "1", sha256: "" }, warnings: [], notes: [], findings,
    scan: { slices: 1, rows: 1, columns: 1, spacingMm: [1, 1, 1], sliceThicknessMm: 1, kernel: "", manufacturer: "" },
  },
});
const saying = (verdict: string, more: Partial<Answer> = {}): Answer => ({ verdict, cause: "", kind: "", category: "", comment: "", ...more });
const mark = (id: string, diameterMm = 5): Mark => ({ id, seriesUid: "s", centerLpsMm: [1, 2, 3], diameterMm, image: noWhere, kind: "", category: "", comment: "", by: "" });
const about = (rank: number, answer: Answer, id = `a${rank}`): ReviewAction => ({ id, seen: 0, kind: "answer", seriesUid: "s", resultKey: "k", rank, answer });
const waiting = (action: ReviewAction, more: Partial<Pending> = {}): Pending => ({ action, at: "2026-01-02T00:00:00Z", tries: 0, way: "waiting", ...more });
const said = (rank: number, answer: Answer, by = "B"): Review["answers"][number] => ({ seriesUid: "s", resultKey: "k", rank, answer, by, at: "2026-01-01T00:00:00Z" });
const done = (number: number, more: Partial<Entry>): Entry => ({ number, at: "2026-01-01T00:00:00Z", by: "B", kind: "answer", seriesUid: "s", resultKey: "k", rank: 1, markId: "", undoes: 0, undone: false, ...more });
const id1 = findingID("s", "k", 1);

// --- the list

test("a list is the findings by rank, then what was added in that series", () => {
  const items = itemsOf(read("s", [finding(1), finding(2)]), { added: [{ ...mark("x"), seriesUid: "other" }, mark("y")] });
  assert.deepEqual(items.map((i) => i.id), [id1, findingID("s", "k", 2), markID("y")]);
  assert.deepEqual(step(items, null, 1)?.id, id1);
  assert.deepEqual(step(items, id1, 1)?.id, findingID("s", "k", 2));
  assert.deepEqual(step(items, id1, -1)?.id, id1, "the start holds");
  assert.deepEqual(step(items, markID("y"), 1)?.id, markID("y"), "the end holds");
  assert.equal(step([], null, 1), undefined);
});

test("the first series is that of the worst", () => {
  const unread: SeriesView = { uid: "scout", number: "1", modality: "CT", description: "", instances: 999 };
  const page = (...series: SeriesView[]): StudyPage => ({ series }) as unknown as StudyPage;
  assert.equal(firstSeries(page(unread, read("a", [finding(1, { flagged: false, score: 0.9 })]), read("b", [finding(1)])))?.uid, "b");
  assert.equal(firstSeries(page(unread, read("a", [])))?.uid, "a", "one that was read before one that was not");
  assert.equal(firstSeries(page({ ...unread, modality: "SR" }, { ...unread, uid: "ct", instances: 2 }))?.uid, "ct");
  assert.equal(firstSeries(page()), undefined);
});

// --- what is laid over the review

test("what is not saved is laid over what is, and says so", () => {
  const review: Review = { ...nothing, answers: [said(1, saying("agree")), said(2, saying("unsure"))], added: [mark("m1")] };
  const shown = fold(review, [
    waiting(about(1, saying("disagree", { cause: "scar" }))),
    waiting(about(2, saying(""), "back")),
    waiting({ id: "m2", seen: 0, kind: "add", mark: mark("", 7) }),
    waiting({ id: "c", seen: 0, kind: "change", markId: "m1", mark: mark("", 9) }),
  ], "A");
  assert.deepEqual([answerTo(shown, id1)?.answer.cause, answerTo(shown, id1)?.by], ["scar", "A"]);
  assert.equal(answerTo(shown, findingID("s", "k", 2)), undefined, "taken back");
  assert.deepEqual(shown.added.map((m) => [m.id, m.diameterMm]), [["m1", 9], ["m2", 7]]);
  assert.equal(shown.underWay.get(id1), "waiting");
  assert.equal(review.answers[0]!.answer.verdict, "agree", "the review itself stays");
});

test("an answer to another result of the series is no answer", () => {
  const shown = fold({ ...nothing, answers: [{ ...said(1, saying("agree")), resultKey: "old" }] }, [], "A");
  assert.equal(answerTo(shown, id1), undefined);
});

test("an added finding that arrived without an answer is there once", () => {
  const shown = fold({ ...nothing, added: [mark("m")] }, [waiting({ id: "m", seen: 0, kind: "add", mark: mark("") })], "A");
  assert.equal(shown.added.length, 1);
});

test("a study is signed only when the service says so", () => {
  const shown = fold(nothing, [waiting({ id: "x", seen: 0, kind: "sign", resultKeys: ["k"] })], "A");
  assert.deepEqual([shown.signed, shown.signing], [undefined, true]);
  assert.equal(fold(nothing, [waiting({ id: "x", seen: 0, kind: "sign" }, { way: "conflict" })], "A").signing, false);
});

test("undoing lays over what was there before", () => {
  const history = [
    done(1, { answer: saying("agree") }),
    done(2, { kind: "remove", markId: "m", fromMark: mark("m", 4) }),
    done(3, { kind: "add", markId: "n" }),
  ];
  const review: Review = { ...nothing, answers: [said(1, saying("agree"))], added: [mark("n")], history, canUndo: 1 };
  const undo = (undoes: number) => fold(review, [waiting({ id: "z", seen: 3, kind: "undo", undoes })], "A");
  assert.equal(answerTo(undo(1), id1), undefined);
  assert.deepEqual(undo(2).added.map((m) => m.id), ["n", "m"]);
  assert.deepEqual(undo(3).added, []);
  assert.equal(undo(1).canUndo, 0, "not twice");
  const before = { ...review, history: [done(1, { answer: saying("agree"), fromAnswer: saying("unsure") })] };
  assert.equal(answerTo(fold(before, [waiting({ id: "z", seen: 1, kind: "undo", undoes: 1 })], "A"), id1)?.answer.verdict, "unsure");
});

test("a contradiction says who said what", () => {
  const theirs: Review = { ...nothing, version: 2, answers: [said(1, saying("unsure"))], history: [done(1, { rank: 9 }), done(2, {})] };
  assert.deepEqual(contradiction(about(1, saying("agree")), theirs), { by: "B", at: "2026-01-01T00:00:00Z", answer: saying("unsure"), gone: false });
  assert.equal(contradiction(about(3, saying("agree")), theirs).gone, true);
  const removed: Review = { ...nothing, history: [done(1, { kind: "remove", rank: 0, markId: "m", by: "C" })] };
  assert.deepEqual(contradiction({ id: "x", seen: 0, kind: "change", markId: "m" }, removed), { by: "C", at: "2026-01-01T00:00:00Z", gone: true });
});

// --- on the way

interface Desk { outbox: Outbox; sent: ReviewAction[]; told: string[]; kept: Pending[][]; late: (() => void)[] }

function desk(answers: ((a: ReviewAction) => Outcome)[], before: Pending[] = []): Desk {
  const d = { sent: [], told: [], kept: [], late: [] } as unknown as Desk;
  d.outbox = new Outbox({
    send: async (action) => { d.sent.push(action); return (answers.shift() ?? taken)(action); },
    keep: (pending) => d.kept.push(pending),
    later: (then) => d.late.push(then),
    taken: (a) => d.told.push(`taken ${a.id}`),
    conflict: (a) => d.told.push(`conflict ${a.id}`),
    refused: (a, code) => d.told.push(`refused ${a.id} ${code}`),
    now: () => "2026-01-02T00:00:00Z",
  }, before);
  return d;
}
const taken = (): Outcome => ({ kind: "taken", review: nothing });
const later = (): Outcome => ({ kind: "later", why: "unreachable", afterSeconds: 0 });
const refuse = (): Outcome => ({ kind: "refused", code: "invalid", detail: "" });
const contradict = (): Outcome => ({ kind: "conflict", review: { ...nothing, version: 5 } });
const settled = () => new Promise<void>((resolve) => { setImmediate(resolve); });

test("actions go one after the other, and are kept until they have arrived", async () => {
  const d = desk([]);
  d.outbox.add(about(1, saying("agree")));
  d.outbox.add(about(2, saying("agree")));
  assert.equal(d.sent.length, 1);
  assert.equal(d.kept.at(-1)!.length, 2);
  await settled();
  assert.deepEqual(d.told, ["taken a1", "taken a2"]);
  assert.deepEqual(d.kept.at(-1), []);
});

test("what cannot be sent waits, says so, and goes again with its ID", async () => {
  const d = desk([later, later]);
  d.outbox.add(about(1, saying("agree")));
  await settled();
  assert.deepEqual([d.outbox.trouble.value, d.outbox.pending.value[0]!.way, d.kept.at(-1)!.length], ["unreachable", "waiting", 1]);
  d.late.pop()!();
  await settled();
  d.outbox.retry();
  await settled();
  assert.deepEqual(d.sent.map((a) => a.id), ["a1", "a1", "a1"]);
  assert.deepEqual([d.outbox.trouble.value, d.outbox.pending.value], ["", []]);
});

test("a pause that a retry overtook sends nothing", async () => {
  const d = desk([later, taken]);
  d.outbox.add(about(1, saying("agree")));
  await settled();
  d.outbox.retry();
  await settled();
  d.late[0]!();
  await settled();
  assert.equal(d.sent.length, 2);
});

test("what is refused is gone, and said; the rest goes on", async () => {
  const d = desk([refuse]);
  d.outbox.add(about(1, saying("agree")));
  d.outbox.add(about(2, saying("agree")));
  await settled();
  assert.deepEqual(d.told, ["refused a1 invalid", "taken a2"]);
  assert.deepEqual(d.outbox.pending.value, []);
});

test("a contradiction holds what is of the same, and the signature; not the rest", async () => {
  const d = desk([contradict]);
  d.outbox.add(about(1, saying("agree")));
  d.outbox.add(about(1, saying("unsure"), "again"));
  d.outbox.add(about(2, saying("agree")));
  d.outbox.add({ id: "sig", seen: 0, kind: "sign", resultKeys: [] });
  await settled();
  assert.deepEqual(d.sent.map((a) => a.id), ["a1", "a2"]);
  d.outbox.insist("a1");
  await settled();
  assert.deepEqual(d.sent.slice(2).map((a) => [a.id, a.seen]), [["a1", 5], ["again", 5], ["sig", 0]]);
});

test("giving up a contradicted action gives up what was said of the same after it", async () => {
  const d = desk([contradict]);
  d.outbox.add(about(1, saying("agree")));
  d.outbox.add(about(1, saying("unsure"), "again"));
  await settled();
  d.outbox.giveUp("a1");
  await settled();
  assert.deepEqual([d.outbox.pending.value, d.sent.length], [[], 1]);
});

test("only what never left can be taken back", async () => {
  const d = desk([later]);
  d.outbox.add(about(1, saying("agree")));
  d.outbox.add(about(2, saying("agree")));
  await settled();
  assert.equal(d.outbox.takeBack()?.id, "a2");
  assert.equal(d.outbox.takeBack(), undefined, "it may have arrived");
});

test("an undo that waits is not taken back by the next: that would undo nothing", async () => {
  const d = desk([later]);
  d.outbox.add(about(1, saying("agree")));
  d.outbox.add({ id: "u", seen: 0, kind: "undo", undoes: 3 });
  await settled();
  assert.equal(d.outbox.takeBack(), undefined);
  assert.equal(d.outbox.pending.value.length, 2);
});

test("what was kept over a reload is sent again", async () => {
  const d = desk([], [waiting(about(1, saying("agree")), { way: "sending", tries: 1 })]);
  await settled();
  assert.deepEqual(d.told, ["taken a1"]);
});

test("pauses grow", () => assert.deepEqual([1, 2, 3, 4, 5, 6, 60].map(pause), [1, 2, 5, 10, 20, 30, 30]));

class Memory {
  private readonly all = new Map<string, string>();
  get length() { return this.all.size; }
  key(i: number) { return [...this.all.keys()][i] ?? null; }
  getItem(k: string) { return this.all.get(k) ?? null; }
  setItem(k: string, v: string) { this.all.set(k, v); }
  removeItem(k: string) { this.all.delete(k); }
}

test("what is kept is the reader's own", () => {
  const store = new Memory();
  keep(store, "1.2", "salma", [waiting(about(1, saying("agree")))]);
  keep(store, "1.2.3", "omar", [waiting(about(1, saying("agree")))]);
  assert.equal(recall(store, "1.2", "salma").own.length, 1);
  assert.deepEqual(recall(store, "1.2", "omar"), { own: [], others: 1 }, "another study's are not counted");
  keep(store, "1.2", "salma", []);
  assert.deepEqual(recall(store, "1.2", "salma"), { own: [], others: 0 });
  store.setItem("nafas.unsaved.1.2 salma", "{broken");
  assert.deepEqual(recall(store, "1.2", "salma").own, []);
});

test("whatever study it was said of, it is known what of a reader is kept", () => {
  const store = new Memory();
  store.setItem("nafas.theme", "dark");
  keep(store, "1.2", "salma", [waiting(about(1, saying("agree")))]);
  keep(store, "1.3", "salma", [waiting(about(1, saying("agree")))]);
  keep(store, "1.3", "omar", [waiting(about(1, saying("agree")))]);
  keep(store, "1.4", "", [waiting(about(1, saying("agree")))]);
  assert.deepEqual([studiesOf(store, "salma"), studiesOf(store, "omar"), studiesOf(store, "")], [["1.2", "1.3"], ["1.3"], ["1.4"]]);
});

test("a store that is full stops nothing", () => {
  const full = { length: 0, key: () => null, getItem: () => null, removeItem: () => {}, setItem: () => { throw new Error("QuotaExceededError"); } };
  keep(full, "1.2", "salma", [waiting(about(1, saying("agree")))]);
});

test("an undo takes back the answer of its own result", () => {
  const answered = { ...said(1, saying("agree")), resultKey: "new" };
  const review: Review = { ...nothing, version: 1, canUndo: 1, answers: [answered], history: [done(1, { resultKey: "old", answer: saying("agree") })] };
  assert.deepEqual(fold(review, [waiting({ id: "u", seen: 1, kind: "undo", undoes: 1 })], "B").answers, [answered]);
});

test("what is said against another reader's is of the same result", () => {
  const theirs: Review = { ...nothing, history: [done(1, { by: "C" }), done(2, { by: "D", resultKey: "new" })] };
  assert.equal(contradiction(about(1, saying("agree")), theirs).by, "C");
});

test("a key that is held down goes on, and does nothing else again", () => {
  assert.ok(repeats.has("next") && repeats.has("slice_on"));
  for (const { command } of rows) if (/agree|disagree|unsure|take_back|undo|sign|remove|cause/.test(command)) assert.ok(!repeats.has(command), command);
});

// --- on the images

test("a border is that of its own result", () => {
  const item = itemsOf(read("s", [finding(1)], "old"), { added: [] })[0]!;
  const outline = (resultKey: string) => ({ seriesUid: "s", resultKey, rank: 1, slices: [{ sopInstanceUid: resultKey, frame: 0, polygons: [] }] });
  assert.ok("finding" in item);
  assert.equal(outlineOf([outline("new")], item), undefined, "another finding has its rank now");
  assert.equal(outlineOf([outline("new"), outline("old")], item)?.[0]?.sopInstanceUid, "old");
});

test("a place is matched as the nearest one is, and not as another far away", () => {
  const change = (inEarlierLpsMm: [number, number, number], sopInstanceUid = "1.2") => ({ change: { inEarlier: { ...noWhere, sopInstanceUid }, inEarlierLpsMm } }) as Partial<FindingView>;
  const series = read("s", [finding(0, change([10, 0, 0])), finding(100, change([105, 0, 0])), finding(50, change([0, 0, 0], ""))]);
  const before = { inCurrent: noWhere, inCurrentLpsMm: [0, 0, 200], finding: finding(0, { centerLpsMm: [0, 0, 230] }) };
  const pairs = pairsOf(series, { findings: [before] } as unknown as Earlier);
  assert.equal(pairs.length, 3, "a place that lies outside of the earlier scan is none");
  assert.deepEqual(matched(pairs, [1, 0, 0]), [11, 0, 0]);
  assert.deepEqual(matched(pairs, [90, 0, 0]), [95, 0, 0]);
  assert.deepEqual(matched(pairs, [0, 0, 199]), [0, 0, 229]);
  assert.deepEqual(pairsOf(series, undefined), []);
  assert.equal(matched([], [0, 0, 0]), undefined);
});

test("subjects", () => {
  assert.equal(subject(about(1, saying("agree"))), id1);
  assert.equal(subject({ id: "m", seen: 0, kind: "add" }), subject({ id: "x", seen: 0, kind: "change", markId: "m" }));
  assert.equal(subject({ id: "a", seen: 0, kind: "sign" }), subject({ id: "b", seen: 0, kind: "reopen" }));
});

test("UUIDs are of version 4, with and without randomUUID", () => {
  const v4 = /^[0-9a-f]{8}-[0-9a-f]{4}-4[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}$/;
  assert.match(uuid(), v4);
  const old = { getRandomValues: <T,>(into: T): T => { (into as unknown as Uint8Array).fill(0xff); return into; } } as unknown as Crypto;
  assert.equal(uuid({ getRandomValues: old.getRandomValues.bind(old) }), "ffffffff-ffff-4fff-bfff-ffffffffffff");
});

// --- keys

const calm: Situation = { asking: false, focus: "nowhere", open: false, listed: true };

test("keys", () => {
  const table: [string, string, Partial<Situation>, string | undefined][] = [
    ["a finding on", "n", {}, "next"],
    ["an arrow goes through the list", "ArrowDown", {}, "next"],
    ["but scrolls in the images", "ArrowDown", { focus: "images" }, "slice_on"],
    ["and is left to the browser in the history", "ArrowDown", { listed: false, focus: "beside" }, undefined],
    ["a page of text is the browser's", "PageDown", { focus: "beside" }, undefined],
    ["and of slices ours", "PageDown", {}, "slices_on"],
    ["a digit is a window", "1", {}, "lung"],
    ["or a cause", "1", { asking: true }, "cause"],
    ["nothing to close", "Escape", {}, undefined],
    ["something to close", "Escape", { open: true }, "close"],
    ["n and N differ", "N", {}, "next_study"],
    ["none of ours", "q", {}, undefined],
  ];
  for (const [name, key, more, want] of table) assert.equal(rowOf(key, { ...calm, ...more })?.command, want, name);
  assert.deepEqual(causes.map((_, i) => digit(i)), ["1", "2", "3", "4", "5", "6", "7", "8", "9", "0"]);
  assert.equal(causes[rowOf("0", { ...calm, asking: true })!.at!], "other");
});

test("every command has a key of its own", () => {
  const plain = rows.filter((row) => !row.when).flatMap((row) => row.keys);
  assert.deepEqual(plain.filter((key, i) => plain.indexOf(key) !== i), []);
});

test("Ctrl+Z undoes, and Ctrl+Shift+Z does not", () => {
  const pressed = { key: "z", ctrlKey: true, metaKey: false, shiftKey: false, altKey: false };
  assert.deepEqual([isUndo(pressed), isUndo({ ...pressed, key: "Z", shiftKey: true }), isUndo({ ...pressed, ctrlKey: false })], [true, false, false]);
});

// --- words

const tables: Record<string, Record<string, string>> = { en, fr, ar };
const locales: Record<string, string> = { en: "en-GB", fr: "fr-FR", ar: "ar-MA-u-nu-latn" };
const voice = (l: string): Voice => ({
  say: (key, values) => String(new IntlMessageFormat(tables[l]![key]!, locales[l]).format(values)),
  word: (group, code) => tables[l]![`${group}.${code}`] ?? code,
  number: (n, d = 0) => new Intl.NumberFormat(locales[l], { minimumFractionDigits: d, maximumFractionDigits: d }).format(n),
  date: (d) => d, time: (t) => t, percentSign: l === "fr" ? "\u202f%" : "%", rtl: l === "ar",
});
const plain = (text: string): string => text.replace(/[\u00a0\u202f]/g, " ");
const [english, french, arabic] = [voice("en"), voice("fr"), voice("ar")];

const axis = { lengthMm: 9, fromLpsMm: [0, 0, 0] as [number, number, number], toLpsMm: [9, 0, 0] as [number, number, number] };
const measured = (more = {}): FindingView => finding(1, {
  diameterBy: "measured",
  measured: {
    reliable: true, doubt: "", volumeMm3: 268, volumeErrorPct: 12, meanDiameterMm: 8, longAxis: axis, shortAxis: axis,
    kind: "solid", kindConfidence: 0.93, solidDiameterMm: 0, solidVolumeMm3: 0, meanHu: 0, minHu: 0, maxHu: 0, ...more,
  },
});

test("a size says whose it is, and what is wrong with it", () => {
  assert.equal(plain(size(english, measured())), "mean diameter 8.0 mm, measured");
  assert.equal(plain(size(french, finding(1))), "environ 8,0 mm, estimé par le détecteur");
  assert.equal(doubt(english, measured()), "");
  assert.match(doubt(english, measured({ reliable: false, doubt: "CUT" })), /not reliable: it reaches beyond the scan/);
  assert.match(doubt(english, finding(1)), /not measured/);
});

test("a score is never rounded up", () => {
  assert.deepEqual([0.998, 0.29, 1, 0.004].map((s) => score(english, s)), ["0.99", "0.29", "1.00", "0.00"]);
});

test("a change has its sign, and none where it is 0", () => {
  assert.deepEqual([signed(english, 1.84, 1), signed(english, -1.84, 1), signed(english, -0.04, 1), signed(english, 0)], ["+1.8", "\u22121.8", "0.0", "0"]);
});

test("numbers and their units are isolated in Arabic alone", () => {
  assert.equal(mm(arabic, 8.2), "\u20668,2\u00a0mm\u2069");
  assert.equal(mm(english, 8.2), "8.2\u00a0mm");
});

test("the reader's own kind stands before the measured one", () => {
  assert.equal(kind(english, measured()), "solid (confidence 93%)");
  assert.equal(kind(english, measured(), saying("agree", { kind: "calcified" })), "calcified (said by the reader)");
  assert.equal(kind(english, finding(1)), "uncertain");
  assert.equal(plain(kind(french, measured())), "solide (confiance 93 %)");
});

test("sides never change places", () => {
  for (const [l, right, left] of [["en", "right", "left"], ["fr", "droit", "gauche"], ["ar", "الأيمن|اليمنى", "الأيسر|اليسرى"]] as const) {
    const at = (f: Partial<FindingView>) => place(voice(l), finding(1, f));
    for (const lobe of ["right_upper", "right_lower"]) assert.match(at({ lobe }), new RegExp(right), `${l} ${lobe}`);
    for (const lobe of ["left_upper", "left_lower"]) assert.match(at({ lobe, side: "left" }), new RegExp(left), `${l} ${lobe}`);
    assert.match(at({ lobe: "", side: "right" }), new RegExp(right));
    assert.match(at({ lobe: "", side: "left" }), new RegExp(left));
  }
  assert.equal(place(english, finding(1, { lobe: "", side: "" })), "side uncertain");
});

const changed = (more: Partial<Change> = {}): Change => ({ state: "paired", earlierRank: 1, inEarlier: noWhere, inEarlierLpsMm: [0, 0, 0], earlierDiameterMm: 6.4, noGrowth: [], ...more });
const growth = (more = {}) => ({ volumePct: 110, volumePctLow: 55, volumePctHigh: 180, doublingDays: 308.4, doublingDaysShort: 222, doublingDaysLong: 522, trend: "growing", ...more });

test("a change says its band, or why there is none", () => {
  assert.deepEqual(change(english, changed({ diameterChangeMm: 1.8, diameterErrorMm: 0.6, growth: growth() })).map(plain), [
    "Mean diameter +1.8 mm (±0.6 mm), before 6.4 mm",
    "growing: volume +110% (95% band +55% to +180%)",
    "Volume doubling time 308 days (222 to 522)",
  ]);
  assert.deepEqual(change(english, changed({ growth: growth({ doublingDaysLong: undefined, trend: "" }) })).slice(1), [
    "change within the error or unclear: volume +110% (95% band +55% to +180%)", "Volume doubling time 308 days (222 or more)",
  ]);
  assert.match(change(english, changed({ noGrowth: ["KERNEL_DIFFERS", "NOT_MEASURED"] })).join(" "), /No growth by volume is given: another kernel, not measured in both exams\. Compare by eye\./);
  assert.match(change(english, changed({ state: "unpaired" })).join(), /cannot be said/);
  assert.match(change(english, changed({ state: "new" })).join(), /new/);
  assert.match(change(arabic, changed({ growth: growth({ doublingDays: 3 }) })).join(" "), /3 أيام/);
});

test("the list does not give a number that its band does not bear", () => {
  assert.equal(plain(changeInShort(english, changed({ growth: growth() }))), "growing, volume +110%");
  assert.equal(changeInShort(english, changed({ growth: growth({ trend: "" }) })), "change unclear");
  assert.equal(plain(changeInShort(english, changed({ diameterChangeMm: -0.5 }))), "\u22120.5 mm");
  assert.equal(changeInShort(english, undefined), "");
});

test("ages", () => {
  const born = (birthDate: string) => age(english, { name: "", id: "", birthDate, sex: "" }, "20260427");
  assert.deepEqual([born("19580312"), born("19580428"), born("20260101"), born(""), born("20270101")], ["68 years", "67 years", "under 1 year", "", ""]);
});

test("an answer in a line", () => {
  assert.equal(inWords(english, saying("disagree", { cause: "vessel", comment: "see prior" })), "disagree, vessel, “see prior”");
  assert.equal(inWords(english, undefined), "no answer");
});

test("the history says what was done, and what it replaced", () => {
  const first = done(1, { answer: saying("agree") });
  assert.deepEqual(entry(english, first, [first]), { what: "Finding 1: agree", from: "before: no answer" });
  const second = done(2, { answer: saying("unsure"), fromAnswer: saying("agree") });
  assert.equal(entry(english, second, [first, second]).from, "before: agree");
  assert.equal(entry(english, done(3, { kind: "undo", undoes: 1 }), [first]).what, "Undone: Finding 1: agree");
});

test("the selection of a finding is heard with what matters", () => {
  const heard = plain(announced(english, measured(), 3, undefined));
  assert.equal(heard, "Finding 1 of 3: 8.0 mm, solid (confidence 93%), right upper lobe. flagged. no answer.");
});
