package browser

import (
	"os"
	"path/filepath"
	"testing"
	"time"

	"github.com/chromedp/cdproto/network"
	"github.com/chromedp/chromedp"
	"github.com/stretchr/testify/require"
)

// small is a service that has read a small phantom with the quick model.
func small(t *testing.T, more ...string) *server {
	t.Helper()
	data := t.TempDir()
	addPeople(t, data)
	s := serve(t, data, append([]string{"--model", brightSpots}, more...)...)
	s.send(write(t, chest(t, upright).Volume, "A1", writeOptions{}))
	return s
}

// reader is somebody who has the top study open.
func reader(t *testing.T, s *server, name string) *browser {
	t.Helper()
	b := open(t, s.http, setting{})
	b.visit("/")
	b.signIn(name)
	b.openTop()
	b.until(`document.querySelectorAll(".study-line").length > 0`)
	return b
}

const agreed = `document.querySelector(".study-answer .agree")?.getAttribute("aria-pressed") === "true"`

// TestTwoReaders: each sees the other, and what the other says, without loading
// anew; and what one says while cut off does not silently take the place of what
// the other has said.
func TestTwoReaders(t *testing.T) {
	s := small(t)
	first, second := reader(t, s, "amrani"), reader(t, s, "benali")
	first.until(`document.body.innerText.includes("Dr Omar Benali")`)
	second.until(`document.body.innerText.includes("Dr Leïla Amrani")`)

	first.press("a")
	first.until(agreed)
	second.until(agreed)

	second.offline(true)
	second.press("u")
	second.until(`document.querySelector(".study-line .badge.bad") !== null`) // not saved
	first.press("n")
	first.press("p")
	first.press("d")
	first.see(".study-causes")
	first.press("2")
	first.until(`document.querySelector(".study-answer .disagree")?.getAttribute("aria-pressed") === "true"`)
	second.offline(false)
	second.until(`document.body.innerText.includes("Dr Leïla Amrani") && document.querySelector("dialog[open]") !== null`)
	require.Equal(t, "true", first.attribute(".study-answer .disagree", "aria-pressed"), "what was said stands until somebody chooses")
}

// offline cuts the browser off, or joins it again.
func (b *browser) offline(off bool) {
	b.t.Helper()
	_, err := chromedp.Call(b.ctx, network.EmulateNetworkConditionsByRule, network.EmulateNetworkConditionsByRuleParams{
		MatchedNetworkConditions: []*network.Conditions{{Offline: off, DownloadThroughput: -1, UploadThroughput: -1}},
	})
	require.NoError(b.t, err)
}

func (b *browser) attribute(selector, name string) string {
	b.t.Helper()
	return value[string](b, `document.querySelector("`+selector+`")?.getAttribute("`+name+`") ?? ""`)
}

// TestSessionEnds: who does nothing is signed out by the page itself, and comes back
// to where the work was.
func TestSessionEnds(t *testing.T) {
	settings := filepath.Join(t.TempDir(), "settings.yaml")
	require.NoError(t, os.WriteFile(settings, []byte("web:\n  session:\n    idle: 1m\n"), 0o600))
	s := small(t, "--settings", settings)
	b := reader(t, s, "amrani")
	at := value[string](b, "location.pathname")
	ended := time.Now().Add(90 * time.Second)
	for time.Now().Before(ended) && !value[bool](b, `document.querySelector("#signin-name") !== null`) {
		time.Sleep(time.Second)
	}
	b.see("#signin-name")
	require.NotContains(t, value[string](b, "document.body.innerText"), "Essai", "nothing of the patient stays on the screen")
	b.signIn("amrani")
	b.study()
	require.Equal(t, at, value[string](b, "location.pathname"))
}

// TestRoles: who may only read sees all and says nothing; who is nobody sees
// nothing. The service refuses, whatever the page shows.
func TestRoles(t *testing.T) {
	s := small(t)
	b := reader(t, s, "student")
	b.press("a")
	require.Equal(t, "true", b.attribute(".study-answer .agree", "aria-disabled"))
	require.NotEqual(t, "true", b.attribute(".study-answer .agree", "aria-pressed"))
	act := `fetch(location.pathname.replace("/studies/", "/api/studies/") + "/review", {method: "POST",
		headers: {"Content-Type": "application/json", "X-Nafas-CSRF": (await (await fetch("/api/me")).json()).csrf},
		body: JSON.stringify({id: crypto.randomUUID(), seen: 0, kind: "reopen"})}).then(r => r.status)`
	require.Equal(t, 403, value[int](b, `(async () => await `+act+`)()`))

	nobody := open(t, s.http, setting{})
	nobody.visit(value[string](b, "location.pathname"))
	nobody.see("#signin-name")
	for _, path := range []string{"/api/worklist", "/api/quality", "/api/reviews.csv", "/api/about", "/api/events", "/dicom-web/studies"} {
		require.Equal(t, 401, value[int](nobody, `fetch("`+path+`").then(r => r.status)`), path)
	}
	require.NotContains(t, value[string](nobody, "document.documentElement.outerHTML"), "Essai")
}
