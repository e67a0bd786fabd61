package interop

import "nafas/dicomio/report"

// observations are one for each finding, and one for what each guideline suggests
// for the exam; without findings one that says so in
// words, of a failure one that says why: whoever reads nothing but
// Observations must not take either for a study that was never sent.
func (s said) observations() []observation {
	var out []observation
	if len(s.report.Findings) == 0 {
		out = append(out, s.statement())
	}
	for _, f := range s.report.Findings {
		o := s.finding(f)
		s.answer(f, &o)
		out = append(out, o)
	}
	for _, m := range s.report.Marks() {
		out = append(out, s.mark(m))
	}
	if len(s.report.Findings) > 0 {
		out = append(out, s.suggestedExam()...)
	}
	return out
}

// observed starts an observation.
func (s said) observed(uid string, code concept) observation {
	method := coded(s.concepts.ArtificialIntelligence)
	method.Text = s.algorithm()
	return observation{
		head: s.asserted("Observation", uid), Status: "preliminary",
		Category: []codeable{table("observation-category", "imaging", "Imaging")},
		Code:     coded(code), Subject: s.patientHead().ref(), Effective: s.started(), Issued: instant(s.report.SaidAt()),
		Note:   []annotation{{Text: report.Disclaimer(s.language)}},
		Method: &method, Device: s.deviceHead().ref(), DerivedFrom: []*reference{s.studyHead().ref()},
	}
}

// statement says in words what came of a series without findings. A failure
// has no value, and a reason why (obs-6).
func (s said) statement() observation {
	o := s.observed(s.name("statement"), s.concepts.Comment)
	if s.final() {
		o.Status = "final"
	}
	if !s.failed() {
		o.ValueString = s.conclusion()
		return o
	}
	reason := table("data-absent-reason", "error", "Error")
	reason.Text = s.conclusion()
	o.Status, o.AbsentReason = "cancelled", &reason
	return o
}

// finding is named by the tracking UID that the structured report gives it.
func (s said) finding(f report.Finding) observation {
	uid := s.report.TrackingUID(f)
	o := s.observed(uid, s.words.nodule())
	site := coded(s.site(f))
	o.Identifier, o.BodySite = []identifier{dicomUID(uid)}, &site
	diameterMM, measured := f.Diameter()
	if measured {
		o.Method.Text += "; " + s.method(f)
	}
	source := coded(s.source(f))
	o.Component = []component{
		{Code: coded(s.words.rank()), ValueInteger: f.Rank},
		{Code: coded(s.words.flagged()), ValueBoolean: &f.Flagged},
		s.measured(s.concepts.Certainty, report.Percent(f.Score), s.concepts.Percent),
		s.measured(s.concepts.Diameter, diameterMM, s.concepts.Millimeter),
		{Code: coded(s.words.sizedBy()), ValueCodeable: &source},
	}
	for _, a := range s.amounts(f) {
		o.Component = append(o.Component, s.measured(a.what, a.value, *a.unit))
	}
	if k := s.kind(f); k != nil {
		kind := codeable{Text: k[0].Meaning}
		for _, c := range k {
			kind.Coding = append(kind.Coding, coded(c).Coding...)
		}
		o.Component = append(o.Component, component{Code: coded(s.concepts.Texture), ValueCodeable: &kind})
	}
	if said := report.PlaceIn(s.language, f); said != "" {
		o.Component = append(o.Component, component{Code: coded(s.words.place()), ValueString: said})
	}
	if said := report.ChangeIn(s.language, s.report.Compared, f.Change); said != "" {
		o.Component = append(o.Component, component{Code: coded(s.words.change()), ValueString: said})
	}
	o.Component = append(o.Component, s.suggestedOf(f)...)
	for i, axis := range s.words.axes() {
		o.Component = append(o.Component, s.measured(axis, f.CenterLPSMM[i], s.concepts.Millimeter))
	}
	if uid := s.exam.FrameOfReferenceUID; uid != "" {
		o.Component = append(o.Component, component{Code: coded(s.words.frameUID()), ValueString: "urn:oid:" + uid})
	}
	o.Component = append(o.Component, component{Code: coded(s.words.image()), ValueString: "urn:oid:" + f.SOPInstanceUID})
	if f.Frame > 0 {
		o.Component = append(o.Component, component{Code: coded(s.words.frame()), ValueInteger: f.Frame})
	}
	return o
}

func (s said) measured(what concept, value float64, unit concept) component {
	return component{Code: coded(what), ValueQuantity: &quantity{
		Value: value + 0, Unit: unit.Value, System: systems[unit.Scheme], Code: unit.Value, // +0: never "-0"
	}}
}
