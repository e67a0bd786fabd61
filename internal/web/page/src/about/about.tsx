import { useTitle } from "../kit/parts";
import { say } from "../kit/words";

export default function About() {
  useTitle("frame.about");
  return <div class="page"><h1>{say("frame.about")}</h1></div>;
}
