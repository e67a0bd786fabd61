package review_test

import (
	"encoding/json"
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"nafas/inference/guideline"
	"nafas/inference/measure"
	"nafas/internal/triage/review"
)

var (
	amal  = review.Reader{Name: "amal", Display: "Dr Amal"}
	badr  = review.Reader{Name: "badr", Display: "Dr Badr"}
	start = time.Date(2026, 3, 1, 12, 0, 0, 0, time.UTC)
	// now is a study with one result of three findings, and images.
	now = review.Subject{Final: true, Imaged: true, Results: []review.Result{{SeriesUID: "1.2.1", Key: "k1", Ranks: []int{1, 2, 3}}}}
)

// table is a study's log and the readers around it.
type table struct {
	t   *testing.T
	log []review.Entry
	now review.Subject
	n   int
}

func newTable(t *testing.T) *table { return &table{t: t, now: now} }

func id(n int) string { return fmt.Sprintf("00000000-0000-4000-8000-%012d", n) }

func finding(rank int) *review.Ref {
	return &review.Ref{SeriesUID: "1.2.1", ResultKey: "k1", Rank: rank}
}

func agree(rank int) review.Action {
	return review.Action{Kind: review.KindAnswer, Finding: finding(rank), Answer: &review.Answer{Verdict: review.Agree}}
}

func vessel(rank int) review.Action {
	return review.Action{Kind: review.KindAnswer, Finding: finding(rank), Answer: &review.Answer{Verdict: review.Disagree, Cause: review.CauseVessel}}
}

func takeBack(rank int) review.Action {
	return review.Action{Kind: review.KindAnswer, Finding: finding(rank), Answer: &review.Answer{}}
}

func mark() *review.Mark {
	return &review.Mark{SeriesUID: "1.2.1", SOPInstanceUID: "1.2.1.7", CenterLPSMM: [3]float64{-50, 20, 30}, DiameterMM: 6, PixelColumn: 100, PixelRow: 200}
}

func sign(keys ...string) review.Action {
	return review.Action{Kind: review.KindSign, ResultKeys: keys}
}

var reopen = review.Action{Kind: review.KindReopen}

func undo(number int64) review.Action { return review.Action{Kind: review.KindUndo, Undoes: number} }

func (b *table) try(who review.Reader, seen int64, a review.Action) error {
	b.t.Helper()
	if a.ID == "" {
		b.n++
		a.ID = id(b.n)
	}
	e, err := review.Next(b.log, b.now, who, seen, a, start.Add(time.Duration(b.n)*time.Second))
	if e != nil {
		require.NoError(b.t, err)
		b.log = append(b.log, *e)
	}
	return err
}

// does is try of who saw all, and succeeds. It returns the entry's number.
func (b *table) does(who review.Reader, a review.Action) int64 {
	b.t.Helper()
	require.NoError(b.t, b.try(who, int64(len(b.log)), a))
	return int64(len(b.log))
}

func (b *table) state() review.State { return review.Fold(b.log, b.now) }

func (b *table) refuses(who review.Reader, a review.Action, field string) {
	b.t.Helper()
	before := len(b.log)
	var why *review.InvalidError
	require.ErrorAs(b.t, b.try(who, int64(before), a), &why)
	require.Equal(b.t, field, why.Field, why.Error())
	require.Len(b.t, b.log, before)
}

func TestTheLatestAnswerStands(t *testing.T) {
	b := newTable(t)
	b.does(amal, agree(1))
	b.does(badr, agree(2))
	b.does(badr, vessel(1))
	s := b.state()
	require.EqualValues(t, 3, s.Version)
	require.Equal(t, review.Answered{Answer: *vessel(1).Answer, By: badr, At: start.Add(3 * time.Second)}, s.Answers[*finding(1)])
	require.Equal(t, amal, b.log[0].Reader)
	require.Nil(t, b.log[0].From)
	require.Equal(t, &review.Before{Answer: agree(1).Answer}, b.log[2].From, "what it replaced is said")
	b.does(amal, takeBack(1))
	require.NotContains(t, b.state().Answers, *finding(1))
	require.Len(t, b.state().Answers, 1)
	require.Len(t, b.state().Entries, 4, "the log keeps all of it")
	b.refuses(amal, takeBack(1), "answer.verdict")
}

