package rescorings_test

import (
	"fmt"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"nafas/internal/rescore"
)

func loose(path, reason string, state rescore.SeriesState) rescore.Loose {
	return rescore.Loose{Path: path, State: state, Reason: reason, Found: "it", Remedy: "none"}
}

func TestPlanningGoesOnFromItsCursor(t *testing.T) {
	onEach(t, func(t *testing.T, b *book) {
		id := b.create(recipe)
		first := batch("a", part("1", "1.1", "CT"))
		require.NoError(t, b.Plan(t.Context(), id, "", first))
		require.ErrorIs(t, b.Plan(t.Context(), id, "", first), rescore.ErrState, "the cursor is at a")
		require.ErrorIs(t, b.Plan(t.Context(), id, "b", first), rescore.ErrState)
		require.ErrorIs(t, b.Plan(t.Context(), 99, "", first), rescore.ErrNotFound)
		before := b.get(id)
		require.Equal(t, "a", before.Cursor)
		first.Cursor = "b"
		require.NoError(t, b.Plan(t.Context(), id, "a", first))
		after := b.get(id)
		require.Equal(t, "b", after.Cursor)
		require.Equal(t, before.Totals, after.Totals, "it was the same batch")
		require.NoError(t, b.EndPlanning(t.Context(), id, rescore.Readable, at))
		require.ErrorIs(t, b.Plan(t.Context(), id, "b", first), rescore.ErrNotNow)
		require.ErrorIs(t, b.EndPlanning(t.Context(), id, rescore.Readable, at), rescore.ErrNotNow)
	})
}

func TestFilesAndInputsAreCountedOnce(t *testing.T) {
	onEach(t, func(t *testing.T, b *book) {
		id := b.create(recipe)
		p := part("1", "1.1", "CT")
		one := rescore.Batch{Cursor: "a", Files: 5, Parts: []rescore.Part{p}, Loose: []rescore.Loose{
			loose("notes.txt", rescore.ReasonNotDICOM, rescore.Skipped), loose("bad.dcm", "MALFORMED", rescore.Failed)}}
		require.NoError(t, b.Plan(t.Context(), id, "", one))
		want := rescore.Totals{Studies: 1, Inputs: 3, Waiting: 1, Skipped: 1, Failed: 1, Files: 5, Reasons: map[string]int64{rescore.ReasonNotDICOM: 1, "MALFORMED": 1}}
		require.Equal(t, want, b.get(id).Totals)
		// A batch that overlaps with it, and names the same file twice itself.
		two := rescore.Batch{Cursor: "b", Files: 8, Parts: []rescore.Part{p, part("1", "1.2", "CT"), part("1", "1.2", "CT"), part("2", "2.1", "CT")},
			Loose: []rescore.Loose{loose("bad.dcm", "MALFORMED", rescore.Failed), loose("worse.dcm", "MALFORMED", rescore.Failed)}}
		require.NoError(t, b.Plan(t.Context(), id, "a", two))
		want.Studies, want.Inputs, want.Waiting, want.Failed, want.Files = 2, 6, 3, 2, 8
		want.Files = 5 + 8 - 2 - 2 - 1 // but the parts and the file that were known
		want.Reasons["MALFORMED"] = 2
		require.Equal(t, want, b.get(id).Totals)
		// Folders without anything in them.
		require.NoError(t, b.Plan(t.Context(), id, "b", rescore.Batch{Cursor: "c", Files: 3}))
		want.Files += 3
		require.Equal(t, want, b.get(id).Totals)
		b.recount(id)
	})
}

func TestASeriesThatLiesInSeveralFolders(t *testing.T) {
	onEach(t, func(t *testing.T, b *book) {
		id := b.create(recipe)
		var want []rescore.File
		for i := range 3 {
			f := rescore.File{Path: fmt.Sprintf("%d/\xff.dcm", i), Size: int64(i) << 40, ModTime: int64(-i)}
			p := rescore.Part{StudyUID: "1", SeriesUID: "1.1", Modality: []string{"MR", "CT", ""}[i], StudyDate: []string{"", "20260102", "20260101"}[i],
				Instances: 1, Files: []rescore.File{f}}
			want = append(want, f)
			require.NoError(t, b.Plan(t.Context(), id, strings.Repeat("x", i), batch(strings.Repeat("x", i+1), p)))
		}
		parts, err := b.Parts(t.Context(), id, "1")
		require.NoError(t, err)
		whole := []rescore.Part{{StudyUID: "1", SeriesUID: "1.1", Modality: "CT", StudyDate: "20260101", Instances: 3, Files: want}}
		require.Equal(t, whole, parts)
		require.NoError(t, b.EndPlanning(t.Context(), id, rescore.Readable, at))
		b.feed(id, 1)
		_, c := b.claim(id, "1", "w1")
		require.Equal(t, whole, c.Parts)
		rows := b.rows(id)
		require.Len(t, rows, 1)
		require.Equal(t, 3, rows[0].Instances)
		require.Equal(t, "CT", rows[0].Modality)
		require.Equal(t, "20260101", rows[0].StudyDate)
		_, err = b.Parts(t.Context(), id, "2")
		require.ErrorIs(t, err, rescore.ErrNotFound)
	})
}

