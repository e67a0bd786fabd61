// The page of one study: its images, and beside them what was found, by rank, and
// what readers say of it.
import { useEffect, useMemo, useRef } from "preact/hooks";
import { Failure, useTitle, Waiting } from "../kit/parts";
import { useKeys } from "../kit/keys";
import { say } from "../kit/words";
import { language } from "../kit/words";
import { bindingsOf } from "./bindings";
import { makeDesk, type Desk } from "./desk";
import { Head } from "./head";
import { Images } from "./images";
import { isUndo } from "./keys";
import { Conflicts, Notices } from "./notices";
import { Panel } from "./panel";
import { Sheet } from "./sheet";
import { SignOff } from "./signoff";

export default function Study({ uid }: { uid: string }) {
  useTitle("study.title");
  const desk = useMemo(() => makeDesk(uid), [uid]);
  useEffect(() => desk.leave, [desk]);
  useLanguage(desk);
  const self = useRef<HTMLDivElement>(null);
  useStudyKeys(desk, self);
  if (desk.failure.value) return <div class="page"><Failure cause={desk.failure.value} again={() => void desk.load()} /></div>;
  return (
    <div class="study" ref={self}>
      <p class="unseen" role="status" aria-live="polite">{desk.announcement.value}</p>
      {desk.page.value
        ? <Opened desk={desk} page={desk.page.value} />
        : <div class="page"><h1 class="unseen">{say("study.title")}</h1><Waiting lines={6} /></div>}
    </div>
  );
}

const Opened = ({ desk, page }: { desk: Desk; page: NonNullable<Desk["page"]["value"]> }) => (
  <>
    <Head desk={desk} page={page} />
    <Notices desk={desk} />
    <div class="study-room">
      <Images desk={desk} page={page} />
      <Sheet desk={desk}><Panel desk={desk} page={page} /></Sheet>
    </div>
    {desk.signing.value && <SignOff desk={desk} page={page} />}
    <Conflicts desk={desk} />
  </>
);

// What the service says comes in the language that it was asked in.
function useLanguage(desk: Desk): void {
  const asked = useRef(language.value);
  useEffect(() => {
    if (asked.current === language.value) return;
    asked.current = language.value;
    void desk.load(true);
  }, [language.value]);
}

function useStudyKeys(desk: Desk, self: { current: HTMLElement | null }): void {
  useKeys(bindingsOf(desk, self));
  useEffect(() => {
    const onKey = (event: KeyboardEvent): void => {
      if (!isUndo(event) || event.target instanceof HTMLInputElement || event.target instanceof HTMLTextAreaElement) return;
      if (document.querySelector("dialog[open]")) return;
      event.preventDefault();
      if (!event.repeat) desk.undo();
    };
    addEventListener("keydown", onKey);
    return () => removeEventListener("keydown", onKey);
  }, [desk]);
}
