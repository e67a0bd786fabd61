package main

import (
	"context"
	"encoding/json"
	"fmt"
	"math/rand/v2"
	"os"
	"path/filepath"

	"nafas/dicomio/ctwriter"
	"nafas/dicomio/part10"
	"nafas/inference/phantom"
	"nafas/inference/phantom/nodule"
)

type phantomCmd struct {
	Out       string  `arg:"" type:"path" help:"Folder for the series and its truth.csv."`
	Seed      uint64  `help:"The patient: anatomy and places of nodules." default:"1"`
	Scan      uint64  `help:"The examination: noise and how the patient lies; 0 takes the seed."`
	Size      int     `help:"Columns and rows." default:"512"`
	Slices    int     `help:"Number of slices; 0 covers the lungs."`
	Spacing   float64 `help:"Distance between slices, mm." default:"1.25"`
	Thickness float64 `help:"Slice thickness, mm; 0 takes the distance."`
	Kernel    string  `help:"Reconstruction kernel: standard, soft or sharp." default:"standard"`
	Noise     float64 `help:"Noise in soft tissue, HU." default:"20"`
	Nodules   int     `help:"Number of nodules." default:"5"`
	Mimics    bool    `help:"Add what looks like nodules." default:"true" negatable:""`
}

func (c *phantomCmd) Run(s *streams, ctx kongContext) error {
	if c.Size < 1 || c.Slices < 0 || c.Nodules < 0 || c.Spacing <= 0 || c.Thickness < 0 {
		return usage("--size and --spacing must be above 0; --slices, --nodules and --thickness must not be negative")
	}
	if old, _ := filepath.Glob(filepath.Join(c.Out, "*.dcm")); len(old) > 0 {
		return usage("%s holds a series already: its slices would mix with the new ones", c.Out)
	}
	kernel, err := phantom.ParseKernel(c.Kernel)
	if err != nil {
		return usage("%w", err)
	}
	spec := phantom.Spec{
		Seed: c.Seed, Scan: c.Scan, Columns: c.Size, Rows: c.Size, Slices: c.Slices,
		SpacingMM: squareField(c.Size, c.Spacing), SliceThicknessMM: c.Thickness,
		Kernel: kernel, NoiseHU: noiseOrNone(c.Noise), Mimics: c.Mimics,
		Nodules: phantom.DrawNodules(c.Seed, c.Nodules, nodule.DefaultMix()),
	}
	made, err := writePhantom(ctx, c.Out, spec)
	if err != nil {
		return err
	}
	_, err = fmt.Fprintf(s.out, "%d slices, %d nodules and %d mimics: %s, truth in %s\n", made.Volume.Size[2],
		len(made.Nodules), len(made.Mimics), c.Out, filepath.Join(c.Out, truthFile))
	return err
}

const (
	truthFile = "truth.csv"
	// phantomFieldMM is the field of view of a phantom.
	phantomFieldMM = 360
)

func squareField(pixels int, betweenSlicesMM float64) [3]float64 {
	side := phantomFieldMM / float64(pixels)
	return [3]float64{side, side, betweenSlicesMM}
}

// noiseOrNone: the generator takes 0 as its default, a user means none.
func noiseOrNone(hu float64) float64 {
	if hu == 0 {
		return -1
	}
	return hu
}

// demoSpec is the patient of the demo and of nafas bench: 260 slices, and
// nodules of every type and place.
func demoSpec() phantom.Spec {
	return phantom.Spec{
		Seed: 7, Slices: 260, SpacingMM: squareField(512, 1.25), Mimics: true,
		Nodules: []phantom.Nodule{
			demoNodule(1, nodule.Mix{Solid: 1, Free: 1}, 12),
			demoNodule(2, nodule.Mix{Solid: 1, Pleura: 1}, 9),
			demoNodule(3, nodule.Mix{PartSolid: 1, Free: 1}, 16),
			demoNodule(4, nodule.Mix{GroundGlass: 1, Free: 1}, 18),
			demoNodule(5, nodule.Mix{Solid: 1, Vessel: 1}, 7),
		},
	}
}

func demoNodule(seed uint64, kind nodule.Mix, diameterMM float64) phantom.Nodule {
	kind.MedianMM, kind.MinMM, kind.MaxMM = diameterMM, diameterMM, diameterMM
	return phantom.Nodule{Spec: nodule.Draw(rand.New(rand.NewPCG(seed, 1)), kind)}
}

// writePhantom generates a phantom and writes it as a DICOM series with its
// truth beside it.
func writePhantom(ctx context.Context, dir string, spec phantom.Spec) (*phantom.Phantom, error) {
	made, err := phantom.Generate(ctx, spec)
	if err != nil {
		return nil, err
	}
	name, err := json.Marshal(made.Spec) // the same patient and examination, the same UIDs
	if err != nil {
		return nil, err
	}
	options := ctwriter.Options{
		Seed: string(name), SeriesUID: part10.NameUID("phantom", string(name)),
		Description: "Synthetic chest, no patient", Manufacturer: "Nafas phantom",
		Patient:          ctwriter.Patient{ID: fmt.Sprintf("PHANTOM-%d", spec.Seed), Issuer: "NAFAS", Name: "Phantom^Synthetic"},
		SliceThicknessMM: made.Spec.SliceThicknessMM, Kernel: string(made.Spec.Kernel),
	}
	if options.Kernel == "" {
		options.Kernel = "STANDARD"
	}
	if _, err := ctwriter.Write(dir, made.Volume, options); err != nil {
		return nil, err
	}
	f, err := os.Create(filepath.Join(dir, truthFile))
	if err != nil {
		return nil, err
	}
	if err := phantom.WriteTruth(f, options.SeriesUID, made.Nodules, made.Mimics); err != nil {
		f.Close()
		return nil, err
	}
	return made, f.Close()
}
