package triage

import (
	"cmp"
	"context"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"slices"
	"strings"
	"sync"

	"nafas/dicomio"
	"nafas/dicomio/part10"
	"nafas/dicomio/refusal"
	"nafas/dicomio/source"
	"nafas/inference"
	"nafas/inference/lung"
	"nafas/inference/measure"
	"nafas/inference/prior"
	"nafas/inference/suggest"
	"nafas/inference/volume"
)

// Pipeline finds nodules in a volume; Detected is what it says of one.
type Pipeline interface {
	Run(ctx context.Context, v *volume.Volume, progress func(stage string, done, total int)) (Detected, error)
}

// Detected is what a Pipeline says of one volume.
type Detected struct {
	// Field is the lung field of the volume.
	Field *lung.Field
	// Findings: rank 1 first.
	Findings     []inference.Finding
	LungVolumeML float64
	Warnings     []Warning
	Timings      []StageTime
}

// ReaderOptions tune a Reader; the zero value is fit for use.
type ReaderOptions struct {
	// Parallel bounds the files read and decoded at once; 0 means one per
	// CPU.
	Parallel int
	// Ranking gives each study its priority.
	Ranking Ranking
	// Settings are whatever else of the configuration changes findings.
	Settings []string
	// Categories say which guidelines are asked.
	Categories CategoryOptions
	// Compare compares with an earlier study; nil: nothing is compared.
	Compare Comparer
}

// Comparer compares a scan with one of days before. Its errors are the
// context's; what cannot be compared is said in the Comparison.
type Comparer func(ctx context.Context, current, earlier prior.Exam, days int) (*prior.Comparison, error)

// readerRevision changes with every change of the program that changes
// findings: it is part of every result's key.
const readerRevision = "6"

// Reader reads studies from files: choice of series, assembly, detection, and
// the place of each finding in the images. It is the StudyReader of the
// worker process, and reads without a server too.
type Reader struct {
	pipeline Pipeline
	model    Model
	runtime  Runtime
	recipe   Recipe
	opt      ReaderOptions
}

var _ StudyReader = (*Reader)(nil)

// NewReader makes a Reader.
func NewReader(p Pipeline, m Model, r Runtime, o ReaderOptions) *Reader {
	return &Reader{pipeline: p, model: m, runtime: r, opt: o, recipe: NewRecipe(m, slices.Concat(o.Ranking.settings(), o.Settings, o.Categories.settings())...)}
}

// NewRecipe is the recipe of a Reader with this model and these settings, the
// rules of priorities among them, and with the methods that measure, place and
// suggest.
func NewRecipe(m Model, settings ...string) Recipe {
	h := sha256.New()
	for _, s := range append([]string{readerRevision, measure.Method, lung.PlaceMethod, suggest.Method}, settings...) {
		writePart(h, []byte(s))
	}
	return Recipe{ModelSHA256: m.SHA256, ConfigSHA256: hex.EncodeToString(h.Sum(nil))}
}

// Recipe is what this reader reads with.
func (r *Reader) Recipe() Recipe { return r.recipe }

// Batch is what became of a set of files: the studies in them, sorted by UID,
// and what belongs to none.
type Batch struct {
	Studies []StudyReading
	Refused []RefusedFile
	// Notes name files that were passed over and belong to no study.
	Notes []string
}

// ReadStudies reads every study in the files. The error is the context's or
// the system's; what is wrong with a file, a series or a study is in the
// batch.
func (r *Reader) ReadStudies(ctx context.Context, items []source.Item, progress func(Progress)) (Batch, error) {
	sums := &contentSums{of: map[string]Sum{}}
	named := make([]source.Item, len(items))
	used := make(map[string]bool, len(items))
	for i, it := range items {
		it.Name = unused(it.Name, used)
		named[i] = it
	}
	return r.read(ctx, named, sums, ReadingJob{}, progress)
}

// unused tells files of one name apart (two folders may hold the same names):
// contents and notes are found by the name.
func unused(name string, used map[string]bool) string {
	free := name
	for n := 2; used[free]; n++ {
		free = fmt.Sprintf("%s#%d", name, n)
	}
	used[free] = true
	return free
}

// Read implements StudyReader.
func (r *Reader) Read(ctx context.Context, job ReadingJob, progress func(Progress)) (StudyReading, error) {
	if job.Unvetted {
		return r.readUnvetted(ctx, job, progress)
	}
	sums := &contentSums{of: map[string]Sum{}}
	items := make([]source.Item, len(job.Files))
	for i, f := range job.Files {
		// The store's name of the file says nothing to a reader of messages.
		name := fmt.Sprintf("instance %d", i+1)
		items[i] = source.FromFile(name, f.Path, 0)
		sums.of[name] = f.Content
	}
	batch, err := r.read(ctx, items, sums, job, progress)
	if err != nil {
		return StudyReading{}, err
	}
	if n := len(batch.Refused); n > 0 {
		// They were readable when they came.
		return StudyReading{}, fmt.Errorf("%d of %d stored instances cannot be read again, the first: %w", n, len(items), batch.Refused[0].Err)
	}
	if len(batch.Studies) != 1 || batch.Studies[0].StudyUID != job.StudyUID {
		return StudyReading{}, fmt.Errorf("the stored instances of one study belong to %d", len(batch.Studies))
	}
	return batch.Studies[0], nil
}

