// Signing off: what is unanswered, what weakens the result, and who signs.
import type { StudyPage } from "../api";
import { Dialog, Notice } from "../kit/parts";
import { say } from "../kit/words";
import { me } from "../kit/who";
import type { Desk } from "./desk";
import { seriesName } from "./history";
import { label, type FindingItem } from "./items";
import { voice } from "./ours";
import { place } from "./sentences";
import { held, mm } from "./voice";

export function SignOff({ desk, page }: { desk: Desk; page: StudyPage }) {
  const close = (): void => { desk.signing.value = false; };
  const why = cannot(desk, page);
  const left = desk.unanswered.value;
  const missed = page.series.filter((s) => s.missed).length;
  return (
    <Dialog title={say("study.sign.title")} close={close}>
      <div class="stack">
        {why
          ? <Notice kind="bad"><p><strong>{say("study.sign.cannot")}</strong></p><p>{say(why)}</p></Notice>
          : <p>{say("study.sign.means", { who: held(voice(), desk.display) })}</p>}
        {(page.study.state === "failed" || page.study.state === "not_assessed") && <Notice kind="warn"><p>{say("study.sign.unread")}</p></Notice>}
        {page.study.hasResult && missed > 0 && <Notice kind="warn"><p>{say("study.missed", { count: missed })}</p></Notice>}
        {left.length > 0 && <Left desk={desk} left={left} />}
        {page.series.some((s) => s.result?.warnings.length) && <p>{say("study.sign.warned")}</p>}
        {desk.outbox.pending.value.length > 0 && <Notice kind="warn"><p>{say("study.sign.after", { count: desk.outbox.pending.value.length })}</p></Notice>}
      </div>
      <footer>
        <button type="button" class="button" onClick={close}>{say("study.cancel")}</button>
        {!why && <button type="button" class="button primary" onClick={desk.sign}>{say(left.length > 0 ? "study.sign.anyway" : "study.sign.do", { count: left.length })}</button>}
      </footer>
    </Dialog>
  );
}

function cannot(desk: Desk, page: StudyPage): "study.sign.open" | "study.blocked.role" | "study.sign.stale" | "study.sign.unfinished" | "study.sign.conflict" | null {
  if (me.value?.open) return "study.sign.open";
  if (desk.blocked.value === "role") return "study.blocked.role";
  if (desk.stale.value) return "study.sign.stale";
  if (desk.conflicts.value.length > 0) return "study.sign.conflict";
  return ["receiving", "waiting", "running"].includes(page.study.state) ? "study.sign.unfinished" : null;
}

const Left = ({ desk, left }: { desk: Desk; left: FindingItem[] }) => (
  <section class="stack">
    <h3>{say("study.left", { count: left.length })}</h3>
    <ul class="plain study-left">
      {left.map((item) => (
        <li key={item.id}>
          <button type="button" class="button quiet" onClick={() => { desk.signing.value = false; desk.chooseSeries(desk.page.value?.series.find((s) => s.uid === item.seriesUid)); desk.select(item.id); }}>
            <span class={`study-rank ${item.finding.flagged ? "flagged" : ""}`}><bdi dir="ltr">{label(item)}</bdi></span>
            <span>{mm(voice(), item.finding.diameterMm)} · {place(voice(), item.finding)}{seriesName(desk, item.seriesUid) && <> · <bdi>{seriesName(desk, item.seriesUid)}</bdi></>}</span>
            {item.finding.flagged && <span class="badge warn">{say("study.flagged")}</span>}
          </button>
        </li>
      ))}
    </ul>
  </section>
);
