// The foot of the list: how far the review is, undo, sign-off, and what comes next.
import { say } from "../kit/words";
import type { Desk } from "./desk";
import { held } from "./voice";
import { voice } from "./ours";

export function SignBar({ desk }: { desk: Desk }) {
  const { signed, signing, outdated, canUndo } = desk.shown.value;
  if (signed) {
    return (
      <div class={`study-foot ${outdated ? "outdated" : "signed"}`}>
        <p class="fill">{say(outdated ? "study.signed.outdated" : "study.signed.by", { who: held(voice(), signed.by), at: voice().time(signed.at) })}</p>
        <button type="button" class="button primary" aria-keyshortcuts="Shift+N" onClick={() => void desk.nextStudy()}>{say("study.next")} <kbd aria-hidden="true">⇧N</kbd></button>
        {desk.blocked.value === "signed" && <button type="button" class="button" onClick={desk.reopen}>{say("study.reopen")}</button>}
      </div>
    );
  }
  const left = desk.unanswered.value.length;
  return (
    <div class="study-foot">
      <p class="fill small">{desk.page.value?.study.hasResult ? say("study.left", { count: left }) : ""}</p>
      <button type="button" class="button" aria-keyshortcuts="z Control+Z" aria-disabled={!canUndo && desk.outbox.pending.value.length === 0} onClick={desk.undo}>{say("study.undo")} <kbd aria-hidden="true">z</kbd></button>
      <button type="button" class="button primary" aria-keyshortcuts="s" aria-disabled={signing || desk.blocked.value === "role"}
        onClick={() => { if (desk.blocked.value === "role") desk.refuse(); else desk.askToSign(); }}>
        {say(signing ? "study.signing" : "study.sign")} <kbd aria-hidden="true">s</kbd>
      </button>
    </div>
  );
}
