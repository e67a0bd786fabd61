package report

import (
	"fmt"
	"strconv"
	"strings"

	"github.com/suyashkumar/dicom"
	"github.com/suyashkumar/dicom/pkg/tag"

	"nafas/dicomio/part10"
)

// SOP classes (PS3.4 annex B.5).
const (
	comprehensive3DSR  = "1.2.840.10008.5.1.4.1.1.88.34"
	keyObjectSelection = "1.2.840.10008.5.1.4.1.1.88.59"
)

// Series numbers of ours are high, so that a viewer shows them last.
const (
	seriesSR = 9901
	seriesKO = 9902
)

const manufacturer = "Nafas"

// SRInstance names the structured report of this result.
func (r Result) SRInstance() Reference { return Reference{comprehensive3DSR, r.uid("sr")} }

// SRSeries is the series of the structured report.
func (r Result) SRSeries() string { return r.uid("sr", "series") }

// SR writes the structured report: TID 1500 with a group of TID 1411 for each
// finding; without findings what was searched, and with what; of a failure why
// and nothing else.
func (r Result) SR() ([]byte, error) {
	var b part10.Builder
	l := r.Subject.language(r.Language)
	r.head(&b, object{class: comprehensive3DSR, kind: "sr", modality: "SR", series: seriesSR, description: "Lung nodule findings"}, l)
	completion := "COMPLETE"
	if r.NotAssessed != "" {
		completion = "PARTIAL"
	}
	b.Text(tag.CompletionFlag, completion)
	b.Text(tag.VerificationFlag, "UNVERIFIED")
	b.Text(tag.PreliminaryFlag, "PRELIMINARY")
	b.Sequence(tag.PerformedProcedureCodeSequence)
	r.predecessors(&b)
	root, err := r.document(l)
	if err != nil {
		return nil, err
	}
	root.fill(&b, l)
	return marshal(&b)
}

// object is what kinds of objects differ in.
type object struct {
	class, kind, modality string
	series                int
	description           string
}

// head writes the modules that all documents share.
func (r Result) head(b *part10.Builder, o object, l Language) {
	r.Subject.fill(b)
	b.Text(tag.SOPClassUID, o.class)
	b.Text(tag.SOPInstanceUID, r.uid(o.kind))
	at := r.At.In(r.Subject.zone())
	dateTime(b, tag.InstanceCreationDate, tag.InstanceCreationTime, at)
	b.Text(tag.Modality, o.modality)
	b.Text(tag.SeriesInstanceUID, r.uid(o.kind, "series"))
	b.Text(tag.SeriesNumber, strconv.Itoa(o.series))
	b.Text(tag.SeriesDescription, "RESEARCH ONLY, NOT FOR DIAGNOSIS: "+o.description)
	dateTime(b, tag.SeriesDate, tag.SeriesTime, at)
	b.Sequence(tag.ReferencedPerformedProcedureStepSequence)
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
	r.evidence(b, tag.CurrentRequestedProcedureEvidenceSequence, r.Source.SeriesUID, r.Source.Instances)
}

// deviceUID changes with every model (IHE AIR).
func (r Result) deviceUID() string { return part10.NameUID("device", r.Algorithm.SHA256) }

func (r Result) evidence(b *part10.Builder, t tag.Tag, seriesUID string, refs []Reference) {
	b.Sequence(t, func(b *part10.Builder) {
		b.Sequence(tag.ReferencedSeriesSequence, func(b *part10.Builder) {
			items := make([]func(*part10.Builder), len(refs))
			for i, ref := range refs {
				items[i] = ref.fill
			}
			b.Sequence(tag.ReferencedSOPSequence, items...)
			b.Text(tag.SeriesInstanceUID, seriesUID)
		})
		b.Text(tag.StudyInstanceUID, r.Subject.studyUID())
	})
}

// predecessors names the reports that this one replaces (PS3.3 C.17.2).
func (r Result) predecessors(b *part10.Builder) {
	if len(r.Replaces) == 0 {
		return
	}
	b.Sequence(tag.PredecessorDocumentsSequence, func(b *part10.Builder) {
		var series []func(*part10.Builder)
		for _, p := range r.Replaces {
			series = append(series, func(b *part10.Builder) {
				b.Sequence(tag.ReferencedSOPSequence, p.Reference.fill)
				b.Text(tag.SeriesInstanceUID, p.SeriesUID)
			})
		}
		b.Sequence(tag.ReferencedSeriesSequence, series...)
		b.Text(tag.StudyInstanceUID, r.Subject.studyUID())
	})
}

