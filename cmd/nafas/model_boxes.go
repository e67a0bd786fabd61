package main

import (
	"context"
	"encoding/json"

	"nafas/dicomio"
	"nafas/inference/detect"
	"nafas/models/manifest"
)

type modelBoxesCmd struct {
	engineFlags
	Paths []string `arg:"" type:"path" help:"Files, folders, DICOMDIR folders or zip files."`
}

// seriesBoxes are the boxes of one series, as a line of JSON.
type seriesBoxes struct {
	SeriesInstanceUID string `json:"seriesInstanceUid"`
	// Size is the volume on the model's grid: voxels along x, y, z.
	Size  [3]int   `json:"size"`
	Boxes []oneBox `json:"boxes"`
}

type oneBox struct {
	// Box is the lower corner, then the upper one, as voxel indices of the
	// model's grid.
	Box         [6]float64 `json:"box"`
	Score       float64    `json:"score"`
	Level       int        `json:"level"`
	CentreLPSMM [3]float64 `json:"centreLpsMm"`
	SidesMM     [3]float64 `json:"sidesMm"`
}

// Run prints what a RetinaNet's boxes are before this project's own rules: to
// be compared with those of the place that the model comes from.
func (c *modelBoxesCmd) Run(s *streams, ctx kongContext) error {
	library, err := c.findLibrary(ctx, s, true)
	if err != nil {
		return err
	}
	model, networks, err := c.openModel(library)
	if err != nil {
		return err
	}
	defer networks.close()
	if model.Head.RetinaNet == nil || !model.Input.Whole() {
		return usage("%s is no model that reads whole volumes and makes boxes", model.Name)
	}
	detector, err := detect.New(model, networks.runners())
	if err != nil {
		return err
	}
	return eachChosen(s, ctx, c.Paths, func(series *dicomio.Series) error {
		found, err := boxesOf(ctx, detector, model.Input, series)
		if err != nil {
			return err
		}
		return json.NewEncoder(s.out).Encode(found)
	})
}

func boxesOf(ctx context.Context, d *detect.Detector, in manifest.Input, series *dicomio.Series) (*seriesBoxes, error) {
	scan, err := dicomio.Assemble(ctx, series, dicomio.AssembleOptions{})
	if err != nil {
		return nil, err
	}
	prepared, err := detect.PrepareVolume(ctx, scan.Volume, in)
	if err != nil {
		return nil, err
	}
	maps, err := d.Infer(ctx, prepared, nil)
	if err != nil {
		return nil, err
	}
	boxes, err := d.Boxes(prepared, maps)
	if err != nil {
		return nil, err
	}
	found := &seriesBoxes{SeriesInstanceUID: series.UID, Size: prepared.Grid.Size, Boxes: []oneBox{}}
	for _, b := range boxes {
		centre, sides := b.World(prepared.Grid)
		found.Boxes = append(found.Boxes, oneBox{
			Box:   [6]float64{b.Min[0], b.Min[1], b.Min[2], b.Max[0], b.Max[1], b.Max[2]},
			Score: b.Score, Level: b.Level, CentreLPSMM: centre, SidesMM: sides,
		})
	}
	return found, nil
}
