package triage

import (
	"context"
	"sync"
)

// Disk is the room in the data folder.
type Disk struct {
	FreeBytes int64
	// WatermarkBytes is what intake leaves free.
	WatermarkBytes int64
}

// Full: nothing is taken in.
func (d Disk) Full() bool { return d.FreeBytes < d.WatermarkBytes }

// Low: less than twice the watermark is free, so that somebody should look
// before intake stops.
func (d Disk) Low() bool { return d.FreeBytes < 2*d.WatermarkBytes }

// Disk looks at the room in the data folder.
func (s *Service) Disk() (Disk, error) {
	free, err := s.files.FreeBytes()
	return Disk{FreeBytes: free, WatermarkBytes: s.opt.MinFreeBytes}, err
}

// diskLevel is what was last said of the disk.
type diskLevel struct {
	mu   sync.Mutex
	said string
}

// WatchDisk says in the log when the disk has become low or full, and when it
// is neither again; once each time.
func (s *Service) WatchDisk(ctx context.Context) error {
	d, err := s.Disk()
	if err != nil {
		return err
	}
	level := ""
	switch {
	case d.Full():
		level = "the disk is nearly full: nothing is taken in until there is room"
	case d.Low():
		level = "the disk runs low: less than twice of what intake leaves is free"
	}
	s.diskLevel.mu.Lock()
	defer s.diskLevel.mu.Unlock()
	if level == s.diskLevel.said {
		return nil
	}
	s.diskLevel.said = level
	attrs := []any{"free_mib", d.FreeBytes >> 20, "watermark_mib", d.WatermarkBytes >> 20}
	switch {
	case d.Full():
		s.log.ErrorContext(ctx, level, attrs...)
	case d.Low():
		s.log.WarnContext(ctx, level, attrs...)
	default:
		s.log.InfoContext(ctx, "the disk has room again", attrs...)
	}
	return nil
}
