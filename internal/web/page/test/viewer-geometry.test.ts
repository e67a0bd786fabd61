import assert from "node:assert/strict";
import { test } from "node:test";
import type { Frame } from "../src/viewer/frames";
import { framesOf } from "../src/viewer/frames";
import { unitsOf, nothing } from "../src/viewer/cells";
import { letters } from "../src/viewer/letters";
import { cut, depth, fromSection, inSection, sectionOf, slabOf } from "../src/viewer/section";
import { counted, indexOf, placeOf, stackOf, storedAt, type Plane, type Stack } from "../src/viewer/stack";
import { add, cross, times, type Vector } from "../src/viewer/vector";

const close = (a: number[], b: number[], within = 1e-6): void => a.forEach((x, i) => assert.ok(Math.abs(x - b[i]!) <= within, `${a} is not ${b}`));

// A series of 5 columns, 4 rows and 6 slices, centred at a place of the patient.
const centre: Vector = [-20, 30, -100];
function series(row: Vector, column: Vector, change: (at: Vector, k: number) => Vector = (at) => at): Frame[] {
  const normal = cross(row, column);
  return Array.from({ length: 6 }, (_, k): Frame => ({
    sop: `1.${k}`, frame: 0, frameOfReference: "1.2", columns: 5, rows: 4, row, column,
    position: change(add(add(add(centre, times(row, -2 * 0.5)), times(column, -1.5 * 0.8)), times(normal, (k - 2.5) * 2)), k),
    spacing: [0.5, 0.8], thicknessMm: 2, stored: { allocated: 16, bits: 16, signed: true, slope: 1, intercept: 0, padding: null },
  }));
}

const stackFrom = (frames: Frame[]): Stack => stackOf(frames)!.stack;

// Fills the slices with a function of the place in the patient, as a scanner would.
function scan(stack: Stack, value: (place: Vector) => number): Int16Array[] {
  return stack.frames.map((frame) => {
    const cells = new Int16Array(frame.columns * frame.rows);
    for (let r = 0, i = 0; r < frame.rows; r++) for (let c = 0; c < frame.columns; c++, i++) {
      cells[i] = Math.round(value(add(add(frame.position, times(frame.row, c * frame.spacing[0])), times(frame.column, r * frame.spacing[1]))));
    }
    return unitsOf(cells.buffer, frame.columns, frame.rows, frame.stored, stack.turn).values;
  });
}

const orientations: Record<string, { row: Vector; column: Vector; plane: Plane }> = {
  "as usual": { row: [1, 0, 0], column: [0, 1, 0], plane: "axial" },
  "turned by 180 degrees": { row: [-1, 0, 0], column: [0, -1, 0], plane: "axial" },
  "mirrored": { row: [-1, 0, 0], column: [0, 1, 0], plane: "axial" },
  "feet first": { row: [1, 0, 0], column: [0, -1, 0], plane: "axial" },
  "on its side": { row: [0, 1, 0], column: [-1, 0, 0], plane: "axial" },
  "coronal": { row: [1, 0, 0], column: [0, 0, -1], plane: "coronal" },
  "sagittal": { row: [0, 1, 0], column: [0, 0, -1], plane: "sagittal" },
  "sagittal from the right": { row: [0, -1, 0], column: [0, 0, -1], plane: "sagittal" },
  "oblique": { row: [Math.cos(0.2), Math.sin(0.2), 0], column: [-Math.sin(0.2), Math.cos(0.2), 0], plane: "axial" },
};

