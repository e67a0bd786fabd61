// A long list of rows of one height, of which only those in view are in the
// document: which these are, and how the keyboard walks through all.
import type { RefObject } from "preact";
import { useLayoutEffect, useRef, useState } from "preact/hooks";
import { inView, reveal, type Span } from "./rows";

export interface GridHandle {
  step: (by: number) => void;
  leaf: (by: number) => void;
  to: (index: number) => void;
  open: () => void;
}

export interface Scrolled {
  total: number;
  /** The UID of the study in a row, where it is here. */
  at: (index: number) => string | undefined;
  indexOf: (uid: string) => number | undefined;
  /** The UID of the study that keys act on. */
  active: string | null;
  setActive: (uid: string | null) => void;
  /** Where the list was left, px. */
  scrolled: number;
  onScroll: (top: number) => void;
  open: (uid: string) => void;
}

export interface Scrolling {
  box: RefObject<HTMLDivElement>;
  /** What is drawn. */
  span: Span;
  /** The height of a row and of what shows them, px. */
  row: number;
  height: number;
  /** The row of the active study; below 0 where there is none. */
  index: number;
  scroll: (event: { currentTarget: HTMLDivElement }) => void;
  handle: GridHandle;
}

// In rem; worklist.css gives rows the same.
const rowRem = 4.5, headRem = 2.25;

export function useScrolling({ total, at, indexOf, active, setActive, scrolled, onScroll, open }: Scrolled): Scrolling {
  const box = useRef<HTMLDivElement>(null);
  const [seen, see] = useState({ top: scrolled, height: 800, rem: 16 });
  const row = rowRem * seen.rem, height = Math.max(row, seen.height - headRem * seen.rem);
  const span = inView(seen.top, height, row, total, 8);

  useLayoutEffect(() => {
    const self = box.current!;
    const measure = (): void => see((was) => ({ ...was, height: self.clientHeight, rem: parseFloat(getComputedStyle(document.documentElement).fontSize) }));
    const watch = new ResizeObserver(measure);
    watch.observe(self);
    measure();
    return () => watch.disconnect();
  }, []);
  useLayoutEffect(() => { if (total > 0 && scrolled) box.current!.scrollTop = scrolled; }, [total > 0]);

  const index = active === null ? -1 : indexOf(active) ?? -1;
  const wanted = useRef<number | null>(null);
  const to = (next: number): void => {
    if (total === 0) return;
    const there = Math.min(total - 1, Math.max(0, next));
    wanted.current = there;
    const uid = at(there);
    if (uid !== undefined) setActive(uid);
    const self = box.current!;
    self.scrollTop = reveal(there, self.scrollTop, height, row);
    see((was) => ({ ...was, top: self.scrollTop }));
  };
  // The focus follows once the row is in the document, and its study is here.
  useLayoutEffect(() => {
    if (wanted.current === null) return;
    const uid = at(wanted.current);
    const line = box.current!.querySelector<HTMLElement>(`[aria-rowindex="${wanted.current + 2}"]`);
    if (uid === undefined || !line) return;
    wanted.current = null;
    setActive(uid);
    line.focus({ preventScroll: true });
  });
  const from = (): number => wanted.current ?? index;
  return {
    box, span, row, height, index,
    scroll: (event) => { const top = event.currentTarget.scrollTop; onScroll(top); see((was) => ({ ...was, top })); },
    handle: {
      step: (by) => to(from() < 0 ? Math.ceil(seen.top / row) : from() + by),
      leaf: (by) => to(Math.max(0, from()) + by * Math.max(1, Math.floor(height / row) - 1)),
      to,
      open: () => { if (active !== null && index >= 0) open(active); },
    },
  };
}
