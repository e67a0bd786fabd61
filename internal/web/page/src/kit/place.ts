// Where in the page somebody is: the path, and the query with what is filtered.
// Neither ever holds a name or what was searched for: addresses are kept, shared
// and logged.
import { signal } from "@preact/signals";

export const path = signal(location.pathname);
export const query = signal(location.search);

// The query that each path had last.
const queries = new Map([[location.pathname, location.search]]);

// The list that was open last: the worklist, or one to look at again.
let list = "/";

const isList = (at: string): boolean => at === "/" || at.startsWith("/again/");
if (isList(location.pathname)) list = location.pathname;

/** The list that somebody came from, as it was left. */
export const listLeft = (): string => asLeft(list);

function read(): void {
  if (isList(location.pathname)) list = location.pathname;
  path.value = location.pathname;
  query.value = location.search;
  queries.set(location.pathname, location.search);
}

/** A path as it was left, with what was filtered there. */
export const asLeft = (to: string): string => to + (queries.get(to) ?? "");

addEventListener("popstate", read);

/** Goes to a path of the page without loading it anew. */
export function go(to: string): void {
  history.pushState(null, "", to);
  read();
}

/** Puts another address in the place of this one: "back" does not lead to it. */
export function replace(to: string): void {
  history.replaceState(null, "", to);
  read();
}

// Links within the page do not load it anew; a modified click is the browser's.
addEventListener("click", (event) => {
  if (event.defaultPrevented || event.button !== 0 || event.metaKey || event.ctrlKey || event.shiftKey || event.altKey) return;
  const link = event.target instanceof Element ? event.target.closest("a") : null;
  if (!link || link.target || link.hasAttribute("download") || link.origin !== location.origin) return;
  if (/^\/(api|auth|page|dicom-web)\//.test(link.pathname) || link.hash) return;
  event.preventDefault();
  go(link.pathname + link.search);
});
