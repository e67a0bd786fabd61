// What stands around every place of the page.
import type { ComponentChildren } from "preact";
import { useEffect, useRef, useState } from "preact/hooks";
import { keysOn, useKeys } from "../kit/keys";
import { path } from "../kit/place";
import { Cross } from "../kit/parts";
import { putAway, toasts } from "../kit/toast";
import { me } from "../kit/who";
import { language, say } from "../kit/words";
import { Bars } from "./bars";
import { Boundary } from "./boundary";
import { Header } from "./header";
import { Help } from "./help";

export function Frame({ children }: { children: ComponentChildren }) {
  const [help, setHelp] = useState(false);
  const main = useRef<HTMLElement>(null);
  const entered = useRef(path.value);
  useKeys([{ keys: ["?"], label: "frame.keys", run: () => setHelp(true) }]);
  // Going somewhere else in the page is heard like loading it: the focus is at the
  // start of what is new.
  useEffect(() => {
    if (entered.current === path.value) return;
    entered.current = path.value;
    main.current?.focus({ preventScroll: true });
    main.current?.scrollTo(0, 0);
  }, [path.value]);
  return (
    <div class="frame" data-keys={keysOn.value ? "on" : "off"}>
      <a class="button primary skip" href="#main" onClick={(e) => { e.preventDefault(); main.current?.focus(); }}>{say("frame.skip")}</a>
      <Header help={() => setHelp(true)} />
      <Bars />
      <main id="main" ref={main} tabIndex={-1}>
        <Boundary place={path.value + language.value + (me.value ? "" : "-")}>{children}</Boundary>
      </main>
      <div class="toasts" role="status" aria-live="polite">
        {toasts.value.map((one) => (
          <div class={`toast ${one.kind}`} key={one.id}>
            <span class="fill">{one.text}</span>
            {one.action && <button type="button" class="button" onClick={() => { one.action!.run(); putAway(one.id); }}>{one.action.text}</button>}
            <button type="button" class="button quiet icon" aria-label={say("kit.close")} onClick={() => putAway(one.id)}><Cross /></button>
          </div>
        ))}
      </div>
      {help && <Help close={() => setHelp(false)} />}
    </div>
  );
}
