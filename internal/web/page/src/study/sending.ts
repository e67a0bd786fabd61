// The outboxes of this page. One lives on while another study is open, until
// everything in it has arrived.
import type { Review, ReviewAction } from "../api";
import { post, Refused } from "../kit/call";
import { me, renewed } from "../kit/who";
import { keep, recall, studiesOf } from "./kept";
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
  const heard = sendingOf(study, by);
  heard.hearer = hearer;
  return [heard.outbox, () => { if (heard.hearer === hearer) heard.hearer = null; }];
}

function sendingOf(study: string, by: string): Sending {
  const name = `${study} ${by}`;
  const there = all.get(name);
  if (there) return there;
  const made: Sending = { outbox: null as unknown as Outbox, hearer: null };
  made.outbox = new Outbox({
    send: (action) => send(study, by, action),
    keep: (pending) => keep(sessionStorage, study, by, pending),
    later: (then, seconds) => { setTimeout(then, seconds * 1000); },
    taken: (action, review) => made.hearer?.taken(action, review),
    conflict: (action, review) => made.hearer?.conflict(action, review),
    refused: (action, code, detail) => made.hearer?.refused(action, code, detail),
    now: () => new Date().toISOString(),
  }, recall(sessionStorage, study, by).own);
  all.set(name, made);
  return made;
}

/** Goes on sending what a reader said of any study before the page was loaded anew. */
export function revive(by: string): void {
  for (const study of studiesOf(sessionStorage, by)) sendingOf(study, by);
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
    // Refused for the token of a session that another tab has replaced: nothing that
    // was said is lost for that.
    if (cause instanceof Refused && cause.status === 403 && await renewed()) return send(study, by, action);
    return outcomeOf(cause);
  }
}

export function outcomeOf(cause: unknown): Outcome {
  if (!(cause instanceof Refused)) return { kind: "refused", code: "internal", detail: String(cause) };
  const { status, problem } = cause;
  if (status === 409 && problem.review) return { kind: "conflict", review: problem.review };
  // An error of the service says nothing of the action: it stays, and is not saved.
  if ([0, 401, 408, 429].includes(status) || status >= 500) return { kind: "later", why: problem.code, afterSeconds: problem.retryAfterSeconds ?? 0 };
  return { kind: "refused", code: problem.code, detail: problem.detail };
}

addEventListener("online", retryAll);
