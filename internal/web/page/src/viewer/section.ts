// A plane through a stack: its images as they are, or across them.
import { indexOf, placeOf, shown, type Plane, type Stack } from "./stack";
import { times, type Vector } from "./vector";

/** Where an axis of a section runs in the stack. */
interface Along {
  /** Of the stack's indices x, y, s. */
  index: 0 | 1 | 2;
  /** It runs against the index. */
  against: boolean;
}

/** The sections of a stack in one plane. Its indices [x, y, t] count pixels to the
 * right and down, and sections on. */
export interface Section {
  plane: Plane;
  stack: Stack;
  /** The images of the stack themselves. */
  own: boolean;
  width: number;
  height: number;
  count: number;
  /** mm per pixel to the right and down, and per section. */
  spacing: Vector;
  right: Vector;
  down: Vector;
  axes: [Along, Along, Along];
}

export function sectionOf(stack: Stack, plane: Plane): Section {
  const base = shown[stack.plane], wanted = shown[plane];
  const have = [base.right, base.down, base.on];
  const axes = [wanted.right, wanted.down, wanted.on].map((towards) => {
    const index = have.findIndex((one) => one.axis === towards.axis) as 0 | 1 | 2;
    return { index, against: have[index]!.sign !== towards.sign };
  }) as [Along, Along, Along];
  const size = [stack.width, stack.height, stack.frames.length], units = [stack.right, stack.down, stack.on];
  const direction = (a: Along): Vector => times(units[a.index]!, a.against ? -1 : 1);
  return {
    plane, stack, axes, own: plane === stack.plane,
    width: size[axes[0].index]!, height: size[axes[1].index]!, count: size[axes[2].index]!,
    spacing: [stack.spacing[axes[0].index]!, stack.spacing[axes[1].index]!, stack.spacing[axes[2].index]!],
    right: direction(axes[0]), down: direction(axes[1]),
  };
}

const sizes = (section: Section): Vector => [section.width, section.height, section.count];

/** Where a place of the patient is in the section. */
export function inSection(section: Section, place: Vector): Vector {
  const index = indexOf(section.stack, place), size = sizes(section);
  return section.axes.map((axis, i) => axis.against ? size[i]! - 1 - index[axis.index]! : index[axis.index]!) as Vector;
}

/** The place of a point of the section: the inverse of inSection. */
export function fromSection(section: Section, point: Vector): Vector {
  const index: Vector = [0, 0, 0], size = sizes(section);
  section.axes.forEach((axis, i) => { index[axis.index] = axis.against ? size[i]! - 1 - point[i]! : point[i]!; });
  return placeOf(section.stack, index);
}

/** How far off a section a place is, mm; below 0 before it. */
export function depth(section: Section, place: Vector, t: number): number {
  const { stack } = section;
  if (!section.own) return (inSection(section, place)[2] - t) * section.spacing[2];
  return place[0] * stack.on[0] + place[1] * stack.on[1] + place[2] * stack.on[2] - stack.at[t]!;
}

/** The sections in a slab around t: those with their centres in it. */
export function slabOf(section: Section, t: number, slabMm: number): [first: number, last: number] {
  const half = slabMm / 2 + 1e-6, { at } = section.stack;
  if (!section.own) {
    const each = Math.floor(half / section.spacing[2]);
    return [Math.max(0, t - each), Math.min(section.count - 1, t + each)];
  }
  let first = t, last = t;
  while (first > 0 && at[t]! - at[first - 1]! <= half) first--;
  while (last < section.count - 1 && at[last + 1]! - at[t]! <= half) last++;
  return [first, last];
}

/** The values of a section, or the highest ones of a slab. Slices that are not there
 * yet leave `empty`. */
export function cut(section: Section, slices: (Int16Array | undefined)[], first: number, last: number, empty: number): Int16Array {
  const { width, height, stack, axes, count } = section;
  if (section.own && first === last) {
    const one = slices[first];
    if (one) return one;
  }
  const out = new Int16Array(width * height).fill(empty);
  if (section.own) {
    for (let t = first; t <= last; t++) {
      const values = slices[t];
      if (values) for (let i = 0; i < out.length; i++) if (values[i]! > out[i]!) out[i] = values[i]!;
    }
    return out;
  }
  // Steps in a slice and between slices, for one pixel right, one down, one section on.
  const size = [width, height, count];
  const inSlice: Vector = [0, 0, 0], toSlice: Vector = [0, 0, 0];
  let start = 0, slice = 0;
  axes.forEach((axis, i) => {
    const sign = axis.against ? -1 : 1, from = axis.against ? size[i]! - 1 : 0;
    const unit = axis.index === 0 ? 1 : stack.width;
    if (axis.index === 2) { toSlice[i] = sign; slice += from; } else { inSlice[i] = sign * unit; start += from * unit; }
  });
  for (let t = first; t <= last; t++) {
    for (let y = 0, o = 0; y < height; y++) {
      let at = start + t * inSlice[2] + y * inSlice[1], s = slice + t * toSlice[2] + y * toSlice[1];
      if (toSlice[0] === 0) { // the usual case: a row lies in one slice
        const values = slices[s];
        if (!values) { o += width; continue; }
        for (let x = 0; x < width; x++, o++, at += inSlice[0]) { const v = values[at]!; if (v > out[o]!) out[o] = v; }
        continue;
      }
      for (let x = 0; x < width; x++, o++, at += inSlice[0], s += toSlice[0]) { const v = slices[s]?.[at]; if (v !== undefined && v > out[o]!) out[o] = v; }
    }
  }
  return out;
}
