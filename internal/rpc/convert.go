package rpc

import (
	"math"

	"google.golang.org/protobuf/types/known/timestamppb"

	"nafas/dicomio/refusal"
	"nafas/inference/finding"
	"nafas/inference/measure"
	"nafas/inference/volume"
	"nafas/internal/triage"
	nafasv1 "nafas/proto/nafas/v1"
)

var stateToProto = map[triage.State]nafasv1.StudyState{
	triage.Receiving:   nafasv1.StudyState_STUDY_STATE_RECEIVING,
	triage.Waiting:     nafasv1.StudyState_STUDY_STATE_WAITING,
	triage.Running:     nafasv1.StudyState_STUDY_STATE_RUNNING,
	triage.Done:        nafasv1.StudyState_STUDY_STATE_DONE,
	triage.NotAssessed: nafasv1.StudyState_STUDY_STATE_NOT_ASSESSED,
	triage.Failed:      nafasv1.StudyState_STUDY_STATE_FAILED,
}

var priorityToProto = map[triage.Priority]nafasv1.Priority{
	triage.PriorityNone:        nafasv1.Priority_PRIORITY_UNSPECIFIED,
	triage.PriorityRoutine:     nafasv1.Priority_PRIORITY_ROUTINE,
	triage.PriorityNotAssessed: nafasv1.Priority_PRIORITY_NOT_ASSESSED,
	triage.PriorityHigh:        nafasv1.Priority_PRIORITY_HIGH,
	triage.PriorityUrgent:      nafasv1.Priority_PRIORITY_URGENT,
}

var requestToProto = map[triage.RequestPriority]nafasv1.RequestPriority{
	triage.RequestRoutine: nafasv1.RequestPriority_REQUEST_PRIORITY_ROUTINE,
	triage.RequestUrgent:  nafasv1.RequestPriority_REQUEST_PRIORITY_URGENT,
}

func reverse[D, P comparable](m map[D]P) map[P]D {
	r := make(map[P]D, len(m))
	for d, p := range m {
		r[p] = d
	}
	return r
}

var (
	stateFromProto    = reverse(stateToProto)
	priorityFromProto = reverse(priorityToProto)
	requestFromProto  = reverse(requestToProto)
)

// StudyProto is s on the wire.
func StudyProto(s triage.Study) *nafasv1.Study {
	p := &nafasv1.Study{
		StudyInstanceUid: s.UID,
		State:            stateToProto[s.State],
		Priority:         priorityToProto[s.Priority],
		PriorityReasons:  triage.PriorityTexts(s.PriorityReasons),
		Reasons:          priorityReasonsProto(s.PriorityReasons),
		RequestPriority:  requestToProto[s.RequestPriority],
		ReceivedAt:       timestamppb.New(s.ReceivedAt),
		UpdatedAt:        timestamppb.New(s.UpdatedAt),
		Instances:        int32(s.Instances),
		Quarantined:      int32(s.Quarantined),
		NotAssessed:      RefusalProto(s.NotAssessed),
		PriorOnly:        s.PriorOnly,
	}
	for _, series := range s.Series {
		one := seriesProto(series)
		if one.Result != nil { // one series of a study is read
			one.Result.Assessment = assessmentProto(s.Assessment)
			compareProto(one.Result, s.Comparison)
			one.Result.StudyPriority, one.Result.StudyPriorityReasons = p.Priority, p.Reasons
		}
		p.Series = append(p.Series, one)
	}
	for _, d := range s.Deliveries {
		p.Deliveries = append(p.Deliveries, deliveryProto(d))
	}
	return p
}

func deliveryProto(d triage.DeliveryStatus) *nafasv1.Delivery {
	return &nafasv1.Delivery{
		Destination: d.Destination, State: deliveryToProto[d.State], Attempts: int32(d.Attempts), Reason: d.Reason,
		UpdatedAt: timestamppb.New(d.UpdatedAt), QueuedAt: timestamppb.New(d.QueuedAt), StudyInstanceUid: d.StudyUID,
	}
}

