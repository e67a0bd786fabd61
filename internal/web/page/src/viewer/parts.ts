// multipart/related bodies (RFC 2387), as DICOMweb sends several frames.

/** The boundary that a Content-Type names; null where it is not multipart. */
export function boundaryOf(contentType: string): string | null {
  const m = /^multipart\/related\b.*;\s*boundary=(?:"([^"]+)"|([^;\s]+))/i.exec(contentType);
  return m ? m[1] ?? m[2]! : null;
}

/** The contents of the parts of a body. Throws when it breaks off. */
export function partsOf(body: ArrayBuffer, boundary: string): ArrayBuffer[] {
  const bytes = new Uint8Array(body), out: ArrayBuffer[] = [];
  const delimiter = new TextEncoder().encode(`\r\n--${boundary}`);
  // The first delimiter has no line end before it.
  let at = find(bytes, delimiter.subarray(2), 0);
  if (at < 0) throw new Error("no part in the body");
  at += delimiter.length - 2;
  while (!(bytes[at] === 45 && bytes[at + 1] === 45)) { // "--": the end
    const content = find(bytes, new Uint8Array([13, 10, 13, 10]), at) + 4;
    const end = content < 4 ? -1 : find(bytes, delimiter, content);
    if (end < 0) throw new Error("the body breaks off");
    out.push(body.slice(content, end));
    at = end + delimiter.length;
  }
  return out;
}

function find(bytes: Uint8Array, what: Uint8Array, from: number): number {
  search: for (let at = bytes.indexOf(what[0]!, from); at >= 0; at = bytes.indexOf(what[0]!, at + 1)) {
    for (let i = 1; i < what.length; i++) if (bytes[at + i] !== what[i]) continue search;
    return at;
  }
  return -1;
}
