package trials_test

import (
	"path/filepath"
	"regexp"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"google.golang.org/grpc"
	"google.golang.org/grpc/credentials/insecure"

	"nafas/internal/rescore/archivetest"
	nafasv1 "nafas/proto/nafas/v1"
)

var serving = regexp.MustCompile(`grpc=(127\.0\.0\.1:\d+)`)

// serve starts a service on a data folder, and returns its address.
func (p *past) serve(t *testing.T, data string) (*process, string) {
	t.Helper()
	s := p.start("serve", "--listen", "127.0.0.1:0", "--data", data, "--onnxruntime", p.library, "--model", p.model, "--min-free-mib", "1",
		"--http-listen", "127.0.0.1:0", "--rescore-cores", "1", "--rescore-models", p.models)
	require.Eventually(t, func() bool { return serving.MatchString(s.said()) }, waitLong, waitStep)
	return s, serving.FindStringSubmatch(s.said())[1]
}

// A service works rescorings that others begin, answers for them over gRPC, and its
// live studies go first.
func TestAServiceWorksRescoringsBesideItsLiveStudies(t *testing.T) {
	p := newPast(t, 60)
	data := filepath.Join(t.TempDir(), "data")
	_, address := p.serve(t, data)
	id := p.begin(p.archive, data, p.model)
	l := p.look(data)
	require.Eventually(t, func() bool { return totals(t, l, id).StudiesDone > 3 }, waitLong, waitStep)

	conn, err := grpc.NewClient(address, grpc.WithTransportCredentials(insecure.NewCredentials()))
	require.NoError(t, err)
	defer conn.Close()
	past := nafasv1.NewRescoreServiceClient(conn)
	before := totals(t, l, id).StudiesDone
	p.live(t, address)
	// What was in hand when the live study came is read to its end, and no more.
	require.LessOrEqual(t, totals(t, l, id).StudiesDone-before, int64(10), "live studies do not wait for the archive")

	paused, err := past.PauseRescoring(t.Context(), &nafasv1.PauseRescoringRequest{Id: id})
	require.NoError(t, err)
	require.Equal(t, nafasv1.RescoringState_RESCORING_STATE_PAUSED, paused.GetRescoring().GetState())
	require.Eventually(t, func() bool {
		a := totals(t, l, id).StudiesDone
		time.Sleep(3 * time.Second)
		return totals(t, l, id).StudiesDone == a
	}, waitLong, waitStep, "it stands still")
	_, err = past.ResumeRescoring(t.Context(), &nafasv1.ResumeRescoringRequest{Id: id})
	require.NoError(t, err)

	// Another process looks on, and says how it ended.
	out := p.run([]int{exitSomeFailed}, p.resuming(data, id)...)
	require.Contains(t, out, "RESCORING_STATE_DONE")
	p.accounts(l, id)
}

// live sends a study to the service and waits for what it says of it.
func (p *past) live(t *testing.T, address string) {
	t.Helper()
	dir := filepath.Join(t.TempDir(), "live")
	_, err := archivetest.Write(dir, 1, 99)
	require.NoError(t, err)
	p.run([]int{exitDone}, "send", "--address", address, "--wait", filepath.Join(dir, "2015"))
}
