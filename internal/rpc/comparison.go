package rpc

import (
	"nafas/inference/prior"
	"nafas/internal/triage"
	nafasv1 "nafas/proto/nafas/v1"
)

var changeToProto = map[prior.State]nafasv1.ChangeState{
	prior.Paired:   nafasv1.ChangeState_CHANGE_STATE_PAIRED,
	prior.New:      nafasv1.ChangeState_CHANGE_STATE_NEW,
	prior.Gone:     nafasv1.ChangeState_CHANGE_STATE_GONE,
	prior.Unpaired: nafasv1.ChangeState_CHANGE_STATE_UNPAIRED,
}

var trendToProto = map[prior.Trend]nafasv1.Trend{
	prior.TrendUnclear:   nafasv1.Trend_TREND_UNSPECIFIED,
	prior.TrendGrowing:   nafasv1.Trend_TREND_GROWING,
	prior.TrendStable:    nafasv1.Trend_TREND_STABLE,
	prior.TrendShrinking: nafasv1.Trend_TREND_SHRINKING,
}

// compareProto adds a comparison to the result that it is of; nil adds nothing.
func compareProto(p *nafasv1.SeriesResult, c *triage.Comparison) {
	if c == nil {
		return
	}
	p.Comparison = &nafasv1.Comparison{
		EarlierStudyInstanceUid: c.EarlierStudyUID, EarlierSeriesInstanceUid: c.EarlierSeriesUID,
		EarlierStudyDate: c.EarlierStudyDate, Days: int32(c.Days), NotCompared: RefusalProto(c.Why), Method: c.Method,
		Refused: string(c.Refused), NotComparable: reasons(c.NotComparable), LungOverlap: c.LungOverlap,
	}
	for i, e := range c.Earlier {
		out := &nafasv1.EarlierFinding{State: changeToProto[e.State], CurrentRank: int32(e.Current + 1)}
		if i < len(c.EarlierFindings) {
			out.Finding = findingProto(c.EarlierFindings[i])
		}
		out.InCurrent = imagePlaceProto(c.InCurrent, i)
		p.Comparison.EarlierFindings = append(p.Comparison.EarlierFindings, out)
	}
	for i, f := range p.Findings {
		if change := c.Of(int(f.GetRank())); change != nil {
			f.Change = changeProto(change, f.GetMeasurement().GetMethod())
			f.Change.InEarlier = imagePlaceProto(c.InEarlier, i)
		}
	}
}

// changeProto is c on the wire; method measured the finding in both scans.
func changeProto(c *prior.Change, method string) *nafasv1.Change {
	p := &nafasv1.Change{
		State: changeToProto[c.State], EarlierRank: int32(c.Earlier + 1), Growth: growthProto(c.Growth), NoGrowth: reasons(c.NoGrowth),
	}
	if m := c.EarlierMeasured; m != nil {
		p.EarlierMeasurement = measurementProto(&triage.Measurement{Measurement: *m, Method: method})
	}
	if c.DiameterErrorMM > 0 {
		p.DiameterChangeMm, p.DiameterErrorMm = &c.DiameterChangeMM, &c.DiameterErrorMM
	}
	return p
}

// growthProto is g on the wire; nil stays nil. 0 days are none.
func growthProto(g *prior.Growth) *nafasv1.Growth {
	if g == nil {
		return nil
	}
	days := func(v float64) *float64 {
		if v == 0 {
			return nil
		}
		return &v
	}
	return &nafasv1.Growth{
		VolumeChange: g.VolumeChange, VolumeChangeLow: g.VolumeChangeLow, VolumeChangeHigh: g.VolumeChangeHigh,
		DoublingsPerYear: g.DoublingsPerYear, DoublingsPerYearLow: g.DoublingsPerYearLow, DoublingsPerYearHigh: g.DoublingsPerYearHigh,
		DoublingDays: days(g.DoublingDays), DoublingDaysShort: days(g.DoublingDaysShort), DoublingDaysLong: days(g.DoublingDaysLong),
		Trend: trendToProto[g.Trend],
	}
}

// imagePlaceProto is place i on the wire; nil where there is none.
func imagePlaceProto(places []triage.ImagePlace, i int) *nafasv1.ImagePlace {
	if i >= len(places) || places[i].SOPInstanceUID == "" {
		return nil
	}
	p := places[i]
	return &nafasv1.ImagePlace{
		SopInstanceUid: p.SOPInstanceUID, Slice: int32(p.Slice), Frame: int32(p.Frame),
		Pixel: &nafasv1.PixelPosition{Column: p.PixelColumn, Row: p.PixelRow},
	}
}

func reasons(list []prior.Reason) []string {
	out := make([]string, len(list))
	for i, r := range list {
		out[i] = string(r)
	}
	return out
}
