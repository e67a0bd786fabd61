package rpc_test

import (
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"testing"
	"time"

	"github.com/google/uuid"
	"github.com/stretchr/testify/require"
	"google.golang.org/genproto/googleapis/rpc/errdetails"
	"google.golang.org/grpc/codes"
	"google.golang.org/protobuf/proto"
	"google.golang.org/protobuf/types/known/timestamppb"

	"nafas/internal/access"
	"nafas/internal/audit"
	"nafas/internal/client"
	"nafas/internal/rpc"
	"nafas/internal/triage/quality"
	"nafas/internal/triage/review"
	nafasv1 "nafas/proto/nafas/v1"
)

// readers are a server with tokens, and connections of whoever has one.
type readers struct {
	t     *testing.T
	as    map[string]*client.Client
	trail *trail
}

func newReaders(t *testing.T) *readers {
	r := &readers{t: t, as: map[string]*client.Client{}, trail: &trail{}}
	var file []byte
	tokens := map[string]string{}
	for name, roles := range map[string][]access.Role{
		"amal": {access.RoleRead, access.RoleReview}, "badr": {access.RoleRead, access.RoleReview}, "admin": {access.RoleAdmin},
		"onlooker": {access.RoleRead}, "sender": {access.RoleSubmit},
	} {
		token, line, err := access.NewToken(name, roles)
		require.NoError(t, err)
		tokens[name] = token
		file = append(append(file, line...), '\n')
	}
	path := filepath.Join(t.TempDir(), "tokens")
	require.NoError(t, os.WriteFile(path, file, 0o600))
	known, err := access.LoadTokens(path)
	require.NoError(t, err)
	address, _ := startServer(t, oneFinding, rpc.Options{Tokens: known, Trail: audit.NewAccesses(r.trail, nil)})
	for name, token := range tokens {
		c, err := client.Dial(client.Options{Address: address, Token: token})
		require.NoError(t, err)
		t.Cleanup(func() { c.Close() })
		r.as[name] = c
	}
	return r
}

// read takes a study in and has it read. It returns the finding.
func (r *readers) read(uid string) *nafasv1.FindingRef {
	r.t.Helper()
	admin := r.as["admin"].Triage()
	_, err := submit(r.t, admin, complete(), submitChunk("a", uid+"|"+uid+".5|"+uid+".9|P"+uid, true))
	require.NoError(r.t, err)
	study := waitFinal(r.t, admin, uid)
	result := study.Series[0].GetResult()
	return &nafasv1.FindingRef{SeriesInstanceUid: uid + ".5", ResultKey: result.GetResultKey(), Rank: 1}
}

func (r *readers) act(who, uid string, seen int64, a *nafasv1.ReviewAction) (*nafasv1.Review, error) {
	if a.GetId() == "" {
		a = proto.CloneOf(a)
		a.Id = uuid.NewString()
	}
	got, err := r.as[who].Reviews().ActOnReview(r.t.Context(), &nafasv1.ActOnReviewRequest{StudyInstanceUid: uid, Seen: seen, Action: a})
	return got.GetReview(), err
}

func says(f *nafasv1.FindingRef, v nafasv1.Verdict, c nafasv1.Cause) *nafasv1.ReviewAction {
	return &nafasv1.ReviewAction{What: &nafasv1.ReviewAction_Answer_{Answer: &nafasv1.ReviewAction_Answer{
		Finding: f, Answer: &nafasv1.ReviewAnswer{Verdict: v, Cause: c},
	}}}
}

func adds(uid string) *nafasv1.ReviewAction {
	return &nafasv1.ReviewAction{What: &nafasv1.ReviewAction_Add{Add: &nafasv1.ReviewMark{
		SeriesInstanceUid: uid + ".5", SopInstanceUid: uid + ".9", CenterLpsMm: &nafasv1.Point{X: -41.5, Y: 2, Z: 3}, DiameterMm: 6,
		PixelColumn: 10, PixelRow: 20, Kind: nafasv1.NoduleKind_NODULE_KIND_PART_SOLID, Category: "4A", Comment: "missed",
	}}}
}

func signs(keys ...string) *nafasv1.ReviewAction {
	return &nafasv1.ReviewAction{What: &nafasv1.ReviewAction_Sign_{Sign: &nafasv1.ReviewAction_Sign{ResultKeys: keys}}}
}

