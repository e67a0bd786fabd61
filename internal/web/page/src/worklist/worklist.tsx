// The worklist: the worst study first.
import { signal } from "@preact/signals";
import { useEffect, useMemo, useRef, useState } from "preact/hooks";
import { useKeys } from "../kit/keys";
import { useTitle } from "../kit/parts";
import { query, replace } from "../kit/place";
import { me } from "../kit/who";
import { language, say } from "../kit/words";
import { CounterButtons } from "./counters";
import { Filtering } from "./filtering";
import { List } from "./list";
import { Grid } from "./grid";
import { Offers } from "./offers";
import { filtersOf, queryOf, type Filters } from "./rows";
import type { GridHandle } from "./scrolling";
import { StatusLine } from "./status";

// What is searched for is in no address: it is a name as often as not.
const search = signal("");

// The list as it was left, so that coming back from a study is coming back to the
// same row. It goes with the reader.
let left: { name: string; list: List; scrollTop: number; active: string | null } | null = null;
me.subscribe((who) => { if (who === null) { left?.list.stop(); left = null; search.value = ""; } });

export function Worklist() {
  useTitle("frame.worklist");
  const filters = filtersOf(query.value);
  const name = queryOf(filters) + search.value + language.value;
  const back = left?.name === name ? left : null;
  const [active, setActive] = useState<string | null>(back?.active ?? null);
  const list = useMemo(() => back?.list ?? new List(filters, search.value), [name]);
  const grid = useRef<GridHandle>(null);
  const box = useRef<HTMLInputElement>(null);
  const [open, setOpen] = useState(false);
  const latest = useRef({ active, scrollTop: 0 });
  latest.current.active = active;

  useEffect(() => {
    if (back) list.reload(false);
    return () => {
      list.stop();
      left = { name, list, ...latest.current };
    };
  }, [list]);

  const filter = (to: Filters): void => replace("/" + queryOf(to));
  useKeys([
    { keys: ["j", "ArrowDown"], label: "worklist.key.next", run: () => grid.current?.step(1) },
    { keys: ["k", "ArrowUp"], label: "worklist.key.previous", run: () => grid.current?.step(-1) },
    { keys: ["PageDown"], label: "worklist.key.page_down", run: () => grid.current?.leaf(1) },
    { keys: ["PageUp"], label: "worklist.key.page_up", run: () => grid.current?.leaf(-1) },
    { keys: ["Home"], label: "worklist.key.first", run: () => grid.current?.to(0) },
    { keys: ["End"], label: "worklist.key.last", run: () => grid.current?.to(list.rows.total - 1) },
    { keys: ["Enter", "o"], label: "worklist.key.open", run: () => grid.current?.open() },
    { keys: ["/"], label: "worklist.key.search", run: () => { box.current?.focus(); box.current?.select(); } },
    { keys: ["f"], label: "worklist.key.filter", run: () => setOpen(!open) },
    { keys: ["r"], label: "worklist.key.refresh", run: () => list.reload(false) },
  ]);

  return (
    <div class="worklist">
      <h1 class="unseen">{say("frame.worklist")}</h1>
      <CounterButtons filters={filters} filter={filter} />
      <Filtering box={box} search={search} filters={filters} filter={filter} open={open} setOpen={setOpen} />
      <Offers />
      <StatusLine list={list} filters={filters} filter={filter} />
      <Grid key={name} list={list} active={active} setActive={setActive} handle={grid}
        scrolled={back?.scrollTop ?? 0} onScroll={(top) => { latest.current.scrollTop = top; }}
        everything={() => { search.value = ""; filter({ states: [], priorities: [], reviews: [] }); }} />
    </div>
  );
}
