import { useTitle } from "../kit/parts";
import { say } from "../kit/words";

export function Worklist() {
  useTitle("frame.worklist");
  return <div class="page"><h1>{say("frame.worklist")}</h1></div>;
}
