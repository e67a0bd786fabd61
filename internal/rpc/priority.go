package rpc

import (
	"nafas/inference/measure"
	"nafas/internal/triage"
	"nafas/internal/triage/priority"
	nafasv1 "nafas/proto/nafas/v1"
)

var levelToProto = map[priority.Level]nafasv1.Priority{
	priority.Routine: nafasv1.Priority_PRIORITY_ROUTINE,
	priority.High:    nafasv1.Priority_PRIORITY_HIGH,
	priority.Urgent:  nafasv1.Priority_PRIORITY_URGENT,
}

func priorityReasonsProto(reasons []triage.PriorityReason) []*nafasv1.PriorityReason {
	out := make([]*nafasv1.PriorityReason, len(reasons))
	for i, r := range reasons {
		out[i] = priorityReasonProto(r)
	}
	return out
}

func priorityReasonProto(r triage.PriorityReason) *nafasv1.PriorityReason {
	p := &nafasv1.PriorityReason{
		Code: string(r.Code), Text: r.Text, Rule: priorityRuleProto(r.Rule), FindingRanks: int32s(r.Ranks),
		LargestMm: r.LargestMM, LargestSolidPartMm: r.LargestSolidMM, Kinds: kindsProto(r.Kinds), Scan: r.Scan,
		DoublingDays: above0(r.DoublingDays), DoublingDaysShort: above0(r.DoublingDaysShort), DoublingDaysLong: above0(r.DoublingDaysLong),
	}
	if r.LargestMM > 0 {
		by := triage.ByDetector
		if r.LargestMeasured {
			by = triage.ByMeasurement
		}
		p.LargestBy = string(by)
	}
	if r.NotRead != "" {
		p.NotRead = ReasonProto(r.NotRead)
	}
	return p
}

func priorityRuleProto(r priority.Rule) *nafasv1.PriorityRule {
	if r.Name == "" {
		return nil
	}
	p := &nafasv1.PriorityRule{
		Name: r.Name, Priority: levelToProto[r.Level], OperatingPoint: string(r.Point),
		SizeAtLeastMm: above0(r.SizeMM), SolidPartAtLeastMm: above0(r.SolidPartMM),
		Kinds: kindsProto(r.Kinds), UnlessKinds: kindsProto(r.UnlessKinds), KindConfidence: above0(r.KindConfidence),
		DoublingAtMostDays: above0(r.DoublingDays), GrownAboveMm: above0(r.GrownMM),
		WithinDays: above0(int32(r.WithinDays)), Count: above0(int32(r.Count)), Scan: r.Scan,
	}
	for _, c := range r.Changes {
		p.Changes = append(p.Changes, string(c))
	}
	return p
}

// above0 is nil for 0: what is not asked for, or not known.
func above0[T int32 | float64](v T) *T {
	if v == 0 {
		return nil
	}
	return &v
}

func int32s(values []int) []int32 {
	var out []int32
	for _, v := range values {
		out = append(out, int32(v))
	}
	return out
}

func kindsProto(kinds []measure.Kind) []nafasv1.NoduleKind {
	var out []nafasv1.NoduleKind
	for _, k := range kinds {
		out = append(out, kindToProto[k])
	}
	return out
}
