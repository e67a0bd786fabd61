import assert from "node:assert/strict";
import { test } from "node:test";
import type { AgainEntry, AgainList, AgainPage, StudyRow } from "../src/api";
import { Entries, signedOff } from "../src/again/entries";

const published = "2026-11-27T22:00:00.5Z";

const list = (entries: number, publishedAt = published): AgainList => ({
  rescoring: 7, name: "autumn", model: "m", modelVersion: "2", baseline: "live", publishedAt, studiesDone: 4, studies: 4, whole: true, entries,
});

const entry = (place: number): AgainEntry => ({ place, studyUid: `9.${place}`, studyDate: "", kinds: ["newly_flagged"] });

const page = (offset: number, total: number, ...entries: AgainEntry[]): AgainPage => ({ list: list(total), offset, entries, cursor: "1" });

const study = (uid: string, state = "none", at?: string): StudyRow => ({
  uid, state: "done", priority: "routine", reasons: [], requestPriority: "routine", receivedAt: "2026-11-27T08:00:00Z", updatedAt: "2026-11-27T08:01:00Z",
  patient: { name: "BENNANI Fatima", id: "P1", birthDate: "", sex: "" }, studyDate: "", studyTime: "", description: "", accession: "", instances: 1, quarantined: 0, missed: 0,
  hasResult: true, findings: 0, flagged: 0, thumbnails: [], review: { state, answered: 0, added: 0, open: [], ...(at && { at }) }, deliveries: { waiting: 0, delivered: 0, dead: 0 }, imagesGone: false,
});

test("pages come in any order, each in its place", () => {
  const held = new Entries();
  assert.equal(held.total, 0);
  assert.equal(held.put(page(2, 4, entry(3), entry(4))), false);
  assert.equal(held.put(page(0, 4, entry(1), entry(2))), false);
  assert.equal(held.total, 4);
  assert.deepEqual([0, 1, 2, 3, 4].map((i) => held.at(i)?.place), [1, 2, 3, 4, undefined]);
  assert.equal(held.indexOf("9.3"), 2);
  assert.equal(held.indexOf("9.9"), undefined);
});

test("a list that was published again meanwhile is another one", () => {
  const held = new Entries();
  held.put(page(0, 4, entry(1), entry(2)));
  assert.equal(held.put({ ...page(2, 4, entry(3)), list: list(4, "2026-11-28T22:00:00Z") }), true);
});

test("a study comes, changes, and goes; the entry stays", () => {
  const held = new Entries();
  held.put(page(0, 2, entry(1), entry(2)));
  assert.equal(held.take("9.2", study("9.2")), true);
  assert.equal(held.at(1)?.study?.review.state, "none");
  held.take("9.2", study("9.2", "signed"));
  assert.equal(held.at(1)?.study?.review.state, "signed");
  held.take("9.2", undefined);
  assert.deepEqual(held.at(1), entry(2));
  assert.equal(held.take("8", study("8")), false, "one that is not in the list");
});

test("a signature counts where it came after the list", () => {
  const table: [string, string, string | undefined, "since" | "before" | null][] = [
    ["nobody", "none", undefined, null], ["begun", "begun", undefined, null], ["the result is another one by now", "outdated", "2026-11-28T00:00:00Z", null],
    ["after", "signed", "2026-11-28T00:00:00Z", "since"], ["before", "signed", "2026-11-27T22:00:00.4Z", "before"], ["not known when", "signed", undefined, "before"],
  ];
  for (const [why, state, at, want] of table) assert.equal(signedOff(study("1", state, at), list(1)), want, why);
});
