// One view: a section of a series in an element of the page, with what is drawn over it.
import { nothing } from "./cells";
import { marksOn, type Mark } from "./marks";
import { raster } from "./raster";
import { cut, fromSection, inSection, slabOf, type Section } from "./section";
import type { Series } from "./series";
import { edges, leastRadius, sketch, type Length } from "./sketch";
import type { LPS, Overlay, Tool } from "./viewer";
import { distance } from "./vector";

type Point = [x: number, y: number];

/** A length between two places, on the section where it was measured. */
export interface Measured {
  plane: Section["plane"];
  t: number;
  from: LPS;
  to: LPS;
}

/** What all views of a scan have in common. */
export interface Shown {
  series: Series;
  at: LPS;
  overlays: Overlay[];
  measured: Measured[];
}

/** What all views have in common. */
export interface Look {
  center: number;
  width: number;
  slabMm: number;
  overlaysOn: boolean;
  selected: string | null;
  tool: Tool;
  crosshair: boolean;
}

/** The texts in the corners of a view, and the one over it. */
export interface Texts {
  name: string;
  slice: string;
  window: string;
  thickness: string;
  zoom: string;
  label: string;
  message: string;
  /** The word of the button under the message; "" for none. */
  again: string;
  mm: (value: number) => string;
}

const make = <K extends keyof HTMLElementTagNameMap>(name: K, className: string): HTMLElementTagNameMap[K] => {
  const element = document.createElement(name);
  element.className = className;
  return element;
};

export class View {
  readonly element = make("div", "view");
  private readonly message = make("div", "message");
  private readonly text = make("p", "");
  readonly again = make("button", "button");
  section: Section | null = null;
  /** Screen pixels per mm; 0: as large as fits. */
  scale = 0;
  /** The pixel of the section in the middle of the view. */
  private middle: Point = [0, 0];
  private size: Point = [0, 0];
  private readonly canvas = make("canvas", "pixels");
  private readonly svg = document.createElementNS("http://www.w3.org/2000/svg", "svg");
  private readonly letters = ["left", "right", "top", "bottom"].map((side) => make("span", `letter ${side}`));
  private readonly corners = ["name", "slice", "window", "scale"].map((corner) => make("span", `corner ${corner}`));
  private marks: Mark[] = [];
  /** What the canvas shows: nothing is drawn twice. */
  private drawn: unknown[] = [];

  constructor() {
    // Images and their letters never mirror.
    this.element.dir = "ltr";
    this.element.tabIndex = 0;
    this.element.setAttribute("role", "group");
    this.svg.setAttribute("aria-hidden", "true");
    for (const one of [...this.letters, ...this.corners]) one.setAttribute("aria-hidden", "true");
    this.corners.forEach((corner) => { corner.dir = "auto"; });
    this.message.dir = "auto";
    this.message.hidden = true;
    this.again.type = "button";
    this.message.append(this.text, this.again);
    this.element.append(this.canvas, this.svg, ...this.letters, ...this.corners, this.message);
  }

  mount(section: Section | null): void {
    if (section === this.section) return;
    this.section = section;
    this.drawn = [];
    this.marks = [];
    this.svg.replaceChildren();
    this.canvas.width = section?.width ?? 0;
    this.canvas.height = section?.height ?? 0;
    const names = section ? edges(section) : ["", "", "", ""];
    this.letters.forEach((letter, i) => { letter.textContent = names[i]!; });
    if (!section) this.corners.forEach((corner) => { corner.textContent = ""; });
    this.fit();
  }

  /** The whole image, in the middle. */
  fit(): void {
    this.scale = 0;
    if (this.section) this.middle = [(this.section.width - 1) / 2, (this.section.height - 1) / 2];
  }

  resize(): void {
    this.size = [this.element.clientWidth, this.element.clientHeight];
  }

  get visible(): boolean {
    return this.section !== null && this.size[0] > 0 && this.size[1] > 0;
  }

