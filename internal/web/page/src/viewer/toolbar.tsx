// The buttons of the viewer. The page decides whether it shows them.
import type { ComponentChildren } from "preact";
import { say, type Key } from "../kit/words";
import type { Layout, Tool, Viewer, Window } from "./viewer";

const lines: Record<string, string> = {
  scroll: "M12 3v18M8 7l4-4 4 4M8 17l4 4 4-4",
  window: "M12 3a9 9 0 1 0 .01 0ZM12 3v18M12 7h4M12 11h7M12 15h6",
  pan: "M12 3v18M3 12h18M9 6l3-3 3 3M9 18l3 3 3-3M6 9l-3 3 3 3M18 9l3 3-3 3",
  zoom: "M10 4a6 6 0 1 0 .01 0ZM15 15l6 6M7 10h6M10 7v6",
  measure: "M3 17 17 3l4 4L7 21ZM8 12l2 2M11 9l3 3M14 6l2 2",
  crosshair: "M12 2v7M12 15v7M2 12h7M15 12h7",
  add: "M12 4a8 8 0 1 0 .01 0ZM12 8v8M8 12h8",
  planes: "M3 3h18v18H3ZM14 3v18M14 12h7",
  axial: "M3 3h18v18H3Z",
  earlier: "M3 3h18v18H3ZM12 3v18",
  slab: "M4 8l8-4 8 4-8 4ZM4 12l8 4 8-4M4 16l8 4 8-4",
  overlays: "M12 6a6 6 0 1 0 .01 0ZM12 2v3M12 19v3M2 12h3M19 12h3",
  reset: "M4 12a8 8 0 1 0 3-6M7 2v4h4",
};

const Icon = ({ name }: { name: string }) => (
  <svg viewBox="0 0 24 24" width="20" height="20" aria-hidden="true" fill="none" stroke="currentColor" stroke-width="2" stroke-linejoin="round"><path d={lines[name]} /></svg>
);

const Group = ({ label, children }: { label: Key; children: ComponentChildren }) => (
  <div class="buttons" role="group" aria-label={say(label)}>{children}</div>
);

interface Press {
  icon?: string;
  text: string;
  pressed?: boolean;
  disabled?: boolean;
  /** Its text is beside the icon; else only screen readers and pointers get it. */
  wide?: boolean;
  press: () => void;
}

const Button = ({ icon, text, pressed, disabled, wide, press }: Press) => (
  <button type="button" class={icon && !wide ? "button icon" : "button"} aria-pressed={pressed} disabled={disabled} title={wide ? undefined : text} onClick={press}>
    {icon && <Icon name={icon} />}
    <span class={icon && !wide ? "unseen" : undefined}>{text}</span>
  </button>
);

const tools: Tool[] = ["scroll", "window", "pan", "zoom", "measure", "crosshair", "add"];
const windows: Window[] = ["lung", "soft", "bone"];
const layouts: Layout[] = ["planes", "axial", "earlier"];

/** How thick slabs can be made with the button, mm. */
export const slabs = [0, 5, 10, 20];

/** The buttons of a viewer. `without` leaves tools out, such as "add" for those who
 * may only look. */
export function ViewerToolbar({ viewer, without = [] }: { viewer: Viewer; without?: Tool[] }) {
  const { tool, window, layout, slabMm, overlaysOn, planes, earlier } = viewer.settings.value;
  return (
    <div class="viewer-toolbar" role="group" aria-label={say("viewer.toolbar")}>
      <Group label="viewer.tools">
        {tools.filter((one) => !without.includes(one)).map((one) =>
          <Button key={one} icon={one} text={say(`viewer.tool.${one}`)} pressed={tool === one} press={() => viewer.tool(one)} />)}
      </Group>
      <Group label="viewer.windows">
        {windows.map((one) => <Button key={one} text={say(`viewer.window.${one}`)} pressed={window === one} press={() => viewer.window(one)} />)}
      </Group>
      <Group label="viewer.layouts">
        {layouts.map((one) => (
          <Button key={one} icon={one} text={say(`viewer.layout.${one}`)} pressed={layout === one}
            disabled={one === "planes" && !planes || one === "earlier" && !earlier} press={() => viewer.layout(one)} />
        ))}
      </Group>
      <Group label="viewer.slab">
        {slabs.map((mm) => <Button key={mm} icon={mm ? undefined : "slab"} text={mm ? say("viewer.mm", { mm }) : say("viewer.slab.off")} pressed={slabMm === mm} press={() => viewer.slab(mm)} />)}
      </Group>
      <Group label="viewer.more">
        <Button icon="overlays" wide text={say("viewer.overlays")} pressed={overlaysOn} press={() => viewer.overlaysOn(!overlaysOn)} />
        <Button icon="reset" wide text={say("viewer.reset")} press={() => viewer.reset()} />
      </Group>
    </div>
  );
}
