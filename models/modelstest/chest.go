package modelstest

import (
	"context"
	"math/rand/v2"
	"sync"

	"nafas/inference/phantom"
	"nafas/inference/phantom/nodule"
	"nafas/inference/volume"
)

// Chest is a synthetic chest of 64 x 64 x 40 voxels (5.625 x 5.625 x 5 mm) with
// lungs and two solid nodules of 24 and 28 mm. It is made once; nobody may change
// it.
var Chest = sync.OnceValues(func() (*volume.Volume, error) {
	var nodules []phantom.Nodule
	for i, diameter := range []float64{24, 28} {
		mix := nodule.Mix{MedianMM: diameter, MinMM: diameter, MaxMM: diameter, Solid: 1, Free: 1}
		nodules = append(nodules, phantom.Nodule{ID: i + 1, Spec: nodule.Draw(rand.New(rand.NewPCG(uint64(i), 1)), mix)})
	}
	made, err := phantom.Generate(context.Background(), phantom.Spec{
		Seed: 4, Columns: 64, Rows: 64, Slices: 40, SpacingMM: [3]float64{360. / 64, 360. / 64, 5}, Nodules: nodules,
	})
	if err != nil {
		return nil, err
	}
	return made.Volume, nil
})
