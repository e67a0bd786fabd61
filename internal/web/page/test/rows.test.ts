import assert from "node:assert/strict";
import { test } from "node:test";
import type { StudyRow, Worklist } from "../src/api";
import { ageAt, filtersOf, fits, inView, pagesOf, queryOf, reveal, Rows, unsigned } from "../src/worklist/rows";

const study = (uid: string, more: Partial<StudyRow> = {}): StudyRow => ({
  uid, state: "done", priority: "routine", reasons: [], requestPriority: "routine", receivedAt: "2026-11-27T08:00:00Z", updatedAt: "2026-11-27T08:01:00Z",
  patient: { name: "BENNANI Fatima", id: "P1", birthDate: "", sex: "" }, studyDate: "", studyTime: "", description: "", accession: "", instances: 1, quarantined: 0, missed: 0,
  hasResult: true, findings: 0, flagged: 0, thumbnails: [], review: { state: "none", answered: 0, added: 0, open: [] }, deliveries: { waiting: 0, delivered: 0, dead: 0 }, imagesGone: false, ...more,
});

const page = (offset: number, total: number, ...studies: StudyRow[]): Worklist => ({
  total, offset, studies, cursor: "1", counters: { receiving: 0, waiting: 0, running: 0, toReview: 0, notAssessed: 0, failed: 0, signedOff: 0, urgentToReview: 0 },
});

test("the rows in view", () => {
  const table: [string, number, number, number, { first: number; end: number }][] = [
    ["the start", 0, 100, 1000, { first: 0, end: 12 }],
    ["half a row is a row", 35, 100, 1000, { first: 1, end: 16 }],
    ["the end", 9900, 100, 1000, { first: 988, end: 1000 }],
    ["scrolled over the end, as elastic scrolling does", 20000, 100, 1000, { first: 1000, end: 1000 }],
    ["above the start", -50, 100, 1000, { first: 0, end: 7 }],
    ["none", 0, 100, 0, { first: 0, end: 0 }],
  ];
  for (const [why, top, height, total, want] of table) assert.deepEqual(inView(top, height, 10, total, 2), want, why);
});

test("pages of a span", () => {
  assert.deepEqual(pagesOf({ first: 0, end: 0 }, 100), []);
  assert.deepEqual(pagesOf({ first: 0, end: 100 }, 100), [0]);
  assert.deepEqual(pagesOf({ first: 99, end: 101 }, 100), [0, 1]);
  assert.deepEqual(pagesOf({ first: 250, end: 501 }, 100), [2, 3, 4, 5]);
});

test("revealing a row moves as little as can be", () => {
  assert.equal(reveal(3, 0, 100, 10), 0, "in view");
  assert.equal(reveal(3, 60, 100, 10), 30, "above");
  assert.equal(reveal(20, 0, 100, 10), 110, "below");
});

test("a study that changes where it stands is written in its place", () => {
  const rows = new Rows();
  rows.put(page(0, 2, study("a"), study("b")));
  assert.equal(rows.take(study("a", { findings: 4 }), true), "updated");
  assert.equal(rows.at(0)!.findings, 4);
  assert.equal(rows.changes.size, 0);
});

test("what would move a row waits, and the row says already what is new", () => {
  for (const more of [{ priority: "urgent" }, { requestPriority: "urgent" }, { receivedAt: "2026-11-26T08:00:00Z" }, { review: { state: "signed", answered: 0, added: 0, open: [] } }] as Partial<StudyRow>[]) {
    const rows = new Rows();
    rows.put(page(0, 2, study("a"), study("b")));
    assert.equal(rows.take(study("b", more), true), "moved");
    assert.equal(rows.indexOf("b"), 1);
    assert.deepEqual(rows.at(1), study("b", more));
    assert.deepEqual([...rows.changes], ["b"]);
  }
});

test("a study that fits no more stays, marked, until the order is asked for", () => {
  const rows = new Rows();
  rows.put(page(0, 1, study("a")));
  assert.equal(rows.take(study("a", { state: "failed" }), false), "moved");
  assert.ok(rows.gone.has("a"));
  assert.equal(rows.at(0)!.state, "failed");
  rows.take(study("a"), true);
  assert.deepEqual([rows.gone.size, rows.changes.size], [0, 0], "it fits again");
});

