// Pixel cells (Explicit VR Little Endian) into Hounsfield units.
import type { Stored } from "./frames";
import type { Turn } from "./stack";

/** Stands for padding: darker than any window shows. */
export const nothing = -3072;

export interface Units {
  values: Int16Array;
  min: number;
  max: number;
}

/** The values of one image, turned into the order in which its plane is shown.
 * Throws when there are not as many cells as pixels. */
export function unitsOf(cells: ArrayBuffer, columns: number, rows: number, stored: Stored, turn: Turn): Units {
  const n = columns * rows;
  if (cells.byteLength < n * stored.allocated / 8) throw new Error(`${cells.byteLength} bytes for ${columns} × ${rows} pixels of ${stored.allocated} bits`);
  const raw = stored.allocated === 8 ? new Uint8Array(cells, 0, n) : stored.allocated === 16 ? new Uint16Array(cells, 0, n) : new Uint32Array(cells, 0, n);
  // Bits above those stored may hold old overlays: they are shifted out, and the sign in.
  const unused = 32 - stored.bits;
  const value = (x: number): number => stored.signed ? x << unused >> unused : x << unused >>> unused;
  const [from, to] = stored.padding ? bounds(value(stored.padding[0]), value(stored.padding[1])) : [1, 0];
  const { slope, intercept } = stored;
  const plain = Number.isInteger(slope) && Number.isInteger(intercept);
  const values = new Int16Array(n);
  let min = 32767, max = -32768, at = turn.start, i = 0;
  for (let y = 0; y < rows; y++, at += turn.down - columns * turn.right) {
    for (let x = 0; x < columns; x++, at += turn.right, i++) {
      const v = value(raw[i]!);
      let hu = v * slope + intercept;
      if (!plain) hu = Math.round(hu);
      if (v >= from && v <= to) hu = nothing;
      if (hu > 32767) hu = 32767; else if (hu < -32768) hu = -32768;
      if (hu < min) min = hu;
      if (hu > max) max = hu;
      values[at] = hu;
    }
  }
  return { values, min, max };
}

const bounds = (a: number, b: number): [number, number] => a < b ? [a, b] : [b, a];
