package main

import (
	"os"
	"os/exec"
	"path/filepath"
	"testing"
	"time"

	"github.com/google/uuid"
	"github.com/stretchr/testify/require"
	"github.com/suyashkumar/dicom/pkg/tag"

	"nafas/dicomio/ctwriter"
	"nafas/dicomio/part10"
	"nafas/internal/access"
	"nafas/internal/client"
	nafasv1 "nafas/proto/nafas/v1"
)

// What a reader says over gRPC is in the report that is asked for next, in every
// format; a reader vouches for it from the moment of signing, until reopening.
func TestWhatReadersSaidIsInTheReport(t *testing.T) {
	token, line, err := access.NewToken("zoe", access.Roles)
	require.NoError(t, err)
	dir := t.TempDir()
	tokens, secret := filepath.Join(dir, "tokens"), filepath.Join(dir, "token")
	require.NoError(t, os.WriteFile(tokens, []byte(line+"\n"), 0o600))
	require.NoError(t, os.WriteFile(secret, []byte(token), 0o600))
	s := startServer(t, t.TempDir(), "--model", "../../models/nafas-lung-1", "--tokens", tokens)
	s.client.Close()
	s.client, err = client.Dial(client.Options{Address: s.address, Token: token})
	require.NoError(t, err)
	uid, files := studyFiles(t, planted(t).Volume, "reviewed report", ctwriter.Options{})
	_, err = s.send(t.Context(), files)
	require.NoError(t, err)
	study := s.wait(uid, time.Minute)
	require.Equal(t, nafasv1.StudyState_STUDY_STATE_DONE, study.State)
	var series *nafasv1.Series
	for _, one := range study.GetSeries() {
		if one.GetResult() != nil {
			series = one
		}
	}
	found := series.GetResult().GetFindings()
	require.NotEmpty(t, found)
	read := func(as string) string {
		out := filepath.Join(t.TempDir(), as)
		code, _, stderr := nafas(t, "report", uid, "--address", s.address, "--token-file", secret, "--as", as, "-o", out)
		require.Equal(t, exitDone, code, stderr)
		data, err := os.ReadFile(out)
		require.NoError(t, err)
		if check, err := exec.LookPath("dciodvfy"); err == nil && as == "sr" {
			said, _ := exec.Command(check, "-new", out).CombinedOutput()
			require.NotContains(t, string(said), "Error", string(said))
		}
		return string(data)
	}
	attribute := func(data string, of tag.Tag) string {
		f, err := part10.Parse([]byte(data), part10.DefaultLimits())
		require.NoError(t, err)
		value, _ := f.Elements().String(of)
		return value
	}
	var version int64
	act := func(a *nafasv1.ReviewAction) {
		a.Id = uuid.NewString()
		out, err := s.client.Reviews().ActOnReview(t.Context(), &nafasv1.ActOnReviewRequest{StudyInstanceUid: uid, Seen: version, Action: a})
		require.NoError(t, err)
		version = out.GetReview().GetVersion()
	}
	uids := map[string]bool{}
	state := func(verification string) string {
		sr := read("sr")
		require.Equal(t, verification, attribute(sr, tag.VerificationFlag))
		id := attribute(sr, tag.SOPInstanceUID)
		require.False(t, uids[id], "a UID that said something else")
		uids[id] = true
		return sr
	}
	before, ko := state("UNVERIFIED"), read("ko")
	require.NotContains(t, before, "reader-verdict")

	act(&nafasv1.ReviewAction{What: &nafasv1.ReviewAction_Answer_{Answer: &nafasv1.ReviewAction_Answer{
		Finding: &nafasv1.FindingRef{SeriesInstanceUid: series.GetSeriesInstanceUid(), ResultKey: series.GetResult().GetResultKey(), Rank: found[0].GetRank()},
		Answer:  &nafasv1.ReviewAnswer{Verdict: nafasv1.Verdict_VERDICT_DISAGREE, Cause: nafasv1.Cause_CAUSE_VESSEL, Comment: "vaisseau à droite"},
	}}})
	act(&nafasv1.ReviewAction{What: &nafasv1.ReviewAction_Add{Add: &nafasv1.ReviewMark{
		SeriesInstanceUid: series.GetSeriesInstanceUid(), SopInstanceUid: found[0].GetSopInstanceUid(),
		CenterLpsMm: &nafasv1.Point{X: 12, Y: 30, Z: 40}, DiameterMm: 7, Kind: nafasv1.NoduleKind_NODULE_KIND_PART_SOLID,
	}}})
	begun := state("UNVERIFIED")
	for _, said := range []string{"reader-verdict", "cause-vessel", "vaisseau à droite", "RID50152"} {
		require.Contains(t, begun, said)
	}
	act(&nafasv1.ReviewAction{What: &nafasv1.ReviewAction_Sign_{Sign: &nafasv1.ReviewAction_Sign{ResultKeys: []string{series.GetResult().GetResultKey()}}}})
	require.Contains(t, state("VERIFIED"), "zoe^")
	require.Contains(t, read("fhir"), `"status": "final"`)
	require.Equal(t, ko, read("ko"), "the key images are the program's")
	act(&nafasv1.ReviewAction{What: &nafasv1.ReviewAction_Reopen_{Reopen: &nafasv1.ReviewAction_Reopen{}}})
	require.Contains(t, state("UNVERIFIED"), "cause-vessel", "what was said stays")
	require.NotContains(t, read("fhir"), `"final"`)
}
