// Mouse, pen, touch, wheel and keys on a view, as what they ask for.
type Point = [x: number, y: number];

export interface Asked {
  /** A drag of the tool in use begins; false where this place takes none. */
  start(at: Point): void;
  move(at: Point, by: Point): void;
  end(at: Point): void;
  /** Two fingers came: what the drag began is dropped. */
  drop(): void;
  /** A click without a drag. */
  tap(at: Point): void;
  scroll(slices: number): void;
  ends(last: boolean): void;
  pan(by: Point): void;
  zoom(factor: number, at: Point): void;
}

// A hand trembles.
const still: Record<string, number> = { mouse: 3, pen: 4, touch: 8 };

// A notch of a wheel is one slice; a touch pad scrolls a slice per so many pixels.
const notch = 50;

/** Listens on an element until the signal aborts. */
export function listen(element: HTMLElement, asked: Asked, signal: AbortSignal): void {
  const fingers = new Map<number, Point>();
  let mode: "" | "tool" | "pan" | "zoom" | "pinch" = "";
  let from: Point = [0, 0], last: Point = [0, 0], moved = false, wheel = 0;

  const at = (event: MouseEvent): Point => {
    const box = element.getBoundingClientRect();
    return [event.clientX - box.left, event.clientY - box.top];
  };
  const centre = (): Point => [element.clientWidth / 2, element.clientHeight / 2];
  const pair = (): { middle: Point; apart: number } => {
    const [a, b] = [...fingers.values()] as [Point, Point];
    return { middle: [(a[0] + b[0]) / 2, (a[1] + b[1]) / 2], apart: Math.hypot(a[0] - b[0], a[1] - b[1]) };
  };
  const on = <K extends keyof HTMLElementEventMap>(name: K, then: (event: HTMLElementEventMap[K]) => void, passive = true): void =>
    element.addEventListener(name, then, { signal, passive });

  on("pointerdown", (event) => {
    if ((event.target as Element).closest("button")) return;
    element.setPointerCapture(event.pointerId);
    fingers.set(event.pointerId, at(event));
    if (fingers.size === 2) {
      if (mode === "tool") asked.drop();
      mode = "pinch";
      return;
    }
    if (fingers.size > 2) return;
    mode = event.button === 1 ? "pan" : event.button === 2 ? "zoom" : "tool";
    from = last = at(event);
    moved = false;
  });
  on("pointermove", (event) => {
    if (!fingers.has(event.pointerId)) return;
    if (mode === "pinch" && fingers.size === 2) {
      const before = pair();
      fingers.set(event.pointerId, at(event));
      const now = pair();
      asked.pan([now.middle[0] - before.middle[0], now.middle[1] - before.middle[1]]);
      if (before.apart > 0) asked.zoom(now.apart / before.apart, now.middle);
      return;
    }
    const to = at(event);
    fingers.set(event.pointerId, to);
    if (!moved) {
      if (Math.hypot(to[0] - from[0], to[1] - from[1]) < (still[event.pointerType] ?? 3)) return;
      moved = true;
      if (mode === "tool") asked.start(from);
    }
    const by: Point = [to[0] - last[0], to[1] - last[1]];
    last = to;
    if (mode === "tool") asked.move(to, by);
    else if (mode === "pan") asked.pan(by);
    else if (mode === "zoom") asked.zoom(Math.exp(-by[1] / 150), from);
  });
  const up = (event: PointerEvent): void => {
    if (!fingers.delete(event.pointerId)) return;
    if (mode === "pinch") {
      if (fingers.size === 0) mode = "";
      return;
    }
    if (mode === "tool") {
      if (event.type === "pointercancel") asked.drop();
      else if (moved) asked.end(last);
      else asked.tap(from);
    }
    mode = "";
  };
  on("pointerup", up);
  on("pointercancel", up);
  on("contextmenu", (event) => event.preventDefault(), false);
  // The middle button would start the browser's own scrolling.
  on("mousedown", (event) => { if (event.button === 1) event.preventDefault(); }, false);
  on("wheel", (event) => {
    event.preventDefault();
    if (event.ctrlKey) return asked.zoom(Math.exp(-event.deltaY / 200), at(event));
    const pixels = event.deltaMode === 0 ? event.deltaY : event.deltaY * notch;
    if (pixels * wheel < 0) wheel = 0;
    // Notches are worth 100 to 120 pixels each; several may come as one.
    wheel += Math.abs(pixels) >= notch ? Math.sign(pixels) * notch * Math.max(1, Math.round(Math.abs(pixels) / 120)) : pixels;
    const slices = Math.trunc(wheel / notch);
    wheel -= slices * notch;
    if (slices) asked.scroll(slices);
  }, false);
  on("keydown", (event) => {
    if (event.target !== element || event.ctrlKey || event.altKey || event.metaKey) return;
    const go = keys(asked, event.key, event.shiftKey, centre);
    if (!go) return;
    go();
    event.preventDefault();
    event.stopPropagation();
  }, false);
}

function keys(asked: Asked, key: string, shift: boolean, centre: () => Point): (() => void) | undefined {
  const pan: Record<string, Point> = { ArrowUp: [0, 30], ArrowDown: [0, -30], ArrowLeft: [30, 0], ArrowRight: [-30, 0] };
  if (shift && pan[key]) return () => asked.pan(pan[key]!);
  switch (key) {
    case "ArrowUp": return () => asked.scroll(-1);
    case "ArrowDown": return () => asked.scroll(1);
    case "PageUp": return () => asked.scroll(-10);
    case "PageDown": return () => asked.scroll(10);
    case "Home": return () => asked.ends(false);
    case "End": return () => asked.ends(true);
    case "+": return () => asked.zoom(1.25, centre());
    case "-": return () => asked.zoom(0.8, centre());
    case "Enter": return () => asked.tap(centre());
    default: return undefined;
  }
}
