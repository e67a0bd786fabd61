package api

// Quality is GET /api/quality?from=&to= (dates of reception, YYYY-MM-DD): what
// readers accepted and rejected, over studies that are signed off. GET
// /api/reviews.csv?from=&to= is the same study set as marks in LUNA16's columns.
type Quality struct {
	From string `json:"from"`
	To   string `json:"to"`
	// Signed are the studies counted, of Done that have a result.
	Signed int `json:"signed"`
	Done   int `json:"done"`
	// All is over everything; the others by what the scan was made with.
	All       Stratum   `json:"all"`
	Scanners  []Stratum `json:"scanners"`
	Kernels   []Stratum `json:"kernels"`
	Thickness []Stratum `json:"thickness"`
	Models    []Stratum `json:"models"`
	// Causes count why marks were rejected.
	Causes []CauseCount `json:"causes"`
}

// Stratum counts over the scans of one kind. Only flagged findings count.
type Stratum struct {
	Name     string `json:"name"`
	Scans    int    `json:"scans"`
	Marks    int    `json:"marks"`
	Accepted int    `json:"accepted"`
	Rejected int    `json:"rejected"`
	Unsure   int    `json:"unsure"`
	// Unanswered marks of scans that are signed off.
	Unanswered int `json:"unanswered"`
	// Added are findings that readers added.
	Added int `json:"added"`
	// AcceptedPerScan and RejectedPerScan have 95 % bootstrap intervals over scans.
	AcceptedPerScan Interval `json:"acceptedPerScan"`
	RejectedPerScan Interval `json:"rejectedPerScan"`
	// AcceptedShare is accepted of accepted and rejected; FoundShare is accepted of
	// accepted and added.
	AcceptedShare Interval `json:"acceptedShare"`
	FoundShare    Interval `json:"foundShare"`
}

// Interval is a value with its 95 % interval; Known is false where nothing counts.
type Interval struct {
	Known bool    `json:"known"`
	Value float64 `json:"value"`
	Low   float64 `json:"low"`
	High  float64 `json:"high"`
}

// CauseCount counts rejections by cause.
type CauseCount struct {
	Cause string `json:"cause"`
	Count int    `json:"count"`
}
