// One study of a list to look at again.
import type { AgainEntry, AgainList, AgainSaid, StudyRow } from "../api";
import { PriorityMark } from "../kit/parts";
import { go } from "../kit/place";
import { copy } from "../kit/copy";
import { Sentence } from "../kit/sentence";
import { toast } from "../kit/toast";
import { date, number, say, word } from "../kit/words";
import { about, Review } from "../worklist/row";
import { signedOff } from "./entries";

export interface EntryProps {
  entry: AgainEntry;
  list: AgainList;
  index: number;
  active: boolean;
  /** Whether Tab comes to this row. */
  tab: boolean;
  choose: (uid: string) => void;
}

export function Entry({ entry, list, index, active, tab, choose }: EntryProps) {
  const { study } = entry;
  const click = (event: MouseEvent): void => {
    if (event.target instanceof Element && event.target.closest("a, button")) return;
    if (getSelection()?.type === "Range") return;
    open(entry);
  };
  return (
    <tr class={`entry ${study ? "" : "away"}`} aria-rowindex={index + 2} aria-selected={active} tabIndex={tab ? 0 : -1} onFocus={() => choose(entry.studyUid)} onClick={click}>
      <td class="place"><div class="cell"><span class="numbers">{number(entry.place)}</span></div></td>
      <td class="why"><div class="cell"><Why entry={entry} /></div></td>
      <td class="whose"><div class="cell">{study ? <Here study={study} /> : <Away uid={entry.studyUid} />}</div></td>
      <td class="when"><div class="cell">
        <span class="cut">{entry.studyDate || study?.studyDate ? date(entry.studyDate || study!.studyDate) : say("worklist.no_date")}</span>
        {study ? <span class="cut small muted" dir="auto">{study.description}</span> : <span class="small two">{say("again.away.short")}</span>}
        {study?.imagesGone && <span class="small cut warned">{say("worklist.images_gone")}</span>}
      </div></td>
      <td class="said"><div class="cell"><Said said={entry.before} reason={entry.reason?.text} /></div></td>
      <td class="said"><div class="cell"><Said said={entry.after} reason={entry.reason?.text} /></div></td>
      <td class="done"><div class="cell">{study && <Review study={study} badge={<Signed study={study} list={list} />} />}</div></td>
    </tr>
  );
}

/** Opens the study of an entry, or says why it cannot be. */
export function open({ study, studyUid }: AgainEntry): void {
  if (study) go(`/studies/${studyUid}`);
  else toast(say("again.away.more"), "warn");
}

const loud = new Set(["newly_flagged", "priority_up", "category_up", "not_read_before"]);

const Why = ({ entry }: { entry: AgainEntry }) => (
  <span class="kinds">
    {entry.kinds.map((kind) => <span key={kind} class={`badge ${loud.has(kind) ? "warn" : ""}`}>{word("again.kind", kind)}</span>)}
  </span>
);

const Here = ({ study }: { study: StudyRow }) => (
  <>
    <a href={`/studies/${study.uid}`} class="cut person" tabIndex={-1} dir="auto">{study.patient.name || say("worklist.no_name")}</a>
    <span class="cut small muted"><bdi dir="ltr">{study.patient.id || say("worklist.no_id")}</bdi>{about(study)}</span>
  </>
);

const Away = ({ uid }: { uid: string }) => (
  <>
    <span class="cut small" title={say("again.away.more")}><strong class="warned">{say("again.away")}</strong></span>
    <span class="line tight">
      <bdi class="code small two fill" dir="ltr" title={uid}>{uid}</bdi>
      <button type="button" class="button small" tabIndex={-1} title={say("again.copy.more")} onClick={() => copyUID(uid)}>{say("again.copy")}</button>
    </span>
  </>
);

/** Copies a UID, and says so. */
export function copyUID(uid: string): void {
  void copy(uid).then((done) => (done ? toast(say("again.copied"), "good") : toast(say("again.not_copied"), "bad")));
}

// Nothing where nothing is signed off: then the state of the review stands there.
function Signed({ study, list }: { study: StudyRow; list: AgainList }) {
  const signed = signedOff(study, list);
  if (signed === null) return <span class="badge">{word("review", study.review.state)}</span>;
  return <span class={`badge ${signed === "since" ? "good" : "warn"}`}>{say(signed === "since" ? "again.signed_since" : "again.signed_before")}</span>;
}

function Said({ said, reason }: { said: AgainSaid | undefined; reason: string | undefined }) {
  if (!said) {
    return (
      <>
        <span class="warned">{say("again.not_read")}</span>
        {reason && <span class="small two" title={reason}><Sentence text={reason} /></span>}
      </>
    );
  }
  return (
    <>
      <PriorityMark priority={said.priority} />
      {said.score > 0
        ? <span class="small cut numbers">{say("again.score", { score: number(said.score, 3) })}</span>
        : <span class="small two">{say("worklist.no_finding")}</span>}
      {said.lungRads && <span class="small cut muted"><bdi dir="ltr">Lung-RADS {said.lungRads}</bdi></span>}
    </>
  );
}

/** The place of an entry that is not here yet. */
export const Empty = ({ index, columns }: { index: number; columns: number }) => (
  <tr class="entry" aria-rowindex={index + 2}>
    {Array.from({ length: columns }, (_, i) => <td key={i}><div class="cell"><span class="skeleton" />{i > 0 && i < 4 && <span class="skeleton short" />}</div></td>)}
  </tr>
);
