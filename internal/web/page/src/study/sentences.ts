// What is said of a finding, in words. Places and changes are estimates of the
// software, and say so.
import type { Answer, Change, Entry, FindingView, Growth, Mark, Patient, StudyPage } from "../api";
import { mm, percent, run, signed, signedPercent, type Voice } from "./voice";

/** The size, whose it is, and how sure it is. */
export function size(v: Voice, f: FindingView): string {
  return v.say(f.diameterBy === "measured" ? "study.size.measured" : "study.size.detector", { size: mm(v, f.diameterMm) });
}

/** What weakens the size; "" where nothing does. */
export function doubt(v: Voice, f: FindingView): string {
  if (!f.measured) return v.say("study.size.not_measured");
  return f.measured.reliable ? "" : v.say("study.size.doubt", { why: v.word("doubt", f.measured.doubt) });
}

/** The two axes, the volume and its error. */
export function measures(v: Voice, f: FindingView): string {
  const m = f.measured;
  if (!m?.reliable) return "";
  return v.say("study.size.measures", {
    axes: run(v, `${v.number(m.longAxis.lengthMm, 1)} × ${v.number(m.shortAxis.lengthMm, 1)}\u00a0mm`),
    volume: run(v, `${v.number(m.volumeMm3)}\u00a0mm³`),
    error: run(v, `±${v.number(m.volumeErrorPct)}${v.percentSign}`),
  });
}

/** The kind with its confidence; a reader's own stands before the measured one. */
export function kind(v: Voice, f: FindingView, said?: Answer): string {
  if (said?.kind) return v.say("study.kind.said", { kind: v.word("kind", said.kind) });
  if (!f.measured?.kind) return v.say("study.kind.unknown");
  return v.say("study.kind.measured", { kind: v.word("kind", f.measured.kind), share: percent(v, f.measured.kindConfidence) });
}

/** The solid part of a part-solid nodule; "" of others. */
export function solidPart(v: Voice, f: FindingView): string {
  if (f.measured?.kind !== "part_solid") return "";
  return v.say("study.kind.solid_part", { size: mm(v, f.measured.solidDiameterMm) });
}

/** Where it lies, shortly: the lobe, else the lung; the third. */
export function place(v: Voice, f: FindingView): string {
  const lung = f.lobe ? v.word("lobe", f.lobe) : f.side ? v.word("side", f.side) : v.say("study.place.unknown");
  return f.zone ? v.say("study.place.zone", { lung, zone: v.word("zone", f.zone) }) : lung;
}

/** Hints about pleura and fissures. */
export function hints(v: Voice, f: FindingView): string[] {
  const out: string[] = [];
  if (f.juxtapleural) out.push(v.say("study.place.juxtapleural"));
  else if (f.pleuraMm !== undefined) out.push(v.say("study.place.pleura", { gap: mm(v, f.pleuraMm) }));
  if (f.perifissural) out.push(v.say("study.place.perifissural"));
  return out;
}

/** What became of it since the earlier study, in a few words for the list. */
export function changeInShort(v: Voice, c: Change | undefined): string {
  if (!c) return "";
  if (c.state !== "paired") return v.word("change", c.state);
  if (!c.growth) return c.diameterChangeMm === undefined ? v.word("change", "paired") : run(v, `${signed(v, c.diameterChangeMm, 1)}\u00a0mm`);
  // A number in the list would say more than its band does.
  if (!c.growth.trend) return v.say("study.growth.unclear");
  return v.say("study.growth.short", { trend: trend(v, c.growth), volume: signedPercent(v, c.growth.volumePct) });
}

const trend = (v: Voice, g: Growth): string => v.word("trend", g.trend || "unclear");

/** All that is said of the change since the earlier study, a sentence each. */
export function change(v: Voice, c: Change): string[] {
  if (c.state !== "paired") return [v.say(c.state === "new" ? "study.change.new" : "study.change.unpaired")];
  const out: string[] = [];
  if (c.diameterChangeMm !== undefined) {
    const change = run(v, `${signed(v, c.diameterChangeMm, 1)}\u00a0mm`);
    out.push(c.diameterErrorMm
      ? v.say("study.change.diameter", { change, error: run(v, `±${v.number(c.diameterErrorMm, 1)}\u00a0mm`), before: mm(v, c.earlierDiameterMm) })
      : v.say("study.change.diameter_unsure", { change, before: mm(v, c.earlierDiameterMm) }));
  } else {
    out.push(v.say("study.change.before", { before: mm(v, c.earlierDiameterMm) }));
  }
  if (c.growth) out.push(...growth(v, c.growth));
  else if (c.noGrowth.length > 0) out.push(v.say("study.growth.none", { why: list(v, c.noGrowth.map((code) => v.word("growth", code))) }));
  return out;
}

