package sources_test

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"nafas/dicomio/dimse/command"
	"nafas/dicomio/pixel"
	"nafas/dicomio/refusal"
	"nafas/internal/rescore"
)

// Whatever a PACS gives at once, and whether or not it says so, each study is
// listed once.
func TestEveryStudyOfAPACSIsListedOnce(t *testing.T) {
	for _, c := range []struct {
		name string
		pacs *fakePACS
		n    int
		// undated: those are known too.
		undated bool
	}{
		{"all at once", &fakePACS{}, 120, true},
		{"no more than 210, without a word", &fakePACS{most: 210}, 450, false},
		{"no more than 110, refused", &fakePACS{most: 110, refuse: 0xA700}, 180, false},
		{"no more than 110, cancelled", &fakePACS{most: 110, refuse: command.Cancelled}, 180, false},
		{"one", &fakePACS{}, 1, true},
	} {
		t.Run(c.name, func(t *testing.T) {
			c.pacs.holdings = many(c.n, spread)
			s := startPACS(t, c.pacs).source(t, rescore.Query{})
			require.True(t, s.Whole())
			l := scanAll(t, s)
			if c.undated {
				checkHoldings(t, l, c.pacs.holdings)
				require.Empty(t, l.loose)
				require.Empty(t, l.again)
				require.Equal(t, 1, c.pacs.associations, "one association for all questions")
				return
			}
			dated := slices.DeleteFunc(slices.Clone(c.pacs.holdings), func(h holding) bool { return len(h.date) != 8 })
			for key, p := range l.parts {
				if p.StudyDate == "" || p.StudyDate == "20030201" {
					delete(l.parts, key)
				}
			}
			checkHoldings(t, l, dated)
			require.Len(t, l.loose, 1)
			require.Equal(t, rescore.Failed, l.loose["studies without a date"].State, "and that is said")
		})
	}
}

func TestQuestionsThatAPACSRefuses(t *testing.T) {
	for _, c := range []struct {
		name   string
		find   func(level, study string, nth int) command.Status
		reason string
		err    string
	}{
		{"once", func(level, study string, nth int) command.Status {
			if study == "1.2.3" && nth == 0 {
				return 0xC000
			}
			return 0
		}, "", ""},
		{"always, of one study", func(level, study string, _ int) command.Status {
			if study == "1.2.3" {
				return 0xC000
			}
			return 0
		}, rescore.ReasonUnreadable, ""},
		{"all", func(string, string, int) command.Status { return 0xA700 }, "", "A700"},
	} {
		t.Run(c.name, func(t *testing.T) {
			p := startPACS(t, &fakePACS{holdings: many(5, func(i int) string { return fmt.Sprintf("2010010%d", i+1) }), find: c.find})
			l := newListing()
			err := p.source(t, rescore.Query{}).Scan(context.Background(), "", func(b rescore.Batch) error {
				l.add(t, b)
				return nil
			})
			if c.err != "" {
				require.ErrorContains(t, err, c.err)
				require.Empty(t, l.batches)
				return
			}
			require.NoError(t, err)
			if c.reason == "" {
				require.Len(t, l.studies(), 5)
				return
			}
			require.Len(t, l.studies(), 4)
			require.Equal(t, c.reason, l.loose["study 1.2.3"].Reason)
		})
	}
	p := startPACS(t, &fakePACS{hangUp: true})
	require.Error(t, p.source(t, rescore.Query{}).Scan(context.Background(), "", func(rescore.Batch) error { return nil }))
	p = startPACS(t, &fakePACS{holdings: many(3, spread)})
	l := scanAll(t, p.source(t, rescore.Query{}, "1.2.1", "9.9"))
	require.Len(t, l.studies(), 1)
	require.Equal(t, rescore.ReasonGone, l.loose["study 9.9"].Reason)
}

func TestAStudyIsSentToUs(t *testing.T) {
	h, c := chestStudy(t)
	p := startPACS(t, &fakePACS{holdings: []holding{h}})
	s := p.source(t, rescore.Query{})
	for range 2 {
		require.Len(t, fetched(t, s, c), 17)
	}
	require.NoError(t, s.Close())
	require.Len(t, fetched(t, s, c), 17, "it listens again")
}

