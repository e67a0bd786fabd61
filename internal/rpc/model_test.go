package rpc_test

import (
	"context"
	"errors"
	"io"
	"log/slog"
	"os"
	"path/filepath"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"google.golang.org/grpc/codes"

	"nafas/internal/access"
	"nafas/internal/audit"
	"nafas/internal/client"
	"nafas/internal/registry"
	"nafas/internal/rpc"
	"nafas/internal/store"
	"nafas/internal/triage"
	"nafas/models"
	"nafas/models/manifest"
	"nafas/models/modelstest"
	nafasv1 "nafas/proto/nafas/v1"
)

// modelWorkers start whatever is in a folder, but for version 6.6.6.
type modelWorkers struct{}

func (modelWorkers) New(dir string, _ registry.Use) registry.Reader { return modelReader{dir} }

type modelReader struct{ dir string }

func (r modelReader) Start(context.Context) (registry.Identity, error) {
	m, err := manifest.Load(os.DirFS(r.dir))
	if err == nil && m.Version == "6.6.6" {
		err = errors.New("its self-test differs")
	}
	if err != nil {
		return registry.Identity{}, err
	}
	return registry.Identity{Model: triage.Model{Name: m.Name, Version: m.Version, SHA256: m.SHA256()}}, nil
}

func (modelReader) Read(context.Context, triage.ReadingJob, func(triage.Progress)) (triage.StudyReading, error) {
	return triage.StudyReading{}, errors.New("nothing is read here")
}

func (modelReader) Close() {}

// modelServer is a server with models, and clients of two tokens.
type modelServer struct {
	t             *testing.T
	admin, reader *client.Client
	trail         *trail
}

func newModelServer(t *testing.T, idle time.Duration) *modelServer {
	t.Helper()
	log := slog.New(slog.NewTextHandler(io.Discard, nil))
	st, err := store.Open(t.Context(), t.TempDir(), store.Options{Log: log})
	require.NoError(t, err)
	t.Cleanup(func() { require.NoError(t, st.Close()) })
	of := registry.New(st.Models(), st.Models(), modelWorkers{}, registry.Options{Log: log, MinFreeBytes: 1})
	first := registry.First{Who: registry.Who{Name: "root", By: "shell"}}
	dir := filepath.Join(t.TempDir(), "model")
	require.NoError(t, modelstest.Write(dir, modelstest.Options{}))
	first.Model, err = models.Open(dir)
	require.NoError(t, err)
	_, err = of.Begin(t.Context(), first)
	require.NoError(t, err)
	t.Cleanup(of.Close)

	var file []byte
	tokens := map[string]string{}
	for name, role := range map[string]access.Role{"amal": access.RoleAdmin, "badr": access.RoleRead} {
		token, line, err := access.NewToken(name, []access.Role{role})
		require.NoError(t, err)
		tokens[name], file = token, append(append(file, line...), '\n')
	}
	path := filepath.Join(t.TempDir(), "tokens")
	require.NoError(t, os.WriteFile(path, file, 0o600))
	known, err := access.LoadTokens(path)
	require.NoError(t, err)
	s := &modelServer{t: t, trail: &trail{}}
	address, _ := startServer(t, oneFinding, rpc.Options{Models: of, Tokens: known, Trail: audit.NewAccesses(s.trail, nil), UploadIdle: idle})
	as := func(name string) *client.Client {
		c, err := client.Dial(client.Options{Address: address, Token: tokens[name]})
		require.NoError(t, err)
		t.Cleanup(func() { c.Close() })
		return c
	}
	s.admin, s.reader = as("amal"), as("badr")
	return s
}

func (s *modelServer) install(o modelstest.Options) (*nafasv1.InstallModelResponse, error) {
	s.t.Helper()
	dir := filepath.Join(s.t.TempDir(), "model")
	require.NoError(s.t, modelstest.Write(dir, o))
	return s.admin.InstallModel(s.t.Context(), os.DirFS(dir), []string{"card.md", "heat.f32", "image.f32", "model.onnx", "model.yaml", "shape.f32"})
}