// What turns the direction of text is not kept: behind a comment in a report stand
// measures, which it would turn too. Arabic, and marks of direction, stay.
func TestCommentsTurnNothing(t *testing.T) {
	b := newTable(t)
	answer := func(a review.Answer) review.Action {
		return review.Action{Kind: review.KindAnswer, Finding: finding(1), Answer: &a}
	}
	for comment, want := range map[string]string{
		"\u202e mm 21": "mm 21", "a\u2066b\u2069c\u202a\u202c": "abc", "أ\u200f 8 مم\u200e": "أ\u200f 8 مم\u200e", "one\u2028two": "one\ntwo",
		"=1+1 <script>": "=1+1 <script>",
	} {
		b.does(amal, answer(review.Answer{Verdict: review.Agree, Comment: comment}))
		require.Equal(t, want, b.state().Answers[*finding(1)].Comment)
		m := mark()
		m.Comment = comment
		b.does(amal, review.Action{Kind: review.KindAdd, Mark: m})
		marks := b.state().Marks
		require.Equal(t, want, marks[len(marks)-1].Comment)
	}
	b.refuses(amal, answer(review.Answer{Verdict: review.Disagree, Cause: review.CauseOther, Comment: "\u202e"}), "answer.comment")
}

func TestMarksAreAddedChangedAndRemoved(t *testing.T) {
	b := newTable(t)
	add := review.Action{ID: id(100), Kind: review.KindAdd, Mark: mark()}
	second := review.Action{ID: id(101), Kind: review.KindAdd, Mark: mark()}
	b.does(amal, add)
	b.does(badr, second)
	larger := mark()
	larger.DiameterMM, larger.Comment = 9, "  larger "
	b.does(badr, review.Action{Kind: review.KindChange, MarkID: id(100), Mark: larger})
	s := b.state()
	require.Len(t, s.Marks, 2)
	require.Equal(t, id(100), s.Marks[0].ID, "in the order of adding")
	require.Equal(t, 9.0, s.Marks[0].DiameterMM)
	require.Equal(t, "larger", s.Marks[0].Comment)
	require.Equal(t, badr, s.Marks[0].By)
	require.Equal(t, 6.0, b.log[2].From.Mark.DiameterMM)
	require.Equal(t, id(100), b.log[2].From.Mark.ID)
	b.does(amal, review.Action{Kind: review.KindRemove, MarkID: id(100)})
	require.Equal(t, id(101), b.state().Marks[0].ID)
	b.refuses(amal, review.Action{Kind: review.KindRemove, MarkID: id(100)}, "mark_id")
	b.refuses(amal, review.Action{Kind: review.KindChange, MarkID: id(55), Mark: mark()}, "mark_id")
	b.does(amal, undo(4))
	require.Equal(t, 9.0, b.state().Marks[0].DiameterMM, "the removed one is back, in its place")
	require.Equal(t, badr, b.state().Marks[0].By)

	b.now.Imaged = false
	b.refuses(amal, review.Action{Kind: review.KindAdd, Mark: mark()}, "mark.sop_instance_uid")
}

