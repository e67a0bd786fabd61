// Streams of server-sent events as text, and waiting between tries. No browser in it.

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

/** Waits, or until the signal aborts. */
export function pause(ms: number, stopped: AbortSignal): Promise<void> {
  return new Promise((resolve) => {
    const timer = setTimeout(resolve, ms);
    stopped.addEventListener("abort", () => { clearTimeout(timer); resolve(); }, { once: true });
  });
}
