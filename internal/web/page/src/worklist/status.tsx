// How many studies are listed, whether the list is live, and what waits to be
// shown.
import { Failure } from "../kit/parts";
import { say } from "../kit/words";
import { counters, type List } from "./list";
import type { Filters } from "./rows";

export function StatusLine({ list, filters, filter }: { list: List; filters: Filters; filter: (to: Filters) => void }) {
  void list.revision.value;
  const hidden = filters.reviews.length && !filters.reviews.includes("signed") ? counters.value?.signedOff ?? 0 : 0;
  const { changes, urgent } = list.rows;
  return (
    <>
      <div class="line status">
        <span role="status" class="numbers">{list.loaded.value ? say("worklist.total", { total: list.rows.total }) : say("kit.loading")}</span>
        {hidden > 0 && <button type="button" class="button quiet" onClick={() => filter({ ...filters, reviews: [] })}>{say("worklist.hidden", { count: hidden })}</button>}
        <span class="fill" />
        <span role="status">
          {changes.size > 0 && (
            <button type="button" class={`button ${urgent.size ? "danger" : ""}`} onClick={() => list.reload(false)}>
              {urgent.size ? say("worklist.changes.urgent", { count: urgent.size }) : say("worklist.changes", { count: changes.size })} <kbd aria-hidden="true">r</kbd>
            </button>
          )}
        </span>
        <span class={`badge ${list.live.value ? "good" : "warn"} live`} title={say(list.live.value ? "worklist.live.more" : "worklist.stale.more")}>
          {list.live.value ? `● ${say("worklist.live")}` : `○ ${say(list.live.value === undefined ? "kit.loading" : "worklist.stale")}`}
        </span>
      </div>
      {list.trouble.value !== null && list.loaded.value && <div class="trouble"><Failure cause={list.trouble.value} again={() => list.reload(false)} /></div>}
    </>
  );
}

