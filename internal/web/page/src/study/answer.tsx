// What a reader says of a finding.
import type { ComponentChildren } from "preact";
import { useEffect, useRef, useState } from "preact/hooks";
import type { Answer } from "../api";
import { say, word } from "../kit/words";
import { beginEdit } from "./bindings";
import { categories, causes, kinds, verdicts, type Verdict } from "./codes";
import type { Desk } from "./desk";
import { answerTo, noAnswer, type Way } from "./fold";
import type { FindingItem } from "./items";
import { digit } from "./keys";
import { voice } from "./ours";
import { answer as inWords } from "./sentences";
import { held } from "./voice";

const signs: Record<Verdict, string> = { agree: "m4 13 5 5L20 6", disagree: "m5 5 14 14M19 5 5 19", unsure: "M8 9c0-5 8-5 8 0 0 3-4 3-4 6M12 18v2" };
const shortcuts: Record<Verdict, string> = { agree: "a", disagree: "d", unsure: "u" };

const Sign = ({ verdict }: { verdict: string }) => (
  <svg viewBox="0 0 24 24" width="16" height="16" aria-hidden="true" fill="none" stroke="currentColor" stroke-width="3"><path d={signs[verdict as Verdict] ?? ""} /></svg>
);

/** What was said, in the list; and whether it is saved. */
export const AnswerBadge = ({ said, way }: { said: Answer | undefined; way: Way | undefined }) => (
  <>
    {said?.verdict && <span class={`badge ${said.verdict === "agree" ? "good" : said.verdict === "unsure" ? "warn" : ""}`}><Sign verdict={said.verdict} />{word("verdict", said.verdict)}</span>}
    {way && <span class={`badge ${way === "sending" ? "" : "bad"}`}>{say(`study.way.${way}`)}</span>}
  </>
);

export function Answering({ desk, item }: { desk: Desk; item: FindingItem }) {
  const said = answerTo(desk.shown.value, item.id);
  const blocked = desk.blocked.value;
  return (
    <section class="study-answer" aria-label={say("study.answer")}>
      <div class="buttons" role="group" aria-label={say("study.answer")}>
        {verdicts.map((verdict) => (
          <button type="button" key={verdict} class={`button ${verdict}`} aria-pressed={said?.answer.verdict === verdict} aria-disabled={blocked !== ""}
            aria-keyshortcuts={shortcuts[verdict]} {...(verdict === "disagree" && { "aria-expanded": desk.asking.value === item.id })}
            onClick={() => desk.verdict(verdict)}>
            <Sign verdict={verdict} />{say(`study.do.${verdict}`)} <kbd aria-hidden="true">{shortcuts[verdict]}</kbd>
          </button>
        ))}
      </div>
      <button type="button" class="button quiet" aria-disabled={blocked !== ""} aria-keyshortcuts="e" aria-expanded={desk.editing.value === item.id} onClick={() => beginEdit(desk)}>
        {say("study.edit")} <kbd aria-hidden="true">e</kbd>
      </button>
      {blocked && <p class="small study-blocked">{say(`study.blocked.${blocked}`)}</p>}
      {said && <Said desk={desk} said={said} />}
      {desk.asking.value === item.id && <Causes desk={desk} />}
      {desk.editing.value === item.id && <Editor key={item.id} desk={desk} item={item} />}
    </section>
  );
}

const Said = ({ desk, said }: { desk: Desk; said: { answer: Answer; by: string; at: string } }) => (
  <p class="small study-said">
    {say("study.said", { who: held(voice(), said.by), at: voice().time(said.at), answer: inWords(voice(), said.answer) })}{" "}
    {desk.blocked.value === "" && <button type="button" class="button quiet" aria-keyshortcuts="x" onClick={desk.takeBack}>{say("study.take_back")} <kbd aria-hidden="true">x</kbd></button>}
  </p>
);

// Why it is none: by digit or by pointing.
function Causes({ desk }: { desk: Desk }) {
  const self = useRef<HTMLDivElement>(null);
  useEffect(() => {
    const before = document.activeElement;
    self.current?.querySelector("button")?.focus({ preventScroll: true });
    self.current?.scrollIntoView({ block: "nearest" });
    return () => { if (before instanceof HTMLElement && before.isConnected) before.focus({ preventScroll: true }); };
  }, []);
  return (
    <div class="study-causes" role="group" aria-labelledby="study-cause" ref={self}>
      <p id="study-cause"><strong>{say("study.cause.ask")}</strong></p>
      {causes.map((cause, at) => (
        <button type="button" class="button" key={cause} aria-keyshortcuts={digit(at)} onClick={() => desk.cause(cause)}>
          <kbd aria-hidden="true">{digit(at)}</kbd><span class="fill">{word("cause", cause)}</span>
        </button>
      ))}
      <button type="button" class="button quiet" onClick={desk.close}>{say("study.cancel")} <kbd aria-hidden="true">Esc</kbd></button>
    </div>
  );
}

