// The keys of the page that is open. They stay still while something is typed, a
// dialog is open, or whoever wants so has switched single keys off (WCAG 2.1.4).
import { signal } from "@preact/signals";
import { useLayoutEffect, useRef } from "preact/hooks";
import type { Key } from "./words";

export interface Binding {
  /** KeyboardEvent.key values, each does the same: ["j", "ArrowDown"]. A capital
   * letter or a sign is pressed with Shift where the keyboard has it there. */
  keys: string[];
  /** What it does, for the list of keys. */
  label: Key;
  run: (event: KeyboardEvent) => void;
  /** Nothing is done, and the key left to the browser, where this says no. */
  when?: () => boolean;
}

/** All bindings of what is on the screen, for the list of keys. */
export const bindings = signal<Binding[]>([]);

/** Whether single keys work. */
export const keysOn = signal(localStorage.getItem("nafas.keys") !== "off");

export function switchKeys(on: boolean): void {
  localStorage.setItem("nafas.keys", on ? "on" : "off");
  keysOn.value = on;
}

/** Has these keys while the component is on the screen. */
export function useKeys(list: Binding[]): void {
  const latest = useRef(list);
  latest.current = list;
  const names = list.map((one) => one.label + one.keys.join()).join();
  useLayoutEffect(() => {
    const stand = list.map((one, i): Binding => ({
      ...one,
      run: (event) => latest.current[i]?.run(event),
      when: () => latest.current[i]?.when?.() ?? true,
    }));
    bindings.value = [...bindings.value, ...stand];
    return () => { bindings.value = bindings.value.filter((one) => !stand.includes(one)); };
  }, [names]);
}

const types = new Set(["text", "search", "password", "email", "number", "date", "time", "tel", "url"]);

// Whether keys pressed here write or choose something.
function writes(target: EventTarget | null): boolean {
  if (!(target instanceof HTMLElement)) return false;
  if (target.isContentEditable || target instanceof HTMLTextAreaElement || target instanceof HTMLSelectElement) return true;
  return target instanceof HTMLInputElement && (types.has(target.type) || target.type === "radio" || target.type === "range");
}

addEventListener("keydown", (event) => {
  if (event.defaultPrevented || event.ctrlKey || event.metaKey || event.altKey || event.isComposing) return;
  if (writes(event.target) || document.querySelector("dialog[open]")) return;
  if (!keysOn.value && event.key.length === 1) return;
  // What presses a button or follows a link is the button's and the link's.
  if ((event.key === "Enter" || event.key === " ") && event.target instanceof Element && event.target.closest("button, a, summary, input, [role=button]")) return;
  // The latest on the screen has the key first.
  const binding = [...bindings.value].reverse().find((one) => one.keys.includes(event.key) && (one.when?.() ?? true));
  if (!binding) return;
  event.preventDefault();
  binding.run(event);
});
