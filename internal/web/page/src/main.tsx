import { render } from "preact";
import { say } from "./kit/words";

render(<p>{say("research")}</p>, document.getElementById("page")!);
