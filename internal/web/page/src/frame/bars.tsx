// Bars above the page: the service cannot be reached; the session ends soon.
import { useEffect, useState } from "preact/hooks";
import { getPassive, reachable } from "../kit/call";
import { backoff, pause } from "../kit/stream";
import { leaving, stay } from "../kit/idle";
import { signOut } from "../kit/who";
import { say } from "../kit/words";

export const Bars = () => (
  <>
    {!reachable.value && <Unreachable />}
    {leaving.value !== null && <Leaving left={leaving.value} />}
  </>
);

// What is on the screen is old while this stands; it asks on until there is an
// answer.
function Unreachable() {
  const [asks, ask] = useState(0);
  useEffect(() => {
    const stopped = new AbortController();
    void (async () => {
      for (let n = asks ? -1 : 0; !stopped.signal.aborted; n++) {
        if (n >= 0) await pause(backoff(Math.min(n, 4)), stopped.signal);
        if (stopped.signal.aborted) return;
        await getPassive("/api/sign-in", stopped.signal).catch(() => undefined);
      }
    })();
    const online = (): void => ask((n) => n + 1);
    addEventListener("online", online);
    return () => { stopped.abort(); removeEventListener("online", online); };
  }, [asks]);
  return (
    <div class="bar bad" role="alert">
      <span class="fill">{say("frame.unreachable")}</span>
      <button type="button" class="button" onClick={() => ask(asks + 1)}>{say("kit.again")}</button>
    </div>
  );
}

// Screen readers hear it at the start, not every second.
const Leaving = ({ left }: { left: number }) => (
  <div class="bar warn">
    <span class="unseen" role="alert">{say("frame.leaving.soon")}</span>
    <span class="fill numbers" aria-hidden="true">{say("frame.leaving", { seconds: left })}</span>
    <button type="button" class="button primary" onClick={stay}>{say("frame.stay")}</button>
    <button type="button" class="button" onClick={() => void signOut().catch(() => undefined)}>{say("frame.sign_out")}</button>
  </div>
);
