// The viewer: a series in three planes, or beside an earlier one.
import { effect, signal } from "@preact/signals";
import { language, number, say } from "../kit/words";
import { listen } from "./gestures";
import { fromSection, inSection, sectionOf } from "./section";
import { Series } from "./series";
import { counted, indexOf, placeOf, storedAt, type Plane, type Stack } from "./stack";
import { reason, troubles } from "./trouble";
import { add, minus } from "./vector";
import { View, type Look, type Shown, type Texts } from "./view";
import type { ImagePlace } from "../api";
import type { Layout, LPS, MakeViewer, Overlay, Settings, Source, Tool, Viewer, Window } from "./viewer";

export { ViewerToolbar } from "./toolbar";

const windows: Record<Window, [center: number, width: number]> = { lung: [-600, 1500], soft: [40, 400], bone: [400, 1800] };

// While images stream, planes across them are drawn anew no more often, ms.
const planesEvery = 250;

const emptyScan = (): { overlays: Overlay[] } => ({ overlays: [] });

export const makeViewer: MakeViewer = async (element) => new Room(element);

class Room implements Viewer {
  readonly settings = signal<Settings>({ tool: "scroll", window: "lung", layout: "planes", slabMm: 0, overlaysOn: true, planes: false, earlier: false });
  onPick: Viewer["onPick"] = () => {};
  onSelect: Viewer["onSelect"] = () => {};
  onLoaded: Viewer["onLoaded"] = () => {};
  onSlice: Viewer["onSlice"] = () => {};
  match: Viewer["match"] = () => undefined;

  private readonly root = document.createElement("div");
  /** The large view, the two across it, and that of the earlier scan. */
  private readonly main = new View();
  private readonly across = [new View(), new View()] as const;
  private readonly before = new View();
  private readonly views = [this.main, ...this.across, this.before];
  private readonly ended = new AbortController();
  private readonly observer: ResizeObserver;

  private now: Shown | null = null;
  private earlier: Shown | null = null;
  /** From a place in this scan to the same one in the earlier scan. */
  private apart: LPS = [0, 0, 0];
  /** That is known, and not guessed. */
  private matched = false;
  /** Where to go once there is a series. */
  private wanted: LPS | undefined;
  private marks = { now: emptyScan(), earlier: emptyScan() };
  private opening = new AbortController();
  private openingEarlier = new AbortController();
  private selected: string | null = null;
  private window_: [center: number, width: number] = windows.lung;
  /** How many changes of the images the planes across have to show. */
  private changes = { now: 0, earlier: 0 };
  private frame = 0;
  private later: ReturnType<typeof setTimeout> | undefined;
  private told = { slice: -1, loaded: "" };
  private unloaded = false;
  /** One image is shown, ahead of its series. */
  private alone = false;
  private readonly silence: () => void;

  constructor(element: HTMLElement) {
    this.root.className = "viewer";
    this.root.dir = "ltr";
    this.root.setAttribute("role", "group");
    this.root.append(...this.views.map((view) => view.element));
    element.append(this.root);
    for (const view of this.views) this.attend(view);
    this.observer = new ResizeObserver(() => this.arrange());
    this.observer.observe(this.root);
    for (const view of this.views) this.observer.observe(view.element);
    this.arrange();
    this.silence = effect(() => {
      void language.value;
      this.told.loaded = "";
      this.unloaded = true;
      this.redraw();
    });
  }

  async show(source: Source, at?: LPS, image?: ImagePlace): Promise<void> {
    this.opening.abort();
    const mine = this.opening = new AbortController();
    this.now?.series.close();
    this.now = null;
    this.wanted = at;
    this.mount();
    this.main.say(say("viewer.loading"));
    const whole = Series.open(source, mine.signal);
    const alone = image?.sopInstanceUid && image.frame === 0 ? await this.ahead(source, image.sopInstanceUid, whole, mine.signal) : null;
    if (mine.signal.aborted) return;
    if (!alone) return this.take(whole, null, mine.signal);
    this.now = { series: alone, at: this.wanted ?? middleOf(alone.stack), overlays: this.marks.now.overlays, measured: [] };
    this.alone = true;
    this.mount();
    this.draw();
    // What goes wrong from here on the viewer says.
    this.take(whole, alone, mine.signal).catch(() => {});
  }