function growth(v: Voice, g: Growth): string[] {
  const out = [v.say("study.growth.volume", {
    trend: trend(v, g),
    change: signedPercent(v, g.volumePct),
    low: signedPercent(v, g.volumePctLow),
    high: signedPercent(v, g.volumePctHigh),
  })];
  if (g.doublingDays === undefined) return out;
  const days = Math.round(g.doublingDays);
  const short = Math.round(g.doublingDaysShort ?? g.doublingDays);
  out.push(g.doublingDaysLong === undefined
    ? v.say("study.growth.doubling_from", { days, short: run(v, v.number(short)) })
    : v.say("study.growth.doubling", { days, short: run(v, v.number(short)), long: run(v, v.number(Math.round(g.doublingDaysLong))) }));
  return out;
}

/** Parts of a sentence, after one another. */
export const list = (v: Voice, parts: string[]): string => parts.join(v.rtl ? "، " : ", ");

/** What a reader says, in a line. */
export function answer(v: Voice, a: Answer | undefined): string {
  if (!a || (!a.verdict && !a.kind && !a.category && !a.comment)) return v.say("study.answer.none");
  const parts: string[] = [];
  if (a.verdict) parts.push(v.word("verdict", a.verdict));
  if (a.cause) parts.push(v.word("cause", a.cause));
  if (a.kind) parts.push(v.word("kind", a.kind));
  if (a.category) parts.push(run(v, `Lung-RADS\u00a0${a.category}`));
  if (a.comment) parts.push(v.say("study.answer.quote", { comment: a.comment }));
  return list(v, parts);
}

/** An added finding, in a line. */
export function mark(v: Voice, m: Mark): string {
  const parts = [mm(v, m.diameterMm)];
  if (m.kind) parts.push(v.word("kind", m.kind));
  if (m.category) parts.push(run(v, `Lung-RADS\u00a0${m.category}`));
  if (m.comment) parts.push(v.say("study.answer.quote", { comment: m.comment }));
  return list(v, parts);
}

/** A rank, with the name of its series where there are several. */
const inSeries = (v: Voice, rank: number, series: string): string => (series ? `${rank} (${run(v, series)})` : String(rank));

/** What an entry of the history says: what was done, and what it replaced. named is
 * the name of a series, "" where none is needed. */
export function entry(v: Voice, e: Entry, history: Entry[], named: (seriesUid: string) => string = () => ""): { what: string; from: string } {
  const before = v.say("study.history.from_nothing");
  switch (e.kind) {
    case "answer":
      return {
        what: v.say("study.history.answer", { rank: inSeries(v, e.rank, named(e.seriesUid)), answer: answer(v, e.answer) }),
        from: e.fromAnswer ? v.say("study.history.from", { before: answer(v, e.fromAnswer) }) : before,
      };
    case "add":
      return { what: v.say("study.history.add", { mark: e.mark ? mark(v, e.mark) : "" }), from: "" };
    case "change":
      return {
        what: v.say("study.history.change", { mark: e.mark ? mark(v, e.mark) : "" }),
        from: e.fromMark ? v.say("study.history.from", { before: mark(v, e.fromMark) }) : "",
      };
    case "remove":
      return { what: v.say("study.history.remove", { mark: e.fromMark ? mark(v, e.fromMark) : "" }), from: "" };
    case "sign":
      return { what: v.say("study.history.sign"), from: "" };
    case "reopen":
      return { what: v.say("study.history.reopen"), from: "" };
    case "undo": {
      const undone = history.find((o) => o.number === e.undoes);
      return { what: v.say("study.history.undo", { what: undone && undone.kind !== "undo" ? entry(v, undone, history, named).what : "" }), from: "" };
    }
    default:
      return { what: e.kind, from: "" };
  }
}

/** The patient's age on the day of the study; "" where a date is missing. */
export function age(v: Voice, p: Patient, studyDate: string): string {
  const [born, then] = [day(p.birthDate), day(studyDate)];
  if (!born || !then) return "";
  const years = then[0] - born[0] - (then[1] * 100 + then[2] < born[1] * 100 + born[2] ? 1 : 0);
  return years < 0 ? "" : v.say("study.age", { years });
}

function day(dicom: string): [number, number, number] | undefined {
  const m = /^(\d{4})(\d{2})(\d{2})$/.exec(dicom);
  return m ? [Number(m[1]), Number(m[2]), Number(m[3])] : undefined;
}

/** What the selection of a finding is announced with. */
export function announced(v: Voice, f: FindingView, of: number, said: Answer | undefined): string {
  return v.say("study.announce.finding", {
    rank: f.rank, of,
    what: list(v, [mm(v, f.diameterMm), kind(v, f, said), place(v, f)]),
    flagged: v.say(f.flagged ? "study.flagged" : "study.under_flag"),
    answer: answer(v, said),
  });
}

/** The sentences of the priority's reasons that a finding satisfies. */
export const raises = (page: StudyPage, f: FindingView): string[] =>
  page.study.reasons.filter((r) => f.reasons.includes(r.code)).map((r) => r.text);
