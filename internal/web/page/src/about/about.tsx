// What this is, what is known of its model, and what is not.
import { useEffect, useState } from "preact/hooks";
import type { About as Told, AboutModel } from "../api";
import { get, Refused } from "../kit/call";
import { Failure, Notice, useTitle, Waiting } from "../kit/parts";
import { language, languages, number, say, word } from "../kit/words";

export default function About() {
  useTitle("frame.about");
  const [told, set] = useState<Told | null>(null);
  const [cause, fail] = useState<unknown>(null);
  const load = (): void => { fail(null); get<Told>("/api/about").then(set, fail); };
  useEffect(load, [language.value]);
  return (
    <div class="page about">
      <h1>{say("about.title")}</h1>
      <Notice kind="warn">
        <p><strong>{say("research")}</strong></p>
        <p>{say("about.what")}</p>
        <p>{say("about.never")}</p>
      </Notice>
      {told ? <>
        {told.models.map((one) => <Model key={one.model.sha256} of={one} />)}
        {!told.models.length && <Notice kind="warn"><p>{say("about.no_model")}</p></Notice>}
      </> : cause instanceof Refused && cause.status === 401 ? <Notice kind="note"><p>{say("about.sign_in")}</p><p><a class="button" href="/">{say("signin.title")}</a></p></Notice>
        : cause !== null ? <Failure cause={cause} again={load} /> : <Waiting lines={8} />}
      <section class="panel stack">
        <h2>{say("about.program")}</h2>
        {told && <p>{say("about.version")} <bdi class="code">{told.version}</bdi></p>}
        <p>{say("about.licence")} <a href="/page/licences.txt" target="_blank" rel="noopener">{say("about.licences")}</a></p>
        <p>{say("about.languages", { list: new Intl.ListFormat(language.value).format(Object.values(languages)) })}</p>
        <p>{say("about.private")}</p>
      </section>
    </div>
  );
}

function Model({ of }: { of: AboutModel }) {
  return (
    <section class="panel stack">
      <div class="line"><h2>{say("about.model")} <bdi>{of.model.name} {of.model.version}</bdi></h2><span class={`badge ${of.live ? "good" : ""}`}>{say(of.live ? "about.live" : "about.past")}</span></div>
      <p class="small muted">SHA-256 <bdi class="code" dir="ltr">{of.model.sha256}</bdi></p>
      <h3>{say("about.accuracy")}</h3>
      {of.accuracy.length ? <Accuracy of={of} /> : <p>{say("about.no_accuracy")}</p>}
      <h3>{say("about.limits")}</h3>
      {of.limits.length
        ? <ul class="stack">{of.limits.map((one) => { const text = word("limit", one.code); return text === one.code ? <li key={one.code}><bdi lang="en">{one.text}</bdi></li> : <li key={one.code}>{text}</li>; })}</ul>
        : <p>{say("about.no_limits")}</p>}
    </section>
  );
}

const Accuracy = ({ of }: { of: AboutModel }) => (
  <div class="scroll" tabIndex={0} role="region" aria-label={say("about.accuracy")}>
    <table class="table">
      <caption>{say("about.accuracy.more")}</caption>
      <thead><tr>
        <th scope="col">{say("about.set")}</th><th scope="col">{say("about.point")}</th><th scope="col">{say("about.measured")}</th>
        <th scope="col" class="count">{say("about.count")}</th><th scope="col" class="count">{say("about.value")}</th>
      </tr></thead>
      <tbody>
        {of.accuracy.map((one) => (
          <tr key={one.set + one.point + one.what}>
            <td>{word("figure.set", one.set)}</td><td>{word("figure.point", one.point)}</td><td>{word("figure.what", one.what)}</td>
            <td class="count">{say("about.of", { hit: one.hit, total: one.of })}</td>
            <td class="count">{number(one.value, 2)}</td>
          </tr>
        ))}
      </tbody>
    </table>
  </div>
);
