// Server-sent events. The browser's own EventSource cannot send the header that
// says that no reader caused the request, and would so keep every session alive.
import { headersOf, reachable, refusedBy, Refused } from "./call";
import { away, seen } from "./looked";
import { backoff, messages, pause, type Message } from "./stream";

// A stream that is silent for this long has been cut; the service says something
// (a comment at least) every 15 s.
const silence = 50_000;

export interface Listener<T> {
  /** The path to ask, with the latest id ("" at first) where it takes one. */
  path: (cursor: string) => string;
  message: (event: T) => void;
  /** Whether the stream is up: what is on the screen is current only while it is. */
  state?: (up: boolean) => void;
  /** The service cannot go on from the cursor, and the listening has ended: load, and
   * listen, anew. */
  lost?: () => void;
}

/** Listens until the function that it returns is called. It connects again after
 * every end, except where it is forbidden, or what it listens to is no more. */
export function listen<T>(to: Listener<T>, cursor = ""): () => void {
  const stopped = new AbortController();
  void keep(to, cursor, stopped.signal);
  return () => stopped.abort();
}

async function keep<T>(to: Listener<T>, cursor: string, stopped: AbortSignal): Promise<void> {
  for (let tries = 0; !stopped.aborted; tries++) {
    await seen(stopped);
    if (stopped.aborted) return;
    try {
      await stream(to.path(cursor), stopped, (message) => {
        tries = 0;
        if (message.id) cursor = message.id;
        to.message(JSON.parse(message.data) as T);
      }, () => to.state?.(true));
    } catch (cause) {
      if (stopped.aborted) return;
      to.state?.(false);
      // After a 401 there may be another session by now; else nobody listens any more.
      if (cause instanceof Refused && (cause.status === 403 || cause.status === 404)) return;
      if (cause instanceof Refused && cause.status === 400) { to.lost?.(); return; }
      // Let go of, and no trouble: whoever looks again waits for nothing.
      if (away()) { tries = -1; continue; }
    }
    if (stopped.aborted) return;
    // The service ends a stream every few minutes, to see who may still look: that
    // is no trouble, unless it is the second time in a row.
    if (tries > 0) to.state?.(false);
    await pause(backoff(tries), stopped);
  }
}

async function stream(path: string, stopped: AbortSignal, onMessage: (message: Message) => void, onUp: () => void): Promise<void> {
  const cut = new AbortController();
  const end = (): void => cut.abort();
  const leave = (): void => { if (away()) end(); };
  stopped.addEventListener("abort", end);
  document.addEventListener("visibilitychange", leave);
  let watch = setTimeout(end, silence);
  try {
    const answer = await reach(path, cut.signal);
    if (!answer.ok) throw await refusedBy(answer);
    onUp();
    const reader = answer.body!.pipeThrough(new TextDecoderStream()).getReader();
    const take = messages(onMessage);
    for (;;) {
      const { done, value } = await reader.read();
      if (done) return;
      clearTimeout(watch);
      watch = setTimeout(end, silence);
      take(value);
    }
  } finally {
    clearTimeout(watch);
    stopped.removeEventListener("abort", end);
    document.removeEventListener("visibilitychange", leave);
  }
}

async function reach(path: string, signal: AbortSignal): Promise<Response> {
  try {
    const answer = await fetch(path, { headers: { ...headersOf(true), Accept: "text/event-stream" }, signal, cache: "no-store" });
    reachable.value = true;
    return answer;
  } catch (cause) {
    if (!signal.aborted) reachable.value = false;
    throw cause;
  }
}
