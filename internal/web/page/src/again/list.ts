// One published list: asks for its pages, and listens to what changes of its studies.
import { signal } from "@preact/signals";
import type { AgainPage, Event } from "../api";
import { get, getPassive } from "../kit/call";
import { listen } from "../kit/events";
import { pagesOf, type Span } from "../worklist/rows";
import { Entries } from "./entries";

/** How many entries are asked for at once. */
const size = 100;

export class List {
  /** Goes up with every change of entries. */
  readonly revision = signal(0);
  /** Why a page could not be loaded; null while all is well. */
  readonly trouble = signal<unknown>(null);
  /** Whether changes arrive; undefined before it is known. */
  readonly live = signal<boolean | undefined>(undefined);
  entries = new Entries();
  private readonly asked = new Set<number>();
  private span: Span = { first: 0, end: 1 };
  private era = new AbortController();
  private unlisten: (() => void) | null = null;
  // Events of the last requests' time: an answer may be older than they are.
  private recent: { at: number; event: Event }[] = [];

  constructor(readonly rescoring: string) {}

  /** Asks for what of a span is not here yet. */
  need(span: Span): void {
    this.span = span.end > span.first ? span : { first: 0, end: 1 };
    for (const page of pagesOf(this.span, size)) {
      if (!this.asked.has(page)) void this.load(page);
    }
  }

  private async load(page: number): Promise<void> {
    this.asked.add(page);
    const era = this.era.signal, began = performance.now();
    try {
      const got = await this.fetch(page, false, era);
      if (era.aborted) return;
      this.trouble.value = null;
      if (this.entries.put(got)) this.reload(true);
      this.came(got.cursor, began);
    } catch (cause) {
      if (era.aborted) return;
      this.asked.delete(page);
      this.trouble.value = cause;
    }
  }

  private fetch(page: number, passive: boolean, era: AbortSignal): Promise<AgainPage> {
    return (passive ? getPassive : get)<AgainPage>(`/api/again/${this.rescoring}?offset=${page * size}&limit=${size}`, era);
  }

  private came(cursor: string, began: number): void {
    for (const one of this.recent) if (one.at >= began) this.apply(one.event);
    this.unlisten ??= this.listen(cursor);
    this.revision.value++;
  }

  /** Asks for the list as it is now. What is on the screen stays until the answer is
   * here. */
  reload(passive: boolean): void {
    this.era.abort();
    this.era = new AbortController();
    this.asked.clear();
    void this.refill(passive, this.era.signal, 2);
  }

  // Pages of two lists, because another one was published between them, are asked for
  // again so many times.
  private async refill(passive: boolean, era: AbortSignal, tries: number): Promise<void> {
    const began = performance.now();
    const pages = pagesOf(this.span, size);
    pages.forEach((page) => this.asked.add(page));
    try {
      const entries = new Entries();
      let torn = false, cursor = "";
      for (const got of await Promise.all(pages.map((page) => this.fetch(page, passive, era)))) {
        torn = entries.put(got) || torn;
        cursor ||= got.cursor;
      }
      if (era.aborted) return;
      if (torn && tries > 0) return await this.refill(true, era, tries - 1);
      this.entries = entries;
      this.trouble.value = null;
      this.came(cursor, began);
    } catch (cause) {
      if (era.aborted) return;
      this.asked.clear();
      this.trouble.value = cause;
    }
  }

  private listen(cursor: string): () => void {
    return listen<Event>({
      path: (at) => `/api/events?cursor=${encodeURIComponent(at)}`,
      message: (event) => {
        const now = performance.now();
        this.recent = this.recent.filter((one) => now - one.at < 60_000);
        this.recent.push({ at: now, event });
        if (this.apply(event)) this.revision.value++;
      },
      state: (up) => { this.live.value = up; },
      lost: () => { this.unlisten = null; this.reload(true); },
    }, cursor);
  }

  private apply(event: Event): boolean {
    return event.study ? this.entries.take(event.study.uid, event.study) : event.gone ? this.entries.take(event.gone, undefined) : false;
  }

  stop(): void {
    this.era.abort();
    this.unlisten?.();
    this.unlisten = null;
  }
}