func TestAReviewFromEndToEnd(t *testing.T) {
	r := newReaders(t)
	f := r.read("1.2")
	began := time.Now().Add(-time.Minute)
	disagree := says(f, nafasv1.Verdict_VERDICT_DISAGREE, nafasv1.Cause_CAUSE_LYMPH_NODE)
	disagree.Id = uuid.NewString()
	got, err := r.act("amal", "1.2", 0, disagree)
	require.NoError(t, err)
	require.EqualValues(t, 1, got.Version)
	require.EqualValues(t, 1, got.CanUndo)
	again, err := r.act("amal", "1.2", 0, disagree)
	require.NoError(t, err)
	require.True(t, proto.Equal(got, again), "the same again changes nothing")

	_, err = r.act("badr", "1.2", 0, says(f, nafasv1.Verdict_VERDICT_AGREE, 0))
	requireStatus(t, err, codes.Aborted, "REVIEW_CONFLICT")
	got, err = r.act("badr", "1.2", 1, says(f, nafasv1.Verdict_VERDICT_AGREE, 0))
	require.NoError(t, err)
	got, err = r.act("badr", "1.2", got.Version, adds("1.2"))
	require.NoError(t, err)
	mark := got.Marks[0]
	require.Equal(t, "badr", mark.By)
	require.Equal(t, -41.5, mark.Mark.CenterLpsMm.X)
	require.Equal(t, nafasv1.NoduleKind_NODULE_KIND_PART_SOLID, mark.Mark.Kind)
	require.Equal(t, got.Entries[2].Action.Id, mark.Mark.Id)
	larger := proto.CloneOf(mark.Mark)
	larger.Id, larger.DiameterMm = "", 9
	got, err = r.act("amal", "1.2", got.Version, &nafasv1.ReviewAction{What: &nafasv1.ReviewAction_Change_{Change: &nafasv1.ReviewAction_Change{MarkId: mark.Mark.Id, Mark: larger}}})
	require.NoError(t, err)
	require.Equal(t, 6.0, got.Entries[3].FromMark.DiameterMm)
	require.Equal(t, 9.0, got.Marks[0].Mark.DiameterMm)
	got, err = r.act("amal", "1.2", got.Version, &nafasv1.ReviewAction{What: &nafasv1.ReviewAction_Undo_{Undo: &nafasv1.ReviewAction_Undo{Number: 4}}})
	require.NoError(t, err)
	require.True(t, got.Entries[3].Undone)
	require.Equal(t, 6.0, got.Marks[0].Mark.DiameterMm)
	got, err = r.act("amal", "1.2", got.Version, signs(f.ResultKey))
	require.NoError(t, err)
	require.Equal(t, "amal", got.Signature.By)
	require.Equal(t, []string{f.ResultKey}, got.Signature.ResultKeys)
	require.WithinRange(t, got.Signature.At.AsTime(), began, time.Now().Add(time.Minute))
	_, err = r.act("badr", "1.2", got.Version, adds("1.2"))
	requireStatus(t, err, codes.InvalidArgument, "INVALID_REQUEST")
	got, err = r.act("badr", "1.2", got.Version, &nafasv1.ReviewAction{What: &nafasv1.ReviewAction_Reopen_{Reopen: &nafasv1.ReviewAction_Reopen{}}})
	require.NoError(t, err)
	require.Equal(t, "amal", got.Entries[6].FromSignature.By)
	got, err = r.act("badr", "1.2", got.Version, &nafasv1.ReviewAction{What: &nafasv1.ReviewAction_Remove_{Remove: &nafasv1.ReviewAction_Remove{MarkId: mark.Mark.Id}}})
	require.NoError(t, err)
	require.Empty(t, got.Marks)

	seen, err := r.as["onlooker"].Reviews().GetReview(t.Context(), &nafasv1.GetReviewRequest{StudyInstanceUid: "1.2"})
	require.NoError(t, err)
	require.Zero(t, seen.Review.CanUndo, "it is the caller's own")
	seen.Review.CanUndo = got.CanUndo
	require.True(t, proto.Equal(got, seen.Review))
	require.Len(t, seen.Review.Entries, 8)
	require.Equal(t, nafasv1.Cause_CAUSE_LYMPH_NODE, seen.Review.Entries[1].FromAnswer.Cause)
}