for (const [name, { row, column, plane }] of Object.entries(orientations)) {
  test(`the patient lies on the screen as the convention says: images ${name}`, () => {
    const stack = stackFrom(series(row, column));
    assert.equal(stack.plane, plane);
    assert.equal(stack.noPlanes, "");
    for (const [plane, edges] of [["axial", ["L", "P"]], ["coronal", ["L", "F"]], ["sagittal", ["P", "F"]]] as const) {
      const section = sectionOf(stack, plane);
      assert.equal(letters(section.right)[0], edges[0]);
      assert.equal(letters(section.down)[0], edges[1]);
    }
  });

  test(`each pixel of each plane shows its own place: images ${name}`, () => {
    const stack = stackFrom(series(row, column));
    const value = ([x, y, z]: Vector): number => 100 * (x + 20) + 170 * (y - 30) + 310 * (z + 100);
    const slices = scan(stack, value);
    for (const plane of ["axial", "coronal", "sagittal"] as const) {
      const section = sectionOf(stack, plane);
      for (let t = 0; t < section.count; t++) {
        const pixels = cut(section, slices, t, t, nothing);
        for (let y = 0, i = 0; y < section.height; y++) for (let x = 0; x < section.width; x++, i++) {
          const place = fromSection(section, [x, y, t]);
          assert.ok(Math.abs(pixels[i]! - value(place)) < 0.51, `${plane} ${x} ${y} ${t}`);
          close(inSection(section, place), [x, y, t]);
          assert.ok(Math.abs(depth(section, place, t)) < 1e-6);
        }
      }
    }
  });

  test(`a pixel is found again in the stored image: images ${name}`, () => {
    const stack = stackFrom(series(row, column));
    for (const [x, y, s] of [[0, 0, 0], [1, 2, 3], [3, 1, 5]] as Vector[]) {
      const frame = stack.frames[s]!, at = storedAt(stack, x, y);
      close(placeOf(stack, [x, y, s]), add(add(frame.position, times(row, at.column * 0.5)), times(column, at.row * 0.8)));
      // Slices count along the normal of the stored images.
      assert.equal(frame.sop, `1.${counted(stack, s)}`);
    }
  });
}

test("slices are sorted by their place, whatever their order", () => {
  const frames = series([1, 0, 0], [0, 1, 0]);
  const stack = stackFrom([frames[3]!, frames[0]!, frames[5]!, frames[1]!, frames[4]!, frames[2]!]);
  assert.deepEqual(stack.frames.map((frame) => frame.sop), ["1.5", "1.4", "1.3", "1.2", "1.1", "1.0"]); // from the head down
});

test("planes across are drawn in a regular grid only", () => {
  const why = (change: (at: Vector, k: number) => Vector): string => stackFrom(series([1, 0, 0], [0, 1, 0], change)).noPlanes;
  assert.equal(why((at) => at), "");
  assert.equal(why((at, k) => add(at, [0, 0, k > 3 ? 2 : 0])), "spacing");
  assert.equal(why((at, k) => add(at, [0, k * 0.3, 0])), "tilt");
  assert.equal(why((at, k) => add(at, [k === 2 ? 1 : 0, 0, 0])), "tilt");
  assert.equal(why((at, k) => k === 1 ? add(at, [0, 0, -2]) : at), "doubled");
  assert.equal(stackFrom(series([1, 0, 0], [0, 1, 0]).slice(0, 2)).noPlanes, "few");
});

test("in a tilted stack places are found on the slice they lie on", () => {
  const stack = stackFrom(series([1, 0, 0], [0, 1, 0], (at, k) => add(at, [0, k * 1.5, 0])));
  for (const index of [[2, 1, 0], [0, 3, 4], [1, 1, 2.5], [1, 1, -1], [1, 1, 6]] as Vector[]) close(indexOf(stack, placeOf(stack, index)), index);
  close(placeOf(stack, [0, 0, 2]), stack.frames[2]!.position);
});

test("images that lie otherwise are counted, not mixed in", () => {
  const scout = series([0, 1, 0], [0, 0, -1]).slice(0, 1);
  const { stack, others } = stackOf([...scout, ...series([1, 0, 0], [0, 1, 0])])!;
  assert.equal(others, 1);
  assert.equal(stack.plane, "axial");
  assert.equal(stackOf([]), null);
});

test("a slab takes the sections with their centres in it", () => {
  const stack = stackFrom(series([1, 0, 0], [0, 1, 0]));
  assert.deepEqual(slabOf(sectionOf(stack, "axial"), 2, 4), [1, 3]);
  assert.deepEqual(slabOf(sectionOf(stack, "axial"), 0, 9), [0, 2]);
  assert.deepEqual(slabOf(sectionOf(stack, "axial"), 2, 0), [2, 2]);
  assert.deepEqual(slabOf(sectionOf(stack, "coronal"), 1, 1.6), [0, 2]);
  const gap = stackFrom(series([1, 0, 0], [0, 1, 0], (at, k) => add(at, [0, 0, k > 3 ? 20 : 0])));
  assert.deepEqual(slabOf(sectionOf(gap, "axial"), 2, 10), [2, 4]); // the two above the gap stay out
});

