package triage

import (
	"context"
	"time"
)

// PriorGrace is how long after an archive has sent an earlier study that we
// asked for its instances are still taken for those: their rows follow their
// acknowledgement, and some archives answer before the last one has come.
const PriorGrace = 5 * time.Minute

// Unsought is a study of which earlier ones were not looked for, or not
// successfully.
type Unsought struct {
	StudyUID string
	// StudyDate is (0008,0020), YYYYMMDD.
	StudyDate string
	// Patients are the records of the study's instances.
	Patients []Patient
	// Failures in a row.
	Failures int
}

// PriorNeed says what is to be done about an earlier study that an archive has.
type PriorNeed int

// The needs.
const (
	// PriorMissing: it is to be fetched.
	PriorMissing PriorNeed = iota
	// PriorHere: it is stored, or on its way.
	PriorHere
	// PriorUseless: it is known, and nothing of it could be read.
	PriorUseless
)

// Priors remembers of which studies earlier ones were looked for, and which
// studies are stored for nothing but to be compared with.
type Priors interface {
	// Unsought lists up to limit studies, the latest first, that are to be looked
	// for at the time: complete, with CT images, of a known day, to which something
	// came since, and that are no priors themselves.
	Unsought(ctx context.Context, at, since time.Time, limit int) ([]Unsought, error)
	// NeedPrior says whether a study is to be fetched as an earlier one, and where
	// it is, notes that what comes of it comes for that: a study that is stored
	// for itself never becomes a prior.
	NeedPrior(ctx context.Context, studyUID string, at time.Time) (PriorNeed, error)
	// PriorSent says that the archive has ended sending; whole, that it sent all.
	// What comes later than PriorGrace after it makes an ordinary study of it.
	PriorSent(ctx context.Context, studyUID string, at time.Time, whole bool) error
	// Sought says that earlier studies of this one were looked for, and are not
	// looked for again.
	Sought(ctx context.Context, studyUID string, at time.Time) error
	// SeekLater says when to look for them again, after so many failures.
	SeekLater(ctx context.Context, studyUID string, failures int, next time.Time) error
}
