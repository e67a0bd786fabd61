package main

import (
	"fmt"
	"os"
	"time"

	"nafas/dicomio"
	"nafas/inference/detect"
	"nafas/inference/lung"
	"nafas/models/manifest"
)

type modelPrepareCmd struct {
	Out   string   `arg:"" type:"path" help:"Folder to write to."`
	Paths []string `arg:"" type:"path" help:"Files, folders, DICOMDIR folders or zip files."`
}

// Run writes the chosen series of every study as the network would see it, so
// that training and inference cannot differ.
func (c *modelPrepareCmd) Run(s *streams, ctx kongContext) error {
	if err := os.MkdirAll(c.Out, 0o755); err != nil {
		return err
	}
	items, err := walkAll(ctx, s, c.Paths)
	if err != nil {
		return err
	}
	inventory, err := dicomio.Load(ctx, items, dicomio.LoadOptions{})
	if err != nil {
		return err
	}
	good, failed := 0, 0
	for _, study := range dicomio.Studies(dicomio.Group(inventory.Instances)) {
		choice := dicomio.Choose(study.Series)
		for _, r := range choice.Rejected {
			fmt.Fprintf(s.err, "series %s is left out: %v\n", r.Series.UID, r.Err)
		}
		if len(choice.Usable) == 0 {
			failed++
			continue
		}
		if err := c.series(s, ctx, choice.Usable[0]); err != nil {
			if ctx.Err() != nil {
				return ctx.Err()
			}
			fmt.Fprintf(s.err, "series %s: %v\n", choice.Usable[0].UID, err)
			failed++
			continue
		}
		good++
	}
	return refusedError(failed+len(inventory.Refused), good)
}

func (c *modelPrepareCmd) series(s *streams, ctx kongContext, series *dicomio.Series) error {
	start := time.Now()
	scan, err := dicomio.Assemble(ctx, series, dicomio.AssembleOptions{})
	if err != nil {
		return err
	}
	field, err := lung.Find(ctx, scan.Volume)
	if err != nil {
		return err
	}
	prepared, err := detect.Prepare(ctx, scan.Volume, field, manifest.StandardInput())
	if err != nil {
		return err
	}
	meta := detect.Meta{SliceThicknessMM: scan.Info.SliceThicknessMM, Kernel: scan.Info.Kernel}
	if err := detect.WritePrepared(c.Out, series.UID, prepared, meta); err != nil {
		return err
	}
	_, err = fmt.Fprintf(s.out, "%s %dx%dx%d voxels, lungs %.0f ml, %.1f s\n", series.UID,
		prepared.Grid.Size[0], prepared.Grid.Size[1], prepared.Grid.Size[2], field.VolumeML, time.Since(start).Seconds())
	return err
}
