package main

import (
	"fmt"
	"io"
	"slices"
	"strconv"
	"strings"

	nafasv1 "nafas/proto/nafas/v1"
)

// changeHeader are the columns of what changed since an earlier study. Days and
// bands without an end are empty.
var changeHeader = []string{
	"change", "earlier_study_date", "days", "earlier_rank", "earlier_mean_diameter_mm", "diameter_change_mm", "diameter_error_mm",
	"volume_change", "volume_change_low", "volume_change_high", "trend", "doubling_days", "doubling_days_short", "doubling_days_long",
	"no_growth", "not_compared",
}

// changeWords are the states as people name them.
var changeWords = map[nafasv1.ChangeState]string{
	nafasv1.ChangeState_CHANGE_STATE_PAIRED:   "paired",
	nafasv1.ChangeState_CHANGE_STATE_NEW:      "new",
	nafasv1.ChangeState_CHANGE_STATE_GONE:     "gone",
	nafasv1.ChangeState_CHANGE_STATE_UNPAIRED: "unpaired",
}

var trendWords = map[nafasv1.Trend]string{
	nafasv1.Trend_TREND_UNSPECIFIED: "unclear",
	nafasv1.Trend_TREND_GROWING:     "growing",
	nafasv1.Trend_TREND_STABLE:      "stable",
	nafasv1.Trend_TREND_SHRINKING:   "shrinking",
}

// changeColumns are the last of a finding's row.
func changeColumns(c *nafasv1.Comparison, change *nafasv1.Change) []string {
	out := make([]string, len(changeHeader))
	if c == nil {
		return out
	}
	out[1], out[2] = c.GetEarlierStudyDate(), strconv.Itoa(int(c.GetDays()))
	switch {
	case c.GetNotCompared() != nil:
		out[15] = reasonWord(c.GetNotCompared().GetReason())
	case c.GetRefused() != "":
		out[15] = c.GetRefused()
	}
	if change == nil {
		return out
	}
	out[0] = changeWords[change.GetState()]
	if change.GetEarlierRank() > 0 {
		out[3] = strconv.Itoa(int(change.GetEarlierRank()))
	}
	if change.DiameterChangeMm != nil {
		out[4] = decimal(change.GetEarlierMeasurement().GetMeanDiameterMm(), 1)
		out[5], out[6] = decimal(change.GetDiameterChangeMm(), 1), decimal(change.GetDiameterErrorMm(), 1)
	}
	if g := change.GetGrowth(); g != nil {
		copy(out[7:], []string{
			decimal(g.GetVolumeChange(), 3), decimal(g.GetVolumeChangeLow(), 3), decimal(g.GetVolumeChangeHigh(), 3), trendWords[g.GetTrend()],
			wholeDays(g.DoublingDays), wholeDays(g.DoublingDaysShort), wholeDays(g.DoublingDaysLong),
		})
	}
	out[14] = strings.Join(change.GetNoGrowth(), " ")
	return out
}

func wholeDays(d *float64) string {
	if d == nil {
		return ""
	}
	return decimal(*d, 0)
}

// gone writes a row for each earlier finding without a partner now. Its place
// and size are those of the earlier series.
func (p *csvPrinter) gone(r *nafasv1.SeriesResult) error {
	c := r.GetComparison()
	for _, e := range c.GetEarlierFindings() {
		if e.GetState() == nafasv1.ChangeState_CHANGE_STATE_PAIRED {
			continue
		}
		change := make([]string, len(changeHeader))
		change[0], change[1], change[2] = changeWords[e.GetState()], c.GetEarlierStudyDate(), strconv.Itoa(int(c.GetDays()))
		change[3] = strconv.Itoa(int(e.GetFinding().GetRank()))
		row := slices.Concat([]string{c.GetEarlierStudyInstanceUid(), c.GetEarlierSeriesInstanceUid(), "earlier finding", ""},
			findingColumns(e.GetFinding()), measuredColumns(e.GetFinding()), placeColumns(e.GetFinding().GetPlace()), change)
		if err := p.row(row...); err != nil {
			return err
		}
	}
	return nil
}

// printComparison says what a study was compared with, and what is gone.
func printComparison(w io.Writer, c *nafasv1.Comparison) {
	if c == nil {
		return
	}
	since := fmt.Sprintf("the study of %s, %d days before", c.GetEarlierStudyDate(), c.GetDays())
	switch {
	case c.GetNotCompared() != nil:
		fmt.Fprintf(w, "  NOT COMPARED with %s: %s. %s\n", since, c.GetNotCompared().GetFound(), c.GetNotCompared().GetRemedy())
		return
	case c.GetRefused() != "":
		fmt.Fprintf(w, "  NOT COMPARED with %s: %s. Compare by eye.\n", since, c.GetRefused())
		return
	}
	fmt.Fprintf(w, "  compared with %s", since)
	if list := c.GetNotComparable(); len(list) > 0 {
		fmt.Fprintf(w, "; no growth by volume: %s", strings.Join(list, ", "))
	}
	fmt.Fprintln(w)
	for _, e := range c.GetEarlierFindings() {
		if e.GetState() != nafasv1.ChangeState_CHANGE_STATE_PAIRED {
			mm, by := shownDiameter(e.GetFinding())
			fmt.Fprintf(w, "  earlier finding %d, %.1f mm (%s), %s: %s\n", e.GetFinding().GetRank(), mm, by, where(e.GetFinding()), changeWords[e.GetState()])
		}
	}
}

// changed is what became of a finding, in a few words; CSV and JSON have all of
// it.
func changed(c *nafasv1.Change) string {
	if c.GetState() != nafasv1.ChangeState_CHANGE_STATE_PAIRED {
		return changeWords[c.GetState()]
	}
	var parts []string
	if g := c.GetGrowth(); g != nil {
		parts = append(parts, trendWords[g.GetTrend()])
		if g.DoublingDays != nil && g.GetTrend() == nafasv1.Trend_TREND_GROWING {
			parts = append(parts, fmt.Sprintf("x2 in %s days (%s to %s)", wholeDays(g.DoublingDays), wholeDays(g.DoublingDaysShort), wholeDays(g.DoublingDaysLong)))
		} else {
			parts = append(parts, fmt.Sprintf("volume %+.0f %%", 100*g.GetVolumeChange()))
		}
	} else if c.DiameterChangeMm != nil {
		parts = append(parts, fmt.Sprintf("%+.1f mm (+-%.1f)", c.GetDiameterChangeMm(), c.GetDiameterErrorMm()))
	}
	if len(parts) == 0 {
		return "paired, not measured"
	}
	return strings.Join(parts, ", ")
}
