// What was not read, loudly: nothing found is not nothing there.
import type { Refusal, SeriesView, StudyPage } from "../api";
import { Notice } from "../kit/parts";
import { say, word } from "../kit/words";
import { Sentence } from "../kit/sentence";

/** A study without a result: why, and what to do. */
export function Unread({ page: { study } }: { page: StudyPage }) {
  if (study.state === "failed" || study.state === "not_assessed") {
    return (
      <Notice kind="bad">
        <h2>{say(study.state === "failed" ? "study.unread.failed" : "study.unread.not_assessed")}</h2>
        {study.notAssessed && <Why refusal={study.notAssessed} />}
        <p><strong>{say("study.unread.read_it")}</strong></p>
      </Notice>
    );
  }
  if (study.hasResult) return null;
  const p = study.progress;
  return (
    <Notice kind="warn">
      <h2>{say("study.unread.not_yet", { state: word("state", study.state) })}</h2>
      {p && p.total > 0 && <progress class="progress" max={p.total} value={p.done} aria-label={say("study.unread.progress")} />}
      <p>{say("study.unread.wait")}</p>
    </Notice>
  );
}

/** A series that was not read, in a study that may have a result. */
export const NotRead = ({ series, refusal }: { series: SeriesView; refusal: Refusal }) => (
  <Notice kind="warn">
    <h2>{say("study.unread.series")}</h2>
    <p class="muted"><bdi>{series.description || series.uid}</bdi></p>
    <Why refusal={refusal} />
  </Notice>
);

// What was found is English in every language; so is a remedy that is particular to
// this refusal.
const Why = ({ refusal: r }: { refusal: Refusal }) => (
  <dl class="study-pairs">
    <dt>{say("study.unread.reason")}</dt><dd><Sentence text={r.text || r.reason} /> {r.reason && <code>{r.reason}</code>}</dd>
    {r.remedy && <><dt>{say("study.unread.remedy")}</dt><dd><Sentence text={r.remedy} /></dd></>}
    {(r.found || r.remedyExact) && (
      <>
        <dt>{say("study.unread.found")}</dt>
        <dd class="small muted">{[r.found, r.remedyExact].filter(Boolean).map((text) => <bdi key={text} class="study-next" lang="en" dir="ltr">{text}</bdi>)}</dd>
      </>
    )}
  </dl>
);
