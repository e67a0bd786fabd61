package browser

import (
	"fmt"
	"strconv"
	"testing"
	"time"

	"github.com/chromedp/chromedp/kb"
	"github.com/stretchr/testify/require"

	"nafas/internal/rescore"
	"nafas/internal/rescore/compare"
	"nafas/internal/store/rescorings"
	"nafas/internal/triage"
)

// published is how many studies the list of these tests has.
const published = 1200

// publish shows readers of a data folder a list: first the studies, then some that
// the service does not have.
func publish(t *testing.T, data string, whole bool, studies ...string) {
	t.Helper()
	l, err := rescorings.OpenSQLite(t.Context(), data, rescorings.Options{})
	require.NoError(t, err)
	defer l.Close()
	r, err := l.Create(t.Context(), rescore.Rescoring{Name: "Autumn 2026", Model: triage.Model{Name: "nodules", Version: "2.1.0"}, CreatedAt: time.Now()})
	require.NoError(t, err)
	var changes []compare.Change
	for i, uid := range studies {
		changes = append(changes, compare.Change{
			StudyUID: uid, Date: "20240229", Kinds: []compare.Kind{compare.KindNewlyFlagged, compare.KindPriorityUp, compare.KindCategoryUp},
			ScoreBefore: 0.31, ScoreAfter: 0.97 - float64(i)/100, PriorityBefore: triage.PriorityRoutine, PriorityAfter: triage.PriorityUrgent, CategoryBefore: "2", CategoryAfter: "4B",
		})
	}
	away := []compare.Change{
		{Kinds: []compare.Kind{compare.KindPriorityUp, compare.KindCategoryDown}, ScoreBefore: 0.8, ScoreAfter: 0.8, PriorityBefore: triage.PriorityHigh, PriorityAfter: triage.PriorityUrgent, CategoryBefore: "4A", CategoryAfter: "3"},
		{Kinds: []compare.Kind{compare.KindReadNow}, ScoreAfter: 0.77, PriorityAfter: triage.PriorityHigh, CategoryAfter: "4A", Reason: compare.ReasonAbsent},
		{Kinds: []compare.Kind{compare.KindDropped, compare.KindPriorityDown}, ScoreBefore: 0.72, PriorityBefore: triage.PriorityHigh, PriorityAfter: triage.PriorityRoutine, CategoryBefore: "3"},
		{Kinds: []compare.Kind{compare.KindNotRead}, ScoreBefore: 0.9, PriorityBefore: triage.PriorityUrgent, CategoryBefore: "4B", Reason: "MISSING_SLICES"},
	}
	for i := 0; len(changes) < published; i++ {
		c := away[min(i, len(away)-1)]
		c.StudyUID, c.Date = awayUID(i), fmt.Sprintf("2019%02d%02d", 1+i%12, 1+i%28)
		changes = append(changes, c)
	}
	require.NoError(t, l.Publish(t.Context(), rescore.PublishedList{
		Rescoring: r.ID, Baseline: rescore.BaselineLive, PublishedAt: time.Now(), StudiesDone: 84_211, Studies: 90_000, Whole: whole,
	}, compare.Entries(changes)))
}

// awayUID is as long as UIDs are.
func awayUID(i int) string {
	return fmt.Sprintf("1.3.6.1.4.1.14519.5.2.1.6279.6001.298383%024d", i)
}

// entryAt is the row of a place.
func entryAt(place int) string { return `tr.entry[aria-rowindex='` + strconv.Itoa(place+1) + `']` }

