package web

import (
	"nafas/inference/finding"
	"nafas/inference/volume"
	"nafas/internal/triage"
	"nafas/internal/web/api"
)

// findingOf is a finding by itself: what only its study knows is left out.
func findingOf(f triage.Finding) api.FindingView {
	out := api.FindingView{
		Rank: f.Rank, Score: f.Score, Flagged: f.Flagged, CenterLPSMM: f.CenterLPSMM, Side: string(f.Side),
		Measured: measurementOf(f.Measured), Guidelines: []api.GuidelineText{}, Reasons: []string{},
		Image: api.ImagePlace{SOPInstanceUID: f.SOPInstanceUID, Slice: f.Slice, Frame: f.Frame, Column: f.PixelColumn, Row: f.PixelRow},
	}
	if m := f.Reliable(); m != nil {
		out.CenterLPSMM = m.CenterLPSMM
	}
	diameter, by := f.Diameter()
	out.DiameterMM, out.DiameterBy = diameter, string(by)
	// A place that contradicts the side of the finding is none.
	if p := f.Place; p != nil && p.Side == f.Side && p.Side != finding.SideUnknown {
		out.Lobe, out.Zone, out.PleuraMM = word(p.Lobe), word(p.Zone), &p.PleuraMM
		out.Juxtapleural, out.Perifissural = p.Juxtapleural, p.Perifissural
	}
	return out
}

func measurementOf(m *triage.Measurement) *api.Measurement {
	if m == nil {
		return nil
	}
	return &api.Measurement{
		Reliable: m.Reliable(), Doubt: string(m.Doubt), VolumeMM3: m.VolumeMM3, VolumeErrorPct: 100 * m.VolumeError,
		MeanDiameterMM: m.MeanDiameterMM, LongAxis: axis(m.LongAxisMM, m.LongAxisLPSMM), ShortAxis: axis(m.ShortAxisMM, m.ShortAxisLPSMM),
		Kind: word(m.Kind), KindConfidence: m.KindConfidence, SolidDiameterMM: m.SolidDiameterMM, SolidVolumeMM3: m.SolidVolumeMM3,
		MeanHU: m.MeanHU, MinHU: m.MinHU, MaxHU: m.MaxHU,
	}
}

func axis(lengthMM float64, ends [2]volume.Vec3) api.Axis {
	return api.Axis{LengthMM: lengthMM, FromLPSMM: ends[0], ToLPSMM: ends[1]}
}
