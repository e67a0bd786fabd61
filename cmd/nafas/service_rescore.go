package main

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/alecthomas/kong"

	"nafas/internal/rescore"
	"nafas/internal/rpc"
	"nafas/internal/store/rescorings"
	nafasv1 "nafas/proto/nafas/v1"
)

// pastFlags say how a service works rescorings beside its live studies.
type pastFlags struct {
	Cores        string   `help:"Processor cores for rescorings: a number, or a share such as 50%; 0 leaves the reading to nafas worker." default:"50%" placeholder:"N|%"`
	Models       []string `help:"Folders of models that are not shipped." type:"path" placeholder:"DIR"`
	DatabaseFile string   `help:"File with the connection string of a PostgreSQL database that keeps rescorings; or set NAFAS_DATABASE." type:"path" env:"NAFAS_DATABASE_FILE" placeholder:"FILE"`
}

// rescoreFlags are the service's as the verbs about rescorings have them.
func (f serviceFlags) rescoreFlags() rescoreFlags {
	work := defaultWorkFlags()
	work.Cores, work.Models, work.Onnxruntime, work.Memory, work.ReadLimit = f.Past.Cores, f.Past.Models, f.Onnxruntime, f.WorkerLimit, f.ReadLimit
	return rescoreFlags{ledgerFlags{Data: f.Data, databaseFlags: databaseFlags{f.Past.DatabaseFile}}, work}
}

// defaultWorkFlags are the flags as they are without any.
func defaultWorkFlags() workFlags {
	var flags workFlags
	if _, err := kong.Must(&flags).Parse(nil); err != nil {
		panic("the defaults of work on rescorings do not parse: " + err.Error())
	}
	return flags
}

// openRescorings makes the service answer for rescorings, and work them where no
// other process does.
func (s *service) openRescorings(ctx context.Context) error {
	live, err := liveOf(s.flags.Data)
	if err != nil {
		return err
	}
	o := stationOptions{log: s.log, live: live, works: true}
	st, err := s.flags.rescoreFlags().station(ctx, o)
	if errors.Is(err, rescorings.ErrInUse) {
		s.log.Warn("another nafas process works on the rescorings of this data folder; this service shows and steers them")
		o.works, o.live = false, nil
		st, err = s.flags.rescoreFlags().station(ctx, o)
	}
	s.past = st
	return err
}

// workRescorings begins to work, where this service does.
func (s *service) workRescorings(ctx context.Context) error {
	if !s.past.works {
		return nil
	}
	return s.past.tend(context.WithoutCancel(ctx), true)
}

// rescoringWith names a rescoring that is not through and reads with a model; ""
// where there is none.
func (s *service) rescoringWith(ctx context.Context, sha256 string) (string, error) {
	if s.past == nil {
		return "", nil
	}
	all, err := s.past.service.List(ctx)
	for _, r := range all {
		if !r.State.Final() && r.Model.SHA256 == sha256 {
			return fmt.Sprintf("rescoring %d", r.ID), nil
		}
	}
	return "", err
}

// stopRescorings lets what is read come to its end within the grace.
func (s *service) stopRescorings(grace time.Duration) error {
	if s.past == nil {
		return nil
	}
	past := s.past
	s.past = nil
	return past.close(grace)
}

// previews answers for what a rescoring would read.
func (s *service) previews() rpc.Previewer {
	flags := s.flags.rescoreFlags()
	return func(ctx context.Context, rq rescore.Request) (*nafasv1.RescoringPreview, error) {
		return flags.previewOf(ctx, rq, stationOptions{log: s.log}, func(int64, int64) {})
	}
}
