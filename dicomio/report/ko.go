package report

import (
	"fmt"

	"nafas/dicomio/part10"
)

// KOInstance names the key object selection of this result.
func (r Result) KOInstance() Reference { return Reference{keyObjectSelection, r.uid("ko")} }

// KOSeries is the series of the key object selection.
func (r Result) KOSeries() string { return r.uid("ko", "series") }

// KO writes the key object selection: the images that show the findings, the
// worst first (TID 2010). It is an error to ask for one without findings.
func (r Result) KO() ([]byte, error) {
	if !r.found() {
		return nil, fmt.Errorf("no key images without findings")
	}
	var b part10.Builder
	l := r.Subject.Language(r.Language)
	r.documentHead(&b, object{
		instance: r.KOInstance(), seriesUID: r.KOSeries(), modality: "KO", series: seriesKO, description: "Key images",
	}, l, r.Source.all())
	children := []item{
		coded(hasConceptMod, languageOfContent, languages[l]),
		coded(hasObsContext, observerType, device),
		uidref(hasObsContext, deviceUID, r.deviceUID()),
		text(contains, keyObjectDescription, words[l].disclaimer+" "+fmt.Sprintf(words[l].searched, r.Algorithm.Name, r.Algorithm.Version)),
	}
	seen := map[string]bool{}
	for _, f := range r.Findings {
		key := fmt.Sprint(f.SOPInstanceUID, f.Frame)
		if seen[key] {
			continue
		}
		seen[key] = true
		ref, err := r.Source.image(f.SOPInstanceUID)
		if err != nil {
			return nil, err
		}
		children = append(children, imageref(contains, ref, f.Frame))
	}
	container("", ofInterest, "2010", children...).fill(&b, l)
	return marshal(&b, nil)
}
