package browser

import (
	"strconv"
	"testing"

	"github.com/chromedp/cdproto/emulation"
	"github.com/chromedp/cdproto/input"
	"github.com/chromedp/chromedp"
	"github.com/stretchr/testify/require"
)

// sliceShown is the text of the large view that says which slice it shows.
const sliceShown = `document.querySelector(".view .corner.slice").textContent`

// TestEarlier: a study has the earlier one of the patient beside it, both at the
// place of the finding, both with the patient's right on the left.
func TestEarlier(t *testing.T) {
	s := serve(t, t.TempDir(), "--model", brightSpots)
	v := chest(t, upright).Volume
	s.send(write(t, v, "R1", writeOptions{Date: "20250101", Seed: "then"}))
	s.send(write(t, v, "R1", writeOptions{Date: "20250701", Seed: "now"}))
	b := open(t, s.http, setting{})
	b.visit("/")
	b.worklist()
	b.visit(value[string](b, `(() => {
		const rows = [...document.querySelectorAll("tr.entry")];
		return rows.find(row => row.innerText.includes("Jul 2025")).querySelector("a.person").getAttribute("href");
	})()`))
	b.study()
	b.until(`document.querySelectorAll(".study-line").length > 0`)
	b.press("v")
	// The views that are on the screen, and have an image.
	const beside = `[...document.querySelectorAll(".viewer .view")].filter(v => v.getClientRects().length && v.querySelector("canvas.pixels").width > 0 && v.querySelector(".letter.left").textContent === "R")`
	b.until(beside + ".length === 2")
	b.until(beside + `.every(v => /\d/.test(v.querySelector(".corner.slice").textContent))`)
	// The same volume twice: the same place is the same slice.
	b.until(`new Set(` + beside + `.map(v => v.querySelector(".corner.slice").textContent.trim())).size === 1`)
	before := value[string](b, sliceShown)
	b.press("n")
	b.until(selected + ` === "2"`)
	b.until(sliceShown + ` !== ` + strconv.Quote(before))
	b.until(`new Set(` + beside + `.map(v => v.querySelector(".corner.slice").textContent.trim())).size === 1`)
	b.accessible()
	b.quiet()
}

// TestTouch: fingers scroll the stack, and choose findings, on a tablet.
func TestTouch(t *testing.T) {
	s := serve(t, t.TempDir(), "--model", brightSpots)
	s.send(write(t, chest(t, upright).Volume, "A1", writeOptions{}))
	b := open(t, s.http, setting{width: 820, height: 1180})
	_, err := chromedp.Call(b.ctx, emulation.SetTouchEmulationEnabled, emulation.SetTouchEmulationEnabledParams{Enabled: true, MaxTouchPoints: 5})
	require.NoError(t, err)
	b.visit("/")
	b.worklist()
	b.visit(value[string](b, `document.querySelector("tr.entry a.person").getAttribute("href")`))
	b.study()
	b.until(`document.querySelectorAll(".study-line").length > 0`)
	before := value[string](b, sliceShown)
	type point struct{ X, Y float64 }
	from := value[point](b, `(() => { const r = document.querySelector(".view canvas.pixels").getBoundingClientRect(); return {X: r.x + r.width / 2, Y: r.y + r.height / 2}; })()`)
	touch := func(kind input.DispatchTouchEventType, at ...*input.TouchPoint) {
		_, err := chromedp.Call(b.ctx, input.DispatchTouchEvent, input.DispatchTouchEventParams{Type: kind, TouchPoints: append([]*input.TouchPoint{}, at...)})
		require.NoError(t, err)
	}
	touch(input.DispatchTouchEventTypeTouchStart, &input.TouchPoint{X: from.X, Y: from.Y})
	for step := range 20 {
		touch(input.DispatchTouchEventTypeTouchMove, &input.TouchPoint{X: from.X, Y: from.Y - 8*float64(step+1)})
	}
	touch(input.DispatchTouchEventTypeTouchEnd)
	b.until(sliceShown + ` !== ` + strconv.Quote(before))
	b.accessible()
	b.quiet()
}
