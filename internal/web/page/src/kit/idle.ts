// The end of a session that nobody uses: the service ends it after its idle time;
// the page says so before, and looks at the clock the same way in every tab.
import { signal } from "@preact/signals";
import { whenActed } from "./call";
import { tell, warning } from "./idling";
import { askWho, me } from "./who";

/** Seconds left before the end, while there is little left; else null. */
export const leaving = signal<number | null>(null);

// Other tabs of the same session act too.
const key = "nafas.acted";
const now = (): number => Date.now() / 1000;
const acted = (): number => Number(localStorage.getItem(key) ?? 0);
const act = (): void => localStorage.setItem(key, String(now()));

whenActed(() => { act(); leaving.value = null; });

/** Keeps the session: the reader is still here. */
export function stay(): void {
  act();
  void askWho();
}

function onInput(): void {
  // Once the countdown is on the screen, only its button stops it: a knock on the
  // desk is nobody's decision.
  if (!me.value?.idleSeconds || leaving.value !== null) return;
  if (tell(me.value.idleSeconds, now() - acted())) stay();
}

for (const kind of ["keydown", "pointerdown", "wheel"]) addEventListener(kind, onInput, { passive: true, capture: true });

let asking = false;

setInterval(() => {
  const idle = me.value?.open ? 0 : me.value?.idleSeconds;
  if (!idle) { leaving.value = null; return; }
  const left = Math.ceil(acted() + idle - now());
  if (left > warning(idle)) { leaving.value = null; return; }
  leaving.value = Math.max(0, left);
  // The service has the last word: it says 401 once the session is over.
  if (left > 0 || asking) return;
  asking = true;
  void askWho(true).finally(() => { setTimeout(() => { asking = false; }, 5000); });
}, 1000);