  // One image, if it comes before what is said of all.
  private async ahead(source: Source, sop: string, whole: Promise<Series>, signal: AbortSignal): Promise<Series | null> {
    const none = (): null => null;
    return Promise.race([Series.alone(source, sop, signal).catch(none), whole.then(none, none)]);
  }

  private async take(whole: Promise<Series>, alone: Series | null, signal: AbortSignal): Promise<void> {
    try {
      const series = await whole;
      if (signal.aborted) return series.close();
      const { stack } = series, place = this.now?.at ?? this.wanted ?? middleOf(stack);
      if (alone) series.adopt(alone);
      this.alone = false;
      this.now = { series, at: place, overlays: this.marks.now.overlays, measured: [] };
      this.told = { slice: -1, loaded: "" };
      this.change({ planes: stack.noPlanes === "" });
      this.mount();
      if (this.earlier) this.goTo(place);
      this.follow(series, "now");
      await series.first(this.main.sliceAt(place)).finally(() => {
        if (signal.aborted) return;
        this.unloaded = true;
        this.draw(); // at once: a page in the background gets no frames
        series.stream();
      });
    } catch (cause) {
      if (signal.aborted) return;
      const why = reason(cause);
      if (!this.now || this.alone) {
        // One image of a series is not the series: it goes.
        this.now = null;
        this.alone = false;
        this.mount();
        this.main.say(why);
      }
      this.onLoaded({ images: 0, of: this.now?.series.slices.length ?? 0, trouble: why });
      throw new Error(why, { cause });
    }
  }

  async showEarlier(source: Source | null): Promise<void> {
    this.openingEarlier.abort();
    const mine = this.openingEarlier = new AbortController();
    this.earlier?.series.close();
    this.earlier = null;
    this.change({ earlier: source !== null });
    this.mount();
    if (!source) return;
    this.before.say(say("viewer.loading"));
    try {
      const series = await Series.open(source, mine.signal);
      if (mine.signal.aborted) return series.close();
      const here = this.now?.at, { stack } = series;
      const place = here && inside(stack, here) ? here : middleOf(stack);
      // Without a matched place the middles of the scans lie beside each other, unless
      // one holds the other's place.
      if (here) this.apart = place === here ? [0, 0, 0] : minus(place, middleOf(this.now!.series.stack));
      if (here) this.anchor(here);
      this.earlier = { series, at: here ? add(here, this.apart) : place, overlays: this.marks.earlier.overlays, measured: [] };
      this.mount();
      const came = series.first(this.before.sliceAt(this.earlier.at));
      this.follow(series, "earlier");
      await came.finally(() => {
        if (mine.signal.aborted) return;
        this.draw();
        series.stream();
      });
    } catch (cause) {
      if (mine.signal.aborted) return;
      const why = reason(cause);
      if (!this.earlier) this.before.say(why);
      throw new Error(why, { cause });
    }
  }

  goTo(at: LPS, atEarlier?: LPS): void {
    this.anchor(at, atEarlier);
    this.move(at);
    for (const view of this.views) {
      const shown = this.of(view);
      if (shown && view.section) view.reveal(shown.at);
    }
    this.beside(this.main);
  }

  // Has the earlier scan show what is matched with a place of this one.
  private anchor(at: LPS, atEarlier = this.match(at)): void {
    this.matched = atEarlier !== undefined;
    if (atEarlier) this.apart = minus(atEarlier, at);
  }

  overlays(list: Overlay[], earlier?: Overlay[]): void {
    this.marks.now.overlays = list;
    if (earlier) this.marks.earlier.overlays = earlier;
    if (this.now) this.now.overlays = list;
    if (this.earlier && earlier) this.earlier.overlays = earlier;
    this.redraw();
  }

  overlaysOn(on: boolean): void {
    this.change({ overlaysOn: on });
  }

  select(id: string | null): void {
    this.selected = id;
    this.redraw();
  }

