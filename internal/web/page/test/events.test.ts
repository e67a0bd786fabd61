import assert from "node:assert/strict";
import { test } from "node:test";
import { backoff, messages, type Message } from "../src/kit/stream";
import { tell, warning } from "../src/kit/idling";
import { scaleOf } from "../src/quality/scale";

test("messages of a stream, wherever its pieces break", () => {
  const text = ": hello\n\nid: 5\ndata: {\"a\":\ndata: 1}\n\ndata:x\r\n\r\nevent: y\rdata: z\r\rdata: cut";
  const want: Message[] = [{ id: "5", data: '{"a":\n1}' }, { id: "5", data: "x" }, { id: "5", data: "z" }];
  for (let size = 1; size <= text.length; size++) {
    const got: Message[] = [];
    const take = messages((one) => got.push(one));
    for (let i = 0; i < text.length; i += size) take(text.slice(i, i + size));
    assert.deepEqual(got, want, `pieces of ${size}`);
  }
});

test("waiting between tries grows to half a minute", () => {
  assert.deepEqual([0, 1, 2, 3, 4, 5, 50].map((n) => backoff(n, 0.5)), [1000, 2000, 4000, 8000, 16000, 30000, 30000]);
  assert.ok(backoff(0, 0) >= 750 && backoff(0, 1) <= 1250);
});

test("the end of a session is said a minute before, or at half of a short one", () => {
  assert.equal(warning(900), 60);
  assert.equal(warning(60), 30);
});

test("a reader who only looks keeps the session before it is warned of", () => {
  for (const idle of [30, 60, 300, 900, 3600]) {
    assert.ok(!tell(idle, 0), "just told");
    assert.ok(tell(idle, idle - warning(idle)), `before the warning of ${idle} s`);
  }
});

test("the end of a scale holds all intervals", () => {
  const known = (high: number) => ({ known: true, value: 0, low: 0, high });
  for (const [high, end] of [[0.03, 0.05], [0.9, 1], [1, 1], [1.2, 2], [3.3, 5], [7, 10], [120, 200]] as const) assert.equal(scaleOf([known(high)]).toPrecision(6), end.toPrecision(6));
  assert.equal(scaleOf([{ known: false, value: 0, low: 0, high: 99 }]), 1);
});
