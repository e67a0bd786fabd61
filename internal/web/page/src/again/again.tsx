// A list of studies to look at again after a rescoring, in its order.
import type { MutableRef } from "preact/hooks";
import { useEffect, useMemo, useRef, useState } from "preact/hooks";
import type { AgainList } from "../api";
import { Refused } from "../kit/call";
import { useKeys } from "../kit/keys";
import { Failure, Notice, useTitle } from "../kit/parts";
import { asLeft, go } from "../kit/place";
import { me } from "../kit/who";
import { language, number, say, time } from "../kit/words";
import { NameOf } from "../worklist/offers";
import { useScrolling, type GridHandle } from "../worklist/scrolling";
import { copyUID, Empty, Entry, open } from "./entry";
import { List } from "./list";

// The list as it was left, so that coming back from a study is coming back to the
// same row. It goes with the reader.
let left: { name: string; list: List; scrollTop: number; active: string | null } | null = null;
me.subscribe((who) => { if (who === null) { left?.list.stop(); left = null; } });

export default function Again({ rescoring }: { rescoring: string }) {
  useTitle("again.title");
  const name = `${rescoring} ${language.value}`;
  const back = left?.name === name ? left : null;
  const [active, setActive] = useState<string | null>(back?.active ?? null);
  const list = useMemo(() => back?.list ?? new List(rescoring), [name]);
  const grid = useRef<GridHandle>(null);
  const latest = useRef({ active, scrollTop: 0 });
  latest.current.active = active;
  void list.revision.value;

  useEffect(() => {
    if (back) list.reload(false);
    return () => {
      list.stop();
      left = { name, list, ...latest.current };
    };
  }, [list]);

  useKeys([
    { keys: ["j", "ArrowDown"], label: "worklist.key.next", run: () => grid.current?.step(1) },
    { keys: ["k", "ArrowUp"], label: "worklist.key.previous", run: () => grid.current?.step(-1) },
    { keys: ["PageDown"], label: "worklist.key.page_down", run: () => grid.current?.leaf(1) },
    { keys: ["PageUp"], label: "worklist.key.page_up", run: () => grid.current?.leaf(-1) },
    { keys: ["Home"], label: "worklist.key.first", run: () => grid.current?.to(0) },
    { keys: ["End"], label: "worklist.key.last", run: () => grid.current?.to(list.entries.total - 1) },
    { keys: ["Enter", "o"], label: "worklist.key.open", run: () => grid.current?.open() },
    { keys: ["c"], label: "again.key.copy", run: () => { if (active !== null) copyUID(active); } },
    { keys: ["r"], label: "again.key.refresh", run: () => list.reload(false) },
    { keys: ["w"], label: "study.key.worklist", run: () => go(asLeft("/")) },
  ]);

  const withdrawn = list.trouble.value instanceof Refused && list.trouble.value.status === 404;
  if (withdrawn) {
    return (
      <div class="page"><Notice kind="warn">
        <p>{say("again.withdrawn")}</p>
        <p><a class="button" href={asLeft("/")}>{say("study.key.worklist")}</a></p>
      </Notice></div>
    );
  }
  const head = list.entries.list;
  return (
    <div class="worklist again">
      <header class="about">
        <h1>{head ? <>{say("again.offers")} <NameOf list={head} /></> : say("again.title")}</h1>
        {head && <Origin of={head} />}
        {head && !head.whole && <Notice kind="warn"><p>{say("again.partial", { done: number(head.studiesDone), total: number(head.studies) })}</p></Notice>}
        <p class="small">{say("again.limits")}</p>
      </header>
      <Status list={list} />
      <Grid key={name} list={list} active={active} setActive={setActive} handle={grid}
        scrolled={back?.scrollTop ?? 0} onScroll={(top) => { latest.current.scrollTop = top; }} />
    </div>
  );
}

// Which model was compared with what, and when.
const Origin = ({ of }: { of: AgainList }) => (
  <p class="small muted">
    <bdi>{of.model} {of.modelVersion}</bdi> · {of.baseline === "live" ? say("again.against.live") : say("again.against", { number: of.baseline })} · {say("again.published", { at: time(of.publishedAt) })}
  </p>
);

function Status({ list }: { list: List }) {
  const { list: head } = list.entries;
  return (
    <>
      <div class="line status">
        <span role="status" class="numbers">{head ? say("worklist.total", { total: head.entries }) : say("kit.loading")}</span>
        <span class="fill" />
        <span class={`badge ${list.live.value ? "good" : "warn"} live`} title={say(list.live.value ? "worklist.live.more" : "worklist.stale.more")}>
          {list.live.value ? `● ${say("worklist.live")}` : `○ ${say(list.live.value === undefined ? "kit.loading" : "worklist.stale")}`}
        </span>
      </div>
      {list.trouble.value !== null && head && <div class="trouble"><Failure cause={list.trouble.value} again={() => list.reload(false)} /></div>}
    </>
  );
}

interface GridProps {
  list: List;
  active: string | null;
  setActive: (uid: string | null) => void;
  handle: MutableRef<GridHandle | null>;
  scrolled: number;
  onScroll: (top: number) => void;
}

function Grid({ list, active, setActive, handle, scrolled, onScroll }: GridProps) {
  void list.revision.value;
  const { entries } = list, { total, list: head } = entries;
  const { box, span, row, height, index, scroll, handle: walk } = useScrolling({
    total, at: (at) => entries.at(at)?.studyUid, indexOf: (uid) => entries.indexOf(uid), active, setActive, scrolled, onScroll,
    open: () => { const entry = entries.at(index); if (entry) open(entry); },
  });
  handle.current = walk;
  useEffect(() => { list.need(span); }, [list, list.revision.value, span.first, span.end]);

  if (list.trouble.value !== null && !head) return <div class="page"><Failure cause={list.trouble.value} again={() => list.reload(false)} /></div>;
  const lines = head ? span.end - span.first : Math.ceil(height / row);
  const titles = [
    ["place", say("again.column.place")], ["why", say("again.column.why")], ["whose", say("worklist.column.patient")], ["when", say("worklist.column.study")],
    ["said", say("again.column.before")], ["said", say("again.column.now")], ["done", say("worklist.column.review")],
  ];
  const space = (rows: number) => rows > 0 && <tr aria-hidden="true" class="space" style={{ height: rows * row }}><td colSpan={titles.length} /></tr>;
  return (
    <div class="scroll rows" ref={box} tabIndex={-1} onScroll={scroll}>
      <table role="grid" class="table grid" aria-label={say("again.title")} aria-rowcount={head ? total + 1 : -1} aria-busy={!head}>
        <thead><tr aria-rowindex={1}>{titles.map(([name, title]) => <th key={title} scope="col" class={name}>{title}</th>)}</tr></thead>
        <tbody>
          {space(span.first)}
          {Array.from({ length: lines }, (_, i) => {
            const at = span.first + i, entry = entries.at(at);
            if (!entry || !head) return <Empty key={at} index={at} columns={titles.length} />;
            const first = index < 0 ? at === span.first : at === index;
            return <Entry key={entry.studyUid} entry={entry} list={head} index={at} active={entry.studyUid === active} tab={first} choose={setActive} />;
          })}
          {space(total - span.end)}
        </tbody>
      </table>
      {head && total === 0 && <div class="page"><Notice kind="note"><p>{say("again.none")}</p></Notice></div>}
    </div>
  );
}
