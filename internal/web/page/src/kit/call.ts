// Requests to the service.
import type { Problem } from "../api";
import { language } from "./words";

/** An answer that is not 2xx. */
export class Refused extends Error {
  constructor(readonly status: number, readonly problem: Problem) {
    super(problem.detail);
  }
}

let csrf = "";

/** The token of the session, out of Me. */
export function useCSRF(token: string): void {
  csrf = token;
}

let onSignedOut: () => void = () => {};

/** Is called when the service says that nobody is signed in. */
export function whenSignedOut(then: () => void): void {
  onSignedOut = then;
}

async function call<T>(method: string, path: string, body?: unknown, signal?: AbortSignal): Promise<T> {
  const headers: Record<string, string> = { Accept: "application/json", "Accept-Language": language.value };
  if (body !== undefined) headers["Content-Type"] = "application/json";
  if (method !== "GET") headers["X-Nafas-CSRF"] = csrf;
  let answer: Response;
  try {
    answer = await fetch(path, { method, headers, body: body === undefined ? null : JSON.stringify(body), signal: signal ?? null });
  } catch (cause) {
    if (signal?.aborted) throw cause;
    throw new Refused(0, { code: "unreachable", detail: String(cause) });
  }
  if (answer.ok) return (answer.status === 204 ? undefined : await answer.json()) as T;
  const problem = await answer.json().catch(() => ({ code: "internal", detail: answer.statusText })) as Problem;
  if (answer.status === 401 && path !== "/api/sign-in") onSignedOut();
  throw new Refused(answer.status, problem);
}

export const get = <T>(path: string, signal?: AbortSignal): Promise<T> => call<T>("GET", path, undefined, signal);
export const post = <T>(path: string, body: unknown): Promise<T> => call<T>("POST", path, body);
