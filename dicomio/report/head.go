package report

import (
	"strconv"
	"time"

	"github.com/suyashkumar/dicom"
	"github.com/suyashkumar/dicom/pkg/tag"

	"nafas/dicomio/part10"
)

// SOP classes (PS3.4 annex B.5).
const (
	comprehensive3DSR  = "1.2.840.10008.5.1.4.1.1.88.34"
	keyObjectSelection = "1.2.840.10008.5.1.4.1.1.88.59"
	segmentation       = "1.2.840.10008.5.1.4.1.1.66.4"
	trueColorCapture   = "1.2.840.10008.5.1.4.1.1.7.4"
)

// Series numbers of ours are high, so that a viewer shows them last.
const (
	seriesSR        = 9901
	seriesKO        = 9902
	seriesSEG       = 9903
	seriesSC        = 9904
	seriesRejection = 9905
)

const manufacturer = "Nafas"

// notForDiagnosis is said where a short text in plain letters has to do.
const notForDiagnosis = "RESEARCH USE ONLY - NOT FOR DIAGNOSIS"

// object is what kinds of objects differ in.
type object struct {
	instance Reference
	// seriesUID is that of its series, which holds nothing else.
	seriesUID   string
	modality    string
	series      int
	description string
	// at is when what it says came to be; zero means the result's time.
	at time.Time
}

// head writes the modules that all objects share: patient, study, general
// series, equipment, SOP common (PS3.3 C.7.1.1, C.7.2.1, C.7.3.1, C.7.5.1,
// C.12.1).
func (r Result) head(b *part10.Builder, o object, l Language) {
	r.Subject.fill(b)
	b.Text(tag.SOPClassUID, o.instance.SOPClassUID)
	b.Text(tag.SOPInstanceUID, o.instance.SOPInstanceUID)
	if o.at.IsZero() {
		o.at = r.At
	}
	at := o.at.In(r.Subject.zone())
	dateTime(b, tag.InstanceCreationDate, tag.InstanceCreationTime, at)
	b.Text(tag.Modality, o.modality)
	b.Text(tag.SeriesInstanceUID, o.seriesUID)
	b.Text(tag.SeriesNumber, strconv.Itoa(o.series))
	b.Text(tag.SeriesDescription, "RESEARCH ONLY, NOT FOR DIAGNOSIS: "+o.description)
	dateTime(b, tag.SeriesDate, tag.SeriesTime, at)
	b.Text(tag.InstanceNumber, "1")
	dateTime(b, tag.ContentDate, tag.ContentTime, at)
	b.Text(tag.Manufacturer, manufacturer)
	b.Text(tag.ManufacturerModelName, r.Algorithm.Name)
	b.Text(tag.SoftwareVersions, r.Algorithm.Version)
	b.Text(tag.DeviceSerialNumber, "0")
	b.Sequence(tag.ContributingEquipmentSequence, func(b *part10.Builder) {
		b.Sequence(tag.PurposeOfReferenceCodeSequence, processingEquipment.fill(l))
		b.Text(tag.Manufacturer, manufacturer)
		b.Text(tag.ManufacturerModelName, r.Algorithm.Name)
		b.Text(tag.SoftwareVersions, r.Algorithm.Version)
		b.Text(tag.DeviceUID, r.deviceUID())
	})
}

// documentHead is the head of a document: a report or a selection, which
// lists what it refers to (PS3.3 C.17.2, C.17.6.2).
func (r Result) documentHead(b *part10.Builder, o object, l Language, evidence []seriesOf) {
	r.head(b, o, l)
	b.Sequence(tag.ReferencedPerformedProcedureStepSequence)
	r.hierarchy(b, tag.CurrentRequestedProcedureEvidenceSequence, evidence)
}

// imageHead is the head of an image that was made from images of the chest.
// Without a body part validators ask for a laterality, as of a paired one.
func (r Result) imageHead(b *part10.Builder, o object, l Language) {
	r.head(b, o, l)
	b.Text(tag.BodyPartExamined, "CHEST")
	r.Subject.compression(b)
}

// deviceUID changes with every model (IHE AIR).
func (r Result) deviceUID() string { return part10.NameUID("device", r.Algorithm.SHA256) }

func marshal(b *part10.Builder, px *part10.Pixels) ([]byte, error) {
	elems, err := b.Elements()
	if err != nil {
		return nil, err
	}
	return part10.Marshal(part10.ExplicitLE, dicom.Dataset{Elements: elems}, px)
}
