package triage

import (
	"cmp"
	"crypto/sha256"
	"encoding/hex"
	"slices"
	"strconv"
	"time"

	"nafas/dicomio"
	"nafas/dicomio/refusal"
	"nafas/inference/prior"
)

// Reasons why an earlier study that is there is not compared with, beside those
// of inference/prior.
const (
	// PriorImagesDeleted: its images were deleted after their days.
	PriorImagesDeleted refusal.Reason = "PRIOR_IMAGES_DELETED"
	// PriorNotAssessed: it was refused, or its reading failed.
	PriorNotAssessed refusal.Reason = "PRIOR_NOT_ASSESSED"
	// PriorNotRead: its images could not be read again, or comparing with them
	// failed.
	PriorNotRead refusal.Reason = "PRIOR_NOT_READ"
)

// Earlier is the study that another one is compared with.
type Earlier struct {
	StudyUID, SeriesUID string
	// StudyDate is (0008,0020), YYYYMMDD.
	StudyDate string
	// Days from it to the study that is read, above 0.
	Days int
	// Result is what was said of the series; nil where none was read. Files are
	// its images; none where Why is set.
	Result *Result
	Files  []ReadingFile
	// Why it is not compared with, though it is there; nil where it is.
	Why *refusal.Error
}

// Key identifies what a comparison with it depends on; "" for none.
func (e *Earlier) Key() string {
	if e == nil {
		return ""
	}
	h := sha256.New()
	for _, part := range []string{prior.Method, e.StudyUID, strconv.Itoa(e.Days)} {
		writePart(h, []byte(part))
	}
	if e.Result != nil {
		// Also where the images are gone: what was compared while they were there
		// holds.
		writePart(h, []byte(e.Result.Key))
	} else {
		writePart(h, []byte(e.Why.Reason))
	}
	return hex.EncodeToString(h.Sum(nil))
}

// ComparisonKey identifies the comparison of a result with an earlier study; ""
// for none. What could have been compared and was not has a key of its own: once
// it can be, that is another comparison.
func (e *Earlier) ComparisonKey(resultKey string) string {
	if e == nil {
		return ""
	}
	key := e.comparedKey(resultKey)
	if e.Result != nil && e.Why != nil {
		key += " " + string(e.Why.Reason)
	}
	return key
}

// comparedKey is that of a comparison that was made.
func (e *Earlier) comparedKey(resultKey string) string {
	h := sha256.New()
	writePart(h, []byte(resultKey))
	writePart(h, []byte(e.Key()))
	return hex.EncodeToString(h.Sum(nil))
}

// Holds says whether the comparison that is kept under a key, "" for none, is
// what is to be said of a result. What was compared while the images of the
// earlier study were there holds when they are gone.
func (e *Earlier) Holds(key, resultKey string) bool {
	return key == e.ComparisonKey(resultKey) || e != nil && key == e.comparedKey(resultKey)
}

// setAside is the earlier study, not to be compared with.
func (e *Earlier) setAside(why *refusal.Error) *Earlier {
	out := *e
	out.Why, out.Files = why, nil
	return &out
}

// Examined is a study with what decides whether another one may be compared
// with it.
type Examined struct {
	StudyUID string
	// StudyDate is (0008,0020), YYYYMMDD, and StudyTime (0008,0030); "" where they
	// are not known.
	StudyDate, StudyTime string
	Patients             []Patient
	// SeriesUID is the series that was read; "" where none was.
	SeriesUID string
	// Gone: not all images of that series are stored any more.
	Gone bool
	// Final: nothing more happens to the study by itself.
	Final bool
	// NotRead are the reasons of a study without a result: those of its series,
	// else its own.
	NotRead []refusal.Reason
}

// PickEarlier chooses what a study is compared with: of the same patient's
// chest CT of an earlier day the latest that was read (of one day rather one with
// its images); where none was, the latest
// of the others. Why says what keeps it from being compared with; nil where there
// is none at all. Files and Result are left to the caller.
//
// The same patient is so by dicomio.SamePatient for each pair of records of the
// two studies, never by the ID across issuers. A study without a date has no
// place in time and is no prior.
func PickEarlier(of Examined, candidates []Examined) *Earlier {
	var best, other *Earlier
	for _, c := range newestFirst(candidates) {
		days := daysBetween(c.StudyDate, of.StudyDate)
		if c.StudyUID == of.StudyUID || days < 1 || !c.Final || !SamePatients(of.Patients, c.Patients) {
			continue
		}
		e := &Earlier{StudyUID: c.StudyUID, SeriesUID: c.SeriesUID, StudyDate: c.StudyDate, Days: days}
		switch {
		case c.SeriesUID != "":
			if c.Gone {
				e.Why = refusal.New(PriorImagesDeleted, "send the earlier study again to have it compared",
					"the images of an earlier study of the patient were deleted after their days")
			}
			best = cmp.Or(best, e)
		default:
			if reason := chestNotRead(c.NotRead); reason != "" {
				e.Why = refusal.New(PriorNotAssessed, "compare with the earlier study by eye",
					"an earlier study of the patient could not be read: %s", reason)
				other = cmp.Or(other, e)
			}
		}
	}
	return cmp.Or(best, other)
}

func newestFirst(studies []Examined) []Examined {
	sorted := slices.Clone(studies)
	slices.SortFunc(sorted, func(a, b Examined) int {
		return cmp.Or(-cmp.Compare(a.StudyDate, b.StudyDate), order(a.Gone, b.Gone),
			-cmp.Compare(a.StudyTime, b.StudyTime), cmp.Compare(a.StudyUID, b.StudyUID))
	})
	return sorted
}

// order puts what is false before what is true.
func order(a, b bool) int {
	switch {
	case a == b:
		return 0
	case b:
		return -1
	}
	return 1
}

// daysBetween counts from one DA value (PS3.5 6.2) to another; 0 where one is
// none.
func daysBetween(from, to string) int {
	a, errA := time.Parse("20060102", from)
	b, errB := time.Parse("20060102", to)
	if errA != nil || errB != nil {
		return 0
	}
	return int(b.Sub(a).Hours() / 24)
}

// SamePatients says whether each record of one study is known to be the same
// patient's as each of another one; of nobody's none is.
func SamePatients(a, b []Patient) bool {
	for _, p := range a {
		for _, q := range b {
			if !dicomio.SamePatient(p, q) {
				return false
			}
		}
	}
	return len(a) > 0 && len(b) > 0
}

// notOfLungs are the reasons of series that are refused for what they are, and
// not for how they were made.
var notOfLungs = []refusal.Reason{refusal.NotCT, refusal.Localizer, refusal.DerivedReformat, refusal.OwnResult, refusal.NoLung}

// besides are the reasons of series that nearly every study has beside the one that
// is read: second choices, reformats, thick slices, the few of a bolus' timing.
var besides = []refusal.Reason{refusal.NotPreferred, refusal.NotAxial, refusal.TooThick, refusal.TooFewSlices}

// MayShowLungs says whether a series that was not read for this reason may show what
// the series that was read does not: it is neither refused for what it is, nor one of
// those that lie beside nearly every other.
func MayShowLungs(notRead refusal.Reason) bool {
	return !slices.Contains(besides, notRead) && !slices.Contains(notOfLungs, notRead)
}

// chestNotRead is the first reason of what may be a chest CT all the same; ""
// where there is none, so that the study is no prior.
func chestNotRead(notRead []refusal.Reason) refusal.Reason {
	i := slices.IndexFunc(notRead, func(r refusal.Reason) bool { return !slices.Contains(notOfLungs, r) })
	if i < 0 {
		return ""
	}
	return notRead[i]
}
