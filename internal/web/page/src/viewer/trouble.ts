// Why images cannot be shown, in the reader's language.
import { say } from "../kit/words";
import { NotGiven } from "./retrieve";
import { NoImages, type Series } from "./series";

/** Why a series, or one image, cannot be shown, and what to do. */
export function reason(cause: unknown): string {
  if (cause instanceof NoImages) return say("viewer.trouble.none", { placeless: cause.placeless, unreadable: cause.unreadable });
  if (!(cause instanceof NotGiven)) return say("viewer.trouble.broken", { detail: cause instanceof Error ? cause.message : String(cause) });
  if (cause.status === 0) return say("viewer.trouble.unreachable");
  if (cause.status === 401) return say("viewer.trouble.signed_out");
  if (cause.status === 403) return say("viewer.trouble.forbidden");
  if (cause.status === 404 || cause.status === 410) return say("viewer.trouble.gone");
  return say("viewer.trouble.refused", { status: cause.status, detail: cause.message });
}

/** All that is wrong with a series that is shown; "" when nothing is. */
export function troubles(series: Series): string {
  const out: string[] = [], { failed, others, placeless, unreadable, stack } = series;
  if (failed.size) out.push(say("viewer.trouble.failed", { count: failed.size, of: series.slices.length }) + " " + reason([...failed.values()][0]));
  if (others) out.push(say("viewer.trouble.others", { count: others }));
  if (placeless) out.push(say("viewer.trouble.placeless", { count: placeless }));
  if (unreadable) out.push(say("viewer.trouble.unreadable", { count: unreadable }));
  if (stack.noPlanes) out.push(say(`viewer.planes.${stack.noPlanes}`));
  return out.join(" ");
}
