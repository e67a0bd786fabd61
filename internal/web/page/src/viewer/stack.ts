// The geometry of a series: which images form the stack, in which order, how its
// axes lie in the patient, and where a place of the patient is in it.
//
// Everything is turned so that it can be drawn as it stands, in radiological
// convention: axial with the patient's Left at the right and Posterior below, coronal
// with Left at the right and Feet below, sagittal with Posterior at the right and
// Feet below. Nothing else in the viewer mirrors anything.
import type { Frame } from "./frames";
import { add, between, cross, dot, minus, norm, times, type Vector } from "./vector";

export type Plane = "axial" | "coronal" | "sagittal";

/** A direction of the patient: an axis of LPS, and whether it is followed or opposed. */
export interface Towards {
  axis: 0 | 1 | 2;
  sign: 1 | -1;
}

const L = 0, P = 1, H = 2;

/** How planes are shown: to the right, down, and on to the next slice (towards the
 * feet, the back, the left). */
export const shown: Record<Plane, { right: Towards; down: Towards; on: Towards }> = {
  axial: { right: { axis: L, sign: 1 }, down: { axis: P, sign: 1 }, on: { axis: H, sign: -1 } },
  coronal: { right: { axis: L, sign: 1 }, down: { axis: H, sign: -1 }, on: { axis: P, sign: 1 } },
  sagittal: { right: { axis: P, sign: 1 }, down: { axis: H, sign: -1 }, on: { axis: L, sign: 1 } },
};

/** Where the cells of a stored image go in the shown one: the first, and the steps
 * of a column and of a row. */
export interface Turn {
  start: number;
  right: number;
  down: number;
}

/** Why planes across the stack are not drawn; "" where they are. */
export type NoPlanes = "" | "few" | "doubled" | "spacing" | "tilt";

/** A stack of images. Indices [x, y, s] count pixels to the right and down in the
 * images as they are shown, and slices on; pixels and slices have their centres at
 * whole numbers. */
export interface Stack {
  plane: Plane;
  frames: Frame[];
  width: number;
  height: number;
  /** Distances of pixels to the right and down, and of slices (their median), mm. */
  spacing: Vector;
  /** Unit vectors to the right, down and on. */
  right: Vector;
  down: Vector;
  on: Vector;
  /** Places of the pixel at the top left as shown, slice by slice, and how far they
   * are along `on`. */
  origins: Vector[];
  at: number[];
  turn: Turn;
  /** How the stored images are turned: rows become columns, then left and right,
   * above and below change places. */
  turned: { transposed: boolean; mirrored: boolean; upsideDown: boolean };
  /** Slices count the other way round along the normal of the stored images. */
  opposed: boolean;
  noPlanes: NoPlanes;
  thicknessMm: number;
  /** The slice of an image, by its instance and frame. */
  slices: Map<string, number>;
}

/** The stack of a series: the largest set of images that lie alike; and how many
 * images are not in it. null where there is none. */
export function stackOf(frames: Frame[]): { stack: Stack; others: number } | null {
  const groups: Frame[][] = [];
  for (const frame of frames) {
    const group = groups.find((one) => alike(one[0]!, frame));
    if (group) group.push(frame); else groups.push([frame]);
  }
  const most = groups.sort((a, b) => b.length - a.length)[0];
  return most ? { stack: lay(most), others: frames.length - most.length } : null;
}

// The same limits as the service has: scanners round.
const alike = (a: Frame, b: Frame): boolean =>
  a.frameOfReference === b.frameOfReference && a.columns === b.columns && a.rows === b.rows &&
  a.spacing.every((mm, i) => Math.abs(mm - b.spacing[i]!) <= 1e-4 * mm) &&
  [0, 1, 2].every((i) => Math.abs(a.row[i]! - b.row[i]!) <= 1e-3 && Math.abs(a.column[i]! - b.column[i]!) <= 1e-3);

const unit = (a: Vector): Vector => times(a, 1 / norm(a));

function lay(group: Frame[]): Stack {
  const first = group[0]!;
  const row = unit(first.row), column = unit(first.column), normal = unit(cross(row, column));
  const towards = assign([row, column, normal]);
  const plane: Plane = towards[2]!.axis === H ? "axial" : towards[2]!.axis === P ? "coronal" : "sagittal";
  const { right, down, on } = shown[plane];
  // Rows run to the right, or down: then the image is transposed.
  const transposed = towards[0]!.axis !== right.axis;
  const along = transposed ? towards[1]! : towards[0]!, across = transposed ? towards[0]! : towards[1]!;
  const mirrored = along.sign !== right.sign, upsideDown = across.sign !== down.sign, opposed = towards[2]!.sign !== on.sign;
  const [width, height] = transposed ? [first.rows, first.columns] : [first.columns, first.rows];
  const [dx, dy] = transposed ? [first.spacing[1], first.spacing[0]] : first.spacing;
  const toRight = times(transposed ? column : row, mirrored ? -1 : 1), toDown = times(transposed ? row : column, upsideDown ? -1 : 1);
  const onward = times(normal, opposed ? -1 : 1);
  const corner = add(times(toRight, mirrored ? -(width - 1) * dx : 0), times(toDown, upsideDown ? -(height - 1) * dy : 0));
  const stepRight = mirrored ? -1 : 1, stepDown = upsideDown ? -width : width;

  const frames = [...group].sort((a, b) => dot(minus(a.position, b.position), onward) || (a.sop < b.sop ? -1 : a.sop > b.sop ? 1 : a.frame - b.frame));
  const origins = frames.map((frame) => add(frame.position, corner));
  const at = origins.map((origin) => dot(origin, onward));
  const apart = median(at.slice(1).map((mm, i) => mm - at[i]!)) || first.thicknessMm || 1;
  return {
    plane, frames, width, height, spacing: [dx, dy, apart], right: toRight, down: toDown, on: onward, origins, at, opposed,
    turned: { transposed, mirrored, upsideDown },
    turn: {
      start: (mirrored ? width - 1 : 0) + (upsideDown ? (height - 1) * width : 0),
      right: transposed ? stepDown : stepRight, down: transposed ? stepRight : stepDown,
    },
    noPlanes: grid(origins, at, onward, apart), thicknessMm: first.thicknessMm,
    slices: new Map(frames.map((frame, s) => [`${frame.sop}/${frame.frame}`, s])),
  };
}