func TestWhoMayReview(t *testing.T) {
	r := newReaders(t)
	f := r.read("1.2")
	for _, who := range []string{"onlooker", "sender"} {
		_, err := r.act(who, "1.2", 0, says(f, nafasv1.Verdict_VERDICT_AGREE, 0))
		requireStatus(t, err, codes.PermissionDenied, "PERMISSION_DENIED")
	}
	for _, call := range []func() error{
		func() error {
			_, err := r.as["sender"].Reviews().GetReview(t.Context(), &nafasv1.GetReviewRequest{StudyInstanceUid: "1.2"})
			return err
		},
		func() error {
			_, err := r.as["sender"].Reviews().ListReviews(t.Context(), &nafasv1.ListReviewsRequest{})
			return err
		},
		func() error {
			_, err := r.as["sender"].Reviews().GetQuality(t.Context(), &nafasv1.GetQualityRequest{})
			return err
		},
		func() error {
			stream, err := r.as["sender"].Reviews().ExportReviews(t.Context(), &nafasv1.ExportReviewsRequest{})
			require.NoError(t, err)
			_, err = stream.Recv()
			return err
		},
	} {
		requireStatus(t, call(), codes.PermissionDenied, "PERMISSION_DENIED")
	}
}

func TestWithoutTokensNothingIsSigned(t *testing.T) {
	address, _ := startServer(t, oneFinding, rpc.Options{})
	c, err := client.Dial(client.Options{Address: address})
	require.NoError(t, err)
	defer c.Close()
	r := &readers{t: t, as: map[string]*client.Client{"admin": c}}
	f := r.read("1.2")
	got, err := r.act("admin", "1.2", 0, says(f, nafasv1.Verdict_VERDICT_UNSURE, 0))
	require.NoError(t, err)
	require.Equal(t, "local", got.Answers[0].By)
	require.EqualValues(t, 1, got.CanUndo)
	_, err = r.act("admin", "1.2", 1, signs(f.ResultKey))
	requireStatus(t, err, codes.InvalidArgument, "INVALID_REQUEST")
}

func TestActionsThatCannotBe(t *testing.T) {
	r := newReaders(t)
	f := r.read("1.2")
	nowhere, own, kind := adds("1.2"), adds("1.2"), adds("1.2")
	nowhere.GetAdd().CenterLpsMm = nil
	own.GetAdd().Id = uuid.NewString()
	kind.GetAdd().Kind = 99
	elsewhere := proto.CloneOf(f)
	elsewhere.Rank = 7
	for field, a := range map[string]*nafasv1.ReviewAction{
		"action.what":                  {},
		"action.id":                    {Id: "7", What: signs().What},
		"action.mark.center_lps_mm":    nowhere,
		"action.mark.id":               own,
		"action.mark.kind":             kind,
		"action.finding":               says(elsewhere, nafasv1.Verdict_VERDICT_AGREE, 0),
		"action.answer.cause":          says(f, nafasv1.Verdict_VERDICT_DISAGREE, 99),
		"action.answer.verdict":        says(f, 99, 0),
		"action.mark.sop_instance_uid": adds("1.3"),
	} {
		if field == "action.mark.sop_instance_uid" {
			a.GetAdd().SeriesInstanceUid = "1.2.5"
		}
		_, err := r.act("amal", "1.2", 0, a)
		s := requireStatus(t, err, codes.InvalidArgument, "INVALID_REQUEST")
		require.Equal(t, field, s.Details()[1].(*errdetails.BadRequest).FieldViolations[0].Field)
	}
	for _, uid := range []string{"", "x"} {
		_, err := r.act("amal", uid, 0, signs())
		requireStatus(t, err, codes.InvalidArgument, "INVALID_REQUEST")
	}
	_, err := r.act("amal", "9.9", 0, signs())
	requireStatus(t, err, codes.NotFound, "STUDY_NOT_FOUND")
	_, err = r.as["amal"].Reviews().GetReview(t.Context(), &nafasv1.GetReviewRequest{StudyInstanceUid: "9.9"})
	requireStatus(t, err, codes.NotFound, "STUDY_NOT_FOUND")
}

// Every word of a review goes over the wire and back.
func TestWordsOfReviewsHaveNumbers(t *testing.T) {
	r := newReaders(t)
	f := r.read("1.2")
	var version int64
	for i, c := range review.Causes {
		a := says(f, nafasv1.Verdict_VERDICT_DISAGREE, nafasv1.Cause(i+1))
		a.GetAnswer().Answer.Comment = string(c)
		got, err := r.act("amal", "1.2", version, a)
		require.NoError(t, err)
		version = got.Version
		require.Equal(t, nafasv1.Cause(i+1), got.Answers[0].Answer.Cause)
	}
	require.Len(t, nafasv1.Cause_name, len(review.Causes)+1)
	for k := range nafasv1.NoduleKind_name {
		a := says(f, nafasv1.Verdict_VERDICT_AGREE, 0)
		a.GetAnswer().Answer.Kind = nafasv1.NoduleKind(k)
		got, err := r.act("amal", "1.2", version, a)
		require.NoError(t, err)
		version = got.Version
		require.Equal(t, nafasv1.NoduleKind(k), got.Answers[0].Answer.Kind)
	}
}

