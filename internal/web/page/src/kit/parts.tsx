// Small parts that every room of the page uses; design.css says how they look.
import type { ComponentChildren, JSX } from "preact";
import { useEffect, useRef } from "preact/hooks";
import { Refused } from "./call";
import { say, word, type Key } from "./words";

// Shapes of the priorities: each is known without its colour.
const shapes: Record<string, JSX.Element> = {
  urgent: <><path d="M12 2 23 21H1Z" fill="currentColor" /><path d="M12 9v6M12 17v2" stroke="var(--ground)" stroke-width="2.5" /></>,
  high: <path d="M12 2 22 12 12 22 2 12Z" fill="currentColor" />,
  not_assessed: <><rect x="3" y="3" width="18" height="18" rx="2" fill="none" stroke="currentColor" stroke-width="2.5" /><path d="M9 9.5c0-4 6-4 6 0 0 2.5-3 2-3 4.5M12 16v2" fill="none" stroke="currentColor" stroke-width="2" /></>,
  routine: <circle cx="12" cy="12" r="8" fill="none" stroke="currentColor" stroke-width="3" />,
  none: <path d="M5 12h14" stroke="currentColor" stroke-width="3" />,
};

/** A priority of the service: shape, colour and word. */
export const PriorityMark = ({ priority }: { priority: string }) => (
  <span class={`priority ${priority}`}>
    <svg viewBox="0 0 24 24" aria-hidden="true">{shapes[priority] ?? shapes.none}</svg>
    {word("priority", priority)}
  </span>
);

/** The sign of a notice. */
export const Sign = ({ kind }: { kind: "note" | "good" | "warn" | "bad" }) => (
  <svg viewBox="0 0 24 24" aria-hidden="true" fill="none" stroke="currentColor" stroke-width="2">
    {kind === "good" ? <path d="m4 13 5 5L20 6" />
      : kind === "warn" ? <path d="M12 3 22 21H2ZM12 10v5M12 17v2" />
      : kind === "bad" ? <path d="M8 2h8l6 6v8l-6 6H8l-6-6V8ZM12 7v6M12 15v2" />
      : <path d="M12 2a10 10 0 1 0 .01 0ZM12 10v7M12 6v2" />}
  </svg>
);

/** A notice in the page. Bad ones are said at once by screen readers. */
export const Notice = ({ kind, children }: { kind: "note" | "good" | "warn" | "bad"; children: ComponentChildren }) => (
  <div class={`notice ${kind}`} role={kind === "bad" ? "alert" : undefined}>
    <Sign kind={kind} />
    <div class="fill stack">{children}</div>
  </div>
);

/** What to do about an error, in the language of the reader. */
export function remedy(cause: unknown): string {
  const code = cause instanceof Refused ? cause.problem.code : "internal";
  const text = word("problem", code);
  return text === code ? word("problem", "internal") : text;
}

/** Something could not be loaded or done: what to do, what the service said, and
 * again. */
export const Failure = ({ cause, again }: { cause: unknown; again?: () => void }) => (
  <Notice kind="bad">
    <p>{remedy(cause)}</p>
    <p class="small muted"><bdi lang="en" dir="ltr">{cause instanceof Refused ? cause.problem.detail : String(cause)}</bdi></p>
    {again && <p><button type="button" class="button" onClick={again}>{say("kit.again")}</button></p>}
  </Notice>
);

/** A dialog of the browser: it keeps the focus, Escape closes it. Render it only
 * while it is open. Without close one of its buttons must be pressed: neither Escape
 * nor a press beside it, which were meant for something else, decides. */
export function Dialog({ title, close, children }: { title: string; close?: () => void; children: ComponentChildren }) {
  const self = useRef<HTMLDialogElement>(null);
  useEffect(() => {
    const before = document.activeElement;
    self.current!.showModal();
    // A key that was on its way to something else presses no button.
    if (!close) self.current!.querySelector("h2")!.focus();
    return () => { if (before instanceof HTMLElement && before.isConnected) before.focus(); };
  }, []);
  return (
    <dialog class="dialog" ref={self} aria-labelledby="dialog-title" onClose={close ?? (() => self.current?.showModal())}
      onCancel={(event) => { if (!close) event.preventDefault(); }}
      onClick={(event) => { if (close && event.target === self.current) self.current?.close(); }}>
      <header>
        <h2 id="dialog-title" {...(!close && { tabIndex: -1 })}>{title}</h2>
        {close && <button type="button" class="button quiet icon" aria-label={say("kit.close")} onClick={() => self.current?.close()}><Cross /></button>}
      </header>
      {children}
    </dialog>
  );
}

export const Cross = () => (
  <svg viewBox="0 0 24 24" width="20" height="20" aria-hidden="true" fill="none" stroke="currentColor" stroke-width="2"><path d="m5 5 14 14M19 5 5 19" /></svg>
);

/** Something is on its way; its place is kept. */
export const Waiting = ({ lines = 3 }: { lines?: number }) => (
  <div class="stack" role="status">
    <span class="unseen">{say("kit.loading")}</span>
    {Array.from({ length: lines }, (_, i) => <span key={i} class="skeleton" />)}
  </div>
);

/** The title of the document: the place, never a patient. */
export function useTitle(key: Key): void {
  const text = say(key);
  useEffect(() => { document.title = `${text} · Nafas`; }, [text]);
}
