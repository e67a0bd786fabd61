// Searching and filtering.
import type { Signal } from "@preact/signals";
import type { RefObject } from "preact";
import { useEffect, useRef, useState } from "preact/hooks";
import { say, word, type Key } from "../kit/words";
import { unsigned, type Filters } from "./rows";

interface Props {
  box: RefObject<HTMLInputElement>;
  search: Signal<string>;
  filters: Filters;
  filter: (to: Filters) => void;
  open: boolean;
  setOpen: (open: boolean) => void;
}

type Kind = keyof Filters;
const kinds: { kind: Kind; group: string; title: Key; codes: string[] }[] = [
  { kind: "states", group: "state", title: "worklist.filter.state", codes: ["receiving", "waiting", "running", "done", "not_assessed", "failed"] },
  { kind: "priorities", group: "priority", title: "worklist.filter.priority", codes: ["urgent", "high", "not_assessed", "routine", "none"] },
  { kind: "reviews", group: "review", title: "worklist.filter.review", codes: ["none", "begun", "outdated", "signed"] },
];

export function Filtering({ box, search, filters, filter, open, setOpen }: Props) {
  const panel = useRef<HTMLDivElement>(null), toggle = useRef<HTMLButtonElement>(null);
  const was = useRef(open);
  useEffect(() => {
    if (open && !was.current) panel.current?.querySelector("button")?.focus();
    if (!open && was.current) toggle.current?.focus();
    was.current = open;
  }, [open]);
  const chosen = kinds.filter(({ kind }) => filters[kind].length && filters[kind].join() !== unsigned.join());
  return (
    <div class="filtering" onKeyDown={(e) => { if (e.key === "Escape" && open) { setOpen(false); e.preventDefault(); } }}>
      <div class="line">
        <SearchBox box={box} search={search} />
        <button type="button" class="button" ref={toggle} aria-expanded={open} aria-controls="filters" onClick={() => setOpen(!open)}>
          {say("worklist.filter")} <kbd aria-hidden="true">f</kbd>
        </button>
        {chosen.map(({ kind, group, title }) => (
          <span key={kind} class="badge note">{say(title)}: {filters[kind].map((code) => word(group, code)).join(say("worklist.or"))}</span>
        ))}
        {chosen.length > 0 && <button type="button" class="button quiet" onClick={() => filter({ states: [], priorities: [], reviews: unsigned })}>{say("worklist.filter.clear")}</button>}
      </div>
      <div id="filters" class="panel filters" hidden={!open} ref={panel}>
        {kinds.map(({ kind, group, title, codes }) => (
          <div key={kind} role="group" aria-labelledby={`filter-${kind}`} class="line">
            <span class="label" id={`filter-${kind}`}>{say(title)}</span>
            {codes.map((code) => (
              <button key={code} type="button" class="choice" aria-pressed={filters[kind].includes(code)} onClick={() => filter({ ...filters, [kind]: toggled(filters[kind], code, codes) })}>
                {word(group, code)}
              </button>
            ))}
          </div>
        ))}
      </div>
    </div>
  );
}

// In the order of codes; all chosen is the same as none.
function toggled(list: string[], code: string, codes: string[]): string[] {
  const next = codes.filter((one) => (one === code) !== list.includes(one));
  return next.length === codes.length ? [] : next;
}

// Asks once the typing pauses.
function SearchBox({ box, search }: Pick<Props, "box" | "search">) {
  const [text, setText] = useState(search.value);
  useEffect(() => setText(search.value), [search.value]);
  useEffect(() => {
    const timer = setTimeout(() => { search.value = text.trim(); }, 250);
    return () => clearTimeout(timer);
  }, [text]);
  return (
    <div role="search" class="search">
      <input type="search" class="input" ref={box} value={text} dir={text ? "auto" : undefined} autocomplete="off" spellcheck={false}
        aria-label={say("worklist.search")} placeholder={say("worklist.search")} aria-keyshortcuts="/"
        onInput={(e) => setText(e.currentTarget.value)}
        onKeyDown={(e) => {
          if (e.key === "Escape") { setText(""); if (!text) e.currentTarget.blur(); e.preventDefault(); }
          if (e.key === "Enter" || e.key === "ArrowDown") { search.value = text.trim(); e.currentTarget.blur(); e.preventDefault(); }
        }} />
      {!text && <kbd aria-hidden="true">/</kbd>}
    </div>
  );
}
