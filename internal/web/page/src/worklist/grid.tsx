// The rows: only those in view are in the document.
import type { VNode } from "preact";
import type { MutableRef } from "preact/hooks";
import { useEffect, useLayoutEffect, useRef, useState } from "preact/hooks";
import { Failure, Notice } from "../kit/parts";
import { go } from "../kit/place";
import { say, type Key } from "../kit/words";
import { useNow } from "./counters";
import type { List } from "./list";
import { Empty, Row, type RowProps } from "./row";
import { inView, reveal } from "./rows";

export interface GridHandle {
  step: (by: number) => void;
  leaf: (by: number) => void;
  to: (index: number) => void;
  open: () => void;
}

interface Props {
  list: List;
  /** The UID of the study that keys act on. */
  active: string | null;
  setActive: (uid: string | null) => void;
  handle: MutableRef<GridHandle | null>;
  scrolled: number;
  onScroll: (top: number) => void;
  /** Shows all studies, whatever is filtered and searched. */
  everything: () => void;
}

const columns: [name: string, key: Key][] = [
  ["rank", "worklist.column.priority"], ["patient", "worklist.column.patient"], ["exam", "worklist.column.study"], ["age", "worklist.column.age"],
  ["doing", "worklist.column.state"], ["finds", "worklist.column.findings"], ["done", "worklist.column.review"],
];

// In rem; worklist.css gives rows the same.
const rowRem = 4.5, headRem = 2.25;

export function Grid({ list, active, setActive, handle, scrolled, onScroll, everything }: Props) {
  void list.revision.value;
  const box = useRef<HTMLDivElement>(null);
  const [seen, see] = useState({ top: scrolled, height: 800, rem: 16 });
  const now = useNow();
  const row = rowRem * seen.rem, height = Math.max(row, seen.height - headRem * seen.rem);
  const { total } = list.rows;
  const span = inView(seen.top, height, row, total, 8);

  useEffect(() => { list.need(span); }, [list, list.revision.value, span.first, span.end]);
  useLayoutEffect(() => {
    const self = box.current!;
    const measure = (): void => see((was) => ({ ...was, height: self.clientHeight, rem: parseFloat(getComputedStyle(document.documentElement).fontSize) }));
    const watch = new ResizeObserver(measure);
    watch.observe(self);
    measure();
    return () => watch.disconnect();
  }, []);
  useLayoutEffect(() => { if (total > 0 && scrolled) box.current!.scrollTop = scrolled; }, [total > 0]);
  useQuiet(list, box, active);

  const index = active === null ? -1 : list.rows.indexOf(active) ?? -1;
  const wanted = useRef<number | null>(null);
  const to = (next: number): void => {
    if (total === 0) return;
    const at = Math.min(total - 1, Math.max(0, next));
    wanted.current = at;
    const study = list.rows.at(at);
    if (study) setActive(study.uid);
    const self = box.current!;
    self.scrollTop = reveal(at, self.scrollTop, height, row);
    see((was) => ({ ...was, top: self.scrollTop }));
  };
  // The focus follows once the row is in the document, and its study is here.
  useLayoutEffect(() => {
    if (wanted.current === null) return;
    const study = list.rows.at(wanted.current);
    const line = box.current!.querySelector<HTMLElement>(`[aria-rowindex="${wanted.current + 2}"]`);
    if (!study || !line) return;
    wanted.current = null;
    setActive(study.uid);
    line.focus({ preventScroll: true });
  });
  const from = (): number => wanted.current ?? index;
  handle.current = {
    step: (by) => to(from() < 0 ? Math.ceil(seen.top / row) : from() + by),
    leaf: (by) => to(Math.max(0, from()) + by * Math.max(1, Math.floor(height / row) - 1)),
    to,
    open: () => { if (active !== null && index >= 0) go(`/studies/${active}`); },
  };

  const line = useLines();
  if (list.trouble.value !== null && !list.loaded.value) return <div class="page"><Failure cause={list.trouble.value} again={() => list.reload(false)} /></div>;
  const none = list.loaded.value && total === 0;
  const lines = list.loaded.value ? span.end - span.first : Math.ceil(height / row);
  return (
    <div class="scroll rows" ref={box} tabIndex={-1} onScroll={(e) => { const top = e.currentTarget.scrollTop; onScroll(top); see((was) => ({ ...was, top })); }}>
      <table role="grid" class="table grid" aria-label={say("frame.worklist")} aria-rowcount={list.loaded.value ? total + 1 : -1} aria-busy={!list.loaded.value}>
        <thead><tr aria-rowindex={1}>{columns.map(([name, key]) => <th key={name} scope="col" class={name}>{say(key)}</th>)}</tr></thead>
        <tbody>
          {span.first > 0 && <tr aria-hidden="true" class="space" style={{ height: span.first * row }}><td colSpan={columns.length} /></tr>}
          {Array.from({ length: lines }, (_, i) => {
            const at = span.first + i, study = list.rows.at(at);
            if (!study) return <Empty key={at} index={at} columns={columns.length} />;
            const first = index < 0 ? at === span.first : study.uid === active;
            return line({ study, index: at, now, gone: list.rows.gone.has(study.uid), active: study.uid === active, tab: first, choose: setActive });
          })}
          {span.end < total && <tr aria-hidden="true" class="space" style={{ height: (total - span.end) * row }}><td colSpan={columns.length} /></tr>}
        </tbody>
      </table>
      {none && (
        <div class="page"><Notice kind="note">
          <p>{say("worklist.none")}</p>
          <p><button type="button" class="button" onClick={everything}>{say("worklist.everything")}</button></p>
        </Notice></div>
      )}
    </div>
  );
}

// Rows of which nothing has changed since the last drawing are not drawn again:
// scrolling draws only what comes into view.
function useLines(): (props: RowProps) => VNode {
  const drawn = useRef(new Map<string, [RowProps, VNode]>());
  const before = drawn.current, next = drawn.current = new Map<string, [RowProps, VNode]>();
  return (props) => {
    const last = before.get(props.study.uid);
    const same = last && (Object.keys(props) as (keyof RowProps)[]).every((name) => props[name] === last[0][name]);
    const vnode = same ? last[1] : <Row key={props.study.uid} {...props} />;
    next.set(props.study.uid, [props, vnode]);
    return vnode;
  };
}

// Shows a new order by itself where nobody is reading: at the top of the list, with
// neither the focus nor the pointer in it, or in a tab that is not looked at.
function useQuiet(list: List, box: { current: HTMLDivElement | null }, active: string | null): void {
  const waiting = list.rows.changes.size;
  useEffect(() => {
    if (!waiting) return;
    const timer = setInterval(() => {
      const self = box.current;
      if (!self) return;
      const reading = self.scrollTop > 0 || active !== null || self.contains(document.activeElement) || self.matches(":hover");
      if (document.hidden || !reading) list.reload(true);
    }, 1000);
    return () => clearInterval(timer);
  }, [list, waiting > 0, active]);
}
