package interop_test

import (
	"encoding/json"
	"fmt"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
	"github.com/suyashkumar/dicom/pkg/tag"

	"nafas/dicomio/report"
	"nafas/inference/finding"
	"nafas/inference/measure"
	"nafas/internal/interop"
	"nafas/internal/triage"
	"nafas/internal/triage/objects"
)

type object = map[string]any

// read is a bundle as its reader has it.
type read struct{ whole object }

func bundleOf(t testing.TB, one triage.Delivery, image []byte) read {
	t.Helper()
	data, err := interop.FHIR(one, image, "en")
	require.NoError(t, err)
	return parsed(t, data)
}

func parsed(t testing.TB, data []byte) read {
	t.Helper()
	var r read
	require.NoError(t, json.Unmarshal(data, &r.whole))
	return r
}

func (r read) id() any { return r.whole["id"] }

// all are the resources of a kind.
func (r read) all(kind string) (out []object) {
	for _, e := range r.whole["entry"].([]any) {
		if res := e.(object)["resource"].(object); res["resourceType"] == kind {
			out = append(out, res)
		}
	}
	return out
}

func (r read) one(t testing.TB, kind string) object {
	t.Helper()
	all := r.all(kind)
	require.Len(t, all, 1, kind)
	return all[0]
}

// at walks into an object: "component.3.valueQuantity.value".
func at(t testing.TB, o any, path string) any {
	t.Helper()
	for step := range strings.SplitSeq(path, ".") {
		switch v := o.(type) {
		case object:
			o = v[step]
		case []any:
			var i int
			_, err := fmt.Sscan(step, &i)
			require.NoError(t, err)
			require.Less(t, i, len(v), path)
			o = v[i]
		default:
			require.Fail(t, "nothing at "+step+" of "+path)
		}
	}
	return o
}

// value is that of the component with a code.
func value(t testing.TB, o object, code string) any {
	t.Helper()
	for _, c := range o["component"].([]any) {
		if at(t, c, "code.coding.0.code") != code {
			continue
		}
		for k, v := range c.(object) {
			if k != "code" {
				return v
			}
		}
	}
	require.Fail(t, "no component "+code)
	return nil
}

// has says whether there is a component with a code.
func has(o object, code string) bool {
	for _, c := range o["component"].([]any) {
		coding := c.(object)["code"].(object)["coding"].([]any)
		if coding[0].(object)["code"] == code {
			return true
		}
	}
	return false
}

// A calcified nodule is solid to RadLex: our own code alone tells it.
func TestCalcifiedNodules(t *testing.T) {
	im := image(t, nil)
	one := delivery(t, im)
	m := *one.Series.Result.Findings[0].Measured
	m.Kind = measure.KindCalcified
	one.Series.Result.Findings[0].Measured = &m
	kind := value(t, bundleOf(t, one, im).all("Observation")[0], "C41144").(object)
	require.Len(t, kind["coding"], 1)
	require.Equal(t, "calcified", at(t, kind, "coding.0.code"))
	require.Equal(t, "calcified^calcified nodule^99NAFAS", segmentsOf(t, one, im).value(t, "C41144", 1))
	m.Kind = measure.KindUnknown
	require.False(t, has(bundleOf(t, one, im).all("Observation")[0], "C41144"), "a kind that is not told is not said")
}

