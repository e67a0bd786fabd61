package interop_test

import (
	"slices"
	"strconv"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
	"github.com/suyashkumar/dicom/pkg/tag"

	"nafas/internal/interop"
	"nafas/internal/triage"
)

// segments of a message, each split into its fields: 0 is the name.
type segments [][]string

func segmentsOf(t testing.TB, one triage.Delivery, image []byte) segments {
	t.Helper()
	data, err := interop.ORU(one, image, "en")
	require.NoError(t, err)
	return split(t, data)
}

func split(t testing.TB, data []byte) (out segments) {
	t.Helper()
	require.True(t, strings.HasSuffix(string(data), "\r"))
	require.NotContains(t, string(data), "\n")
	for line := range strings.SplitSeq(strings.TrimSuffix(string(data), "\r"), "\r") {
		fields := strings.Split(line, "|")
		if fields[0] == "MSH" { // MSH-1 is the mark itself
			fields = append([]string{"MSH", "|"}, fields[1:]...)
		}
		out = append(out, fields)
	}
	return out
}

// field is that of the first segment of a name.
func (s segments) field(name string, n int) string {
	for _, fields := range s {
		if fields[0] == name && n < len(fields) {
			return fields[n]
		}
	}
	return ""
}

// find returns the OBX with a code, of a finding or of the study (0).
func (s segments) find(t testing.TB, code string, rank int) []string {
	t.Helper()
	of := ""
	if rank > 0 {
		of = strconv.Itoa(rank)
	}
	for _, fields := range s {
		if fields[0] == "OBX" && strings.HasPrefix(fields[3], code+"^") && fields[4] == of {
			return fields
		}
	}
	require.Fail(t, "no OBX "+code+" of "+of)
	return nil
}

// has says whether there is an OBX with a code, of a finding.
func (s segments) has(code string, rank int) bool {
	return slices.ContainsFunc(s, func(fields []string) bool {
		return fields[0] == "OBX" && strings.HasPrefix(fields[3], code+"^") && fields[4] == strconv.Itoa(rank)
	})
}

func (s segments) value(t testing.TB, code string, rank int) string {
	t.Helper()
	return s.find(t, code, rank)[5]
}

func TestTheHeadOfAMessage(t *testing.T) {
	im := image(t, nil)
	s := segmentsOf(t, delivery(t, im), im)
	var names []string
	for _, fields := range s[:5] {
		names = append(names, fields[0])
	}
	require.Equal(t, []string{"MSH", "PID", "ORC", "OBR", "OBX"}, names)
	for _, c := range []struct {
		name string
		n    int
		want string
	}{
		{"MSH", 2, `^~\&`}, {"MSH", 3, "NAFAS"}, {"MSH", 7, "20260301123015.123+0000"}, {"MSH", 9, "ORU^R01^ORU_R01"},
		{"MSH", 11, "P"}, {"MSH", 12, "2.5.1"}, {"MSH", 18, "UNICODE UTF-8"},
		{"PID", 3, "P1^^^HOSPITAL^PI"}, {"PID", 5, "Benaïssa^Zoé^Leïla^PhD^Dr"}, {"PID", 7, "19600131"}, {"PID", 8, "F"},
		{"ORC", 1, "RE"}, {"OBR", 4, "24627-2^CT Chest^LN"}, {"OBR", 7, "20260301081502+0100"},
		{"OBR", 18, "A-77"}, {"OBR", 22, "20260301123015.123+0000"}, {"OBR", 25, "P"}, {"ORC", 3, s.field("OBR", 3)},
	} {
		require.Equal(t, c.want, s.field(c.name, c.n), "%s-%d", c.name, c.n)
	}
	require.Regexp(t, `^[0-9A-F]{20}$`, s.field("MSH", 10))
	require.Regexp(t, `^[0-9a-f]{20}\^NAFAS$`, s.field("OBR", 3))
}

