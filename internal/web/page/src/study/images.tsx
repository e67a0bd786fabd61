// The images, and what is drawn over them.
import { effect } from "@preact/signals";
import { useEffect, useRef, useState } from "preact/hooks";
import type { StudyPage } from "../api";
import { Notice } from "../kit/parts";
import { say } from "../kit/words";
import type { MakeViewer, Viewer } from "../viewer/viewer";
import { placeBefore, type Desk } from "./desk";
import { isMark } from "./items";
import { earlierOverlays, overlays } from "./overlays";

export function Images({ desk, page }: { desk: Desk; page: StudyPage }) {
  const host = useRef<HTMLDivElement>(null);
  const [trouble, setTrouble] = useState<unknown>(null);
  const gone = page.study.imagesGone;
  const empty = page.series.length === 0;
  useEffect(() => {
    if (gone || empty || !host.current) return;
    return hang(desk, host.current, setTrouble);
  }, [desk, gone, empty]);
  return (
    <section class="study-images" aria-label={say("study.images")}>
      {gone && <Notice kind="warn"><p><strong>{say("study.images.gone")}</strong></p><p>{say("study.images.gone.remedy")}</p></Notice>}
      {!gone && empty && <Notice kind="warn"><p>{say("study.images.none")}</p></Notice>}
      {trouble !== null && <Notice kind="bad"><p><strong>{say("study.images.trouble")}</strong></p><p><bdi lang="en" dir="ltr">{String(trouble instanceof Error ? trouble.message : trouble)}</bdi></p></Notice>}
      <div class="study-viewer" ref={host} hidden={gone || empty} />
    </section>
  );
}

/** Hangs a viewer into an element, and keeps it to what is on the desk until the
 * function that it returns is called. */
function hang(desk: Desk, host: HTMLElement, onTrouble: (cause: unknown) => void): () => void {
  const stops: (() => void)[] = [];
  let gone = false;
  void (async () => {
    const { makeViewer } = (await import("../viewer/index")) as { makeViewer: MakeViewer };
    const viewer = await makeViewer(host);
    if (gone) return viewer.destroy();
    desk.viewer.value = viewer;
    viewer.onPick = desk.pick;
    viewer.onSelect = (id) => desk.select(id);
    stops.push(...follow(desk, viewer, onTrouble), () => {
      desk.viewer.value = null;
      viewer.destroy();
    });
  })().catch(onTrouble);
  return () => {
    gone = true;
    for (const stop of stops) stop();
  };
}

function follow(desk: Desk, viewer: Viewer, onTrouble: (cause: unknown) => void): (() => void)[] {
  let shownEarlier = false;
  return [
    effect(() => {
      const seriesUid = desk.seriesUid.value;
      if (!seriesUid) return;
      const at = desk.item.peek();
      const place = at && (isMark(at) ? at.mark.centerLpsMm : at.finding.centerLpsMm);
      onTrouble(null);
      viewer.show({ studyUid: desk.uid, seriesUid }, place).then(desk.focus, onTrouble);
    }),
    effect(() => viewer.overlays(overlays(desk), earlierOverlays(desk))),
    effect(() => {
      viewer.select(desk.selected.value);
      const now = desk.item.peek();
      if (now) viewer.goTo(isMark(now) ? now.mark.centerLpsMm : now.finding.centerLpsMm, placeBefore(now));
    }),
    effect(() => viewer.overlaysOn(desk.overlaysOn.value)),
    effect(() => viewer.tool(desk.tool.value)),
    effect(() => viewer.slab(desk.slab.value)),
    effect(() => {
      const [layout, earlier] = [desk.layout.value, desk.earlier.value];
      viewer.layout(layout);
      if (layout !== "earlier" || !earlier || shownEarlier) return;
      shownEarlier = true;
      const now = desk.item.peek();
      viewer.showEarlier({ studyUid: earlier.studyUid, seriesUid: earlier.seriesUid }, now && placeBefore(now)).then(desk.focus, (cause: unknown) => {
        shownEarlier = false;
        onTrouble(cause);
      });
    }),
  ];
}