func TestFindingsAreObservations(t *testing.T) {
	im := image(t, nil)
	one := delivery(t, im)
	one.Series.Result.Findings[1].Frame = 4
	b := bundleOf(t, one, im)
	r := b.one(t, "DiagnosticReport")
	require.Equal(t, "preliminary", r["status"])
	require.Len(t, r["result"], 3)
	require.Equal(t, "urn:uuid:"+b.one(t, "Patient")["id"].(string), at(t, r, "subject.reference"))
	require.Equal(t, "A-77", at(t, r, "basedOn.0.identifier.value"))
	require.Equal(t, "2026-03-01T08:15:02+01:00", r["effectiveDateTime"])
	require.Equal(t, "2026-03-01T12:30:15.123Z", r["issued"])
	observations := b.all("Observation")
	require.Len(t, observations, 3)
	mm := func(v float64) object {
		return object{"value": v, "unit": "mm", "system": "http://unitsofmeasure.org", "code": "mm"}
	}
	for i, want := range one.Series.Result.Findings {
		o := observations[i]
		require.Equal(t, "preliminary", o["status"])
		require.Equal(t, "786838002", at(t, o, "code.coding.0.code"))
		require.Equal(t, []string{"44714003", "3341006", "39607008"}[i], at(t, o, "bodySite.coding.0.code"), "a lobe, the right, lung of neither side")
		require.Equal(t, []string{"left upper lobe (estimated)", "Right lung", "Lung"}[i], at(t, o, "bodySite.text"))
		require.Equal(t, i < 2, has(o, "place"), "where in the lung, of what lies in one")
		require.Equal(t, "urn:uuid:"+o["id"].(string), at(t, r, fmt.Sprintf("result.%d.reference", i)))
		require.Equal(t, "urn:uuid:"+b.one(t, "ImagingStudy")["id"].(string), at(t, o, "derivedFrom.0.reference"))
		require.Equal(t, "urn:uuid:"+b.one(t, "Device")["id"].(string), at(t, o, "device.reference"))
		require.Equal(t, "AIAST", at(t, o, "meta.security.0.code"))
		require.Contains(t, at(t, o, "note.0.text"), "NOT FOR DIAGNOSIS")
		require.Equal(t, float64(i+1), value(t, o, "rank"))
		require.Equal(t, want.Flagged, value(t, o, "flagged"))
		diameterMM, by := want.Diameter()
		require.Equal(t, mm(diameterMM), value(t, o, "81827009"))
		require.Equal(t, string(by), at(t, value(t, o, "size-by"), "coding.0.code"))
		require.Equal(t, []string{"nafas-lung-1 0.2.0; radial border 2", "nafas-lung-1 0.2.0", "nafas-lung-1 0.2.0"}[i], at(t, o, "method.text"))
		require.Equal(t, i == 0, has(o, "118565006"), "a volume that cannot be relied on is not said")
		require.Equal(t, []float64{93.12, 50, 21.01}[i], at(t, value(t, o, "111012"), "value"))
		require.Equal(t, "%", at(t, value(t, o, "111012"), "code"))
		for axis, code := range []string{"position-left", "position-posterior", "position-superior"} {
			require.Equal(t, mm(want.CenterLPSMM[axis]), value(t, o, code))
		}
		require.Equal(t, "urn:oid:"+want.SOPInstanceUID, value(t, o, "image"))
	}
	first := observations[0]
	require.Equal(t, "Estimated place: left upper lobe, middle third of the lung, 14.3 mm from the pleura, 1.9 mm from a fissure (perifissural).", value(t, first, "place"))
	require.Equal(t, object{"value": 1987.3, "unit": "mm3", "system": "http://unitsofmeasure.org", "code": "mm3"}, value(t, first, "118565006"))
	require.Equal(t, mm(16.9), value(t, first, "103339001"))
	require.Equal(t, mm(14.6), value(t, first, "103340004"))
	require.Equal(t, object{"value": -31.4, "unit": "[hnsf'U]", "system": "http://unitsofmeasure.org", "code": "[hnsf'U]"}, value(t, first, "112031"))
	require.Equal(t, object{"text": "part-solid pulmonary nodule", "coding": []any{
		object{"system": "http://www.radlex.org", "code": "RID50152"},
		object{"system": "urn:oid:2.25.58487889196071866079221489965906391648", "code": "part-solid"},
	}}, value(t, first, "C41144"))
	require.Equal(t, 4.0, value(t, observations[1], "frame"))
	series := at(t, b.one(t, "ImagingStudy"), "series.0").(object)
	require.Equal(t, one.Series.UID, series["uid"])
	require.Equal(t, 2.0, series["numberOfInstances"])
	require.Len(t, series["instance"], 1, "the image that shows findings")
	require.Equal(t, "urn:oid:"+one.Study.UID, at(t, b.one(t, "ImagingStudy"), "identifier.0.value"))
	require.Equal(t, one.Series.Result.Model.SHA256, at(t, b.one(t, "Device"), "version.1.value"))
}