  /** Pixels of the screen per mm. */
  get pixelsPerMm(): number {
    const { section, size } = this;
    if (this.scale > 0 || !section) return this.scale || 1;
    return Math.max(0.01, Math.min(size[0] / (section.width * section.spacing[0]), size[1] / (section.height * section.spacing[1])));
  }

  private steps(): Point {
    const scale = this.pixelsPerMm, { spacing } = this.section!;
    return [spacing[0] * scale, spacing[1] * scale];
  }

  onScreen = ([x, y]: Point): Point => {
    const [sx, sy] = this.steps();
    return [this.size[0] / 2 + (x - this.middle[0]) * sx, this.size[1] / 2 + (y - this.middle[1]) * sy];
  };

  fromScreen([x, y]: Point): Point {
    const [sx, sy] = this.steps();
    return [this.middle[0] + (x - this.size[0] / 2) / sx, this.middle[1] + (y - this.size[1] / 2) / sy];
  }

  pan(by: Point): void {
    if (this.scale === 0) this.scale = this.pixelsPerMm;
    const [sx, sy] = this.steps();
    this.middle = [this.middle[0] - by[0] / sx, this.middle[1] - by[1] / sy];
  }

  zoom(factor: number, at: Point): void {
    const before = this.fromScreen(at);
    this.scale = Math.min(100, Math.max(0.2, this.pixelsPerMm * factor));
    const after = this.fromScreen(at);
    this.middle = [this.middle[0] + before[0] - after[0], this.middle[1] + before[1] - after[1]];
  }

  /** The place in the middle, and how large it is shown: for a view beside. */
  get camera(): { place: LPS; scale: number } {
    return { place: fromSection(this.section!, [...this.middle, 0]), scale: this.scale };
  }

  look({ place, scale }: { place: LPS; scale: number }): void {
    const [x, y] = inSection(this.section!, place);
    this.middle = [x, y];
    this.scale = scale;
  }

  /** Brings a place into the middle, when the view is not the whole image and the
   * place lies near its rim or out of it. */
  reveal(place: LPS): void {
    if (!this.visible || this.scale === 0) return;
    const [x, y] = inSection(this.section!, place), at = this.onScreen([x, y]);
    if (at.some((v, i) => Math.abs(v / this.size[i]! - 0.5) > 0.25)) this.middle = [x, y];
  }

  /** The section that is shown for a place. */
  sliceAt(place: LPS): number {
    const { count } = this.section!;
    return Math.min(count - 1, Math.max(0, Math.round(inSection(this.section!, place)[2])));
  }

  contains([x, y]: Point): boolean {
    return x >= -0.5 && y >= -0.5 && x <= this.section!.width - 0.5 && y <= this.section!.height - 0.5;
  }

  /** The place under a point of the screen; in a slab, of the brightest value there. */
  placeUnder(at: Point, shown: Shown, slabMm: number): LPS | null {
    const section = this.section!, point = this.fromScreen(at), t = this.sliceAt(shown.at);
    if (!this.contains(point)) return null;
    let best = t;
    if (slabMm > 0) {
      const [first, last] = slabOf(section, t, slabMm), column = Math.round(point[0]), row = Math.round(point[1]);
      let most = -Infinity;
      for (let k = first; k <= last; k++) {
        const v = cut(section, shown.series.slices, k, k, nothing)[Math.min(section.height - 1, Math.max(0, row)) * section.width + Math.min(section.width - 1, Math.max(0, column))]!;
        if (v > most || v === most && Math.abs(k - t) < Math.abs(best - t)) [most, best] = [v, k];
      }
    }
    return fromSection(section, [...point, best]);
  }

  /** The mark under a point of the screen. */
  markUnder([x, y]: Point): string | null {
    let nearest: string | null = null, least = Infinity;
    for (const mark of this.marks) {
      const [mx, my] = this.onScreen(mark.at), away = Math.hypot(mx - x, my - y);
      if (away < least && away <= Math.max(mark.radiusMm * this.pixelsPerMm, leastRadius) + 2) [nearest, least] = [mark.overlay.id, away];
    }
    return nearest;
  }

