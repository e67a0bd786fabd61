// The review page: a frame, and in it the place that the path names.
import { render } from "preact";
import { useEffect } from "preact/hooks";
import { Frame } from "./frame/frame";
import { lazy } from "./frame/lazy";
import { Lost } from "./frame/lost";
import { Failure, Waiting } from "./kit/parts";
import { path } from "./kit/place";
import "./kit/idle";
import { askWho, me, trouble } from "./kit/who";
import { enterPlace, SignIn } from "./signin/signin";
import { revive } from "./study/sending";
import { Worklist } from "./worklist/worklist";

const Study = lazy<{ uid: string }>(() => import("./study/study"));
const Again = lazy<{ rescoring: string }>(() => import("./again/again"));
const Quality = lazy(() => import("./quality/quality"));
const About = lazy(() => import("./about/about"));

function Place() {
  // What this is, anybody may know.
  if (path.value === "/about") return <About />;
  if (me.value === null) return <SignIn />;
  if (me.value === undefined) return <div class="page">{trouble.value ? <Failure cause={trouble.value} again={() => void askWho()} /> : <Waiting />}</div>;
  const study = /^\/studies\/([0-9.]+)$/.exec(path.value);
  // Another reader's study is another one: nothing of the one before is under way in it.
  if (study) return <Study key={`${study[1]} ${me.value.name}`} uid={study[1]!} />;
  const again = /^\/again\/([0-9]+)$/.exec(path.value);
  if (again) return <Again key={again[1]} rescoring={again[1]!} />;
  if (path.value === "/quality") return <Quality />;
  if (path.value === "/") return <Worklist />;
  return <Lost />;
}

function Page() {
  useEffect(() => { void askWho(); }, []);
  useEffect(() => { if (me.value) { enterPlace(); revive(me.value.name); } }, [me.value]);
  return <Frame><Place /></Frame>;
}

render(<Page />, document.getElementById("page")!);
