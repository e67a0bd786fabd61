// The list as it is filtered now: asks for its pages, and listens to what changes.
import { signal } from "@preact/signals";
import type { Counters, Event, Worklist } from "../api";
import { get, getPassive } from "../kit/call";
import { listen } from "../kit/events";
import { fits, pagesOf, Rows, type Effect, type Filters, type Span } from "./rows";

/** How many rows are asked for at once. */
const size = 100;

/** Counters over all studies; they stay while the list changes. */
export const counters = signal<Counters | null>(null);

export class List {
  /** Goes up with every change of rows. */
  readonly revision = signal(0);
  /** Why a page could not be loaded; null while all is well. */
  readonly trouble = signal<unknown>(null);
  /** Whether changes arrive; undefined before it is known. */
  readonly live = signal<boolean | undefined>(undefined);
  /** The first answer is here: what is not in it is not there. */
  readonly loaded = signal(false);
  rows = new Rows();
  private readonly asked = new Set<number>();
  private span: Span = { first: 0, end: 1 };
  private era = new AbortController();
  private unlisten: (() => void) | null = null;
  // Events of the last requests' time: an answer may be older than they are.
  private recent: { at: number; event: Event }[] = [];

  constructor(readonly filters: Filters, readonly search: string) {}

  /** Asks for what of a span is not here yet. */
  need(span: Span): void {
    this.span = span.end > span.first ? span : { first: 0, end: 1 };
    for (const page of pagesOf(this.span, size)) {
      if (!this.asked.has(page)) void this.load(page, false);
    }
  }

  private async load(page: number, passive: boolean): Promise<void> {
    this.asked.add(page);
    const era = this.era.signal, began = performance.now();
    try {
      const got = await this.fetch(page, passive, era);
      if (era.aborted) return;
      counters.value = got.counters;
      this.trouble.value = null;
      const torn = this.rows.put(got);
      this.again(began);
      this.loaded.value = true;
      this.revision.value++;
      this.unlisten ??= this.listen(got.cursor);
      if (torn) this.reload(true);
    } catch (cause) {
      if (era.aborted) return;
      this.asked.delete(page);
      this.trouble.value = cause;
    }
  }

  private fetch(page: number, passive: boolean, era: AbortSignal): Promise<Worklist> {
    // What is searched for is a name as often as not: it goes in a header, which no
    // log of a proxy has, as it has addresses.
    const params = new URLSearchParams({ offset: String(page * size), limit: String(size) });
    for (const code of this.filters.states) params.append("state", code);
    for (const code of this.filters.priorities) params.append("priority", code);
    for (const code of this.filters.reviews) params.append("review", code);
    const path = `/api/worklist?${params}`, headers: Record<string, string> = this.search ? { "X-Nafas-Search": encodeURIComponent(this.search) } : {};
    return (passive ? getPassive : get)<Worklist>(path, era, headers);
  }

  /** Asks for the order as it is now. What is on the screen stays until the answer
   * is here, and then changes at once. */
  reload(passive: boolean): void {
    this.era.abort();
    this.era = new AbortController();
    this.asked.clear();
    void this.refill(passive, this.era.signal, 2);
  }

  // Pages that are of different orders, because one changed between them, are asked
  // for again so many times.
  private async refill(passive: boolean, era: AbortSignal, tries: number): Promise<void> {
    const began = performance.now();
    const pages = pagesOf(this.span, size);
    pages.forEach((page) => this.asked.add(page));
    try {
      const rows = new Rows();
      let torn = false;
      for (const got of await Promise.all(pages.map((page) => this.fetch(page, passive, era)))) {
        torn = rows.put(got) || torn;
        counters.value = got.counters;
        this.unlisten ??= this.listen(got.cursor);
      }
      if (era.aborted) return;
      if (torn && tries > 0) return await this.refill(true, era, tries - 1);
      this.rows = rows;
      this.again(began);
      this.trouble.value = null;
      this.loaded.value = true;
      this.revision.value++;
    } catch (cause) {
      if (era.aborted) return;
      this.asked.clear();
      this.trouble.value = cause;
    }
  }

  private listen(cursor: string): () => void {
    return listen<Event>({
      path: (at) => `/api/events?cursor=${encodeURIComponent(at)}`,
      message: (event) => this.take(event),
      state: (up) => { this.live.value = up; },
      lost: () => { this.unlisten = null; this.reload(true); },
    }, cursor);
  }

  private take(event: Event): void {
    const now = performance.now();
    this.recent = this.recent.filter((one) => now - one.at < 60_000);
    this.recent.push({ at: now, event });
    if (this.apply(event) !== "nothing") this.revision.value++;
  }

  // Applies once more what came since a request began.
  private again(began: number): void {
    for (const one of this.recent) if (one.at >= began) this.apply(one.event);
  }

  private apply(event: Event): Effect {
    if (event.counters) counters.value = event.counters;
    // What the service has found fits the search, whatever this side makes of it.
    const search = event.study && this.rows.indexOf(event.study.uid) !== undefined ? "" : this.search;
    return event.study ? this.rows.take(event.study, fits(event.study, this.filters, search))
      : event.gone ? this.rows.remove(event.gone)
      : event.progressOf && event.progress ? this.rows.progress(event.progressOf, event.progress)
      : "nothing";
  }

  stop(): void {
    this.era.abort();
    this.unlisten?.();
    this.unlisten = null;
  }
}
