package rpc

import (
	"nafas/internal/registry"
	"nafas/internal/rescore/compare"
	"nafas/internal/triage"
	nafasv1 "nafas/proto/nafas/v1"
)

var modelStates = map[registry.State]nafasv1.ModelState{
	registry.Installed: nafasv1.ModelState_MODEL_STATE_INSTALLED, registry.Shadow: nafasv1.ModelState_MODEL_STATE_SHADOW,
	registry.Live: nafasv1.ModelState_MODEL_STATE_LIVE, registry.Retired: nafasv1.ModelState_MODEL_STATE_RETIRED,
}

var modelActions = map[registry.Action]nafasv1.ModelAction{
	registry.ActionInstalled:     nafasv1.ModelAction_MODEL_ACTION_INSTALLED,
	registry.ActionShadowStarted: nafasv1.ModelAction_MODEL_ACTION_SHADOW_STARTED,
	registry.ActionShadowStopped: nafasv1.ModelAction_MODEL_ACTION_SHADOW_STOPPED,
	registry.ActionActivated:     nafasv1.ModelAction_MODEL_ACTION_ACTIVATED,
	registry.ActionRolledBack:    nafasv1.ModelAction_MODEL_ACTION_ROLLED_BACK,
	registry.ActionRemoved:       nafasv1.ModelAction_MODEL_ACTION_REMOVED,
}

func modelName(m triage.Model) *nafasv1.Model {
	return &nafasv1.Model{Name: m.Name, Version: m.Version, Sha256: m.SHA256}
}

func serviceModelProto(m registry.Model) *nafasv1.ServiceModel {
	p := &nafasv1.ServiceModel{
		Model: modelName(m.Model), State: modelStates[m.State], Shipped: m.Shipped,
		License: m.License, IntendedUse: m.IntendedUse, Card: m.Card,
		ShadowWaiting: int64(m.Readings.Waiting), ShadowRead: int64(m.Readings.Read), ShadowFailed: int64(m.Readings.Failed),
	}
	if m.Folder != "" {
		p.InstalledAt, p.InstalledBy = timeProto(m.InstalledAt), m.InstalledBy.Name
		p.ChangedAt, p.ChangedBy = timeProto(m.ChangedAt), m.ChangedBy.Name
	}
	return p
}

func modelEventProto(e registry.Event) *nafasv1.ModelEvent {
	p := &nafasv1.ModelEvent{
		Number: e.Number, At: timeProto(e.At), Who: e.Who.Name, By: e.Who.By, Action: modelActions[e.Action], Model: modelName(e.Model),
	}
	if e.Before.SHA256 != "" {
		p.Before = modelName(e.Before)
	}
	return p
}

func modelComparisonProto(c registry.Comparison) *nafasv1.ModelComparison {
	of := c.Of
	return &nafasv1.ModelComparison{
		Before: modelName(c.Live), After: modelName(c.Shadow), Both: int64(of.Both),
		NewlyFlagged: studyChanges(of.NewlyFlagged), Dropped: studyChanges(of.Dropped),
		StillFlagged: int64(of.StillFlagged), StillNot: int64(of.StillNot),
		NotRead: studyChanges(of.NotRead), Failed: int64(c.Failed),
		FindingsBefore: int64(of.Before.Findings), FindingsAfter: int64(of.After.Findings),
		Priorities: studyShifts(of.Priorities), Categories: studyShifts(of.Categories), LookAgain: studyChanges(of.LookAgain),
		Waiting: int64(c.Waiting), ChangedSince: int64(c.Changed), OtherLive: int64(c.OtherLive),
	}
}

func studyChanges(list []compare.Change) []*nafasv1.StudyChange {
	var out []*nafasv1.StudyChange
	for _, c := range list {
		out = append(out, &nafasv1.StudyChange{
			StudyInstanceUid: c.StudyUID, SeriesInstanceUid: c.SeriesUID, StudyDate: c.Date,
			ScoreBefore: c.ScoreBefore, ScoreAfter: c.ScoreAfter,
			PriorityBefore: priorityToProto[c.PriorityBefore], PriorityAfter: priorityToProto[c.PriorityAfter], Reason: c.Reason,
		})
	}
	return out
}

func studyShifts(cells []compare.Cell) []*nafasv1.StudyShift {
	var out []*nafasv1.StudyShift
	for _, c := range cells {
		out = append(out, &nafasv1.StudyShift{Before: c.Before, After: c.After, Studies: int64(c.Studies)})
	}
	return out
}