// Two rescorings may be told to listen at one place. The second waits for the first
// to be through or paused, and no study of it is to blame meanwhile.
func TestWhoFetchesNoMoreListensNoMore(t *testing.T) {
	h, c := chestStudy(t)
	p := startPACS(t, &fakePACS{holdings: []holding{h}})
	opt := options(t)
	opt.Decoded, opt.Pause, opt.Idle = pixel.Known(), time.Millisecond, 300*time.Millisecond
	first, second := p.sourceWith(t, opt, rescore.Query{}), p.sourceWith(t, opt, rescore.Query{})
	require.Len(t, fetched(t, first, c), 17)
	_, release, err := second.Fetch(t.Context(), c)
	release()
	require.ErrorIs(t, err, rescore.ErrNotThisStudy)
	require.ErrorContains(t, err, "in use")
	require.Eventually(t, func() bool {
		files, release, err := second.Fetch(t.Context(), c)
		release()
		return err == nil && len(files) == 17
	}, 10*time.Second, 50*time.Millisecond)
	require.Eventually(t, func() bool {
		_, release, err := first.Fetch(t.Context(), c)
		release()
		return err == nil
	}, 10*time.Second, 50*time.Millisecond, "and the first listens again when it goes on")
}

// What a PACS does not send: a study is not read in part, and what is no study's
// fault is none.
func TestMovesThatFail(t *testing.T) {
	other := series{study: "x", name: "other", modality: "CT", slices: 1}.instances(t)[0]
	for _, c := range []struct {
		name string
		pacs *fakePACS
		want refusal.Reason
		err  string
		text string
		// blameless: it would befall every study.
		blameless bool
	}{
		{"one less, and it says so", &fakePACS{give: func(f [][]byte, _ int) [][]byte { return f[1:] }}, rescore.ReasonIncomplete, "", "11 of the 12", false},
		{"one less, and it says all", &fakePACS{give: func(f [][]byte, _ int) [][]byte { return f[1:] },
			counts: func(c command.Counts) *command.Counts { c.Completed++; return &c }}, rescore.ReasonIncomplete, "", "11 of the 12", false},
		{"one less, and no numbers", &fakePACS{give: func(f [][]byte, _ int) [][]byte { return f[1:] },
			counts: func(command.Counts) *command.Counts { return nil }}, rescore.ReasonIncomplete, "", "11 of the 12", false},
		{"one more than came, as it says", &fakePACS{counts: func(c command.Counts) *command.Counts { c.Completed++; return &c }}, rescore.ReasonIncomplete, "", "12 of the 12", false},
		{"one less the first time", &fakePACS{give: func(f [][]byte, nth int) [][]byte { return f[max(0, 1-nth):] }}, "", "", "", false},
		{"one twice for another", &fakePACS{give: func(f [][]byte, _ int) [][]byte { f[0] = f[1]; return f }}, rescore.ReasonIncomplete, "", "11 of the 12", false},
		{"one that nobody asked for", &fakePACS{give: func(f [][]byte, _ int) [][]byte { f[0] = other; return f }}, rescore.ReasonIncomplete, "", "11 of the 12", false},
		{"one that cannot be read", &fakePACS{give: func(f [][]byte, _ int) [][]byte { f[0] = nil; return f }}, rescore.ReasonIncomplete, "", "11 of the 12", false},
		{"it does not know us", &fakePACS{end: command.MoveDestinationUnknown, give: func([][]byte, int) [][]byte { return nil }}, "", "does not know RESCORE", "", true},
		{"nothing, and it says success", &fakePACS{give: func([][]byte, int) [][]byte { return nil }}, "", "nothing came", "", false},
		{"it calls itself otherwise", &fakePACS{calling: "STRANGER"}, "", "call itself PACS", "", true},
		{"it hangs up", &fakePACS{hangUp: true}, "", "EOF", "", false},
	} {
		t.Run(c.name, func(t *testing.T) {
			h, study := chestStudy(t)
			c.pacs.holdings = []holding{h}
			p := startPACS(t, c.pacs)
			opt := options(t)
			opt.Decoded, opt.Pause = pixel.Known(), time.Millisecond
			files, release, err := p.sourceWith(t, opt, rescore.Query{}).Fetch(context.Background(), study)
			require.NotNil(t, release)
			switch {
			case c.want != "":
				require.Equal(t, c.want, refusal.Of(err), "%v", err)
				require.ErrorContains(t, err, c.text)
			case c.err != "":
				require.ErrorContains(t, err, c.err)
				require.Empty(t, refusal.Of(err))
				require.Equal(t, c.blameless, errors.Is(err, rescore.ErrNotThisStudy))
			default:
				require.NoError(t, err)
				require.Len(t, files, 17)
			}
			release()
			require.Empty(t, left(t, opt.Spool), "nothing stays in the spool")
		})
	}
	h, study := chestStudy(t)
	p := startPACS(t, &fakePACS{holdings: []holding{{uid: h.uid, date: h.date, modalities: h.modalities}}})
	s := p.source(t, rescore.Query{})
	_, release, err := s.Fetch(context.Background(), study)
	release()
	require.Equal(t, refusal.Reason(rescore.ReasonGone), refusal.Of(err))
	require.NoError(t, s.Close())

	p.holdings = []holding{h}
	opt := options(t)
	opt.Decoded, opt.MaxStudyBytes = pixel.Known(), 3000
	_, release, err = p.sourceWith(t, opt, rescore.Query{}).Fetch(context.Background(), study)
	release()
	require.Equal(t, refusal.TooLarge, refusal.Of(err))
	require.Empty(t, left(t, opt.Spool))
}

