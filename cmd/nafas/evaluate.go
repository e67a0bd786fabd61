package main

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"math"
	"os"
	"path/filepath"
	"slices"

	"nafas/inference/froc"
)

type evaluateCmd struct {
	engineFlags
	Paths         []string  `arg:"" optional:"" type:"path" help:"Series to read first: files, folders, zip files of DICOM, or .mhd files."`
	Luna16        string    `name:"luna16" help:"Read the whole of LUNA16: the folder with subset0 to subset9 and the challenge's tables." type:"existingdir" placeholder:"DIR"`
	Marks         string    `help:"Read nothing and take these marks: seriesuid, coordX, coordY, coordZ, probability." type:"existingfile" placeholder:"FILE"`
	Annotations   string    `help:"Nodules: seriesuid, coordX, coordY, coordZ, diameter_mm." type:"existingfile" placeholder:"FILE"`
	Excluded      string    `help:"Findings to pass over, in the same columns." type:"existingfile" placeholder:"FILE"`
	Series        string    `help:"The series that count, one a line; with a header also thickness_mm, spacing_mm, kernel, group (the patient)." type:"existingfile" placeholder:"FILE"`
	Out           string    `help:"Folder for the results, and for what each series gave: a run that was cut off goes on." type:"path" placeholder:"DIR"`
	MostMarks     int       `help:"Marks of a scan that count; 0 takes all." default:"100"`
	Resamples     int       `help:"Resamples of scans for the intervals." default:"1000"`
	Seed          uint64    `help:"Seed of the resamples." default:"1"`
	Threshold     []float64 `help:"Scores at which to count, beside the model's operating points." placeholder:"SCORE"`
	AllowMissing  bool      `help:"Evaluate although some series could not be read; the result says so."`
	AllowUnlisted bool      `help:"Leave out marks of series that are not in --series."`
}

var errNoNodule = errors.New("no nodule is of a series that counts: compare how the tables write the names (they are compared as text)")

// maxResamples is beyond any use: the ends of an interval settle long before,
// and each costs memory by the scans.
const maxResamples = 20_000

// Run evaluates, after it has read what is to be read.
func (c *evaluateCmd) Run(s *streams, ctx kongContext) error {
	if err := c.check(); err != nil {
		return err
	}
	doc := &evaluationDocument{Schema: evaluationSchema, Protocol: "LUNA16",
		Settings: evaluationSettings{MostMarks: c.MostMarks, Resamples: c.Resamples, Seed: c.Seed}, Missing: []missingSeries{}, Notes: []string{}}
	truth, err := c.truth(doc)
	if err != nil {
		return err
	}
	set, points, err := c.marks(ctx, s, truth, doc)
	if err != nil {
		return err
	}
	if set == nil { // some series failed, and that was not allowed
		return errSomeFailed
	}
	if err := c.checkListed(*set, doc); err != nil {
		return err
	}
	evaluation, err := froc.Evaluate(ctx, *set, c.options(points))
	if err != nil {
		return err
	}
	doc.Evaluation = *evaluation
	if least := froc.Rates()[0]; float64(doc.Scans)*least < 1 {
		doc.note("%g false marks per scan are less than one in %d scans: the curve's beginning is drawn and not measured", least, doc.Scans)
	}
	if c.Out != "" {
		if err := doc.write(c.Out); err != nil {
			return err
		}
	}
	for _, note := range doc.Notes {
		fmt.Fprintln(s.err, "note:", note)
	}
	if err := doc.print(s, c.Out); err != nil {
		return err
	}
	if len(doc.Missing) > 0 {
		return errSomeFailed
	}
	return nil
}

func (c *evaluateCmd) check() error {
	ways := 0
	for _, used := range []bool{c.Marks != "", c.Luna16 != "", len(c.Paths) > 0} {
		if used {
			ways++
		}
	}
	switch {
	case ways != 1:
		return usage("say where the marks come from: --marks FILE, series to read, or --luna16 DIR; one of them")
	case c.Annotations == "" && c.Luna16 == "":
		return usage("--annotations FILE is missing: the nodules that are to be found")
	case c.Out == "" && c.Marks == "":
		return usage("--out DIR is missing: what each series gives is kept there, so that a run that was cut off goes on")
	case c.Marks != "" && c.AllowMissing:
		return usage("--allow-missing belongs to series that are read, not to --marks")
	case c.MostMarks < 0:
		return usage("--most-marks must not be negative")
	case c.Resamples < 1 || c.Resamples > maxResamples:
		return usage("--resamples must be 1 to %d", maxResamples)
	case slices.ContainsFunc(c.Threshold, func(v float64) bool { return math.IsNaN(v) || math.IsInf(v, 0) }):
		return usage("--threshold must be a number")
	}
	return c.checkOut()
}