var deliveryToProto = map[triage.DeliveryState]nafasv1.DeliveryState{
	triage.DeliveryWaiting:   nafasv1.DeliveryState_DELIVERY_STATE_WAITING,
	triage.DeliveryDelivered: nafasv1.DeliveryState_DELIVERY_STATE_DELIVERED,
	triage.DeliveryDead:      nafasv1.DeliveryState_DELIVERY_STATE_DEAD,
	triage.DeliveryReplaced:  nafasv1.DeliveryState_DELIVERY_STATE_REPLACED,
}

func seriesProto(s triage.Series) *nafasv1.Series {
	p := &nafasv1.Series{
		SeriesInstanceUid: s.UID,
		Modality:          s.Modality,
		Instances:         int32(s.Instances),
		NotRead:           RefusalProto(s.NotRead),
	}
	if s.Result != nil {
		p.Result = ResultProto(*s.Result)
	}
	return p
}

// ResultProto is r on the wire; the command line prints it as JSON too.
func ResultProto(r triage.Result) *nafasv1.SeriesResult {
	p := &nafasv1.SeriesResult{
		StudyInstanceUid:  r.StudyUID,
		SeriesInstanceUid: r.SeriesUID,
		Model:             &nafasv1.Model{Name: r.Model.Name, Version: r.Model.Version, Sha256: r.Model.SHA256},
		Runtime:           &nafasv1.Runtime{Version: r.Runtime.Version, Sha256: r.Runtime.SHA256},
		ResultKey:         r.Key,
		Notes:             r.Notes,
		Scan: &nafasv1.Scan{
			Slices:           int32(r.Scan.Slices),
			Rows:             int32(r.Scan.Rows),
			Columns:          int32(r.Scan.Columns),
			SpacingMm:        pointProto(r.Scan.SpacingMM),
			SliceThicknessMm: r.Scan.SliceThicknessMM,
			Kernel:           r.Scan.Kernel,
			Manufacturer:     r.Scan.Manufacturer,
			LungVolumeMl:     math.Round(r.Scan.LungVolumeML),
		},
	}
	for _, w := range r.Warnings {
		p.Warnings = append(p.Warnings, &nafasv1.Warning{Code: w.Code, Text: w.Text})
	}
	for _, f := range r.Findings {
		p.Findings = append(p.Findings, findingProto(f))
	}
	for _, t := range r.Timings {
		p.Timings = append(p.Timings, &nafasv1.StageTime{Stage: t.Stage, Seconds: t.Wall.Seconds()})
	}
	return p
}

func findingProto(f triage.Finding) *nafasv1.Finding {
	shown, by := f.Diameter()
	return &nafasv1.Finding{
		Rank:           int32(f.Rank),
		Score:          f.Score,
		Flagged:        f.Flagged,
		CenterLpsMm:    pointProto(f.CenterLPSMM),
		MeanDiameterMm: f.MeanDiameterMM,
		Side:           string(f.Side),
		SopInstanceUid: f.SOPInstanceUID,
		Slice:          int32(f.Slice),
		Frame:          int32(f.Frame),
		Pixel:          &nafasv1.PixelPosition{Column: f.PixelColumn, Row: f.PixelRow},

		ShownDiameterMm: shown,
		ShownDiameterBy: string(by),
		Measurement:     measurementProto(f.Measured),
		Place:           placeProto(f.Place),
	}
}

// placeProto is p on the wire; nil stays nil.
func placeProto(p *finding.Place) *nafasv1.Place {
	if p == nil {
		return nil
	}
	out := &nafasv1.Place{
		Lobe: string(p.Lobe), Zone: string(p.Zone), Estimated: p.Estimated, Juxtapleural: p.Juxtapleural, Perifissural: p.Perifissural,
	}
	if p.Side != finding.SideUnknown {
		out.PleuraMm = &p.PleuraMM
	}
	if p.FissureSeen {
		out.FissureMm = &p.FissureMM
	}
	return out
}

