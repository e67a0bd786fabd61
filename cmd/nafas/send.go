package main

import (
	"context"
	"fmt"
	"strings"

	"golang.org/x/sync/errgroup"

	"nafas/dicomio"
	"nafas/dicomio/part10"
	"nafas/dicomio/source"
	"nafas/internal/client"
	nafasv1 "nafas/proto/nafas/v1"
)

type sendCmd struct {
	connectFlags
	Paths    []string `arg:"" type:"path" help:"Files, folders, DICOMDIR folders or zip files."`
	Wait     bool     `help:"Wait for the results and print them."`
	Urgent   bool     `help:"Ask for urgent reading."`
	Parallel int      `help:"Streams at once." default:"4"`
}

// Run sends everything and says of each file that was not taken why.
func (c *sendCmd) Run(s *streams, ctx kongContext) error {
	conn, err := c.dial()
	if err != nil {
		return err
	}
	defer conn.Close()
	studies, files, err := collectStudies(ctx, s, c.Paths)
	if err != nil {
		return err
	}
	bar := newBar(s, files, "sending")
	report, err := conn.SendStudies(ctx, studies, c.header(), c.Parallel, func() { bar.step() })
	bar.finish()
	if err != nil {
		return fmt.Errorf("%d of %d files are acknowledged; sending again does no harm: %w",
			report.Accepted+report.Repeated, files, err)
	}
	refused := reportUpload(s, report)
	if c.Wait {
		return c.wait(s, ctx, conn, report, refused)
	}
	if err := printReceipt(s, report); err != nil {
		return err
	}
	return refusedError(refused, len(report.StudyUIDs))
}

// printReceipt prints what was taken in: a receipt as JSON, or the studies,
// one a line.
func printReceipt(s *streams, r client.Report) error {
	if s.format == "json" {
		return printJSON(s.out, &nafasv1.Receipt{
			StudyInstanceUids: r.StudyUIDs, Accepted: int32(r.Accepted),
			RepeatedInstances: int32(r.Repeated), Refusals: r.Refused,
		})
	}
	for _, uid := range r.StudyUIDs {
		if _, err := fmt.Fprintln(s.out, uid); err != nil {
			return err
		}
	}
	return nil
}

func (c *sendCmd) header() *nafasv1.UploadHeader {
	h := &nafasv1.UploadHeader{RequestPriority: nafasv1.RequestPriority_REQUEST_PRIORITY_ROUTINE}
	if c.Urgent {
		h.RequestPriority = nafasv1.RequestPriority_REQUEST_PRIORITY_URGENT
	}
	return h
}

func (c *sendCmd) wait(s *streams, ctx context.Context, conn *client.Client, report client.Report, failed int) error {
	out := newPrinter(s)
	read := 0
	for _, uid := range report.StudyUIDs {
		fmt.Fprintf(s.err, "waiting for study %s\n", uid)
		study, err := conn.WaitStudy(ctx, uid)
		if err != nil {
			return err
		}
		ok, err := printStudy(s, out, study)
		if err != nil {
			return err
		}
		if ok {
			read++
		} else {
			failed++
		}
	}
	if err := out.close(); err != nil {
		return err
	}
	return refusedError(failed, read)
}

// printStudy prints each series of a final study, the ones that were read
// first, and says whether any was. Segmentations and reports beside a series
// that was read are no series to read: they are noted on standard error.
func printStudy(s *streams, out printer, study *nafasv1.Study) (read bool, err error) {
	for _, series := range study.GetSeries() {
		if series.GetResult() == nil || study.GetNotAssessed() != nil {
			continue
		}
		read = true
		if err := out.result(series.GetResult()); err != nil {
			return read, err
		}
	}
	for _, series := range notRead(study) {
		if read && series.GetNotRead().GetReason() == nafasv1.Reason_REASON_NOT_CT {
			fmt.Fprintf(s.err, "note: series %s is passed over: %s\n", series.GetSeriesInstanceUid(), series.GetNotRead().GetFound())
			continue
		}
		if err := out.notRead(series); err != nil {
			return read, err
		}
	}
	if n := study.GetQuarantined(); n > 0 {
		fmt.Fprintf(s.err, "%d instances of study %s are in quarantine and were not read\n", n, study.GetStudyInstanceUid())
	}
	if s.format == "table" {
		fmt.Fprintf(s.out, "Study priority: %s\n", priorityWord(study.GetPriority()))
		for _, reason := range study.GetPriorityReasons() {
			fmt.Fprintf(s.out, "  %s\n", reason)
		}
	}
	if r := study.GetNotAssessed(); r != nil {
		fmt.Fprintf(s.err, "study %s is NOT ASSESSED, %s: %s. %s\n",
			study.GetStudyInstanceUid(), reasonWord(r.GetReason()), r.GetFound(), r.GetRemedy())
		return false, nil
	}
	return read, nil
}

