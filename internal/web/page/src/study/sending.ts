// The outboxes of this page. One lives on while another study is open, until
// everything in it has arrived.
import type { Review, ReviewAction } from "../api";
import { post, Refused } from "../kit/call";
import { me } from "../kit/who";
import { keep, recall } from "./kept";
import { Outbox, type Outcome } from "./outbox";

/** Who wants to know what became of actions. */
export interface Hearer {
  taken: (action: ReviewAction, review: Review) => void;
  conflict: (action: ReviewAction, review: Review) => void;
  refused: (action: ReviewAction, code: string, detail: string) => void;
}

interface Sending {
  outbox: Outbox;
  hearer: Hearer | null;
}

const all = new Map<string, Sending>();

/** The outbox of a study and a reader, heard by the page that is open now. The
 * second result stops the hearing. */
export function outboxOf(study: string, by: string, hearer: Hearer): [Outbox, () => void] {
  const name = `${study} ${by}`;
  let one = all.get(name);
  if (!one) {
    const made: Sending = { outbox: null as unknown as Outbox, hearer };
    made.outbox = new Outbox({
      send: (action) => send(study, by, action),
      keep: (pending) => keep(sessionStorage, study, by, pending),
      later: (then, seconds) => { setTimeout(then, seconds * 1000); },
      taken: (action, review) => made.hearer?.taken(action, review),
      conflict: (action, review) => made.hearer?.conflict(action, review),
      refused: (action, code, detail) => made.hearer?.refused(action, code, detail),
      now: () => new Date().toISOString(),
    }, recall(sessionStorage, study, by).own);
    all.set(name, (one = made));
  }
  one.hearer = hearer;
  const heard = one;
  return [one.outbox, () => { if (heard.hearer === hearer) heard.hearer = null; }];
}

/** How many actions of other readers wait in this tab: theirs to send. */
export const othersWaiting = (study: string, by: string): number => recall(sessionStorage, study, by).others;

/** How many actions on other studies have not arrived. */
export const elsewhere = (study: string, by: string): number =>
  [...all].filter(([name]) => name.endsWith(` ${by}`) && name !== `${study} ${by}`)
    .reduce((sum, [, one]) => sum + one.outbox.pending.value.length, 0);

/** Tries everything again, now. */
export function retryAll(): void {
  for (const one of all.values()) one.outbox.retry();
}

async function send(study: string, by: string, action: ReviewAction): Promise<Outcome> {
  // What one reader said is never sent under the name of another.
  if (me.value?.name !== by) return { kind: "later", why: "signed_out", afterSeconds: 0 };
  try {
    return { kind: "taken", review: await post<Review>(`/api/studies/${study}/review`, action) };
  } catch (cause) {
    return outcomeOf(cause);
  }
}

function outcomeOf(cause: unknown): Outcome {
  if (!(cause instanceof Refused)) return { kind: "refused", code: "internal", detail: String(cause) };
  const { status, problem } = cause;
  if (status === 409 && problem.review) return { kind: "conflict", review: problem.review };
  if ([0, 401, 429, 502, 503, 504].includes(status)) return { kind: "later", why: problem.code, afterSeconds: problem.retryAfterSeconds ?? 0 };
  return { kind: "refused", code: problem.code, detail: problem.detail };
}

addEventListener("online", retryAll);