func TestFindingsAreOBX(t *testing.T) {
	im := image(t, nil)
	one := delivery(t, im)
	one.Series.Result.Findings[1].Frame = 4
	s := segmentsOf(t, one, im)
	sizes := []string{"81827009", "size-by", "118565006", "103339001", "103340004", "112031", "C41144"}
	for _, code := range sizes[2:] {
		require.False(t, s.has(code, 2), "what cannot be relied on is not said")
		require.False(t, s.has(code, 3), "what was not measured is not said")
	}
	for i, fields := range s[4:] {
		require.Equal(t, []string{"OBX", strconv.Itoa(i + 1)}, fields[:2])
		require.Equal(t, "P", fields[11])
		by := "nafas-lung-1 0.2.0"
		if code, _, _ := strings.Cut(fields[3], "^"); fields[4] == "1" && slices.Contains(sizes, code) {
			by = "radial border 2"
		}
		require.Equal(t, "123110^Artificial Intelligence^DCM^"+by+"^"+by+"^99NAFAS", fields[17], fields)
		require.NotEmpty(t, fields[18])
	}
	require.Contains(t, s[4][5], "NOT FOR DIAGNOSIS", "the first value is all in words")
	for _, c := range []struct {
		code                   string
		rank                   int
		kind, value, unit, why string
	}{
		{"121071", 1, "CWE", "786838002^Nodule of lung^SCT", "", "nodule"},
		{"363698007", 1, "CWE", "44714003^left upper lobe (estimated)^SCT", "", "a lobe"},
		{"363698007", 2, "CWE", "3341006^Right lung^SCT", "", "right"},
		{"363698007", 3, "CWE", "39607008^Lung^SCT", "", "neither side"},
		{"place", 2, "ST", "Estimated place: right lung, lower third of the lung, 0.4 mm from the pleura (juxtapleural).", "", "where in the lung"},
		{"flagged", 1, "CWE", "Y^Yes^HL70136", "", "flagged"},
		{"flagged", 3, "CWE", "N^No^HL70136", "", "not flagged"},
		{"111012", 1, "NM", "93.12", "%^Percent^UCUM", "score"},
		{"81827009", 1, "NM", "15.8", "mm^mm^UCUM", "measured diameter"},
		{"size-by", 1, "CWE", "measured^Measurement^99NAFAS", "", "who measured"},
		{"118565006", 1, "NM", "1987.3", "mm3^mm3^UCUM", "volume"},
		{"103339001", 1, "NM", "16.9", "mm^mm^UCUM", "long axis"},
		{"103340004", 1, "NM", "14.6", "mm^mm^UCUM", "short axis"},
		{"112031", 1, "NM", "-31.4", "[hnsf'U]^Hounsfield unit^UCUM", "density"},
		{"C41144", 1, "CWE", "RID50152^part-solid pulmonary nodule^RADLEX^part-solid^part-solid nodule^99NAFAS", "", "kind"},
		{"81827009", 2, "NM", "6", "mm^mm^UCUM", "the detector's diameter"},
		{"size-by", 2, "CWE", "detector^Detector^99NAFAS", "", "the detector"},
		{"size-by", 3, "CWE", "detector^Detector^99NAFAS", "", "the detector"},
		{"position-left", 1, "NM", "52.25", "mm^mm^UCUM", "x"},
		{"position-posterior", 1, "NM", "-1.07", "mm^mm^UCUM", "y"},
		{"position-superior", 3, "NM", "-90.5", "mm^mm^UCUM", "z"},
		{"image", 1, "ST", one.Instances[0].SOPUID, "", "the image"},
		{"frame", 2, "NM", "4", "", "the frame"},
		{"110180", 0, "ST", one.Study.UID, "", "the study"},
		{"112002", 0, "ST", one.Series.UID, "", "the series"},
		{"111002", 0, "ST", "sha256=" + one.Series.Result.Model.SHA256, "", "the model"},
		{"priority", 0, "CWE", "A^ASAP^HL70485^urgent^urgent^99NAFAS^^^1 flagged finding of 15 mm or more; the largest is 15.8 mm (measured)", "", "the priority"},
	} {
		fields := s.find(t, c.code, c.rank)
		require.Equal(t, []string{c.kind, c.value, c.unit}, []string{fields[2], fields[5], fields[6]}, c.why)
	}
}

// X in OBX-11 says that there are no results; X in OBR-25 would cancel an order
// (HL7 tables 0085 and 0123).
func TestAFailedMessage(t *testing.T) {
	im := image(t, nil)
	s := segmentsOf(t, failed(delivery(t, im)), im)
	require.Equal(t, "I", s.field("OBR", 25))
	words := s.find(t, "121106", 0)
	require.Equal(t, "X", words[11])
	require.Contains(t, words[5], "3 slices are missing")
	require.Contains(t, words[5], "NOT FOR DIAGNOSIS")
	require.Contains(t, s.value(t, "priority", 0), "^not-assessed^")
	for _, fields := range s {
		require.False(t, fields[0] == "OBX" && fields[4] != "", "a finding of a failure")
	}
}

