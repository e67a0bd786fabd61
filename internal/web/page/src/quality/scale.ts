// The scale of a column of intervals.
import type { Interval } from "../api";

/** Below so many scans a stratum says little: its interval is wide, and a bootstrap
 * over so few is itself unsure. */
export const few = 30;

/** The end of a scale that begins at 0 and holds all intervals: 1, 2 or 5 times a
 * power of ten. */
export function scaleOf(intervals: Interval[]): number {
  const most = Math.max(0, ...intervals.filter((one) => one.known).map((one) => one.high));
  if (most === 0) return 1;
  const power = 10 ** Math.floor(Math.log10(most));
  return [1, 2, 5, 10].map((step) => step * power).find((end) => end >= most * (1 - 1e-9))!;
}