// checkOut keeps what is written away from what is read.
func (c *evaluateCmd) checkOut() error {
	if c.Out == "" {
		return nil
	}
	written := evaluationFiles
	if c.Marks == "" {
		written = append(slices.Clone(written), marksFile, scansFile)
	}
	for _, input := range []string{c.Marks, c.Annotations, c.Excluded, c.Series} {
		for _, name := range written {
			if sameFile(input, filepath.Join(c.Out, name)) {
				return usage("--out %s would write over %s, which is to be read: name another folder", c.Out, input)
			}
		}
	}
	if read := filepath.Join(c.Out, marksFile); c.Marks != "" && isThere(read) && !sameFile(c.Marks, read) {
		return usage("--out %s holds the marks of another run (%s): its tables would stand beside figures of %s; name another folder", c.Out, marksFile, c.Marks)
	}
	for _, input := range append(slices.Clone(c.Paths), c.Luna16) {
		if sameFile(input, c.Out) {
			return usage("--out %s is the folder that is to be read: name one of its own for the results", c.Out)
		}
	}
	return nil
}

func isThere(path string) bool {
	_, err := os.Stat(path)
	return err == nil
}

// sameFile tells whether two paths lead to one file or folder that is there.
func sameFile(a, b string) bool {
	one, err := os.Stat(a)
	if err != nil {
		return false
	}
	other, err := os.Stat(b)
	return err == nil && os.SameFile(one, other)
}

func (c *evaluateCmd) options(points []froc.Threshold) froc.Options {
	o := froc.Options{MostMarks: c.MostMarks, Thresholds: points}
	if c.MostMarks == 0 {
		o.MostMarks = -1
	}
	for _, score := range c.Threshold {
		o.Thresholds = append(o.Thresholds, froc.Threshold{Score: score})
	}
	o.Draw = func(scans int) froc.Resamples { return froc.Draw(c.Seed, c.Resamples, scans) }
	return o
}

// marks makes the set to evaluate, with the operating points of the model
// where one read. The set is nil where series failed and that is not allowed.
func (c *evaluateCmd) marks(ctx context.Context, s *streams, truth *truthTables, doc *evaluationDocument) (*froc.Set, []froc.Threshold, error) {
	set := &froc.Set{Scans: truth.scans, Nodules: truth.nodules, Excluded: truth.excluded}
	if c.Marks == "" {
		points, err := c.readMarks(ctx, s, truth, set, doc)
		if err != nil || len(doc.Missing) > 0 && !c.AllowMissing {
			return nil, nil, err
		}
		return set, points, nil
	}
	err := doc.table("marks", c.Marks, func(t namedReader) error {
		var repeated int
		var err error
		set.Marks, repeated, err = froc.ReadMarks(t.name, t)
		if repeated > 0 {
			doc.note("%d marks say again, place and score, what another mark of the table says; each counts", repeated)
		}
		return err
	})
	if err != nil {
		return nil, nil, err
	}
	doc.Settings.ScansFrom = "list"
	if truth.scans == nil {
		doc.Settings.ScansFrom = "tables"
		set.Scans = scansOf(set.Marks, set.Nodules)
		doc.note("without --series, the scans are the %d that have a mark or a nodule: those without either are not "+
			"counted, and false marks per scan come out too high", len(set.Scans))
	}
	return set, nil, nil
}

// scansOf lists the series of marks and nodules.
func scansOf(marks []froc.Mark, nodules []froc.Nodule) (scans []froc.Scan) {
	seen := map[string]bool{}
	for _, m := range marks {
		seen[m.SeriesUID] = true
	}
	for _, n := range nodules {
		seen[n.SeriesUID] = true
	}
	for _, uid := range slices.Sorted(maps.Keys(seen)) {
		scans = append(scans, froc.Scan{SeriesUID: uid})
	}
	return scans
}

// checkListed refuses tables whose names of series do not fit each other: a
// detector would seem to miss everything.
func (c *evaluateCmd) checkListed(set froc.Set, doc *evaluationDocument) error {
	u := set.Unlisted()
	switch {
	case u.Marks > 0 && !c.AllowUnlisted:
		return fmt.Errorf("%d marks are of series that are not in the list, the first of %q: compare how the tables write "+
			"the names (they are compared as text), or leave these marks out with --allow-unlisted", u.Marks, u.MarkSeries)
	case u.Marks > 0:
		doc.note("%d marks of series that are not listed are left out", u.Marks)
	}
	if u.Nodules > 0 && u.Nodules == len(set.Nodules) {
		return errNoNodule
	}
	if u.Nodules > 0 {
		doc.note("%d of %d nodules are of series that do not count here: they are left out", u.Nodules, len(set.Nodules))
	}
	if u.Excluded > 0 && u.Excluded == len(set.Excluded) {
		doc.note("no excluded finding is of a series that counts here: marks on such findings are false ones, unless the tables " +
			"only write the names differently (they are compared as text)")
	}
	return nil
}
