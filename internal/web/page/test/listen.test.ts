import assert from "node:assert/strict";
import { test } from "node:test";

// A browser as far as listening needs one: a tab that is looked at or not, over a
// protocol, and a service whose streams stay open.
const tab = Object.assign(new EventTarget(), { visibilityState: "visible", documentElement: { dataset: {} } });
let protocol = "http/1.1";
const asked: string[] = [];
let open = 0;
const streams = async (path: string, { signal }: { signal: AbortSignal }): Promise<Response> => {
  asked.push(path);
  open++;
  return new Response(new ReadableStream({
    start(to) {
      to.enqueue(new TextEncoder().encode(`id: ${asked.length}\ndata: {}\n\n`));
      signal.addEventListener("abort", () => { open--; to.error(signal.reason); });
    },
  }));
};
Object.assign(globalThis, {
  document: tab, fetch: streams, matchMedia: () => ({ matches: false }),
  localStorage: { getItem: () => "en", setItem: () => {} },
  navigator: { languages: [] },
});
Object.defineProperty(globalThis, "performance", { value: { now: () => 0, getEntriesByType: () => [{ nextHopProtocol: protocol }] } });

const turn = async (): Promise<void> => { for (let i = 0; i < 20; i++) await new Promise((resolve) => setImmediate(resolve)); };
async function look(state: "visible" | "hidden"): Promise<void> {
  tab.visibilityState = state;
  tab.dispatchEvent(new Event("visibilitychange"));
  await turn();
}

test("a tab in the background holds no connection where there are few, and goes on where it was", async () => {
  const { listen } = await import("../src/kit/events");
  const told: boolean[] = [];
  const stop = listen<object>({ path: (cursor) => `/api/events?cursor=${cursor}`, message: () => {}, state: (up) => told.push(up) }, "0");
  await turn();
  assert.equal(open, 1);
  await look("hidden");
  assert.equal(open, 0);
  await look("visible");
  assert.equal(open, 1);
  assert.deepEqual(asked, ["/api/events?cursor=0", "/api/events?cursor=1"]);
  assert.deepEqual(told, [true, false, true]);
  stop();
  await turn();
  assert.equal(open, 0);
});

test("a tab that opens in the background waits, and one over HTTP/2 does not", async () => {
  const { listen } = await import("../src/kit/events");
  await look("hidden");
  for (const [over, streaming] of [["http/1.1", 0], ["", 0], ["h2", 1]] as const) {
    protocol = over;
    const stop = listen<object>({ path: () => "/api/events", message: () => {} });
    await turn();
    assert.equal(open, streaming, over);
    stop();
    await turn();
  }
});
