package web

import (
	"net/url"
	"strconv"

	"nafas/inference/prior"
	"nafas/internal/i18n"
	"nafas/internal/triage"
	"nafas/internal/triage/objects"
	"nafas/internal/web/api"
)

// earlier is what the study was compared with; nil where there is nothing.
func (v viewing) earlier() *api.Earlier {
	c := v.study.Comparison
	if c == nil {
		return nil
	}
	out := &api.Earlier{
		StudyUID: c.EarlierStudyUID, SeriesUID: c.EarlierSeriesUID, StudyDate: c.EarlierStudyDate, Days: c.Days,
		NotDone: refusalOf(c.Why, v.lang), NotComparable: codes(c.NotComparable), Text: objects.ComparedIn(c, v.lang),
		Findings: []api.EarlierFinding{},
	}
	if c.Refused != "" {
		byEye, _ := i18n.Remedy(v.lang, string(triage.PriorNotAssessed))
		out.NotDone = &api.Refusal{Reason: string(c.Refused), Text: out.Text, Found: string(c.Refused), Remedy: byEye}
	}
	for i, e := range c.Earlier {
		if i >= len(c.EarlierFindings) {
			break
		}
		one := api.EarlierFinding{
			Finding: findingOf(c.EarlierFindings[i]), State: string(e.State), CurrentRank: e.Current + 1,
			InCurrent: placeAt(c.InCurrent, i), InCurrentLPSMM: e.CurrentCenterLPSMM,
		}
		one.Finding.ThumbnailURL = earlierThumbnailURL(v.study.UID, i+1, c.Key)
		out.Findings = append(out.Findings, one)
	}
	return out
}

// earlierThumbnailPath is the route of the picture of a finding of the study that
// this one was compared with, n from 1: its own study may have another result now.
const earlierThumbnailPath = "/api/studies/{study}/earlier/{n}/thumbnail"

func earlierThumbnailURL(study string, n int, key string) string {
	return "/api/studies/" + url.PathEscape(study) + "/earlier/" + strconv.Itoa(n) + "/thumbnail?key=" + url.QueryEscape(key[:min(len(key), keyShown)])
}

// change is what became of finding i, of this rank; nil where nothing was compared.
func (v viewing) change(i, rank int) *api.Change {
	c := v.study.Comparison
	change := c.Of(rank)
	if change == nil || !c.Compared() {
		return nil
	}
	out := &api.Change{
		State: string(change.State), EarlierRank: change.Earlier + 1, InEarlier: placeAt(c.InEarlier, i),
		InEarlierLPSMM: change.EarlierCenterLPSMM, Growth: growthOf(change.Growth), NoGrowth: codes(change.NoGrowth),
	}
	switch {
	case change.EarlierMeasured != nil:
		out.EarlierDiameterMM = change.EarlierMeasured.MeanDiameterMM
	case change.Earlier >= 0 && change.Earlier < len(c.EarlierFindings):
		out.EarlierDiameterMM, _ = c.EarlierFindings[change.Earlier].Diameter()
	}
	if change.DiameterErrorMM > 0 {
		out.DiameterChangeMM, out.DiameterErrorMM = &change.DiameterChangeMM, &change.DiameterErrorMM
	}
	return out
}

// growthOf is g in percent; nil stays nil, and 0 days are none.
func growthOf(g *prior.Growth) *api.Growth {
	if g == nil {
		return nil
	}
	return &api.Growth{
		VolumePct: 100 * g.VolumeChange, VolumePctLow: 100 * g.VolumeChangeLow, VolumePctHigh: 100 * g.VolumeChangeHigh,
		DoublingDays: above0(g.DoublingDays), DoublingDaysShort: above0(g.DoublingDaysShort), DoublingDaysLong: above0(g.DoublingDaysLong),
		Trend: string(g.Trend),
	}
}

func above0(v float64) *float64 {
	if v <= 0 {
		return nil
	}
	return &v
}

func placeAt(list []triage.ImagePlace, i int) api.ImagePlace {
	if i >= len(list) {
		return api.ImagePlace{}
	}
	p := list[i]
	return api.ImagePlace{SOPInstanceUID: p.SOPInstanceUID, Slice: p.Slice, Frame: p.Frame, Column: p.PixelColumn, Row: p.PixelRow}
}

func codes(list []prior.Reason) []string {
	out := make([]string, len(list))
	for i, r := range list {
		out[i] = string(r)
	}
	return out
}