// Two readers at once: what the second one may do who saw version 1.
func TestReadersDoNotOverwriteSilently(t *testing.T) {
	add := review.Action{ID: id(100), Kind: review.KindAdd, Mark: mark()}
	change := review.Action{Kind: review.KindChange, MarkID: id(100), Mark: mark()}
	remove := review.Action{Kind: review.KindRemove, MarkID: id(100)}
	answer2 := agree(2)
	for name, c := range map[string]struct {
		// seen by both
		before []review.Action
		// amal's, which badr did not see
		meanwhile []review.Action
		then      review.Action
		conflict  bool
	}{
		"the same finding":             {nil, []review.Action{agree(1)}, vessel(1), true},
		"the same answer":              {nil, []review.Action{agree(1)}, agree(1), true},
		"another finding":              {nil, []review.Action{agree(1)}, vessel(2), false},
		"taken back":                   {[]review.Action{agree(1)}, []review.Action{takeBack(1)}, vessel(1), true},
		"undone":                       {[]review.Action{agree(1)}, []review.Action{undo(1)}, vessel(1), true},
		"another finding undone":       {[]review.Action{answer2}, []review.Action{undo(1)}, vessel(1), false},
		"the same mark changed":        {[]review.Action{add}, []review.Action{change}, change, true},
		"the same mark removed":        {[]review.Action{add}, []review.Action{remove}, change, true},
		"a mark beside":                {nil, []review.Action{add}, review.Action{ID: id(101), Kind: review.KindAdd, Mark: mark()}, false},
		"a sign-off after an answer":   {nil, []review.Action{agree(1)}, sign("k1"), true},
		"a sign-off after a mark":      {nil, []review.Action{add}, sign("k1"), true},
		"an answer after a sign-off":   {nil, []review.Action{sign("k1")}, agree(1), true},
		"a mark after a sign-off":      {nil, []review.Action{sign("k1")}, add, true},
		"after sign-off and reopening": {nil, []review.Action{sign("k1"), reopen}, agree(1), true},
		"two sign-offs":                {nil, []review.Action{sign("k1")}, sign("k1"), true},
		"two reopenings":               {[]review.Action{sign("k1")}, []review.Action{reopen}, reopen, true},
		"nothing meanwhile":            {[]review.Action{agree(1)}, nil, vessel(1), false},
	} {
		t.Run(name, func(t *testing.T) {
			b := newTable(t)
			for _, a := range c.before {
				b.does(amal, a)
			}
			seen := int64(len(b.log))
			for _, a := range c.meanwhile {
				b.does(amal, a)
			}
			log := len(b.log)
			err := b.try(badr, seen, c.then)
			if !c.conflict {
				require.NoError(t, err)
				require.Len(t, b.log, log+1)
				return
			}
			require.ErrorIs(t, err, review.ErrConflict)
			require.Len(t, b.log, log)
		})
	}
}

func TestWhatAReaderDidHimselfIsNoConflict(t *testing.T) {
	b := newTable(t)
	require.NoError(t, b.try(amal, 0, agree(1)))
	require.NoError(t, b.try(amal, 0, vessel(1)), "a fast reader does not wait for the reply")
	require.NoError(t, b.try(amal, 0, sign("k1")))
	require.NotNil(t, b.state().Signed)
}

func TestWhatWasSeenMustExist(t *testing.T) {
	b := newTable(t)
	require.ErrorIs(t, b.try(amal, 1, agree(1)), review.ErrConflict, "a backup was restored meanwhile")
	var why *review.InvalidError
	require.ErrorAs(t, b.try(amal, -1, agree(1)), &why)
}

func TestTheSameActionAgainChangesNothing(t *testing.T) {
	b := newTable(t)
	a := vessel(1)
	a.ID = strings.ToUpper("abcdef00-0000-4000-8000-000000000001")
	b.does(amal, a)
	b.does(badr, agree(1))
	require.NoError(t, b.try(amal, 0, a), "though it would be a conflict by now")
	a.ID = strings.ToLower(a.ID)
	require.NoError(t, b.try(amal, 0, a))
	require.Len(t, b.log, 2)
	require.Equal(t, badr, b.state().Answers[*finding(1)].By)

	signed := sign("k1")
	signed.ID = id(77)
	b.does(amal, signed)
	require.NoError(t, b.try(amal, 0, signed), "after its own sign-off")
	require.Len(t, b.log, 3)

	other := agree(1)
	other.ID = a.ID
	b.refuses(amal, other, "id")
	b.refuses(badr, a, "id")
}

