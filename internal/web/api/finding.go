package api

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
