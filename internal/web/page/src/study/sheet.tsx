// The list beside the images; on a narrow screen a sheet at its bottom, which a
// press raises and lowers.
import type { ComponentChildren } from "preact";
import { useEffect, useState } from "preact/hooks";
import { say } from "../kit/words";
import type { Desk } from "./desk";
import { label } from "./items";
import { voice } from "./ours";
import { run } from "./voice";

export function Sheet({ desk, children }: { desk: Desk; children: ComponentChildren }) {
  const [up, setUp] = useState(false);
  const item = desk.item.value;
  // To point at something the images must be there.
  const pointing = desk.draft.value !== null && !desk.draft.value.picked;
  useEffect(() => { if (pointing) setUp(false); }, [pointing]);
  return (
    <aside class={`study-sheet ${up ? "up" : ""}`} aria-label={say("study.findings")}>
      <div class="study-grip">
        <button type="button" class="button quiet" aria-label={say("study.key.previous")} onClick={() => desk.jump(-1)}><Arrow back /></button>
        <button type="button" class="button quiet fill" aria-expanded={up} onClick={() => setUp(!up)}>
          {item ? say("study.sheet.of", { label: run(voice(), label(item)), count: desk.items.value.length }) : say("study.findings")}
          <span class="unseen">{say(up ? "study.sheet.lower" : "study.sheet.raise")}</span>
        </button>
        <button type="button" class="button quiet" aria-label={say("study.key.next")} onClick={() => desk.jump(1)}><Arrow /></button>
      </div>
      <div class="study-panel">{children}</div>
    </aside>
  );
}

// Up is back: the list goes downwards in every language.
const Arrow = ({ back = false }: { back?: boolean }) => (
  <svg viewBox="0 0 24 24" width="20" height="20" aria-hidden="true" fill="none" stroke="currentColor" stroke-width="2.5">
    <path d={back ? "m5 15 7-7 7 7" : "m5 9 7 7 7-7"} />
  </svg>
);
