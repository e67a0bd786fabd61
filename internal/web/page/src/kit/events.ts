// Server-sent events. The browser's own EventSource cannot send the header that
// says that no reader caused the request, and would so keep every session alive.
import { headersOf, reachable, refusedBy, Refused } from "./call";

/** One message: the data field, and the id where it had one. */
export interface Message {
  data: string;
  id: string;
}

/** Splits a stream of text into messages (HTML Living Standard, 9.2.6); pieces may
 * break anywhere. */
export function messages(onMessage: (message: Message) => void): (piece: string) => void {
  let rest = "", data: string[] = [], id = "";
  return (piece) => {
    // A CR at the end may be the first half of a CRLF: it waits.
    const lines = (rest + piece).split(/\r\n|\n|\r(?=[^\n])/);
    rest = lines.pop()!;
    for (const line of lines) {
      if (line === "") {
        if (data.length) onMessage({ data: data.join("\n"), id });
        data = [];
        continue;
      }
      const [, field, value] = /^([^:]*):? ?(.*)$/.exec(line)!;
      if (field === "data") data.push(value!);
      else if (field === "id") id = value!;
    }
  };
}

/** How long to wait before the nth try in a row, ms: 1 s doubled up to 30 s, with a
 * quarter of chance, so that many pages do not all come at once. */
export function backoff(n: number, chance = Math.random()): number {
  return Math.min(30_000, 1000 * 2 ** n) * (0.75 + chance / 2);
}

// A stream that is silent for this long has been cut; the service says something
// (a comment at least) every 15 s.
const silence = 50_000;

export interface Listener<T> {
  /** The path to ask, with the latest id ("" at first) where it takes one. */
  path: (cursor: string) => string;
  message: (event: T) => void;
  /** Whether the stream is up: what is on the screen is current only while it is. */
  state?: (up: boolean) => void;
  /** The service cannot go on from the cursor: load anew. The next try has none. */
  lost?: () => void;
}

/** Listens until the function that it returns is called. It connects again after
 * every end, except when nobody is signed in any more. */
export function listen<T>(to: Listener<T>, cursor = ""): () => void {
  const stopped = new AbortController();
  void keep(to, cursor, stopped.signal);
  return () => stopped.abort();
}

async function keep<T>(to: Listener<T>, cursor: string, stopped: AbortSignal): Promise<void> {
  for (let tries = 0; !stopped.aborted; tries++) {
    try {
      await stream(to.path(cursor), stopped, (message) => {
        tries = 0;
        if (message.id) cursor = message.id;
        to.message(JSON.parse(message.data) as T);
      }, () => to.state?.(true));
    } catch (cause) {
      if (stopped.aborted) return;
      if (cause instanceof Refused && (cause.status === 401 || cause.status === 403 || cause.status === 404)) { to.state?.(false); return; }
      if (cause instanceof Refused && cause.status === 410) { cursor = ""; to.lost?.(); }
    }
    if (stopped.aborted) return;
    to.state?.(false);
    await pause(backoff(tries), stopped);
  }
}

async function stream(path: string, stopped: AbortSignal, onMessage: (message: Message) => void, onUp: () => void): Promise<void> {
  const cut = new AbortController();
  const end = (): void => cut.abort();
  stopped.addEventListener("abort", end);
  let watch = setTimeout(end, silence);
  try {
    const answer = await fetch(path, { headers: { ...headersOf(true), Accept: "text/event-stream" }, signal: cut.signal, cache: "no-store" });
    reachable.value = true;
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
  } catch (cause) {
    if (cause instanceof TypeError && !stopped.aborted && !cut.signal.aborted) reachable.value = false;
    throw cause;
  } finally {
    clearTimeout(watch);
    stopped.removeEventListener("abort", end);
  }
}

/** Waits, or until the signal aborts. */
export function pause(ms: number, stopped: AbortSignal): Promise<void> {
  return new Promise((resolve) => {
    const timer = setTimeout(resolve, ms);
    stopped.addEventListener("abort", () => { clearTimeout(timer); resolve(); }, { once: true });
  });
}
