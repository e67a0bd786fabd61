// Package api is what the review page is told and what it asks: the JSON of
// /api. The page's TypeScript types are made of it (TestTypeScript writes
// page/src/api.ts).
//
// Words that the service already says in three languages (reasons, sentences of
// guidelines) come in the language of the request's Accept-Language; everything
// else comes as a code that the page has a word for. Times are RFC 3339 in UTC,
// DICOM dates YYYYMMDD, lengths mm, places patient LPS mm. A list is never null.
package api

import "time"

// Problem is the body of every answer that is not 2xx (after RFC 9457).
type Problem struct {
	// Code is one of the page's words: signed_out, forbidden, not_found, conflict,
	// invalid, too_many, unavailable, internal.
	Code string `json:"code"`
	// Detail says what to do, in English, for a log or a curl user.
	Detail string `json:"detail"`
	// RetryAfterSeconds goes with too_many and unavailable.
	RetryAfterSeconds int `json:"retryAfterSeconds,omitempty"`
	// Review goes with conflict: the review as it is now.
	Review *Review `json:"review,omitempty"`
}

// SignInMethods is GET /api/sign-in: how somebody can sign in. It needs no session.
type SignInMethods struct {
	// Open: everybody on this machine is let in, without a name (loopback, and no
	// users).
	Open bool `json:"open"`
	// Password: users have passwords here.
	Password bool `json:"password"`
	// Provider is the name of the OpenID Connect provider, "" where there is none;
	// sign-in with it begins at GET /auth/start.
	Provider string `json:"provider"`
}

// SignIn is the body of POST /api/sign-in; the answer is Me, or 401, or 429.
type SignIn struct {
	Name     string `json:"name"`
	Password string `json:"password"`
}

// Me is GET /api/me: who is signed in; 401 where nobody is. POST /api/sign-out
// ends the session.
type Me struct {
	Name    string `json:"name"`
	Display string `json:"display"`
	// Roles: read, review, admin.
	Roles []string `json:"roles"`
	// Open: nobody has a name here; nothing can be signed off.
	Open bool `json:"open"`
	// CSRF goes into the header X-Nafas-CSRF of every request that changes
	// something.
	CSRF string `json:"csrf"`
	// IdleSeconds: without an action for this long the session ends.
	IdleSeconds int `json:"idleSeconds"`
}

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

// StudyEvent is a message of GET /api/studies/{uid}/events (server-sent events):
// what others do with the study that is open.
type StudyEvent struct {
	Review *Review `json:"review,omitempty"`
	// Open are the display names of who has it open now; in every message.
	Open []string `json:"open"`
	// Shows is that of the StudyPage of now, in every message: another one than was
	// loaded means that the study has another result, or state: load it again. So
	// nothing is missed between two streams.
	Shows string `json:"shows"`
}

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

