package main

import (
	"errors"
	"fmt"
	"slices"
	"strings"

	"nafas/dicomio/dimse"
	"nafas/dicomio/part10"
	"nafas/internal/access"
)

type fetchCmd struct {
	PACS      string   `arg:"" help:"The archive to ask: its AE title and where it listens." placeholder:"TITLE=HOST:PORT"`
	Study     []string `help:"Study Instance UIDs." placeholder:"UID"`
	Accession string   `help:"Accession number." placeholder:"NUMBER"`
	Patient   string   `help:"Patient ID; * and ? stand for anything." placeholder:"ID"`
	Dates     string   `help:"Study dates: 20260131, or a range such as 20260101- or 20260101-20260131." placeholder:"DATES"`
	All       bool     `help:"Studies without CT series too."`
	Priors    int      `help:"Before each study, this many earlier CT studies of the same patient, the latest ones." placeholder:"N"`
	List      bool     `help:"Say what would be fetched, and fetch nothing."`
	AE        string   `help:"Our AE title; the archive must know where it listens." default:"NAFAS" placeholder:"TITLE"`
	TLS       bool     `help:"Encrypt." name:"tls"`
	CA        string   `help:"CA that signed the archive's certificate (PEM)." name:"tls-ca" type:"path"`
}

// Run asks an archive for studies and has it send them to the service.
func (c *fetchCmd) Run(s *streams, ctx kongContext) error {
	to, err := c.remote()
	if err != nil {
		return err
	}
	messages := []string{part10.ExplicitLE, part10.ImplicitLE}
	archive, err := dimse.Dial(ctx, to, []dimse.Proposal{
		{AbstractSyntax: dimse.StudyRootFind, TransferSyntaxes: messages},
		{AbstractSyntax: dimse.StudyRootMove, TransferSyntaxes: messages},
	})
	if err != nil {
		return fmt.Errorf("%s: %w", c.PACS, err)
	}
	defer archive.Abort() // nothing where it was released
	studies, err := c.find(archive)
	if err != nil {
		return fmt.Errorf("asking %s: %w", to.CalledAE, err)
	}
	if len(studies) == 0 {
		return fmt.Errorf("%s has no such study%s", to.CalledAE, map[bool]string{false: " with CT series (--all for others)"}[c.All])
	}
	if studies, err = c.withPriors(archive, studies); err != nil {
		return fmt.Errorf("asking %s for earlier studies: %w", to.CalledAE, err)
	}
	failed := 0
	for _, study := range studies {
		ok, err := c.fetch(s, archive, study)
		if err != nil {
			return err
		}
		if !ok {
			failed++
		}
	}
	if err := archive.Close(); err != nil {
		fmt.Fprintf(s.err, "note: %v\n", err)
	}
	return refusedError(failed, len(studies)-failed)
}

func (c *fetchCmd) remote() (dimse.Remote, error) {
	if len(c.Study) == 0 && c.Accession == "" && c.Patient == "" && c.Dates == "" {
		return dimse.Remote{}, usage("say what to fetch: --study, --accession, --patient or --dates")
	}
	if c.Priors < 0 {
		return dimse.Remote{}, usage("--priors must not be negative")
	}
	if err := checkTitle(c.AE); err != nil {
		return dimse.Remote{}, err
	}
	remotes, err := (dicomFlags{AE: []string{c.AE}}).parseRemotes("the archive", []string{c.PACS})
	if err != nil {
		return dimse.Remote{}, err
	}
	var to dimse.Remote
	for _, to = range remotes {
	}
	if c.TLS || c.CA != "" {
		if to.TLS, err = (access.ClientTLS{CA: c.CA}).Config(); err != nil {
			return to, usageError{err}
		}
	}
	return to, nil
}

// find lists the studies, the oldest first.
func (c *fetchCmd) find(archive *dimse.Client) ([]dimse.Match, error) {
	uids := c.Study
	if len(uids) == 0 {
		uids = []string{""}
	}
	var out []dimse.Match
	for _, uid := range uids {
		found, err := archive.Find(dimse.Query{
			Level: dimse.StudyLevel, StudyUID: uid, AccessionNumber: c.Accession, PatientID: c.Patient, StudyDates: c.Dates,
		})
		if err != nil {
			return nil, err
		}
		out = append(out, found...)
	}
	if !c.All {
		out = slices.DeleteFunc(out, withoutCT)
	}
	slices.SortStableFunc(out, byTime)
	return out, nil
}

// withoutCT: where the archive does not say which modalities, a study may hold
// CT.
func withoutCT(m dimse.Match) bool {
	return len(m.Modalities) > 0 && !slices.Contains(m.Modalities, "CT")
}

func byTime(a, b dimse.Match) int {
	return strings.Compare(a.StudyDate+a.StudyTime, b.StudyDate+b.StudyTime)
}

// withPriors puts the earlier studies of each study's patient before it. The
// patient is the same by identifier and issuer: by the former alone it could be
// another hospital's.
func (c *fetchCmd) withPriors(archive *dimse.Client, studies []dimse.Match) ([]dimse.Match, error) {
	if c.Priors == 0 {
		return studies, nil
	}
	var out []dimse.Match
	seen := map[string]bool{}
	for _, study := range studies {
		earlier, err := c.earlier(archive, study)
		if err != nil {
			return nil, err
		}
		for _, m := range append(earlier, study) {
			if !seen[m.StudyUID] {
				seen[m.StudyUID] = true
				out = append(out, m)
			}
		}
	}
	return out, nil
}

// earlier are the latest CT studies before a study, the oldest first; none
// where the archive does not say whose or of when the study is.
func (c *fetchCmd) earlier(archive *dimse.Client, study dimse.Match) ([]dimse.Match, error) {
	if study.PatientID == "" || study.StudyDate == "" {
		return nil, nil
	}
	found, err := archive.Find(dimse.Query{Level: dimse.StudyLevel, PatientID: study.PatientID, StudyDates: "-" + study.StudyDate})
	if err != nil {
		return nil, err
	}
	found = slices.DeleteFunc(found, func(m dimse.Match) bool {
		return withoutCT(m) || m.PatientID != study.PatientID || m.IssuerOfPatientID != study.IssuerOfPatientID ||
			m.StudyUID == study.StudyUID || byTime(m, study) >= 0
	})
	slices.SortStableFunc(found, byTime)
	return found[max(0, len(found)-c.Priors):], nil
}

// fetch has one study sent; false where the archive could not, or not all.
func (c *fetchCmd) fetch(s *streams, archive *dimse.Client, study dimse.Match) (bool, error) {
	if c.List {
		_, err := fmt.Fprintf(s.out, "%s %s %s %d instances\n", study.StudyUID, study.StudyDate, strings.Join(study.Modalities, ","), study.Instances)
		return true, err
	}
	counts, err := archive.Move(dimse.Retrieval{Level: dimse.StudyLevel, StudyUID: study.StudyUID}, c.AE)
	var failure *dimse.Failure
	switch {
	case errors.As(err, &failure):
		fmt.Fprintf(s.err, "%s: %v; %d sent, %d failed. The archive must know %s and reach it\n", study.StudyUID, err, counts.Completed, counts.Failed, c.AE)
		return false, nil
	case err != nil:
		return false, err
	}
	_, err = fmt.Fprintf(s.out, "%s: %d instances sent to %s\n", study.StudyUID, int(counts.Completed)+int(counts.Warning), c.AE)
	return true, err
}
