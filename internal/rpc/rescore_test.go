package rpc_test

import (
	"context"
	"errors"
	"io"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"google.golang.org/grpc/codes"
	"google.golang.org/protobuf/proto"

	"nafas/dicomio/refusal"
	"nafas/internal/rescore"
	"nafas/internal/rpc"
	"nafas/internal/store/rescorings"
	"nafas/internal/triage"
	nafasv1 "nafas/proto/nafas/v1"
)

// onePast is a source, and knows one model.
type onePast struct{ rescore.Source }

func (onePast) Open(_ context.Context, r rescore.Rescoring) (rescore.Source, error) {
	if r.Source.Root == "/nowhere" {
		return nil, errors.New("there is no folder /nowhere")
	}
	return onePast{}, nil
}

var pastRecipe = triage.Recipe{ModelSHA256: "m", ConfigSHA256: "c"}

func (onePast) Resolve(name string, _ rescore.Settings) (triage.Model, triage.Recipe, string, error) {
	if name != "m1" {
		return triage.Model{}, triage.Recipe{}, "", errors.New("no such model")
	}
	return triage.Model{Name: "m1", Version: "1", SHA256: "m"}, pastRecipe, name, nil
}

// rescoring serves rescorings out of a real ledger.
func rescoring(t *testing.T) (nafasv1.RescoreServiceClient, *rescorings.Ledger) {
	t.Helper()
	l, err := rescorings.OpenSQLite(t.Context(), t.TempDir(), rescorings.Options{})
	require.NoError(t, err)
	service := rescore.NewService(l, onePast{}, onePast{}, "here", time.Now)
	address, _ := startServer(t, oneFinding, rpc.Options{
		Rescorings: service,
		Preview: func(_ context.Context, rq rescore.Request) (*nafasv1.RescoringPreview, error) {
			return &nafasv1.RescoringPreview{Studies: 3}, nil
		},
	})
	client := nafasv1.NewRescoreServiceClient(dial(t, address))
	t.Cleanup(func() { l.Close() })
	return client, l
}

func folder(path string) *nafasv1.RescoringSource {
	return &nafasv1.RescoringSource{Kind: &nafasv1.RescoringSource_Folder{Folder: &nafasv1.FolderSource{Path: path}}}
}

// A list may name more studies than a message holds: of the replies one has them.
func TestARescoringOfNamedStudies(t *testing.T) {
	c, _ := rescoring(t)
	uids := []string{"1.1", "1.2", "1.3"}
	started, err := c.StartRescoring(t.Context(), &nafasv1.StartRescoringRequest{Rescoring: &nafasv1.RescoringRequest{Model: "m1", Source: &nafasv1.RescoringSource{
		Kind:              &nafasv1.RescoringSource_Dicomweb{Dicomweb: &nafasv1.DicomwebSource{Url: "http://127.0.0.1:1/dicom-web"}},
		StudyInstanceUids: uids,
	}}})
	require.NoError(t, err)
	listed, err := c.ListRescorings(t.Context(), &nafasv1.ListRescoringsRequest{})
	require.NoError(t, err)
	watch, err := c.WatchRescoring(t.Context(), &nafasv1.WatchRescoringRequest{Id: 1})
	require.NoError(t, err)
	first, err := watch.Recv()
	require.NoError(t, err)
	for _, r := range []*nafasv1.Rescoring{started.GetRescoring(), listed.GetRescorings()[0], first.GetRescoring()} {
		require.Empty(t, r.GetSource().GetStudyInstanceUids())
		require.EqualValues(t, 3, r.GetSource().GetNamedStudies())
	}
	got, err := c.GetRescoring(t.Context(), &nafasv1.GetRescoringRequest{Id: 1})
	require.NoError(t, err)
	require.Equal(t, uids, got.GetRescoring().GetSource().GetStudyInstanceUids())
}

