package main

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"math"
	"math/rand/v2"
	"os"
	"path/filepath"
	"slices"
	"time"

	"nafas/dicomio/ctwriter"
	"nafas/dicomio/part10"
	"nafas/inference/phantom"
	"nafas/inference/phantom/nodule"
)

type phantomCmd struct {
	Out     string `arg:"" type:"path" help:"Folder for the series and its truth.csv."`
	Seed    uint64 `help:"The patient: anatomy and places of nodules." default:"1"`
	Nodules int    `help:"Number of nodules." default:"5"`
	populationFlags

	Scan        uint64    `help:"The examination: noise and how the patient lies; 0 takes the seed." group:"A synthetic chest:"`
	Size        int       `help:"Columns and rows." default:"512" group:"A synthetic chest:"`
	Slices      int       `help:"Number of slices; 0 covers the lungs." group:"A synthetic chest:"`
	Spacing     float64   `help:"Distance between slices, mm." default:"1.25" group:"A synthetic chest:"`
	Thickness   float64   `help:"Slice thickness, mm; 0 takes the distance, or what the series says." group:"A synthetic chest:"`
	Kernel      string    `help:"Reconstruction kernel: standard, soft or sharp." default:"standard" group:"A synthetic chest:"`
	Noise       float64   `help:"Noise in soft tissue, HU, at the routine dose." default:"20" group:"A synthetic chest:"`
	Dose        float64   `help:"Dose over the routine one: noise grows by 1/sqrt." default:"1" group:"A synthetic chest:"`
	Contrast    bool      `help:"Fill heart and vessels with contrast medium." group:"A synthetic chest:"`
	Orientation string    `help:"Plane of the images: axial, coronal, sagittal, or the six numbers of Image Orientation (Patient), separated by commas." default:"axial" group:"A synthetic chest:"`
	Mimics      bool      `help:"Add what looks like nodules." default:"true" negatable:"" group:"A synthetic chest:"`
	Prior       int       `help:"Write an examination of the same patient this many days earlier too: OUT/prior and OUT/current." placeholder:"DAYS" group:"A synthetic chest:"`
	Doubling    []float64 `help:"Days in which a nodule doubles its volume, for the nodules in turn; 0 for one that does not grow." default:"180" placeholder:"DAYS" group:"A synthetic chest:"`

	Into   []string `help:"Set the nodules into these real series instead (files, folders, zip files)." type:"path" placeholder:"PATH" sep:"none" group:"Nodules in real series:"`
	Copies int      `help:"Write so many copies of each series, OUT/CASE-N, and the tables of an evaluation." group:"Nodules in real series:"`
	Known  []string `help:"CSV of the patients' own nodules (LUNA16 columns) to keep clear of." type:"existingfile" placeholder:"FILE" sep:"none" group:"Nodules in real series:"`
	Blur   float64  `help:"Blur of the kernel in the plane, standard deviation in mm; 0 takes it from the series' kernel." group:"Nodules in real series:"`
}

// Run writes one synthetic chest, a pair of them, or nodules in real series.
func (c *phantomCmd) Run(s *streams, ctx kongContext) error {
	if err := c.check(); err != nil {
		return err
	}
	population, err := c.population()
	if err != nil {
		return err
	}
	if len(c.Into) > 0 {
		return c.implant(s, ctx, population)
	}
	spec, err := c.spec(population)
	if err != nil {
		return err
	}
	if c.Prior > 0 {
		return c.pair(s, ctx, spec)
	}
	if err := mustBeFree(c.Out); err != nil {
		return err
	}
	made, err := writePhantom(ctx, c.Out, spec)
	if err != nil {
		return err
	}
	return sayMade(s, made, c.Out)
}

// check refuses numbers that nothing can be made of, and flags of one mode in
// the other.
func (c *phantomCmd) check() error {
	switch {
	case c.Size < 1 || c.Slices < 0 || c.Nodules < 0 || !(c.Spacing > 0) || !(c.Thickness >= 0) || !(c.Noise >= 0) || !(c.Dose > 0) || !(c.Blur >= 0):
		return usage("--size, --spacing and --dose must be above 0; --slices, --nodules, --thickness, --noise and --blur must not be negative")
	case c.Prior < 0 || c.Prior > maxPriorDays || c.Copies < 0:
		return usage("--prior must be 0 to %d days, and --copies not negative", maxPriorDays)
	case c.noise() > maxNoiseHU:
		return usage("--noise and --dose make a noise of %g HU: %d at most", c.noise(), maxNoiseHU)
	case len(c.Into) == 0 && (c.Copies > 0 || len(c.Known) > 0 || c.Blur > 0):
		return usage("--copies, --known and --blur belong to --into")
	case len(c.Into) > 0 && c.describesChest():
		return usage("--prior, --contrast, --scan, --size, --slices, --spacing, --kernel, --noise, --dose, --no-mimics and " +
			"--orientation belong to a synthetic chest, not to --into")
	case c.Prior == 0 && !slices.Equal(c.Doubling, []float64{180}):
		return usage("--doubling belongs to --prior: without an earlier examination nothing grows")
	}
	for _, days := range c.Doubling {
		if !(days >= 0) {
			return usage("--doubling must not be negative")
		}
	}
	return nil
}

