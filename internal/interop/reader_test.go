package interop_test

import (
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"nafas/dicomio/report"
	"nafas/internal/interop"
	"nafas/internal/triage"
	"nafas/internal/triage/objects"
	"nafas/internal/triage/review"
)

var (
	zoe   = review.Reader{Name: "zoe", Display: "Dr Zoé Benaïssa"}
	omar  = review.Reader{Name: "omar", Display: "د. عمر العلوي"}
	acted = time.Date(2026, 3, 2, 9, 15, 0, 0, time.UTC)
)

// reviewed adds what readers said: the first finding is accepted, the second
// rejected, of the third they are unsure, and one is added.
func reviewed(one triage.Delivery) triage.Delivery {
	state := &review.State{Version: 4, Answers: map[review.Ref]review.Answered{}}
	say := func(rank int, by review.Reader, a review.Answer) {
		state.Answers[review.Ref{SeriesUID: one.Series.UID, ResultKey: one.Series.Result.Key, Rank: rank}] =
			review.Answered{Answer: a, By: by, At: acted.Add(time.Duration(rank) * time.Minute)}
	}
	say(1, zoe, review.Answer{Verdict: review.Agree, Kind: "calcified", Category: "4A"})
	say(2, omar, review.Answer{Verdict: review.Disagree, Cause: review.CauseVessel, Comment: "Vaisseau | à droite,\nوعاء دموي"})
	say(3, zoe, review.Answer{Verdict: review.Unsure})
	state.Marks = marks(one)
	one.Review = state
	return one
}

func marks(one triage.Delivery) []review.Marked {
	return []review.Marked{{By: omar, At: acted.Add(4 * time.Minute), Mark: review.Mark{
		ID: "7a0c7a6e-7d55-4c43-9a3c-0b6d5a1f0001", SeriesUID: one.Series.UID, CenterLPSMM: [3]float64{-3.5, 1.25, 106}, DiameterMM: 5.5,
		SOPInstanceUID: one.Instances[0].SOPUID, Kind: "part_solid", Category: "3", Comment: "juxta-pleural",
	}}}
}

func signed(one triage.Delivery) triage.Delivery {
	one = reviewed(one)
	one.Review.Version++
	one.Review.Signed = &review.Signature{By: omar, At: acted.Add(time.Hour), ResultKeys: []string{one.Series.Result.Key}}
	return one
}

// outdated is signed with another result.
func outdated(one triage.Delivery) triage.Delivery {
	one = signed(one)
	one.Review.Signed.ResultKeys = []string{"the key before"}
	return one
}

// signedFailed is a failure in which a reader found something.
func signedFailed(one triage.Delivery) triage.Delivery {
	one = failed(one)
	one.Study.Series = nil
	one.Review = &review.State{Version: 2, Marks: marks(one), Signed: &review.Signature{By: omar, At: acted.Add(time.Hour)}}
	return one
}

func notes(o object) (out []string) {
	for _, n := range o["note"].([]any) {
		out = append(out, n.(object)["text"].(string))
	}
	return out
}

// Nothing is final but what a reader signed.
func TestFinalOnlyWhenSigned(t *testing.T) {
	im := image(t, nil)
	for why, change := range map[string]func(triage.Delivery) triage.Delivery{
		"never read": func(one triage.Delivery) triage.Delivery { return one }, "begun": reviewed, "outdated": outdated, "failed": signedFailed,
	} {
		one := change(delivery(t, im))
		for _, l := range languages {
			data, err := interop.FHIR(one, im, l)
			require.NoError(t, err)
			require.NotContains(t, string(data), `"final"`, why)
			message, err := interop.ORU(one, im, l)
			require.NoError(t, err)
			s := split(t, message)
			require.NotEqual(t, "F", s.field("OBR", 25), why)
			for _, fields := range s {
				require.False(t, fields[0] == "OBX" && fields[11] == "F", "%s: %v", why, fields)
			}
		}
	}
	one := signed(delivery(t, im))
	b := bundleOf(t, one, im)
	require.Equal(t, "final", b.one(t, "DiagnosticReport")["status"])
	require.Equal(t, "completed", b.one(t, "Task")["status"])
	s := segmentsOf(t, one, im)
	require.Equal(t, "F", s.field("OBR", 25))
	require.Equal(t, "omar&"+omar.Display, s.field("OBR", 32))
	failure := bundleOf(t, signedFailed(delivery(t, im)), im)
	require.Equal(t, "partial", failure.one(t, "DiagnosticReport")["status"])
	require.Equal(t, "cancelled", failure.all("Observation")[0]["status"])
}

