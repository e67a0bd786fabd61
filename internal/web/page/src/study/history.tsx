// Who did what and when, and what it was before. Nothing in it ever goes away.
import { say } from "../kit/words";
import type { Desk } from "./desk";
import { voice } from "./ours";
import { entry } from "./sentences";

// Ranks of several series are not told apart without their names.
export function seriesName(desk: Desk, uid: string): string {
  const read = desk.page.value?.series.filter((s) => s.result) ?? [];
  const one = read.find((s) => s.uid === uid);
  return read.length < 2 || !one ? "" : one.description || one.number;
}

export function History({ desk }: { desk: Desk }) {
  const { history } = desk.shown.value;
  const keys = desk.page.value?.series.map((s) => s.result?.key) ?? [];
  if (history.length === 0) return <p class="muted">{say("study.history.empty")}</p>;
  return (
    <ol class="plain study-history" reversed aria-label={say("study.history")}>
      {[...history].reverse().map((e) => {
        const { what, from } = entry(voice(), e, history, (uid) => seriesName(desk, uid));
        return (
          <li key={e.number} class={e.undone ? "undone" : ""}>
            <p class="small muted"><bdi>{voice().time(e.at)}</bdi> · <bdi>{e.by}</bdi></p>
            <p>{e.undone ? <s><bdi>{what}</bdi></s> : <bdi>{what}</bdi>} {e.undone && <span class="badge">{say("study.history.undone")}</span>}{" "}
              {e.resultKey && !keys.includes(e.resultKey) && <span class="badge warn">{say("study.history.other_result")}</span>}</p>
            {from && <p class="small muted"><bdi>{from}</bdi></p>}
          </li>
        );
      })}
    </ol>
  );
}
