package main

import (
	"bufio"

	"nafas/inference/phantom/patches"
)

type modelPatchesCmd struct {
	Prepared     []string `help:"Folders written by model prepare." required:"" type:"existingdir"`
	Labels       []string `help:"CSV files: seriesuid, coordX, coordY, coordZ, diameter_mm, judgement." type:"existingfile"`
	Phantom      string   `help:"Folder of prepared phantoms." type:"existingdir"`
	PhantomShare float64  `help:"Share of patches from the phantoms." default:"0.2"`
	Include      []string `help:"Series UIDs: use only these."`
	Exclude      []string `help:"Series UIDs: leave these out."`
	Seed         uint64   `help:"Seed; patch i of a seed is always the same." default:"1"`
	First        uint64   `help:"Index of the first patch."`
	Count        uint64   `help:"Number of patches; 0 goes on until the reader leaves."`
	Size         int      `help:"Side of a patch in voxels." default:"64"`
	Workers      int      `help:"Patches made at the same time." default:"${cores}"`
	OnLesion     float64  `help:"Share of patches near a labelled nodule." default:"0.15"`
	OnHard       float64  `help:"Share of patches near a hard place." default:"0.15"`
}

// Run writes training patches to standard output, in the format of package
// patches; models/train reads them.
func (c *modelPatchesCmd) Run(s *streams, ctx kongContext) error {
	labels, err := patches.LoadLabels(c.Labels...)
	if err != nil {
		return err
	}
	w := bufio.NewWriterSize(s.out, 1<<20)
	if err := patches.Generate(ctx, w, patches.Options{
		Sources: c.sources(), Labels: labels, Include: c.Include, Exclude: c.Exclude,
		Seed: c.Seed, First: c.First, Count: c.Count, Size: c.Size, Workers: c.Workers,
		OnLesion: noneAsNegative(c.OnLesion), OnHard: noneAsNegative(c.OnHard),
	}); err != nil {
		return err
	}
	return w.Flush()
}

func (c *modelPatchesCmd) sources() []patches.Source {
	real := 1.0
	if c.Phantom != "" {
		real -= c.PhantomShare
	}
	var sources []patches.Source
	for _, dir := range c.Prepared {
		sources = append(sources, patches.Source{Dir: dir, Weight: real / float64(len(c.Prepared))})
	}
	if c.Phantom != "" {
		sources = append(sources, patches.Source{Dir: c.Phantom, Weight: c.PhantomShare, Phantom: true})
	}
	return sources
}

// noneAsNegative: the generator takes 0 as its default, a user means none.
func noneAsNegative(share float64) float64 {
	if share == 0 {
		return -1
	}
	return share
}
