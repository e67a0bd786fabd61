package main

import (
	"context"
	"errors"
	"fmt"
	"net"
	"net/url"
	"slices"
	"strings"

	"nafas/dicomio/dicomweb"
	"nafas/dicomio/dimse"
	"nafas/dicomio/match"
	"nafas/internal/access"
	"nafas/internal/config"
	"nafas/internal/pacs"
)

type fetchCmd struct {
	connectFlags
	PACS      string    `arg:"" help:"The archive to ask: its AE title and where it listens, or the base URL of its DICOMweb services." placeholder:"TITLE=HOST:PORT|URL"`
	Study     []string  `help:"Study Instance UIDs." placeholder:"UID"`
	Accession string    `help:"Accession number." placeholder:"NUMBER"`
	Patient   string    `help:"Patient ID; * and ? stand for anything." placeholder:"ID"`
	Dates     string    `help:"Study dates: 20260131, or a range such as 20260101- or 20260101-20260131." placeholder:"DATES"`
	All       bool      `help:"Studies without CT series too."`
	Priors    int       `help:"Before each study, this many earlier CT studies of the same patient, the latest ones." placeholder:"N"`
	List      bool      `help:"Say what would be fetched, and fetch nothing."`
	AE        string    `help:"Our AE title; an archive that is asked by DICOM must know where it listens." default:"NAFAS" placeholder:"TITLE"`
	From      pacsFlags `embed:"" prefix:"pacs-"`

	// studyHere is what has come of a study by DICOMweb; nil by DICOM.
	studyHere *forward
}

// pacsFlags say how the archive is reached.
type pacsFlags struct {
	TLS       bool   `help:"Encrypt the association with the archive." name:"tls"`
	CA        string `help:"CA that signed the archive's certificate (PEM)." name:"tls-ca" type:"path" placeholder:"FILE"`
	TokenFile string `help:"File that holds the bearer token for the archive's DICOMweb services." type:"path" placeholder:"FILE"`
}

