package browser

import (
	"os"
	"path/filepath"
	"testing"

	"github.com/chromedp/cdproto/page"
	"github.com/chromedp/chromedp"
	"github.com/chromedp/chromedp/kb"
	"github.com/stretchr/testify/require"
)

// inTwo is a chest whose last slices come later: first without them, which is a scan
// by itself, then with them.
func inTwo(t *testing.T, first int) (early, late string) {
	t.Helper()
	early, late = write(t, chest(t, upright).Volume, "A1", writeOptions{}), t.TempDir()
	files, err := filepath.Glob(filepath.Join(early, "*"))
	require.NoError(t, err)
	require.Greater(t, len(files), first)
	for _, file := range files[first:] {
		require.NoError(t, os.Rename(file, filepath.Join(late, filepath.Base(file))))
	}
	return early, late
}

// entries is how many actions of readers the service has of the study on the screen.
const entries = `(async () => (await (await fetch(location.pathname.replace("/studies/", "/api/studies/") + "/review")).json()).history.length)()`

// deafness lets a test cut the streams of a page: while it is deaf, none comes up.
const deafness = `(() => {
	const real = fetch;
	window.deaf = false;
	window.cut = new AbortController();
	window.fetch = (path, how) => !String(path).endsWith("/events") ? real(path, how)
		: deaf ? Promise.reject(new Error("deaf")) : real(path, {...how, signal: AbortSignal.any([how.signal, (cut = new AbortController()).signal])});
})()`

// TestNewerResult: one that came while the page heard nothing is told of all the same,
// and does not take the place of the one on the screen.
func TestNewerResult(t *testing.T) {
	data := t.TempDir()
	addPeople(t, data)
	s := serve(t, data, "--model", brightSpots)
	early, late := inTwo(t, 100)
	s.send(early)
	b := open(t, s.http, setting{})
	_, err := chromedp.Call(b.ctx, page.AddScriptToEvaluateOnNewDocument, page.AddScriptToEvaluateOnNewDocumentParams{Source: deafness})
	require.NoError(t, err)
	b.visit("/")
	b.signIn("amrani")
	b.openTop()
	b.until(`document.querySelectorAll(".study-line").length > 0`)
	key := `document.querySelector(".study-thumb").getAttribute("src")`
	before := value[string](b, key)
	value[bool](b, `(() => { deaf = true; cut.abort(); return true; })()`)
	b.until(`document.querySelectorAll(".bar").length > 0`)
	s.send(late)
	value[bool](b, `(() => { deaf = false; return true; })()`)
	b.until(`document.querySelector(".bar.warn .button.primary") !== null`)
	require.Equal(t, before, value[string](b, key))
	b.press("s")
	b.see("dialog[open] .notice.bad")
	require.False(t, value[bool](b, `document.querySelector("dialog[open] .button.primary") !== null`), "what is not on the screen is not signed")
	b.press(kb.Escape)
	b.click(".bar.warn .button.primary")
	b.until(key + ` !== "` + before + `"`)
	b.until(`document.querySelector(".bar.warn .button.primary") === null`)
}

// TestResultWhileSigning: a study that was not read, and is read while somebody is
// about to sign it, is not signed.
func TestResultWhileSigning(t *testing.T) {
	data := t.TempDir()
	addPeople(t, data)
	s := serve(t, data, "--model", brightSpots)
	early, late := inTwo(t, 5)
	s.sendUnread(early)
	b := open(t, s.http, setting{})
	b.visit("/")
	b.signIn("amrani")
	b.openTop()
	b.see(".study-panel .notice.bad")
	b.press("s")
	b.see("dialog[open] .button.primary")
	s.send(late)
	b.until(`document.querySelectorAll(".study-line").length > 0`)
	require.False(t, value[bool](b, `document.querySelector("dialog[open]") !== null`))
	b.see(".toast.bad")
	require.Zero(t, value[int](b, entries))
}

// TestAnswersAreKept: over an error of the service, and over a session that another
// tab has replaced; and a key that is pressed twice, or held, answers once.
func TestAnswersAreKept(t *testing.T) {
	s := small(t)
	b := reader(t, s, "amrani")
	b.press("a")
	b.until(agreed)
	b.press("a")
	value[bool](b, `(() => { for (const key of ["u", "z"]) dispatchEvent(new KeyboardEvent("keydown", {key, repeat: true})); return true; })()`)
	b.press("n")
	b.press("a")
	b.until(agreed)
	b.until(saved)
	require.Equal(t, 2, value[int](b, entries))

	value[bool](b, `(() => { window.real = fetch; window.fetch = (...all) => all[1]?.method === "POST" ? Promise.resolve(new Response("{}", {status: 500})) : real(...all); return true; })()`)
	b.press("u")
	b.see(".bar.bad .button")
	value[bool](b, `(() => { window.fetch = real; return true; })()`)
	b.click(".bar.bad .button")
	b.until(saved)
	require.Equal(t, 3, value[int](b, entries))

	require.Equal(t, 200, value[int](b, `fetch("/api/sign-in", {method: "POST", headers: {"Content-Type": "application/json"}, body: JSON.stringify({name: "amrani", password: "`+password+`"})}).then(r => r.status)`))
	b.press("a")
	b.until(agreed)
	b.until(saved)
	require.Equal(t, 4, value[int](b, entries))
	b.quiet("500", "403", "401") // and who is not signed in is told so
}

// saved: nothing of what was answered is on its way.
const saved = `[...document.querySelectorAll(".study-line .badge")].every(one => !/saving|not saved/i.test(one.textContent)) && document.querySelector(".bar.bad") === null`

// TestContradictionIsDecided: neither a key nor a press that was meant for something
// else throws the own answer away.
func TestContradictionIsDecided(t *testing.T) {
	s := small(t)
	first, second := reader(t, s, "amrani"), reader(t, s, "benali")
	second.offline(true)
	second.press("u")
	second.see(".bar.bad")
	first.press("a")
	first.until(agreed)
	first.until(saved)
	second.offline(false)
	second.see("dialog[open]")
	second.press(kb.Escape)
	second.press(kb.Enter)
	value[bool](second, `(() => { document.querySelector("dialog[open]").click(); return true; })()`)
	require.True(t, value[bool](second, `document.querySelector("dialog[open]") !== null`))
	second.click("dialog[open] .button.primary")
	first.until(`document.querySelector(".study-answer .unsure").getAttribute("aria-pressed") === "true"`)
}

// TestMissedSeries: a series that was not read for how it was made, beside one that
// was read, is named in the worklist, in the study, and to whoever signs.
func TestMissedSeries(t *testing.T) {
	data := t.TempDir()
	addPeople(t, data)
	s := serve(t, data, "--model", brightSpots)
	v := chest(t, upright).Volume
	whole := write(t, v, "A1", writeOptions{StudyUID: "2.25.11", SeriesUID: "2.25.12"})
	torn := write(t, v, "A1", writeOptions{StudyUID: "2.25.11", SeriesUID: "2.25.13", Description: "torn"})
	files, err := filepath.Glob(filepath.Join(torn, "*"))
	require.NoError(t, err)
	for _, file := range files[40:60] {
		require.NoError(t, os.Remove(file))
	}
	s.send(whole, torn)
	b := open(t, s.http, setting{})
	b.visit("/")
	b.signIn("amrani")
	b.worklist()
	b.see("tr.entry .warned")
	b.openTop()
	b.until(`document.querySelectorAll(".study-line").length > 0`)
	require.Contains(t, value[string](b, `document.querySelector(".study-panel .notice.warn").textContent`), "torn")
	b.press("s")
	b.see("dialog[open] .notice.warn")
}
