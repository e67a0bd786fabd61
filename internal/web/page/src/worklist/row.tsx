// One study in the worklist.
import { Fragment, type VNode } from "preact";
import { useState } from "preact/hooks";
import type { StudyRow, Thumbnail } from "../api";
import { PriorityMark } from "../kit/parts";
import { go } from "../kit/place";
import { age, date, number, say, time, word } from "../kit/words";
import { Sentence } from "../kit/sentence";
import { ageAt } from "./rows";

export interface RowProps {
  study: StudyRow;
  index: number;
  now: number;
  gone: boolean;
  active: boolean;
  /** Whether Tab comes to this row. */
  tab: boolean;
  choose: (uid: string) => void;
}

export function Row({ study, index, now, gone, active, tab, choose }: RowProps) {
  const open = (event: MouseEvent): void => {
    if (event.target instanceof Element && event.target.closest("a, button")) return;
    if (getSelection()?.type === "Range") return;
    go(`/studies/${study.uid}`);
  };
  return (
    <tr class={`entry ${study.state} ${gone ? "gone" : ""}`} aria-rowindex={index + 2} aria-selected={active} tabIndex={tab ? 0 : -1} onFocus={() => choose(study.uid)} onClick={open}>
      <td class="rank"><div class="cell">
        <PriorityMark priority={study.priority} />
        <span class="small two" title={study.reasons.map((one) => one.text).join("\n")}>{study.reasons.map((one, i) => <Fragment key={i}>{i > 0 && " · "}<Sentence text={one.text} /></Fragment>)}</span>
      </div></td>
      <td class="patient"><div class="cell">
        <a href={`/studies/${study.uid}`} class="cut person" tabIndex={-1} dir="auto">{study.patient.name || say("worklist.no_name")}</a>
        <span class="cut small muted"><bdi dir="ltr">{study.patient.id || say("worklist.no_id")}</bdi>{about(study)}</span>
      </div></td>
      <td class="exam"><div class="cell">
        <span class="cut">{study.studyDate ? date(study.studyDate) : say("worklist.no_date")}</span>
        <span class="cut small muted" dir="auto">{study.description}</span>
        {study.accession && <span class="cut small muted"><bdi dir="ltr">{study.accession}</bdi></span>}
      </div></td>
      <td class="age"><div class="cell">
        <time class="numbers" dateTime={study.receivedAt} title={time(study.receivedAt)}>{age((now - Date.parse(study.receivedAt)) / 1000)}</time>
        {study.requestPriority === "urgent" && <span><span class="badge warn">{say("worklist.requested_urgent")}</span></span>}
      </div></td>
      {study.notAssessed ? <Unread study={study} /> : <><State study={study} gone={gone} /><Findings study={study} /></>}
      <td class="done"><div class="cell"><Review study={study} /></div></td>
    </tr>
  );
}

// Age and sex.
export function about({ patient, studyDate }: StudyRow): string {
  const years = ageAt(patient.birthDate, studyDate);
  const parts = [years === null ? "" : say("worklist.years", { years }), patient.sex ? word("sex", patient.sex) : ""].filter(Boolean);
  return parts.length ? ` · ${parts.join(" · ")}` : "";
}

const kinds: Record<string, string> = { done: "", failed: "bad", not_assessed: "warn", running: "note" };

function State({ study, gone }: { study: StudyRow; gone: boolean }) {
  const { progress } = study;
  return (
    <td class="doing"><div class="cell">
      <span class="line tight">
        <span class={`badge ${kinds[study.state] ?? ""}`}>{word("state", study.state)}</span>
        {gone && <span class="badge warn">{say("worklist.gone")}</span>}
        {study.imagesGone && <span class="badge">{say("worklist.images_gone")}</span>}
      </span>
      {study.state === "running" && <progress class="progress" aria-label={say("worklist.progress")} {...(progress?.total ? { value: progress.done, max: progress.total } : {})} />}
      {study.missed > 0
        ? <span class="small cut warned" title={say("worklist.missed.more")}>{say("worklist.missed", { count: study.missed })}</span>
        : study.quarantined > 0
        ? <span class="small cut warned" title={say("worklist.quarantined.more")}>{say("worklist.quarantined", { count: study.quarantined })}</span>
        : <span class="small muted cut">{say("worklist.instances", { count: study.instances })}</span>}
    </div></td>
  );
}

