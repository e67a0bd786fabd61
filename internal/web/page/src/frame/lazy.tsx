// A room of the page that is loaded when somebody goes there.
import type { ComponentType } from "preact";
import { useEffect, useState } from "preact/hooks";
import { Waiting } from "../kit/parts";

/** The default export of a module, once it is there. An error in loading goes to
 * the boundary. */
export function lazy<P extends object>(load: () => Promise<{ default: ComponentType<P> }>): ComponentType<P> {
  let Loaded: ComponentType<P> | null = null;
  return (props: P) => {
    const [, set] = useState<unknown>(null);
    const [cause, fail] = useState<unknown>(null);
    useEffect(() => {
      if (Loaded) return;
      load().then((module) => { Loaded = module.default; set(module); }, fail);
    }, []);
    if (cause) throw cause;
    return Loaded ? <Loaded {...props} /> : <div class="page"><Waiting /></div>;
  };
}
