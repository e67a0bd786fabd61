// The findings of a series by rank, with what readers added. The selected one is
// open: all of what is known of it, and the answer.
import { useEffect, useRef } from "preact/hooks";
import type { ResultView, StudyPage } from "../api";
import { Notice } from "../kit/parts";
import { say } from "../kit/words";
import { Answering, AnswerBadge } from "./answer";
import type { Desk } from "./desk";
import { answerTo } from "./fold";
import { isMark, label, type FindingItem, type Item, type MarkItem } from "./items";
import { DraftForm, MarkDetail } from "./mark";
import { voice } from "./ours";
import { Detail } from "./finding";
import { changeInShort, mark as markInWords, place, size } from "./sentences";
import { held, mm, score } from "./voice";
import { Sentence } from "../kit/sentence";
import { Suggestion } from "./suggested";

export function Findings({ desk, page }: { desk: Desk; page: StudyPage }) {
  const result = desk.series.value?.result;
  const items = desk.items.value;
  return (
    <>
      {result && <Warnings result={result} />}
      {page.exam.length > 0 && result && <Exam page={page} />}
      {desk.draft.value && !desk.draft.value.id && <DraftForm key="new" desk={desk} draft={desk.draft.value} />}
      {items.length > 0 && <List desk={desk} page={page} items={items} />}
      {result?.findings.length === 0 && <Notice kind="note"><p><strong>{say("study.none")}</strong></p><p>{say("study.none.look")}</p></Notice>}
      {!desk.draft.value && <p><button type="button" class="button" aria-keyshortcuts="m" aria-disabled={desk.blocked.value !== ""} onClick={desk.beginMark}>{say("study.mark.add")} <kbd aria-hidden="true">m</kbd></button></p>}
      {result && <Source result={result} />}
    </>
  );
}

// What weakens the result stands above it, and again beside each finding.
const Warnings = ({ result }: { result: ResultView }) => {
  if (result.warnings.length === 0) return null;
  return (
    <div class="study-warnings">
      <Notice kind="warn">
        <h2>{say("study.warnings", { count: result.warnings.length })}</h2>
        <ul>{result.warnings.map((w) => <li key={w.code + w.text}><Sentence text={w.text} /></li>)}</ul>
      </Notice>
    </div>
  );
};

const Exam = ({ page }: { page: StudyPage }) => (
  <details class="study-exam">
    <summary>{say("study.exam")}</summary>
    <ul class="stack plain">{page.exam.map((g) => <li key={g.guideline}><Suggestion name={g.guideline} of={g} /></li>)}</ul>
    <p class="small muted">{page.caveat}</p>
  </details>
);

// A real list of buttons with one place in the order of the page; n and p, or the
// arrows, go through it.
function List({ desk, page, items }: { desk: Desk; page: StudyPage; items: Item[] }) {
  const list = useRef<HTMLOListElement>(null);
  const selected = desk.selected.value;
  const had = useRef(selected);
  useEffect(() => {
    if (had.current === selected) return;
    had.current = selected;
    const button = list.current?.querySelector<HTMLElement>('[aria-current="true"]');
    // The focus follows only where it was in the list: not out of the images.
    if (list.current?.contains(document.activeElement) || document.activeElement === document.body) button?.focus({ preventScroll: true });
    // What is longer than the list is read from its top.
    const line = button?.closest("li");
    line?.scrollIntoView({ block: line.offsetHeight > (line.closest(".study-scroll")?.clientHeight ?? 0) ? "start" : "nearest" });
  }, [selected]);
  const inTurn = items.some((i) => i.id === selected) ? selected : items[0]?.id;
  return (
    <>
      <p class="small muted study-legend">{say("study.score.what")}</p>
      <ol class="plain study-list" ref={list}>
        {items.map((item) => (
          <li key={item.id} class={item.id === selected ? "open" : ""}>
            <Line desk={desk} item={item} open={item.id === selected} inTurn={item.id === inTurn} />
            {item.id === selected && (isMark(item)
              ? <MarkDetail desk={desk} item={item} />
              : <div class="study-detail" id={detailID(item)}><Answering desk={desk} item={item} /><Detail desk={desk} page={page} item={item} /></div>)}
          </li>
        ))}
      </ol>
    </>
  );
}

export const detailID = (item: Item): string => `study-detail-${isMark(item) ? item.mark.id : item.finding.rank}`;

const Line = ({ desk, item, open, inTurn }: { desk: Desk; item: Item; open: boolean; inTurn: boolean }) => (
  <button type="button" class="study-line" aria-current={open ? "true" : undefined} aria-expanded={open} tabIndex={inTurn ? 0 : -1}
    {...(open && { "aria-controls": detailID(item) })} onClick={() => desk.select(item.id)}>
    {isMark(item) ? <MarkLine desk={desk} item={item} /> : <FindingLine desk={desk} item={item} />}
  </button>
);

const FindingLine = ({ desk, item }: { desk: Desk; item: FindingItem }) => {
  const [v, f] = [voice(), item.finding];
  const said = answerTo(desk.shown.value, item.id)?.answer;
  const change = changeInShort(v, f.change);
  return (
    <>
      <span class={`study-rank ${f.flagged ? "flagged" : ""}`}><span class="unseen">{say("study.rank")}</span> <bdi dir="ltr">{label(item)}</bdi></span>
      <img class="study-thumb" src={f.thumbnailUrl} alt="" width="56" height="56" loading="lazy" />
      <span class="fill study-words">
        <span class="study-first"><strong>{mm(v, f.diameterMm)}</strong> <span>{said?.kind || f.measured?.kind ? v.word("kind", said?.kind || f.measured!.kind) : ""}</span></span>
        <span>{place(v, f)}</span>
        <span class="line study-chips">
          <span class={`badge ${f.flagged ? "warn" : ""}`}>{say(f.flagged ? "study.flagged" : "study.under_flag")}</span>
          {f.measured && !f.measured.reliable && <span class="badge warn">{say("study.size.unsure")}</span>}
          {(desk.series.value?.result?.warnings.length ?? 0) > 0 && <span class="badge warn">{say("study.scan_warned")}</span>}
          {change && <span class={`badge ${f.change?.growth?.trend === "growing" || f.change?.state === "new" ? "bad" : ""}`}>{change}</span>}
          <AnswerBadge said={said} way={desk.shown.value.underWay.get(item.id)} />
        </span>
      </span>
      <span class="study-score numbers"><span class="muted small">{say("study.score")}</span>{score(v, f.score)}</span>
      <span class="unseen">{size(v, f)}</span>
    </>
  );
};

const MarkLine = ({ desk, item }: { desk: Desk; item: MarkItem }) => (
  <>
    <span class="study-rank added"><bdi dir="ltr">{label(item)}</bdi></span>
    <span class="fill study-words">
      <span class="study-first"><strong>{say("study.mark.added")}</strong></span>
      <span>{markInWords(voice(), item.mark)}</span>
      <span class="line study-chips">
        <span class="badge note">{say("study.mark.by", { who: held(voice(), item.mark.by) })}</span>
        <AnswerBadge said={undefined} way={desk.shown.value.underWay.get(item.id)} />
      </span>
    </span>
  </>
);

// Which model said it, and where its accuracy and limits stand.
const Source = ({ result }: { result: ResultView }) => (
  <p class="small muted study-source">
    {say("study.research")} <a href="/about">{say("study.model", { model: result.model.name, version: result.model.version })}</a>
  </p>
);
