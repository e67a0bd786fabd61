// Keys and what they do on a desk.
import type { Binding } from "../kit/keys";
import { listLeft, go } from "../kit/place";
import { slabs } from "../viewer/toolbar";
import type { Layout, Settings, Tool, Viewer } from "../viewer/viewer";
import { causes } from "./codes";
import type { Desk } from "./desk";
import { isMark } from "./items";
import { repeats, rows, rowOf, type Command, type Row, type Situation } from "./keys";
import type { Key } from "./voice";

/** The bindings of the page; self is the element that holds it. */
export function bindingsOf(desk: Desk, self: { current: HTMLElement | null }): Binding[] {
  const now = (): Situation => ({
    asking: desk.asking.value !== null,
    focus: self.current?.querySelector(".study-images")?.contains(document.activeElement) ? "images"
      : self.current?.querySelector(".study-sheet")?.contains(document.activeElement) ? "beside" : "nowhere",
    listed: desk.side.value === "findings",
    open: desk.editing.value !== null || desk.draft.value !== null || desk.side.value !== "findings",
  });
  return rows.map((row) => ({
    keys: row.keys,
    label: labelOf(row),
    // Of two rows with one key, only the one that has it now.
    when: () => row.keys.some((key) => rowOf(key, now()) === row),
    run: (event) => {
      const meant = rowOf(event.key, now());
      if (meant && !(event.repeat && !repeats.has(meant.command))) run(desk, meant);
    },
  }));
}

const labelOf = (row: Row): Key => (row.command === "cause" ? `cause.${causes[row.at ?? 0]!}` : `study.key.${row.command}`);

function run(desk: Desk, row: Row): void {
  if (row.command === "cause") return desk.cause(causes[row.at ?? 0]!);
  does[row.command](desk);
}

const does: Record<Exclude<Command, "cause">, (desk: Desk) => void> = {
  next: (d) => d.jump(1),
  previous: (d) => d.jump(-1),
  agree: (d) => d.verdict("agree"),
  disagree: (d) => d.verdict("disagree"),
  unsure: (d) => d.verdict("unsure"),
  take_back: (d) => d.takeBack(),
  edit: beginEdit,
  mark: (d) => d.beginMark(),
  remove: (d) => { if (d.item.value && isMark(d.item.value)) d.remove(d.item.value.mark); },
  undo: (d) => d.undo(),
  sign: (d) => d.askToSign(),
  next_study: (d) => void d.nextStudy(),
  worklist: () => go(listLeft()),
  lung: (d) => d.viewer.value?.window("lung"),
  soft: (d) => d.viewer.value?.window("soft"),
  bone: (d) => d.viewer.value?.window("bone"),
  overlay: viewing((viewer, now) => viewer.overlaysOn(!now.overlaysOn)),
  layout: viewing((viewer, now) => viewer.layout(after(layouts(now), now.layout))),
  earlier: (d) => d.beside(),
  slab: viewing((viewer, now) => viewer.slab(after(slabs, now.slabMm))),
  measure: tool("measure"),
  crosshair: tool("crosshair"),
  scroll: (d) => d.viewer.value?.tool("scroll"),
  reset: (d) => { d.viewer.value?.reset(); d.focus(); },
  slice_on: (d) => d.viewer.value?.scroll(1),
  slice_back: (d) => d.viewer.value?.scroll(-1),
  slices_on: (d) => d.viewer.value?.scroll(10),
  slices_back: (d) => d.viewer.value?.scroll(-10),
  next_series: (d) => d.stepSeries(1),
  previous_series: (d) => d.stepSeries(-1),
  history: (d) => { d.side.value = d.side.value === "history" ? "findings" : "history"; },
  close: (d) => d.close(),
};

export function beginEdit(desk: Desk): void {
  const now = desk.item.value;
  if (!now || desk.refuse() || desk.hidden()) return;
  if (isMark(now)) desk.changeMark(now.mark);
  else desk.editing.value = now.id;
}

function viewing(then: (viewer: Viewer, now: Settings) => void): (desk: Desk) => void {
  return ({ viewer: { value: viewer } }) => { if (viewer) then(viewer, viewer.settings.value); };
}

// A tool on, or back to scrolling.
function tool(of: Tool): (desk: Desk) => void {
  return viewing((viewer, now) => viewer.tool(now.tool === of ? "scroll" : of));
}

const layouts = (now: Settings): Layout[] => [...(now.planes ? ["planes" as const] : []), "axial", ...(now.earlier ? ["earlier" as const] : [])];

const after = <T,>(list: T[], now: T): T => list[(list.indexOf(now) + 1) % list.length]!;
