package api

import "time"

// StudyPage is GET /api/studies/{uid}: everything about a study but its images and
// its review. Asking for it is recorded as opening the patient's study.
type StudyPage struct {
	Study StudyRow `json:"study"`
	// Shows names state, results and comparison: equal ones show the same.
	Shows  string       `json:"shows"`
	Series []SeriesView `json:"series"`
	// Exam are the sentences of guidelines about the whole exam.
	Exam []GuidelineText `json:"exam"`
	// Caveat stands with every sentence of a guideline.
	Caveat string `json:"caveat"`
	// Earlier is what the study was compared with.
	Earlier *Earlier `json:"earlier,omitempty"`
	// Deliveries of the study, the newest last.
	Deliveries []Delivery `json:"deliveries"`
}

// Delivery is a result on its way to a destination.
type Delivery struct {
	Destination string `json:"destination"`
	// State: waiting, delivered, dead, replaced.
	State     string    `json:"state"`
	Attempts  int       `json:"attempts"`
	Reason    string    `json:"reason"`
	UpdatedAt time.Time `json:"updatedAt"`
}

// SeriesView is a series and what was said of it.
type SeriesView struct {
	UID         string `json:"uid"`
	Number      string `json:"number"`
	Modality    string `json:"modality"`
	Description string `json:"description"`
	Instances   int    `json:"instances"`
	// NotRead and Result: at most one.
	NotRead *Refusal `json:"notRead,omitempty"`
	// Missed: it was not read and may show what no other series does; it is neither
	// left for a better one nor something else than the lungs.
	Missed bool        `json:"missed,omitempty"`
	Result *ResultView `json:"result,omitempty"`
}

// ResultView is what one model said of one series.
type ResultView struct {
	Key   string    `json:"key"`
	Model ModelName `json:"model"`
	// Warnings weaken what is said: sentences in the language of the request.
	Warnings []CodeText `json:"warnings"`
	Notes    []string   `json:"notes"`
	Scan     ScanView   `json:"scan"`
	// Findings: rank 1 first.
	Findings []FindingView `json:"findings"`
}

// ScanView says what was read.
type ScanView struct {
	Slices           int        `json:"slices"`
	Rows             int        `json:"rows"`
	Columns          int        `json:"columns"`
	SpacingMM        [3]float64 `json:"spacingMm"`
	SliceThicknessMM float64    `json:"sliceThicknessMm"`
	Kernel           string     `json:"kernel"`
	Manufacturer     string     `json:"manufacturer"`
}
