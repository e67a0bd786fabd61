package browser

import (
	"flag"
	"fmt"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"testing"

	"github.com/chromedp/cdproto/page"
	"github.com/chromedp/chromedp"
	"github.com/chromedp/chromedp/kb"
	"github.com/stretchr/testify/require"
)

// measured is where TestBudgets writes what it measured, such as a row for
// docs/performance.md. What it measures it never judges: machines differ.
var measured = flag.String("measured", "", "file that the measured times of the page are added to")

// note keeps one measured figure.
func note(t *testing.T, what string, format string, args ...any) {
	t.Helper()
	line := what + ": " + fmt.Sprintf(format, args...)
	t.Log(line)
	if *measured == "" {
		return
	}
	f, err := os.OpenFile(*measured, os.O_APPEND|os.O_CREATE|os.O_WRONLY, 0o644)
	require.NoError(t, err)
	defer f.Close()
	_, err = fmt.Fprintln(f, line)
	require.NoError(t, err)
}

// whenTrue has the page note when, in ms after its navigation began, a condition was
// first true at the end of a frame.
func (b *browser) whenTrue(condition string) {
	b.t.Helper()
	_, err := chromedp.Call(b.ctx, page.AddScriptToEvaluateOnNewDocument, page.AddScriptToEvaluateOnNewDocumentParams{Source: `(() => {
		const look = () => { if (` + condition + `) window.firstTrue = performance.now(); else requestAnimationFrame(look); };
		requestAnimationFrame(look);
	})()`})
	require.NoError(b.t, err)
}

// milliseconds waits for what whenTrue notes.
func (b *browser) milliseconds() float64 {
	b.t.Helper()
	b.until("window.firstTrue")
	return value[float64](b, "window.firstTrue")
}

// TestWorklistOfManyStudies: ten thousand studies are there, can be walked to the
// last one by keyboard, and searched.
func TestWorklistOfManyStudies(t *testing.T) {
	const studies = 10_000
	data := t.TempDir()
	s := serve(t, data, "--model", brightSpots)
	s.send(write(t, chest(t, upright).Volume, "A1", writeOptions{}))
	s.stop()
	multiply(t, data, studies)
	s = serve(t, data, "--model", brightSpots)
	for _, round := range []string{"first visit", "second visit"} {
		b := open(t, s.http, setting{})
		b.whenTrue(`document.querySelector("tr.entry a.person") && document.querySelector("[aria-rowcount='` + strconv.Itoa(studies+1) + `']")`)
		b.visit("/")
		note(t, "worklist of 10,000 studies usable, "+round, "%.0f ms", b.milliseconds())
		b.press(kb.End)
		b.until(`document.querySelector("tr.entry[aria-rowindex='` + strconv.Itoa(studies+1) + `'] a.person")`)
		b.fill("input[type=search]", "A1 copy9876")
		b.until(`document.querySelector("[aria-rowcount='2']") && document.querySelectorAll("tr.entry a.person").length === 1`)
		b.quiet("/thumbnail") // copies of one study share its images
	}
}

// TestManySlices: a stack of 300 slices of 512 x 512 is scrolled from end to end, and
// every slice was on the screen.
func TestManySlices(t *testing.T) {
	const slices = 300
	s := serve(t, t.TempDir(), "--model", brightSpots)
	s.send(write(t, manySlices(t, slices), "B1", writeOptions{}))
	b := open(t, s.http, setting{})
	b.visit("/")
	b.worklist()
	at := value[string](b, `document.querySelector("tr.entry a.person").getAttribute("href")`)
	b.whenTrue(drawn)
	b.visit(at)
	note(t, "first slice on the screen", "%.0f ms", b.milliseconds())
	b.until(loadedAll(slices))
	note(t, "300 slices loaded, planes whole", "%.0f ms", value[float64](b, "performance.now()"))
	type scrolled struct{ Shown, Ms float64 }
	got := value[scrolled](b, `(async () => {
		const view = document.querySelector(".view"), slice = () => view.querySelector(".corner.slice").textContent;
		const box = view.getBoundingClientRect(), seen = new Set([slice()]);
		const turn = (lines) => view.dispatchEvent(new WheelEvent("wheel", {deltaY: lines, deltaMode: 0, bubbles: true, cancelable: true, clientX: box.x + box.width / 2, clientY: box.y + box.height / 2}));
		const frame = () => new Promise(requestAnimationFrame);
		for (let i = 0; i < 330; i++) { turn(-100); await frame(); }
		seen.clear();
		const began = performance.now();
		let drawnImages = 0;
		for (let i = 0, last = ""; i < 320; i++) {
			turn(100);
			await frame(); await frame();
			if (slice() !== last) { last = slice(); drawnImages++; seen.add(last); }
		}
		return {Shown: seen.size, Ms: performance.now() - began, drawn: drawnImages};
	})()`)
	require.GreaterOrEqual(t, got.Shown, float64(slices)-1)
	note(t, "scrolled images a second", "%.0f", got.Shown/got.Ms*1000)
	note(t, "memory of the renderer", "%d MB", rendererMB(t))
	b.quiet()
}

// loadedAll: nothing is loading any more.
func loadedAll(slices int) string {
	return `performance.getEntriesByType("resource").filter(r => r.name.includes("/frames/") && r.responseEnd > 0).length >= ` + strconv.Itoa(slices)
}

// rendererMB is the resident memory of the largest renderer process on this machine.
func rendererMB(t *testing.T) int {
	t.Helper()
	most := 0
	all, err := filepath.Glob("/proc/[0-9]*/cmdline")
	require.NoError(t, err)
	for _, path := range all {
		command, err := os.ReadFile(path)
		if err != nil || !strings.Contains(string(command), "--type=renderer") {
			continue
		}
		status, err := os.ReadFile(filepath.Join(filepath.Dir(path), "status"))
		if err != nil {
			continue
		}
		for line := range strings.Lines(string(status)) {
			if rest, ok := strings.CutPrefix(line, "VmRSS:"); ok {
				kb, err := strconv.Atoi(strings.Fields(rest)[0])
				require.NoError(t, err)
				most = max(most, kb/1024)
			}
		}
	}
	return most
}
