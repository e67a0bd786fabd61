package report_test

import (
	"bytes"
	"context"
	"flag"
	"fmt"
	"image/png"
	"net/url"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/chromedp/cdproto/cdp"
	"github.com/chromedp/cdproto/emulation"
	"github.com/chromedp/cdproto/log"
	"github.com/chromedp/cdproto/network"
	"github.com/chromedp/cdproto/runtime"
	"github.com/chromedp/chromedp"
	"github.com/stretchr/testify/require"

	"nafas/internal/rescore/report"
)

// pictures has the tests write what they see.
var pictures = flag.String("pictures", "", "folder that pictures of the pages, and the pages on paper, are written to")

// browser is one Chromium with an empty profile, and one page in it.
type browser struct {
	t   *testing.T
	ctx context.Context
	mu  sync.Mutex
	// complaints are errors on the console and of the content security policy;
	// outside are requests for anything but the page.
	complaints, outside []string
}

// open starts a browser.
func open(t *testing.T) *browser {
	t.Helper()
	path, err := exec.LookPath("chromium")
	if err != nil {
		require.Empty(t, os.Getenv("CI"), "CI installs chromium")
		t.Skip("no chromium on this machine (Debian: chromium)")
	}
	allocator, end := chromedp.NewExecAllocator(context.Background(),
		chromedp.ExecPath(path), chromedp.NoFirstRun, chromedp.NoDefaultBrowserCheck, chromedp.Headless, chromedp.NoSandbox,
		chromedp.UserDataDir(t.TempDir()), chromedp.Flag("disable-gpu", true), chromedp.Flag("disable-background-networking", true),
		chromedp.Flag("disable-component-update", true), chromedp.Flag("disable-sync", true), chromedp.WSURLReadTimeout(time.Minute))
	t.Cleanup(end)
	b := &browser{t: t}
	ctx, done := chromedp.NewContext(allocator, chromedp.WithListener(b.hear))
	t.Cleanup(done)
	b.ctx = ctx
	b.wide(1280)
	_, err = chromedp.Call(ctx, log.Enable, cdp.Empty{})
	require.NoError(t, err)
	return b
}

func (b *browser) hear(event any) {
	b.mu.Lock()
	defer b.mu.Unlock()
	switch e := event.(type) {
	case *runtime.EventExceptionThrown:
		b.complaints = append(b.complaints, e.ExceptionDetails.Text)
	case *log.EventEntryAdded:
		if e.Entry.Level == log.EntryLevelError || e.Entry.Level == log.EntryLevelWarning {
			b.complaints = append(b.complaints, fmt.Sprintf("%s: %s", e.Entry.Source, e.Entry.Text))
		}
	case *network.EventRequestWillBeSent:
		if !strings.HasPrefix(e.Request.URL, "file:///") || !strings.HasSuffix(e.Request.URL, ".html") {
			b.outside = append(b.outside, e.Request.URL)
		}
	}
}

func (b *browser) wide(px int64) {
	b.t.Helper()
	require.NoError(b.t, chromedp.Do(b.ctx, chromedp.EmulateViewport(px, 1000)))
}

// visit opens a page of its own.
func (b *browser) visit(page string) {
	b.t.Helper()
	file := filepath.Join(b.t.TempDir(), "report.html")
	require.NoError(b.t, os.WriteFile(file, []byte(page), 0o644))
	require.NoError(b.t, chromedp.Do(b.ctx, chromedp.Navigate((&url.URL{Scheme: "file", Path: file}).String())))
}

func value[T any](b *browser, script string) T {
	b.t.Helper()
	got, err := chromedp.Run(b.ctx, chromedp.Evaluate[T](script))
	require.NoError(b.t, err, script)
	return got
}

// picture keeps the whole page as a picture, where that is asked for.
func (b *browser) picture(name string) {
	b.t.Helper()
	if *pictures == "" {
		return
	}
	raw, err := chromedp.Run(b.ctx, chromedp.FullScreenshot(100))
	require.NoError(b.t, err)
	_, err = png.Decode(bytes.NewReader(raw))
	require.NoError(b.t, err)
	require.NoError(b.t, os.WriteFile(filepath.Join(*pictures, name+".png"), raw, 0o644))
}

// quiet fails the test where the page complained, or asked for anything.
func (b *browser) quiet() {
	b.t.Helper()
	b.mu.Lock()
	defer b.mu.Unlock()
	require.Empty(b.t, b.outside)
	require.Empty(b.t, b.complaints)
}

// within fails the test where something is wider than the page: what is, by its tag
// and class.
func (b *browser) within() {
	b.t.Helper()
	require.Empty(b.t, value[[]string](b, `(() => {
		const page = document.documentElement, out = [];
		if (page.scrollWidth > page.clientWidth) out.push("the page");
		for (const one of document.querySelectorAll("body *")) {
			const box = one.getBoundingClientRect();
			if (box.width && (box.left < -0.5 || box.right > page.clientWidth + 0.5)) out.push(one.tagName + "." + one.className);
			if (one.matches(".scroll, section, .notice, .key") && one.scrollWidth > one.clientWidth + 1) out.push("in " + one.tagName + "." + one.className + " " + one.textContent.trim().slice(0, 40));
		}
		return out.slice(0, 10);
	})()`))
}

