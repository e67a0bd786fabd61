package match

import "errors"

// Level of a query (PS3.4 section C.6.2: the study root model).
type Level string

// The levels.
const (
	StudyLevel    Level = "STUDY"
	SeriesLevel   Level = "SERIES"
	InstanceLevel Level = "IMAGE"
)

// Query is what an archive is asked for, by C-FIND or QIDO-RS. Empty fields
// match everything; those that hold text may have the wildcards * and ?
// (PS3.4 section C.2.2.2).
type Query struct {
	Level Level
	// StudyDates is a date or a range, as DICOM writes them: 20260131,
	// 20260101-20260131, 20260101- (PS3.4 section C.2.2.2.5).
	StudyDates string
	// StudyTimes is a time or a range, in the same way: 100000-105959. It goes with
	// a single date.
	StudyTimes      string
	PatientID       string
	AccessionNumber string
	StudyUID        string
	SeriesUID       string
	SOPUID          string
	// Modality of the series; at the study level, of any of its series.
	Modality string
}

// Entry is one that an archive names in its answer. Fields that it did not
// return, or that are not of the level, are empty.
type Entry struct {
	PatientID, IssuerOfPatientID string
	// PatientName is written with all its component groups (PS3.5 section 6.2.1).
	PatientName, PatientBirthDate string
	AccessionNumber               string
	StudyDate, StudyTime          string
	StudyDescription              string
	StudyUID                      string
	Modalities                    []string
	SeriesUID, SeriesDescription  string
	// BodyPart is Body Part Examined of a series.
	BodyPart            string
	SOPUID, SOPClassUID string
	// Instances is how many there are in the study or series; 0 where the
	// archive does not say.
	Instances int
}

// MaxEntries bounds what an archive may answer.
const MaxEntries = 100_000

// ErrTooMany says that an archive has more matches than it gives, or than are
// taken: what came is not all.
var ErrTooMany = errors.New("the archive has more matches than it gives, or than are taken; ask for less at once")
