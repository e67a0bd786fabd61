import assert from "node:assert/strict";
import { test } from "node:test";
import type { Frame } from "../src/viewer/frames";
import { marksOn } from "../src/viewer/marks";
import { border, spans } from "../src/viewer/outline";
import { fromSection, sectionOf } from "../src/viewer/section";
import { stackOf } from "../src/viewer/stack";
import type { Overlay } from "../src/viewer/viewer";
import type { Vector } from "../src/viewer/vector";

const square = (from: number, to: number): Vector[] => [[from, from, 0], [to, from, 0], [to, to, 0], [from, to, 0]];

test("spans of polygons, with holes and corners on the line", () => {
  assert.deepEqual(spans([square(1, 4)], 1, 2), [[1, 4]]);
  assert.deepEqual(spans([square(1, 4), square(2, 3)], 0, 2.5), [[1, 2], [3, 4]]);
  assert.deepEqual(spans([square(1, 4)], 1, 5), []);
  const corner: Vector[] = [[0, 0, 0], [2, 2, 0], [0, 4, 0]];
  assert.deepEqual(spans([corner], 1, 2), [[0, 2]]);
});

test("the border across the slices closes where the next slice has nothing", () => {
  assert.deepEqual(border(new Map([[3, [[1, 4]]], [4, [[2, 4]]]] as [number, [number, number][]][])), [
    [1, 2.5, 1, 3.5], [4, 2.5, 4, 3.5], [1, 2.5, 4, 2.5], [1, 3.5, 2, 3.5],
    [2, 3.5, 2, 4.5], [4, 3.5, 4, 4.5], [2, 4.5, 4, 4.5],
  ]);
});

// 20 x 20 pixels of 1 mm, 10 slices of 2 mm, stored from the feet up.
const stack = stackOf(Array.from({ length: 10 }, (_, k): Frame => ({
  sop: `1.${k}`, frame: 0, frameOfReference: "1.2", columns: 20, rows: 20, row: [1, 0, 0], column: [0, 1, 0], position: [0, 0, 2 * k],
  spacing: [1, 1], thicknessMm: 2, stored: { allocated: 16, bits: 16, signed: true, slope: 1, intercept: 0, padding: null },
})))!.stack;
const finding = (more: Partial<Overlay> = {}): Overlay => ({ id: "a", label: "1", at: [10, 10, 8], diameterMm: 6, look: "open", ...more });

test("a finding is marked on the sections it crosses, and pointed to on near ones", () => {
  const axial = sectionOf(stack, "axial");
  const lies = (t: number, mm = 6): number | undefined => marksOn(axial, [finding({ diameterMm: mm })], t, t, t)[0]?.lies;
  // Slice 5 from the head is at z = 8.
  assert.deepEqual([0, 1, 2, 3, 4, 5, 6, 7, 8, 9].map((t) => lies(t)), [1, 1, 1, 1, 0, 0, 0, -1, -1]
    .concat([-1]));
  assert.deepEqual([3, 4, 5, 6, 7].map((t) => lies(t, 0.5)), [1, 1, 0, -1, -1]);
  assert.equal(marksOn(axial, [finding({ at: [10, 10, -12], diameterMm: 4 })], 0, 0, 0).length, 0);
  assert.equal(marksOn(axial, [finding()], 2, 0, 4)[0]!.lies, 0); // in the slab
});

test("an outline stands for the circle, on its own slice and across", () => {
  const polygon: [number, number, number][] = [[7.5, 8.5, 8], [12.5, 8.5, 8], [12.5, 11.5, 8], [7.5, 11.5, 8]];
  const overlay = finding({ outline: [{ sopInstanceUid: "1.4", frame: 0, polygons: [polygon] }] });
  const axial = sectionOf(stack, "axial");
  assert.deepEqual(marksOn(axial, [overlay], 5, 5, 5)[0]!.closed, [[[7.5, 8.5], [12.5, 8.5], [12.5, 11.5], [7.5, 11.5]]]);
  assert.deepEqual(marksOn(axial, [overlay], 4, 4, 4)[0]!.closed, []);
  const coronal = sectionOf(stack, "coronal");
  const { lines } = marksOn(coronal, [overlay], 10, 10, 10)[0]!;
  assert.deepEqual(lines, [[[7.5, 4.5], [7.5, 5.5]], [[12.5, 4.5], [12.5, 5.5]], [[7.5, 4.5], [12.5, 4.5]], [[7.5, 5.5], [12.5, 5.5]]]);
  const sagittal = sectionOf(stack, "sagittal");
  assert.equal(marksOn(sagittal, [overlay], 10, 10, 10)[0]!.lines.length, 4);
  assert.equal(marksOn(sagittal, [overlay], 13, 13, 13)[0]!.lines.length, 0);
});

test("axes are drawn where they lie", () => {
  const axis = { lengthMm: 6, fromLpsMm: [7, 10, 8] as Vector, toLpsMm: [13, 10, 8] as Vector };
  const overlay = finding({ long: axis });
  assert.deepEqual(marksOn(sectionOf(stack, "axial"), [overlay], 5, 5, 5)[0]!.axes, [[[7, 10], [13, 10]]]);
  assert.equal(marksOn(sectionOf(stack, "axial"), [overlay], 6, 6, 6)[0]!.axes.length, 0);
  assert.equal(marksOn(sectionOf(stack, "sagittal"), [overlay], 10, 10, 10)[0]!.axes.length, 0);
});

test("marks are where the finding is in every plane", () => {
  for (const plane of ["axial", "coronal", "sagittal"] as const) {
    const section = sectionOf(stack, plane), t = plane === "axial" ? 5 : 10;
    const [mark] = marksOn(section, [finding()], t, t, t);
    assert.deepEqual(fromSection(section, [...mark!.at, t]), [10, 10, 8]);
  }
});
