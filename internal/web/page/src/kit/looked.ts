// Whether somebody looks at this tab. Browsers open six connections to a server over
// HTTP/1.1, for all tabs together, and a stream of events holds one for good: with six
// tabs open nothing would load any more, and no answer be saved. So there a tab in the
// background lets its stream go. HTTP/2 has no such limit.

function few(): boolean {
  const [entry] = performance.getEntriesByType("navigation") as PerformanceNavigationTiming[];
  return entry?.nextHopProtocol !== "h2" && entry?.nextHopProtocol !== "h3";
}

/** Whether nobody looks, and connections are few. */
export function away(): boolean {
  return document.visibilityState === "hidden" && few();
}

/** Waits until somebody looks, where connections are few, or the signal aborts. */
export async function seen(stopped: AbortSignal): Promise<void> {
  while (away() && !stopped.aborted) {
    await new Promise<void>((resolve) => {
      const done = (): void => {
        document.removeEventListener("visibilitychange", done);
        stopped.removeEventListener("abort", done);
        resolve();
      };
      document.addEventListener("visibilitychange", done);
      stopped.addEventListener("abort", done);
    });
  }
}
