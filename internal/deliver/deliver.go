// Package deliver takes results out of the outbox to the archives that are to
// have them: as DICOM objects of the same study, by C-STORE, and with a look
// whether they have arrived before a delivery counts as one.
package deliver

import (
	"bytes"
	"context"
	"errors"
	"log/slog"
	"slices"
	"time"

	"nafas/dicomio/dicomweb"
	"nafas/dicomio/dimse"
	"nafas/dicomio/dimse/pdu"
	"nafas/dicomio/part10"
	"nafas/dicomio/refusal"
	"nafas/dicomio/report"
	"nafas/internal/triage"
	"nafas/internal/triage/objects"
)

// Language of the reports.
type Language = report.Language

// Destination is an archive: a DICOM title, or a DICOMweb server.
type Destination struct {
	Remote   dimse.Remote
	Web      *dicomweb.Client // where not nil, instead of Remote
	Language Language
}

// Files reads the file of an image; triage.Files is one.
type Files interface {
	Read(path string) ([]byte, error)
}

// Deliverer works deliveries.
type Deliverer struct {
	outbox       triage.Outbox
	files        Files
	destinations map[string]Destination
	log          *slog.Logger
	now          func() time.Time
}

// New makes a Deliverer; destinations by their name in the outbox.
func New(outbox triage.Outbox, files Files, destinations map[string]Destination, log *slog.Logger) *Deliverer {
	return &Deliverer{outbox: outbox, files: files, destinations: destinations, log: log, now: time.Now}
}

// patience is how long a destination may refuse, or be silent, before a
// delivery is a dead letter. A study that is held waits for a person, however
// long.
const patience = 7 * 24 * time.Hour

// errHeld: a study with two patients is not reported on, since nobody knows
// whose findings they are.
var errHeld = errors.New("the study is held: its instances name more than one patient")

// Deliver works one delivery. An error asks for another try.
func (d *Deliverer) Deliver(ctx context.Context, t triage.Token, id int64) error {
	one, err := d.outbox.Delivery(ctx, t, id)
	if err != nil {
		return err
	}
	acknowledged, err := d.deliver(ctx, one)
	if err == nil {
		d.log.InfoContext(ctx, "result delivered", "destination", one.Destination)
		return d.outbox.Delivered(ctx, t, id, d.now(), acknowledged)
	}
	if ctx.Err() != nil {
		return err
	}
	dead := d.now().Sub(one.QueuedAt) > patience && !errors.Is(err, errHeld)
	d.log.WarnContext(ctx, "result not delivered", "destination", one.Destination, "error", err, "dead", dead)
	return errors.Join(err, d.outbox.DeliveryFailed(ctx, t, id, d.now(), triage.DeliveryFailure{
		Reason: reason(err), Dead: dead, Acknowledged: acknowledged,
	}))
}

// Failures of our own, whose texts may be kept.
var (
	errGone    = errors.New("the destination is not among the settings any more")
	errNothing = errors.New("nothing is stored of the study that a report could refer to")
)

// reason is what is kept of a failure: a peer's comment may hold anything.
func reason(err error) string {
	var reject *pdu.Reject
	var failure *dimse.Failure
	var status *dicomweb.StatusError
	switch {
	case errors.As(err, &status), errors.As(err, &reject), errors.As(err, &failure), errors.Is(err, dimse.ErrNoContext),
		errors.Is(err, errHeld), errors.Is(err, errLost), errors.Is(err, errGone), errors.Is(err, errNothing):
		return err.Error()
	default:
		return "the destination could not be reached, or the association broke"
	}
}

// deliver returns the reports that the destination acknowledged, with an error
// too.
func (d *Deliverer) deliver(ctx context.Context, one triage.Delivery) ([]triage.InstanceRef, error) {
	to, ok := d.destinations[one.Destination]
	if !ok {
		return nil, errGone
	}
	list, err := d.objects(one, to.Language)
	if err != nil {
		return nil, err
	}
	if to.Web != nil {
		return sendWeb(ctx, to.Web, list)
	}
	return send(ctx, to.Remote, list)
}

// object is one to be stored.
type object struct {
	dimse.Instance
	data                []byte
	studyUID, seriesUID string
	// report: a newer one names it as its predecessor, and a destination that
	// does not take it has nothing.
	report bool
}

// reports are those of the objects that are reports.
func reports(list []object) (refs []triage.InstanceRef) {
	for _, o := range list {
		if o.report {
			refs = append(refs, triage.InstanceRef{SOPClassUID: o.SOPClassUID, SOPUID: o.SOPInstanceUID, SeriesUID: o.seriesUID})
		}
	}
	return refs
}

