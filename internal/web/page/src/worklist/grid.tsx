// The rows: only those in view are in the document.
import type { VNode } from "preact";
import type { MutableRef } from "preact/hooks";
import { useEffect, useRef } from "preact/hooks";
import { Failure, Notice } from "../kit/parts";
import { go } from "../kit/place";
import { say, type Key } from "../kit/words";
import { useNow } from "./counters";
import type { List } from "./list";
import { Empty, Row, type RowProps } from "./row";
import { useScrolling, type GridHandle } from "./scrolling";

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

export function Grid({ list, active, setActive, handle, scrolled, onScroll, everything }: Props) {
  void list.revision.value;
  const now = useNow();
  const { total } = list.rows;
  const { box, span, row, height, index, scroll, handle: walk } = useScrolling({
    total, at: (at) => list.rows.at(at)?.uid, indexOf: (uid) => list.rows.indexOf(uid), active, setActive, scrolled, onScroll,
    open: (uid) => go(`/studies/${uid}`),
  });
  handle.current = walk;
  useEffect(() => { list.need(span); }, [list, list.revision.value, span.first, span.end]);
  useQuiet(list, box, active);

  const line = useLines();
  if (list.trouble.value !== null && !list.loaded.value) return <div class="page"><Failure cause={list.trouble.value} again={() => list.reload(false)} /></div>;
  const none = list.loaded.value && total === 0;
  const lines = list.loaded.value ? span.end - span.first : Math.ceil(height / row);
  return (
    <div class="scroll rows" ref={box} tabIndex={-1} onScroll={scroll}>
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