// A study that was not read is as loud as a bad finding: what is wrong, and what to
// do.
function Unread({ study }: { study: StudyRow }) {
  const why = study.notAssessed!;
  return (
    <td class="doing unread" colSpan={2}><div class="cell" title={[why.text, why.remedy, why.found, why.remedyExact].filter(Boolean).join("\n")}>
      <span class="cut"><span class={`badge ${kinds[study.state] || "warn"}`}>{word("state", study.state)}</span> <strong>{why.text}</strong></span>
      <span class="small two">{say("worklist.do")} {why.remedy ? <bdi>{why.remedy}</bdi> : <bdi lang="en" dir="ltr">{why.found}</bdi>}</span>
    </div></td>
  );
}

function Findings({ study }: { study: StudyRow }) {
  if (!study.hasResult) return <td class="finds"><div class="cell"><span class={study.state === "done" || study.state === "failed" || study.state === "not_assessed" ? "warned" : "muted"}>{say(study.state === "failed" || study.state === "not_assessed" || study.state === "done" ? "worklist.no_result" : "worklist.not_yet")}</span></div></td>;
  return (
    <td class="finds"><div class="cell side">
      {study.thumbnails.length > 0 && <span class="thumbs">{study.thumbnails.map((one) => <Thumb key={one.url} of={one} />)}</span>}
      <span class="stacked">
        {study.findings ? <>
          <span class="numbers cut">{say("worklist.findings", { count: study.findings })}</span>
          <span class={`small cut ${study.flagged ? "flagged" : "muted"}`}>{say("worklist.flagged", { count: study.flagged })}</span>
        </> : <span class="small two">{say("worklist.no_finding")}</span>}
      </span>
    </div></td>
  );
}

function Thumb({ of }: { of: Thumbnail }) {
  const [broken, fail] = useState(false);
  if (broken) return <span class="thumb">{number(of.rank)}</span>;
  return <img class="thumb" src={of.url} width={48} height={48} loading="lazy" decoding="async" alt={say("worklist.thumbnail", { rank: of.rank })} onError={() => fail(true)} />;
}

const reviewKinds: Record<string, string> = { signed: "good", outdated: "warn", begun: "note" };

/** How far the review of a study is; badge stands in the place of its state. */
export function Review({ study: { review, deliveries }, badge }: { study: StudyRow; badge?: VNode | null }) {
  return (
    <>
      <span class="line tight">
        {badge ?? <span class={`badge ${reviewKinds[review.state] ?? ""}`}>{word("review", review.state)}</span>}
        {deliveries.dead > 0 && <span class="badge bad" title={say("worklist.undelivered.more")}>{say("worklist.undelivered", { count: deliveries.dead })}</span>}
      </span>
      {review.by && <span class="small muted cut" title={review.at ? time(review.at) : undefined}><bdi>{review.by}</bdi></span>}
      {review.open.length > 0
        ? <span class="small cut opened">{say("worklist.open_by")} <bdi>{review.open.join(", ")}</bdi></span>
        : review.state === "begun" && <span class="small muted cut">{say("worklist.answered", { count: review.answered + review.added })}</span>}
    </>
  );
}

/** The place of a study that is not here yet. */
export const Empty = ({ index, columns }: { index: number; columns: number }) => (
  <tr class="entry" aria-rowindex={index + 2}>
    {Array.from({ length: columns }, (_, i) => <td key={i}><div class="cell"><span class="skeleton" />{i < 3 && <span class="skeleton short" />}</div></td>)}
  </tr>
);
