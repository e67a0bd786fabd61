package triage

import (
	"fmt"

	"nafas/dicomio/refusal"
)

// The thresholds of the worklist, the only numbers in it. A finding is
// flagged where its score is at or above the model's default operating point
// (1 false mark per scan).
const (
	// UrgentDiameterMM: a solid nodule of this mean diameter is category 4B
	// at baseline in Lung-RADS v2022, the highest by size alone.
	UrgentDiameterMM = 15.0
	// HighDiameterMM: from this mean diameter on, both Lung-RADS v2022
	// (category 3) and Fleischner 2017 ask for a follow-up earlier than a
	// year. Below it a flagged finding is still high: the size is measured by
	// a program and the flag is what the sender has to see. It only words the
	// reason.
	HighDiameterMM = 6.0
)

// Rank decides the place of a read study in the worklist:
//
//	| priority | when                                                      |
//	|----------|-----------------------------------------------------------|
//	| urgent   | a flagged finding of mean diameter >= 15 mm               |
//	| high     | a flagged finding                                         |
//	| routine  | none flagged; this never means that the scan is clear     |
//
// The diameter is the measured one where it can be relied on, else the
// detector's (Finding.Diameter).
//
// A study that was not read has RankUnread's place, above routine: somebody
// has to look at it.
func Rank(findings []Finding) (Priority, []string) {
	flagged, large := 0, 0
	largest, by := 0.0, ByDetector
	for _, f := range findings {
		if !f.Flagged {
			continue
		}
		flagged++
		mm, source := f.Diameter()
		if mm > largest {
			largest, by = mm, source
		}
		if mm >= UrgentDiameterMM {
			large++
		}
	}
	switch {
	case large > 0:
		return PriorityUrgent, []string{fmt.Sprintf("%s of %.0f mm or more; the largest is %.1f mm (%s)", count(large, "flagged finding"), UrgentDiameterMM, largest, by)}
	case flagged > 0 && largest >= HighDiameterMM:
		return PriorityHigh, []string{fmt.Sprintf("%s; the largest is %.1f mm (%s)", count(flagged, "flagged finding"), largest, by)}
	case flagged > 0:
		return PriorityHigh, []string{fmt.Sprintf("%s, all under %.0f mm", count(flagged, "flagged finding"), HighDiameterMM)}
	case len(findings) > 0:
		return PriorityRoutine, []string{fmt.Sprintf("%s under the flag threshold, none above; this does not exclude disease", count(len(findings), "finding"))}
	default:
		return PriorityRoutine, []string{"no mark above the flag threshold; this does not exclude disease"}
	}
}

// RankUnread is the place of a study that has no result: failed, held,
// refused or cancelled.
func RankUnread(why *refusal.Error) (Priority, []string) {
	return PriorityNotAssessed, []string{"not read by Nafas: " + why.Found}
}

// RankPrior is the place of a study that was fetched to be compared with: behind
// every one that somebody has to read.
func RankPrior() (Priority, []string) {
	return PriorityNone, []string{"fetched to be compared with; not a case to read"}
}

func count(n int, what string) string {
	if n == 1 {
		return "1 " + what
	}
	return fmt.Sprintf("%d %ss", n, what)
}