// Every lobe has the code of its own side, and one of the other side has none.
func TestLobesInBothFormats(t *testing.T) {
	im := image(t, nil)
	for _, c := range []struct {
		side finding.Side
		lobe finding.Lobe
		code string
	}{
		{finding.SideRight, finding.LobeRightUpper, "42400003"}, {finding.SideRight, finding.LobeRightMiddle, "72481006"}, {finding.SideRight, finding.LobeRightLower, "266005"},
		{finding.SideLeft, finding.LobeLeftUpper, "44714003"}, {finding.SideLeft, finding.LobeLeftLower, "41224006"},
		{finding.SideLeft, finding.LobeRightUpper, "44029006"}, {finding.SideRight, finding.LobeLeftLower, "3341006"},
	} {
		for _, of := range []finding.Side{c.side, c.lobe.Side()} {
			one := delivery(t, im)
			f := &one.Series.Result.Findings[0]
			f.Side, f.Place = c.side, &finding.Place{Side: of, Lobe: c.lobe}
			require.Equal(t, c.code, at(t, bundleOf(t, one, im).all("Observation")[0], "bodySite.coding.0.code"), c)
			code, _, _ := strings.Cut(segmentsOf(t, one, im).value(t, "363698007", 1), "^")
			require.Equal(t, c.code, code, c)
		}
	}
}

// A finding and a model have the names that the structured report gives them.
func TestTheNamesAreThoseOfTheReport(t *testing.T) {
	im := image(t, nil)
	one := delivery(t, im)
	r, err := objects.Of(one, im, report.English)
	require.NoError(t, err)
	b, m := bundleOf(t, one, im), segmentsOf(t, one, im)
	for i, f := range r.Findings {
		require.Equal(t, "urn:oid:"+r.TrackingUID(f), at(t, b.all("Observation")[i], "identifier.0.value"))
		require.Equal(t, r.TrackingUID(f), m.value(t, "112040", i+1))
	}
	require.Equal(t, "urn:oid:"+r.DeviceUID(), at(t, b.one(t, "Device"), "identifier.0.value"))
	require.Equal(t, r.DeviceUID()+"^NAFAS", m.field("OBX", 18))
}

// A failure is never an empty list.
func TestAFailureIsSeenAsOne(t *testing.T) {
	im := image(t, nil)
	for _, l := range languages {
		data, err := interop.FHIR(failed(delivery(t, im)), im, l)
		require.NoError(t, err)
		b := parsed(t, data)
		r := b.one(t, "DiagnosticReport")
		require.Equal(t, "cancelled", r["status"])
		require.Contains(t, r["conclusion"], "3 slices are missing")
		require.Contains(t, at(t, r, "text.div"), "3 slices are missing")
		o := b.one(t, "Observation")
		require.Equal(t, "cancelled", o["status"])
		require.Equal(t, "error", at(t, o, "dataAbsentReason.coding.0.code"))
		require.Contains(t, at(t, o, "dataAbsentReason.text"), "3 slices are missing")
		require.Nil(t, o["valueString"])
		require.Len(t, r["result"], 1)
		task := b.one(t, "Task")
		require.Equal(t, "routine", task["priority"])
		require.Equal(t, "not-assessed", at(t, task, "reasonCode.coding.0.code"))
		require.Contains(t, at(t, task, "reasonCode.text"), "3 slices are missing")
	}
}

