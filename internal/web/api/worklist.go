package api

import "time"

// Worklist is GET /api/worklist?offset=&limit=&search=&state=&priority=&review=
// (state, priority and review may repeat; limit at most 500): studies by priority.
// What is searched for may come in the header X-Nafas-Search, percent-encoded, in
// the place of the parameter: proxies keep addresses in their logs, and it is a
// name as often as not.
type Worklist struct {
	// Total is how many studies fit.
	Total    int        `json:"total"`
	Offset   int        `json:"offset"`
	Studies  []StudyRow `json:"studies"`
	Counters Counters   `json:"counters"`
	// Cursor is where GET /api/events?cursor= goes on from.
	Cursor string `json:"cursor"`
}

// Counters count over all studies, whatever is searched.
type Counters struct {
	Receiving int `json:"receiving"`
	Waiting   int `json:"waiting"`
	Running   int `json:"running"`
	// ToReview are final and not signed off, NotAssessed and Failed among them.
	ToReview    int `json:"toReview"`
	NotAssessed int `json:"notAssessed"`
	Failed      int `json:"failed"`
	SignedOff   int `json:"signedOff"`
	// UrgentToReview are those of priority urgent that are not signed off.
	UrgentToReview int `json:"urgentToReview"`
	// OldestUrgentAt is when the one of them that waits longest was received.
	OldestUrgentAt *time.Time `json:"oldestUrgentAt,omitempty"`
}

// StudyRow is a study in the worklist.
type StudyRow struct {
	UID string `json:"uid"`
	// State: receiving, waiting, running, done, not_assessed, failed.
	State string `json:"state"`
	// Priority: urgent, high, not_assessed, routine, none.
	Priority string     `json:"priority"`
	Reasons  []CodeText `json:"reasons"`
	// RequestPriority: routine, urgent.
	RequestPriority string    `json:"requestPriority"`
	ReceivedAt      time.Time `json:"receivedAt"`
	UpdatedAt       time.Time `json:"updatedAt"`
	Patient         Patient   `json:"patient"`
	StudyDate       string    `json:"studyDate"`
	StudyTime       string    `json:"studyTime"`
	Description     string    `json:"description"`
	Accession       string    `json:"accession"`
	Instances       int       `json:"instances"`
	Quarantined     int       `json:"quarantined"`
	// Missed counts series that were not read and may show the lungs, in a study that
	// may have a result.
	Missed int `json:"missed"`
	// Findings and Flagged count over all series; meaningless without a result.
	HasResult bool `json:"hasResult"`
	Findings  int  `json:"findings"`
	Flagged   int  `json:"flagged"`
	// Thumbnails are the best findings' (at most 3).
	Thumbnails []Thumbnail `json:"thumbnails"`
	// NotAssessed says why there is no result.
	NotAssessed *Refusal `json:"notAssessed,omitempty"`
	// Progress while it runs, as far as this server has heard.
	Progress *Progress     `json:"progress,omitempty"`
	Review   ReviewSummary `json:"review"`
	// Deliveries count what is on its way, arrived, and dead.
	Deliveries DeliveryCounts `json:"deliveries"`
	// ImagesGone: the images were deleted after their days.
	ImagesGone bool `json:"imagesGone"`
}

// Patient is who the study says it is of.
type Patient struct {
	// Name is as DICOM has it, first component group, carets as spaces.
	Name string `json:"name"`
	ID   string `json:"id"`
	// BirthDate is YYYYMMDD or "".
	BirthDate string `json:"birthDate"`
	// Sex is M, F, O or "".
	Sex string `json:"sex"`
}

// CodeText is a code and the sentence for it in the language of the request.
type CodeText struct {
	Code string `json:"code"`
	Text string `json:"text"`
}

// Thumbnail is a small picture of a finding; URL is a path on this server.
type Thumbnail struct {
	SeriesUID string `json:"seriesUid"`
	Rank      int    `json:"rank"`
	URL       string `json:"url"`
}

// Refusal is why something was not read: a reason, what was found, what to do.
type Refusal struct {
	Reason string `json:"reason"`
	// Text is the reason in the language of the request.
	Text string `json:"text"`
	// Found is in English in every language: what exactly was found.
	Found string `json:"found"`
	// Remedy is in the language of the request.
	Remedy string `json:"remedy"`
	// RemedyExact is the refusal's own remedy in English, where Remedy is the one
	// of its reason.
	RemedyExact string `json:"remedyExact,omitempty"`
}

// Progress of one series: Done of Total steps of Stage.
type Progress struct {
	Stage string `json:"stage"`
	Done  int    `json:"done"`
	Total int    `json:"total"`
}

// DeliveryCounts count the latest delivery of each destination.
type DeliveryCounts struct {
	Waiting   int `json:"waiting"`
	Delivered int `json:"delivered"`
	Dead      int `json:"dead"`
}

// ReviewSummary is how far the review of a study is.
type ReviewSummary struct {
	// State: none, begun, signed, outdated (signed, and a result has changed since).
	State string `json:"state"`
	// By and At are the signature's.
	By       string     `json:"by,omitempty"`
	At       *time.Time `json:"at,omitempty"`
	Answered int        `json:"answered"`
	Added    int        `json:"added"`
	// Open are the display names of who has the study on the screen now.
	Open []string `json:"open"`
}

// Event is a message of GET /api/events (server-sent events, data: of type
// Event, id: the cursor). At most one of the fields but Counters is set.
type Event struct {
	// Study as it is now; whether it fits the filters is for the page to say.
	Study *StudyRow `json:"study,omitempty"`
	// Gone is the UID of a study that is no more.
	Gone string `json:"gone,omitempty"`
	// ProgressOf is the UID of the study that Progress is of.
	ProgressOf string    `json:"progressOf,omitempty"`
	Progress   *Progress `json:"progress,omitempty"`
	Counters   *Counters `json:"counters,omitempty"`
}