func TestUndo(t *testing.T) {
	t.Run("restores what was replaced, step by step", func(t *testing.T) {
		b := newTable(t)
		b.does(badr, agree(1))
		b.does(amal, agree(2))
		b.does(amal, vessel(1))
		require.EqualValues(t, 3, b.state().CanUndo(amal))
		require.Zero(t, b.state().CanUndo(badr), "amal has changed it since")
		b.refuses(amal, undo(2), "undoes")
		b.refuses(badr, undo(1), "undoes")
		b.refuses(badr, undo(3), "undoes")
		b.refuses(amal, undo(99), "undoes")
		b.does(amal, undo(3))
		require.Equal(t, &review.Before{Answer: vessel(1).Answer}, b.log[3].From)
		require.True(t, b.state().Undone(3))
		require.False(t, b.state().Undone(2))
		require.Equal(t, badr, b.state().Answers[*finding(1)].By, "badr's answer stands again, as his")
		require.EqualValues(t, 1, b.state().CanUndo(badr))
		require.EqualValues(t, 2, b.state().CanUndo(amal), "an undo is not undone")
		b.does(amal, undo(2))
		require.Zero(t, b.state().CanUndo(amal))
		b.does(badr, undo(1))
		require.Empty(t, b.state().Answers)
		require.EqualValues(t, 6, b.state().Version)
	})
	t.Run("of an answer that was taken back", func(t *testing.T) {
		b := newTable(t)
		b.does(amal, agree(1))
		b.does(amal, takeBack(1))
		b.does(amal, undo(2))
		require.Equal(t, review.Agree, b.state().Answers[*finding(1)].Verdict)
	})
	t.Run("of an addition", func(t *testing.T) {
		b := newTable(t)
		b.does(amal, review.Action{Kind: review.KindAdd, Mark: mark()})
		b.does(amal, undo(1))
		require.Empty(t, b.state().Marks)
	})
	t.Run("not of what somebody else changed", func(t *testing.T) {
		b := newTable(t)
		b.does(amal, review.Action{ID: id(100), Kind: review.KindAdd, Mark: mark()})
		b.does(badr, review.Action{Kind: review.KindChange, MarkID: id(100), Mark: mark()})
		b.refuses(amal, undo(1), "undoes")
		b.does(badr, undo(2))
		b.does(amal, undo(1))
	})
	t.Run("not behind a sign-off", func(t *testing.T) {
		b := newTable(t)
		b.does(amal, agree(1))
		b.does(amal, sign("k1"))
		b.does(amal, reopen)
		b.refuses(amal, undo(1), "undoes")
		b.refuses(amal, undo(2), "undoes")
		b.refuses(amal, undo(3), "undoes")
		require.Zero(t, b.state().CanUndo(amal))
		b.does(amal, agree(2))
		require.EqualValues(t, 4, b.state().CanUndo(amal))
	})
}

func TestSigningOff(t *testing.T) {
	b := newTable(t)
	b.does(amal, agree(1))
	require.ErrorIs(t, b.try(amal, 1, sign("k0")), review.ErrConflict, "another result was on the screen")
	require.ErrorIs(t, b.try(amal, 1, sign()), review.ErrConflict)
	b.refuses(amal, reopen, "kind")
	b.now.Final = false
	b.refuses(amal, sign("k1"), "kind")
	b.now.Final = true
	b.does(amal, sign("k1", "k1"))
	s := b.state()
	require.Equal(t, &review.Signature{By: amal, At: b.log[1].At, ResultKeys: []string{"k1"}}, s.Signed)
	require.False(t, s.Outdated)
	for _, a := range []review.Action{agree(2), takeBack(1), {Kind: review.KindAdd, Mark: mark()}, undo(1), sign("k1")} {
		b.refuses(badr, a, "kind")
		b.refuses(amal, a, "kind")
	}
	b.does(badr, reopen)
	require.Nil(t, b.state().Signed)
	require.Equal(t, s.Signed, b.log[2].From.Signed, "whose signature was taken back is kept")
	b.does(badr, vessel(1))
}