  window(preset: Window): void {
    this.window_ = windows[preset];
    this.change({ window: preset });
  }

  tool(tool: Tool): void {
    this.change({ tool });
  }

  layout(layout: Layout): void {
    this.change({ layout });
    this.arrange();
  }

  slab(mm: number): void {
    this.change({ slabMm: Math.max(0, mm) });
  }

  scroll(slices: number): void {
    this.turn(this.main, slices);
  }

  reset(): void {
    for (const view of this.views) view.fit();
    for (const shown of [this.now, this.earlier]) if (shown) shown.measured = [];
    this.window_ = windows.lung;
    this.change({ window: "lung", slabMm: 0, tool: "scroll" });
  }

  destroy(): void {
    this.ended.abort();
    this.opening.abort();
    this.openingEarlier.abort();
    this.now?.series.close();
    this.earlier?.series.close();
    this.now = this.earlier = null;
    this.silence();
    this.observer.disconnect();
    cancelAnimationFrame(this.frame);
    clearTimeout(this.later);
    for (const view of this.views) view.destroy();
    this.root.remove();
    this.onPick = this.onSelect = this.onLoaded = this.onSlice = () => {};
  }

  private change(to: Partial<Settings>): void {
    this.settings.value = { ...this.settings.value, ...to };
    this.redraw();
  }

  private of(view: View): Shown | null {
    return view === this.before ? this.earlier : this.now;
  }

  // Gives the views their sections.
  private mount(): void {
    const stack = this.now?.series.stack;
    this.main.mount(stack ? sectionOf(stack, stack.plane) : null);
    const rest = (["axial", "coronal", "sagittal"] as Plane[]).filter((plane) => plane !== stack?.plane);
    this.across.forEach((view, i) => {
      view.mount(stack && !stack.noPlanes ? sectionOf(stack, rest[i]!) : null);
      view.say(stack?.noPlanes && !this.alone ? say(`viewer.planes.${stack.noPlanes}`) : "");
    });
    const before = this.earlier?.series.stack;
    this.before.mount(before ? sectionOf(before, before.plane) : null);
    if (!this.earlier) this.before.say(this.settings.value.earlier ? "" : say("viewer.earlier.none"));
    this.arrange();
  }

  // The layout, and how large its views are.
  private arrange(): void {
    const { layout } = this.settings.value;
    this.root.dataset.layout = layout;
    this.root.dataset.planes = this.now?.series.stack.noPlanes && !this.alone ? "no" : "yes";
    this.across.forEach((view) => { view.element.hidden = layout !== "planes"; });
    this.before.element.hidden = layout !== "earlier";
    for (const view of this.views) view.resize();
    this.redraw();
  }

  private follow(series: Series, scan: "now" | "earlier"): void {
    series.onSlice = () => {
      if (scan === "now") this.unloaded = true;
      // Planes across show what has come from time to time, and all at the end.
      if (series.loaded + series.failed.size === series.slices.length) {
        clearTimeout(this.later);
        this.later = undefined;
        this.changes[scan]++;
      } else {
        this.later ??= setTimeout(() => {
          this.later = undefined;
          this.changes.now++;
          this.changes.earlier++;
          this.redraw();
        }, planesEvery);
      }
      this.redraw();
    };
  }

  private redraw(): void {
    if (this.frame || this.ended.signal.aborted) return;
    this.frame = requestAnimationFrame(() => this.draw());
  }

  private draw(): void {
    cancelAnimationFrame(this.frame);
    this.frame = 0;
    if (this.ended.signal.aborted) return;
    const { layout, slabMm, overlaysOn, tool } = this.settings.value;
    const look: Look = {
      center: this.window_[0], width: this.window_[1], slabMm, overlaysOn, selected: this.selected, tool,
      crosshair: layout === "planes" && this.settings.value.planes,
    };
    this.root.dataset.tool = tool;
    this.root.setAttribute("aria-label", say("viewer.views"));
    for (const view of this.views) {
      const shown = this.of(view);
      if (!shown || view.element.hidden) continue;
      view.draw(shown, look, this.texts, this.changes[view === this.before ? "earlier" : "now"]);
    }
    this.tell();
  }