// The whole answer with the reader's own kind, category and comment.
function Editor({ desk, item }: { desk: Desk; item: FindingItem }) {
  const now = desk.current(item);
  const [to, set] = useState<Answer>(() => {
    const cause = desk.editCause.value;
    desk.editCause.value = "";
    return cause ? { ...now, verdict: "disagree", cause } : { ...now, verdict: now.verdict || "agree" };
  });
  const lacks = to.verdict === "disagree" && !to.cause ? "study.edit.needs_cause" : to.cause === "other" && !to.comment.trim() ? "study.edit.needs_comment" : null;
  const [tried, setTried] = useState(false);
  const first = useRef<HTMLTextAreaElement>(null);
  useEffect(() => {
    first.current?.focus({ preventScroll: true });
    first.current?.closest("form")?.scrollIntoView({ block: "nearest" });
  }, []);
  const save = (): void => {
    setTried(true);
    if (lacks) return;
    desk.editing.value = null;
    desk.answer(item, { ...noAnswer, ...to, cause: to.verdict === "disagree" ? to.cause : "", comment: to.comment.trim() });
  };
  const suggested = item.finding.guidelines.find((g) => g.category)?.category ?? "";
  return (
    <form class="stack study-form" onSubmit={(e) => { e.preventDefault(); save(); }} onKeyDown={(e) => formKeys(e, save, desk.close)}>
      <fieldset class="line">
        <legend class="label">{say("study.answer")}</legend>
        {verdicts.map((verdict) => (
          <label class="check" key={verdict}><input type="radio" name="verdict" checked={to.verdict === verdict} onChange={() => set({ ...to, verdict })} />{word("verdict", verdict)}</label>
        ))}
      </fieldset>
      {to.verdict === "disagree" && (
        <Field id="edit-cause" label={say("study.cause")} error={tried && lacks === "study.edit.needs_cause" ? say(lacks) : ""}>
          <select id="edit-cause" class="input" value={to.cause} onChange={(e) => set({ ...to, cause: e.currentTarget.value })}>
            <option value="">{say("study.choose")}</option>
            {causes.map((cause) => <option key={cause} value={cause}>{word("cause", cause)}</option>)}
          </select>
        </Field>
      )}
      <KindAndCategory id="edit" kind={to.kind} category={to.category} measured={item.finding.measured?.kind ?? ""} suggested={suggested}
        set={(part) => set({ ...to, ...part })} />
      <Field id="edit-comment" label={say("study.comment")} error={tried && lacks === "study.edit.needs_comment" ? say(lacks) : ""}>
        <textarea id="edit-comment" class="input" ref={first} rows={2} maxLength={2000} dir="auto" value={to.comment} aria-describedby="edit-hint"
          onInput={(e) => set({ ...to, comment: e.currentTarget.value })} />
      </Field>
      <p class="small muted" id="edit-hint">{say("study.comment.hint")}</p>
      <div class="line">
        <button type="submit" class="button primary">{say("study.save")} <kbd aria-hidden="true">Ctrl+↵</kbd></button>
        <button type="button" class="button" onClick={desk.close}>{say("study.cancel")}</button>
      </div>
    </form>
  );
}

/** Ctrl+Enter saves, Escape closes: in the fields too. */
export function formKeys(e: KeyboardEvent, save: () => void, close: () => void): void {
  if (e.key === "Escape") { e.preventDefault(); e.stopPropagation(); close(); }
  if (e.key === "Enter" && (e.ctrlKey || e.metaKey)) { e.preventDefault(); save(); }
}

export const Field = ({ id, label, error = "", children }: { id: string; label: string; error?: string; children: ComponentChildren }) => (
  <div class="field">
    <label for={id}>{label}</label>
    {children}
    {error && <p class="field-error" role="alert">{error}</p>}
  </div>
);

export const KindAndCategory = ({ id, kind, category, measured, suggested, set }: {
  id: string; kind: string; category: string; measured: string; suggested: string; set: (part: { kind?: string; category?: string }) => void;
}) => (
  <div class="study-two">
    <Field id={`${id}-kind`} label={say("study.kind")}>
      <select id={`${id}-kind`} class="input" value={kind} onChange={(e) => set({ kind: e.currentTarget.value })}>
        <option value="">{measured ? say("study.kind.as_measured", { kind: word("kind", measured) }) : say("study.not_said")}</option>
        {kinds.map((one) => <option key={one} value={one}>{word("kind", one)}</option>)}
      </select>
    </Field>
    <Field id={`${id}-category`} label="Lung-RADS">
      <select id={`${id}-category`} class="input" value={category} onChange={(e) => set({ category: e.currentTarget.value })}>
        <option value="">{suggested ? say("study.category.as_suggested", { category: suggested }) : say("study.not_said")}</option>
        {categories.map((one) => <option key={one} value={one}>{one}</option>)}
      </select>
    </Field>
  </div>
);