// A series that a PACS does not even call for: whether that is the series' own
// trouble shows by what comes otherwise.
func TestASeriesThatIsNotSent(t *testing.T) {
	whole, c := chestStudy(t)
	s := series{study: "m", name: "mute", modality: "CT", slices: 3}
	mute := rescore.Case{StudyUID: s.studyUID(), Parts: []rescore.Part{{StudyUID: s.studyUID(), SeriesUID: s.seriesUID(), Modality: "CT", Instances: 3}}}
	p := startPACS(t, &fakePACS{holdings: []holding{whole, heldOf(t, s)}, mute: s.seriesUID()})
	source := p.source(t, rescore.Query{})
	fetch := func() error {
		_, release, err := source.Fetch(t.Context(), mute)
		release()
		require.ErrorContains(t, err, "nothing came")
		return err
	}
	require.ErrorIs(t, fetch(), rescore.ErrNotThisStudy, "nothing ever came")
	require.Len(t, fetched(t, source, c), 17)
	for range 2 {
		require.NotErrorIs(t, fetch(), rescore.ErrNotThisStudy, "it sends others")
	}
	p.calling = "STRANGER"
	require.ErrorIs(t, fetch(), rescore.ErrNotThisStudy, "it sent others once, and reaches us no more")
}

// A PACS sends one study at a time, unless the limits say otherwise.
func TestMovesAreBounded(t *testing.T) {
	var all []holding
	var cases []rescore.Case
	for i := range 4 {
		s := series{study: fmt.Sprint("m", i), name: "1", modality: "CT", slices: 3}
		all = append(all, heldOf(t, s))
		cases = append(cases, rescore.Case{StudyUID: s.studyUID(), Parts: []rescore.Part{{StudyUID: s.studyUID(), SeriesUID: s.seriesUID(), Modality: "CT", Instances: 3}}})
	}
	for most, want := range map[int]int{0: 1, 2: 2} {
		p := startPACS(t, &fakePACS{holdings: all})
		m := newMeeting(want)
		p.give = func(f [][]byte, _ int) [][]byte {
			m.attend()
			return f
		}
		s := p.source(t, rescore.Query{})
		var done sync.WaitGroup
		for _, c := range cases {
			c.Rescoring.Limits.MaxFetches = most
			done.Go(func() {
				files, release, err := s.Fetch(context.Background(), c)
				defer release()
				if err != nil || len(files) != 3 {
					t.Errorf("%d files, %v", len(files), err)
				}
			})
		}
		done.Wait()
		require.Equal(t, want, m.peak)
	}
}