// document is TID 1500.
func (r Result) document(l Language) (item, error) {
	children := []item{
		coded(hasConceptMod, languageOfContent, languages[l]),
		coded(hasObsContext, observerType, device),
		uidref(hasObsContext, deviceUID, r.deviceUID()),
		text(hasObsContext, deviceName, "Nafas "+r.Algorithm.Name),
		text(hasObsContext, deviceManufacturer, manufacturer),
		text(hasObsContext, deviceModel, r.Algorithm.Name+" "+r.Algorithm.Version),
		coded(hasConceptMod, procedureReported, ctUnspecified),
	}
	library, err := r.library()
	if err != nil {
		return item{}, err
	}
	if len(r.Findings) == 0 || r.NotAssessed != "" {
		children = append(children, library, container(contains, qualitativeEvaluations, "", text(contains, comment, r.said(l))))
		return container("", imagingMeasurementReport, "1500", children...), nil
	}
	var groups []item
	for _, f := range r.Findings {
		groups = append(groups, r.group(f))
	}
	children = append(children, library, container(contains, imagingMeasurements, "", groups...))
	return container("", imagingMeasurementReport, "1500", children...), nil
}

// said is what a report without findings says in words.
func (r Result) said(l Language) string { return strings.Join(r.Sentences(l), " ") }

// library lists the images that show findings; without any, the first of the
// series (TID 1600).
func (r Result) library() (item, error) {
	var images []item
	seen := map[string]bool{}
	for _, f := range r.Findings {
		key := fmt.Sprint(f.SOPInstanceUID, f.Frame)
		if seen[key] {
			continue
		}
		seen[key] = true
		ref, err := r.Source.image(f.SOPInstanceUID)
		if err != nil {
			return item{}, err
		}
		images = append(images, image(contains, ref, f.Frame))
	}
	if images == nil {
		if len(r.Source.Instances) == 0 {
			return item{}, fmt.Errorf("a report on a series without images")
		}
		images = append(images, image(contains, r.Source.Instances[0], 0))
	}
	return container(contains, imageLibrary, "", container(contains, imageLibraryGroup, "", images...)), nil
}

// group is TID 1411, a finding measured as a volume.
func (r Result) group(f Finding) item {
	site := coded(hasConceptMod, findingSite, lung)
	switch f.Side {
	case "left":
		site.children = append(site.children, coded(hasConceptMod, laterality, left))
	case "right":
		site.children = append(site.children, coded(hasConceptMod, laterality, right))
	}
	return container(contains, measurementGroup, "1411",
		text(hasObsContext, trackingIdentifier, fmt.Sprintf("Nafas %d", f.Rank)),
		uidref(hasObsContext, trackingUniqueIdentifier, r.trackingUID(f)),
		coded(contains, findingCategory, abnormalStructure),
		coded(contains, findingConcept, nodule),
		site,
		text(hasConceptMod, algorithmName, r.Algorithm.Name),
		text(hasConceptMod, algorithmVersion, r.Algorithm.Version),
		text(hasConceptMod, algorithmParameters, "sha256="+r.Algorithm.SHA256),
		coded(hasConceptMod, algorithmFamily, artificialIntelligence),
		ellipsoid(volumeSurface, f.CenterLPSMM, f.MeanDiameterMM, r.Source.FrameOfReferenceUID),
		uidref(contains, sourceSeries, r.Source.SeriesUID),
		number(diameter, f.MeanDiameterMM, millimeter, coded(hasConceptMod, derivation, mean)),
		number(certaintyOfFinding, percentOf(f.Score), percent),
	)
}

// percentOf has the two decimals that a score rounded to 1e-4 has.
func percentOf(score float64) float64 {
	v, _ := strconv.ParseFloat(strconv.FormatFloat(100*score, 'f', 2, 64), 64)
	return v
}

func marshal(b *part10.Builder) ([]byte, error) {
	elems, err := b.Elements()
	if err != nil {
		return nil, err
	}
	return part10.Marshal(part10.ExplicitLE, dicom.Dataset{Elements: elems}, nil)
}