func TestEndPlanningPassesOverStudiesWithoutASeriesToRead(t *testing.T) {
	onEach(t, func(t *testing.T, b *book) {
		id := b.planned(recipe, part("1", "1.1", "MR"), part("1", "1.2", "US"), part("2", "2.1", "CT"), part("2", "2.2", "MR"),
			part("3", "3.1", ""), part("4", "4.1", "MR"))
		r := b.get(id)
		require.True(t, r.Planned)
		require.Equal(t, rescore.StateRunning, r.State)
		require.Equal(t, rescore.Totals{Studies: 4, StudiesDone: 2, PassedOver: 2, Inputs: 6, Waiting: 3, Skipped: 3, Files: 12, Reasons: map[string]int64{"NOT_CT": 3}}, r.Totals)
		require.Equal(t, 2, b.feed(id, 9))
		b.recount(id)

		nothing := b.planned(recipe, part("1", "1.1", "MR"))
		r = b.get(nothing)
		require.Equal(t, rescore.StateDone, r.State)
		require.Equal(t, at, r.EndedAt)
		empty := b.planned(recipe)
		require.Equal(t, rescore.StateDone, b.get(empty).State)
	})
}

// What nobody read is told apart from what was read, in a database of before that was
// counted too, and where one of it is erased.
func TestStudiesThatTheListingEndedAreCounted(t *testing.T) {
	onEach(t, func(t *testing.T, b *book) {
		id := b.planned(recipe, part("1", "1.1", "MR"), part("2", "2.1", "CT"), part("3", "3.1", "MR"), part("4", "4.1", "CT"))
		b.feed(id, 9)
		b.finish(id, "2")
		b.do(`ALTER TABLE standing DROP COLUMN passed_over`)
		b.do(`DELETE FROM schema_version WHERE version = 4`)
		l, err := b.reopen()
		require.NoError(t, err)
		require.NoError(t, l.Close())
		totals := b.get(id).Totals
		require.EqualValues(t, 3, totals.StudiesDone)
		require.EqualValues(t, 2, totals.PassedOver)
		require.EqualValues(t, 1, totals.StudiesRead())
		b.erase("1")
		require.EqualValues(t, 1, b.get(id).Totals.PassedOver)
		b.recount(id)
	})
}

// A source that lists whole studies has them read while it lists.
func TestReadingBeginsWhileOthersAreListed(t *testing.T) {
	onEach(t, func(t *testing.T, b *book) {
		id := b.create(recipe)
		p := rescore.Part{StudyUID: "1", SeriesUID: "1.1", Modality: "CT", Instances: 10}
		require.NoError(t, b.Plan(t.Context(), id, "", batch("a", p)))
		require.Zero(t, b.feed(id, 5), "studies do not come whole")
		whole := func() int {
			n, err := b.Feed(t.Context(), id, 5, true)
			require.NoError(t, err)
			return n
		}
		require.Equal(t, 1, whole())
		b.finish(id, "1")
		require.Equal(t, rescore.StatePlanning, b.get(id).State)
		// The listing begins anew, and what it says of the study has grown by an image.
		p.Instances++
		require.NoError(t, b.Plan(t.Context(), id, "a", batch("b", p, rescore.Part{StudyUID: "2", SeriesUID: "2.1", Modality: "MR"})))
		require.Equal(t, rescore.Totals{Studies: 2, StudiesDone: 1, Inputs: 2, Scored: 1, Waiting: 1, Reasons: map[string]int64{}}, b.get(id).Totals)
		// A series that was not there when the study was read must not be lost.
		require.NoError(t, b.Plan(t.Context(), id, "b", batch("c", rescore.Part{StudyUID: "1", SeriesUID: "1.2", Modality: "CT"})))
		require.Equal(t, rescore.Totals{Studies: 2, Inputs: 3, Scored: 1, Waiting: 2, Reasons: map[string]int64{}}, b.get(id).Totals)
		require.Equal(t, 2, whole(), "and 2, whose modality says nothing before planning ends")
		token, c := b.claim(id, "1", "w1")
		require.Len(t, c.Parts, 2)
		// Nor one that comes while the study is read.
		require.NoError(t, b.Plan(t.Context(), id, "c", batch("d", rescore.Part{StudyUID: "1", SeriesUID: "1.3", Modality: "CT"})))
		require.NoError(t, b.Finish(t.Context(), token, id, recipe, outcome("1", scored("1", "1.1", recipe), scored("1", "1.2", recipe))))
		require.Equal(t, "waiting", b.studyState(id, "1"))
		b.recount(id)
		require.NoError(t, b.EndPlanning(t.Context(), id, rescore.Readable, at))
		require.Equal(t, 1, b.feed(id, 5))
		_, c = b.claim(id, "1", "w1")
		require.Len(t, c.Parts, 3)
		require.Len(t, c.Known, 2, "what was read of it is known")
	})
}

