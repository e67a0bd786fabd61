// Who is signed in.
import { signal } from "@preact/signals";
import type { Me, SignIn } from "../api";
import { get, getPassive, post, Refused, useCSRF, whenSignedOut } from "./call";

/** Who is signed in; null: nobody; undefined: not known yet. */
export const me = signal<Me | null | undefined>(undefined);

/** Why it is not known who is signed in, while it is not. */
export const trouble = signal<unknown>(null);

/** Whether the session ended by itself while somebody was here. */
export const ended = signal(false);

function enter(who: Me): void {
  useCSRF(who.csrf);
  ended.value = false;
  trouble.value = null;
  me.value = who;
}

let checking = false;

// It may be said of a session that another tab has just replaced, to a request that
// was on its way.
whenSignedOut(() => {
  if (checking || !me.value) return;
  checking = true;
  void getPassive<Me>("/api/me").then(enter, () => {
    if (me.value) ended.value = true;
    me.value = null;
  }).finally(() => { checking = false; });
});

/** Asks the service; passive: no reader caused it. */
export async function askWho(passive = false): Promise<void> {
  try {
    enter(await (passive ? getPassive : get)<Me>("/api/me"));
  } catch (cause) {
    if (cause instanceof Refused && cause.status === 401) { me.value = null; return; }
    trouble.value = cause;
  }
}

/** Asks who is signed in where the service has refused what carried the session's
 * token; says whether there is another one now: in another tab somebody, or the same
 * one, has signed in anew. */
export async function renewed(): Promise<boolean> {
  const before = me.value?.csrf;
  await askWho(true);
  return me.value?.csrf !== before;
}

/** Signs in with a password; throws Refused. */
export async function signIn(as: SignIn): Promise<void> {
  enter(await post<Me>("/api/sign-in", as));
}

/** Ends the session. What is on the screen goes even where the service cannot be
 * reached; then it throws Refused, and the session ends by itself. */
export async function signOut(): Promise<void> {
  try {
    await post<void>("/api/sign-out", {});
  } finally {
    me.value = null;
    ended.value = false;
  }
}
