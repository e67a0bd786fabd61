import assert from "node:assert/strict";
import { test } from "node:test";
import { boundaryOf, partsOf } from "../src/viewer/parts";

const bytes = (text: string): ArrayBuffer => new TextEncoder().encode(text).buffer as ArrayBuffer;
const text = (part: ArrayBuffer): string => new TextDecoder().decode(part);

test("the boundary is read with and without quotes", () => {
  assert.equal(boundaryOf('multipart/related; type="application/octet-stream"; boundary="a b"'), "a b");
  assert.equal(boundaryOf("multipart/related; boundary=xyz; type=x"), "xyz");
  assert.equal(boundaryOf("application/octet-stream; transfer-syntax=1.2"), null);
});

test("parts come out whole, whatever is in them", () => {
  const body = "--b\r\nContent-Type: x\r\n\r\none\r\n-b\r\n--b\r\n\r\n\r\ntwo\r\n--b--\r\n";
  assert.deepEqual(partsOf(bytes(body), "b").map(text), ["one\r\n-b", "\r\ntwo"]);
});

test("a body that breaks off is an error, not an image", () => {
  assert.throws(() => partsOf(bytes("--b\r\n\r\none"), "b"), /breaks off/);
  assert.throws(() => partsOf(bytes("--b\r\nContent-Type: x"), "b"), /breaks off/);
  assert.throws(() => partsOf(bytes("one"), "b"), /no part/);
});