var kindToProto = map[measure.Kind]nafasv1.NoduleKind{
	measure.KindUnknown:     nafasv1.NoduleKind_NODULE_KIND_UNSPECIFIED,
	measure.KindSolid:       nafasv1.NoduleKind_NODULE_KIND_SOLID,
	measure.KindPartSolid:   nafasv1.NoduleKind_NODULE_KIND_PART_SOLID,
	measure.KindGroundGlass: nafasv1.NoduleKind_NODULE_KIND_GROUND_GLASS,
	measure.KindCalcified:   nafasv1.NoduleKind_NODULE_KIND_CALCIFIED,
}

// measurementProto is m on the wire, without the voxels of its body; nil stays
// nil.
func measurementProto(m *triage.Measurement) *nafasv1.Measurement {
	if m == nil {
		return nil
	}
	p := &nafasv1.Measurement{Method: m.Method, Reliable: m.Reliable(), Doubt: string(m.Doubt)}
	if !m.HasBody() {
		return p
	}
	p.CenterLpsMm = pointProto(m.CenterLPSMM)
	p.VolumeMm3, p.VolumeError = m.VolumeMM3, m.VolumeError
	p.LongAxis, p.ShortAxis = axisProto(m.LongAxisMM, m.LongAxisLPSMM), axisProto(m.ShortAxisMM, m.ShortAxisLPSMM)
	p.MeanDiameterMm = m.MeanDiameterMM
	p.Kind, p.KindConfidence = kindToProto[m.Kind], m.KindConfidence
	p.SolidVolumeMm3, p.SolidDiameterMm = m.SolidVolumeMM3, m.SolidDiameterMM
	p.MeanHu, p.MinHu, p.MaxHu = m.MeanHU, m.MinHU, m.MaxHU
	p.SeenShare = m.Seen
	p.SopInstanceUid, p.Slice, p.Frame = m.SOPInstanceUID, int32(m.Slice), int32(m.Frame)
	return p
}

func axisProto(mm float64, ends [2]volume.Vec3) *nafasv1.Axis {
	return &nafasv1.Axis{LengthMm: mm, FromLpsMm: pointProto(ends[0]), ToLpsMm: pointProto(ends[1])}
}

func pointProto(v [3]float64) *nafasv1.Point {
	return &nafasv1.Point{X: v[0], Y: v[1], Z: v[2]}
}

// RefusalProto is e on the wire; nil stays nil.
func RefusalProto(e *refusal.Error) *nafasv1.Refusal {
	if e == nil {
		return nil
	}
	return &nafasv1.Refusal{Reason: ReasonProto(e.Reason), Found: e.Found, Remedy: e.Remedy}
}

// ReasonProto is r as the enum; a reason that the enum lacks is a bug, and
// comes out as REASON_INTERNAL so that it never looks like no reason.
func ReasonProto(r refusal.Reason) nafasv1.Reason {
	if v, ok := nafasv1.Reason_value["REASON_"+string(r)]; ok {
		return nafasv1.Reason(v)
	}
	return nafasv1.Reason_REASON_INTERNAL
}

func receiptProto(r triage.Receipt) *nafasv1.Receipt {
	p := &nafasv1.Receipt{
		StudyInstanceUids: r.StudyUIDs,
		Accepted:          int32(r.Accepted),
		RepeatedInstances: int32(r.Repeated),
	}
	for _, f := range r.Refused {
		p.Refusals = append(p.Refusals, &nafasv1.InstanceRefusal{Name: f.Name, Refusal: RefusalProto(f.Err)})
	}
	return p
}

func progressProto(p triage.Progress) *nafasv1.Progress {
	return &nafasv1.Progress{
		StudyInstanceUid:  p.StudyUID,
		SeriesInstanceUid: p.SeriesUID,
		Stage:             p.Stage,
		Done:              int32(p.Done),
		Total:             int32(p.Total),
	}
}
