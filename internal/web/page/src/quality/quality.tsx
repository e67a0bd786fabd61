// What readers accepted and rejected here: the site measures its own detector.
import { useEffect, useState } from "preact/hooks";
import type { Quality as Measured } from "../api";
import { get } from "../kit/call";
import { Failure, Notice, useTitle, Waiting } from "../kit/parts";
import { query, replace } from "../kit/place";
import { date, language, number, say, word, type Key } from "../kit/words";
import { Strata } from "./strata";

export default function Quality() {
  useTitle("frame.quality");
  const params = new URLSearchParams(query.value);
  const from = day(params.get("from")), to = day(params.get("to"));
  const [measured, set] = useState<Measured | null>(null);
  const [cause, fail] = useState<unknown>(null);
  const span = new URLSearchParams({ ...(from && { from }), ...(to && { to }) }).toString();
  const load = (signal?: AbortSignal): void => {
    fail(null);
    get<Measured>(`/api/quality?${span}`, signal).then(set, (error) => { if (!signal?.aborted) fail(error); });
  };
  useEffect(() => {
    const stopped = new AbortController();
    load(stopped.signal);
    return () => stopped.abort();
  }, [span, language.value]);
  const ask = (name: string, value: string): void => {
    const next = new URLSearchParams(span);
    if (value) next.set(name, value); else next.delete(name);
    replace(`/quality${next.size ? `?${next}` : ""}`);
  };
  const backwards = from && to && from > to;
  return (
    <div class="page quality">
      <h1>{say("frame.quality")}</h1>
      <p>{say("quality.what")}</p>
      <div class="line dates">
        <div class="field"><label for="quality-from">{say("quality.from")}</label><input class="input" id="quality-from" type="date" value={from} max={to || undefined} aria-invalid={!!backwards} onChange={(e) => ask("from", e.currentTarget.value)} /></div>
        <div class="field"><label for="quality-to">{say("quality.to")}</label><input class="input" id="quality-to" type="date" value={to} min={from || undefined} aria-invalid={!!backwards} onChange={(e) => ask("to", e.currentTarget.value)} /></div>
        <a class="button" href={`/api/reviews.csv${span && `?${span}`}`} download>{say("quality.export")}</a>
      </div>
      {backwards && <p class="field-error" role="alert">{say("quality.backwards")}</p>}
      <p class="small muted">{say("quality.export.more")}</p>
      {cause !== null ? <Failure cause={cause} again={() => load()} /> : measured ? <Figures of={measured} /> : <Waiting lines={12} />}
      <Definitions />
    </div>
  );
}

const day = (text: string | null): string => (text && /^\d{4}-\d{2}-\d{2}$/.test(text) ? text : "");

function Figures({ of }: { of: Measured }) {
  return (
    <>
      <p class="numbers">{(of.from || of.to) && <strong>{spanOf(of)}: </strong>}{say("quality.signed", { signed: of.signed, done: of.done })}</p>
      {of.signed === 0 && <Notice kind="note"><p>{say("quality.none")}</p></Notice>}
      {of.signed > 0 && <>
        <Strata title={say("quality.all")} list={[{ ...of.all, name: say("quality.all.name") }]} />
        <Strata title={say("quality.scanners")} list={of.scanners} />
        <Strata title={say("quality.kernels")} list={of.kernels} />
        <Strata title={say("quality.thickness")} list={of.thickness} />
        <Strata title={say("quality.models")} list={of.models} />
        <Causes of={of} />
      </>}
    </>
  );
}

// The browser writes the dates in its own language; this is the page's.
function spanOf({ from, to }: Measured): string {
  const [first, last] = [from, to].map((one) => one && date(one.replaceAll("-", "")));
  return first && last ? `${first} – ${last}` : first ? say("quality.since", { day: first }) : say("quality.until", { day: last! });
}

function Causes({ of: { causes } }: { of: Measured }) {
  if (!causes.length) return null;
  const most = Math.max(...causes.map((one) => one.count));
  return (
    <section class="panel">
      <table class="table causes">
        <caption><h2>{say("quality.causes")}</h2></caption>
        <thead><tr><th scope="col">{say("quality.cause")}</th><th scope="col" class="count">{say("quality.count")}</th><th aria-hidden="true" /></tr></thead>
        <tbody>
          {causes.map((one) => (
            <tr key={one.cause}>
              <th scope="row">{word("cause", one.cause)}</th>
              <td class="count">{number(one.count)}</td>
              <td aria-hidden="true"><svg class="bars" viewBox="0 0 100 10" preserveAspectRatio="none"><rect width={100 * one.count / most} height="10" /></svg></td>
            </tr>
          ))}
        </tbody>
      </table>
    </section>
  );
}

const terms: [Key, Key][] = [
  ["quality.accepted", "quality.accepted.is"], ["quality.rejected", "quality.rejected.is"], ["quality.unanswered", "quality.unanswered.is"], ["quality.added", "quality.added.is"],
  ["quality.accepted_share", "quality.accepted_share.is"], ["quality.found_share", "quality.found_share.is"], ["quality.interval", "quality.interval.is"],
];

const Definitions = () => (
  <section class="panel">
    <h2>{say("quality.definitions")}</h2>
    <dl class="terms">{terms.map(([term, is]) => <div key={term}><dt>{say(term)}</dt><dd>{say(is)}</dd></div>)}</dl>
  </section>
);