// media has the page shown as in print, or on a screen of a theme.
func (b *browser) media(kind, theme string) {
	b.t.Helper()
	_, err := chromedp.Call(b.ctx, emulation.SetEmulatedMedia, emulation.SetEmulatedMediaParams{
		Media: kind, Features: []*emulation.MediaFeature{{Name: "prefers-color-scheme", Value: theme}},
	})
	require.NoError(b.t, err)
}

// paperWidth is that of A4 between its margins, in CSS pixels.
const paperWidth = (210 - 2*12) * 960 / 254

// folded opens or closes every table of figures.
func (b *browser) folded(open bool) {
	b.t.Helper()
	value[bool](b, fmt.Sprintf(`(() => { for (const one of document.querySelectorAll("details")) one.open = %t; return true; })()`, open))
}

func TestPagesInABrowser(t *testing.T) {
	studies := 400
	if *pictures != "" {
		studies = 2600 // more than are listed and drawn
	}
	r := reportOf(t, studies, 10)
	r.Comparison.LookAgain[0].Manufacturer = strings.Repeat("Averylongname", 5)
	b := open(t)
	for _, language := range report.Languages() {
		b.media("screen", "light")
		b.visit(written(t, r, language))
		require.Equal(t, map[string]string{"ar": "rtl"}[language], strings.TrimPrefix(value[string](b, "getComputedStyle(document.body).direction"), "ltr"), language)
		require.Equal(t, "ltr", value[string](b, `getComputedStyle(document.querySelector(".uid")).direction`))
		require.Equal(t, "ltr", value[string](b, `getComputedStyle(document.querySelector("figure svg")).direction`))
		for _, width := range []int64{1280, 800} {
			for _, open := range []bool{false, true} {
				b.wide(width)
				b.folded(open)
				b.within()
			}
			b.folded(false)
			b.picture(fmt.Sprintf("%s-%d-light", language, width))
		}
		b.wide(1280)
		for _, theme := range []string{"light", "dark"} {
			b.media("screen", theme)
			b.accessible()
		}
		b.picture(language + "-1280-dark")
		b.media("print", "dark")
		b.wide(paperWidth)
		b.within()
		require.Equal(t, "rgb(255, 255, 255)", value[string](b, "getComputedStyle(document.documentElement).backgroundColor"), "paper is white")
		b.paper(language)
		b.media("screen", "light")
		b.wide(800)
		b.visit(written(t, mostlyEmpty(), language))
		b.within()
		b.accessible()
		b.picture(language + "-begun")
		b.quiet()
	}
}

// What the test of the pages listens for is heard.
func TestABrowserComplains(t *testing.T) {
	page := written(t, mostlyEmpty(), "en")
	for name, more := range map[string]string{
		"script": `<script>document.title = "x"</script>`, "picture": `<img src="http://127.0.0.1:9/x.png" alt="">`, "style": `<link rel="stylesheet" href="x.css">`,
	} {
		t.Run(name, func(t *testing.T) {
			b := open(t)
			b.visit(strings.Replace(page, "</body>", more+"</body>", 1))
			require.Eventually(t, func() bool {
				b.mu.Lock()
				defer b.mu.Unlock()
				return len(b.complaints) > 0
			}, 20*time.Second, 50*time.Millisecond)
			require.NotEqual(t, "x", value[string](b, "document.title"))
		})
	}
}

// paper prints the page.
func (b *browser) paper(name string) {
	b.t.Helper()
	if *pictures == "" {
		return
	}
	raw, err := chromedp.Run(b.ctx, chromedp.PrintToPDF(chromedp.PDFPreferCSSPageSize(), chromedp.PDFPrintBackground()))
	require.NoError(b.t, err)
	require.NoError(b.t, os.WriteFile(filepath.Join(*pictures, name+".pdf"), raw, 0o644))
}

// axeFile is axe-core, out of the review page's development dependencies.
const axeFile = "../../web/page/node_modules/axe-core/axe.min.js"

// accessible fails the test where axe-core finds the page wanting in WCAG 2.2 AA. It
// does nothing where that is not installed, but where CI installs it.
func (b *browser) accessible() {
	b.t.Helper()
	source, err := os.ReadFile(axeFile)
	if err != nil {
		require.Empty(b.t, os.Getenv("CI"), "CI installs axe-core")
		b.t.Log("not checked by axe-core: npm ci in internal/web/page")
		return
	}
	type violation struct {
		ID, Help string
		Nodes    []struct{ HTML, FailureSummary string }
	}
	value[int](b, string(source)+";0")
	found, err := chromedp.Run(b.ctx, chromedp.Evaluate[[]violation](`axe.run(document, {runOnly: ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa", "best-practice"]}).then(r => r.violations)`, chromedp.EvalAwaitPromise))
	require.NoError(b.t, err)
	var all strings.Builder
	for _, v := range found {
		fmt.Fprintf(&all, "%s: %s\n", v.ID, v.Help)
		for _, n := range v.Nodes[:min(3, len(v.Nodes))] {
			fmt.Fprintf(&all, "    %s\n    %s\n", n.HTML[:min(300, len(n.HTML))], strings.ReplaceAll(n.FailureSummary, "\n", " "))
		}
	}
	require.Empty(b.t, all.String())
}