// TestToLookAtAgain: the worklist offers a published list; its studies come in its
// order, the last one of many too, those that are here open, and those that are not
// say so and give their UID; and it says what was signed off since.
func TestToLookAtAgain(t *testing.T) {
	data := t.TempDir()
	addPeople(t, data)
	s := serve(t, data, "--model", brightSpots)
	uids := []string{"2.25.31", "2.25.32", "2.25.33"}
	for i, name := range []string{"A1", "B1", "C1"} {
		s.send(write(t, chest(t, upright).Volume, name, writeOptions{StudyUID: uids[i], SeriesUID: uids[i] + ".1"}))
	}
	b := open(t, s.http, setting{})
	b.visit("/studies/" + uids[1])
	b.signIn("amrani")
	b.study()
	b.signOff()
	b.visit("/")
	b.worklist()
	require.False(t, value[bool](b, `document.querySelector(".offers") !== null`), "nothing is published")
	publish(t, data, false, uids...)

	for _, language := range []string{"en", "fr", "ar"} {
		t.Run(language, func(t *testing.T) {
			b := open(t, s.http, setting{language: language, light: language == "fr"})
			b.visit("/")
			b.signIn("amrani")
			b.worklist()
			b.see(".offers a")
			b.accessible()
			require.Contains(t, value[string](b, `document.querySelector(".offers").textContent`), "Autumn 2026")
			b.click(".offers a")
			b.see(entryAt(1) + " a.person")
			b.speaks(language)
			require.NotContains(t, value[string](b, "document.body.innerText"), "again.")
			require.NotRegexp(t, `[a-z]_[a-z]`, value[string](b, `document.querySelector(".grid").innerText`), "a code in the place of a word")
			b.accessible()
			b.picture("again-" + language)
			b.quiet("401")
		})
	}

	b.visit("/")
	b.click(".offers a")
	b.see(entryAt(1) + " a.person")
	require.Equal(t, "1201", value[string](b, `document.querySelector(".grid").getAttribute("aria-rowcount")`))
	require.Contains(t, value[string](b, `document.querySelector(".about .notice").textContent`), "84,211 of 90,000")
	require.Contains(t, value[string](b, `document.querySelector("`+entryAt(2)+` td.done").textContent`), "Signed off before")

	// By keyboard: what is here opens, and is signed off; back is back to the row.
	b.press("j")
	b.until(`document.activeElement.matches("` + entryAt(1) + `")`)
	b.press(kb.Enter)
	b.study()
	require.Equal(t, "/studies/"+uids[0], value[string](b, "location.pathname"))
	b.signOff()
	b.press(kb.Escape)
	b.press("w")
	b.until(`document.querySelector("` + entryAt(1) + `[aria-selected=true] td.done")?.textContent.includes("Signed off since")`)
	require.Equal(t, "/again/1", value[string](b, "location.pathname"))

	// Another reader's signature shows by itself.
	other := open(t, s.http, setting{})
	other.visit("/studies/" + uids[2])
	other.signIn("benali")
	other.study()
	other.signOff()
	b.until(`document.querySelector("` + entryAt(3) + ` td.done").textContent.includes("Signed off since")`)

	// What is not here says so, and gives its UID.
	require.Contains(t, value[string](b, `document.querySelector("`+entryAt(4)+`").textContent`), awayUID(0))
	b.press("j")
	b.press("j")
	b.press("j")
	b.until(`document.activeElement.matches("` + entryAt(4) + `")`)
	b.press(kb.Enter)
	b.see(".toast.warn")
	require.Equal(t, "/again/1", value[string](b, "location.pathname"))
	b.press("c")
	b.see(".toast.good")
	b.click(entryAt(5) + " button")
	b.until(`document.querySelectorAll(".toast.good").length > 1`)

	// It is there once it was fetched.
	fetched := value[string](b, `document.querySelector("`+entryAt(5)+` .code").textContent`)
	s.send(write(t, chest(t, upright).Volume, "D1", writeOptions{StudyUID: fetched, SeriesUID: "2.25.34"}))
	b.see(entryAt(5) + " a.person")

	// To the last of many.
	b.press(kb.End)
	b.until(`document.activeElement.matches("` + entryAt(published) + `") && document.activeElement.textContent.includes("` + awayUID(published-4) + `")`)
	b.quiet("401")

	// A list that is withdrawn is not an empty one.
	withdraw(t, data)
	b.press("r")
	b.see(".notice.warn .button")
	b.quiet("401", "404")
}

func withdraw(t *testing.T, data string) {
	t.Helper()
	nafas(t, "", "rescore", "again", "1", "--data", data, "--withdraw")
}

// signOff signs the study that is open, with whatever is unanswered.
func (b *browser) signOff() {
	b.t.Helper()
	b.until(`document.querySelectorAll(".study-line").length > 0`)
	b.press("s")
	b.see("dialog[open] .button.primary")
	b.click("dialog[open] .button.primary")
	b.see(".study-foot.signed")
	b.saved() // else the page asks before it is left
}