// GuidelineText is what a guideline suggests, in the language of the request.
type GuidelineText struct {
	// Guideline is its name and version.
	Guideline string `json:"guideline"`
	// Category is its code, "" where it has none or is withheld.
	Category string `json:"category"`
	// Text is the whole sentence. What follows says the same in parts, for who shows
	// the answer first and alone; no part but Text and Answer is always there.
	Text string `json:"text"`
	// Answer is the category and the next step, or that nothing is suggested and why.
	Answer string `json:"answer"`
	// Questions are left to the radiologist; "" where there are none.
	Questions string `json:"questions,omitempty"`
	// Basis is by what the answer was found.
	Basis []string `json:"basis"`
	// Reservations are all else that restricts the answer: answers under each value
	// of what is missing, what is missing, what was assumed, what is not verified.
	Reservations []string `json:"reservations"`
	// Rule is the name of the row of the guideline's table, as in docs/guidelines.md.
	Rule string `json:"rule,omitempty"`
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

// ModelName names a detector exactly.
type ModelName struct {
	Name    string `json:"name"`
	Version string `json:"version"`
	SHA256  string `json:"sha256"`
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

// FindingView is a finding.
type FindingView struct {
	Rank    int     `json:"rank"`
	Score   float64 `json:"score"`
	Flagged bool    `json:"flagged"`
	// CenterLPSMM is the measured centre where there is one, else the detector's.
	CenterLPSMM [3]float64 `json:"centerLpsMm"`
	// Side: left, right or "". Of the patient, never of the screen.
	Side string `json:"side"`
	// Lobe: right_upper, right_middle, right_lower, left_upper, left_lower or "";
	// Zone: upper, middle, lower or "". Both are estimates.
	Lobe         string   `json:"lobe"`
	Zone         string   `json:"zone"`
	PleuraMM     *float64 `json:"pleuraMm,omitempty"`
	Juxtapleural bool     `json:"juxtapleural"`
	Perifissural bool     `json:"perifissural"`
	// DiameterMM is the one to show; DiameterBy is measured or detector.
	DiameterMM float64      `json:"diameterMm"`
	DiameterBy string       `json:"diameterBy"`
	Measured   *Measurement `json:"measured,omitempty"`
	Image      ImagePlace   `json:"image"`
	// Change since the earlier study.
	Change *Change `json:"change,omitempty"`
	// Guidelines are sentences about this finding.
	Guidelines []GuidelineText `json:"guidelines"`
	// Brock is the sentence about the probability of cancer by the Brock model, ""
	// where none was asked for.
	Brock string `json:"brock"`
	// BrockText is the same in parts.
	BrockText *GuidelineText `json:"brockText,omitempty"`
	// Reasons are codes of the priority's rules that this finding satisfies.
	Reasons []string `json:"reasons"`
	// ThumbnailURL is a path on this server.
	ThumbnailURL string `json:"thumbnailUrl"`
}

// Measurement of a finding.
type Measurement struct {
	Reliable bool `json:"reliable"`
	// Doubt is why it is not reliable, a code.
	Doubt          string  `json:"doubt"`
	VolumeMM3      float64 `json:"volumeMm3"`
	VolumeErrorPct float64 `json:"volumeErrorPct"`
	MeanDiameterMM float64 `json:"meanDiameterMm"`
	LongAxis       Axis    `json:"longAxis"`
	ShortAxis      Axis    `json:"shortAxis"`
	// Kind: solid, part_solid, ground_glass, calcified or "".
	Kind            string  `json:"kind"`
	KindConfidence  float64 `json:"kindConfidence"`
	SolidDiameterMM float64 `json:"solidDiameterMm"`
	SolidVolumeMM3  float64 `json:"solidVolumeMm3"`
	MeanHU          float64 `json:"meanHu"`
	MinHU           float64 `json:"minHu"`
	MaxHU           float64 `json:"maxHu"`
}

// Axis is a chord.
type Axis struct {
	LengthMM  float64    `json:"lengthMm"`
	FromLPSMM [3]float64 `json:"fromLpsMm"`
	ToLPSMM   [3]float64 `json:"toLpsMm"`
}

// ImagePlace is a place in an image. SOPInstanceUID is "" where there is none.
type ImagePlace struct {
	SOPInstanceUID string `json:"sopInstanceUid"`
	// Slice counts from 0 after sorting along the normal.
	Slice int `json:"slice"`
	// Frame counts from 1 in multi-frame instances; 0 in single-frame ones.
	Frame int `json:"frame"`
	// Column and Row are 0 at the centre of the top left pixel.
	Column float64 `json:"column"`
	Row    float64 `json:"row"`
}

// Earlier is an earlier study of the same patient, or why nothing was compared.
type Earlier struct {
	StudyUID  string   `json:"studyUid"`
	SeriesUID string   `json:"seriesUid"`
	StudyDate string   `json:"studyDate"`
	Days      int      `json:"days"`
	NotDone   *Refusal `json:"notDone,omitempty"`
	// NotComparable are codes of why volumes are not compared.
	NotComparable []string `json:"notComparable"`
	// Text says in a sentence what the comparison is worth, or why there is none.
	Text     string           `json:"text"`
	Findings []EarlierFinding `json:"findings"`
}

// EarlierFinding is a finding of the earlier study and what became of it.
type EarlierFinding struct {
	Finding FindingView `json:"finding"`
	// State: paired, gone, unpaired.
	State string `json:"state"`
	// CurrentRank is 0 where it is paired with none.
	CurrentRank int        `json:"currentRank"`
	InCurrent   ImagePlace `json:"inCurrent"`
	// InCurrentLPSMM is the same place in the current study's coordinates; it means
	// nothing where InCurrent names no image.
	InCurrentLPSMM [3]float64 `json:"inCurrentLpsMm"`
}

// Change is what became of a finding since the earlier study.
type Change struct {
	// State: paired, new, unpaired.
	State       string     `json:"state"`
	EarlierRank int        `json:"earlierRank"`
	InEarlier   ImagePlace `json:"inEarlier"`
	// InEarlierLPSMM is the same place in the earlier study's own coordinates.
	InEarlierLPSMM    [3]float64 `json:"inEarlierLpsMm"`
	EarlierDiameterMM float64    `json:"earlierDiameterMm"`
	DiameterChangeMM  *float64   `json:"diameterChangeMm,omitempty"`
	DiameterErrorMM   *float64   `json:"diameterErrorMm,omitempty"`
	Growth            *Growth    `json:"growth,omitempty"`
	// NoGrowth are codes of why no growth is given.
	NoGrowth []string `json:"noGrowth"`
}

// Growth is a change of volume with its 95 % band, in percent.
type Growth struct {
	VolumePct     float64 `json:"volumePct"`
	VolumePctLow  float64 `json:"volumePctLow"`
	VolumePctHigh float64 `json:"volumePctHigh"`
	// DoublingDays are absent where it does not grow; Long is absent where the band
	// holds not growing.
	DoublingDays      *float64 `json:"doublingDays,omitempty"`
	DoublingDaysShort *float64 `json:"doublingDaysShort,omitempty"`
	DoublingDaysLong  *float64 `json:"doublingDaysLong,omitempty"`
	// Trend: growing, stable, shrinking or "".
	Trend string `json:"trend"`
}

// Outlines is GET /api/studies/{uid}/outlines: the borders of the measured bodies
// on the slices that they cross.
type Outlines struct {
	Findings []FindingOutline `json:"findings"`
}

// FindingOutline is one body.
type FindingOutline struct {
	SeriesUID string `json:"seriesUid"`
	// ResultKey is that of the result whose finding has the rank: it may be another
	// one than is on the screen.
	ResultKey string         `json:"resultKey"`
	Rank      int            `json:"rank"`
	Slices    []SliceOutline `json:"slices"`
}

// SliceOutline is the border on one slice: closed polygons, in LPS mm along the
// edges of voxels.
type SliceOutline struct {
	SOPInstanceUID string         `json:"sopInstanceUid"`
	Frame          int            `json:"frame"`
	Polygons       [][][3]float64 `json:"polygons"`
}

// Review is GET /api/studies/{uid}/review, and the answer of POST to the same.
type Review struct {
	// Version is the number of the latest entry; 0 before the first.
	Version int64           `json:"version"`
	Answers []FindingAnswer `json:"answers"`
	Added   []Mark          `json:"added"`
	Signed  *Signature      `json:"signed,omitempty"`
	// Outdated: signed, and a result has changed since.
	Outdated bool    `json:"outdated"`
	History  []Entry `json:"history"`
	// CanUndo is the number of the entry that an undo of who asks would undo; 0:
	// none.
	CanUndo int64 `json:"canUndo"`
}

// FindingAnswer is what was said last of a finding.
type FindingAnswer struct {
	SeriesUID string    `json:"seriesUid"`
	ResultKey string    `json:"resultKey"`
	Rank      int       `json:"rank"`
	Answer    Answer    `json:"answer"`
	By        string    `json:"by"`
	At        time.Time `json:"at"`
}

// Answer is what a reader says of a finding.
type Answer struct {
	// Verdict: agree, disagree, unsure, or "" to take it back.
	Verdict string `json:"verdict"`
	// Cause of a disagreement: vessel, scar, lymph_node, atelectasis, mucus, pleura,
	// bone, artefact, infection, other.
	Cause string `json:"cause"`
	// Kind: solid, part_solid, ground_glass, calcified; "" leaves the measured one.
	Kind string `json:"kind"`
	// Category is a Lung-RADS category; "" leaves the suggested one.
	Category string `json:"category"`
	Comment  string `json:"comment"`
}

// Mark is a finding that a reader added.
type Mark struct {
	// ID is "" in a request that adds.
	ID          string     `json:"id"`
	SeriesUID   string     `json:"seriesUid"`
	CenterLPSMM [3]float64 `json:"centerLpsMm"`
	DiameterMM  float64    `json:"diameterMm"`
	Image       ImagePlace `json:"image"`
	Kind        string     `json:"kind"`
	Category    string     `json:"category"`
	Comment     string     `json:"comment"`
	// By and At are the server's.
	By string     `json:"by"`
	At *time.Time `json:"at,omitempty"`
}

// Signature is a sign-off.
type Signature struct {
	By string    `json:"by"`
	At time.Time `json:"at"`
}

// Entry is one action in the history of a review.
type Entry struct {
	Number int64     `json:"number"`
	At     time.Time `json:"at"`
	By     string    `json:"by"`
	// Kind: answer, add, change, remove, sign, reopen, undo.
	Kind string `json:"kind"`
	// Rank, SeriesUID and ResultKey of the finding; of an added one SeriesUID and
	// MarkID. Another result may have another finding of the same rank now.
	SeriesUID string  `json:"seriesUid"`
	ResultKey string  `json:"resultKey,omitempty"`
	Rank      int     `json:"rank"`
	MarkID    string  `json:"markId"`
	Answer    *Answer `json:"answer,omitempty"`
	Mark      *Mark   `json:"mark,omitempty"`
	// FromAnswer and FromMark are what it replaced.
	FromAnswer *Answer `json:"fromAnswer,omitempty"`
	FromMark   *Mark   `json:"fromMark,omitempty"`
	// Undoes is the number of the entry that it undid; 0 in other kinds. Undone
	// says that a later one undid it.
	Undoes int64 `json:"undoes"`
	Undone bool  `json:"undone"`
}

// ReviewAction is the body of POST /api/studies/{uid}/review. 409 with a Problem
// that has the review as it is now: another reader has said something of the same
// since Seen.
type ReviewAction struct {
	// ID is a UUID that the page makes; sending the same again changes nothing.
	ID string `json:"id"`
	// Seen is the Version that was on the screen.
	Seen int64 `json:"seen"`
	// Kind: answer, add, change, remove, sign, reopen, undo.
	Kind string `json:"kind"`
	// SeriesUID, ResultKey, Rank and Answer go with answer.
	SeriesUID string  `json:"seriesUid,omitempty"`
	ResultKey string  `json:"resultKey,omitempty"`
	Rank      int     `json:"rank,omitempty"`
	Answer    *Answer `json:"answer,omitempty"`
	// Mark goes with add and change; MarkID with change and remove.
	Mark   *Mark  `json:"mark,omitempty"`
	MarkID string `json:"markId,omitempty"`
	// ResultKeys go with sign.
	ResultKeys []string `json:"resultKeys,omitempty"`
	// Undoes goes with undo.
	Undoes int64 `json:"undoes,omitempty"`
}

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

// About is GET /api/about: what this is, and what is known of its model.
type About struct {
	Version string       `json:"version"`
	Models  []AboutModel `json:"models"`
}

// AboutModel is a model that results on this server are of; the first is the one
// in service.
type AboutModel struct {
	Model ModelName `json:"model"`
	// Live: it reads new studies.
	Live bool `json:"live"`
	// Accuracy are measured figures: each with its data set, its count and its
	// operating point.
	Accuracy []Figure `json:"accuracy"`
	// Limits are what it was not made or tested for: codes that the page has words
	// for, with the sentence of the model card in English.
	Limits []CodeText `json:"limits"`
}

// Figure is one measured figure: Hit of Of. Set, Point and What are codes that the
// page has words for.
type Figure struct {
	// Set is the data set: real, simulated, phantoms.
	Set string `json:"set"`
	// Point is the operating point: one, four (false marks per scan).
	Point string `json:"point"`
	// What says which nodules: all, size_4_6, size_6_8, size_8, solid, part_solid,
	// ground_glass, calcified.
	What  string  `json:"what"`
	Hit   int     `json:"hit"`
	Of    int     `json:"of"`
	Value float64 `json:"value"`
}