const (
	maxPriorDays = 36500
	maxNoiseHU   = 1000
)

// noise is the noise in HU at the wanted dose.
func (c *phantomCmd) noise() float64 { return c.Noise / math.Sqrt(c.Dose) }

// describesChest tells whether a flag differs from its default that a real
// series answers itself.
func (c *phantomCmd) describesChest() bool {
	return c.Prior > 0 || c.Contrast || c.Scan != 0 || c.Size != 512 || c.Slices != 0 || c.Spacing != 1.25 ||
		c.Kernel != "standard" || c.Noise != 20 || c.Dose != 1 || !c.Mimics || c.Orientation != "axial"
}

func (c *phantomCmd) spec(population phantom.Population) (phantom.Spec, error) {
	kernel, err := phantom.ParseKernel(c.Kernel)
	if err != nil {
		return phantom.Spec{}, usage("%w", err)
	}
	axes, err := parseOrientation(c.Orientation)
	if err != nil {
		return phantom.Spec{}, err
	}
	nodules, err := population.Draw(c.Seed, c.Nodules)
	if err != nil {
		return phantom.Spec{}, usage("%w", err)
	}
	return phantom.Spec{
		Seed: c.Seed, Scan: c.Scan, Columns: c.Size, Rows: c.Size, Slices: c.Slices, Axes: axes,
		SpacingMM: squareField(c.Size, c.Spacing), SliceThicknessMM: c.Thickness,
		Kernel: kernel, NoiseHU: noiseOrNone(c.noise()), Contrast: c.Contrast, Mimics: c.Mimics,
		Nodules: nodules,
	}, nil
}

// pair writes two examinations of one patient, whose nodules grew between
// them.
func (c *phantomCmd) pair(s *streams, ctx kongContext, spec phantom.Spec) error {
	folders := [2]string{filepath.Join(c.Out, "current"), filepath.Join(c.Out, "prior")}
	for _, dir := range folders {
		if err := mustBeFree(dir); err != nil {
			return err
		}
	}
	made, err := writePhantom(ctx, folders[0], spec)
	if err != nil {
		return err
	}
	before := made.Prior(earlierScan(made.Spec.Scan), func(n phantom.Nodule) float64 {
		days := 0.
		if len(c.Doubling) > 0 {
			days = c.Doubling[(n.ID-1)%len(c.Doubling)]
		}
		if days == 0 {
			return n.DiameterMM
		}
		return phantom.EarlierDiameterMM(n.DiameterMM, float64(c.Prior), days)
	})
	date, err := time.Parse(dicomDate, currentDate)
	if err != nil {
		return err
	}
	earlier, err := writePhantomOn(ctx, folders[1], before, date.AddDate(0, 0, -c.Prior).Format(dicomDate))
	if err != nil {
		return err
	}
	if err := sayMade(s, earlier, folders[1]); err != nil {
		return err
	}
	return sayMade(s, made, folders[0])
}

// earlierScan draws another examination from one: never 0, which would mean
// the patient's seed.
func earlierScan(scan uint64) uint64 { return rand.New(rand.NewPCG(scan, 17)).Uint64() | 1 }

const (
	dicomDate = "20060102"
	// currentDate is the date that ctwriter gives.
	currentDate = "20260101"
)

// mustBeFree refuses a folder with anything in it: slices would mix with those
// of another series, and a table there be written over.
func mustBeFree(dir string) error {
	switch old, err := os.ReadDir(dir); {
	case errors.Is(err, fs.ErrNotExist):
		return nil
	case err != nil:
		return usage("%w", err)
	case len(old) > 0:
		return usage("%s is not empty (%s): name a new folder", dir, old[0].Name())
	}
	return nil
}

func sayMade(s *streams, made *phantom.Phantom, dir string) error {
	_, err := fmt.Fprintf(s.out, "%d slices, %d nodules and %d mimics: %s, truth in %s\n", made.Volume.Size[2],
		len(made.Nodules), len(made.Mimics), dir, filepath.Join(dir, truthFile))
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
	return writePhantomOn(ctx, dir, spec, currentDate)
}

// writePhantomOn is writePhantom for an examination of a date.
func writePhantomOn(ctx context.Context, dir string, spec phantom.Spec, date string) (*phantom.Phantom, error) {
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
		SliceThicknessMM: made.Spec.SliceThicknessMM, Kernel: string(made.Spec.Kernel), Date: date,
	}
	if options.Kernel == "" {
		options.Kernel = "STANDARD"
	}
	if _, err := ctwriter.Write(dir, made.Volume, options); err != nil {
		return nil, err
	}
	rows := make([]phantom.Row, 0, len(made.Nodules)+len(made.Mimics))
	for _, t := range slices.Concat(made.Nodules, made.Mimics) {
		rows = append(rows, phantom.Row{SeriesUID: options.SeriesUID, Truth: t})
	}
	return made, writeRows(filepath.Join(dir, truthFile), rows)
}

func writeRows(path string, rows []phantom.Row) error {
	f, err := os.Create(path)
	if err != nil {
		return err
	}
	return errors.Join(phantom.WriteRows(f, rows), f.Close())
}