// Each finding has its own verdict: the rejected one stays, and is said to be
// absent.
func TestVerdictsInFHIR(t *testing.T) {
	im := image(t, nil)
	one := signed(delivery(t, im))
	b := bundleOf(t, one, im)
	found := b.all("Observation")
	require.Len(t, found, 4)
	r := objects.Said(one, report.English)
	practitioners := map[string]string{}
	for _, p := range b.all("Practitioner") {
		practitioners["urn:uuid:"+p["id"].(string)] = at(t, p, "name.0.text").(string)
	}
	require.Len(t, practitioners, 2, "each once")
	for i, want := range []struct{ verdict, value, status, by string }{
		{"accepted", "52101004", "final", zoe.Display}, {"rejected", "2667000", "final", omar.Display}, {"unsure", "", "preliminary", zoe.Display},
	} {
		o := found[i]
		require.Equal(t, want.verdict, at(t, o, "interpretation.0.coding.0.code"))
		require.Equal(t, want.status, o["status"])
		if want.value == "" {
			require.NotContains(t, o, "valueCodeableConcept")
		} else {
			require.Equal(t, want.value, at(t, o, "valueCodeableConcept.coding.0.code"))
		}
		require.Equal(t, want.by, practitioners[at(t, o, "note.1.authorReference.reference").(string)])
		require.Contains(t, notes(o), r.AnswerIn(report.English, r.Findings[i]))
		require.NotNil(t, o["device"], "it is still what a program found")
	}
	require.Contains(t, notes(found[1]), "Vaisseau | à droite,\nوعاء دموي")
	added := found[3]
	require.Equal(t, "final", added["status"])
	require.NotContains(t, added, "device")
	require.NotContains(t, added, "method")
	require.NotContains(t, added, "meta", "no artificial intelligence asserted it")
	require.Equal(t, omar.Display, practitioners[at(t, added, "performer.0.reference").(string)])
	require.Equal(t, "urn:oid:"+r.Review.Marks[0].TrackingUID(), at(t, added, "identifier.0.value"))
	require.Equal(t, 5.5, at(t, added, "component.0.valueQuantity.value"))
	require.Contains(t, notes(added), "juxta-pleural")
	require.Len(t, b.one(t, "DiagnosticReport")["result"], 4)
	require.Equal(t, omar.Display, practitioners[at(t, b.one(t, "DiagnosticReport"), "resultsInterpreter.0.reference").(string)])
	conclusion := b.one(t, "DiagnosticReport")["conclusion"].(string)
	for _, sentence := range r.Reviewed(report.English) {
		require.Contains(t, conclusion, sentence)
	}
	require.NotContains(t, conclusion, "to be reviewed by a radiologist")
}

func TestVerdictsInHL7(t *testing.T) {
	im := image(t, nil)
	one := signed(delivery(t, im))
	s := segmentsOf(t, one, im)
	r := objects.Said(one, report.English)
	for rank, want := range map[int]struct{ verdict, program, by string }{1: {"accepted", "F", "zoe"}, 2: {"rejected", "P", "omar"}, 3: {"unsure", "P", "zoe"}} {
		v := s.find(t, "reader-verdict", rank)
		require.True(t, strings.HasPrefix(v[5], want.verdict+"^"), v[5])
		require.Equal(t, "F", v[11], "that it was said is final")
		require.True(t, strings.HasPrefix(v[16], want.by+"^"), v[16])
		require.Empty(t, v[17])
		require.Empty(t, v[18])
		require.Equal(t, want.program, s.find(t, "121071", rank)[11], "what the program found")
		require.Equal(t, want.program, s.find(t, "111012", rank)[11])
		require.Equal(t, r.AnswerIn(report.English, r.Findings[rank-1]), s.value(t, "reader", rank))
		require.Equal(t, rank == 2, s.has("reader-cause", rank))
	}
	var after []string
	for i, fields := range s {
		if fields[0] == "NTE" {
			require.Equal(t, "OBX", s[i-1][0])
			after = append(after, s[i-1][3]+s[i-1][4]+fields[3])
		}
	}
	require.Equal(t, []string{
		`reader-verdict^Verdict of a reader^99NAFAS2Vaisseau \F\ à droite,\X0A\وعاء دموي`, `121071^Finding^DCMR1juxta-pleural`,
	}, after)
	var added []string
	for _, fields := range s {
		if fields[0] == "OBX" && fields[4] == "R1" {
			added = append(added, fields[3][:strings.Index(fields[3], "^")])
			require.Equal(t, "F", fields[11])
			require.Equal(t, "omar^"+omar.Display, fields[16])
			require.Empty(t, fields[18])
		}
	}
	require.Equal(t, []string{"121071", "reader", "363698007", "81827009", "reader-kind", "reader-category",
		"position-left", "position-posterior", "position-superior", "112040", "112002", "image"}, added)
}

// Every state of a review has names of its own, but what lives on.
func TestEachReviewIsAnotherMessage(t *testing.T) {
	im := image(t, nil)
	ids, controls := map[any]string{}, map[string]string{}
	for name, change := range map[string]func(triage.Delivery) triage.Delivery{
		"none": func(one triage.Delivery) triage.Delivery { return one }, "reviewed": reviewed, "signed": signed, "outdated": outdated,
	} {
		one := change(delivery(t, im))
		b := bundleOf(t, one, im)
		require.Empty(t, ids[b.id()], name)
		ids[b.id()] = name
		id := b.one(t, "DiagnosticReport")["id"]
		require.Empty(t, ids[id], name)
		ids[id] = name
		control := segmentsOf(t, one, im).field("MSH", 10)
		require.Empty(t, controls[control], name)
		controls[control] = name
	}
	before, after := bundleOf(t, delivery(t, im), im), bundleOf(t, signed(delivery(t, im)), im)
	require.Equal(t, before.all("Observation")[0]["id"], after.all("Observation")[0]["id"], "the same finding")
}

// Nothing of a reader's is lost on the way through another library.
func TestPythonReadsAReview(t *testing.T) {
	im := image(t, nil)
	data, err := interop.ORU(signed(delivery(t, im)), im, "ar")
	require.NoError(t, err)
	m := pythonHL7(t, data)
	require.Equal(t, "F", m.Status)
	found := map[string]string{}
	for _, v := range m.Values {
		found[v.Rank+" "+v.Code] = v.Value
	}
	require.Contains(t, found["2 reader"], omar.Display)
	require.Contains(t, found["2 reader-verdict"], "rejected")
	require.Equal(t, "5.5", found["R1 81827009"])
}
