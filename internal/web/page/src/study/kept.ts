// Actions that the service has not taken, kept in the tab over a reload. They hold
// UIDs, and what the reader wrote; nothing of the patient.
import type { Pending } from "./fold";

const prefix = "nafas.unsaved.";

type Store = Pick<Storage, "getItem" | "setItem" | "removeItem" | "key" | "length">;

// By reader too: nobody else's session may send what somebody said.
const place = (study: string, by: string): string => `${prefix}${study} ${by}`;

/** Keeps what a reader said of a study; [] forgets it. */
export function keep(store: Store, study: string, by: string, pending: Pending[]): void {
  try {
    if (pending.length === 0) store.removeItem(place(study, by));
    else store.setItem(place(study, by), JSON.stringify(pending));
  } catch {
    // The store is full, or denied: it is sent all the same, and the page warns whoever
    // would leave before it has arrived.
  }
}

/** What was kept of a study: the reader's own, and how many are of somebody else. */
export function recall(store: Store, study: string, by: string): { own: Pending[]; others: number } {
  let others = 0;
  for (let i = 0; i < store.length; i++) {
    const name = store.key(i) ?? "";
    if (name.startsWith(`${prefix}${study} `) && name !== place(study, by)) others += read(store, name).length;
  }
  return { own: read(store, place(study, by)), others };
}

/** The studies of which something of a reader is kept. */
export function studiesOf(store: Store, by: string): string[] {
  const out: string[] = [];
  for (let i = 0; i < store.length; i++) {
    const name = store.key(i) ?? "", [study = ""] = name.slice(prefix.length).split(" ", 1);
    if (name.startsWith(prefix) && name === place(study, by)) out.push(study);
  }
  return out;
}

function read(store: Store, name: string): Pending[] {
  try {
    const kept: unknown = JSON.parse(store.getItem(name) ?? "[]");
    return Array.isArray(kept) ? (kept as Pending[]) : [];
  } catch {
    return []; // not ours, or of another version
  }
}