test("a new study is told of, an urgent one by name; one that does not fit is not", () => {
  const rows = new Rows();
  rows.put(page(0, 1, study("a")));
  assert.equal(rows.take(study("x"), false), "nothing");
  assert.equal(rows.take(study("y"), true), "moved");
  assert.equal(rows.take(study("z", { priority: "urgent" }), true), "moved");
  assert.deepEqual([[...rows.changes], [...rows.urgent]], [["y", "z"], ["z"]]);
  assert.equal(rows.take(study("z", { priority: "urgent", state: "running" }), false), "moved", "it fits no more");
  assert.deepEqual([[...rows.changes], [...rows.urgent]], [["y"], []]);
  assert.equal(rows.remove("y"), "moved");
  assert.equal(rows.changes.size, 0);
});

test("a study that becomes urgent is told of as urgent", () => {
  const rows = new Rows();
  rows.put(page(0, 1, study("a")));
  rows.take(study("a", { priority: "urgent" }), true);
  assert.deepEqual([...rows.urgent], ["a"]);
  rows.take(study("a"), true);
  assert.deepEqual([rows.urgent.size, rows.changes.size], [0, 0], "and routine again");
});

test("progress stays with a running study, and goes with its end", () => {
  const rows = new Rows();
  rows.put(page(0, 1, study("a", { state: "running" })));
  assert.equal(rows.progress("a", { stage: "detect", done: 1, total: 4 }), "updated");
  rows.take(study("a", { state: "running", instances: 9 }), true);
  assert.equal(rows.at(0)!.progress?.done, 1);
  rows.take(study("a"), true);
  assert.equal(rows.at(0)!.progress, undefined);
  assert.equal(rows.progress("b", { stage: "detect", done: 1, total: 4 }), "nothing");
});

test("pages of two orders are found out, and no study is there twice", () => {
  const torn: [string, Worklist][] = [
    ["a row has moved down into the next page", page(2, 4, study("b"), study("d"))],
    ["there is one more", page(2, 5, study("c"), study("d"))],
    ["another one has its index", page(1, 4, study("c"))],
  ];
  for (const [why, second] of torn) {
    const rows = new Rows();
    assert.equal(rows.put(page(0, 4, study("a"), study("b"))), false);
    assert.equal(rows.put(second), true, why);
    const uids = [0, 1, 2, 3].map((i) => rows.at(i)?.uid).filter(Boolean);
    assert.equal(new Set(uids).size, uids.length, why);
  }
  const rows = new Rows();
  rows.put(page(0, 4, study("a"), study("b")));
  assert.equal(rows.put(page(2, 4, study("c"), study("d"))), false);
  assert.equal(rows.put(page(0, 4, study("a"), study("b"))), false, "the same again");
});

test("filters and their address", () => {
  const start = { states: [], priorities: [], reviews: unsigned };
  assert.deepEqual(filtersOf(""), start);
  assert.equal(queryOf(start), "");
  for (const query of ["?state=failed", "?state=done&state=failed&priority=urgent", "?review=signed", "?review=all", "?state=waiting&review=begun&review=signed"]) assert.equal(queryOf(filtersOf(query)), query);
  assert.deepEqual(filtersOf("?state=no&priority=<b>&search=BENNANI"), start, "what is unknown is left out");
});

test("what fits", () => {
  const all = { states: [], priorities: [], reviews: [] };
  assert.ok(fits(study("a"), all, ""));
  assert.ok(fits(study("a"), all, "fatima benn"), "words in any order");
  assert.ok(!fits(study("a"), all, "fatima alaoui"));
  assert.ok(fits(study("a", { description: "Étude du thorax" }), all, "etude"), "accents are nothing");
  assert.ok(!fits(study("a"), { ...all, states: ["failed"] }, ""));
  assert.ok(!fits(study("a"), { ...all, reviews: ["signed"] }, ""));
  assert.ok(fits(study("a"), { states: ["done"], priorities: ["routine"], reviews: unsigned }, "P1"));
});

test("age at the study", () => {
  assert.equal(ageAt("19800412", "20261127"), 46);
  assert.equal(ageAt("19801128", "20261127"), 45, "the day before the birthday");
  for (const [birth, date] of [["", "20261127"], ["19800412", ""], ["1980", "20261127"], ["20270101", "20261127"], ["18000101", "20261127"]]) assert.equal(ageAt(birth!, date!), null);
});
