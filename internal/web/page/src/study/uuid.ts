/** A random UUID (RFC 9562, version 4). Browsers give randomUUID to secure origins
 * alone, and a hospital's plain http is none. */
export function uuid(from: Pick<Crypto, "getRandomValues"> & { randomUUID?: () => string } = crypto): string {
  if (from.randomUUID) return from.randomUUID();
  const b = from.getRandomValues(new Uint8Array(16));
  b[6] = (b[6]! & 0x0f) | 0x40;
  b[8] = (b[8]! & 0x3f) | 0x80;
  const hex = [...b].map((x) => x.toString(16).padStart(2, "0")).join("");
  return [hex.slice(0, 8), hex.slice(8, 12), hex.slice(12, 16), hex.slice(16, 20), hex.slice(20)].join("-");
}