// notRead lists the series without a result that counts. Where the study as a
// whole was set aside (held, crashed, cancelled) its reason stands for theirs,
// and for a study of which no series is known: standard output must not be
// empty for it. A result from before that is none now: it may be of another
// patient, or of fewer images, and a reader of standard output alone would not
// see it.
func notRead(study *nafasv1.Study) []*nafasv1.SeriesNotRead {
	var list []*nafasv1.SeriesNotRead
	for _, series := range study.GetSeries() {
		why := series.GetNotRead()
		if set := study.GetNotAssessed(); why == nil || set != nil && set.GetReason() != nafasv1.Reason_REASON_NO_USABLE_SERIES {
			why = set
		}
		if why == nil {
			continue
		}
		list = append(list, &nafasv1.SeriesNotRead{
			StudyInstanceUid:  study.GetStudyInstanceUid(),
			SeriesInstanceUid: series.GetSeriesInstanceUid(),
			Modality:          series.GetModality(),
			Instances:         series.GetInstances(),
			NotRead:           why,

			StudyPriority: study.GetPriority(), StudyPriorityReasons: study.GetReasons(),
		})
	}
	if why := study.GetNotAssessed(); why != nil && len(study.GetSeries()) == 0 {
		list = append(list, &nafasv1.SeriesNotRead{
			StudyInstanceUid: study.GetStudyInstanceUid(), NotRead: why, StudyPriority: study.GetPriority(), StudyPriorityReasons: study.GetReasons(),
		})
	}
	return list
}

// refusedError picks the exit code: some failed, or all.
func refusedError(failed, good int) error {
	switch {
	case failed == 0:
		return nil
	case good == 0:
		return fmt.Errorf("none of the inputs could be used")
	default:
		return errSomeFailed
	}
}

func reportUpload(s *streams, r client.Report) (refused int) {
	for _, f := range r.Unreadable {
		fmt.Fprintf(s.err, "not sent: %s: %v\n", f.Name, f.Err)
	}
	for _, f := range r.Refused {
		fmt.Fprintf(s.err, "refused: %s: %s: %s. %s\n", f.GetName(),
			reasonWord(f.GetRefusal().GetReason()), f.GetRefusal().GetFound(), f.GetRefusal().GetRemedy())
	}
	fmt.Fprintf(s.err, "%d instances taken in, %d known before, %d refused\n", r.Accepted, r.Repeated, len(r.Refused))
	return len(r.Refused) + len(r.Unreadable)
}

// collectStudies finds the DICOM files below paths and groups them by study,
// so that each study can be declared complete. A file that cannot be parsed
// here is sent all the same: the service says what is wrong with it, and
// keeps it.
func collectStudies(ctx context.Context, s *streams, paths []string) ([]client.Study, int, error) {
	items, err := walkAll(ctx, s, paths)
	if err != nil {
		return nil, 0, err
	}
	uids := make([]string, len(items))
	g, ctx := errgroup.WithContext(ctx)
	g.SetLimit(defaultThreads())
	for i, item := range items {
		g.Go(func() error {
			uids[i] = studyUID(item)
			return ctx.Err()
		})
	}
	if err := g.Wait(); err != nil {
		return nil, 0, err
	}
	var studies []client.Study
	at := map[string]int{}
	for i, item := range items {
		n, known := at[uids[i]]
		if !known {
			n = len(studies)
			at[uids[i]] = n
			studies = append(studies, client.Study{UID: uids[i]})
		}
		studies[n].Files = append(studies[n].Files, client.File{Name: item.Name, Open: item.Open})
	}
	return studies, len(items), nil
}

func studyUID(item source.Item) string {
	data, err := item.Open()
	if err != nil {
		return ""
	}
	f, err := part10.Parse(data, part10.DefaultLimits())
	if err != nil {
		return ""
	}
	// An instance that is refused goes with its study all the same: in an
	// upload of its own it would declare the study complete too early.
	in, err := dicomio.Identify(f)
	if err != nil {
		return ""
	}
	return in.StudyUID
}

// walkAll lists the inputs below paths; what is not DICOM is said on standard
// error.
func walkAll(ctx context.Context, s *streams, paths []string) ([]source.Item, error) {
	var all []source.Item
	for _, path := range paths {
		items, notes, err := source.Walk(ctx, path, source.DefaultLimits())
		if err != nil {
			return nil, err
		}
		for _, n := range notes {
			fmt.Fprintf(s.err, "note: %s\n", n)
		}
		all = append(all, items...)
	}
	if len(all) == 0 {
		return nil, usage("no DICOM file in %s", strings.Join(paths, ", "))
	}
	return all, nil
}
