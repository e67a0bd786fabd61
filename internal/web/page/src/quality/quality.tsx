import { useTitle } from "../kit/parts";
import { say } from "../kit/words";

export default function Quality() {
  useTitle("frame.quality");
  return <div class="page"><h1>{say("frame.quality")}</h1></div>;
}