func TestWithoutANameNothingIsSigned(t *testing.T) {
	for _, who := range []review.Reader{review.Local, {}, {Display: "somebody"}} {
		b := newTable(t)
		b.does(who, agree(1))
		require.Equal(t, review.Local, b.log[0].Reader)
		require.EqualValues(t, 1, b.state().CanUndo(who))
		b.refuses(who, sign("k1"), "kind")
		b.does(amal, sign("k1"))
		b.refuses(who, reopen, "kind")
	}
}

func TestASignatureIsOutdatedByWhatCameLater(t *testing.T) {
	b := newTable(t)
	b.does(amal, sign("k1"))
	again := review.Subject{Final: true, Imaged: true, Results: []review.Result{{SeriesUID: "1.2.1", Key: "k2", Ranks: []int{1}}}}
	failed := b.now
	failed.NotAssessed = "WORKER_CRASHED"
	more := b.now
	more.Results = append([]review.Result{{SeriesUID: "1.2.2", Key: "k3"}}, more.Results...)
	for name, s := range map[string]review.Subject{
		"read again": again, "failed since": failed, "another series too": more, "withheld": {Final: true, NotAssessed: "PATIENT_MISMATCH"},
	} {
		require.True(t, review.Fold(b.log, s).Outdated, name)
		require.NotNil(t, review.Fold(b.log, s).Signed, name)
	}
	unsigned := newTable(t)
	unsigned.does(amal, agree(1))
	require.False(t, review.Fold(unsigned.log, again).Outdated)

	held := newTable(t)
	held.now = review.Subject{Final: true, NotAssessed: "GANTRY_TILT"}
	held.does(amal, sign())
	require.False(t, held.state().Outdated, "a study without a result is signed off as one")
	require.Equal(t, "GANTRY_TILT", held.state().Signed.NotAssessed)
	require.True(t, review.Fold(held.log, b.now).Outdated, "it has a result now")
}

func TestAnswersAreOfPresentResults(t *testing.T) {
	b := newTable(t)
	b.does(amal, agree(1))
	b.now.Results = []review.Result{{SeriesUID: "1.2.1", Key: "k2", Ranks: []int{1}}}
	require.ErrorIs(t, b.try(amal, 1, agree(2)), review.ErrConflict, "the page shows an earlier result")
	b.refuses(amal, review.Action{Kind: review.KindAnswer, Finding: &review.Ref{SeriesUID: "1.2.1", ResultKey: "k2", Rank: 2}, Answer: agree(2).Answer}, "finding")
	b.refuses(amal, review.Action{Kind: review.KindAnswer, Finding: &review.Ref{SeriesUID: "1.2.9", ResultKey: "k2", Rank: 1}, Answer: agree(2).Answer}, "finding")
	require.Contains(t, b.state().Answers, *finding(1), "what was said of the earlier one is not lost")
	require.False(t, finding(1).Current(b.now.Results))
}

