// What the reader must know before going on: what is not saved, what another reader
// said of the same, and that there is a newer result.
import { Dialog } from "../kit/parts";
import { say } from "../kit/words";
import type { Desk } from "./desk";
import { contradiction, type Pending } from "./fold";
import { voice } from "./ours";
import { answer, mark } from "./sentences";
import { retryAll } from "./sending";
import { held } from "./voice";

export const Notices = ({ desk }: { desk: Desk }) => {
  const waiting = desk.outbox.pending.value.length;
  const trouble = desk.outbox.trouble.value;
  return (
    <>
      {trouble && waiting > 0 && (
        <div class="bar bad" role="alert">
          <span class="fill">{say("study.unsaved", { count: waiting })}</span>
          <button type="button" class="button" onClick={retryAll}>{say("study.unsaved.retry")}</button>
        </div>
      )}
      {desk.unsavedElsewhere.value > 0 && <div class="bar bad">{say("study.unsaved.elsewhere", { count: desk.unsavedElsewhere.value })}</div>}
      {desk.othersWaiting > 0 && <div class="bar warn">{say("study.unsaved.others", { count: desk.othersWaiting })}</div>}
      {desk.reviewFailed.value && (
        <div class="bar bad" role="alert">
          <span class="fill">{say("study.review_failed")}</span>
          <button type="button" class="button" onClick={() => void desk.loadReview()}>{say("study.unsaved.retry")}</button>
        </div>
      )}
      {desk.stale.value && (
        <div class="bar warn" role="alert">
          <span class="fill">{say("study.stale")}</span>
          <button type="button" class="button primary" onClick={() => void desk.load()}>{say("study.stale.show")}</button>
        </div>
      )}
      {!desk.live.value && <div class="bar warn" role="status">{say("study.not_live")}</div>}
    </>
  );
};

/** Asks what shall stand where two readers contradict each other, one at a time. */
export function Conflicts({ desk }: { desk: Desk }) {
  const first = desk.conflicts.value[0];
  if (!first?.theirs || desk.signing.value) return null;
  return <Conflict key={first.action.id} desk={desk} pending={first} />;
}

function Conflict({ desk, pending }: { desk: Desk; pending: Pending }) {
  const { action, theirs } = pending;
  const said = contradiction(action, theirs!);
  const v = voice();
  const mine = action.answer ? answer(v, action.answer) : action.mark ? mark(v, action.mark) : say(own[action.kind] ?? "study.conflict.other");
  const other = said.answer ? answer(v, said.answer) : said.mark ? mark(v, said.mark) : say(said.gone ? "study.conflict.gone" : "study.conflict.changed");
  const about = action.kind === "answer" ? say("study.conflict.finding", { rank: action.rank ?? 0 }) : say("study.conflict.study");
  // What somebody has taken away cannot be changed any more; a signature is given anew.
  const insistent = action.kind === "answer" || (action.kind !== "sign" && action.kind !== "reopen" && action.kind !== "undo" && !said.gone);
  return (
    <Dialog title={say("study.conflict")}>
      <div class="stack">
        <p>{about}</p>
        <dl class="study-pairs">
          <dt>{said.by ? say("study.conflict.theirs", { who: held(voice(), said.by), at: said.at ? voice().time(said.at) : "" }) : say("study.conflict.now")}</dt><dd><bdi>{other}</bdi></dd>
          <dt>{say("study.conflict.mine")}</dt><dd><bdi>{mine}</bdi></dd>
        </dl>
        <p class="small muted">{say("study.conflict.kept")}</p>
      </div>
      <footer>
        <button type="button" class="button" onClick={() => desk.outbox.giveUp(action.id)}>{say("study.conflict.leave")}</button>
        {insistent && <button type="button" class="button primary" onClick={() => desk.outbox.insist(action.id)}>{say("study.conflict.insist")}</button>}
      </footer>
    </Dialog>
  );
}

const own: Record<string, "study.key.remove" | "study.sign" | "study.reopen" | "study.undo"> = { remove: "study.key.remove", sign: "study.sign", reopen: "study.reopen", undo: "study.undo" };
