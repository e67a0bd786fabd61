// Whose study it is, and why it stands where it stands in the worklist.
import { useState } from "preact/hooks";
import type { StudyPage } from "../api";
import { Dialog, PriorityMark } from "../kit/parts";
import { listLeft } from "../kit/place";
import { say, word } from "../kit/words";
import type { Desk } from "./desk";
import { voice } from "./ours";
import { age, list } from "./sentences";
import { Sentence } from "../kit/sentence";
import { held } from "./voice";

export function Head({ desk, page }: { desk: Desk; page: StudyPage }) {
  const [more, setMore] = useState(false);
  const { study } = page;
  const v = voice();
  const person = list(v, [age(v, study.patient, study.studyDate), study.patient.sex && word("study.sex", study.patient.sex)].filter((part) => part !== ""));
  return (
    <header class="study-head">
      <a class="button quiet study-aside" href={listLeft()} aria-keyshortcuts="w">{say(listLeft().startsWith("/again/") ? "again.back" : "study.to_worklist")}</a>
      <div class="study-who">
        <div class="line study-name">
          <h1><bdi>{study.patient.name || say("study.no_name")}</bdi></h1>
          {study.state !== "done" && <span class={`badge ${study.state === "failed" || study.state === "not_assessed" ? "bad" : "note"}`}>{word("state", study.state)}</span>}
          {study.requestPriority === "urgent" && <span class="badge warn">{say("study.asked_urgent")}</span>}
          <Presence desk={desk} />
        </div>
        <dl class="study-facts">
          <Fact name={say("study.patient_id")} value={study.patient.id} />
          {person && <div><dt class="unseen">{say("study.person")}</dt><dd>{person}</dd></div>}
          <div><dt class="unseen">{say("study.date")}</dt><dd><bdi>{voice().date(study.studyDate)}</bdi></dd></div>
          <div class="study-aside"><dt class="unseen">{say("study.description")}</dt><dd class="cut"><bdi>{study.description}</bdi></dd></div>
          <Fact name={say("study.accession")} value={study.accession} aside />
        </dl>
      </div>
      <div class="study-why">
        <PriorityMark priority={study.priority} />
        <ul class="plain">{study.reasons.map((r) => <li key={r.code + r.text}><Sentence text={r.text} /></li>)}</ul>
      </div>
      <button type="button" class="button quiet study-more" onClick={() => setMore(true)}>{say("study.more")}</button>
      {more && <More page={page} close={() => setMore(false)} />}
    </header>
  );
}

const Fact = ({ name, value, aside = false }: { name: string; value: string; aside?: boolean }) => (value ? <div class={aside ? "study-aside" : ""}><dt>{name}</dt><dd><bdi>{value}</bdi></dd></div> : null);

const Presence = ({ desk }: { desk: Desk }) => {
  const others = desk.others.value;
  return (
    <span role="status" class={others.length ? "badge note" : "unseen"}>
      {others.length > 0 && say("study.others.open", { who: list(voice(), others.map((one) => held(voice(), one))), count: others.length })}
    </span>
  );
};

// What is seldom asked: the series as they came, the scan, and where the result went.
const More = ({ page, close }: { page: StudyPage; close: () => void }) => (
  <Dialog title={say("study.more")} close={close}>
    <div class="stack">
      <p><bdi>{page.study.description}</bdi>{page.study.accession && <> · {say("study.accession")} <bdi>{page.study.accession}</bdi></>}</p>
      <p>{say("study.received", { at: voice().time(page.study.receivedAt), images: page.study.instances })}</p>
      {page.study.quarantined > 0 && <p class="notice warn">{say("study.quarantined", { images: page.study.quarantined })}</p>}
      {page.series.map(({ uid, number, description, result }) => result && (
        <section key={uid} class="stack">
          <h3><bdi>{description || number || uid}</bdi></h3>
          <p class="small"><bdi dir="ltr">{result.scan.manufacturer} · {result.scan.kernel} · {result.scan.slices} × {result.scan.columns} × {result.scan.rows} · {result.scan.sliceThicknessMm} mm</bdi></p>
          <p class="small">{say("study.model", { model: result.model.name, version: result.model.version })} <code>{result.model.sha256.slice(0, 12)}</code></p>
          {result.notes.map((note) => <p key={note} class="small muted"><Sentence text={note} /></p>)}
        </section>
      ))}
      <h3>{say("study.deliveries")}</h3>
      {page.deliveries.length === 0 ? <p class="muted">{say("study.deliveries.none")}</p> : (
        <ul class="plain stack">
          {page.deliveries.map((d, i) => (
            <li key={i}>
              <span class={`badge ${d.state === "dead" ? "bad" : d.state === "delivered" ? "good" : "note"}`}>{say(deliveries[d.state] ?? "study.delivery.waiting")}</span>{" "}
              <bdi>{d.destination}</bdi>, <bdi>{voice().time(d.updatedAt)}</bdi>
              {d.state !== "delivered" && d.reason && <p class="small"><bdi lang="en">{d.reason}</bdi> {say("study.delivery.attempts", { attempts: d.attempts })}</p>}
            </li>
          ))}
        </ul>
      )}
    </div>
  </Dialog>
);

const deliveries: Record<string, "study.delivery.waiting" | "study.delivery.delivered" | "study.delivery.dead" | "study.delivery.replaced"> = {
  waiting: "study.delivery.waiting", delivered: "study.delivery.delivered", dead: "study.delivery.dead", replaced: "study.delivery.replaced",
};
