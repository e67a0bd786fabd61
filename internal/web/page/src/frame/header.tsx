// The header: where one is, what this is, in which language and light, and who.
import { dress, theme, type Theme } from "../kit/theme";
import { language, languages, say, speak, type Key, type Language } from "../kit/words";
import { path } from "../kit/place";
import { me, signOut } from "../kit/who";
import { toast } from "../kit/toast";
import { remedy } from "../kit/parts";

const places: [string, Key][] = [["/", "frame.worklist"], ["/quality", "frame.quality"], ["/about", "frame.about"]];

/** The name's own sign: a breath. */
export const Breath = () => (
  <svg viewBox="0 0 24 24" aria-hidden="true" fill="none" stroke="currentColor" stroke-width="2" stroke-linecap="round">
    <path d="M3 9h11a3 3 0 1 0-3-3M3 13h15a3 3 0 1 1-3 3M3 17h7" />
  </svg>
);

export function Header({ help }: { help: () => void }) {
  return (
    <header class="header">
      <a class="name" href="/"><Breath /><bdi>Nafas</bdi></a>
      {me.value !== null && <nav aria-label={say("frame.places")}>
        <ul class="plain">
          {places.map(([to, key]) => <li key={to}><a href={to} aria-current={path.value === to ? "page" : undefined}>{say(key)}</a></li>)}
        </ul>
      </nav>}
      <div class="fill"><a class="research" href="/about">{say("research")}</a></div>
      <Languages />
      <Themes />
      <button type="button" class="button quiet icon" onClick={help} aria-label={say("frame.keys")} title={say("frame.keys")}><kbd aria-hidden="true">?</kbd></button>
      <Person />
    </header>
  );
}

const Languages = () => (
  <select class="input" aria-label={say("frame.language")} value={language.value} onChange={(e) => speak(e.currentTarget.value as Language)}>
    {Object.entries(languages).map(([code, name]) => <option key={code} value={code} lang={code}>{name}</option>)}
  </select>
);

const themes: [Theme, Key][] = [["dark", "frame.theme.dark"], ["light", "frame.theme.light"], ["system", "frame.theme.system"]];

const Themes = () => (
  <select class="input" aria-label={say("frame.theme")} value={theme.value} onChange={(e) => dress(e.currentTarget.value as Theme)}>
    {themes.map(([code, key]) => <option key={code} value={code}>{say(key)}</option>)}
  </select>
);

function Person() {
  const who = me.value;
  // Its place is kept while it is not known.
  if (who === undefined) return <><span class="who" /><button type="button" class="button later" disabled>{say("frame.sign_out")}</button></>;
  if (who === null) return null;
  if (who.open) return <span class="badge warn" title={say("frame.open.more")}>{say("frame.open")}</span>;
  return (
    <>
      <span class="cut who" title={`${who.name} · ${who.roles.join(", ")}`}><span class="unseen">{say("frame.signed_in")} </span><bdi>{who.display || who.name}</bdi></span>
      <button type="button" class="button" onClick={() => void signOut().catch((cause) => toast(remedy(cause), "bad"))}>{say("frame.sign_out")}</button>
    </>
  );
}
