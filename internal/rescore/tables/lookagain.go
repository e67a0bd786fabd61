package tables

import (
	"nafas/internal/rescore/compare"
	"nafas/internal/triage"
)

// lookAgainRow is a row of LookAgain. The header is that of the pass after.
type lookAgainRow struct {
	headed
	Place          int32    `parquet:"place" doc:"1 is looked at first"`
	StudyUID       string   `parquet:"study_uid" doc:"Study Instance UID"`
	SeriesUID      *string  `parquet:"series_uid" doc:"the series that was read: after, else before"`
	StudyDate      *Date    `parquet:"study_date,date" doc:"null where the header has no valid date"`
	Manufacturer   *string  `parquet:"manufacturer,dict" doc:"of the scanner"`
	Kinds          []string `parquet:"kinds,list" doc:"what changed, the most urgent first: newly_flagged, priority_up, category_up, dropped, priority_down, category_down, read_before_not_now, not_read_before"`
	ScoreBefore    *float64 `parquet:"score_before" doc:"the best score; 0 where nothing was found, null where it was not read"`
	ScoreAfter     *float64 `parquet:"score_after" doc:"the same of the pass after"`
	PriorityBefore *string  `parquet:"priority_before,dict" doc:"routine, not_assessed, high, urgent; null where it was not read"`
	PriorityAfter  *string  `parquet:"priority_after,dict" doc:"the same of the pass after"`
	CategoryBefore *string  `parquet:"lung_rads_before,dict" doc:"the suggested category; null for none"`
	CategoryAfter  *string  `parquet:"lung_rads_after,dict" doc:"the same of the pass after"`
	Reason         *string  `parquet:"reason,dict" doc:"why one pass has no result: a code; null where both have"`
}

func lookAgainRowOf(h Header, place int, c compare.Change) lookAgainRow {
	row := lookAgainRow{
		headed: h.columns(), Place: int32(place), StudyUID: valid(c.StudyUID), SeriesUID: text(c.SeriesUID), StudyDate: dateOf(c.Date),
		Manufacturer: text(c.Manufacturer), Kinds: []string{}, Reason: text(c.Reason),
	}
	before, after := true, true
	for _, k := range c.Kinds {
		row.Kinds = append(row.Kinds, string(k))
		before, after = before && k != compare.KindReadNow, after && k != compare.KindNotRead
	}
	if before {
		row.ScoreBefore, row.PriorityBefore, row.CategoryBefore = said(c.ScoreBefore, c.PriorityBefore, c.CategoryBefore)
	}
	if after {
		row.ScoreAfter, row.PriorityAfter, row.CategoryAfter = said(c.ScoreAfter, c.PriorityAfter, c.CategoryAfter)
	}
	return row
}

func said(score float64, p triage.Priority, category string) (*float64, *string, *string) {
	return number(score), of(p.Word()), text(category)
}
