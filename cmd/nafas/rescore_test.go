package main

import (
	"context"
	"io"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"nafas/internal/rescore"
)

// usedWrongly runs nafas and returns what it says on standard error.
func usedWrongly(t *testing.T, code int, args ...string) string {
	t.Helper()
	var said strings.Builder
	require.Equal(t, code, run(context.Background(), args, io.Discard, &said), said.String())
	return said.String()
}

func listOf(t *testing.T, text string) string {
	t.Helper()
	name := filepath.Join(t.TempDir(), "uids")
	require.NoError(t, os.WriteFile(name, []byte(text), 0o600))
	return name
}

func TestWhatIsAskedOfAPACS(t *testing.T) {
	listed := strings.NewReader("1.2.3\n# not this one\n\n1.2.4\n")
	spec, err := sourceFlags{Studies: "-"}.spec("PACS=127.0.0.1:104", listed)
	require.NoError(t, err)
	require.Equal(t, []string{"1.2.3", "1.2.4"}, spec.Studies)
	require.Equal(t, rescore.Query{}, spec.Query, "a list of studies stands for itself")

	spec, err = sourceFlags{From: "20200101"}.spec("http://127.0.0.1:8042/dicom-web", nil)
	require.NoError(t, err)
	require.Equal(t, rescore.Query{From: "20200101", Modality: "CT"}, spec.Query)

	_, err = sourceFlags{Modality: "MR"}.spec(t.TempDir(), nil)
	require.ErrorAs(t, err, new(usageError), "a folder is read as a whole")
}

func TestAListOfStudiesIsAsked(t *testing.T) {
	said := usedWrongly(t, exitFailed, "rescore", "PACS=127.0.0.1:9", "--studies", listOf(t, "1.2.3\n"), "--dry-run", "--data", t.TempDir())
	require.Contains(t, said, "refused", "the PACS is asked, and is not there")
}

// What cannot be is said before an archive is listed: here nobody is asked at all.
func TestAPreviewThatCannotBeIsRefusedBeforeTheListing(t *testing.T) {
	for name, args := range map[string][]string{"window": {"--window", "20:00"}, "model": {"--model", "no-such-model"}} {
		said := usedWrongly(t, exitUsage, append([]string{"rescore", "PACS=127.0.0.1:9", "--studies", listOf(t, "1.2.3\n"), "--dry-run", "--data", t.TempDir()}, args...)...)
		require.NotContains(t, said, "refused", "the PACS is not there, which nobody has found out")
		require.Contains(t, said, args[1], name)
	}
}

func TestWhereNoRescoringsAreKept(t *testing.T) {
	for _, args := range [][]string{{"list"}, {"show", "1"}, {"resume", "1"}, {"report", "1"}, {"export", "1", "--out", "tables"}, {"again", "1"}} {
		data := t.TempDir()
		said := usedWrongly(t, exitFailed, append(append([]string{"rescore"}, args...), "--data", data)...)
		require.Contains(t, said, "keeps no rescorings", args)
		made, err := os.ReadDir(data)
		require.NoError(t, err)
		require.Empty(t, made, args)
	}
	data := t.TempDir()
	said := usedWrongly(t, exitUsage, "rescore", t.TempDir(), "--baseline", "live", "--data", data)
	require.Contains(t, said, "name that folder with --data")
}

func TestArgumentsThatAreNotUTF8(t *testing.T) {
	require.Contains(t, usedWrongly(t, exitUsage, "triage", "/archive/M\xfcller"), "give the folder above it")
}

// flaky is a ledger that is away for some looks, and then has a rescoring that is done.
type flaky struct {
	rescore.Ledger
	away int
	err  error
}

func (f *flaky) Rescoring(context.Context, int64) (rescore.Rescoring, error) {
	if f.away--; f.away >= 0 {
		return rescore.Rescoring{}, f.err
	}
	return rescore.Rescoring{ID: 1, State: rescore.StateDone}, nil
}

// A database that is away for a moment does not end days of work.
func TestFollowingOutlastsTheDatabase(t *testing.T) {
	follow := func(l *flaky) (rescore.Rescoring, error) {
		service := rescore.NewService(l, nil, nil, "host", time.Now)
		return rescoreFlags{}.follow(&streams{out: io.Discard, err: io.Discard}, t.Context(), service, 1, func() (bool, error) { return false, nil })
	}
	r, err := follow(&flaky{away: 2, err: io.ErrUnexpectedEOF})
	require.NoError(t, err)
	require.Equal(t, rescore.StateDone, r.State)
	_, err = follow(&flaky{away: 1, err: rescore.ErrNotFound})
	require.ErrorIs(t, err, rescore.ErrNotFound, "what is not there does not come by waiting")
}

