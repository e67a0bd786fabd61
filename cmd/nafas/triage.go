package main

import (
	"errors"
	"fmt"
	"slices"

	"nafas/inference/guideline"
	"nafas/internal/rpc"
	"nafas/internal/triage"
)

type triageCmd struct {
	engineFlags
	Facts    factFlags `embed:"" prefix:"patient-" group:"Patient, where all the input is of one:"`
	Settings string    `help:"Settings file (YAML) of a service: its rules of priorities, and which guidelines are asked." type:"existingfile" placeholder:"FILE"`
	Paths    []string  `arg:"" type:"path" help:"Files, folders, DICOMDIR folders or zip files."`
}

// Run reads every study below the paths: one result a series that was read,
// and the reason for each that was not.
func (c *triageCmd) Run(s *streams, ctx kongContext) error {
	settings, err := loadSettings(c.Settings)
	if err != nil {
		return err
	}
	c.rules = settings.Rules()
	if c.categories, err = c.Facts.within(settings.Categories); err != nil {
		return err
	}
	items, err := walkAll(ctx, s, c.Paths)
	if err != nil {
		return err
	}
	engine, err := c.open(ctx, s, true)
	if err != nil {
		return err
	}
	defer engine.close()
	bar := newBar(s, -1, "reading")
	batch, err := engine.reader.ReadStudies(ctx, items, func(p triage.Progress) {
		bar.describe(p.Stage)
		bar.set(int64(p.Done), int64(p.Total))
	})
	bar.finish()
	switch {
	case errors.Is(err, guideline.ErrInput):
		return usageError{err}
	case err != nil:
		return err
	case c.Facts.any() && patients(batch.Studies) > 1:
		return usage("the facts of a patient are given, and the input has %d studies: give one study, and earlier ones of the patient", len(batch.Studies))
	}
	out := newPrinter(s)
	good, failed := 0, len(batch.Refused)
	for _, f := range batch.Refused {
		fmt.Fprintf(s.err, "refused: %s: %v\n", f.Name, f.Err)
	}
	for _, note := range batch.Notes {
		fmt.Fprintf(s.err, "note: %s\n", note)
	}
	for _, reading := range batch.Studies {
		noteRefused(reading, len(batch.Refused))
		ok, err := printStudy(s, out, rpc.StudyProto(studyOf(reading)))
		if err != nil {
			return err
		}
		if ok {
			good++
		} else {
			failed++
		}
	}
	if err := out.close(); err != nil {
		return err
	}
	return refusedError(failed, good)
}

// patients is how many patients studies may have: one less for each that another
// was compared with.
func patients(studies []triage.StudyReading) int {
	n := len(studies)
	for _, s := range studies {
		if s.Comparison != nil && slices.ContainsFunc(studies, func(e triage.StudyReading) bool { return e.StudyUID == s.Comparison.EarlierStudyUID }) {
			n--
		}
	}
	return n
}

// noteRefused writes into each result that files beside it could not be used:
// a file that is cut short does not say which series it is missing from.
func noteRefused(r triage.StudyReading, refused int) {
	if refused == 0 {
		return
	}
	for _, series := range r.Series {
		if series.Result != nil {
			series.Result.Notes = append(series.Result.Notes, fmt.Sprintf("%d files of the input were refused: "+
				"if they belong to this series, it was read without them", refused))
		}
	}
}

// studyOf shows a reading made without a store as the service would.
func studyOf(r triage.StudyReading) triage.Study {
	return triage.Study{
		UID: r.StudyUID, State: r.State, Series: r.Series,
		Priority: r.Priority, PriorityReasons: r.PriorityReasons, NotAssessed: r.NotAssessed,
		Comparison: r.Comparison, Assessment: r.Assessment,
	}
}