func (d *Deliverer) objects(one triage.Delivery, l report.Language) ([]object, error) {
	r, err := d.result(one, l)
	if err != nil {
		return nil, err
	}
	sr, err := r.SR()
	if err != nil {
		return nil, err
	}
	out := []object{{Instance: instance(r.SRInstance()), data: sr, report: true}}
	if len(r.Findings) > 0 {
		ko, err := r.KO()
		if err != nil {
			return nil, err
		}
		out = append(out, object{Instance: instance(r.KOInstance()), data: ko})
	}
	for i, o := range out {
		if out[i].studyUID, out[i].seriesUID, err = objects.Place(o.data); err != nil {
			return nil, err
		}
	}
	return out, nil
}

func instance(ref report.Reference) dimse.Instance {
	return dimse.Instance{SOPClassUID: ref.SOPClassUID, SOPInstanceUID: ref.SOPInstanceUID, TransferSyntax: part10.ExplicitLE}
}

// result is what is said of a study.
func (d *Deliverer) result(one triage.Delivery, l report.Language) (report.Result, error) {
	why := one.Study.NotAssessed
	if why != nil && why.Reason == refusal.PatientMismatch {
		return report.Result{}, errHeld
	}
	if one.Series.Result == nil && why == nil {
		return report.Result{}, errors.New("the study has neither a result nor a reason why there is none")
	}
	if one.Header == "" {
		return report.Result{}, errNothing
	}
	data, err := d.files.Read(one.Header)
	if err != nil {
		return report.Result{}, err
	}
	return objects.Of(one, data, l)
}

// send stores objects in one association and looks whether they are there. An
// archive that takes no key images has the report even so.
func send(ctx context.Context, to dimse.Remote, list []object) (acknowledged []triage.InstanceRef, err error) {
	messages := []string{part10.ExplicitLE, part10.ImplicitLE}
	proposals := []dimse.Proposal{{AbstractSyntax: dimse.StudyRootFind, TransferSyntaxes: messages}}
	for _, o := range list {
		proposals = append(proposals, dimse.Proposal{AbstractSyntax: o.SOPClassUID, TransferSyntaxes: messages})
	}
	c, err := dimse.Dial(ctx, to, proposals)
	if err != nil {
		return nil, err
	}
	defer c.Abort() // nothing where it was closed
	var stored []object
	for _, o := range list {
		accepted, ok := c.Context(o.SOPClassUID)
		if !ok && !o.report {
			continue
		}
		if !ok {
			return nil, dimse.ErrNoContext
		}
		if err := o.in(accepted.TransferSyntax); err != nil {
			return reports(stored), err
		}
		if _, err := c.Store(o.Instance); err != nil {
			return reports(stored), err
		}
		stored = append(stored, o)
	}
	if err := arrived(c, stored); err != nil {
		return reports(stored), err
	}
	return reports(stored), c.Close()
}

// in has the object's data set ready in a transfer syntax (PS3.5 section 10.1:
// Implicit VR is always offered, and some take nothing else).
func (o *object) in(transferSyntax string) error {
	data := o.data
	if transferSyntax != o.TransferSyntax {
		f, err := part10.Parse(o.data, part10.DefaultLimits())
		if err != nil {
			return err
		}
		if data, err = part10.Marshal(transferSyntax, f.Dataset, nil); err != nil {
			return err
		}
	}
	meta, err := part10.Meta(o.SOPClassUID, o.SOPInstanceUID, transferSyntax)
	if err != nil {
		return err
	}
	o.TransferSyntax, o.Data = transferSyntax, bytes.NewReader(data[len(meta):])
	return nil
}

// sendWeb is send over DICOMweb.
func sendWeb(ctx context.Context, c *dicomweb.Client, list []object) ([]triage.InstanceRef, error) {
	files := make([][]byte, len(list))
	for i, o := range list {
		files[i] = o.data
	}
	if err := c.Store(ctx, files); err != nil {
		return nil, err
	}
	for _, o := range list {
		has, err := c.Has(ctx, o.studyUID, o.seriesUID, o.SOPInstanceUID)
		if err != nil {
			return reports(list), err
		}
		if !has {
			return nil, errLost
		}
	}
	return reports(list), nil
}

// errLost: the destination said that it stored an object, and does not find
// it.
var errLost = errors.New("the destination answered success and does not find the object")

// arrived asks for every object, where the destination answers queries.
func arrived(c *dimse.Client, list []object) error {
	if _, ok := c.Context(dimse.StudyRootFind); !ok {
		return nil
	}
	for _, o := range list {
		found, err := c.Find(dimse.Query{Level: dimse.InstanceLevel, StudyUID: o.studyUID, SeriesUID: o.seriesUID, SOPUID: o.SOPInstanceUID})
		var failure *dimse.Failure
		if errors.As(err, &failure) {
			return nil // it does not answer such queries: its word has to do
		}
		if err != nil {
			return err
		}
		if !slices.ContainsFunc(found, func(m dimse.Match) bool { return m.SOPUID == o.SOPInstanceUID }) {
			return errLost
		}
	}
	return nil
}
