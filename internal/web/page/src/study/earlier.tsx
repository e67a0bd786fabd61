// The earlier study: what was found there, and what became of it.
import type { Earlier, EarlierFinding } from "../api";
import { Notice } from "../kit/parts";
import { say, word } from "../kit/words";
import type { Desk } from "./desk";
import { voice } from "./ours";
import { list, place, size } from "./sentences";
import { Sentence } from "../kit/sentence";

export function EarlierStudy({ desk, earlier: e }: { desk: Desk; earlier: Earlier }) {
  return (
    <>
      <div class="stack">
        <h3>{e.studyDate ? say("study.earlier.of", { date: voice().date(e.studyDate), days: e.days }) : say("study.earlier")}</h3>
        {e.text && <p><Sentence text={e.text} /></p>}
        {e.notDone && (
          <Notice kind="warn">
            <p><strong>{say("study.earlier.not_done")}</strong></p>
            <p><Sentence text={e.notDone.text || e.notDone.reason} /></p>
            {e.notDone.remedy && <p><Sentence text={e.notDone.remedy} /></p>}
            {[e.notDone.found, e.notDone.remedyExact].filter(Boolean).map((text) => <p key={text} class="small muted"><bdi lang="en" dir="ltr">{text}</bdi></p>)}
          </Notice>
        )}
        {e.notComparable.length > 0 && <Notice kind="warn"><p>{say("study.earlier.no_volumes", { why: list(voice(), e.notComparable.map((code) => word("growth", code))) })}</p></Notice>}
        <div class="line">
          {desk.earlier.value && (
            <button type="button" class="button" aria-keyshortcuts="v" aria-pressed={desk.settings.value?.layout === "earlier"}
              onClick={desk.beside}>
              {say("study.earlier.beside")} <kbd aria-hidden="true">v</kbd>
            </button>
          )}
          {e.studyUid && <a class="button quiet" href={`/studies/${e.studyUid}`}>{say("study.earlier.open")}</a>}
        </div>
      </div>
      {!e.notDone && (e.findings.length === 0
        ? <p class="muted">{say("study.earlier.none")}</p>
        : <ol class="plain study-list">{e.findings.map((f) => <li key={f.finding.rank}><Before desk={desk} earlier={f} /></li>)}</ol>)}
    </>
  );
}

// A press shows the place in both scans.
function Before({ desk, earlier: e }: { desk: Desk; earlier: EarlierFinding }) {
  const [v, f] = [voice(), e.finding];
  return (
    <button type="button" class="study-line" onClick={() => desk.showBefore(e)}>
      <span class="study-rank earlier"><span class="unseen">{say("study.rank")}</span> {f.rank}</span>
      {f.thumbnailUrl && <img class="study-thumb" src={f.thumbnailUrl} alt="" width="56" height="56" loading="lazy" />}
      <span class="fill study-words">
        <span class="study-first">{size(v, f)}</span>
        <span>{place(v, f)}</span>
        <span class="line study-chips">
          <span class={`badge ${e.state === "unpaired" ? "warn" : ""}`}>{e.currentRank > 0 ? say("study.earlier.now", { rank: e.currentRank }) : word("change", e.state)}</span>
        </span>
      </span>
    </button>
  );
}