// What is done to models is said by the wire, kept with who did it, and in the audit
// trail before it is done.
func TestModelsOverTheWire(t *testing.T) {
	s := newModelServer(t, 0)
	c, ctx := s.admin.Models(), t.Context()
	got, err := s.install(modelstest.Options{Version: "2.0.0"})
	require.NoError(t, err)
	require.True(t, got.GetAdded())
	require.Equal(t, nafasv1.ModelState_MODEL_STATE_INSTALLED, got.GetModel().GetState())
	require.Equal(t, "amal", got.GetModel().GetInstalledBy())
	got, err = s.install(modelstest.Options{Version: "2.0.0"})
	require.NoError(t, err)
	require.False(t, got.GetAdded())
	_, err = s.install(modelstest.Options{Version: "2.0.0", AboveHU: -300})
	requireStatus(t, err, codes.AlreadyExists, "MODEL_EXISTS")
	_, err = s.install(modelstest.Options{Version: "6.6.6"})
	requireStatus(t, err, codes.FailedPrecondition, "MODEL_UNFIT")
	_, err = s.install(modelstest.Options{Version: "3.0.0", Fault: modelstest.FaultHash})
	requireStatus(t, err, codes.FailedPrecondition, "MODEL_UNFIT")

	two := modelstest.Name + ":2.0.0"
	shadow, err := c.StartShadow(ctx, &nafasv1.StartShadowRequest{Model: two})
	require.NoError(t, err)
	require.Equal(t, nafasv1.ModelState_MODEL_STATE_SHADOW, shadow.GetModel().GetState())
	_, err = c.CompareModels(ctx, &nafasv1.CompareModelsRequest{Model: two})
	requireStatus(t, err, codes.FailedPrecondition, "MODEL_STATE")
	_, err = c.RemoveModel(ctx, &nafasv1.RemoveModelRequest{Model: two})
	requireStatus(t, err, codes.FailedPrecondition, "MODEL_STATE")
	_, err = c.StopShadow(ctx, &nafasv1.StopShadowRequest{Model: two})
	require.NoError(t, err)
	_, err = c.ActivateModel(ctx, &nafasv1.ActivateModelRequest{Model: "PATIENT^NAME"})
	requireStatus(t, err, codes.NotFound, "MODEL_NOT_FOUND")
	_, err = c.ActivateModel(ctx, &nafasv1.ActivateModelRequest{Model: modelstest.Name})
	requireStatus(t, err, codes.InvalidArgument, "INVALID_REQUEST")
	live, err := c.ActivateModel(ctx, &nafasv1.ActivateModelRequest{Model: two})
	require.NoError(t, err)
	require.True(t, live.GetChanged())
	back, err := c.RollBackModel(ctx, &nafasv1.RollBackModelRequest{})
	require.NoError(t, err)
	require.Equal(t, "1.0.0", back.GetModel().GetModel().GetVersion())
	_, err = c.RollBackModel(ctx, &nafasv1.RollBackModelRequest{})
	requireStatus(t, err, codes.FailedPrecondition, "MODEL_STATE")
	removed, err := c.RemoveModel(ctx, &nafasv1.RemoveModelRequest{Model: two})
	require.NoError(t, err)
	require.Equal(t, "2.0.0", removed.GetModel().GetVersion())

	list, err := c.ListModels(ctx, &nafasv1.ListModelsRequest{})
	require.NoError(t, err)
	require.Len(t, list.GetModels(), 1)
	require.Contains(t, list.GetModels()[0].GetCard(), "A detector for tests")
	events, err := c.ListModelEvents(ctx, &nafasv1.ListModelEventsRequest{})
	require.NoError(t, err)
	require.Len(t, events.GetEvents(), 8)
	rolled := events.GetEvents()[6]
	require.Equal(t, nafasv1.ModelAction_MODEL_ACTION_ROLLED_BACK, rolled.GetAction())
	require.Equal(t, []string{"amal", "token", "1.0.0", "2.0.0"}, []string{rolled.GetWho(), rolled.GetBy(), rolled.GetModel().GetVersion(), rolled.GetBefore().GetVersion()})

	sum := got.GetModel().GetModel().GetSha256()[:12]
	require.Equal(t, []string{
		"model model: install ", "model model: installed " + two + " " + sum + " ",
		"model model: install ",
		"model model: install ", "model model: install, refused ",
		"model model: install ", "model model: install, refused ",
		"model model: install ", "model model: install, refused ",
		"model model: start shadow " + two + " ",
		"export comparison of models over gRPC " + two + " ",
		"model model: remove " + two + " ", "model model: remove " + two + ", refused ",
		"model model: stop shadow " + two + " ",
		"model model: activate ", "model model: activate, refused ",
		"model model: activate " + modelstest.Name + " ", "model model: activate " + modelstest.Name + ", refused ",
		"model model: activate " + two + " ",
		"model model: roll back ", "model model: roll back ", "model model: roll back, refused ",
		"model model: remove " + two + " ",
	}, s.trail.said("amal"))

	s.trail.mu.Lock()
	s.trail.err = errors.New("the disk is full")
	s.trail.mu.Unlock()
	_, err = s.install(modelstest.Options{Version: "4.0.0"})
	requireStatus(t, err, codes.Unavailable, "BUSY")
	list, err = c.ListModels(ctx, &nafasv1.ListModelsRequest{})
	require.NoError(t, err)
	require.Len(t, list.GetModels(), 1, "what cannot be recorded is not done")
}