func TestActionsThatMeanNothing(t *testing.T) {
	answer := func(a review.Answer) review.Action {
		return review.Action{Kind: review.KindAnswer, Finding: finding(1), Answer: &a}
	}
	marked := func(change func(*review.Mark)) review.Action {
		m := mark()
		change(m)
		return review.Action{Kind: review.KindAdd, Mark: m}
	}
	nan := func() float64 { var zero float64; return zero / zero }()
	for name, c := range map[string]struct {
		a     review.Action
		field string
	}{
		"no kind":                  {review.Action{}, "kind"},
		"another kind":             {review.Action{Kind: "delete"}, "kind"},
		"no UUID":                  {review.Action{ID: "7", Kind: review.KindSign}, "id"},
		"a UUID in braces":         {review.Action{ID: "{" + id(1) + "}", Kind: review.KindSign}, "id"},
		"an answer to nothing":     {review.Action{Kind: review.KindAnswer, Answer: &review.Answer{}}, "finding"},
		"no answer":                {review.Action{Kind: review.KindAnswer, Finding: finding(1)}, "answer"},
		"an answer with a mark":    {review.Action{Kind: review.KindAnswer, Finding: finding(1), Answer: &review.Answer{}, Mark: mark()}, "mark"},
		"an answer with results":   {review.Action{Kind: review.KindReopen, ResultKeys: []string{"k1"}}, "result_keys"},
		"a mark without a mark":    {review.Action{Kind: review.KindAdd}, "mark"},
		"a change of nothing":      {review.Action{Kind: review.KindChange, Mark: mark()}, "mark_id"},
		"a removal of nothing":     {review.Action{Kind: review.KindRemove}, "mark_id"},
		"an undo of nothing":       {review.Action{Kind: review.KindUndo}, "undoes"},
		"a sign-off with undo":     {review.Action{Kind: review.KindSign, Undoes: 1}, "undoes"},
		"another verdict":          {answer(review.Answer{Verdict: "maybe"}), "answer.verdict"},
		"no verdict":               {answer(review.Answer{Comment: "hm"}), "answer.verdict"},
		"no cause":                 {answer(review.Answer{Verdict: review.Disagree}), "answer.cause"},
		"another cause":            {answer(review.Answer{Verdict: review.Disagree, Cause: "noise"}), "answer.cause"},
		"a cause to agree":         {answer(review.Answer{Verdict: review.Agree, Cause: review.CauseScar}), "answer.cause"},
		"another cause unsaid":     {answer(review.Answer{Verdict: review.Disagree, Cause: review.CauseOther, Comment: " "}), "answer.comment"},
		"another kind of nodule":   {answer(review.Answer{Verdict: review.Agree, Kind: "fluffy"}), "answer.kind"},
		"another category":         {answer(review.Answer{Verdict: review.Agree, Category: "5"}), "answer.category"},
		"a long comment":           {answer(review.Answer{Verdict: review.Agree, Comment: strings.Repeat("é", review.MostComment+1)}), "answer.comment"},
		"no text":                  {answer(review.Answer{Verdict: review.Agree, Comment: "\xff"}), "answer.comment"},
		"a control character":      {answer(review.Answer{Verdict: review.Agree, Comment: "a\x00b"}), "answer.comment"},
		"a mark without a series":  {marked(func(m *review.Mark) { m.SeriesUID = "" }), "mark.series_uid"},
		"a mark without an image":  {marked(func(m *review.Mark) { m.SOPInstanceUID = strings.Repeat("1", 65) }), "mark.sop_instance_uid"},
		"a mark nowhere":           {marked(func(m *review.Mark) { m.CenterLPSMM[2] = nan }), "mark.center_lps_mm"},
		"a mark far away":          {marked(func(m *review.Mark) { m.CenterLPSMM[0] = 1e6 }), "mark.center_lps_mm"},
		"a mark without a size":    {marked(func(m *review.Mark) { m.DiameterMM = 0 }), "mark.diameter_mm"},
		"a mark with no size":      {marked(func(m *review.Mark) { m.DiameterMM = nan }), "mark.diameter_mm"},
		"a mark in a frame before": {marked(func(m *review.Mark) { m.Frame = -1 }), "mark.frame"},
		"a mark beside the image":  {marked(func(m *review.Mark) { m.PixelRow = -3 }), "mark.pixel"},
		"a mark of another kind":   {marked(func(m *review.Mark) { m.Kind = "fluffy" }), "mark.kind"},
	} {
		t.Run(name, func(t *testing.T) { newTable(t).refuses(amal, c.a, c.field) })
	}
	b := newTable(t)
	b.does(amal, answer(review.Answer{Verdict: review.Agree, Kind: "part-solid", Category: "4X", Comment: strings.Repeat("é", review.MostComment)}))
	b.does(amal, answer(review.Answer{Verdict: review.Unsure, Comment: "two\nlines\tand ل"}))
}