  /** The length under a point of the screen. */
  lengthUnder([x, y]: Point, shown: Shown): Measured | null {
    return this.lengths(shown).find(({ ends: [a, b] }) => {
      const [ax, ay] = this.onScreen(a), [bx, by] = this.onScreen(b), long = (bx - ax) ** 2 + (by - ay) ** 2 || 1;
      const part = Math.min(1, Math.max(0, ((x - ax) * (bx - ax) + (y - ay) * (by - ay)) / long));
      return Math.hypot(ax + part * (bx - ax) - x, ay + part * (by - ay) - y) < 12;
    })?.one ?? null;
  }

  private lengths(shown: Shown): { one: Measured; ends: [Point, Point] }[] {
    const section = this.section!, t = this.sliceAt(shown.at);
    const flat = (place: LPS): Point => inSection(section, place).slice(0, 2) as Point;
    return shown.measured.filter((one) => one.plane === section.plane && one.t === t).map((one) => ({ one, ends: [flat(one.from), flat(one.to)] }));
  }

  /** Draws it: the pixels only when they have changed. `changed` counts the changes of
   * the series that this view must show. */
  draw(shown: Shown, look: Look, texts: (view: View, t: number, whole: boolean) => Texts, changed: number): void {
    const { section, canvas, size } = this;
    if (!section || !this.visible) return;
    const t = this.sliceAt(shown.at), [first, last] = slabOf(section, t, look.slabMm), { series } = shown;
    // Slices that the pixels are made of, and that are there or not.
    const there = section.own ? series.slices.slice(first, last + 1).filter(Boolean).length : changed;
    const wanted = [t, first, last, there, look.center, look.width, shown.series];
    if (wanted.some((one, i) => one !== this.drawn[i])) {
      raster(canvas, cut(section, series.slices, first, last, nothing), series.min, series.max, look.center, look.width);
      this.drawn = wanted;
    }
    const [sx, sy] = this.steps();
    canvas.style.transform = `matrix(${sx},0,0,${sy},${size[0] / 2 - (this.middle[0] + 0.5) * sx},${size[1] / 2 - (this.middle[1] + 0.5) * sy})`;

    this.marks = look.overlaysOn ? marksOn(section, shown.overlays, t, first, last) : [];
    const said = texts(this, t, section.own ? there === last - first + 1 : series.loaded === series.slices.length);
    const [x, y] = inSection(section, shown.at);
    sketch(this.svg, {
      place: this.onScreen, scale: this.pixelsPerMm, size, marks: this.marks, selected: look.selected,
      crosshair: look.crosshair && look.overlaysOn ? this.onScreen([x, y]) : null,
      lengths: this.lengths(shown).map(({ one, ends }): Length => ({ from: ends[0], to: ends[1], text: said.mm(distance(one.from, one.to)) })),
      reticle: (look.tool === "add" || look.tool === "crosshair") && this.element.matches(":focus-visible") ? [size[0] / 2, size[1] / 2] : null,
    });
    [said.name, said.slice, said.window, `${said.thickness}\n${said.zoom}`].forEach((text, i) => put(this.corners[i]!, text));
    this.element.setAttribute("aria-label", said.label);
    this.say(said.message, said.again);
  }

  /** Says something over the images; again is the word of the button under it. */
  say(text: string, again = ""): void {
    put(this.text, text);
    put(this.again, again);
    this.again.hidden = again === "";
    this.message.hidden = text === "";
  }

  destroy(): void {
    this.canvas.width = this.canvas.height = 0;
    this.element.remove();
  }
}

// Nothing is written that stands there already: no layout, no announcement.
function put(element: HTMLElement, text: string): void {
  if (element.textContent !== text) element.textContent = text;
}
