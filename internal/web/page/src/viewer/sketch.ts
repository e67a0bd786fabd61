// Overlays, crosshair and measurements of a view, as SVG.
import type { Mark } from "./marks";
import { letters } from "./letters";
import type { Section } from "./section";
import { times } from "./vector";

type Point = [x: number, y: number];

/** A length that a reader measured, in pixels of a section. */
export interface Length {
  from: Point;
  to: Point;
  text: string;
}

export interface Sketched {
  /** Pixels of the section to the screen's, and screen pixels per mm. */
  place: (point: Point) => Point;
  scale: number;
  size: Point;
  marks: Mark[];
  selected: string | null;
  crosshair: Point | null;
  lengths: Length[];
  /** Where Enter would put the tool; null where it does nothing. */
  reticle: Point | null;
}

const space = "http://www.w3.org/2000/svg";

function shape(name: string, attributes: Record<string, string | number>, text?: string): SVGElement {
  const element = document.createElementNS(space, name);
  for (const [key, value] of Object.entries(attributes)) element.setAttribute(key, typeof value === "number" ? String(Math.round(value * 100) / 100) : value);
  if (text !== undefined) element.textContent = text;
  return element;
}

const path = (points: Point[], closed: boolean): string => `M${points.map((p) => p.map((v) => v.toFixed(1)).join(" ")).join("L")}${closed ? "Z" : ""}`;

/** Smallest radius of a circle on the screen: one can see and press it. */
export const leastRadius = 12;

export function sketch(svg: SVGSVGElement, now: Sketched): void {
  const out: SVGElement[] = [];
  if (now.crosshair) out.push(...cross(now.crosshair, now.size));
  for (const mark of now.marks) out.push(drawn(mark, now));
  for (const length of now.lengths) out.push(measured(length, now));
  if (now.reticle) {
    const [x, y] = now.reticle;
    out.push(shape("path", { class: "reticle", d: `M${x - 14} ${y}H${x - 4}M${x + 4} ${y}H${x + 14}M${x} ${y - 14}V${y - 4}M${x} ${y + 4}V${y + 14}` }));
  }
  svg.replaceChildren(...out);
}

function cross([x, y]: Point, [width, height]: Point): SVGElement[] {
  const gap = 24; // what is there stays in sight
  return [shape("path", { class: "crosshair", d: `M0 ${y}H${x - gap}M${x + gap} ${y}H${width}M${x} 0V${y - gap}M${x} ${y + gap}V${height}` })];
}

function drawn(mark: Mark, { place, scale, selected }: Sketched): SVGElement {
  const { overlay } = mark, [x, y] = place(mark.at);
  const group = shape("g", { class: `mark ${overlay.look}${overlay.id === selected ? " selected" : ""}${mark.lies ? " near" : ""}` });
  const line = (d: string, more = ""): void => {
    // A dark line below keeps the mark in sight on bright tissue.
    group.append(shape("path", { class: "under", d }), shape("path", { class: `ink ${more}`, d }));
  };
  let beside = Math.max(mark.radiusMm * scale, leastRadius) + 4;
  if (mark.lies) {
    // An arrow down: further on; up: back.
    const h = 7 * mark.lies;
    line(`M${x - 7} ${y - h / 2}L${x} ${y + h / 2}L${x + 7} ${y - h / 2}`);
    beside = 12;
  } else if (mark.closed.length || mark.lines.length) {
    const points = [...mark.closed.map((polygon) => path(polygon.map(place), true)), ...mark.lines.map((ends) => path(ends.map(place), false))];
    line(points.join(""), "border");
    beside = Math.max(...[...mark.closed.flat(), ...mark.lines.flat()].map((point) => place(point)[0] - x)) + 6;
  } else {
    const r = Math.max(mark.radiusMm * scale, leastRadius);
    line(`M${x - r} ${y}a${r} ${r} 0 1 0 ${2 * r} 0a${r} ${r} 0 1 0 ${-2 * r} 0`);
  }
  for (const ends of mark.axes) line(path(ends.map(place), false), "axis");
  if (overlay.label) group.append(shape("text", { x: x + beside, y: y + 5 }, overlay.label));
  return group;
}

function measured({ from, to, text }: Length, { place }: Sketched): SVGElement {
  const a = place(from), b = place(to), group = shape("g", { class: "length" }), d = path([a, b], false);
  group.append(shape("path", { class: "under", d }), shape("path", { class: "ink", d }));
  for (const [x, y] of [a, b]) group.append(shape("circle", { cx: x, cy: y, r: 3 }));
  const right = a[0] > b[0] ? a : b;
  group.append(shape("text", { x: right[0] + 8, y: right[1] + 5 }, text));
  return group;
}

/** The letters at the edges: left, right, top, bottom. */
export const edges = (section: Section): [string, string, string, string] =>
  [letters(times(section.right, -1)), letters(section.right), letters(times(section.down, -1)), letters(section.down)];
