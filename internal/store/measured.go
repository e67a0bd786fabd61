package store

import (
	"nafas/inference/measure"
	"nafas/inference/volume"
	"nafas/internal/triage"
)

// measuredBody is written out field by field like the rest of a result.
type measuredBody struct {
	Method          string        `json:"method"`
	Doubt           string        `json:"doubt,omitempty"`
	CenterLPSMM     [3]float64    `json:"center_lps_mm"`
	VolumeMM3       float64       `json:"volume_mm3"`
	VolumeError     float64       `json:"volume_error"`
	LongAxisLPSMM   [2][3]float64 `json:"long_axis_lps_mm"`
	ShortAxisLPSMM  [2][3]float64 `json:"short_axis_lps_mm"`
	LongAxisMM      float64       `json:"long_axis_mm"`
	ShortAxisMM     float64       `json:"short_axis_mm"`
	MeanDiameterMM  float64       `json:"mean_diameter_mm"`
	MeanHU          float64       `json:"mean_hu"`
	MinHU           float64       `json:"min_hu"`
	MaxHU           float64       `json:"max_hu"`
	Kind            string        `json:"kind,omitempty"`
	KindConfidence  float64       `json:"kind_confidence"`
	SolidVolumeMM3  float64       `json:"solid_volume_mm3"`
	SolidDiameterMM float64       `json:"solid_diameter_mm"`
	Seen            float64       `json:"seen"`
	SOPInstanceUID  string        `json:"sop_instance_uid,omitempty"`
	Slice           int           `json:"slice"`
	Frame           int           `json:"frame,omitempty"`
	// Body is missing where the measurement is not to be relied on.
	Body *bodyBody `json:"body,omitempty"`
}

type bodyBody struct {
	First [3]int `json:"first"`
	Size  [3]int `json:"size"`
	Bits  []byte `json:"bits"`
}

func encodeMeasured(m *triage.Measurement) *measuredBody {
	if m == nil {
		return nil
	}
	b := &measuredBody{
		Method: m.Method, Doubt: string(m.Doubt), CenterLPSMM: m.CenterLPSMM,
		VolumeMM3: m.VolumeMM3, VolumeError: m.VolumeError,
		LongAxisLPSMM: ends(m.LongAxisLPSMM), ShortAxisLPSMM: ends(m.ShortAxisLPSMM),
		LongAxisMM: m.LongAxisMM, ShortAxisMM: m.ShortAxisMM, MeanDiameterMM: m.MeanDiameterMM,
		MeanHU: m.MeanHU, MinHU: m.MinHU, MaxHU: m.MaxHU, Kind: string(m.Kind), KindConfidence: m.KindConfidence,
		SolidVolumeMM3: m.SolidVolumeMM3, SolidDiameterMM: m.SolidDiameterMM, Seen: m.Seen,
		SOPInstanceUID: m.SOPInstanceUID, Slice: m.Slice, Frame: m.Frame,
	}
	if len(m.Body.Bits) > 0 {
		body := bodyBody(m.Body)
		b.Body = &body
	}
	return b
}

func decodeMeasured(b *measuredBody) *triage.Measurement {
	if b == nil {
		return nil
	}
	m := &triage.Measurement{
		Measurement: measure.Measurement{
			Doubt: measure.Doubt(b.Doubt), CenterLPSMM: b.CenterLPSMM, VolumeMM3: b.VolumeMM3, VolumeError: b.VolumeError,
			LongAxisLPSMM: vectors(b.LongAxisLPSMM), ShortAxisLPSMM: vectors(b.ShortAxisLPSMM),
			LongAxisMM: b.LongAxisMM, ShortAxisMM: b.ShortAxisMM, MeanDiameterMM: b.MeanDiameterMM,
			MeanHU: b.MeanHU, MinHU: b.MinHU, MaxHU: b.MaxHU, Kind: measure.Kind(b.Kind), KindConfidence: b.KindConfidence,
			SolidVolumeMM3: b.SolidVolumeMM3, SolidDiameterMM: b.SolidDiameterMM, Seen: b.Seen, Slice: b.Slice,
		},
		Method: b.Method, SOPInstanceUID: b.SOPInstanceUID, Frame: b.Frame,
	}
	if b.Body != nil {
		m.Body = triage.Body(*b.Body)
	}
	return m
}

func ends(of [2]volume.Vec3) [2][3]float64 { return [2][3]float64{of[0], of[1]} }

func vectors(of [2][3]float64) [2]volume.Vec3 { return [2]volume.Vec3{of[0], of[1]} }
