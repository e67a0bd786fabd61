// What DICOM JSON says of the images of a series, one entry per image: an instance,
// or a frame of a multi-frame instance.
import type { Vector } from "./vector";

/** DICOM JSON of one data set (PS3.18 annex F). */
export type DataSet = Record<string, { vr?: string; Value?: unknown[] }>;

export interface Frame {
  sop: string;
  /** From 1 in multi-frame instances; 0 in single-frame ones. */
  frame: number;
  frameOfReference: string;
  columns: number;
  rows: number;
  /** Directions of growing columns (along a row) and of growing rows. */
  row: Vector;
  column: Vector;
  /** Centre of the pixel at the top left. */
  position: Vector;
  /** Distance of columns and of rows, mm. */
  spacing: [number, number];
  thicknessMm: number;
  stored: Stored;
}

/** How pixel cells are to be read. */
export interface Stored {
  allocated: number;
  bits: number;
  signed: boolean;
  slope: number;
  intercept: number;
  /** Values from one to the other are padding; null where there is none. */
  padding: [number, number] | null;
}

/** Frames that can be placed, and how many images cannot. */
export interface Frames {
  placed: Frame[];
  /** Images without position, orientation or spacing. */
  placeless: number;
  /** Images in colour, or with cells that are no integers of 8, 16 or 32 bits. */
  unreadable: number;
}

const numbers = (set: DataSet | undefined, tag: string, n: number): number[] | null => {
  const values = set?.[tag]?.Value?.map(Number);
  return values && values.length >= n && values.slice(0, n).every(Number.isFinite) ? values.slice(0, n) : null;
};
const number = (set: DataSet | undefined, tag: string): number | null => numbers(set, tag, 1)?.[0] ?? null;
const text = (set: DataSet, tag: string): string => String(set[tag]?.Value?.[0] ?? "");
const items = (set: DataSet | undefined, tag: string): DataSet[] => (set?.[tag]?.Value ?? []) as DataSet[];

const sequences = {
  position: "00209113", orientation: "00209116", measures: "00289110", transformation: "00289145",
};

export function framesOf(instances: DataSet[]): Frames {
  const out: Frames = { placed: [], placeless: 0, unreadable: 0 };
  for (const set of instances) {
    const count = number(set, "00280008");
    const shared = items(set, "52009229")[0];
    const own = items(set, "52009230");
    const multi = own.length > 0 || shared !== undefined || (count ?? 1) > 1;
    for (let n = 0; n < (multi ? count ?? Math.max(own.length, 1) : 1); n++) {
      // A frame's own group wins over the shared one, that over the data set.
      const find = (sequence: string, tag: string, size: number): number[] | null =>
        numbers(items(own[n], sequence)[0], tag, size) ?? numbers(items(shared, sequence)[0], tag, size) ?? numbers(set, tag, size);
      const position = find(sequences.position, "00200032", 3);
      const orientation = find(sequences.orientation, "00200037", 6);
      const spacing = find(sequences.measures, "00280030", 2);
      const columns = number(set, "00280011"), rows = number(set, "00280010");
      if (!position || !orientation || !spacing || !columns || !rows || !(spacing[0]! > 0) || !(spacing[1]! > 0)) { out.placeless++; continue; }
      const stored = storedOf(set, find(sequences.transformation, "00281053", 1)?.[0] ?? 1, find(sequences.transformation, "00281052", 1)?.[0] ?? 0);
      if (!stored) { out.unreadable++; continue; }
      out.placed.push({
        sop: text(set, "00080018"), frame: multi ? n + 1 : 0, frameOfReference: text(set, "00200052"), columns, rows,
        row: orientation.slice(0, 3) as Vector, column: orientation.slice(3) as Vector, position: position as Vector,
        spacing: [spacing[1]!, spacing[0]!], // Pixel Spacing names the distance of rows first
        thicknessMm: find(sequences.measures, "00180050", 1)?.[0] ?? 0,
        stored,
      });
    }
  }
  return out;
}

function storedOf(set: DataSet, slope: number, intercept: number): Stored | null {
  const allocated = number(set, "00280100") ?? 0;
  if ((number(set, "00280002") ?? 1) !== 1 || ![8, 16, 32].includes(allocated)) return null;
  const pad = number(set, "00280120");
  return {
    allocated, bits: number(set, "00280101") ?? allocated, signed: number(set, "00280103") === 1, slope, intercept,
    padding: pad === null ? null : [pad, number(set, "00280121") ?? pad],
  };
}