func TestNothingFoundInAMessage(t *testing.T) {
	im := image(t, nil)
	s := segmentsOf(t, without(delivery(t, im)), im)
	require.Equal(t, "P", s.field("OBR", 25))
	words := s.find(t, "121106", 0)
	require.Equal(t, "P", words[11])
	require.Contains(t, words[5], "searched for lung nodules with nafas-lung-1 0.2.0")
	require.Contains(t, words[5], "does not exclude disease")
}

// No message orders: it has no place for a priority of the order.
func TestAMessageHasNoOrderPriority(t *testing.T) {
	im := image(t, nil)
	s := segmentsOf(t, delivery(t, im), im)
	require.Empty(t, s.field("OBR", 5))
	require.Empty(t, s.field("OBR", 27))
	for _, fields := range s {
		require.NotEqual(t, "TQ1", fields[0])
	}
}

func TestWhatIsEscaped(t *testing.T) {
	for _, c := range []struct {
		why  string
		tag  tag.Tag
		text string
		name string
		n    int
		want string
	}{
		{"the field mark", tag.AccessionNumber, "A|7", "OBR", 18, `A\F\7`},
		{"the component mark", tag.AccessionNumber, "A^7", "OBR", 18, `A\S\7`},
		{"the subcomponent mark", tag.AccessionNumber, "A&7", "OBR", 18, `A\T\7`},
		{"the repetition mark", tag.AccessionNumber, "A~7", "OBR", 18, `A\R\7`},
		{"the escape mark, which in DICOM parts values", tag.AccessionNumber, `A\7`, "OBR", 18, `A\E\7`},
		{"a carriage return, which would begin a segment", tag.PatientID, "A\rOBX|1", "PID", 3, `A\X0D\OBX\F\1^^^HOSPITAL^PI`},
		{"a line feed", tag.PatientID, "A\n7", "PID", 3, `A\X0A\7^^^HOSPITAL^PI`},
		{"the end of a frame", tag.PatientID, "A\x1c7", "PID", 3, `A\X1C\7^^^HOSPITAL^PI`},
		{"the start of a frame", tag.PatientID, "A\x0b7", "PID", 3, `A\X0B\7^^^HOSPITAL^PI`},
		{"marks in an issuer", tag.IssuerOfPatientID, "A^B|C", "PID", 3, `P1^^^A\S\B\F\C^PI`},
		{"marks in a name", tag.PatientName, "O|Neil&^Zo~e", "PID", 5, `O\F\Neil\T\^Zo\R\e`},
		{"three scripts", tag.PatientName, "Yamada^Tarou=山田^太郎=やまだ^たろう", "PID", 5, "Yamada^Tarou^^^^^^A~山田^太郎^^^^^^I~やまだ^たろう^^^^^^P"},
		{"the second script alone", tag.PatientName, "=山田^太郎", "PID", 5, "山田^太郎^^^^^^I"},
		{"no name, which is required", tag.PatientName, "", "PID", 5, "^^^^^^U"},
		{"a birth date that is none", tag.PatientBirthDate, "1960", "PID", 7, ""},
	} {
		t.Run(c.why, func(t *testing.T) {
			im := image(t, attributes{c.tag: {c.text}})
			s := segmentsOf(t, delivery(t, im), im)
			require.Equal(t, c.want, s.field(c.name, c.n))
			require.Len(t, s, len(segmentsOf(t, delivery(t, image(t, nil)), image(t, nil))), "as many segments as without")
		})
	}
}

// What a control identifier names is the whole message.
func TestTheControlIdentifier(t *testing.T) {
	im := image(t, nil)
	seen := map[string]string{}
	add := func(what string, data []byte, err error) {
		require.NoError(t, err)
		id := split(t, data).field("MSH", 10)
		require.Empty(t, seen[id], "%s has the identifier of another message", what)
		seen[id] = what
	}
	for outcome, change := range outcomes {
		for _, l := range languages {
			data, err := interop.ORU(change(delivery(t, im)), im, l)
			add(outcome+l, data, err)
		}
	}
	corrected := image(t, attributes{tag.PatientID: {"P2"}})
	data, err := interop.ORU(delivery(t, corrected), corrected, "en")
	add("another patient", data, err)
}
