// What a guideline suggests: the answer first and alone, then what the radiologist is
// asked. By what it was found and what restricts it is one press away.
import type { GuidelineText } from "../api";
import { say } from "../kit/words";
import { Sentence } from "../kit/sentence";

export function Suggestion({ name, of }: { name: string; of: GuidelineText }) {
  const more = of.basis.length + of.reservations.length > 0 || of.rule;
  return (
    <>
      {name && <span class="muted small"><bdi>{name}</bdi></span>}
      <span class="study-next study-advice"><Sentence text={of.answer || of.text} /></span>
      {of.questions && <span class="study-next small"><Sentence text={of.questions} /></span>}
      {more && (
        <details class="study-grounds small">
          <summary>{say(of.reservations.length > 0 ? "study.suggested.restricted" : "study.suggested.why", { count: of.reservations.length })}</summary>
          <ul>
            {[...of.basis, ...of.reservations].map((text) => <li key={text}><Sentence text={text} /></li>)}
            {of.rule && <li>{say("study.suggested.rule")} <code dir="ltr">{of.rule}</code></li>}
          </ul>
        </details>
      )}
    </>
  );
}
