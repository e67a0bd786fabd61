// The counters: each filters the list to what it counts.
import { useEffect, useState } from "preact/hooks";
import type { Counters } from "../api";
import { age, number, say, type Key } from "../kit/words";
import { counters } from "./list";
import { queryOf, unsigned, type Filters } from "./rows";

interface Counter { key: Key; count: (c: Counters) => number; filters: Filters; loud?: "bad" | "warn" | "urgent" }

const final = ["done", "not_assessed", "failed"];

const all: Counter[] = [
  { key: "worklist.count.urgent", count: (c) => c.urgentToReview, filters: { states: final, priorities: ["urgent"], reviews: unsigned }, loud: "urgent" },
  { key: "worklist.count.to_review", count: (c) => c.toReview, filters: { states: final, priorities: [], reviews: unsigned } },
  { key: "worklist.count.failed", count: (c) => c.failed, filters: { states: ["failed"], priorities: [], reviews: unsigned }, loud: "bad" },
  { key: "worklist.count.not_assessed", count: (c) => c.notAssessed, filters: { states: ["not_assessed"], priorities: [], reviews: unsigned }, loud: "warn" },
  { key: "worklist.count.waiting", count: (c) => c.receiving + c.waiting + c.running, filters: { states: ["receiving", "waiting", "running"], priorities: [], reviews: unsigned } },
  { key: "worklist.count.signed", count: (c) => c.signedOff, filters: { states: [], priorities: [], reviews: ["signed"] } },
];

const start: Filters = { states: [], priorities: [], reviews: unsigned };

export function CounterButtons({ filters, filter }: { filters: Filters; filter: (to: Filters) => void }) {
  const now = queryOf(filters);
  return (
    <div class="counters" role="group" aria-label={say("worklist.counters")}>
      {all.map((one) => {
        const count = counters.value && one.count(counters.value);
        const on = now === queryOf(one.filters);
        return (
          <button key={one.key} type="button" class={`choice counter ${count ? one.loud ?? "" : ""}`} aria-pressed={on} onClick={() => filter(on ? start : one.filters)}>
            <span class="value numbers">{count === null ? "–" : number(count)}</span>
            <span class="of">{say(one.key)}</span>
            {one.loud === "urgent" && <OldestUrgent />}
          </button>
        );
      })}
    </div>
  );
}

/** The time now, again every half minute. */
export function useNow(): number {
  const [now, set] = useState(Date.now());
  useEffect(() => {
    const timer = setInterval(() => set(Date.now()), 30_000);
    return () => clearInterval(timer);
  }, []);
  return now;
}

function OldestUrgent() {
  const now = useNow();
  const at = counters.value?.oldestUrgentAt;
  return <span class="small">{at ? say("worklist.oldest", { age: age((now - Date.parse(at)) / 1000) }) : "\u00a0"}</span>;
}