test("a slab shows the highest values, and leaves out what is not loaded", () => {
  const stack = stackFrom(series([1, 0, 0], [0, 1, 0]));
  const slices: (Int16Array | undefined)[] = stack.frames.map((_, s) => new Int16Array(20).fill(s === 2 ? 900 : s));
  const axial = sectionOf(stack, "axial");
  assert.deepEqual([...new Set(cut(axial, slices, 1, 3, -5))], [900]);
  slices[2] = undefined;
  assert.deepEqual([...new Set(cut(axial, slices, 1, 3, -5))], [3]);
  const coronal = sectionOf(stack, "coronal");
  assert.deepEqual([...cut(coronal, slices, 0, 0, -5).subarray(10, 15)], [-5, -5, -5, -5, -5]);
});

test("letters name what edges point to", () => {
  assert.equal(letters([1, 0, 0]), "L");
  assert.equal(letters([0, -1, 0]), "A");
  assert.equal(letters([0, 0, -1]), "F");
  assert.equal(letters([-0.9, -0.43, 0]), "RA");
  assert.equal(letters([0.98, 0.17, 0]), "L");
});

test("cells become Hounsfield units", () => {
  const straight = { start: 0, right: 1, down: 2 };
  const read = (cells: ArrayBuffer, stored: Partial<Frame["stored"]>): number[] => [...unitsOf(cells, 2, 1, { allocated: 16, bits: 16, signed: true, slope: 1, intercept: 0, padding: null, ...stored }, straight).values];
  assert.deepEqual(read(new Int16Array([-5, 7]).buffer, {}), [-5, 7]);
  assert.deepEqual(read(new Uint16Array([65000, 7]).buffer, { signed: false, intercept: -1024 }), [32767, -1017]);
  assert.deepEqual(read(new Uint16Array([0xf005, 0x0fff]).buffer, { bits: 12, signed: false }), [5, 4095]);
  assert.deepEqual(read(new Uint16Array([0x0fff, 0xf001]).buffer, { bits: 12 }), [-1, 1]);
  assert.deepEqual(read(new Uint8Array([200, 3]).buffer, { allocated: 8, bits: 8, signed: false, slope: 2.5, intercept: -10 }), [490, -2]);
  assert.deepEqual(read(new Int16Array([-2000, 3]).buffer, { padding: [63536, 63536] }), [nothing, 3]);
  assert.deepEqual(read(new Uint16Array([5, 9]).buffer, { signed: false, padding: [9, 4] }), [nothing, nothing]);
  assert.throws(() => read(new Uint16Array([5]).buffer, {}), /2 × 1 pixels/);
});

test("frames come out of single and of multi-frame images", () => {
  const value = (...Value: unknown[]) => ({ Value });
  const single = { "00080018": value("1.1"), "00200032": value(1, 2, 3), "00200037": value(1, 0, 0, 0, 1, 0), "00280030": value(0.8, 0.5), "00280010": value(4), "00280011": value(5), "00280100": value(16), "00281052": value("-1024") };
  const { "00200032": _, ...placeless } = single;
  const multi = {
    ...placeless, "00080018": value("1.2"), "00280008": value(2),
    "52009229": value({ "00289145": value({ "00281052": value(-100) }) }),
    "52009230": value({ "00209113": value({ "00200032": value(1, 2, 8) }) }, { "00209113": value({ "00200032": value(1, 2, 9) }), "00289145": value({ "00281052": value(-7) }) }),
  };
  const { placed, placeless: without, unreadable } = framesOf([single, placeless, multi, { ...single, "00280002": value(3) }]);
  assert.deepEqual([without, unreadable], [1, 1]);
  assert.deepEqual(placed.map(({ sop, frame, position, stored, spacing }) => [sop, frame, position[2], stored.intercept, spacing]), [
    ["1.1", 0, 3, -1024, [0.5, 0.8]], ["1.2", 1, 8, -100, [0.5, 0.8]], ["1.2", 2, 9, -7, [0.5, 0.8]],
  ]);
});
