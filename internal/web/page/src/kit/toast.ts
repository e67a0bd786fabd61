// What was just done, said once. A toast with something to press, and one that
// tells of a failure, stays until it is put away.
import { signal } from "@preact/signals";

export interface Toast {
  id: number;
  kind: "note" | "good" | "warn" | "bad";
  text: string;
  action?: { text: string; run: () => void };
}

export const toasts = signal<Toast[]>([]);

let latest = 0;

export function toast(text: string, kind: Toast["kind"] = "note", action?: Toast["action"]): void {
  const one: Toast = { id: ++latest, kind, text, ...(action && { action }) };
  toasts.value = [...toasts.value.slice(-3), one];
  if (kind !== "bad" && !action) setTimeout(() => putAway(one.id), 6000);
}

export function putAway(id: number): void {
  toasts.value = toasts.value.filter((one) => one.id !== id);
}
