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
	return eachChosen(s, ctx, c.Paths, func(series *dicomio.Series) error { return c.series(s, ctx, series) })
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
