package browser

import (
	"context"
	"fmt"
	"os"
	"os/exec"
	"strconv"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/chromedp/cdproto/cdp"
	"github.com/chromedp/cdproto/emulation"
	"github.com/chromedp/cdproto/log"
	"github.com/chromedp/cdproto/network"
	"github.com/chromedp/cdproto/page"
	"github.com/chromedp/cdproto/runtime"
	"github.com/chromedp/chromedp"
	"github.com/stretchr/testify/require"
)

// browser is one Chromium with an empty profile, and one page in it.
type browser struct {
	t   *testing.T
	ctx context.Context
	at  string
	mu  sync.Mutex
	// complaints are errors on the console, of scripts, and of the content
	// security policy; outside are requests to anybody but the server.
	complaints, outside []string
}

// setting is how a reader's browser is set up.
type setting struct {
	language      string // en, fr, ar
	light         bool
	width, height int64
}

// open starts a browser on a server.
func open(t *testing.T, at string, s setting) *browser {
	t.Helper()
	path, err := exec.LookPath("chromium")
	if err != nil {
		require.Empty(t, os.Getenv("CI"), "CI installs chromium")
		t.Skip("no chromium on this machine (Debian: chromium)")
	}
	if s.width == 0 {
		s.width, s.height = 1600, 1000
	}
	if s.language == "" {
		s.language = "en"
	}
	allocator, end := chromedp.NewExecAllocator(context.Background(),
		chromedp.ExecPath(path), chromedp.NoFirstRun, chromedp.NoDefaultBrowserCheck, chromedp.Headless,
		chromedp.NoSandbox, chromedp.UserDataDir(t.TempDir()), chromedp.WindowSize(int(s.width), int(s.height)),
		chromedp.Flag("disable-gpu", true), chromedp.Flag("disable-quic", true),
		chromedp.Flag("enable-unsafe-swiftshader", true),
		chromedp.Flag("disable-background-networking", true), chromedp.Flag("disable-component-update", true),
		chromedp.Flag("disable-sync", true), chromedp.Flag("lang", s.language), chromedp.Flag("accept-lang", s.language),
		chromedp.Env("LANGUAGE="+s.language), chromedp.WSURLReadTimeout(time.Minute),
	)
	t.Cleanup(end)
	b := &browser{t: t, at: "http://" + at}
	ctx, done := chromedp.NewContext(allocator, chromedp.WithListener(b.hear))
	t.Cleanup(done)
	b.ctx = ctx
	theme := "dark"
	if s.light {
		theme = "light"
	}
	// A browser lives as long as the context of its first action.
	require.NoError(t, chromedp.Do(ctx, chromedp.EmulateViewport(s.width, s.height)))
	// A page that nobody looks at draws nothing.
	_, err = chromedp.Call(ctx, page.BringToFront, cdp.Empty{})
	require.NoError(t, err)
	_, err = chromedp.Call(ctx, emulation.SetFocusEmulationEnabled, emulation.SetFocusEmulationEnabledParams{Enabled: true})
	require.NoError(t, err)
	// Tests look at which images came: more than a page keeps by itself. The theme is
	// as if it had been chosen.
	_, err = chromedp.Call(ctx, page.AddScriptToEvaluateOnNewDocument, page.AddScriptToEvaluateOnNewDocumentParams{Source: `
		performance.setResourceTimingBufferSize(2000);
		localStorage.setItem("nafas.theme", "` + theme + `");
	`})
	require.NoError(t, err)
	_, err = chromedp.Call(ctx, log.Enable, cdp.Empty{})
	require.NoError(t, err)
	_, err = chromedp.Call(ctx, emulation.SetEmulatedMedia, emulation.SetEmulatedMediaParams{Features: []*emulation.MediaFeature{
		{Name: "prefers-reduced-motion", Value: "reduce"},
	}})
	require.NoError(t, err)
	return b
}

func (b *browser) hear(event any) {
	b.mu.Lock()
	defer b.mu.Unlock()
	switch e := event.(type) {
	case *runtime.EventExceptionThrown:
		said := e.ExceptionDetails.Text
		if e.ExceptionDetails.Exception != nil {
			said += " " + e.ExceptionDetails.Exception.Description
		}
		b.complaints = append(b.complaints, said)
	case *log.EventEntryAdded:
		if e.Entry.Level == log.EntryLevelError {
			b.complaints = append(b.complaints, fmt.Sprintf("%s: %s %s", e.Entry.Source, e.Entry.Text, e.Entry.URL))
		}
	case *network.EventRequestWillBeSent:
		url := e.Request.URL
		if !strings.HasPrefix(url, b.at+"/") && !strings.HasPrefix(url, "data:") && !strings.HasPrefix(url, "blob:"+b.at) {
			b.outside = append(b.outside, url)
		}
	}
}

