// Actions on their way to the service: one after the other, again where the service
// cannot be reached, and kept over a reload of the page. They have IDs, so that
// sending one twice changes nothing.
import { signal } from "@preact/signals";
import type { Review, ReviewAction } from "../api";
import { subject, type Pending } from "./fold";

/** What the service said, or that it said nothing. */
export type Outcome =
  | { kind: "taken"; review: Review }
  | { kind: "conflict"; review: Review }
  /** Not now: unreachable, signed_out, too_many, unavailable. */
  | { kind: "later"; why: string; afterSeconds: number }
  /** Never: what the service says of it. */
  | { kind: "refused"; code: string; detail: string };

export interface Ports {
  send: (action: ReviewAction) => Promise<Outcome>;
  /** Keeps what is pending; [] forgets it. */
  keep: (pending: Pending[]) => void;
  later: (then: () => void, seconds: number) => void;
  taken: (action: ReviewAction, review: Review) => void;
  conflict: (action: ReviewAction, review: Review) => void;
  refused: (action: ReviewAction, code: string, detail: string) => void;
  now: () => string;
}

/** Seconds to wait after so many failures in a row. */
export const pause = (failures: number): number => [1, 2, 5, 10, 20][failures - 1] ?? 30;

/** The actions of one study. */
export class Outbox {
  readonly pending = signal<Pending[]>([]);
  /** Why nothing goes out: "" while all is well. */
  readonly trouble = signal("");
  private busy = false;
  private failures = 0;
  private attempt = 0;

  /** kept are the actions of before the page was loaded anew. */
  constructor(private readonly ports: Ports, kept: Pending[] = []) {
    this.pending.value = kept.map((p) => (p.way === "sending" ? { ...p, way: "waiting" } : p));
    if (kept.length > 0) void this.send();
  }

  add(action: ReviewAction): void {
    this.put([...this.pending.value, { action, at: this.ports.now(), tries: 0, way: "waiting" }]);
    void this.send();
  }

  /** Takes the latest action back if it has never left; says whether it did. */
  takeBack(): ReviewAction | undefined {
    const last = this.pending.value.at(-1);
    // To undo an undo that waits would undo nothing, and read as if it had.
    if (!last || last.tries > 0 || last.way !== "waiting" || last.action.kind === "undo") return undefined;
    this.put(this.pending.value.slice(0, -1));
    return last.action;
  }

  /** Gives up an action that another reader contradicts, and what was said of the
   * same after it. */
  giveUp(id: string): void {
    const gone = this.pending.value.find((p) => p.action.id === id);
    if (!gone) return;
    const about = subject(gone.action);
    this.put(this.pending.value.filter((p) => subject(p.action) !== about));
    void this.send();
  }

  /** Says it all the same, the other reader's saying having been seen. */
  insist(id: string): void {
    const held = this.pending.value.find((p) => p.action.id === id);
    if (!held?.theirs) return;
    const [about, seen] = [subject(held.action), held.theirs.version];
    this.put(this.pending.value.map((p) =>
      subject(p.action) === about ? { action: { ...p.action, seen }, at: p.at, tries: p.tries, way: "waiting" } : p));
    void this.send();
  }

  /** Sends now, without waiting for the pause to end. */
  retry(): void {
    this.attempt++;
    void this.send();
  }

  private put(pending: Pending[]): void {
    this.pending.value = pending;
    this.ports.keep(pending);
  }

  private next(): Pending | undefined {
    const held = new Set<string>();
    for (const p of this.pending.value) {
      const about = subject(p.action);
      if (p.way === "conflict") {
        held.add(about);
        continue;
      }
      // A signature is for everything that was said: it waits for it.
      if (about === "signature" && held.size > 0) return undefined;
      if (!held.has(about)) return p;
    }
    return undefined;
  }

  private async send(): Promise<void> {
    if (this.busy) return;
    this.busy = true;
    try {
      for (let p = this.next(); p; p = this.next()) {
        const { action } = p;
        this.change(action.id, (q) => ({ ...q, way: "sending", tries: q.tries + 1 }));
        const outcome = await this.ports.send(action);
        if (!this.settle(action, outcome)) return;
      }
    } finally {
      this.busy = false;
    }
  }

  /** Says whether to go on with the next. */
  private settle(action: ReviewAction, outcome: Outcome): boolean {
    if (outcome.kind === "later") {
      this.change(action.id, (q) => ({ ...q, way: "waiting" }));
      this.trouble.value = outcome.why;
      this.failures++;
      const mine = ++this.attempt;
      this.ports.later(() => { if (mine === this.attempt) void this.send(); }, Math.max(outcome.afterSeconds, pause(this.failures)));
      return false;
    }
    this.failures = 0;
    this.trouble.value = "";
    switch (outcome.kind) {
      case "taken":
        // First the review, then the pending one goes: nothing flickers between.
        this.ports.taken(action, outcome.review);
        this.put(this.pending.value.filter((p) => p.action.id !== action.id));
        break;
      case "conflict":
        this.change(action.id, (q) => ({ ...q, way: "conflict", theirs: outcome.review }));
        this.ports.conflict(action, outcome.review);
        break;
      case "refused":
        this.put(this.pending.value.filter((p) => p.action.id !== action.id));
        this.ports.refused(action, outcome.code, outcome.detail);
    }
    return true;
  }

  private change(id: string, to: (p: Pending) => Pending): void {
    this.put(this.pending.value.map((p) => (p.action.id === id ? to(p) : p)));
  }
}
