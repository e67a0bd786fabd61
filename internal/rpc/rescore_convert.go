package rpc

import (
	"time"

	"google.golang.org/protobuf/types/known/durationpb"
	"google.golang.org/protobuf/types/known/timestamppb"

	"nafas/internal/rescore"
	nafasv1 "nafas/proto/nafas/v1"
)

var rescoringStates = map[rescore.State]nafasv1.RescoringState{
	rescore.StatePlanning: nafasv1.RescoringState_RESCORING_STATE_PLANNING, rescore.StateRunning: nafasv1.RescoringState_RESCORING_STATE_RUNNING,
	rescore.StatePaused: nafasv1.RescoringState_RESCORING_STATE_PAUSED, rescore.StateDone: nafasv1.RescoringState_RESCORING_STATE_DONE,
	rescore.StateCancelled: nafasv1.RescoringState_RESCORING_STATE_CANCELLED,
}

var inputStates = map[rescore.SeriesState]nafasv1.InputState{
	rescore.Waiting: nafasv1.InputState_INPUT_STATE_WAITING, rescore.Scored: nafasv1.InputState_INPUT_STATE_SCORED,
	rescore.Unchanged: nafasv1.InputState_INPUT_STATE_UNCHANGED, rescore.Skipped: nafasv1.InputState_INPUT_STATE_SKIPPED,
	rescore.Failed: nafasv1.InputState_INPUT_STATE_FAILED,
}

// RescoringProto is r on the wire; the command line prints it as JSON too. Of a source
// that is a list of UIDs it has their number: there may be more than a message holds.
func RescoringProto(r rescore.Rescoring) *nafasv1.Rescoring {
	p := &nafasv1.Rescoring{
		Id: r.ID, Name: r.Name, Source: sourceProto(r.Source),
		Model:        &nafasv1.Model{Name: r.Model.Name, Version: r.Model.Version, Sha256: r.Model.SHA256},
		ConfigSha256: r.Recipe.ConfigSHA256,
		Settings:     &nafasv1.RescoringSettings{PriorityRules: r.Settings.Rules, Guidelines: r.Settings.Guidelines, Screening: r.Settings.Screening},
		Limits:       &nafasv1.RescoringLimits{Window: r.Limits.Window, MaxFetches: int32(r.Limits.MaxFetches), BytesPerSecond: r.Limits.BytesPerSecond},
		Baseline:     r.Baseline, State: rescoringStates[r.State], Why: r.Why, Planned: r.Planned,
		CreatedAt: timestamppb.New(r.CreatedAt), EndedAt: timeProto(r.EndedAt), WorkedFor: durationpb.New(r.WorkedFor),
		Totals: &nafasv1.RescoringTotals{
			Studies: r.Totals.Studies, StudiesDone: r.Totals.StudiesDone, Inputs: r.Totals.Inputs, Waiting: r.Totals.Waiting,
			Scored: r.Totals.Scored, Unchanged: r.Totals.Unchanged, Skipped: r.Totals.Skipped, Failed: r.Totals.Failed,
			Files: r.Totals.Files, Late: r.Totals.Late, Erased: r.Totals.Erased, Reasons: r.Totals.Reasons,
		},
	}
	return p
}

func timeProto(t time.Time) *timestamppb.Timestamp {
	if t.IsZero() {
		return nil
	}
	return timestamppb.New(t)
}

func sourceProto(s rescore.SourceSpec) *nafasv1.RescoringSource {
	p := &nafasv1.RescoringSource{
		Query:        &nafasv1.SourceQuery{From: s.Query.From, To: s.Query.To, Modality: s.Query.Modality, Description: s.Query.Description},
		NamedStudies: int64(len(s.Studies)),
	}
	switch s.Kind {
	case rescore.SourceFolder:
		p.Kind = &nafasv1.RescoringSource_Folder{Folder: &nafasv1.FolderSource{Path: s.Root}}
	case rescore.SourceWeb:
		p.Kind = &nafasv1.RescoringSource_Dicomweb{Dicomweb: &nafasv1.DicomwebSource{Url: s.URL, TokenFile: s.TokenFile, CaFile: s.CA}}
	case rescore.SourceDIMSE:
		p.Kind = &nafasv1.RescoringSource_Dimse{Dimse: &nafasv1.DimseSource{Peer: s.Peer, OwnAe: s.OwnAE, Listen: s.Listen, Tls: s.TLS, CaFile: s.CA}}
	}
	return p
}

func sourceFromProto(p *nafasv1.RescoringSource) (rescore.SourceSpec, error) {
	q := p.GetQuery()
	s := rescore.SourceSpec{
		Query:   rescore.Query{From: q.GetFrom(), To: q.GetTo(), Modality: q.GetModality(), Description: q.GetDescription()},
		Studies: p.GetStudyInstanceUids(),
	}
	for _, uid := range s.Studies {
		if err := validateUID("rescoring.source.study_instance_uids", uid); err != nil {
			return s, err
		}
	}
	switch kind := p.GetKind().(type) {
	case *nafasv1.RescoringSource_Folder:
		s.Kind, s.Root = rescore.SourceFolder, kind.Folder.GetPath()
	case *nafasv1.RescoringSource_Dicomweb:
		s.Kind, s.URL, s.TokenFile, s.CA = rescore.SourceWeb, kind.Dicomweb.GetUrl(), kind.Dicomweb.GetTokenFile(), kind.Dicomweb.GetCaFile()
	case *nafasv1.RescoringSource_Dimse:
		d := kind.Dimse
		s.Kind, s.Peer, s.OwnAE, s.Listen, s.TLS, s.CA = rescore.SourceDIMSE, d.GetPeer(), d.GetOwnAe(), d.GetListen(), d.GetTls(), d.GetCaFile()
	default:
		return s, invalid("rescoring.source", "says neither folder, dicomweb nor dimse")
	}
	return s, nil
}

func limitsFromProto(p *nafasv1.RescoringLimits) rescore.Limits {
	return rescore.Limits{Window: p.GetWindow(), MaxFetches: int(p.GetMaxFetches()), BytesPerSecond: p.GetBytesPerSecond()}
}

func rescoringFromProto(p *nafasv1.RescoringRequest) (rescore.Request, error) {
	if p == nil {
		return rescore.Request{}, invalid("rescoring", "is missing")
	}
	source, err := sourceFromProto(p.GetSource())
	s := p.GetSettings()
	return rescore.Request{
		Name: p.GetName(), Model: p.GetModel(), Baseline: p.GetBaseline(), Source: source,
		Settings: rescore.Settings{Rules: s.GetPriorityRules(), Guidelines: s.GetGuidelines(), Screening: s.GetScreening()},
		Limits:   limitsFromProto(p.GetLimits()),
	}, err
}

// InputProto is one input of a rescoring on the wire.
func InputProto(r rescore.Row) *nafasv1.RescoringInput {
	p := &nafasv1.RescoringInput{
		Path: r.Path, StudyInstanceUid: r.StudyUID, SeriesInstanceUid: r.SeriesUID, Modality: r.Modality, StudyDate: r.StudyDate,
		Instances: int32(r.Instances), State: inputStates[r.State], Reason: r.Reason, Found: r.Found, Remedy: r.Remedy,
		At: timeProto(r.At), Worker: r.Worker,
	}
	if r.Result != nil {
		p.Result = ResultProto(*r.Result)
	}
	if r.Verdict != nil {
		p.Priority, p.LungRads = priorityToProto[r.Verdict.Priority], r.Verdict.LungRADS
	}
	return p
}