  // Tells the page what has changed since it was told last.
  private tell(): void {
    if (!this.now || !this.main.section || this.alone) return;
    const { series } = this.now, of = series.slices.length, slice = counted(series.stack, this.main.sliceAt(this.now.at));
    if (slice !== this.told.slice) {
      this.told.slice = slice;
      this.onSlice(slice, of);
    }
    if (!this.unloaded) return;
    this.unloaded = false;
    const loaded = { images: series.loaded, of, trouble: troubles(series) };
    const key = JSON.stringify(loaded);
    if (key === this.told.loaded) return;
    this.told.loaded = key;
    this.onLoaded(loaded);
  }

  private readonly texts = (view: View, t: number, whole: boolean): Texts => {
    const section = view.section!, { slabMm } = this.settings.value, { series } = this.of(view)!;
    const mm = (value: number): string => say("viewer.mm", { mm: number(value, 1) });
    const n = section.own ? counted(section.stack, t) + 1 : t + 1;
    const plane = say(`viewer.plane.${section.plane}`);
    const scan = view === this.before ? say("viewer.earlier") : this.settings.value.layout === "earlier" ? say("viewer.current") : "";
    const failed = section.own ? series.failed.get(t) : undefined;
    return {
      name: [scan, plane].filter(Boolean).join(" · ") + (view === this.before && !this.matched ? `\n${say("viewer.earlier.unmatched")}` : ""),
      slice: this.alone && view === this.main ? say("viewer.part") : `${n} / ${section.count}` + (slabMm ? `\n${say("viewer.slab.shown", { mm: number(slabMm) })}` : "") + (whole || failed ? "" : `\n${say("viewer.part")}`),
      window: say("viewer.window.values", { width: String(this.window_[1]), center: String(this.window_[0]) }),
      thickness: mm(section.own ? section.stack.thicknessMm || section.spacing[2] : section.spacing[2]),
      zoom: say("viewer.zoom", { percent: number(view.pixelsPerMm * section.stack.spacing[0] * 100) }),
      label: this.alone && view === this.main ? plane : say("viewer.view", { plane: [scan, plane].filter(Boolean).join(", "), n, of: section.count }),
      message: failed ? `${say("viewer.slice.failed")} ${reason(failed)}` : section.own && !slabMm && !series.slices[t] ? say("viewer.slice.loading") : "",
      again: failed ? say("viewer.again") : "",
      mm,
    };
  };

  // Puts all views on a place of this scan.
  private move(at: LPS): void {
    this.wanted = at;
    if (this.now) {
      this.now.at = at;
      if (this.main.section) this.now.series.near = this.main.sliceAt(at);
    }
    if (this.earlier) {
      this.earlier.at = add(at, this.apart);
      if (this.before.section) this.earlier.series.near = this.before.sliceAt(this.earlier.at);
    }
    this.redraw();
  }

  // A place that was pointed at in a view, as one of this scan.
  private moveIn(view: View, place: LPS): void {
    this.move(view === this.before ? minus(place, this.apart) : place);
  }

  // So many sections on in a view; the rest of the place stays.
  private turn(view: View, slices: number): void {
    const shown = this.of(view), { section } = view;
    if (!shown || !section) return;
    const [x, y] = inSection(section, shown.at), t = view.sliceAt(shown.at);
    const to = Math.min(section.count - 1, Math.max(0, t + slices));
    if (to !== t) this.moveIn(view, fromSection(section, [x, y, to]));
  }

  // Both scans are shown at one size, moved together.
  private beside(view: View): void {
    const other = view === this.before ? this.main : view === this.main ? this.before : null;
    if (!other?.section || !view.section || this.settings.value.layout !== "earlier") return this.redraw();
    const { place, scale } = view.camera;
    if (scale > 0) other.look({ place: view === this.main ? add(place, this.apart) : minus(place, this.apart), scale });
    this.redraw();
  }

