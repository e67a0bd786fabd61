// The lists of studies to look at again that are published: each has a page of its
// own.
import { signal } from "@preact/signals";
import { useEffect } from "preact/hooks";
import type { AgainList, AgainLists } from "../api";
import { getPassive } from "../kit/call";
import { remedy } from "../kit/parts";
import { me } from "../kit/who";
import { number, say } from "../kit/words";

// They stay while they are asked for again, so that nothing moves.
const lists = signal<AgainList[]>([]);
const trouble = signal<unknown>(null);
me.subscribe((who) => { if (who === null) { lists.value = []; trouble.value = null; } });

async function load(stopped?: AbortSignal): Promise<void> {
  try {
    lists.value = (await getPassive<AgainLists>("/api/again", stopped)).lists;
    trouble.value = null;
  } catch (cause) {
    if (!stopped?.aborted) trouble.value = cause;
  }
}

export function Offers() {
  useEffect(() => {
    const stopped = new AbortController();
    void load(stopped.signal);
    return () => stopped.abort();
  }, []);
  if (trouble.value !== null) {
    return (
      <div class="line offers" role="alert">
        <span class="warned">{say("again.offers.failed")} {remedy(trouble.value)}</span>
        <button type="button" class="button" onClick={() => void load()}>{say("kit.again")}</button>
      </div>
    );
  }
  if (!lists.value.length) return null;
  return (
    <nav class="line offers" aria-label={say("again.title")}>
      <span>{say("again.offers")}</span>
      {lists.value.map((one) => (
        <a key={one.rescoring} class="button" href={`/again/${one.rescoring}`}><NameOf list={one} /> <span class="numbers muted">({number(one.entries)})</span></a>
      ))}
    </nav>
  );
}

/** What people call a list. */
export const NameOf = ({ list }: { list: AgainList }) => <bdi>{list.name || say("again.numbered", { number: list.rescoring })}</bdi>;
