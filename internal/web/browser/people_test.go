package browser

import (
	"strings"
	"testing"

	"github.com/chromedp/chromedp/kb"
	"github.com/stretchr/testify/require"
)

// The people of every test.
func addPeople(t *testing.T, data string) {
	addUser(t, data, "amrani", "Dr Leïla Amrani", "read,review")
	addUser(t, data, "benali", "Dr Omar Benali", "read,review")
	addUser(t, data, "student", "Student", "read")
}

// signIn signs somebody in on the page that is open.
func (b *browser) signIn(name string) {
	b.t.Helper()
	b.fill("#signin-name", name)
	b.fill("#signin-password", password)
	b.press(kb.Enter)
}

// worklist waits for the worklist.
func (b *browser) worklist() {
	b.t.Helper()
	b.see("tr.entry a.person")
}

// openTop opens the worst study by keyboard.
func (b *browser) openTop() {
	b.t.Helper()
	b.worklist()
	b.press(kb.Home)
	b.press(kb.Enter)
	b.study()
}

// study waits until a study is open, with its first image on the screen.
func (b *browser) study() {
	b.t.Helper()
	b.see(".study-head")
	b.until(drawn)
}

// drawn: the large view shows an image, and says which edge is which.
const drawn = `(() => {
	const view = document.querySelector(".viewer .view"), canvas = view?.querySelector("canvas.pixels");
	return canvas?.width > 0 && view.querySelector(".letter.left").textContent !== "" && view.querySelector(".corner.slice").textContent !== "";
})()`

// saved waits until nothing that was said is on its way to the service.
func (b *browser) saved() {
	b.t.Helper()
	b.until(`!Object.keys(sessionStorage).some(name => name.startsWith("nafas.unsaved."))`)
}

// sliceCount is how many slices the large view has.
const sliceCount = `Number(document.querySelector(".view .corner.slice").textContent.match(/\d+/g).at(-1))`

// selected is the rank of the finding that is open, "" where none is.
const selected = `(document.querySelector('.study-line[aria-expanded="true"] .study-rank')?.textContent ?? "").replace(/\D+/g, "")`

// speaks fails the test where the page is not in the language, or shows a name of a
// word in place of the word.
func (b *browser) speaks(language string) {
	b.t.Helper()
	require.Equal(b.t, language, value[string](b, "document.documentElement.lang"))
	direction := "ltr"
	if language == "ar" {
		direction = "rtl"
	}
	require.Equal(b.t, direction, value[string](b, "getComputedStyle(document.body).direction"))
	for _, raw := range []string{"undefined", "NaN", "[object", "study.", "worklist.", "viewer."} {
		require.NotContains(b.t, value[string](b, "document.body.innerText"), raw)
	}
	require.False(b.t, strings.Contains(value[string](b, "document.title"), "LIDC"), "a title names no patient")
}
