// The list of keys of what is on the screen.
import { bindings, keysOn, switchKeys } from "../kit/keys";
import { Dialog } from "../kit/parts";
import { say, word } from "../kit/words";

export const Help = ({ close }: { close: () => void }) => (
  <Dialog title={say("frame.keys")} close={close}>
    <table class="table">
      <thead class="unseen"><tr><th>{say("frame.keys.key")}</th><th>{say("frame.keys.does")}</th></tr></thead>
      <tbody>
        {bindings.value.map((one) => (
          <tr key={one.label + one.keys.join()}>
            <td><span class="line" dir="ltr">{one.keys.map((key) => <kbd key={key}>{signs[key] ?? key}</kbd>)}</span></td>
            <td>{say(one.label)}</td>
          </tr>
        ))}
      </tbody>
    </table>
    <p><label class="check">
      <input type="checkbox" checked={keysOn.value} onChange={(e) => switchKeys(e.currentTarget.checked)} />
      {say("frame.keys.on")}
    </label></p>
  </Dialog>
);

const signs: Record<string, string> = {
  ArrowDown: "↓", ArrowUp: "↑", ArrowLeft: "←", ArrowRight: "→", get " "() { return word("frame", "keys.space"); },
  PageUp: "PgUp", PageDown: "PgDn", Escape: "Esc", Delete: "Del",
};