func TestWhatIsReadAgainIsCountedOnce(t *testing.T) {
	onEach(t, func(t *testing.T, b *book) {
		id := b.create(recipe)
		feed := func() {
			n, err := b.Feed(t.Context(), id, 1, true)
			require.NoError(t, err)
			require.Equal(t, 1, n)
		}
		require.NoError(t, b.Plan(t.Context(), id, "", batch("a", part("1", "1.1", "CT"))))
		feed()
		token, _ := b.claim(id, "1", "w1")
		require.NoError(t, b.Finish(t.Context(), token, id, recipe, outcome("1", failed("1.1", "MALFORMED"))))
		require.Equal(t, map[string]int64{"MALFORMED": 1}, b.get(id).Totals.Reasons)
		require.NoError(t, b.Plan(t.Context(), id, "a", batch("b", part("1", "1.2", "CT"))))
		feed()
		token, _ = b.claim(id, "1", "w1")
		require.NoError(t, b.Finish(t.Context(), token, id, recipe, outcome("1", scored("1", "1.1", recipe), skipped("1.2", "NO_LUNG"))))
		require.Equal(t, rescore.Totals{Studies: 1, StudiesDone: 1, Inputs: 2, Scored: 1, Skipped: 1, Files: 4, Reasons: map[string]int64{"NO_LUNG": 1}}, b.get(id).Totals)
		b.recount(id)
	})
}

func TestAnOutcomeAccountsForEverything(t *testing.T) {
	onEach(t, func(t *testing.T, b *book) {
		id := b.create(recipe)
		require.NoError(t, b.Plan(t.Context(), id, "", rescore.Batch{Cursor: "a", Parts: []rescore.Part{
			part("1", "1.1", "CT"), part("1", "1.2", "CT"), part("1", "1.3", "CT"), part("1", "1.4", "CT"), part("1", "1.5", "CT")},
			Loose: []rescore.Loose{loose("1/bad.dcm", "MALFORMED", rescore.Failed)}}))
		require.NoError(t, b.EndPlanning(t.Context(), id, rescore.Readable, at))
		b.feed(id, 1)
		token, _ := b.claim(id, "1", "w1")
		empty := scored("1", "1.2", recipe)
		empty.Result = nil
		silent := failed("1.3", "")
		endless := scored("1", "1.4", recipe)
		endless.State = rescore.Waiting
		o := outcome("1", scored("1", "1.1", recipe), empty, silent, endless, failed("1.9", "MISSING_SLICES"))
		o.Loose = []rescore.Loose{loose("1/bad.dcm", "MALFORMED", rescore.Failed), loose("1/gone.dcm", "MALFORMED", rescore.Failed)}
		require.NoError(t, b.Finish(t.Context(), token, id, recipe, o))
		require.Equal(t, rescore.Totals{Studies: 1, StudiesDone: 1, Inputs: 8, Scored: 1, Failed: 7,
			Reasons: map[string]int64{"INTERNAL": 4, "MISSING_SLICES": 1, "MALFORMED": 2}}, b.get(id).Totals)
		b.recount(id)
		found := map[string]string{}
		for _, r := range b.rows(id) {
			found[r.Path+r.SeriesUID] = string(r.State) + " " + r.Reason + ": " + r.Found
			require.Equal(t, r.State == rescore.Scored, r.Result != nil)
		}
		require.Equal(t, map[string]string{
			"1.1": "scored : ", "1.2": "failed INTERNAL: the series ended as scored without a result",
			"1.3": "failed INTERNAL: the series ended as failed without a reason", "1.4": "failed INTERNAL: the series came to no end",
			"1.5": "failed INTERNAL: the reading of the study said nothing of the series", "1.9": "failed MISSING_SLICES: bad",
			"1/bad.dcm": "failed MALFORMED: it", "1/gone.dcm": "failed MALFORMED: it",
		}, found)
	})
}

// Names of files and what is found in broken ones need not be text.
func TestWhatIsNotTextIsKept(t *testing.T) {
	onEach(t, func(t *testing.T, b *book) {
		id := b.create(recipe)
		l := loose("caf\xe9/\xff\xfe", "MALFORMED", rescore.Failed)
		l.Found = "a name of \x00 and \xff"
		require.NoError(t, b.Plan(t.Context(), id, "", rescore.Batch{Cursor: "cur\xff\x00sor", Loose: []rescore.Loose{l, loose("", "MALFORMED", rescore.Failed)},
			Parts: []rescore.Part{part("1\x00", "1.1\xff", "CT")}}))
		require.NoError(t, b.Plan(t.Context(), id, "cur\xff\x00sor", batch("end")))
		rows := b.rows(id)
		require.Len(t, rows, 3)
		require.Equal(t, "", rows[0].Path)
		require.Equal(t, "caf\xe9/\xff\xfe", rows[1].Path)
		require.Equal(t, "a name of \uFFFD and \uFFFD", rows[1].Found)
		b.recount(id)
	})
}
