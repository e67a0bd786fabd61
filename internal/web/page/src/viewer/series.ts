// A series on its way into memory: its images in Hounsfield units, the ones near to
// what is looked at first.
import { nothing, unitsOf } from "./cells";
import { framesOf, type Frame } from "./frames";
import { cells, metadata, NotGiven } from "./retrieve";
import { sliceOf, stackOf, type Stack } from "./stack";
import type { Source } from "./viewer";

// Browsers keep six connections to a host under HTTP/1.1: some stay free for the page.
const parallel = 4;

// Each request has the service open the instance: frames of a multi-frame one are
// asked for by so many.
const together = 16;

/** No image of a series can be shown. */
export class NoImages extends Error {
  constructor(readonly placeless: number, readonly unreadable: number) {
    super("no image with a place in the patient");
  }
}

export class Series {
  readonly slices: (Int16Array | undefined)[];
  /** The lowest and highest value so far. */
  min = nothing;
  max = nothing;
  loaded = 0;
  /** Slices that did not come, and why. */
  readonly failed = new Map<number, NotGiven | Error>();
  private readonly underway = new Set<number>();
  private running = 0;
  private readonly ended = new AbortController();
  /** The slice that is looked at: the nearest ones come first. */
  near = 0;
  /** Is told of each slice that is there, or has failed. */
  onSlice: (s: number) => void = () => {};

  private constructor(readonly source: Source, readonly stack: Stack, readonly others: number, readonly placeless: number, readonly unreadable: number) {
    this.slices = new Array<Int16Array | undefined>(stack.frames.length).fill(undefined);
  }

  /** Asks what images there are. Throws NotGiven, NoImages. */
  static async open(source: Source, signal: AbortSignal): Promise<Series> {
    const { placed, placeless, unreadable } = framesOf(await metadata(source, signal));
    const found = stackOf(placed);
    if (!found) throw new NoImages(placeless, unreadable);
    return new Series(source, found.stack, found.others, placeless, unreadable);
  }

  /** One image of a series, as a stack of its own: it is on the screen before the
   * service has told of all of them. */
  static async alone(source: Source, sop: string, signal: AbortSignal): Promise<Series> {
    const found = stackOf(framesOf(await metadata(source, signal, sop)).placed);
    if (!found) throw new NoImages(0, 0);
    const series = new Series(source, found.stack, 0, 0, 0);
    signal.addEventListener("abort", () => series.close(), { once: true });
    await series.first(0);
    return series;
  }

  /** Takes over the image that was loaded alone. */
  adopt(alone: Series): void {
    const { sop, frame } = alone.stack.frames[0]!, s = sliceOf(this.stack, sop, frame), values = alone.slices[0];
    const { turn, width, height } = this.stack, same = alone.stack;
    if (s === undefined || !values || width !== same.width || height !== same.height || turn.start !== same.turn.start || turn.right !== same.turn.right) return;
    this.slices[s] = values;
    this.loaded++;
    this.min = Math.min(this.min, alone.min);
    this.max = Math.max(this.max, alone.max);
  }

  /** Loads one slice and nothing else, unless it is there; throws what went wrong. */
  async first(s: number): Promise<void> {
    this.near = s;
    if (this.slices[s]) return;
    await this.take([s]);
    const wrong = this.failed.get(s);
    if (wrong) throw wrong;
  }

  /** Loads the rest, outwards from `near`. */
  stream(): void {
    while (this.running < parallel) {
      const next = this.next();
      if (!next.length) return;
      this.running++;
      void this.take(next).finally(() => {
        this.running--;
        if (!this.ended.signal.aborted) this.stream();
      });
    }
  }

  /** Tries again what failed. */
  retry(): void {
    this.failed.clear();
    this.stream();
  }

  close(): void {
    this.ended.abort();
    this.onSlice = () => {};
    this.slices.fill(undefined);
  }

  private next(): number[] {
    const n = this.slices.length, out: number[] = [];
    let sop = "";
    for (let far = 0; far < n; far++) {
      for (const s of far ? [this.near + far, this.near - far] : [this.near]) {
        if (s < 0 || s >= n || this.slices[s] || this.failed.has(s) || this.underway.has(s)) continue;
        const frame = this.stack.frames[s]!;
        if (!out.length) sop = frame.sop;
        if (frame.sop !== sop) continue;
        out.push(s);
        if (frame.frame === 0 || out.length === together) return out;
      }
    }
    return out;
  }

  private async take(slices: number[]): Promise<void> {
    slices.forEach((s) => this.underway.add(s));
    const frames = slices.map((s) => this.stack.frames[s]!);
    try {
      const parts = await cells(this.source, frames, this.ended.signal);
      if (this.ended.signal.aborted) return;
      slices.forEach((s, i) => this.put(s, frames[i]!, parts[i]!));
    } catch (cause) {
      if (this.ended.signal.aborted) return;
      for (const s of slices) if (!this.slices[s]) this.failed.set(s, cause as Error);
    } finally {
      slices.forEach((s) => this.underway.delete(s));
    }
    slices.forEach((s) => this.onSlice(s));
  }

  private put(s: number, frame: Frame, part: ArrayBuffer): void {
    const { values, min, max } = unitsOf(part, frame.columns, frame.rows, frame.stored, this.stack.turn);
    this.slices[s] = values;
    this.loaded++;
    this.min = Math.min(this.min, min);
    this.max = Math.max(this.max, max);
  }
}
