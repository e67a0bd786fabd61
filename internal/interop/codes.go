package interop

import (
	"math/big"
	"strings"

	"github.com/google/uuid"

	"nafas/dicomio/report"
)

// local is the scheme of the codes that no standard has (HL7 table 0396,
// "99zzz"; PS3.16 section 8 has the same rule).
const local = "99NAFAS"

// Systems of the coding schemes in FHIR. That of the local codes and that of
// our filler numbers are OIDs made of a UUID, as PS3.5 annex B.2 has them.
var systems = map[string]string{
	"SCT":    "http://snomed.info/sct",
	"DCM":    "http://dicom.nema.org/resources/ontology/DCM",
	"LN":     "http://loinc.org",
	"UCUM":   "http://unitsofmeasure.org",
	"NCIt":   "http://ncicb.nci.nih.gov/xml/owl/EVS/Thesaurus.owl",
	"RADLEX": "http://www.radlex.org",
	local:    "urn:oid:2.25.58487889196071866079221489965906391648",
}

const fillerSystem = "urn:oid:2.25.15962512312834115929097008756042731925"

// readerSystem is that of the names by which readers sign in.
const readerSystem = "urn:oid:2.25.221152588954051624465185980243487412851"

// The concepts that no DICOM object of ours has.
type concept = report.Concept

func (w words) chestCT() concept { return concept{Value: "24627-2", Scheme: "LN", Meaning: "CT Chest"} }
func (w words) nodule() concept {
	return concept{Value: "786838002", Scheme: "SCT", Meaning: w.lungNodule}
}
func (w words) studyUID() concept {
	return concept{Value: "110180", Scheme: "DCM", Meaning: "Study Instance UID"}
}
func (w words) seriesUID() concept {
	return concept{Value: "112002", Scheme: "DCM", Meaning: "Series Instance UID"}
}
func (w words) frameUID() concept {
	return concept{Value: "112227", Scheme: "DCM", Meaning: "Frame of Reference UID"}
}
func (w words) rank() concept { return concept{Value: "rank", Scheme: local, Meaning: w.rankWord} }
func (w words) flagged() concept {
	return concept{Value: "flagged", Scheme: local, Meaning: w.flaggedWord}
}
func (w words) image() concept {
	return concept{Value: "image", Scheme: local, Meaning: "SOP Instance UID"}
}
func (w words) frame() concept { return concept{Value: "frame", Scheme: local, Meaning: w.frameWord} }
func (w words) worklist() concept {
	return concept{Value: "priority", Scheme: local, Meaning: w.priorityWord}
}

// axes are the coordinates in patient LPS.
func (w words) axes() [3]concept {
	return [3]concept{
		{Value: "position-left", Scheme: local, Meaning: w.toLeft},
		{Value: "position-posterior", Scheme: local, Meaning: w.toBack},
		{Value: "position-superior", Scheme: local, Meaning: w.toHead},
	}
}

// uuidOf is the UUID that a 2.25 UID is made of (PS3.5 annex B.2).
func uuidOf(uid string) string {
	n, ok := new(big.Int).SetString(strings.TrimPrefix(uid, "2.25."), 10)
	if !ok || n.BitLen() > 128 {
		panic("interop: not a UID of ours")
	}
	var u uuid.UUID
	n.FillBytes(u[:])
	return u.String()
}
