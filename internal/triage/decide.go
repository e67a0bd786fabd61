package triage

import (
	"nafas/dicomio"
	"nafas/dicomio/refusal"
)

// Facts is what decides what happens to a study after instances came in or
// its quiet time passed.
type Facts struct {
	State    State
	Patients []Patient
	// Complete: the sender said so, or the quiet time passed.
	Complete bool
	// Changed: something that a reading depends on came in.
	Changed bool
	// Corrected: the patient or the order is another than was said, which
	// leaves the key as it is, and makes another report.
	Corrected bool
	// Key is the ReadingKey of what is stored now; needed where Complete.
	Key string
	// ReadKey is that of the reading that the present state comes from;
	// empty where there is none.
	ReadKey string
	// JobKey is that of the reading that is queued or running; empty where
	// there is none.
	JobKey string
	// Held says that the study is held for a patient mismatch.
	Held bool
	// Partial: CT images of the study were deleted after their days and are
	// not all there again.
	Partial bool
}

// Decision is what happens to a study.
type Decision struct {
	// State that the study is in from now on.
	State State
	// Hold is set where the study is held for a person.
	Hold *refusal.Error
	// Queue asks for a new reading.
	Queue bool
	// Drop takes the study away from the job that it has.
	Drop bool
	// Wait asks for a settle job.
	Wait bool
}

// Decide holds the rules of intake, for every store alike:
// one study with two patients is held at once, whatever else is known of it;
// what is complete is read unless just that was read or is on its way; all
// else waits for its quiet time. What is said of a study stays while a part of
// what it was said of is deleted: a part must not replace the whole, and one
// that was held meanwhile stays so until all is there again.
func Decide(f Facts) Decision {
	busy := f.JobKey != ""
	if !dicomio.OnePatient(f.Patients) {
		return Decision{State: NotAssessed, Drop: busy, Hold: refusal.New(refusal.PatientMismatch,
			"correct the patient in the sending system and send all instances of the study again, or have the study split",
			"the instances of this study name more than one patient")}
	}
	if f.Partial && f.State.Final() {
		return Decision{State: f.State}
	}
	if !f.Complete {
		if !f.Changed && !f.Held {
			return Decision{State: f.State}
		}
		if busy {
			return Decision{State: f.State, Wait: true}
		}
		return Decision{State: Receiving, Wait: true}
	}
	switch {
	case f.State.Final() && f.ReadKey == f.Key && !f.Corrected:
		return Decision{State: f.State}
	case f.JobKey == f.Key:
		return Decision{State: f.State}
	default:
		return Decision{State: Waiting, Queue: true, Drop: busy}
	}
}