// Models are the administrators'.
func TestModelsNeedTheRoleAdmin(t *testing.T) {
	s := newModelServer(t, 0)
	c, ctx := s.reader.Models(), t.Context()
	for name, call := range map[string]func() error{
		"list":     func() error { _, err := c.ListModels(ctx, &nafasv1.ListModelsRequest{}); return err },
		"install":  func() error { _, err := s.reader.InstallModel(ctx, os.DirFS("."), nil); return err },
		"shadow":   func() error { _, err := c.StartShadow(ctx, &nafasv1.StartShadowRequest{}); return err },
		"off":      func() error { _, err := c.StopShadow(ctx, &nafasv1.StopShadowRequest{}); return err },
		"activate": func() error { _, err := c.ActivateModel(ctx, &nafasv1.ActivateModelRequest{}); return err },
		"rollback": func() error { _, err := c.RollBackModel(ctx, &nafasv1.RollBackModelRequest{}); return err },
		"remove":   func() error { _, err := c.RemoveModel(ctx, &nafasv1.RemoveModelRequest{}); return err },
		"events":   func() error { _, err := c.ListModelEvents(ctx, &nafasv1.ListModelEventsRequest{}); return err },
		"compare":  func() error { _, err := c.CompareModels(ctx, &nafasv1.CompareModelsRequest{}); return err },
	} {
		t.Run(name, func(t *testing.T) { requireStatus(t, call(), codes.PermissionDenied, "PERMISSION_DENIED") })
	}
}

// An upload that breaks a rule, breaks off or falls silent keeps nobody else out.
func TestUploadsOfModels(t *testing.T) {
	s := newModelServer(t, 200*time.Millisecond)
	send := func(chunks ...*nafasv1.Chunk) error {
		stream, err := s.admin.Models().InstallModel(t.Context())
		require.NoError(t, err)
		for _, c := range chunks {
			if err := stream.Send(&nafasv1.InstallModelRequest{Chunk: c}); err != nil {
				require.ErrorIs(t, err, io.EOF)
				break
			}
		}
		_, err = stream.CloseAndRecv()
		return err
	}
	requireStatus(t, send(), codes.FailedPrecondition, "MODEL_UNFIT")
	requireStatus(t, send(&nafasv1.Chunk{Name: "../x", Last: true}), codes.FailedPrecondition, "MODEL_UNFIT")
	requireStatus(t, send(&nafasv1.Chunk{Name: "a", Data: make([]byte, 1<<20+1)}), codes.InvalidArgument, "INVALID_REQUEST")
	requireStatus(t, send(&nafasv1.Chunk{Name: "a", Data: []byte("half")}), codes.InvalidArgument, "INVALID_REQUEST")
	requireStatus(t, send(nil), codes.InvalidArgument, "INVALID_REQUEST")

	silent, err := s.admin.Models().InstallModel(t.Context())
	require.NoError(t, err)
	_, err = silent.Header()
	require.NoError(t, err)
	requireStatus(t, send(&nafasv1.Chunk{Name: "b", Last: true}), codes.Unavailable, "BUSY")
	require.NoError(t, silent.Send(&nafasv1.InstallModelRequest{Chunk: &nafasv1.Chunk{Name: "a", Data: []byte("x")}}))
	var none nafasv1.InstallModelResponse
	requireStatus(t, silent.RecvMsg(&none), codes.DeadlineExceeded, "UPLOAD_IDLE")
	requireStatus(t, send(&nafasv1.Chunk{Name: "b", Last: true}), codes.FailedPrecondition, "MODEL_UNFIT")
}
