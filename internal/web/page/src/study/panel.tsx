// What stands beside the images: the findings, the earlier study, the history.
import type { SeriesView, StudyPage } from "../api";
import { Notice } from "../kit/parts";
import { say } from "../kit/words";
import type { Desk } from "./desk";
import { EarlierStudy } from "./earlier";
import { Findings } from "./findings";
import { History } from "./history";
import { NotRead, Unread } from "./notread";
import { Sentence } from "../kit/sentence";
import { SignBar } from "./signbar";

export function Panel({ desk, page }: { desk: Desk; page: StudyPage }) {
  return (
    <>
      <Tabs desk={desk} page={page} />
      <div class="study-scroll" id="study-side" role="tabpanel" tabIndex={0} aria-labelledby={`study-tab-${desk.side.value}`}>
        <h2 class="unseen">{say(headings[desk.side.value])}</h2>
        {desk.side.value === "findings" && <Found desk={desk} page={page} />}
        {desk.side.value === "earlier" && page.earlier && <EarlierStudy desk={desk} earlier={page.earlier} />}
        {desk.side.value === "history" && <History desk={desk} />}
      </div>
      <SignBar desk={desk} />
    </>
  );
}

// Where nothing was read, why of all series; else of the one on the screen, and of
// those that may show what was read in no other.
const notRead = (desk: Desk, page: StudyPage): SeriesView[] =>
  page.series.filter((s) => s.notRead && (page.study.notAssessed || s.missed || s.uid === desk.seriesUid.value));

const headings = { findings: "study.findings", earlier: "study.earlier", history: "study.history" } as const;

const Found = ({ desk, page }: { desk: Desk; page: StudyPage }) => (
  <>
    <Unread page={page} />
    <Choice desk={desk} series={page.series} />
    {notRead(desk, page).map((series) => <NotRead key={series.uid} series={series} refusal={series.notRead!} />)}
    {page.earlier?.notDone && <Notice kind="warn"><p><Sentence text={page.earlier.text || page.earlier.notDone.text} /></p></Notice>}
    <Findings desk={desk} page={page} />
  </>
);

// Tabs as WAI-ARIA has them: arrows go between them, and the one in front is in the
// order of the page.
function Tabs({ desk, page }: { desk: Desk; page: StudyPage }) {
  const tabs = ([["findings", "study.findings"], ["earlier", "study.earlier"], ["history", "study.history"]] as const)
    .filter(([side]) => side !== "earlier" || page.earlier);
  const onKey = (event: KeyboardEvent): void => {
    const rtl = document.documentElement.dir === "rtl";
    const by = event.key === "ArrowRight" ? (rtl ? -1 : 1) : event.key === "ArrowLeft" ? (rtl ? 1 : -1) : 0;
    if (by === 0) return;
    event.preventDefault();
    const at = tabs.findIndex(([side]) => side === desk.side.value);
    const to = tabs[(at + by + tabs.length) % tabs.length]![0];
    desk.side.value = to;
    document.getElementById(`study-tab-${to}`)?.focus();
  };
  return (
    <div class="study-tabs" role="tablist" aria-label={say("study.side")} onKeyDown={onKey}>
      {tabs.map(([side, label]) => (
        <button type="button" key={side} id={`study-tab-${side}`} role="tab" class="button quiet" aria-controls="study-side"
          aria-selected={desk.side.value === side} tabIndex={desk.side.value === side ? 0 : -1} onClick={() => { desk.side.value = side; }}>
          {say(label)}
        </button>
      ))}
    </div>
  );
}

// Which series: all are on offer, those that nobody read too.
const Choice = ({ desk, series }: { desk: Desk; series: SeriesView[] }) => {
  if (series.length < 2) return null;
  return (
    <div class="field study-series">
      <label for="study-series">{say("study.series", { count: series.length })}</label>
      <select id="study-series" class="input" value={desk.seriesUid.value}
        onChange={(e) => desk.chooseSeries(series.find((s) => s.uid === e.currentTarget.value))}>
        {series.map((s) => <option key={s.uid} value={s.uid}>{inChoice(s)}</option>)}
      </select>
    </div>
  );
};

function inChoice(s: SeriesView): string {
  const name = [s.number, s.description || s.modality].filter((part) => part).join(" · ");
  return s.result
    ? say("study.series.read", { name, flagged: s.result.findings.filter((f) => f.flagged).length, images: s.instances })
    : say("study.series.not_read", { name, images: s.instances });
}
