// Outlines of segmentations: closed polygons on the slices of a stack.
import type { Vector } from "./vector";

/** Where polygons in a plane cross the line across it at `line` of one coordinate
 * (0 or 1): pairs of the other coordinate, inside from the first to the second. */
export function spans(polygons: Vector[][], coordinate: 0 | 1, line: number): [number, number][] {
  const other = 1 - coordinate as 0 | 1;
  const cuts: number[] = [];
  for (const polygon of polygons) {
    polygon.forEach((a, i) => {
      const b = polygon[(i + 1) % polygon.length]!;
      const [from, to] = [a[coordinate], b[coordinate]];
      // Half open, so that a corner on the line counts once.
      if ((from <= line) === (to <= line)) return;
      cuts.push(a[other] + (b[other] - a[other]) * (line - from) / (to - from));
    });
  }
  cuts.sort((a, b) => a - b);
  return Array.from({ length: cuts.length >> 1 }, (_, i) => [cuts[2 * i]!, cuts[2 * i + 1]!]);
}

type Line = [x1: number, y1: number, x2: number, y2: number];

/** The border of a body in a section across the slices, out of its spans slice by
 * slice: the ends of each span, and where the next slice has none. Along the slices a
 * span fills one slice, half to each side. */
export function border(rows: Map<number, [number, number][]>): Line[] {
  const out: Line[] = [];
  for (const [s, here] of rows) {
    for (const [a, b] of here) out.push([a, s - 0.5, a, s + 0.5], [b, s - 0.5, b, s + 0.5]);
    for (const side of [-1, 1]) {
      for (const [a, b] of without(here, rows.get(s + side) ?? [])) out.push([a, s + side / 2, b, s + side / 2]);
    }
  }
  return out;
}

// The parts of spans that no other span covers.
function without(spans: [number, number][], others: [number, number][]): [number, number][] {
  let left = spans;
  for (const [from, to] of others) {
    left = left.flatMap(([a, b]): [number, number][] => {
      if (to <= a || from >= b) return [[a, b]];
      const parts: [number, number][] = [[a, from], [to, b]];
      return parts.filter(([x, y]) => y - x > 1e-9);
    });
  }
  return left;
}
