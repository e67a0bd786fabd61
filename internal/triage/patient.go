package triage

import "nafas/dicomio"

// Patient is who an instance says it is of. It is compared, never logged and
// never part of an error.
type Patient = dicomio.Patient