// Gives each of three perpendicular directions its own axis of the patient: those
// that fit best together.
function assign(directions: Vector[]): Towards[] {
  const orders = [[0, 1, 2], [0, 2, 1], [1, 0, 2], [1, 2, 0], [2, 0, 1], [2, 1, 0]] as (0 | 1 | 2)[][];
  const fit = (order: (0 | 1 | 2)[]): number => order.reduce((sum: number, axis, i) => sum + Math.abs(directions[i]![axis]), 0);
  const best = orders.reduce((a, b) => fit(b) > fit(a) ? b : a);
  return best.map((axis, i) => ({ axis, sign: directions[i]![axis] < 0 ? -1 : 1 }));
}

// The limits of the service for what it reads as one grid.
const steady = 0.01, tiltDegrees = 0.5, jitterMm = 0.5;

function grid(origins: Vector[], at: number[], on: Vector, apart: number): NoPlanes {
  const n = origins.length;
  if (n < 3) return "few";
  const steps = at.slice(1).map((mm, i) => mm - at[i]!);
  if (steps.some((step) => step < 1e-3)) return "doubled";
  if (steps.some((step) => Math.abs(step - apart) > Math.max(steady * apart, 0.01))) return "spacing";
  const line = minus(origins[n - 1]!, origins[0]!), along = dot(line, on);
  const aside = norm(minus(line, times(on, along)));
  if (Math.atan2(aside, along) * 180 / Math.PI > tiltDegrees) return "tilt";
  const off = origins.some((origin, i) => norm(minus(origin, between(origins[0]!, origins[n - 1]!, i / (n - 1)))) > jitterMm);
  return off ? "tilt" : "";
}

function median(values: number[]): number {
  const sorted = [...values].sort((a, b) => a - b);
  return sorted[sorted.length >> 1] ?? 0;
}

/** Where a place of the patient is in the stack. Slices are found along the normal,
 * so tilted and irregular stacks are right too. */
export function indexOf(stack: Stack, place: Vector): Vector {
  const { at, spacing } = stack;
  const mm = dot(place, stack.on), last = at.length - 1;
  let low = 0, high = last;
  while (high - low > 1) {
    const middle = (low + high) >> 1;
    if (at[middle]! <= mm) low = middle; else high = middle;
  }
  // Beyond the ends and between doubled slices, by the usual distance.
  const step = at[high]! - at[low]!;
  const s = mm < at[0]! ? (mm - at[0]!) / spacing[2] : mm > at[last]! ? last + (mm - at[last]!) / spacing[2]
    : step > 1e-6 ? low + (mm - at[low]!) / step : low;
  const inPlane = minus(place, originAt(stack, s));
  return [dot(inPlane, stack.right) / spacing[0], dot(inPlane, stack.down) / spacing[1], s];
}

/** The place of an index: the inverse of indexOf. */
export const placeOf = (stack: Stack, [x, y, s]: Vector): Vector =>
  add(add(originAt(stack, s), times(stack.right, x * stack.spacing[0])), times(stack.down, y * stack.spacing[1]));

function originAt({ origins, on, spacing }: Stack, s: number): Vector {
  const last = origins.length - 1;
  if (s < 0) return add(origins[0]!, times(on, s * spacing[2]));
  if (s >= last) return add(origins[last]!, times(on, (s - last) * spacing[2]));
  const low = Math.floor(s);
  return between(origins[low]!, origins[low + 1]!, s - low);
}

/** Column and row of the stored image under a pixel of the shown one. */
export function storedAt({ turned, width, height }: Stack, x: number, y: number): { column: number; row: number } {
  const along = turned.mirrored ? width - 1 - x : x, across = turned.upsideDown ? height - 1 - y : y;
  return turned.transposed ? { column: across, row: along } : { column: along, row: across };
}

/** The slice that an image is, by its instance and its frame (0 or 1 where there is
 * one). */
export const sliceOf = (stack: Stack, sop: string, frame: number): number | undefined =>
  stack.slices.get(`${sop}/${frame}`) ?? stack.slices.get(`${sop}/0`);

/** The number of a slice from 0 along the normal of the stored images, as the
 * service counts. */
export const counted = (stack: Stack, s: number): number => stack.opposed ? stack.frames.length - 1 - s : s;
