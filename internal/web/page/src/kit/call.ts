// Requests to the service.
import { signal } from "@preact/signals";
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

let onAction: () => void = () => {};

/** Is called when the service answered a request that counts as an action of the
 * reader, which puts off the end of the session. */
export function whenActed(then: () => void): void {
  onAction = then;
}

/** Whether the service answers. The frame says so where it does not, and asks on. */
export const reachable = signal(true);

/** The headers of every request. A passive one no reader caused: it does not put
 * off the end of the session. */
export function headersOf(passive: boolean): Record<string, string> {
  const headers: Record<string, string> = { "Accept-Language": language.value };
  if (passive) headers["X-Nafas-Passive"] = "1";
  return headers;
}

/** What an answer that is not 2xx says. */
export async function refusedBy(answer: Response): Promise<Refused> {
  const problem = await answer.json().catch(() => null) as Partial<Problem> | null;
  if (answer.status === 401 && !answer.url.endsWith("/api/sign-in")) onSignedOut();
  const code = problem?.code ?? codeOf(answer.status);
  return new Refused(answer.status, { ...problem, code, detail: problem?.detail ?? `${answer.status} ${answer.statusText}` });
}

// A proxy before the service answers without a Problem.
function codeOf(status: number): string {
  if (status === 502 || status === 503 || status === 504) return "unavailable";
  return { 400: "invalid", 401: "signed_out", 403: "forbidden", 404: "not_found", 409: "conflict", 429: "too_many" }[status] ?? "internal";
}

interface Asked {
  body?: unknown;
  signal?: AbortSignal;
  passive?: boolean;
  more?: Record<string, string>;
}

async function call<T>(method: string, path: string, { body, signal, passive = false, more }: Asked): Promise<T> {
  const headers = { ...headersOf(passive), ...more, Accept: "application/json" } as Record<string, string>;
  if (body !== undefined) headers["Content-Type"] = "application/json";
  if (method !== "GET") headers["X-Nafas-CSRF"] = csrf;
  let answer: Response;
  try {
    answer = await fetch(path, { method, headers, body: body === undefined ? null : JSON.stringify(body), signal: signal ?? null });
  } catch (cause) {
    if (signal?.aborted) throw cause;
    reachable.value = false;
    throw new Refused(0, { code: "unreachable", detail: String(cause) });
  }
  reachable.value = true;
  if (!answer.ok) throw await refusedBy(answer);
  if (!passive) onAction();
  return (answer.status === 204 ? undefined : await answer.json()) as T;
}

/** Asks because the reader did something; more are headers. */
export const get = <T>(path: string, signal?: AbortSignal, more?: Record<string, string>): Promise<T> => call<T>("GET", path, { ...(signal && { signal }), ...(more && { more }) });
/** Asks because time went by, or the service told of something: no reader did it. */
export const getPassive = <T>(path: string, signal?: AbortSignal, more?: Record<string, string>): Promise<T> => call<T>("GET", path, { passive: true, ...(signal && { signal }), ...(more && { more }) });
export const post = <T>(path: string, body: unknown): Promise<T> => call<T>("POST", path, { body });
