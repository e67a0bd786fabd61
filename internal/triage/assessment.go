package triage

import "nafas/inference/suggest"

// Assessment is what is said of a study beyond the findings of the series that
// was read and what became of them.
type Assessment struct {
	// Categories are what guidelines suggest; nil in readings of versions that
	// asked none.
	Categories *suggest.Suggestions
}
