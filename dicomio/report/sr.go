package report

import (
	"fmt"
	"strconv"
	"strings"

	"github.com/suyashkumar/dicom/pkg/tag"

	"nafas/dicomio/part10"
	"nafas/inference/finding"
)

// SRInstance names the structured report of this result.
func (r Result) SRInstance() Reference { return Reference{comprehensive3DSR, r.uid(r.srName()...)} }

// SRSeries is the series of the structured report.
func (r Result) SRSeries() string { return r.uid(append(r.srName(), "series")...) }

// srName names the report among the objects of a result: with other words of
// readers it is another one, that names other predecessors.
func (r Result) srName() []string {
	out := []string{"sr"}
	if r.Review == nil {
		return out
	}
	review, _ := r.Review.name() // SR tells of the error
	out = append(out, review)
	for _, old := range r.Replaces {
		out = append(out, old.SOPInstanceUID)
	}
	return out
}

// SR writes the structured report: TID 1500 with a group of TID 1411 for each
// finding; without findings what was searched, and with what; of a failure why
// and nothing else. What readers said is with each finding, and what they added
// in groups of their own.
func (r Result) SR() ([]byte, error) {
	var b part10.Builder
	l := r.Subject.Language(r.Language)
	if _, err := r.Review.name(); err != nil {
		return nil, err
	}
	r.documentHead(&b, object{
		instance: r.SRInstance(), seriesUID: r.SRSeries(), modality: "SR", series: seriesSR, description: "Lung nodule findings", at: r.SaidAt(),
	}, l, r.Source.all())
	if r.Review != nil {
		localScheme(&b)
	}
	completion := "COMPLETE"
	if r.NotAssessed != "" {
		completion = "PARTIAL"
	}
	b.Text(tag.CompletionFlag, completion)
	r.verification(&b)
	b.Sequence(tag.PerformedProcedureCodeSequence)
	r.predecessors(&b)
	root, err := r.document(l)
	if err != nil {
		return nil, err
	}
	root.fill(&b, l)
	return marshal(&b, nil)
}

// predecessors names the reports that this one replaces (PS3.3 C.17.2).
func (r Result) predecessors(b *part10.Builder) {
	if len(r.Replaces) > 0 {
		r.hierarchy(b, tag.PredecessorDocumentsSequence, bySeries(r.Replaces))
	}
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
	children = append(children, library)
	if groups := r.groups(l); groups != nil {
		children = append(children, container(contains, imagingMeasurements, "", groups...))
	}
	children = append(children, r.evaluations(l)...)
	return container("", imagingMeasurementReport, "1500", children...), nil
}

// groups are one for each finding, and then one for each that a reader added.
func (r Result) groups(l Language) []item {
	var out []item
	if r.found() {
		for _, f := range r.Findings {
			out = append(out, r.group(f))
		}
	}
	for _, m := range r.Marks() {
		out = append(out, r.markGroup(m, l))
	}
	return out
}

// evaluations say what became of the review, what was compared and what
// guidelines suggest, a sentence each: no code says it that is verified. Without
// findings they say so.
func (r Result) evaluations(l Language) []item {
	var lines []item
	for _, s := range r.Reviewed(l) {
		lines = append(lines, text(contains, comment, r.Subject.letters(s)))
	}
	if !r.found() {
		lines = append([]item{text(contains, comment, r.said(l))}, lines...)
		return []item{container(contains, qualitativeEvaluations, "", lines...)}
	}
	if r.Compared != nil {
		lines = append(lines, text(contains, comment, r.Compared.Sentence(l)))
	}
	for _, s := range r.Suggested {
		lines = append(lines, text(contains, comment, s))
	}
	if lines == nil {
		return nil
	}
	return []item{container(contains, qualitativeEvaluations, "", lines...)}
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
		images = append(images, imageref(contains, ref, f.Frame))
	}
	for _, m := range r.Marks() {
		key := fmt.Sprint(m.SOPInstanceUID, m.Frame)
		ref, err := r.Source.image(m.SOPInstanceUID)
		if err != nil || seen[key] { // a mark may be in another series
			continue
		}
		seen[key] = true
		images = append(images, imageref(contains, ref, m.Frame))
	}
	if images == nil {
		if len(r.Source.Instances) == 0 {
			return item{}, fmt.Errorf("a report on a series without images")
		}
		images = append(images, imageref(contains, r.Source.Instances[0], 0))
	}
	return container(contains, imageLibrary, "", container(contains, imageLibraryGroup, "", images...)), nil
}

// group is TID 1411, a finding measured as a volume.
func (r Result) group(f Finding) item {
	centre, diameterMM := f.ball()
	items := []item{
		text(hasObsContext, trackingIdentifier, f.trackingID()),
		uidref(hasObsContext, trackingUniqueIdentifier, r.trackingUID(f)),
		coded(contains, findingCategory, abnormalStructure),
		coded(contains, findingConcept, nodule),
		f.site(),
		text(hasConceptMod, algorithmName, r.Algorithm.Name),
		text(hasConceptMod, algorithmVersion, r.Algorithm.Version),
		text(hasConceptMod, algorithmParameters, "sha256="+r.Algorithm.SHA256),
		coded(hasConceptMod, algorithmFamily, artificialIntelligence),
		ellipsoid(volumeSurface, centre, diameterMM, r.Source.FrameOfReferenceUID),
		uidref(contains, sourceSeries, r.Source.SeriesUID),
	}
	items = append(items, r.sizes(f)...)
	items = append(items, number(certaintyOfFinding, percentOf(f.Score), percent))
	items = append(items, f.kinds()...)
	items = append(items, r.answered(f)...)
	return container(contains, measurementGroup, "1411", append(items, r.inWords(f)...)...)
}

// sideOf is the patient's side of a finding, where it is known.
func sideOf(f Finding) (side code, ok bool) {
	switch f.Side {
	case finding.SideLeft:
		return left, true
	case finding.SideRight:
		return right, true
	}
	return code{}, false
}

// percentOf has the two decimals that a score rounded to 1e-4 has.
func percentOf(score float64) float64 {
	v, _ := strconv.ParseFloat(strconv.FormatFloat(100*score, 'f', 2, 64), 64)
	return v
}