// quiet fails the test where the page complained, or asked somebody else; what
// is expected is left out by its text.
func (b *browser) quiet(expected ...string) {
	b.t.Helper()
	b.mu.Lock()
	defer b.mu.Unlock()
	require.Empty(b.t, b.outside, "the page asks nobody but its server")
next:
	for _, c := range b.complaints {
		for _, e := range expected {
			if strings.Contains(c, e) {
				continue next
			}
		}
		require.Fail(b.t, "the page complains", c)
	}
}

// patience is how long anything on the page may take before a test gives up. It
// measures nothing.
const patience = 2 * time.Minute

// act does something on the page within patience.
func act[T any](b *browser, what string, action chromedp.Action[T]) T {
	b.t.Helper()
	ctx, cancel := context.WithTimeout(b.ctx, patience)
	defer cancel()
	out, err := chromedp.Run(ctx, action)
	if err != nil {
		b.keepPicture()
		b.mu.Lock()
		defer b.mu.Unlock()
		require.NoError(b.t, err, "%s; complaints: %v", what, b.complaints)
	}
	return out
}

func (b *browser) run(what string, steps ...chromedp.Action[chromedp.Void]) {
	b.t.Helper()
	act(b, what, chromedp.Steps(steps...))
}

// keepPicture leaves a picture of the page as a failing test saw it.
func (b *browser) keepPicture() {
	dir := os.Getenv("NAFAS_TEST_PICTURES")
	if dir == "" {
		return
	}
	ctx, cancel := context.WithTimeout(b.ctx, 10*time.Second)
	defer cancel()
	if png, err := chromedp.Run(ctx, chromedp.CaptureScreenshot()); err == nil {
		name := strings.ReplaceAll(b.t.Name(), "/", "-")
		_ = os.WriteFile(dir+"/"+name+".png", png, 0o644) // the test fails anyway
	}
}

// visit opens a path of the page.
func (b *browser) visit(path string) {
	b.t.Helper()
	b.run("open "+path, chromedp.Navigate(b.at+path))
}

// see waits until what a selector finds first is on the screen.
func (b *browser) see(selector string) {
	b.t.Helper()
	b.until("document.querySelector(" + strconv.Quote(selector) + ")?.getClientRects().length")
}

// until waits until an expression in the page is true. It asks from outside: the
// page's policy allows no polling by text inside it.
func (b *browser) until(expression string) {
	b.t.Helper()
	for end := time.Now().Add(patience); time.Now().Before(end); time.Sleep(50 * time.Millisecond) {
		if value[bool](b, "!!("+expression+")") {
			return
		}
	}
	b.keepPicture()
	b.mu.Lock()
	defer b.mu.Unlock()
	require.Fail(b.t, "it does not come true", "%s; complaints: %v", expression, b.complaints)
}

// value of an expression in the page; a promise is waited for.
func value[T any](b *browser, expression string) T {
	b.t.Helper()
	return act(b, "value of "+expression, chromedp.Evaluate[T](expression, chromedp.EvalAwaitPromise))
}

// press sends keys to whatever has the focus.
func (b *browser) press(keys string) {
	b.t.Helper()
	b.run("press "+keys, chromedp.KeyEvent(keys))
}

func (b *browser) click(selector string) {
	b.t.Helper()
	b.run("click "+selector, chromedp.Click(chromedp.CSS(selector)))
}

// fill types over what is in a field.
func (b *browser) fill(selector, text string) {
	b.t.Helper()
	b.see(selector)
	value[bool](b, `(() => { const field = document.querySelector(`+strconv.Quote(selector)+`); field.focus(); field.select(); return true; })()`)
	b.press(text)
}

// choose chooses from a list of choices.
func (b *browser) choose(selector, choice string) {
	b.t.Helper()
	b.see(selector)
	got := value[string](b, `(() => {
		const list = document.querySelector(`+strconv.Quote(selector)+`);
		list.value = `+strconv.Quote(choice)+`;
		list.dispatchEvent(new Event("change", {bubbles: true}));
		return list.value;
	})()`)
	require.Equal(b.t, choice, got, "there is such a choice")
}