// Nothing found says what was searched, and never that there is nothing.
func TestNothingFound(t *testing.T) {
	im := image(t, nil)
	for l, want := range map[string][]string{
		"en": {"RESEARCH USE ONLY - NOT FOR DIAGNOSIS", "searched for lung nodules with nafas-lung-1 0.2.0", "does not exclude disease"},
		"fr": {"À DES FINS DE RECHERCHE UNIQUEMENT", "recherchés dans la série avec nafas-lung-1 0.2.0", "n'exclut pas"},
		"ar": {"للأغراض البحثية فقط", "nafas-lung-1 0.2.0", "لا ينفي وجود مرض"},
	} {
		data, err := interop.FHIR(without(delivery(t, im)), im, l)
		require.NoError(t, err)
		b := parsed(t, data)
		r, o := b.one(t, "DiagnosticReport"), b.one(t, "Observation")
		require.Equal(t, "preliminary", r["status"])
		require.Equal(t, "preliminary", o["status"])
		require.Equal(t, l, r["language"])
		for _, part := range want {
			require.Contains(t, r["conclusion"], part)
			require.Contains(t, o["valueString"], part)
		}
		require.Equal(t, l == "ar", strings.Contains(at(t, r, "text.div").(string), `dir="rtl"`))
	}
}

func TestThePriorityIsAProposal(t *testing.T) {
	im := image(t, nil)
	for _, c := range []struct {
		result  triage.Priority
		request triage.RequestPriority
		want    string
	}{
		{triage.PriorityUrgent, triage.RequestRoutine, "urgent"},
		{triage.PriorityHigh, triage.RequestRoutine, "routine"},
		{triage.PriorityRoutine, triage.RequestRoutine, "routine"},
		{triage.PriorityRoutine, triage.RequestUrgent, "urgent"}, // a request is not lowered
		{triage.PriorityNotAssessed, triage.RequestUrgent, "urgent"},
	} {
		one := delivery(t, im)
		one.Study.Priority, one.Study.RequestPriority = c.result, c.request
		task := bundleOf(t, one, im).one(t, "Task")
		require.Equal(t, c.want, task["priority"], c)
		require.Equal(t, "proposal", task["intent"])
		require.Contains(t, at(t, task, "reasonCode.text"), "suggested by the program")
		require.Equal(t, "AIAST", at(t, task, "meta.security.0.code"))
	}
}

func TestThePatientOfABundle(t *testing.T) {
	for _, c := range []struct {
		why  string
		set  attributes
		path string
		want any
	}{
		{"the family name", nil, "name.0.family", "Benaïssa"},
		{"given and middle name", nil, "name.0.given", []any{"Zoé", "Leïla"}},
		{"prefix and suffix", nil, "name.0.prefix", []any{"Dr"}},
		{"suffix", nil, "name.0.suffix", []any{"PhD"}},
		{"one script is not marked", nil, "name.0.extension", nil},
		{"the alphabetic script beside another", attributes{tag.PatientName: {"Yamada^Tarou=山田^太郎"}}, "name.0.extension.0.valueCode", "ABC"},
		{"the ideographic script", attributes{tag.PatientName: {"Yamada^Tarou=山田^太郎"}}, "name.1.extension.0.valueCode", "IDE"},
		{"a name in the second script alone", attributes{tag.PatientName: {"=山田^太郎"}}, "name.0.family", "山田"},
		{"a name in another character set", attributes{tag.SpecificCharacterSet: {"ISO_IR 127"}, tag.PatientName: {"\xe6\xe8\xd1"}}, "name.0.family", "نور"},
		{"no name", attributes{tag.PatientName: nil}, "name", nil},
		{"identifier", nil, "identifier.0.value", "P1"},
		{"its issuer", nil, "identifier.0.assigner.display", "HOSPITAL"},
		{"control characters", attributes{tag.PatientID: {"P\r\n1\x1c"}}, "identifier.0.value", "P  1"},
		{"no issuer", attributes{tag.IssuerOfPatientID: nil}, "identifier.0.assigner", nil},
		{"birth date", nil, "birthDate", "1960-01-31"},
		{"a birth date that is none", attributes{tag.PatientBirthDate: {"19601399"}}, "birthDate", nil},
		{"female", nil, "gender", "female"},
		{"male", attributes{tag.PatientSex: {"M"}}, "gender", "male"},
		{"other", attributes{tag.PatientSex: {"O"}}, "gender", "other"},
		{"a sex that is not given", attributes{tag.PatientSex: nil}, "gender", nil},
	} {
		t.Run(c.why, func(t *testing.T) {
			im := image(t, c.set)
			require.Equal(t, c.want, at(t, bundleOf(t, delivery(t, im), im).one(t, "Patient"), c.path))
		})
	}
}

