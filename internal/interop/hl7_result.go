package interop

import (
	"strconv"
	"strings"
	"time"

	"nafas/dicomio/report"
	"nafas/internal/triage"
)

// observed is the value of one OBX.
type observed struct {
	kind  string // HL7 table 0125
	what  concept
	value string // encoded
	unit  *concept
	// rank is that of the finding, the same for all its values; 0 for what is
	// said of the study.
	rank int
	// method is what gave the value where that is not the detector.
	method string
	// absent: there is no result, and value says why.
	absent bool
	// final: a reader has signed it.
	final bool
	// by is who says it where that is a reader, and at when.
	by *report.Reader
	at time.Time
	// sub names a finding that has no rank.
	sub string
	// note is a comment on it.
	note string
}

// obx are the segments of all values.
func (s said) obx() []segment {
	values := s.ofStudy()
	for i := range values {
		values[i].final = s.final()
	}
	for _, f := range s.report.Findings {
		values = append(values, s.answered(f, s.ofFinding(f))...)
	}
	for i, m := range s.report.Marks() {
		values = append(values, s.ofMark(i+1, m)...)
	}
	var out []segment
	for i, v := range values {
		out = append(out, s.observation(i+1, v))
		if v.note != "" {
			out = append(out, segment{"NTE", map[int]string{1: "1", 2: "L", 3: escaped(v.note), 4: components("RE", "Remark", "HL70364")}})
		}
	}
	return out
}

// observation is preliminary, F where a reader has signed it, or X: results cannot
// be obtained.
func (s said) observation(n int, v observed) segment {
	a := s.concepts.ArtificialIntelligence
	method := v.method
	if method == "" {
		method = s.algorithm()
	}
	fields := map[int]string{
		1: strconv.Itoa(n), 2: v.kind, 3: s.coded(v.what), 5: v.value, 11: "P", 14: s.studied(),
		17: components(a.Value, a.Meaning, a.Scheme, method, method, local),
		18: s.entity(s.report.DeviceUID()), 19: moment(s.At),
	}
	if v.by != nil { // no device, and no method
		fields[16], fields[17], fields[18], fields[19] = observer(*v.by), "", "", moment(v.at)
	}
	if fields[4] = v.sub; v.rank > 0 {
		fields[4] = strconv.Itoa(v.rank)
	}
	if v.final {
		fields[11] = "F"
	}
	if v.unit != nil {
		fields[6] = s.coded(*v.unit)
	}
	if v.absent {
		fields[11] = "X"
	}
	return segment{"OBX", fields}
}

// ofStudy begins with all in words: also those who show no more than the first
// value show the disclaimer, and that an analysis failed.
func (s said) ofStudy() []observed {
	out := []observed{
		{kind: "TX", what: s.concepts.Comment, value: escaped(s.conclusion()), absent: s.failed()},
		{kind: "CWE", what: s.words.worklist(), value: s.suggested()},
		text(s.words.studyUID(), s.Study.UID, 0),
		text(s.words.seriesUID(), s.Series.UID, 0),
	}
	if uid := s.exam.FrameOfReferenceUID; uid != "" && len(s.report.Findings) > 0 {
		out = append(out, text(s.words.frameUID(), uid, 0))
	}
	if hash := s.report.Algorithm.SHA256; hash != "" {
		out = append(out, text(s.concepts.Parameters, "sha256="+hash, 0))
	}
	return append(out, s.suggestedLines(0)...)
}

// suggested is the priority of the result, in HL7's words (table 0485) and in
// ours, with its reasons.
func (s said) suggested() string {
	code, word := "R", "Routine"
	if s.Study.Priority == triage.PriorityUrgent {
		code, word = "A", "ASAP"
	}
	return components(code, word, "HL70485", priorityCodes[s.Study.Priority], s.words.priorities[s.Study.Priority], local,
		"", "", strings.Join(s.reasons(), "; "))
}

func (s said) ofFinding(f report.Finding) []observed {
	flagged := components("N", s.words.no, "HL70136")
	if f.Flagged {
		flagged = components("Y", s.words.yes, "HL70136")
	}
	mm, percent := &s.concepts.Millimeter, &s.concepts.Percent
	out := []observed{
		{kind: "CWE", what: s.concepts.Finding, value: s.coded(s.words.nodule()), rank: f.Rank},
		{kind: "CWE", what: s.concepts.FindingSite, value: s.coded(s.site(f)), rank: f.Rank},
		{kind: "CWE", what: s.words.flagged(), value: flagged, rank: f.Rank},
		number(s.concepts.Certainty, report.Percent(f.Score), percent, f.Rank),
	}
	out = append(out, s.sizes(f)...)
	if said := report.PlaceIn(s.language, f); said != "" {
		out = append(out, text(s.words.place(), said, f.Rank))
	}
	if said := report.ChangeIn(s.language, s.report.Compared, f.Change); said != "" {
		out = append(out, text(s.words.change(), said, f.Rank))
	}
	out = append(out, s.suggestedLines(f.Rank)...)
	for i, axis := range s.words.axes() {
		out = append(out, number(axis, f.CenterLPSMM[i], mm, f.Rank))
	}
	out = append(out, text(s.concepts.TrackingUID, s.report.TrackingUID(f), f.Rank), text(s.words.image(), f.SOPInstanceUID, f.Rank))
	if f.Frame > 0 {
		out = append(out, number(s.words.frame(), float64(f.Frame), nil, f.Rank))
	}
	return out
}

// sizes are the values that say how large and of what kind a finding is, by
// what gave them.
func (s said) sizes(f report.Finding) []observed {
	diameterMM, _ := f.Diameter()
	out := []observed{
		number(s.concepts.Diameter, diameterMM, &s.concepts.Millimeter, f.Rank),
		{kind: "CWE", what: s.words.sizedBy(), value: s.coded(s.source(f)), rank: f.Rank},
	}
	for _, a := range s.amounts(f) {
		out = append(out, number(a.what, a.value, a.unit, f.Rank))
	}
	if k := s.kind(f); k != nil {
		value := components(k[0].Value, k[0].Meaning, k[0].Scheme)
		if len(k) > 1 {
			value = components(k[0].Value, k[0].Meaning, k[0].Scheme, k[1].Value, k[1].Meaning, k[1].Scheme)
		}
		out = append(out, observed{kind: "CWE", what: s.concepts.Texture, value: value, rank: f.Rank})
	}
	for i := range out {
		out[i].method = s.method(f)
	}
	return out
}

func text(what concept, value string, rank int) observed {
	return observed{kind: "ST", what: what, value: escaped(value), rank: rank}
}

func number(what concept, value float64, unit *concept, rank int) observed {
	return observed{kind: "NM", what: what, value: strconv.FormatFloat(value+0, 'f', -1, 64), unit: unit, rank: rank}
}
