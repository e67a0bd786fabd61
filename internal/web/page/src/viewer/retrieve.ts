// Images by DICOMweb, uncompressed: the service decodes every transfer syntax that
// it stores, so the page needs no codecs.
import { refusedBy } from "../kit/call";
import type { DataSet, Frame } from "./frames";
import { boundaryOf, partsOf } from "./parts";
import type { Source } from "./viewer";

/** The service did not give what was asked for. `status` is 0 when it could not be
 * reached. */
export class NotGiven extends Error {
  constructor(readonly status: number, text: string) {
    super(text);
  }
}

const address = ({ studyUid, seriesUid }: Source): string => `/dicom-web/studies/${studyUid}/series/${seriesUid}`;

async function give(path: string, accept: string, signal: AbortSignal): Promise<Response> {
  let answer: Response;
  try {
    answer = await fetch(path, { headers: { Accept: accept }, signal });
  } catch (cause) {
    if (signal.aborted) throw cause;
    throw new NotGiven(0, String(cause));
  }
  if (answer.status === 401) void refusedBy(answer.clone()); // the page asks to sign in again
  if (!answer.ok) throw new NotGiven(answer.status, (await answer.text().catch(() => "")).trim().slice(0, 300) || answer.statusText);
  return answer;
}

/** What the images of a series say, or one of its instances. */
export async function metadata(source: Source, signal: AbortSignal, instance = ""): Promise<DataSet[]> {
  return await (await again(() => give(`${address(source)}${instance && `/instances/${instance}`}/metadata`, "application/dicom+json", signal), signal)).json() as DataSet[];
}

const syntax = "transfer-syntax=1.2.840.10008.1.2.1";

/** The pixel cells of frames of one instance. */
export function cells(source: Source, frames: Frame[], signal: AbortSignal): Promise<ArrayBuffer[]> {
  const path = `${address(source)}/instances/${frames[0]!.sop}/frames/${frames.map((one) => one.frame || 1).join(",")}`;
  return again(async () => {
    const one = frames.length === 1;
    const answer = await give(path, one ? `application/octet-stream; ${syntax}` : `multipart/related; type="application/octet-stream"; ${syntax}`, signal);
    const body = await answer.arrayBuffer();
    const boundary = boundaryOf(answer.headers.get("Content-Type") ?? "");
    const parts = boundary ? partsOf(body, boundary) : [body];
    if (parts.length !== frames.length) throw new NotGiven(answer.status, `${parts.length} of ${frames.length} frames`);
    return parts;
  }, signal);
}

// A service that is busy or restarts is asked again, twice.
async function again<T>(ask: () => Promise<T>, signal: AbortSignal): Promise<T> {
  for (const wait of [500, 2000]) {
    try {
      return await ask();
    } catch (cause) {
      if (signal.aborted || cause instanceof NotGiven && cause.status >= 400 && cause.status < 500 && cause.status !== 429) throw cause;
      await new Promise((then) => setTimeout(then, wait));
      if (signal.aborted) throw cause;
    }
  }
  return ask();
}
