// A table of strata: counts, and values with their intervals, drawn on one scale
// per column so that rows compare by eye.
import type { Interval, Stratum } from "../api";
import { language, locale, number, say, type Key } from "../kit/words";
import { few, scaleOf } from "./scale";

const counts: [Key, (s: Stratum) => number][] = [
  ["quality.scans", (s) => s.scans], ["quality.marks", (s) => s.marks], ["quality.accepted", (s) => s.accepted], ["quality.rejected", (s) => s.rejected],
  ["quality.unsure", (s) => s.unsure], ["quality.unanswered", (s) => s.unanswered], ["quality.added", (s) => s.added],
];

const values: { key: Key; of: (s: Stratum) => Interval; share: boolean }[] = [
  { key: "quality.accepted_per_scan", of: (s) => s.acceptedPerScan, share: false },
  { key: "quality.rejected_per_scan", of: (s) => s.rejectedPerScan, share: false },
  { key: "quality.accepted_share", of: (s) => s.acceptedShare, share: true },
  { key: "quality.found_share", of: (s) => s.foundShare, share: true },
];

export function Strata({ title, list }: { title: string; list: Stratum[] }) {
  if (!list.length) return null;
  return (
    <section class="panel">
      <div class="scroll" tabIndex={0} role="region" aria-label={title}>
        <table class="table strata">
          <caption><h2>{title}</h2></caption>
          <thead><tr>
            <th scope="col">{say("quality.name")}</th>
            {counts.map(([key]) => <th key={key} scope="col" class="count">{say(key)}</th>)}
            {values.map(({ key }) => <th key={key} scope="col">{say(key)}</th>)}
          </tr></thead>
          <tbody>
            {list.map((one) => (
              <tr key={one.name}>
                <th scope="row"><bdi>{one.name || say("quality.unknown")}</bdi>{one.scans < few && <div><span class="badge warn">{say("quality.few", { scans: one.scans })}</span></div>}</th>
                {counts.map(([key, of]) => <td key={key} class="count">{number(of(one))}</td>)}
                {values.map(({ key, of, share }) => <td key={key}><Value interval={of(one)} share={share} most={share ? 1 : scaleOf(list.map((s) => of(s)))} /></td>)}
              </tr>
            ))}
          </tbody>
        </table>
      </div>
    </section>
  );
}

function Value({ interval, share, most }: { interval: Interval; share: boolean; most: number }) {
  if (!interval.known) return <span class="muted">{say("quality.not_known")}</span>;
  const text = share ? percent : (v: number) => number(v, 2);
  return (
    <>
      <Whisker interval={interval} most={most} />
      <bdi class="numbers nowrap" dir="ltr"><strong>{text(interval.value)}</strong> <span class="muted small">[{text(interval.low)}{language.value === "en" ? ", " : " ; "}{text(interval.high)}]</span></bdi>
    </>
  );
}

const percent = (v: number): string => new Intl.NumberFormat(locale(), { style: "percent" }).format(v);

// A dot with its whisker, from 0 on the left to `most`, in every language: like the
// images it is a picture, and does not mirror. The numbers beside it say the same.
function Whisker({ interval, most }: { interval: Interval; most: number }) {
  const x = (v: number): number => 4 + 112 * Math.min(1, Math.max(0, v / most));
  return (
    <svg class="whisker" viewBox="0 0 120 16" width="120" height="16" aria-hidden="true">
      <path class="axis" d="M4 15.5H116M4 12V16M60 13V16M116 12V16" />
      <path class="band" d={`M${x(interval.low)} 7H${x(interval.high)}M${x(interval.low)} 3V11M${x(interval.high)} 3V11`} />
      <circle cx={x(interval.value)} cy="7" r="3.5" />
    </svg>
  );
}
