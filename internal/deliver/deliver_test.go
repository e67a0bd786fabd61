package deliver_test

import (
	"bytes"
	"context"
	"log/slog"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"github.com/suyashkumar/dicom/pkg/tag"

	"nafas/dicomio/ctwriter"
	"nafas/dicomio/dimse"
	"nafas/dicomio/dimse/command"
	"nafas/dicomio/part10"
	"nafas/dicomio/refusal"
	"nafas/inference/finding"
	"nafas/inference/volume"
	"nafas/internal/deliver"
	"nafas/internal/triage"
)

const (
	sr = "1.2.840.10008.5.1.4.1.1.88.34"
	ko = "1.2.840.10008.5.1.4.1.1.88.59"
)

// outbox holds one delivery.
type outbox struct {
	one       triage.Delivery
	fenced    bool
	delivered []triage.InstanceRef
	reasons   []string
	dead      bool
	// acknowledged although the delivery failed.
	acknowledged []triage.InstanceRef
	again        time.Time
}

func (o *outbox) Delivery(context.Context, triage.Token, int64) (triage.Delivery, error) {
	if o.fenced {
		return triage.Delivery{}, triage.ErrFenced
	}
	return o.one, nil
}

func (o *outbox) Delivered(_ context.Context, _ triage.Token, _ int64, _ time.Time, objects []triage.InstanceRef) error {
	o.delivered = objects
	return nil
}

func (o *outbox) Sent(_ context.Context, _ triage.Token, _ int64, sent triage.Sent) error {
	o.one.Sent = &sent
	return nil
}

func (o *outbox) DeliveryFailed(_ context.Context, _ triage.Token, _ int64, _ time.Time, f triage.DeliveryFailure) error {
	o.reasons, o.dead, o.acknowledged = append(o.reasons, f.Reason), f.Dead, f.Acknowledged
	return nil
}

// file is the image that every path leads to.
type file []byte

func (f file) Read(string) ([]byte, error) { return f, nil }

// waiting is a delivery of one finding, and an image of its series.
func waiting(t *testing.T) (*outbox, file) {
	t.Helper()
	v := &volume.Volume{Grid: volume.Grid{
		Size: [3]int{8, 8, 2}, SpacingMM: [3]float64{1, 1, 1}, Axes: [3]volume.Vec3{{1, 0, 0}, {0, 1, 0}, {0, 0, 1}},
	}, HU: make([]int16, 128)}
	images, err := ctwriter.Instances(v, ctwriter.Options{Seed: "deliver", Patient: ctwriter.Patient{ID: "P", Name: "A^B"}})
	require.NoError(t, err)
	f, err := part10.Parse(images[0], part10.DefaultLimits())
	require.NoError(t, err)
	text := func(t tag.Tag) string { s, _ := f.Elements().String(t); return s }
	found := triage.Finding{SOPInstanceUID: text(tag.SOPInstanceUID)}
	found.Finding = finding.Finding{Rank: 1, Score: 0.9, Flagged: true, MeanDiameterMM: 8, Side: finding.SideLeft}
	result := &triage.Result{Key: "key", Model: triage.Model{Name: "m", Version: "1", SHA256: "aa"}, Findings: []triage.Finding{found}}
	series := triage.Series{UID: text(tag.SeriesInstanceUID), Modality: "CT", Instances: 1, Result: result}
	return &outbox{one: triage.Delivery{
		ID: 7, Destination: "ARCHIVE", Key: "key", At: time.Now().Add(-30 * 24 * time.Hour), QueuedAt: time.Now().Add(-time.Hour), Header: "path",
		Study: triage.Study{UID: text(tag.StudyInstanceUID), State: triage.Done, Series: []triage.Series{series}}, Series: series,
		Instances: []triage.InstanceRef{{SOPClassUID: text(tag.SOPClassUID), SOPUID: text(tag.SOPInstanceUID)}},
	}}, images[0]
}

func run(t *testing.T, o *outbox, image file, to deliver.Destination) error {
	t.Helper()
	d := deliver.New(o, image, map[string]deliver.Destination{"ARCHIVE": to}, slog.New(slog.DiscardHandler))
	var err error
	o.again, err = d.Deliver(t.Context(), triage.Token{JobID: 1, Attempt: 1}, 7)
	return err
}

func TestAResultIsDelivered(t *testing.T) {
	o, image := waiting(t)
	a := &archive{stored: map[string][]byte{}}
	require.NoError(t, run(t, o, image, start(t, a, sr, ko)))
	require.Len(t, a.stored, 2)
	require.Len(t, o.delivered, 2, "a later result replaces them")
	require.Equal(t, sr, o.delivered[0].SOPClassUID, "the report first")
	require.Equal(t, ko, o.delivered[1].SOPClassUID)
	for _, d := range o.delivered {
		require.Contains(t, a.stored, d.SOPUID)
		require.NotEmpty(t, d.SeriesUID)
	}

	first := a.stored
	a.stored = map[string][]byte{}
	require.NoError(t, run(t, o, image, start(t, a, sr, ko)))
	require.Equal(t, first, a.stored, "tried again, it is the same to the byte")
}

// An archive that takes reports and no key objects has what matters, and one
// that lost an object has acknowledged the report even so.
func TestAnArchiveWithoutKeyObjects(t *testing.T) {
	o, image := waiting(t)
	a := &archive{stored: map[string][]byte{}}
	require.NoError(t, run(t, o, image, start(t, a, sr)))
	require.Len(t, a.stored, 1)
	require.Len(t, o.delivered, 1)

	o, image = waiting(t)
	require.Error(t, run(t, o, image, startLiar(t)))
	require.Len(t, o.acknowledged, 2, "a later result replaces them")
}

