package api

import "time"

// AgainLists is GET /api/again: the lists of studies to look at again after a
// rescoring that are published, the newest first.
type AgainLists struct {
	Lists []AgainList `json:"lists"`
}

// AgainList is one of them.
type AgainList struct {
	// Rescoring is its number, and the list's in addresses.
	Rescoring int64 `json:"rescoring"`
	// Name is free text for people, or "".
	Name         string `json:"name"`
	Model        string `json:"model"`
	ModelVersion string `json:"modelVersion"`
	// Baseline is what it was compared with: live, or the number of another
	// rescoring.
	Baseline    string    `json:"baseline"`
	PublishedAt time.Time `json:"publishedAt"`
	// StudiesDone of Studies were through when the list was made; Whole says that
	// nothing waited any more in either pass.
	StudiesDone int64 `json:"studiesDone"`
	Studies     int64 `json:"studies"`
	Whole       bool  `json:"whole"`
	Entries     int   `json:"entries"`
}

// AgainPage is GET /api/again/RESCORING?offset=&limit= (limit at most 500): a part of
// a list. 404 where it is not published.
type AgainPage struct {
	List    AgainList    `json:"list"`
	Offset  int          `json:"offset"`
	Entries []AgainEntry `json:"entries"`
	// Cursor is where GET /api/events?cursor= goes on from.
	Cursor string `json:"cursor"`
}

// AgainEntry is a study of a list.
type AgainEntry struct {
	// Place counts from 1.
	Place     int    `json:"place"`
	StudyUID  string `json:"studyUid"`
	StudyDate string `json:"studyDate"`
	// Kinds: newly_flagged, priority_up, category_up, dropped, priority_down,
	// category_down, read_before_not_now, not_read_before.
	Kinds []string `json:"kinds"`
	// Before and After are missing where that pass has no result.
	Before *AgainSaid `json:"before,omitempty"`
	After  *AgainSaid `json:"after,omitempty"`
	// Reason is why one of them is missing.
	Reason *CodeText `json:"reason,omitempty"`
	// Study is as the worklist has it; missing where it does not have it.
	Study *StudyRow `json:"study,omitempty"`
}

// AgainSaid is what one pass said of a study.
type AgainSaid struct {
	// Score is the best one, 0 where nothing was found.
	Score    float64 `json:"score"`
	Priority string  `json:"priority"`
	// LungRADS is the category, or "".
	LungRADS string `json:"lungRads"`
}
