// A mistake in one place of the page leaves the frame and its notices standing.
import { Component, type ComponentChildren } from "preact";
import { Notice } from "../kit/parts";
import { say } from "../kit/words";

interface Props { place: string; children: ComponentChildren }

export class Boundary extends Component<Props, { cause: unknown; place: string }> {
  override state = { cause: null as unknown, place: this.props.place };

  static override getDerivedStateFromError(cause: unknown): { cause: unknown } { return { cause }; }

  // Another place is another chance.
  static override getDerivedStateFromProps(props: Props, state: { place: string }): object | null {
    return props.place === state.place ? null : { place: props.place, cause: null };
  }

  override render(): ComponentChildren {
    if (this.state.cause === null) return this.props.children;
    return (
      <div class="page">
        <Notice kind="bad">
          <p>{say("frame.broken")}</p>
          <p class="small muted"><bdi lang="en" dir="ltr">{String(this.state.cause)}</bdi></p>
          <p><button type="button" class="button" onClick={() => location.reload()}>{say("frame.reload")}</button></p>
        </Notice>
      </div>
    );
  }
}