// A time of day needs its zone (R4 data type dateTime).
func TestWhenTheStudyBegan(t *testing.T) {
	for _, c := range []struct {
		why  string
		set  attributes
		want any
	}{
		{"with its zone", nil, "2026-03-01T08:15:02+01:00"},
		{"without zone the day alone", attributes{tag.TimezoneOffsetFromUTC: nil}, "2026-03-01"},
		{"without time", attributes{tag.StudyTime: nil}, "2026-03-01"},
		{"without day", attributes{tag.StudyDate: nil}, nil},
	} {
		im := image(t, c.set)
		require.Equal(t, c.want, bundleOf(t, delivery(t, im), im).one(t, "ImagingStudy")["started"], c.why)
	}
}

// Without a frame of reference positions are still those of the series.
func TestNoFrameOfReference(t *testing.T) {
	im := image(t, attributes{tag.FrameOfReferenceUID: nil})
	for _, o := range bundleOf(t, delivery(t, im), im).all("Observation") {
		for _, c := range o["component"].([]any) {
			require.NotEqual(t, "112227", at(t, c, "code.coding.0.code"))
		}
	}
}

// Every reference leads to a resource of the bundle or to an order outside of
// it, and every resource is found under its id.
func TestReferencesLeadSomewhere(t *testing.T) {
	im := image(t, nil)
	for _, change := range outcomes {
		b := bundleOf(t, change(delivery(t, im)), im)
		urls := map[any]bool{}
		for _, e := range b.whole["entry"].([]any) {
			url := e.(object)["fullUrl"]
			require.Equal(t, "urn:uuid:"+at(t, e, "resource.id").(string), url)
			require.False(t, urls[url], "two of one id")
			urls[url] = true
		}
		walk(b.whole, func(o object) {
			if ref, ok := o["reference"].(string); ok {
				require.True(t, urls[ref], ref)
			}
		})
	}
}

func walk(v any, visit func(object)) {
	switch v := v.(type) {
	case object:
		visit(v)
		for _, below := range v {
			walk(below, visit)
		}
	case []any:
		for _, below := range v {
			walk(below, visit)
		}
	}
}

// Text of a header is text: in JSON and in the narrative.
func TestTextThatLooksLikeMarkup(t *testing.T) {
	im := image(t, attributes{tag.PatientName: {`<b>"O'Neil"&\`}})
	one := failed(delivery(t, im))
	one.Study.NotAssessed.Found = "<script>3 & more"
	b := bundleOf(t, one, im)
	require.Equal(t, `<b>"O'Neil"&\`, at(t, b.one(t, "Patient"), "name.0.family"))
	require.Contains(t, at(t, b.one(t, "DiagnosticReport"), "text.div"), "&lt;script&gt;3 &amp; more")
}

// The codes of a bundle are UUIDs of version 5, as the UIDs that they are made
// of.
func TestIDsAreUUIDs(t *testing.T) {
	im := image(t, nil)
	b := bundleOf(t, delivery(t, im), im)
	require.Regexp(t, `^[0-9a-f]{8}-[0-9a-f]{4}-5[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}$`, b.id())
}
