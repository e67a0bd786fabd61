// The page of one study.
import { useTitle } from "../kit/parts";
import { say } from "../kit/words";

export default function Study({ uid }: { uid: string }) {
  useTitle("frame.study");
  return <div class="page"><h1>{say("frame.study")}</h1><p class="code">{uid}</p></div>;
}