// readUnvetted reads the study of a job among files that nobody has looked at.
func (r *Reader) readUnvetted(ctx context.Context, job ReadingJob, progress func(Progress)) (StudyReading, error) {
	sums, used := &contentSums{of: map[string]Sum{}}, map[string]bool{}
	items := make([]source.Item, len(job.Files))
	for i, f := range job.Files {
		items[i] = source.FromFile(unused(cmp.Or(f.Name, fmt.Sprintf("instance %d", i+1)), used), f.Path, 0)
	}
	batch, err := r.read(ctx, items, sums, job, progress)
	if err != nil {
		return StudyReading{}, err
	}
	out := StudyReading{StudyUID: job.StudyUID, State: NotAssessed}
	for _, study := range batch.Studies {
		if study.StudyUID != job.StudyUID {
			return StudyReading{}, errors.New("files of the study belong to another one now")
		}
		out = study
	}
	out.Refused = batch.Refused
	out.Notes = append(out.Notes, batch.Notes...)
	if out.NotAssessed == nil && out.State == NotAssessed {
		out.NotAssessed = unread(out.Series)
	}
	return out, nil
}

// read reads the studies in the files; of the job, what is known and what they
// are compared with counts.
func (r *Reader) read(ctx context.Context, items []source.Item, sums *contentSums, job ReadingJob, progress func(Progress)) (Batch, error) {
	report := func(study, series, stage string, done, total int) {
		if progress != nil {
			progress(Progress{StudyUID: study, SeriesUID: series, Stage: stage, Done: done, Total: total})
		}
	}
	inv, err := dicomio.Load(ctx, items, dicomio.LoadOptions{
		Parallel: r.opt.Parallel,
		Seen:     sums.see,
		Progress: func(done, total int) { report("", "", "read", done, total) },
	})
	if err != nil {
		return Batch{}, err
	}
	notes, batch := sortNotes(inv)
	studies, others := dicomio.Studies(dicomio.Group(inv.Instances)), newTogether(r)
	batch.Studies = make([]StudyReading, len(studies))
	order := byDate(studies)
	for n, i := range order {
		study := studies[i]
		s := &studyRead{
			r: r, sums: sums, known: job.Known, compared: job.Compared, notes: notes[study.UID], headers: inv.Elapsed,
			categories: r.opt.Categories,
			report:     func(series, stage string, done, total int) { report(study.UID, series, stage, done, total) },
		}
		if n < len(order)-1 {
			s.categories = s.categories.ofEarlier()
		}
		if s.earlier = others.before(study); job.Earlier != nil {
			s.earlier = &before{*job.Earlier, r.stored(*job.Earlier)}
		}
		reading, err := s.read(ctx, study)
		if err != nil {
			return Batch{}, err
		}
		batch.Studies[i] = reading
		others.add(study, reading)
	}
	return batch, nil
}

// sortNotes gives each study its notes and the rest to the batch.
func sortNotes(inv *dicomio.Inventory) (map[string][]string, Batch) {
	studyOf := map[string]string{}
	for _, in := range inv.Instances {
		studyOf[in.Source.Name] = in.StudyUID
	}
	notes, batch := map[string][]string{}, Batch{}
	for _, n := range inv.Notes {
		if study := studyOf[n.Name]; study != "" {
			notes[study] = append(notes[study], n.String())
		} else {
			batch.Notes = append(batch.Notes, n.String())
		}
	}
	for _, f := range inv.Refused {
		batch.Refused = append(batch.Refused, RefusedFile{Name: f.Name, Err: f.Err})
	}
	return notes, batch
}

// contentSums knows the Content of each file by its name: given, or taken when
// the file is first read.
type contentSums struct {
	mu sync.Mutex
	of map[string]Sum
}

// see takes the sum of a file that has none. What is unreadable is not seen,
// and has no part in a key.
func (c *contentSums) see(f *part10.File, in *dicomio.Instance) {
	c.mu.Lock()
	_, seen := c.of[in.Source.Name]
	c.mu.Unlock()
	if seen {
		return
	}
	sum := contentSum(pixelSum(f, in), in)
	c.mu.Lock()
	c.of[in.Source.Name] = sum
	c.mu.Unlock()
}

func (c *contentSums) series(s *dicomio.Series) []Sum {
	c.mu.Lock()
	defer c.mu.Unlock()
	out := make([]Sum, 0, len(s.Instances))
	for _, in := range s.Instances {
		out = append(out, c.of[in.Source.Name])
	}
	return out
}

// lungRefusal turns what the lung search says into a reason of the series.
func lungRefusal(err error) *refusal.Error {
	var e *lung.Error
	if !errors.As(err, &e) {
		return nil
	}
	if errors.Is(e, lung.ErrNotHounsfield) {
		return refusal.New(refusal.NotHounsfield, "re-export the series with its rescale values from the scanner", "%s", e.Found)
	}
	return refusal.New(refusal.NoLung, "send a series that covers the lungs", "%s", e.Found)
}

// unread sums up why no series of a study could be read.
func unread(series []Series) *refusal.Error {
	var parts []string
	byReason := map[refusal.Reason]int{}
	for _, s := range series {
		byReason[s.NotRead.Reason]++
	}
	if n := byReason[refusal.PatientMismatch]; n > 0 && n == len(series) {
		return series[0].NotRead
	}
	reasons := make([]refusal.Reason, 0, len(byReason))
	for reason := range byReason {
		reasons = append(reasons, reason)
	}
	slices.SortFunc(reasons, func(a, b refusal.Reason) int {
		return cmp.Or(cmp.Compare(byReason[b], byReason[a]), cmp.Compare(a, b))
	})
	for _, reason := range reasons {
		parts = append(parts, fmt.Sprintf("%d %s", byReason[reason], reason))
	}
	return refusal.New(refusal.NoUsableSeries, "see the reason of each series",
		"none of %d series can be read: %s", len(series), strings.Join(parts, ", "))
}
