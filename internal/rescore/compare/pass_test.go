package compare_test

import (
	"errors"
	"testing"

	"github.com/stretchr/testify/require"

	"nafas/internal/rescore"
	"nafas/internal/rescore/compare"
	"nafas/internal/triage"
)

// row is a series that was scored, with a finding per score.
func row(studyUID, series string, scores ...float64) rescore.Row {
	s := study(studyUID, scores...)
	return rescore.Row{
		StudyUID: studyUID, SeriesUID: series, Modality: "CT", StudyDate: s.Date, State: rescore.Scored,
		Result:  &triage.Result{StudyUID: studyUID, SeriesUID: series, Scan: s.Scan, Findings: s.Findings},
		Verdict: &rescore.Verdict{SeriesUID: series, Priority: triage.PriorityHigh, LungRADS: "4A"},
	}
}

func notRead(studyUID, series string, state rescore.SeriesState, reason string) rescore.Row {
	return rescore.Row{StudyUID: studyUID, SeriesUID: series, State: state, Reason: reason}
}

func rowsOf(list ...rescore.Row) compare.Rows {
	return func(each func(rescore.Row) error) error {
		for _, r := range list {
			if err := each(r); err != nil {
				return err
			}
		}
		return nil
	}
}

func TestAStudyOfItsSeries(t *testing.T) {
	one := row("1", "1.1", 0.7)
	want := compare.Study{UID: "1", Date: "20240229", State: rescore.Scored, SeriesUID: "1.1", Scan: one.Result.Scan,
		Findings: one.Result.Findings, Priority: triage.PriorityHigh, LungRADS: "4A"}
	other := row("1", "1.0", 0.2, 0.1)
	other.Verdict = one.Verdict
	kept := one
	kept.State = rescore.Unchanged
	unchanged := want
	unchanged.State = rescore.Unchanged
	skipped, failed := notRead("1", "1.2", rescore.Skipped, "LOCALIZER"), notRead("1", "1.3", rescore.Failed, "MISSING_SLICES")
	for name, c := range map[string]struct {
		rows []rescore.Row
		want compare.Study
	}{
		"the series with a result speaks":      {[]rescore.Row{failed, one, skipped}, want},
		"of several, the one that was judged":  {[]rescore.Row{other, one}, want},
		"a result of an earlier pass":          {[]rescore.Row{skipped, kept}, unchanged},
		"a failure comes before what is no CT": {[]rescore.Row{skipped, failed}, compare.Study{UID: "1", State: rescore.Failed, Reason: "MISSING_SLICES"}},
		"what waits comes before a failure": {[]rescore.Row{failed, notRead("1", "1.4", rescore.Waiting, "")},
			compare.Study{UID: "1", State: rescore.Waiting}},
		"nothing for the model": {[]rescore.Row{skipped}, compare.Study{UID: "1", State: rescore.Skipped, Reason: "LOCALIZER"}},
	} {
		t.Run(name, func(t *testing.T) {
			got, err := compare.StudyOf(c.rows)
			require.NoError(t, err)
			require.Equal(t, c.want, got)
		})
	}
	hollow := one
	hollow.Result = nil
	for name, rows := range map[string][]rescore.Row{
		"no series": nil, "two studies": {one, row("2", "2.1")}, "a result that is not there, which would be an empty list": {hollow},
	} {
		_, err := compare.StudyOf(rows)
		require.ErrorIs(t, err, compare.ErrRows, name)
	}
}

func TestARescoringIsASide(t *testing.T) {
	loose := rescore.Row{Path: "x.txt", State: rescore.Skipped, Reason: "NOT_DICOM"}
	before := compare.Of(rescore.Rescoring{ID: 7}, rowsOf(loose, loose, row("1", "1.1", 0.2), notRead("1", "1.2", rescore.Skipped, "NOT_PREFERRED"), row("2", "2.1")))
	after := compare.Of(rescore.Rescoring{ID: 8, Name: "the new one", Model: triage.Model{Name: "m"}}, rowsOf(row("1", "1.1", 0.9), row("2", "2.1"), notRead("3", "3.1", rescore.Failed, "TOO_LARGE")))
	c := compared(t, before, after)
	require.Equal(t, "rescoring 7", c.Before.Label)
	require.Equal(t, []any{"the new one", "m", 3, 2}, []any{c.After.Label, c.After.Model.Name, c.After.Studies, c.After.Scored})
	require.Equal(t, []int{2, 1}, []int{c.Both, c.Neither}, "files of no study are in none")
	require.Equal(t, []string{"1"}, uids(c.NewlyFlagged))
	require.Equal(t, []compare.Cell{{"4A", "4A", 2}}, c.Categories)

	for _, s := range []rescore.Settings{{Guidelines: []string{"fleischner"}}, {Screening: "no"}} {
		require.True(t, compare.Of(rescore.Rescoring{Settings: s}, nil).Uncategorised)
	}
	require.False(t, compare.Of(rescore.Rescoring{Settings: rescore.Settings{Guidelines: []string{"bts", "lung-rads"}}}, nil).Uncategorised)

	broken := errors.New("the ledger is gone")
	for _, rows := range []compare.Rows{
		func(each func(rescore.Row) error) error { return errors.Join(each(row("1", "1.1")), broken) },
		func(each func(rescore.Row) error) error {
			return errors.Join(each(row("1", "1.1")), each(row("2", "2.1")), broken)
		},
	} {
		_, err := compare.Compare(t.Context(), before, compare.Of(rescore.Rescoring{ID: 9}, rows), compare.Options{})
		require.ErrorIs(t, err, broken, "half a pass is no pass")
	}
}