// Run asks an archive for studies and has them come to the service: by C-MOVE
// to its DICOM listener, or by DICOMweb through us.
func (c *fetchCmd) Run(s *streams, ctx kongContext) error {
	dial, err := c.archive()
	if err != nil {
		return err
	}
	archive, err := dial(ctx)
	if err != nil {
		return fmt.Errorf("%s: %w", c.PACS, err)
	}
	defer archive.Abort() // nothing where it was released
	studies, err := c.find(ctx, archive)
	if err != nil {
		return fmt.Errorf("asking %s: %w", c.PACS, err)
	}
	if len(studies) == 0 {
		return fmt.Errorf("%s has no such study%s", c.PACS, map[bool]string{false: " with CT series (--all for others)"}[c.All])
	}
	if studies, err = c.withPriors(ctx, archive, studies); err != nil {
		return fmt.Errorf("asking %s for earlier studies: %w", c.PACS, err)
	}
	failed := 0
	for _, study := range studies {
		ok, err := c.fetch(ctx, s, archive, study)
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

// archive is what opens a conversation with the archive.
func (c *fetchCmd) archive() (func(context.Context) (pacs.Archive, error), error) {
	if len(c.Study) == 0 && c.Accession == "" && c.Patient == "" && c.Dates == "" {
		return nil, usage("say what to fetch: --study, --accession, --patient or --dates")
	}
	if c.Priors < 0 {
		return nil, usage("--priors must not be negative")
	}
	if strings.Contains(c.PACS, "://") {
		return c.byWeb()
	}
	if c.From.TokenFile != "" {
		return nil, usage("--pacs-token-file is for DICOMweb: the archive's URL")
	}
	return c.byDICOM()
}

func (c *fetchCmd) byDICOM() (func(context.Context) (pacs.Archive, error), error) {
	if err := checkTitle(c.AE); err != nil {
		return nil, err
	}
	remotes, err := (dicomFlags{AE: []string{c.AE}}).parseRemotes("the archive", []string{c.PACS})
	if err != nil {
		return nil, err
	}
	var to dimse.Remote
	for _, to = range remotes {
	}
	if c.From.TLS || c.From.CA != "" {
		if to.TLS, err = (access.ClientTLS{CA: c.From.CA}).Config(); err != nil {
			return nil, usageError{err}
		}
	}
	return pacs.ByDICOM(to, c.AE), nil
}

func (c *fetchCmd) byWeb() (func(context.Context) (pacs.Archive, error), error) {
	if u, err := url.Parse(c.PACS); err == nil && u.Scheme == "http" && !c.Insecure && !access.Loopback(net.JoinHostPort(u.Hostname(), "80")) {
		return nil, usage("patients' data would come from %s in plaintext: use https://, or say --insecure on a network that is trusted", u.Host)
	}
	var security config.Security
	if c.From.CA != "" {
		security.TLS = &config.TLS{CA: c.From.CA}
	}
	client, err := webOf(c.PACS, c.From.TokenFile, security)
	if err != nil {
		return nil, usageError{err}
	}
	return pacs.ByWeb(client, func() (_ pacs.Sender, err error) {
		c.studyHere, err = newForward()
		return c.studyHere, err
	}), nil
}

// find lists the studies, the oldest first.
func (c *fetchCmd) find(ctx context.Context, archive pacs.Archive) ([]match.Entry, error) {
	uids := c.Study
	if len(uids) == 0 {
		uids = []string{""}
	}
	var out []match.Entry
	for _, uid := range uids {
		found, err := archive.Find(ctx, match.Query{
			Level: match.StudyLevel, StudyUID: uid, AccessionNumber: c.Accession, PatientID: c.Patient, StudyDates: c.Dates,
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
func withoutCT(m match.Entry) bool {
	return len(m.Modalities) > 0 && !slices.Contains(m.Modalities, "CT")
}

func byTime(a, b match.Entry) int {
	return strings.Compare(a.StudyDate+a.StudyTime, b.StudyDate+b.StudyTime)
}

// withPriors puts the earlier studies of each study's patient before it. The
// patient is the same by identifier and issuer: by the former alone it could be
// another hospital's.
func (c *fetchCmd) withPriors(ctx context.Context, archive pacs.Archive, studies []match.Entry) ([]match.Entry, error) {
	if c.Priors == 0 {
		return studies, nil
	}
	var out []match.Entry
	seen := map[string]bool{}
	for _, study := range studies {
		earlier, err := c.earlier(ctx, archive, study)
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
func (c *fetchCmd) earlier(ctx context.Context, archive pacs.Archive, study match.Entry) ([]match.Entry, error) {
	if study.PatientID == "" || study.StudyDate == "" {
		return nil, nil
	}
	found, err := archive.Find(ctx, match.Query{Level: match.StudyLevel, PatientID: study.PatientID, StudyDates: "-" + study.StudyDate})
	if err != nil {
		return nil, err
	}
	found = slices.DeleteFunc(found, func(m match.Entry) bool {
		return withoutCT(m) || m.PatientID != study.PatientID || m.IssuerOfPatientID != study.IssuerOfPatientID ||
			m.StudyUID == study.StudyUID || byTime(m, study) >= 0
	})
	slices.SortStableFunc(found, byTime)
	return found[max(0, len(found)-c.Priors):], nil
}

// fetch has one study sent; false where the archive could not, or not all.
func (c *fetchCmd) fetch(ctx context.Context, s *streams, archive pacs.Archive, study match.Entry) (bool, error) {
	if c.List {
		_, err := fmt.Fprintf(s.out, "%s %s %s %d instances\n", study.StudyUID, study.StudyDate, strings.Join(study.Modalities, ","), study.Instances)
		return true, err
	}
	n, err := archive.Fetch(ctx, study)
	if c.studyHere != nil {
		defer c.studyHere.discard()
	}
	var failure *dimse.Failure
	var status *dicomweb.StatusError
	switch {
	case errors.As(err, &failure):
		fmt.Fprintf(s.err, "%s: %v; %d sent, %d failed. The archive must know %s and reach it\n", study.StudyUID, err, n.Sent, n.Failed, c.AE)
		return false, nil
	case errors.As(err, &status), errors.Is(err, pacs.ErrShort), errors.Is(err, pacs.ErrNothing):
		fmt.Fprintf(s.err, "%s: %v\n", study.StudyUID, err)
		return false, nil
	case err != nil && c.studyHere != nil && ctx.Err() == nil:
		fmt.Fprintf(s.err, "%s: not fetched: %v\n", study.StudyUID, err)
		return false, nil
	case err != nil:
		return false, err
	}
	to, ok := c.AE, true
	if c.studyHere != nil {
		to = c.Address
		if ok, err = c.studyHere.send(ctx, s, c.connectFlags, study.StudyUID); err != nil {
			return false, err
		}
	}
	_, err = fmt.Fprintf(s.out, "%s: %d instances sent to %s\n", study.StudyUID, n.Sent, to)
	return ok, err
}
