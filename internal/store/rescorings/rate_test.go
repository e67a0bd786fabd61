package rescorings_test

import (
	"errors"
	"flag"
	"fmt"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"nafas/internal/rescore"
	"nafas/internal/triage"
)

var rate = flag.Bool("rate", false, "measure how many studies a second one rescoring can take in: docs/scale.md")

// TestWriteRate measures what bounds one rescoring however many workers there are:
// claims and results of its studies, which are written one after another. It asserts
// nothing of the time.
func TestWriteRate(t *testing.T) {
	if !*rate {
		t.Skip("it measures, and asserts nothing: -rate")
	}
	const studies, files = 2000, 260
	onEach(t, func(t *testing.T, b *book) {
		for _, workers := range []int{1, 4} {
			id, tokens := b.waiting(fmt.Sprint(workers), studies, files)
			began := time.Now()
			require.NoError(t, b.takeIn(id, tokens, workers))
			t.Logf("%d at once: %.0f studies a second", workers, studies/time.Since(began).Seconds())
			require.EqualValues(t, studies, b.get(id).Totals.Scored)
		}
	})
}

// waiting makes a rescoring with so many studies that a worker has fetched.
func (b *book) waiting(prefix string, studies, files int) (int64, map[string]triage.Token) {
	b.t.Helper()
	var parts []rescore.Part
	for n := range studies {
		uid := fmt.Sprintf("1.3.6.1.4.1.14519.5.2.1.6279.6001.%s.%06d", prefix, n)
		p := rescore.Part{StudyUID: uid, SeriesUID: uid + ".1", Modality: "CT", StudyDate: "20260101", Instances: files}
		for k := range files {
			p.Files = append(p.Files, rescore.File{Path: fmt.Sprintf("2026/01/%06d/%04d.dcm", n, k), Size: 526_000 + int64(k%7), ModTime: at.UnixNano() + int64(k)})
		}
		parts = append(parts, p)
	}
	id := b.planned(recipe, parts...)
	require.Equal(b.t, studies, b.feed(id, studies))
	tokens := map[string]triage.Token{}
	for _, p := range parts {
		tokens[p.StudyUID] = b.fetch(b.jobOf(id, p.StudyUID), "w1")
	}
	return id, tokens
}

// takeIn claims and finishes studies, several at once.
func (b *book) takeIn(id int64, tokens map[string]triage.Token, workers int) error {
	type one struct {
		uid   string
		token triage.Token
	}
	var all []one
	for uid, token := range tokens {
		all = append(all, one{uid, token})
	}
	var next atomic.Int64
	var group sync.WaitGroup
	errs := make([]error, workers)
	for w := range workers {
		group.Go(func() {
			for errs[w] == nil {
				n := int(next.Add(1)) - 1
				if n >= len(all) {
					return
				}
				var c rescore.Case
				if c, errs[w] = b.Claim(b.t.Context(), all[n].token, id, all[n].uid, "w1"); errs[w] == nil {
					o := outcome(all[n].uid, scored(all[n].uid, c.Parts[0].SeriesUID, recipe))
					errs[w] = b.Finish(b.t.Context(), all[n].token, id, recipe, o)
				}
			}
		})
	}
	group.Wait()
	return errors.Join(errs...)
}