func TestARescoringOverGRPC(t *testing.T) {
	c, l := rescoring(t)
	rq := &nafasv1.RescoringRequest{
		Name: "years", Model: "m1", Source: folder("/archive"), Baseline: "live",
		Settings: &nafasv1.RescoringSettings{Screening: "yes", Guidelines: []string{"lung-rads"}},
		Limits:   &nafasv1.RescoringLimits{Window: "20:00-06:00", MaxFetches: 2, BytesPerSecond: 1000},
	}
	started, err := c.StartRescoring(t.Context(), &nafasv1.StartRescoringRequest{Rescoring: rq})
	require.NoError(t, err)
	r := started.GetRescoring()
	require.EqualValues(t, 1, r.GetId())
	require.Equal(t, nafasv1.RescoringState_RESCORING_STATE_PLANNING, r.GetState())
	require.True(t, proto.Equal(rq.GetLimits(), r.GetLimits()))
	require.True(t, proto.Equal(rq.GetSettings(), r.GetSettings()))
	require.Equal(t, "/archive", r.GetSource().GetFolder().GetPath())
	require.Equal(t, "m1", r.GetModel().GetName())
	require.Equal(t, "live", r.GetBaseline())

	preview, err := c.PreviewRescoring(t.Context(), &nafasv1.PreviewRescoringRequest{Rescoring: rq})
	require.NoError(t, err)
	require.EqualValues(t, 3, preview.GetPreview().GetStudies())

	paused, err := c.PauseRescoring(t.Context(), &nafasv1.PauseRescoringRequest{Id: 1})
	require.NoError(t, err)
	require.Equal(t, nafasv1.RescoringState_RESCORING_STATE_PAUSED, paused.GetRescoring().GetState())
	_, err = c.ResumeRescoring(t.Context(), &nafasv1.ResumeRescoringRequest{Id: 1})
	require.NoError(t, err)
	limited, err := c.LimitRescoring(t.Context(), &nafasv1.LimitRescoringRequest{Id: 1, Limits: &nafasv1.RescoringLimits{}})
	require.NoError(t, err)
	require.Empty(t, limited.GetRescoring().GetLimits().GetWindow())

	watch, err := c.WatchRescoring(t.Context(), &nafasv1.WatchRescoringRequest{Id: 1})
	require.NoError(t, err)
	first, err := watch.Recv()
	require.NoError(t, err)
	require.Equal(t, nafasv1.RescoringState_RESCORING_STATE_PLANNING, first.GetRescoring().GetState())
	require.NoError(t, l.Plan(t.Context(), 1, "", rescore.Batch{
		Cursor: "a", Files: 3,
		Parts: []rescore.Part{{StudyUID: "1.1", SeriesUID: "1.1.1", Modality: "MR", Instances: 2}},
		Loose: []rescore.Loose{{Path: "x", State: rescore.Failed, Reason: string(refusal.Malformed), Found: "torn", Remedy: "mend"}},
	}))
	require.NoError(t, l.EndPlanning(t.Context(), 1, rescore.Readable, time.Now()))
	var last *nafasv1.Rescoring
	for {
		got, err := watch.Recv()
		if errors.Is(err, io.EOF) {
			break
		}
		require.NoError(t, err)
		last = got.GetRescoring()
	}
	require.Equal(t, nafasv1.RescoringState_RESCORING_STATE_DONE, last.GetState(), "nothing of it could be read")
	require.EqualValues(t, 2, last.GetTotals().GetInputs())
	require.Equal(t, map[string]int64{"NOT_CT": 1, "DICOM_MALFORMED": 1}, last.GetTotals().GetReasons())

	inputs := inputsOf(t, c)
	require.Len(t, inputs, 2)
	failed := inputsOf(t, c, nafasv1.InputState_INPUT_STATE_FAILED)
	require.Len(t, failed, 1)
	require.Equal(t, "x", failed[0].GetPath())
	require.Equal(t, "mend", failed[0].GetRemedy())

	listed, err := c.ListRescorings(t.Context(), &nafasv1.ListRescoringsRequest{})
	require.NoError(t, err)
	require.Len(t, listed.GetRescorings(), 1)
}

func inputsOf(t *testing.T, c nafasv1.RescoreServiceClient, states ...nafasv1.InputState) (out []*nafasv1.RescoringInput) {
	t.Helper()
	stream, err := c.ListInputs(t.Context(), &nafasv1.ListInputsRequest{Id: 1, States: states})
	require.NoError(t, err)
	for {
		got, err := stream.Recv()
		if errors.Is(err, io.EOF) {
			return out
		}
		require.NoError(t, err)
		out = append(out, got.GetInput())
	}
}

func TestRescoringsThatCannotBe(t *testing.T) {
	c, _ := rescoring(t)
	for field, rq := range map[string]*nafasv1.RescoringRequest{
		"rescoring":                            nil,
		"rescoring.source":                     {Model: "m1"},
		"rescoring.model":                      {Model: "m2", Source: folder("/archive")},
		"rescoring.limits":                     {Model: "m1", Source: folder("/archive"), Limits: &nafasv1.RescoringLimits{Window: "night"}},
		"rescoring.baseline":                   {Model: "m1", Source: folder("/archive"), Baseline: "9"},
		"rescoring.source.study_instance_uids": {Model: "m1", Source: &nafasv1.RescoringSource{StudyInstanceUids: []string{"x"}}},
	} {
		_, err := c.StartRescoring(t.Context(), &nafasv1.StartRescoringRequest{Rescoring: rq})
		requireStatus(t, err, codes.InvalidArgument, "INVALID_REQUEST")
		require.Contains(t, err.Error(), field)
	}
	_, err := c.StartRescoring(t.Context(), &nafasv1.StartRescoringRequest{Rescoring: &nafasv1.RescoringRequest{Model: "m1", Source: folder("/nowhere")}})
	requireStatus(t, err, codes.InvalidArgument, "INVALID_REQUEST")
	_, err = c.GetRescoring(t.Context(), &nafasv1.GetRescoringRequest{Id: 5})
	requireStatus(t, err, codes.NotFound, "RESCORING_NOT_FOUND")
	_, err = c.StartRescoring(t.Context(), &nafasv1.StartRescoringRequest{Rescoring: &nafasv1.RescoringRequest{Model: "m1", Source: folder("/archive")}})
	require.NoError(t, err)
	_, err = c.CancelRescoring(t.Context(), &nafasv1.CancelRescoringRequest{Id: 1})
	require.NoError(t, err)
	_, err = c.ResumeRescoring(t.Context(), &nafasv1.ResumeRescoringRequest{Id: 1})
	requireStatus(t, err, codes.FailedPrecondition, "RESCORING_STATE")
}
