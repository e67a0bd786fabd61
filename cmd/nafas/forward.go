package main

import (
	"context"
	"fmt"
	"io"
	"os"
	"path/filepath"

	"nafas/dicomio"
	"nafas/dicomio/part10"
	"nafas/internal/client"
	"nafas/internal/pacs"
	"nafas/internal/triage"
)

// forward keeps the instances of one study in a folder of its own until all
// are there, and then sends them on to a service.
type forward struct {
	dir   string
	files []client.File
}

var _ pacs.Sender = (*forward)(nil)

func newForward() (*forward, error) {
	dir, err := os.MkdirTemp("", "nafas-fetch-")
	return &forward{dir: dir}, err
}

// Take implements pacs.Sender.
func (f *forward) Take(_ context.Context, r io.Reader) (triage.Taken, error) {
	path := filepath.Join(f.dir, fmt.Sprintf("%06d.dcm", len(f.files)))
	out, err := os.OpenFile(path, os.O_CREATE|os.O_EXCL|os.O_WRONLY, 0o600)
	if err != nil {
		return triage.Taken{}, err
	}
	if _, err := io.Copy(out, r); err != nil {
		_ = out.Close()
		return triage.Taken{}, err
	}
	f.files = append(f.files, client.File{Name: path, Open: func() ([]byte, error) { return os.ReadFile(path) }})
	if err := out.Close(); err != nil {
		return triage.Taken{}, err
	}
	return triage.Taken{Header: headerOf(path)}, nil
}

// headerOf says which instance a file is; nothing where it cannot be read, which
// the service will say.
func headerOf(path string) (h triage.Header) {
	data, err := os.ReadFile(path)
	if err != nil {
		return h
	}
	file, err := part10.Parse(data, part10.DefaultLimits())
	if err != nil {
		return h
	}
	if in, err := dicomio.Identify(file); err == nil {
		h.StudyUID, h.SeriesUID, h.SOPUID = in.StudyUID, in.SeriesUID, in.SOPUID
	}
	return h
}

// End implements pacs.Sender.
func (f *forward) End() {}

// send sends the study to the service that flags name.
func (f *forward) send(ctx context.Context, s *streams, to connectFlags, studyUID string) (ok bool, err error) {
	conn, err := to.dial()
	if err != nil {
		return false, err
	}
	defer conn.Close()
	plain := (&sendCmd{}).header()
	report, err := conn.SendStudies(ctx, []client.Study{{UID: studyUID, Files: f.files}}, plain, 1, func() {})
	if err != nil {
		return false, fmt.Errorf("%s: %d of %d instances are acknowledged; fetching again does no harm: %w",
			studyUID, report.Accepted+report.Repeated, len(f.files), err)
	}
	return reportUpload(s, report) == 0, nil
}

func (f *forward) discard() { _ = os.RemoveAll(f.dir) }