  private attend(view: View): void {
    view.again.addEventListener("click", () => this.of(view)?.series.retry(), { signal: this.ended.signal });
    const repaint = (): void => this.redraw();
    for (const name of ["focus", "blur"] as const) view.element.addEventListener(name, repaint, { signal: this.ended.signal });
    let rest = 0; // of a drag that scrolls: less than a slice
    let length: Shown["measured"][number] | null = null;
    const point = (at: [number, number]): LPS | null => {
      const shown = this.of(view);
      return shown && view.section ? view.placeUnder(at, shown, 0) : null;
    };
    listen(view.element, {
      start: (at) => {
        rest = 0;
        const shown = this.of(view), place = point(at);
        if (this.settings.value.tool !== "measure" || !shown || !place) return;
        length = { plane: view.section!.plane, t: view.sliceAt(shown.at), from: place, to: place };
        shown.measured.push(length);
      },
      move: (at, by) => {
        const { tool } = this.settings.value, { section } = view;
        if (!section) return;
        if (tool === "window") {
          const [center, width] = this.window_;
          this.window_ = [Math.round(center + by[1] * 3), Math.max(1, Math.round(width + by[0] * 5))];
          this.change({ window: null });
        } else if (tool === "pan") this.pan(view, by);
        else if (tool === "zoom") this.zoom(view, Math.exp(-by[1] / 150), [view.element.clientWidth / 2, view.element.clientHeight / 2]);
        else if (tool === "crosshair") { const place = point(at); if (place) this.moveIn(view, place); }
        else if (tool === "measure") { const place = point(at); if (length && place) { length.to = place; this.redraw(); } }
        else {
          rest += by[1] / Math.max(2, Math.min(12, view.element.clientHeight * 0.8 / section.count));
          const slices = Math.trunc(rest);
          rest -= slices;
          if (slices) this.turn(view, slices);
        }
      },
      end: () => { length = null; },
      drop: () => {
        const shown = this.of(view);
        if (length && shown) shown.measured = shown.measured.filter((one) => one !== length);
        length = null;
        this.redraw();
      },
      tap: (at) => this.tap(view, at),
      scroll: (slices) => this.turn(view, slices),
      ends: (last) => this.turn(view, last ? Infinity : -Infinity),
      pan: (by) => this.pan(view, by),
      zoom: (factor, at) => this.zoom(view, factor, at),
    }, this.ended.signal);
  }

  private pan(view: View, by: [number, number]): void {
    if (!view.visible) return;
    view.pan(by);
    this.beside(view);
  }

  private zoom(view: View, factor: number, at: [number, number]): void {
    if (!view.visible) return;
    view.zoom(factor, at);
    this.beside(view);
  }

  private tap(view: View, at: [number, number]): void {
    const shown = this.of(view), { tool, slabMm } = this.settings.value;
    if (!shown || !view.visible) return;
    if (tool === "measure") {
      // A length that is pressed goes.
      const gone = view.lengthUnder(at, shown);
      shown.measured = shown.measured.filter((one) => one !== gone);
      return this.redraw();
    }
    const place = tool === "add" || tool === "crosshair" ? view.placeUnder(at, shown, slabMm) : null;
    if (tool === "crosshair" && place) return this.moveIn(view, place);
    if (tool === "add") {
      if (place && view !== this.before && !this.alone) this.pick(shown, place);
      return;
    }
    const mark = view.markUnder(at);
    if (mark !== null) this.onSelect(mark);
  }

  private pick({ series }: Shown, at: LPS): void {
    const { stack } = series, [x, y, s] = indexOf(stack, at);
    const slice = Math.min(stack.frames.length - 1, Math.max(0, Math.round(s))), frame = stack.frames[slice]!;
    this.onPick({ at, image: { sopInstanceUid: frame.sop, slice: counted(stack, slice), frame: frame.frame, ...storedAt(stack, x, y) } });
  }
}

const middleOf = (stack: Stack): LPS => placeOf(stack, [(stack.width - 1) / 2, (stack.height - 1) / 2, (stack.frames.length - 1) / 2]);

function inside(stack: Stack, place: LPS): boolean {
  const [x, y, s] = indexOf(stack, place);
  return x >= 0 && y >= 0 && s >= 0 && x < stack.width && y < stack.height && s < stack.frames.length;
}
