// A finding that a reader adds: where, how large, what.
import { useEffect, useRef } from "preact/hooks";
import { say } from "../kit/words";
import { Field, formKeys, KindAndCategory } from "./answer";
import type { Desk, Draft } from "./desk";
import { detailID } from "./findings";
import type { MarkItem } from "./items";
import { held } from "./voice";
import { voice } from "./ours";

export function MarkDetail({ desk, item }: { desk: Desk; item: MarkItem }) {
  const { mark } = item;
  const draft = desk.draft.value;
  if (draft?.id === mark.id) return <DraftForm desk={desk} draft={draft} />;
  const blocked = desk.blocked.value;
  return (
    <div class="study-detail" id={detailID(item)}>
      <p class="small">{mark.at ? say("study.mark.by_at", { who: held(voice(), mark.by), at: voice().time(mark.at) }) : say("study.mark.by", { who: held(voice(), mark.by) })}</p>
      <div class="line">
        <button type="button" class="button" aria-disabled={blocked !== ""} aria-keyshortcuts="e" onClick={() => desk.changeMark(mark)}>{say("study.mark.change")} <kbd aria-hidden="true">e</kbd></button>
        <button type="button" class="button danger" aria-disabled={blocked !== ""} aria-keyshortcuts="Delete" onClick={() => desk.remove(mark)}>{say("study.mark.remove")} <kbd aria-hidden="true">Del</kbd></button>
      </div>
      {blocked && <p class="small study-blocked">{say(`study.blocked.${blocked}`)}</p>}
    </div>
  );
}

// Sizes that a nodule has; a mass beyond them is typed.
const [least, most, mostDrawn] = [1, 300, 60];

export function DraftForm({ desk, draft }: { desk: Desk; draft: Draft }) {
  const set = (part: Partial<Draft>): void => { desk.draft.value = { ...draft, ...part }; };
  const valid = draft.diameterMm >= least && draft.diameterMm <= most;
  const self = useRef<HTMLFormElement>(null);
  const picked = draft.picked !== null;
  useEffect(() => { self.current?.scrollIntoView({ block: "nearest" }); }, []);
  // Enter in a view is a click in its middle.
  useEffect(() => { if (!picked) document.querySelector<HTMLElement>(".study-viewer .view[tabindex]")?.focus({ preventScroll: true }); }, []);
  useEffect(() => { if (picked) self.current?.querySelector<HTMLElement>("#mark-size")?.focus({ preventScroll: true }); }, [picked]);
  const save = (): void => { if (valid) desk.saveDraft(); };
  return (
    <form ref={self} class="stack study-form study-detail" aria-labelledby="mark-title" onSubmit={(e) => { e.preventDefault(); save(); }} onKeyDown={(e) => formKeys(e, save, desk.dropDraft)}>
      <h3 id="mark-title">{say(draft.id ? "study.mark.change" : "study.mark.add")}</h3>
      <p role="status" class={picked ? "small" : "study-click"}>
        {!draft.picked ? say("study.mark.click") : draft.placed ? say("study.mark.picked", { slice: draft.picked.image.slice + 1 }) : say("study.mark.move")}
      </p>
      <Field id="mark-size" label={say("study.mark.size")} error={valid ? "" : say("study.mark.size_wrong", { least, most })}>
        <div class="line">
          <input id="mark-size" class="input study-number" type="number" min={least} max={most} step="0.5" value={draft.diameterMm} aria-invalid={!valid}
            onInput={(e) => set({ diameterMm: e.currentTarget.valueAsNumber || 0 })} />
          <input class="fill" type="range" min={least} max={mostDrawn} step="0.5" value={draft.diameterMm} aria-label={say("study.mark.size")} dir="ltr"
            onInput={(e) => set({ diameterMm: e.currentTarget.valueAsNumber })} />
        </div>
      </Field>
      <KindAndCategory id="mark" kind={draft.kind} category={draft.category} measured="" suggested="" set={set} />
      <Field id="mark-comment" label={say("study.comment")}>
        <textarea id="mark-comment" class="input" rows={2} maxLength={2000} dir="auto" value={draft.comment} onInput={(e) => set({ comment: e.currentTarget.value })} />
      </Field>
      <p class="small muted">{say("study.comment.hint")}</p>
      <div class="line">
        <button type="submit" class="button primary" disabled={!picked || !valid}>{say("study.save")}</button>
        <button type="button" class="button" onClick={desk.dropDraft}>{say("study.cancel")} <kbd aria-hidden="true">Esc</kbd></button>
      </div>
    </form>
  );
}
