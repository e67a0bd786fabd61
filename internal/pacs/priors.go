package pacs

import (
	"context"
	"errors"
	"log/slog"
	"slices"
	"strings"
	"time"

	"nafas/dicomio"
	"nafas/dicomio/match"
	"nafas/internal/triage"
)

// PriorRule says which earlier studies are fetched.
type PriorRule struct {
	// Every is the pause between two looks at what came in.
	Every time.Duration
	// Years is how far back they are looked for, and Most how many are to be here
	// for one study.
	Years, Most int
	Region
}

// Seeker fetches earlier studies of the patients whose studies came in, so that
// they are compared. Nothing waits for it: where the archive is down, a study is
// read without its prior, and compared when that has come.
type Seeker struct {
	rule   PriorRule
	dial   func(ctx context.Context) (Archive, error)
	priors triage.Priors
	log    *slog.Logger
	now    func() time.Time
}

// NewSeeker makes a Seeker. now is the clock.
func NewSeeker(rule PriorRule, dial func(ctx context.Context) (Archive, error), priors triage.Priors, now func() time.Time, log *slog.Logger) *Seeker {
	return &Seeker{rule: rule, dial: dial, priors: priors, log: log, now: now}
}

// Bounds of what is looked for.
const (
	// seekWithin is how long after its last instance a study is looked for: those
	// that were stored long before somebody asked for priors are not.
	seekWithin = 7 * 24 * time.Hour
	// seekAtOnce is how many studies are looked for in one conversation.
	seekAtOnce = 20
	// mostLookedAt is how many earlier studies of a patient are looked at.
	mostLookedAt = 20
	// mostTries is how often an archive is asked again for the priors of a study
	// that it did not send, over about six hours.
	mostTries = 12
	// unreachablePause is the longest one after looks that failed.
	unreachablePause = 5 * time.Minute
)

// Run looks until ctx ends, less often while the archive cannot be reached.
func (s *Seeker) Run(ctx context.Context) {
	failed := 0
	for {
		pause := s.rule.Every
		if err := s.Look(ctx); err == nil {
			failed = 0
		} else if ctx.Err() == nil {
			failed++
			pause = min(s.rule.Every<<min(failed, 10), unreachablePause)
			s.log.WarnContext(ctx, "looking for earlier studies in the archive failed; it is tried again", "error", plain(err))
		}
		select {
		case <-ctx.Done():
			return
		case <-time.After(pause):
		}
	}
}

// Look looks once for the priors of what came in. The archive is not troubled
// where nothing did.
func (s *Seeker) Look(ctx context.Context) error {
	now := s.now()
	list, err := s.priors.Unsought(ctx, now, now.Add(-seekWithin), seekAtOnce)
	if err != nil || len(list) == 0 {
		return err
	}
	archive, err := s.dial(ctx)
	if err != nil {
		return err
	}
	defer archive.Abort() // nothing where it was released
	for _, study := range list {
		if err := s.study(ctx, archive, study); err != nil {
			return err
		}
	}
	return archive.Close()
}

// study looks for the priors of one study. An error ends the conversation: the
// archive's refusal is remembered.
func (s *Seeker) study(ctx context.Context, archive Archive, of triage.Unsought) error {
	err := s.seek(ctx, archive, of)
	if err == nil {
		return s.priors.Sought(ctx, of.StudyUID, s.now())
	}
	if ctx.Err() != nil || errors.Is(err, triage.ErrBusy) {
		return err // ours, not the archive's: the next look tries again
	}
	if broken := refusedOnly(err); broken != nil && !errors.Is(err, errNotSent) {
		// Nobody answered. Others have their turn first.
		return errors.Join(broken, s.priors.SeekLater(ctx, of.StudyUID, of.Failures, s.now().Add(time.Minute)))
	}
	failures := of.Failures + 1
	if failures >= mostTries {
		s.log.WarnContext(ctx, "an archive did not send earlier studies; it is not asked again, and the study stays without a comparison",
			"tries", failures, "error", plain(err))
		return errors.Join(refusedOnly(err), s.priors.Sought(ctx, of.StudyUID, s.now()))
	}
	s.log.WarnContext(ctx, "an archive did not send earlier studies; it is asked again", "tries", failures, "error", plain(err))
	pause := min(time.Minute<<min(failures-1, 10), longestPause)
	return errors.Join(refusedOnly(err), s.priors.SeekLater(ctx, of.StudyUID, failures, s.now().Add(pause)))
}

