// All that is known of one finding.
import type { FindingView, StudyPage } from "../api";
import { say } from "../kit/words";
import type { Desk } from "./desk";
import { answerTo } from "./fold";
import type { FindingItem } from "./items";
import { voice } from "./ours";
import { change, doubt, hints, kind, list, measures, place, raises, size, solidPart } from "./sentences";
import { score } from "./voice";
import { Sentence } from "../kit/sentence";
import { Suggestion } from "./suggested";

export function Detail({ desk, page, item }: { desk: Desk; page: StudyPage; item: FindingItem }) {
  const [v, f] = [voice(), item.finding];
  const warnings = desk.series.value?.result?.warnings ?? [];
  const why = raises(page, f);
  const weak = [doubt(v, f), ...warnings.map((w) => w.text)].filter((text) => text !== "");
  return (
    <>
      {why.length > 0 && (
        <div class="study-raises"><strong>{say("study.raises")}</strong><ul class="plain">{why.map((text) => <li key={text}><Sentence text={text} /></li>)}</ul></div>
      )}
      <dl class="study-pairs">
        <dt>{say("study.size")}</dt>
        <dd>{size(v, f)}{measures(v, f) && <span class="small muted study-next">{measures(v, f)}</span>}</dd>
        <dt>{say("study.kind")}</dt>
        <dd>{kind(v, f, answerTo(desk.shown.value, item.id)?.answer)}{solidPart(v, f) && <span class="study-next">{solidPart(v, f)}</span>}</dd>
        <dt>{say("study.place")}</dt>
        <dd>{list(v, [place(v, f), ...hints(v, f)])} <span class="muted small">{say("study.place.estimated")}</span></dd>
        {f.change && <Since desk={desk} finding={f} />}
        <dt>{say("study.score")}</dt>
        <dd>{score(v, f.score)} <span class="small muted">{say(f.flagged ? "study.score.flagged" : "study.score.under_flag")}</span></dd>
      </dl>
      {weak.length > 0 && <div class="study-weak"><strong>{say("study.weakened")}</strong><ul>{weak.map((text) => <li key={text}><Sentence text={text} /></li>)}</ul></div>}
      <Suggested page={page} finding={f} />
    </>
  );
}

const Since = ({ desk, finding: f }: { desk: Desk; finding: FindingView }) => (
  <>
    <dt>{say("study.change")}</dt>
    <dd>
      <ul class="plain">{change(voice(), f.change!).map((text) => <li key={text}>{text}</li>)}</ul>
      {desk.earlier.value && (
        <button type="button" class="button" aria-keyshortcuts="v" aria-pressed={desk.settings.value?.layout === "earlier"}
          onClick={desk.beside}>
          {say("study.earlier.beside")} <kbd aria-hidden="true">v</kbd>
        </button>
      )}
    </dd>
  </>
);

// What guidelines suggest never stands without its caveat.
const Suggested = ({ page, finding: f }: { page: StudyPage; finding: FindingView }) => {
  if (f.guidelines.length === 0 && !f.brockText) return null;
  return (
    <section class="study-suggested">
      <h3>{say("study.suggested")}</h3>
      <ul class="plain stack">
        {f.guidelines.map((g) => <li key={g.guideline}><Suggestion name={g.guideline} of={g} /></li>)}
        {f.brockText && <li><Suggestion name={say("study.brock")} of={f.brockText} /></li>}
      </ul>
      <p class="small"><strong>{page.caveat}</strong></p>
    </section>
  );
};