func TestReviewsAreListedExportedAndCounted(t *testing.T) {
	r := newReaders(t)
	before := time.Now().Add(-time.Minute)
	for i, v := range []nafasv1.Verdict{nafasv1.Verdict_VERDICT_AGREE, nafasv1.Verdict_VERDICT_DISAGREE, nafasv1.Verdict_VERDICT_UNSURE} {
		uid := fmt.Sprintf("1.2.%d", i)
		f := r.read(uid)
		cause := nafasv1.Cause_CAUSE_UNSPECIFIED
		if v == nafasv1.Verdict_VERDICT_DISAGREE {
			cause = nafasv1.Cause_CAUSE_BONE
		}
		_, err := r.act("amal", uid, 0, says(f, v, cause))
		require.NoError(t, err)
		if i < 2 {
			_, err = r.act("amal", uid, 1, adds(uid))
			require.NoError(t, err)
			_, err = r.act("amal", uid, 2, signs(f.ResultKey))
			require.NoError(t, err)
		}
	}
	c := r.as["onlooker"].Reviews()
	first, err := c.ListReviews(t.Context(), &nafasv1.ListReviewsRequest{PageSize: 2})
	require.NoError(t, err)
	require.Len(t, first.Reviews, 2)
	one := first.Reviews[0]
	require.Equal(t, nafasv1.ReviewState_REVIEW_STATE_SIGNED, one.State)
	require.Equal(t, []any{"1.2.0", "amal", int32(1), int32(1), int64(3)}, []any{one.StudyInstanceUid, one.SignedBy, one.Answered, one.Added, one.Version})
	require.NotNil(t, one.SignedAt)
	rest, err := c.ListReviews(t.Context(), &nafasv1.ListReviewsRequest{PageSize: 2, PageToken: first.NextPageToken})
	require.NoError(t, err)
	require.Len(t, rest.Reviews, 1)
	require.Equal(t, nafasv1.ReviewState_REVIEW_STATE_BEGUN, rest.Reviews[0].State)
	require.Nil(t, rest.Reviews[0].SignedAt)
	for _, bad := range []*nafasv1.ListReviewsRequest{{PageSize: -1}, {PageSize: 1001}, {PageToken: "x"}, {States: []nafasv1.ReviewState{0}}} {
		_, err := c.ListReviews(t.Context(), bad)
		requireStatus(t, err, codes.InvalidArgument, "INVALID_REQUEST")
	}

	studies := exported(t, c, &nafasv1.ExportReviewsRequest{})
	require.Len(t, studies, 2)
	place := quality.Place{Standing: quality.Rejected, Cause: review.CauseBone, DiameterMM: 20, Rank: 1, Score: 0.9, Flagged: true}
	mark := quality.Place{Standing: quality.Added, CenterLPSMM: [3]float64{-41.5, 2, 3}, DiameterMM: 6, Kind: "part-solid", Category: "4A"}
	require.Equal(t, quality.Study{Series: []quality.Series{{UID: "1.2.1.5", Read: true, Places: []quality.Place{place, mark}}}}, studies[1])
	require.Empty(t, exported(t, c, &nafasv1.ExportReviewsRequest{ReceivedBefore: timestamppb.New(before)}))

	q, err := c.GetQuality(t.Context(), &nafasv1.GetQualityRequest{ReceivedAfter: timestamppb.New(before)})
	require.NoError(t, err)
	require.Equal(t, []int32{2, 3, 2, 2, 1, 1, 2}, []int32{q.Signed, q.Done, q.All.Scans, q.All.Marks, q.All.Accepted, q.All.Rejected, q.All.Added})
	require.Equal(t, 0.5, q.All.AcceptedShare.Value)
	require.Equal(t, nafasv1.Cause_CAUSE_BONE, q.Causes[0].Cause)
	require.Equal(t, "unknown", q.Scanners[0].Name)
	none, err := c.GetQuality(t.Context(), &nafasv1.GetQualityRequest{ReceivedBefore: timestamppb.New(before)})
	require.NoError(t, err)
	require.Nil(t, none.All.AcceptedShare, "not 0")
	require.Nil(t, none.All.AcceptedPerScan)
}

func exported(t *testing.T, c nafasv1.ReviewServiceClient, rq *nafasv1.ExportReviewsRequest) (out []quality.Study) {
	t.Helper()
	stream, err := c.ExportReviews(t.Context(), rq)
	require.NoError(t, err)
	for {
		one, err := stream.Recv()
		if errors.Is(err, io.EOF) {
			return out
		}
		require.NoError(t, err)
		out = append(out, rpc.ReviewedStudy(one))
	}
}
