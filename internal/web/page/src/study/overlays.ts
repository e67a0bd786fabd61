// What is drawn over the images for the findings, the added ones, and the one that
// is being added.
import type { FindingOutline, FindingView, SliceOutline } from "../api";
import type { Overlay } from "../viewer/viewer";
import type { Desk } from "./desk";
import { answerTo } from "./fold";
import { isMark, label, type FindingItem, type Item } from "./items";

const looks: Record<string, Overlay["look"]> = { agree: "agreed", disagree: "disagreed", unsure: "unsure" };

export function overlays(desk: Desk): Overlay[] {
  const draft = desk.draft.value;
  const out = desk.items.value.filter((i) => !isMark(i) || i.mark.id !== draft?.id).map((i) => overlayOf(desk, i));
  if (draft?.picked && draft.seriesUid === desk.seriesUid.value) {
    out.push({ id: "draft", label: "+", at: draft.picked.at, diameterMm: draft.diameterMm, look: "added" });
  }
  return out;
}

function overlayOf(desk: Desk, item: Item): Overlay {
  if (isMark(item)) return { id: item.id, label: label(item), at: item.mark.centerLpsMm, diameterMm: item.mark.diameterMm, look: "added" };
  const verdict = answerTo(desk.shown.value, item.id)?.answer.verdict ?? "";
  const outline = outlineOf(desk.outlines.value, item);
  return { ...drawn(item.id, item.finding), look: looks[verdict] ?? "open", ...(outline && { outline }) };
}

/** The border of a finding: of its own result, and not of whatever has its rank now. */
export const outlineOf = (outlines: FindingOutline[], { seriesUid, resultKey, finding }: FindingItem): SliceOutline[] | undefined =>
  outlines.find((o) => o.seriesUid === seriesUid && o.resultKey === resultKey && o.rank === finding.rank)?.slices;

const drawn = (id: string, f: FindingView): Omit<Overlay, "look"> => ({
  id, label: String(f.rank), at: f.centerLpsMm, diameterMm: f.diameterMm,
  ...(f.measured && { long: f.measured.longAxis, short: f.measured.shortAxis }),
});

/** Those of the earlier study, in its own coordinates. */
export const earlierOverlays = (desk: Desk): Overlay[] =>
  (desk.earlier.value?.findings ?? []).map(({ finding }) => ({ ...drawn(`earlier ${finding.rank}`, finding), look: "earlier" as const }));
