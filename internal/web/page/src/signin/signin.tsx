// Signing in, in the place where somebody wanted to go: the path stays.
import { useEffect, useRef, useState } from "preact/hooks";
import type { SignInMethods } from "../api";
import { get, Refused } from "../kit/call";
import { Failure, Notice, remedy, useTitle, Waiting } from "../kit/parts";
import { path, query, replace } from "../kit/place";
import { askWho, ended, signIn } from "../kit/who";
import { say } from "../kit/words";

export function SignIn() {
  useTitle("signin.title");
  const [methods, set] = useState<SignInMethods | null>(null);
  const [cause, fail] = useState<unknown>(null);
  const load = (): void => { fail(null); get<SignInMethods>("/api/sign-in").then(set, fail); };
  useEffect(load, []);
  return (
    <div class="page signin">
      <h1>{say("signin.title")}</h1>
      {ended.value && <Notice kind="warn"><p>{say("signin.ended")}</p></Notice>}
      {problem() && <Notice kind="bad"><p>{problem() === "forbidden" ? say("signin.forbidden") : problem() === "unavailable" ? say("signin.provider.unavailable") : say("signin.provider.refused")}</p></Notice>}
      {cause !== null ? <Failure cause={cause} again={load} /> : !methods ? <Waiting /> : <Methods methods={methods} />}
      <p class="muted">{say("signin.research")}</p>
    </div>
  );
}

function Methods({ methods }: { methods: SignInMethods }) {
  return (
    <div class="panel stack">
      {methods.open && <button type="button" class="button primary" onClick={() => void askWho()}>{say("signin.open")}</button>}
      {methods.password && <Password />}
      {methods.password && methods.provider && <p class="or muted">{say("signin.or")}</p>}
      {methods.provider && <a class="button" href={start()}>{say("signin.provider", { name: methods.provider })}</a>}
      {!methods.open && !methods.password && !methods.provider && <Notice kind="warn"><p>{say("signin.nobody")}</p><p><code dir="ltr">nafas user add NAME</code></p></Notice>}
    </div>
  );
}

function Password() {
  const [trouble, fail] = useState<unknown>(null);
  const [busy, setBusy] = useState(false);
  const [wait, setWait] = useState(0);
  const name = useRef<HTMLInputElement>(null), password = useRef<HTMLInputElement>(null);
  useEffect(() => {
    if (wait <= 0) return;
    const timer = setTimeout(() => setWait(wait - 1), 1000);
    return () => clearTimeout(timer);
  }, [wait]);
  const send = async (event: Event): Promise<void> => {
    event.preventDefault();
    if (busy || wait > 0) return;
    setBusy(true);
    fail(null);
    try {
      await signIn({ name: name.current!.value, password: password.current!.value });
    } catch (cause) {
      fail(cause);
      setBusy(false);
      if (cause instanceof Refused && cause.status === 429) { setWait(cause.problem.retryAfterSeconds ?? 30); return; }
      password.current!.select();
      password.current!.focus();
    }
  };
  const refused = trouble instanceof Refused && trouble.status === 401;
  const tooMany = trouble instanceof Refused && trouble.status === 429;
  return (
    <form class="stack" onSubmit={(event) => void send(event)}>
      <div class="field">
        <label for="signin-name">{say("signin.name")}</label>
        <input class="input" id="signin-name" ref={name} autocomplete="username" autocapitalize="none" spellcheck={false} dir="auto" required aria-invalid={refused} aria-describedby={refused ? "signin-error" : undefined} />
      </div>
      <div class="field">
        <label for="signin-password">{say("signin.password")}</label>
        <input class="input" id="signin-password" ref={password} type="password" autocomplete="current-password" dir="ltr" required aria-invalid={refused} aria-describedby={refused ? "signin-error" : undefined} />
      </div>
      <div id="signin-error" role="alert" class="field-error">
        {refused ? say("signin.refused") : tooMany ? say("signin.too_many") : trouble ? remedy(trouble) : ""}
      </div>
      <button class="button primary" aria-disabled={busy || wait > 0}>
        {wait > 0 ? say("signin.wait", { seconds: wait }) : busy ? say("signin.busy") : say("signin.enter")}
      </button>
    </form>
  );
}

// Signing in with the provider comes back to the same place, or to the start of the
// page with the code of what was wrong.
const start = (): string => `/auth/start?to=${encodeURIComponent(path.value === "/sign-in" ? "/" : path.value + withoutProblem())}`;

const problem = (): string | null => new URLSearchParams(query.value).get("problem");

function withoutProblem(): string {
  const params = new URLSearchParams(query.value);
  params.delete("problem");
  return params.size ? `?${params}` : "";
}

/** Tidies the address once somebody has signed in. */
export function enterPlace(): void {
  if (path.value === "/sign-in") replace("/");
  else if (problem()) replace(path.value + withoutProblem());
}