// Some archives take nothing but Implicit VR.
func TestAnArchiveOfImplicitVR(t *testing.T) {
	o, image := waiting(t)
	a := &archive{stored: map[string][]byte{}}
	require.NoError(t, run(t, o, image, startIn(t, a, part10.ImplicitLE, sr, ko)))
	data := a.stored[o.delivered[0].SOPUID]
	elems, err := part10.ParseDataset(part10.ImplicitLE, data, part10.DefaultLimits())
	require.NoError(t, err)
	uid, _ := elems.String(tag.SOPInstanceUID)
	require.Equal(t, o.delivered[0].SOPUID, uid)
	require.NotEmpty(t, elems.Sequence(tag.ContentSequence))
}

func TestALaterResultNamesTheOneBefore(t *testing.T) {
	o, image := waiting(t)
	o.one.Replaces = []triage.InstanceRef{{SOPClassUID: sr, SOPUID: "2.25.77", SeriesUID: "2.25.78"}}
	a := &archive{stored: map[string][]byte{}}
	require.NoError(t, run(t, o, image, start(t, a, sr, ko)))
	require.True(t, bytes.Contains(a.stored[o.delivered[0].SOPUID], []byte("2.25.77")))
	require.True(t, bytes.Contains(a.stored[o.delivered[0].SOPUID], []byte("2.25.78")))
}

func TestAFailureIsReportedAsOne(t *testing.T) {
	o, image := waiting(t)
	o.one.Series.Result = nil
	o.one.Study.NotAssessed = refusal.New(refusal.MissingSlices, "", "3 slices are missing")
	a := &archive{stored: map[string][]byte{}}
	require.NoError(t, run(t, o, image, start(t, a, sr, ko)))
	require.Len(t, a.stored, 1, "no key images of nothing")
	require.True(t, bytes.Contains(a.stored[o.delivered[0].SOPUID], []byte("could not be assessed")))
	require.True(t, bytes.Contains(a.stored[o.delivered[0].SOPUID], []byte("PARTIAL")))
}

func TestWhatIsNotDelivered(t *testing.T) {
	for _, c := range []struct {
		name   string
		change func(o *outbox)
		to     func(t *testing.T) deliver.Destination
		reason string
		dead   bool
	}{
		{"a destination that is down", nil, func(t *testing.T) deliver.Destination {
			return deliver.Destination{Remote: dimse.Remote{Address: "127.0.0.1:1", CalledAE: "X", CallingAE: "Y"}}
		}, "could not be reached", false},
		{"a destination that refuses", nil, func(t *testing.T) deliver.Destination {
			return start(t, &archive{status: command.OutOfResources}, sr, ko)
		}, "the peer answered A700H", false},
		{"a destination that takes no reports", nil, func(t *testing.T) deliver.Destination {
			return start(t, &archive{stored: map[string][]byte{}}, ko)
		}, "takes no such objects", false},
		{"a destination that lies", nil, startLiar, "does not find the object", false},
		{"a week later", func(o *outbox) { o.one.QueuedAt = time.Now().Add(-8 * 24 * time.Hour) }, func(t *testing.T) deliver.Destination {
			return start(t, &archive{status: command.OutOfResources}, sr, ko)
		}, "the peer answered A700H", true},
	} {
		t.Run(c.name, func(t *testing.T) {
			o, image := waiting(t)
			if c.change != nil {
				c.change(o)
			}
			require.Error(t, run(t, o, image, c.to(t)))
			require.Empty(t, o.delivered)
			require.Len(t, o.reasons, 1)
			require.Contains(t, o.reasons[0], c.reason)
			require.NotContains(t, o.reasons[0], "Smith", "a peer's words may name a patient")
			require.Equal(t, c.dead, o.dead)
		})
	}
}

// A study that is held waits for a person, however long.
func TestAHeldStudy(t *testing.T) {
	o, image := waiting(t)
	o.one.QueuedAt = time.Now().Add(-80 * 24 * time.Hour)
	o.one.Study.NotAssessed = refusal.New(refusal.PatientMismatch, "", "two")
	a := &archive{stored: map[string][]byte{}}
	require.NoError(t, run(t, o, image, start(t, a, sr, ko)))
	require.Empty(t, a.stored)
	require.Empty(t, o.delivered)
	require.False(t, o.dead)
	require.Contains(t, o.reasons[0], "more than one patient")
	require.True(t, o.again.After(time.Now()), "without a line in the log for every minute of it")
}

// What a reader signs or takes back after the days of the images waits for the
// images, however long, and says so: an archive that has the report of before is
// never left with it in silence.
func TestAStudyWhoseImagesAreGone(t *testing.T) {
	o, image := waiting(t)
	o.one.QueuedAt = time.Now().Add(-80 * 24 * time.Hour)
	o.one.Header, o.one.Study.ImagesGoneAt = "", time.Now().Add(-time.Hour)
	a := &archive{stored: map[string][]byte{}}
	require.NoError(t, run(t, o, image, start(t, a, sr, ko)))
	require.Empty(t, a.stored)
	require.Empty(t, o.delivered)
	require.False(t, o.dead)
	require.Contains(t, o.reasons[0], "deleted after their days: send the study again")
	require.True(t, o.again.After(time.Now()))
}

func TestADeliveryThatIsNoLongerTheJobs(t *testing.T) {
	o, image := waiting(t)
	o.fenced = true
	require.ErrorIs(t, run(t, o, image, deliver.Destination{}), triage.ErrFenced)
	require.Empty(t, o.reasons)
}

func TestADestinationThatWasTakenOut(t *testing.T) {
	o, image := waiting(t)
	o.one.Destination = "GONE"
	require.ErrorContains(t, run(t, o, image, deliver.Destination{}), "not among the settings")
	require.Contains(t, o.reasons[0], "not among the settings")
}