func TestWhoIsAtIt(t *testing.T) {
	r := rescore.Rescoring{ID: 4, State: rescore.StateRunning, Limits: rescore.Limits{Window: "20:00-06:00"}}
	noon := time.Date(2026, 3, 2, 12, 0, 0, 0, time.Local)
	one := []rescore.Sign{{Slots: 1}}
	require.Contains(t, whoIsAtIt(r, one, noon), "waits for its hours, 20:00-06:00")
	require.Contains(t, whoIsAtIt(r, nil, noon), "nobody is at it: nafas rescore resume 4 goes on at its hours, 20:00-06:00")
	require.Contains(t, whoIsAtIt(r, one, noon.Add(10*time.Hour)), "1 worker is at it, on 1 core")
	require.Contains(t, whoIsAtIt(r, nil, noon.Add(10*time.Hour)), "nobody is at it")
	require.Contains(t, whoIsAtIt(r, []rescore.Sign{{Slots: 2}, {Slots: 1}}, noon.Add(10*time.Hour)), "2 workers are at it, on 3 cores")
	p := pace{now: func() time.Time { return noon }}
	require.Contains(t, p.line(r), "so far; waits for its hours", "while it lists too")
	r.Planned = true
	require.Contains(t, p.line(r), "waits for its hours")
}

func TestALimitThatIsNotNamedStays(t *testing.T) {
	hours, always, fetches, rate := "03:00-03:30", "", 2, 0.5
	was := rescore.Limits{Window: "20:00-06:00", MaxFetches: 7, BytesPerSecond: 5 << 20}
	for _, c := range []struct {
		name string
		cmd  rescoreLimitCmd
		want rescore.Limits
		says string
	}{
		{"hours", rescoreLimitCmd{Window: &hours}, rescore.Limits{Window: hours, MaxFetches: 7, BytesPerSecond: 5 << 20}, "it works at 03:00-03:30, 7 studies from a PACS at once, 5 MiB a second"},
		{"no hours", rescoreLimitCmd{Window: &always}, rescore.Limits{MaxFetches: 7, BytesPerSecond: 5 << 20}, "it works at any hour, 7 studies from a PACS at once, 5 MiB a second"},
		{"fetches", rescoreLimitCmd{MaxFetches: &fetches}, rescore.Limits{Window: "20:00-06:00", MaxFetches: 2, BytesPerSecond: 5 << 20}, "it works at 20:00-06:00, 2 studies from a PACS at once, 5 MiB a second"},
		{"rate", rescoreLimitCmd{MaxRate: &rate}, rescore.Limits{Window: "20:00-06:00", MaxFetches: 7, BytesPerSecond: 1 << 19}, "it works at 20:00-06:00, 7 studies from a PACS at once, 0.5 MiB a second"},
	} {
		t.Run(c.name, func(t *testing.T) {
			got := c.cmd.changed(was)
			require.Equal(t, c.want, got)
			require.Equal(t, c.says, limitsOf(rescore.Rescoring{Limits: got}))
		})
	}
	code, _, stderr := nafas(t, "rescore", "limit", "1", "--data", t.TempDir())
	require.Equal(t, exitUsage, code)
	require.Contains(t, stderr, "say which limit")
}

// A rescoring of which most has no CT: those studies end with the listing, all at
// once, and the pace is that of the others since then.
func TestThePaceIsOfStudiesThatAreRead(t *testing.T) {
	now := time.Date(2026, 3, 2, 12, 0, 0, 0, time.Local)
	p := pace{w: io.Discard, now: func() time.Time { return now }}
	r := rescore.Rescoring{ID: 4, State: rescore.StatePlanning}
	at := func(after time.Duration, planned bool, totals rescore.Totals) string {
		now = now.Add(after)
		r.Planned, r.Totals = planned, totals
		p.set(r)
		return p.line(r)
	}
	at(0, false, rescore.Totals{Studies: 100})
	require.Contains(t, at(time.Minute, false, rescore.Totals{Studies: 500, StudiesDone: 6}), "6.0 studies/min")
	require.NotContains(t, at(time.Hour, true, rescore.Totals{Studies: 1000, StudiesDone: 906, PassedOver: 900}), "left", "nothing was read since")
	require.Contains(t, at(time.Minute, true, rescore.Totals{Studies: 1000, StudiesDone: 916, PassedOver: 900}), "10.0 studies/min, about 8 min left")
}

func TestPathsInTables(t *testing.T) {
	for text, want := range map[string]string{
		"/archive/Müller \"x\" \\ 2": "/archive/Müller \"x\" \\ 2", "/a\nb": `"/a\nb"`, "/a\x1b[2J": `"/a\x1b[2J"`, "/a\xfc": `"/a\xfc"`,
	} {
		require.Equal(t, want, printable(text))
	}
}
