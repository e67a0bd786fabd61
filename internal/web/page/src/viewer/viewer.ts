// What the study page asks of the viewer. The viewer knows images and marks; it
// knows no reviews, no words but those of its own buttons, and no other part of
// the page.
import type { ReadonlySignal } from "@preact/signals";
import type { Axis, ImagePlace, SliceOutline } from "../api";

/** A place in patient LPS, mm. */
export type LPS = [number, number, number];

/** What is drawn over the images for one finding, or one added mark. */
export interface Overlay {
  /** Names it in events. */
  id: string;
  /** Stands beside it on the screen, such as its rank. */
  label: string;
  at: LPS;
  diameterMm: number;
  long?: Axis;
  short?: Axis;
  outline?: SliceOutline[];
  /** How it is drawn: what a reader made of it. */
  look: "open" | "agreed" | "disagreed" | "unsure" | "added" | "earlier";
}

export type Window = "lung" | "soft" | "bone";
export type Tool = "scroll" | "window" | "pan" | "zoom" | "measure" | "crosshair" | "add";
export type Layout = "planes" | "axial" | "earlier";

/** A place that the reader pointed at with the tool "add". */
export interface Picked {
  at: LPS;
  image: ImagePlace;
}

/** How far loading is. */
export interface Loaded {
  images: number;
  of: number;
  /** Why some images cannot be shown; "" while all is well. */
  trouble: string;
}

export interface Source {
  studyUid: string;
  seriesUid: string;
}

/** How a viewer stands: what its toolbar shows as pressed. */
export interface Settings {
  tool: Tool;
  /** null after a window of the reader's own. */
  window: Window | null;
  layout: Layout;
  slabMm: number;
  overlaysOn: boolean;
  /** Planes across the images can be drawn. */
  planes: boolean;
  /** An earlier series is there. */
  earlier: boolean;
}

/** A viewer in an element of the page. Everything it draws it draws in
 * patient geometry: radiological convention, the patient's right on the left of
 * the screen, whatever the language. */
export interface Viewer {
  readonly settings: ReadonlySignal<Settings>;
  /** Shows a series; resolves when the slice nearest to `at` is on the screen. The
   * rest streams. Throws an Error with a sentence for the reader when no image can be
   * shown; the viewer says the same. What a later show overtakes resolves too.
   * With `image`, the image that `at` is on, that one is shown before the service has
   * told of the others. */
  show(source: Source, at?: LPS, image?: ImagePlace): Promise<void>;
  /** Shows an earlier series beside it (layout "earlier"); null takes it away. */
  showEarlier(source: Source | null): Promise<void>;
  /** Puts all planes on a place; atEarlier is the same place in the earlier scan, where
   * match does not say it. */
  goTo(at: LPS, atEarlier?: LPS): void;
  overlays(list: Overlay[], earlier?: Overlay[]): void;
  /** Draws the overlays or hides them. */
  overlaysOn(on: boolean): void;
  select(id: string | null): void;
  window(preset: Window): void;
  tool(tool: Tool): void;
  layout(layout: Layout): void;
  /** Maximum intensity over a slab this thick, mm; 0: single slices. */
  slab(mm: number): void;
  /** So many slices on, towards the feet (1), or back (-1). */
  scroll(slices: number): void;
  reset(): void;
  onPick: (picked: Picked) => void;
  onSelect: (id: string) => void;
  /** Says where a place of this scan lies in the earlier one; undefined where that is
   * not known. */
  match: (at: LPS) => LPS | undefined;
  onLoaded: (loaded: Loaded) => void;
  /** The slice that the axial view shows, from 0 along the normal of the images. */
  onSlice: (slice: number, of: number) => void;
  destroy(): void;
}

/** Makes a viewer that fills an element; destroy empties it again. */
export type MakeViewer = (element: HTMLElement) => Promise<Viewer>;
