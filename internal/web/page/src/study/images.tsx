// The images, and what is drawn over them.
import { effect, untracked } from "@preact/signals";
import { useEffect, useRef, useState } from "preact/hooks";
import type { Earlier, StudyPage } from "../api";
import { Notice } from "../kit/parts";
import { say } from "../kit/words";
import { makeViewer, ViewerToolbar } from "../viewer";
import type { Viewer } from "../viewer/viewer";
import type { Desk } from "./desk";
import { centre, image } from "./items";
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
      {desk.viewer.value && <div class="study-tools"><ViewerToolbar viewer={desk.viewer.value} without={desk.blocked.value ? ["add"] : []} /></div>}
      <div class="study-viewer" ref={host} hidden={gone || empty} />
    </section>
  );
}

/** Hangs a viewer into an element, and keeps it to what is on the desk until the
 * function that it returns is called. */
function hang(desk: Desk, host: HTMLElement, onTrouble: (cause: unknown) => void): () => void {
  const stops: (() => void)[] = [];
  let gone = false;
  makeViewer(host).then((viewer) => {
    if (gone) return viewer.destroy();
    stops.push(...follow(desk, viewer), () => {
      desk.viewer.value = null;
      viewer.destroy();
    });
    desk.viewer.value = viewer;
  }).catch(onTrouble);
  return () => {
    gone = true;
    for (const stop of stops) stop();
  };
}

// What cannot be shown the viewer says itself, in its place.
const said = (): void => {};

function follow(desk: Desk, viewer: Viewer): (() => void)[] {
  let asked: Earlier | undefined;
  const showEarlier = (): void => {
    const earlier = desk.earlier.peek();
    if (!earlier || asked?.seriesUid === earlier.seriesUid) return;
    asked = earlier;
    viewer.showEarlier({ studyUid: earlier.studyUid, seriesUid: earlier.seriesUid })
      .catch(() => { if (asked === earlier) asked = undefined; }); // whoever asks for it again has it tried again
  };
  // Another earlier scan takes the place of the one that is shown: the marks are its.
  const follow = (earlier: Earlier | undefined): void => {
    if (!asked || asked.seriesUid === earlier?.seriesUid) return;
    asked = undefined;
    void viewer.showEarlier(null);
    if (earlier) showEarlier();
    else if (viewer.settings.peek().layout === "earlier") viewer.layout("planes");
  };
  // A telephone has no room for three planes.
  if (matchMedia("(max-width: 40rem)").matches) viewer.layout("axial");
  viewer.onPick = desk.pick;
  viewer.onSelect = desk.point;
  viewer.match = desk.before;
  // The earlier scan comes when this one is there, before anybody asks for it.
  viewer.onLoaded = ({ images, of }) => { if (of > 0 && images === of) showEarlier(); };
  // The viewer has signals of its own: what it reads of them while it is told
  // something must not tell it again.
  const tell = (what: () => void): void => untracked(what);
  return [
    effect(() => {
      const seriesUid = desk.seriesUid.value;
      if (!seriesUid) return;
      const now = desk.item.peek();
      tell(() => void viewer.show({ studyUid: desk.uid, seriesUid }, now && centre(now), now && image(now)).then(desk.focus, said));
    }),
    effect(() => {
      const [now, before] = [overlays(desk), earlierOverlays(desk)];
      tell(() => viewer.overlays(now, before));
    }),
    effect(() => {
      const selected = desk.selected.value;
      const now = desk.item.peek();
      tell(() => {
        viewer.select(selected);
        if (now) viewer.goTo(centre(now));
      });
    }),
    effect(() => {
      const earlier = desk.earlier.value;
      tell(() => follow(earlier));
    }),
    effect(() => { if (viewer.settings.value.layout === "earlier") tell(showEarlier); }),
    effect(() => {
      const { tool } = viewer.settings.value;
      const draft = desk.draft.peek();
      if (tool === "add" && !draft) tell(desk.beginMark);
      if (tool !== "add" && draft && !draft.picked) desk.draft.value = null;
    }),
  ];
}
