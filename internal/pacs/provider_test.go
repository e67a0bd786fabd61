package pacs_test

import (
	"context"
	"errors"
	"io"
	"log/slog"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"nafas/dicomio/dimse"
	"nafas/dicomio/dimse/command"
	"nafas/dicomio/part10"
	"nafas/dicomio/refusal"
	"nafas/internal/pacs"
	"nafas/internal/triage"
)

const ct = "1.2.840.10008.5.1.4.1.1.2"

// sender answers as it is told.
type sender struct {
	taken triage.Taken
	err   error
	got   string
	ended bool
}

func (s *sender) Take(_ context.Context, r io.Reader) (triage.Taken, error) {
	data, err := io.ReadAll(r)
	if err != nil {
		return triage.Taken{}, err
	}
	s.got = string(data)
	return s.taken, s.err
}

func (s *sender) End() { s.ended = true }

// answered knows one transaction.
func answered(_ context.Context, r triage.CommitmentReport) (bool, error) {
	if r.TransactionUID == "2.25.9" {
		return false, errors.New("no database")
	}
	return r.TransactionUID == "2.25.1" && r.Committed[0] == "2" && r.Failed[0] == "3", nil
}

func session(t *testing.T, s *sender, c *pacs.Commitment) dimse.Session {
	t.Helper()
	p := pacs.NewProvider(func() (pacs.Sender, error) { return s, nil }, c, answered, slog.New(slog.DiscardHandler))
	out, err := p.Open(t.Context(), dimse.Peer{CallingAE: "PACS"})
	require.NoError(t, err)
	return out
}

func TestAnswersToStore(t *testing.T) {
	good := triage.Header{SOPUID: "1.2.3", SOPClassUID: ct}
	for _, c := range []struct {
		name  string
		taken triage.Taken
		err   error
		want  command.Status
	}{
		{"new", triage.Taken{Outcome: triage.Accept, Header: good}, nil, command.Success},
		{"known", triage.Taken{Outcome: triage.Repeat, Header: good}, nil, command.Success},
		{"unreadable", triage.Taken{Outcome: triage.Quarantine, Refusal: refusal.New(refusal.Malformed, "", "")}, nil, command.CannotUnderstand},
		{"changed", triage.Taken{Outcome: triage.Quarantine, Header: good, Refusal: refusal.New(refusal.ChangedDuplicate, "", "")}, nil, command.ChangedDuplicate},
		{"another instance than the command says", triage.Taken{Header: triage.Header{SOPUID: "9", SOPClassUID: ct}}, nil, 0xB007},
		{"a full disk", triage.Taken{}, triage.ErrDiskFull, command.OutOfResources},
		{"a broken disk", triage.Taken{}, errors.New("i/o error"), command.OutOfResources},
	} {
		t.Run(c.name, func(t *testing.T) {
			s := &sender{taken: c.taken, err: c.err}
			one := session(t, s, nil)
			status, comment := one.Store(t.Context(), dimse.Instance{
				SOPClassUID: ct, SOPInstanceUID: "1.2.3", TransferSyntax: part10.ExplicitLE, Data: strings.NewReader("data set"),
			})
			require.Equal(t, c.want, status)
			require.Equal(t, c.want == command.Success, comment == "", "a failure says why")
			require.LessOrEqual(t, len(comment), 64, "the comment of a response is an LO")
			require.True(t, strings.HasSuffix(s.got, "data set"))
			require.Equal(t, "DICM", s.got[128:132], "behind a file meta group")
			one.End(nil)
			require.True(t, s.ended)
		})
	}
}

func TestNoAssociationWhereNothingCanBeTaken(t *testing.T) {
	p := pacs.NewProvider(func() (pacs.Sender, error) { return nil, triage.ErrDiskFull }, nil, nil, slog.New(slog.DiscardHandler))
	_, err := p.Open(t.Context(), dimse.Peer{})
	require.ErrorIs(t, err, triage.ErrDiskFull)
}

func TestCommitmentsThatAreRefused(t *testing.T) {
	request := dimse.CommitRequest{TransactionUID: "1", References: []dimse.Reference{{SOPClassUID: ct, SOPInstanceUID: "2"}}}
	status, _ := session(t, &sender{}, nil).Commit(t.Context(), request)
	require.Equal(t, command.ProcessingFailure, status)

	kept := func(context.Context, []string) (map[string]bool, error) { return nil, errors.New("no database") }
	c := pacs.NewCommitment(kept, map[string]dimse.Remote{"PACS": {}}, slog.New(slog.DiscardHandler))
	defer c.Close()
	status, comment := session(t, &sender{}, c).Commit(t.Context(), request)
	require.Equal(t, command.ProcessingFailure, status, "what is not known is not promised")
	require.Empty(t, comment)

	stranger := pacs.NewCommitment(kept, nil, slog.New(slog.DiscardHandler))
	defer stranger.Close()
	status, comment = session(t, &sender{}, stranger).Commit(t.Context(), request)
	require.Equal(t, command.ProcessingFailure, status)
	require.Contains(t, comment, "no address")
}

func TestReportsOfWhatWeAskedFor(t *testing.T) {
	s := session(t, &sender{}, nil)
	report := dimse.CommitReport{
		TransactionUID: "2.25.1", Committed: []dimse.Reference{{SOPClassUID: ct, SOPInstanceUID: "2"}},
		Failed: []dimse.FailedReference{{Reference: dimse.Reference{SOPClassUID: ct, SOPInstanceUID: "3"}}},
	}
	require.Equal(t, command.Success, s.Report(t.Context(), report))
	report.TransactionUID = "2.25.2"
	require.Equal(t, command.NoSuchInstance, s.Report(t.Context(), report), "nobody asked")
	report.TransactionUID = "2.25.9"
	require.Equal(t, command.ProcessingFailure, s.Report(t.Context(), report), "the archive may try again")

	p := pacs.NewProvider(func() (pacs.Sender, error) { return &sender{}, nil }, nil, nil, slog.New(slog.DiscardHandler))
	deaf, err := p.Open(t.Context(), dimse.Peer{})
	require.NoError(t, err)
	require.Equal(t, command.NoSuchInstance, deaf.Report(t.Context(), report))
}

func TestOffers(t *testing.T) {
	o := pacs.Offers([]string{part10.ExplicitLE, part10.JPEGLSLossless})
	require.Equal(t, []string{part10.ExplicitLE, part10.JPEGLSLossless}, o[ct])
	require.Contains(t, o["1.2.840.10008.5.1.4.1.1.7"], part10.JPEGBaseline, "what is only kept needs no decoder")
	require.NotContains(t, o[ct], part10.JPEGBaseline)
	require.Contains(t, o, dimse.Verification)
	for class := range o {
		require.True(t, strings.HasPrefix(class, "1.2.840.10008."), class)
		require.NotContains(t, class, " ")
	}
}