func TestTheWordsAreThoseOfTheProgram(t *testing.T) {
	for _, k := range []measure.Kind{measure.KindSolid, measure.KindPartSolid, measure.KindGroundGlass, measure.KindCalcified} {
		require.Contains(t, review.Kinds, string(k))
	}
	require.Len(t, review.Kinds, 4)
	for _, c := range []guideline.Category{
		guideline.Category0, guideline.Category1, guideline.Category2, guideline.Category3, guideline.Category4A, guideline.Category4B, guideline.Category4X,
	} {
		require.Contains(t, review.Categories, string(c))
	}
	require.Len(t, review.Categories, 7)
}

// A review does not grow without end, and says so.
func TestALogHasAnEnd(t *testing.T) {
	b := newTable(t)
	b.does(amal, agree(1))
	for i := len(b.log); i < review.MostEntries; i++ {
		e := b.log[0]
		e.Number, e.Action.ID = int64(i)+1, id(1000000+i)
		b.log = append(b.log, e)
	}
	b.refuses(amal, agree(2), "kind")
}

// FuzzNext: whatever is done in whatever order, the log stays a log.
func FuzzNext(f *testing.F) {
	f.Add([]byte{0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10})
	f.Add([]byte{0x10, 0x46, 0x86, 0x16, 0xa6, 0x26, 0x06})
	f.Fuzz(func(t *testing.T, steps []byte) {
		b := newTable(t)
		for _, s := range steps[:min(len(steps), 200)] {
			who := []review.Reader{amal, badr, review.Local}[int(s>>6)%3]
			target := int(s>>4)%3 + 1
			a := []review.Action{
				agree(target), vessel(target), takeBack(target), sign("k1"), reopen, {Kind: review.KindAdd, Mark: mark()},
				undo(b.state().CanUndo(who)), {Kind: review.KindRemove, MarkID: id(target)}, {Kind: review.KindChange, MarkID: id(target), Mark: mark()},
			}[int(s&15)%9]
			before, log := b.state(), len(b.log)
			err := b.try(who, int64(max(0, log-int(s>>5))), a)
			after := b.state()
			if err != nil {
				require.Equal(t, before, after)
				continue
			}
			require.EqualValues(t, log+1, after.Version)
			last := b.log[log]
			require.Equal(t, after.Version, last.Number)
			if before.Signed != nil {
				require.Equal(t, review.KindReopen, last.Action.Kind)
			}
			if a.Kind == review.KindUndo {
				require.Equal(t, who, b.log[a.Undoes-1].Reader)
				require.Equal(t, jsonOf(t, stateBefore(b, a.Undoes)), jsonOf(t, subjectAfter(b, a.Undoes)), "what was before stands again")
			}
		}
	})
}

// stateBefore is what the entry of this number replaced; subjectAfter what stands
// of its subject now.
func stateBefore(b *table, number int64) any {
	if from := b.log[number-1].From; from != nil {
		return []any{from.Answer, from.Mark}
	}
	return []any{nil, nil}
}

func subjectAfter(b *table, number int64) any {
	out := []any{nil, nil}
	a, s := b.log[number-1].Action, b.state()
	if a.Kind == review.KindAnswer {
		if said, is := s.Answers[*a.Finding]; is {
			out[0] = said.Answer
		}
		return out
	}
	of := a.MarkID
	if a.Kind == review.KindAdd {
		of = a.ID
	}
	for _, m := range s.Marks {
		if m.ID == of {
			out[1] = m.Mark
		}
	}
	return out
}

func jsonOf(t *testing.T, v any) string {
	text, err := json.Marshal(v)
	require.NoError(t, err)
	return string(text)
}