// errNotSent: it was the transfer that failed, and not the question.
var errNotSent = errors.New("a transfer failed")

// seek has the latest priors of a study come, until enough of them are here.
func (s *Seeker) seek(ctx context.Context, archive Archive, of triage.Unsought) error {
	candidates, err := s.candidates(ctx, archive, of)
	if err != nil {
		return err
	}
	here := 0
	for _, m := range candidates {
		if here >= s.rule.Most {
			break
		}
		series, err := archive.Find(ctx, match.Query{Level: match.SeriesLevel, StudyUID: m.StudyUID})
		if err != nil {
			return err
		}
		if ct, _ := countCT(series, m.Instances); !s.rule.wanted(m, ct) {
			continue
		}
		is, err := s.have(ctx, archive, m)
		if err != nil {
			return err
		}
		if is {
			here++
		}
	}
	return nil
}

// have has an earlier study come where it is not here; false where it is of no
// use.
func (s *Seeker) have(ctx context.Context, archive Archive, m match.Entry) (bool, error) {
	need, err := s.priors.NeedPrior(ctx, m.StudyUID, s.now())
	if err != nil || need != triage.PriorMissing {
		return need == triage.PriorHere, err
	}
	n, err := archive.Fetch(ctx, m)
	// Also where ctx has ended: whatever comes later was not asked for by us.
	if noted := s.priors.PriorSent(context.WithoutCancel(ctx), m.StudyUID, s.now(), err == nil); noted != nil {
		return false, errors.Join(err, noted)
	}
	if err != nil {
		return false, errors.Join(errNotSent, err)
	}
	s.log.InfoContext(ctx, "earlier study fetched, to be compared with", "instances", n.Sent, "refused", n.Refused)
	return true, nil
}

// candidates are the earlier CT studies of the patient that the archive names,
// the latest first. A study of which the day or the patient's ID is not known
// has none; nor has one whose ID cannot be asked for.
func (s *Seeker) candidates(ctx context.Context, archive Archive, of triage.Unsought) ([]match.Entry, error) {
	const day = "20060102"
	date, err := time.Parse(day, of.StudyDate)
	id := patientID(of.Patients)
	if err != nil || id == "" {
		return nil, nil
	}
	from, to := date.AddDate(-s.rule.Years, 0, 0).Format(day), date.AddDate(0, 0, -1).Format(day)
	found, err := archive.Find(ctx, match.Query{Level: match.StudyLevel, PatientID: id, StudyDates: from + "-" + to, Modality: "CT"})
	if err != nil {
		return nil, err
	}
	found = slices.DeleteFunc(found, func(m match.Entry) bool { // not every archive heeds every key
		return m.StudyUID == "" || m.StudyUID == of.StudyUID || !mayBeCT(m) || len(m.StudyDate) != len(day) ||
			m.StudyDate < from || m.StudyDate > to || !ofPatient(m, of.Patients)
	})
	slices.SortStableFunc(found, func(a, b match.Entry) int {
		return -strings.Compare(a.StudyDate+a.StudyTime, b.StudyDate+b.StudyTime)
	})
	return found[:min(len(found), mostLookedAt)], nil
}

// patientID is what the archive is asked for; "" where nobody is known. An ID
// with what a query takes for any letters (PS3.4 C.2.2.2.4), or for the next
// value, cannot be asked for: it would have the archive list its other patients.
func patientID(records []triage.Patient) string {
	for _, p := range records {
		if id := trimmed(p.ID); id != "" && !strings.ContainsAny(id, `*?\`) {
			return id
		}
	}
	return ""
}

func trimmed(s string) string { return strings.Trim(s, " \x00") }

// ofPatient says whether a study is of the same patient, as far as the archive
// says: the same ID of the same issuer, where both are given, and neither name
// nor birth date contradicts. By the ID alone it could be another hospital's.
func ofPatient(m match.Entry, records []triage.Patient) bool {
	named := triage.Patient{ID: m.PatientID, Issuer: m.IssuerOfPatientID, Name: m.PatientName, BirthDate: m.PatientBirthDate}
	for _, p := range records {
		a, b := trimmed(p.Issuer), trimmed(named.Issuer)
		if trimmed(p.ID) != trimmed(named.ID) || a != b && a != "" && b != "" || !dicomio.SamePatient(p, named) {
			return false
		}
	}
	return true
}
