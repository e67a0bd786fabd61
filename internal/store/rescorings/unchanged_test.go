package rescorings_test

import (
	"testing"

	"github.com/stretchr/testify/require"

	"nafas/internal/rescore"
	"nafas/internal/triage"
)

func skipped(series, reason string) rescore.SeriesOutcome {
	s := failed(series, reason)
	s.State = rescore.Skipped
	return s
}

// read makes a rescoring of study 1 alone and has it end with an outcome.
func (b *book) read(r triage.Recipe, o rescore.Outcome, parts ...rescore.Part) int64 {
	b.t.Helper()
	id := b.planned(r, parts...)
	b.feed(id, 1)
	token, _ := b.claim(id, "1", "w1")
	require.NoError(b.t, b.Finish(b.t.Context(), token, id, r, o))
	return id
}

func TestTheSameFilesUnderTheSameRecipeAreNotReadAgain(t *testing.T) {
	ct, mr := part("1", "1.1", "CT"), part("1", "1.2", "MR")
	changed, moved, longer := part("1", "1.1", "CT"), part("1", "1.1", "CT"), part("1", "1.1", "CT")
	changed.Files[1].ModTime++
	moved.Files[1].Path += "x"
	longer.Files[0].Size++
	// The same series in two looks, the other way round.
	half, otherHalf := part("1", "1.1", "CT"), part("1", "1.1", "CT")
	half.Files, otherHalf.Files = half.Files[1:], otherHalf.Files[:1]
	pacs := ct
	pacs.Files = nil
	whole := outcome("1", scored("1", "1.1", recipe), skipped("1.2", "NOT_CT"))
	whole.Verdict = &rescore.Verdict{SeriesUID: "1.1", Priority: triage.PriorityUrgent}
	loosely := whole
	loosely.Loose = []rescore.Loose{loose("1/notes.txt", rescore.ReasonNotDICOM, rescore.Skipped)}
	broken := whole
	broken.Loose = []rescore.Loose{loose("1/bad.dcm", "MALFORMED", rescore.Failed)}
	taken := whole
	taken.Series = []rescore.SeriesOutcome{scored("1", "1.1", recipe), skipped("1.2", "NOT_CT")}
	taken.Series[0].State = rescore.Unchanged
	for name, c := range map[string]struct {
		before triage.Recipe
		first  rescore.Outcome
		parts  []rescore.Part
		again  []rescore.Part
		same   bool
	}{
		"the same":                   {recipe, whole, []rescore.Part{ct, mr}, []rescore.Part{mr, ct}, true},
		"in other looks":             {recipe, whole, []rescore.Part{ct, mr}, []rescore.Part{half, mr, otherHalf}, true},
		"with a file that is no CT":  {recipe, loosely, []rescore.Part{ct, mr}, []rescore.Part{ct, mr}, true},
		"taken over itself":          {recipe, taken, []rescore.Part{ct, mr}, []rescore.Part{ct, mr}, true},
		"with another recipe":        {other, outcome("1", scored("1", "1.1", other), skipped("1.2", "NOT_CT")), []rescore.Part{ct, mr}, []rescore.Part{ct, mr}, false},
		"a file changed":             {recipe, whole, []rescore.Part{ct, mr}, []rescore.Part{changed, mr}, false},
		"a file moved":               {recipe, whole, []rescore.Part{ct, mr}, []rescore.Part{moved, mr}, false},
		"a file is longer":           {recipe, whole, []rescore.Part{ct, mr}, []rescore.Part{longer, mr}, false},
		"a series is gone":           {recipe, whole, []rescore.Part{ct, mr}, []rescore.Part{ct}, false},
		"a series failed":            {recipe, outcome("1", scored("1", "1.1", recipe), failed("1.2", "MALFORMED")), []rescore.Part{ct, mr}, []rescore.Part{ct, mr}, false},
		"a file of it failed":        {recipe, broken, []rescore.Part{ct, mr}, []rescore.Part{ct, mr}, false},
		"a PACS says nothing of how": {recipe, whole, []rescore.Part{pacs}, []rescore.Part{pacs}, false},
	} {
		t.Run(name, func(t *testing.T) {
			onEach(t, func(t *testing.T, b *book) {
				b.read(c.before, c.first, c.parts...)
				id := b.planned(recipe, c.again...)
				b.feed(id, 1)
				token, got := b.claim(id, "1", "w2")
				if !c.same {
					require.Nil(t, got.Earlier)
					return
				}
				require.NotNil(t, got.Earlier)
				require.Equal(t, c.first, *got.Earlier)
				o := *got.Earlier
				o.Series[0].State = rescore.Unchanged
				require.NoError(t, b.Finish(t.Context(), token, id, recipe, o))
				require.EqualValues(t, 1, b.get(id).Totals.Unchanged)
				require.EqualValues(t, 1, b.number(`SELECT count(*) FROM result`), "one row, however many point at it")
				b.recount(id)
			})
		})
	}
}

func TestKnownResultsAreOfTheRecipe(t *testing.T) {
	onEach(t, func(t *testing.T, b *book) {
		p := rescore.Part{StudyUID: "1", SeriesUID: "1.1", Modality: "CT"} // of a PACS
		b.read(recipe, outcome("1", scored("1", "1.1", recipe)), p)
		b.read(other, outcome("1", scored("1", "1.1", other)), p)
		id := b.planned(recipe, p, part("2", "2.1", "CT"))
		b.feed(id, 2)
		_, c := b.claim(id, "1", "w1")
		require.Equal(t, map[string]triage.Result{"1.1 by m1": *result("1", "1.1", recipe)}, c.Known)
		require.Nil(t, c.Earlier)
		_, c = b.claim(id, "2", "w1")
		require.Empty(t, c.Known)
	})
}

// A result that is there stays as it is: it is what was said.
func TestAResultIsWrittenOnce(t *testing.T) {
	onEach(t, func(t *testing.T, b *book) {
		p := rescore.Part{StudyUID: "1", SeriesUID: "1.1", Modality: "CT"}
		first := b.read(recipe, outcome("1", scored("1", "1.1", recipe)), p)
		o := outcome("1", scored("1", "1.1", recipe))
		o.Series[0].Result.Notes = []string{"another run"}
		second := b.read(recipe, o, p)
		require.Empty(t, b.rows(first)[0].Result.Notes)
		require.Equal(t, b.rows(first)[0].Result, b.rows(second)[0].Result)
	})
}
