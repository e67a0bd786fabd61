// What the overlays are on one section: shapes in its pixels, of which a view makes
// lines on the screen.
import { border, spans } from "./outline";
import { depth, inSection, type Section } from "./section";
import { sliceOf } from "./stack";
import type { LPS, Overlay } from "./viewer";

/** How far from a finding its direction is still shown, mm. */
const nearMm = 10;

type Point = [x: number, y: number];

export interface Mark {
  overlay: Overlay;
  /** Its middle. */
  at: Point;
  /** 0: the section crosses it; 1 and -1: it lies that way on, near. */
  lies: -1 | 0 | 1;
  /** The radius of its circle, mm. */
  radiusMm: number;
  /** Closed lines and single ones in place of the circle, where its border is known. */
  closed: Point[][];
  lines: [Point, Point][];
  /** Its long and short axis, where they lie in this section. */
  axes: [Point, Point][];
}

/** The marks on sections first to last (a slab, or one of them), of which t is the
 * middle. */
export function marksOn(section: Section, overlays: Overlay[], t: number, first: number, last: number): Mark[] {
  const out: Mark[] = [];
  for (const overlay of overlays) {
    // A mark smaller than a slice is on the slice nearest to it.
    const reach = Math.max(overlay.diameterMm / 2, section.spacing[2] / 2 + 0.01);
    const before = depth(section, overlay.at, first), after = depth(section, overlay.at, last);
    const lies = after > reach ? 1 : before < -reach ? -1 : 0;
    if (lies === 1 && after > reach + nearMm || lies === -1 && before < -reach - nearMm) continue;
    const [x, y] = inSection(section, overlay.at);
    const mark: Mark = { overlay, at: [x, y], lies, radiusMm: overlay.diameterMm / 2, closed: [], lines: [], axes: [] };
    if (lies === 0) {
      if (first === last) Object.assign(mark, section.own ? onSlice(section, overlay, t) : across(section, overlay, t));
      mark.axes = [overlay.long, overlay.short].flatMap((axis) => {
        if (!axis) return [];
        const ends = [axis.fromLpsMm, axis.toLpsMm];
        if (ends.some((end) => depth(section, end, first) < -section.spacing[2] / 2 - 0.01 || depth(section, end, last) > section.spacing[2] / 2 + 0.01)) return [];
        return [ends.map((end) => flat(section, end)) as [Point, Point]];
      });
    }
    out.push(mark);
  }
  return out;
}

const flat = (section: Section, place: LPS): Point => {
  const [x, y] = inSection(section, place);
  return [x, y];
};

function onSlice(section: Section, overlay: Overlay, t: number): Pick<Mark, "closed"> {
  const here = overlay.outline?.find((one) => sliceOf(section.stack, one.sopInstanceUid, one.frame) === t);
  return { closed: (here?.polygons ?? []).map((polygon) => polygon.map((place) => flat(section, place))) };
}

// In a section across the slices: where it cuts their polygons.
function across(section: Section, overlay: Overlay, t: number): Pick<Mark, "lines"> {
  if (!overlay.outline) return { lines: [] };
  const [right] = section.axes;
  const slicesRight = right.index === 2; // else they run down
  const rows = new Map<number, [number, number][]>();
  for (const one of overlay.outline) {
    const s = sliceOf(section.stack, one.sopInstanceUid, one.frame);
    if (s === undefined) continue;
    // In the section's own pixels the polygon is flat in the direction of the slices.
    const polygons = one.polygons.map((polygon) => polygon.map((place) => inSection(section, place)));
    const free = slicesRight ? 1 : 0, size = slicesRight ? section.width : section.height;
    const axis = section.axes[slicesRight ? 0 : 1];
    const cuts = spans(polygons.map((polygon) => polygon.map((p) => [p[2], p[free], 0])), 0, t);
    if (cuts.length) rows.set(axis.against ? size - 1 - s : s, cuts);
  }
  return { lines: border(rows).map(([a, s1, b, s2]) => slicesRight ? [[s1, a], [s2, b]] : [[a, s1], [b, s2]]) };
}
