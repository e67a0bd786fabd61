package sources

import (
	"context"
	"errors"
	"fmt"

	"nafas/dicomio/dimse"
	"nafas/dicomio/dimse/command"
	"nafas/dicomio/match"
	"nafas/dicomio/refusal"
	"nafas/internal/rescore"
)

// Fetch implements rescore.Source: the PACS is asked to send each series to our
// listener, where it goes into the spool.
func (d *DIMSE) Fetch(ctx context.Context, c rescore.Case) ([]rescore.Fetched, func(), error) {
	none := func() {}
	end, err := d.begin(ctx, c.Rescoring.Limits, dimseFetches)
	if err != nil {
		return nil, none, err
	}
	defer end()
	letGo, err := d.own.hold()
	if err != nil {
		return nil, none, err
	}
	defer letGo()
	return fetchSeries(ctx, d.opt, c, func(r *receipt, got *came) error { return d.series(ctx, r, got) })
}

func (d *DIMSE) series(ctx context.Context, r *receipt, got *came) error {
	// An association of its own: what was asked for on one that broke is not asked
	// for again by itself.
	asked := &dimsePACS{to: d.to}
	defer asked.end()
	leave, err := d.own.expect(ctx, r, got)
	if err != nil {
		return err
	}
	before, _ := d.own.sent()
	var counts *command.Counts
	err = asked.ask(ctx, func(c *dimse.Client) (err error) {
		counts, err = c.Move(dimse.Retrieval{Level: match.SeriesLevel, StudyUID: got.study, SeriesUID: got.series}, d.own.AE)
		return err
	})
	if spoolErr := leave(); spoolErr != nil {
		return spoolErr
	}
	var failure *dimse.Failure
	isFailure := errors.As(err, &failure)
	switch {
	case err != nil && !isFailure:
		return err
	case isFailure && failure.Status == command.MoveDestinationUnknown:
		return fmt.Errorf("%w: the archive does not know %s, the AE title that it is to send to: enter it there, with the address of this machine and the port of %s", rescore.ErrNotThisStudy, d.own.AE, d.own.Listen)
	case got.given() == 0:
		return d.nothing(ctx, asked, got, err, before)
	case isFailure:
		return errPartial
	case counts != nil && got.given() < int(counts.Completed)+int(counts.Warning):
		return errPartial
	}
	return nil
}

// nothing says why nothing came: the archive has no such series any more, it sends
// others and not this one, or it does not reach us, which is no study's fault. before
// is how often it had reached us when it was asked.
func (d *DIMSE) nothing(ctx context.Context, asked *dimsePACS, got *came, moved error, before int) error {
	found, _, err := asked.list(ctx, match.Query{Level: match.SeriesLevel, StudyUID: got.study, SeriesUID: got.series}, match.MaxEntries)
	if err != nil {
		return err
	}
	has := false
	for _, e := range found {
		has = has || e.SeriesUID == got.series
	}
	if !has {
		return refusal.New(rescore.ReasonGone, "look whether the archive has it still, and plan again", "the archive has series %s no more", got.series)
	}
	said := "says that it sent a series"
	if moved != nil {
		said = "did not send a series (" + plain(moved) + ")"
	}
	if d.reachesUs(ctx, asked, before) {
		return fmt.Errorf("the archive %s, and nothing came, though it reaches us", said)
	}
	return fmt.Errorf("%w: the archive %s, and nothing came: it must know the AE title %s and reach %s, and call itself %s", rescore.ErrNotThisStudy, said, d.own.AE, d.own.Listen, d.to.CalledAE)
}

// reachesUs says whether the archive opened an association to us since. Many do only
// when they have something to send, so it is asked for what it sent last: it comes
// again, and is not taken. Where nothing ever came there is no telling.
func (d *DIMSE) reachesUs(ctx context.Context, asked *dimsePACS, before int) bool {
	reached, last := d.own.sent()
	if reached == before && last.SOPUID != "" {
		// Whether it came is what counts, not what the archive says of it.
		_ = asked.ask(ctx, func(c *dimse.Client) error {
			_, err := c.Move(last, d.own.AE)
			return err
		})
		reached, _ = d.own.sent()
	}
	return reached != before
}
