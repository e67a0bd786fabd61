// A path that the page does not have.
import { Notice, useTitle } from "../kit/parts";
import { say } from "../kit/words";

export function Lost() {
  useTitle("frame.lost");
  return (
    <div class="page">
      <h1>{say("frame.lost")}</h1>
      <Notice kind="warn"><p>{say("frame.lost.more")}</p><p><a class="button" href="/">{say("frame.worklist")}</a></p></Notice>
    </div>
  );
}
