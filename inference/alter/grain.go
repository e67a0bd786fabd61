package alter

import (
	"math"

	"nafas/inference/phantom/noise"
	"nafas/inference/volume"
)

// grainMM is the blur of the noise in the plane: that of a standard kernel.
const grainMM = .6

// Noise adds correlated noise of a standard deviation. Voxels of exactly
// volume.AirHU are what was not measured, and stay.
func Noise(v *volume.Volume, sigmaHU float64, seed uint64) *volume.Volume {
	return addNoise(v, noiseTile(v.Grid, seed), sigmaHU)
}

// Dose adds the noise that a share of the dose (above 0, to 1) would have had:
// noise grows by 1/sqrt of it. What the scan has is estimated in its lungs;
// where there are none nothing is added.
func Dose(v *volume.Volume, share float64, seed uint64) *volume.Volume {
	tile := noiseTile(v.Grid, seed)
	has := noise.Strength(v.HU, v.Size[0]) / roughness(tile)
	return addNoise(v, tile, has*math.Sqrt(1/share-1))
}

func noiseTile(g volume.Grid, seed uint64) noise.Tile {
	return noise.New(seed, noise.Colour{Plane: grainMM / g.SpacingMM[0], Through: .3, Sharp: .5})
}

// roughness is what noise.Strength, which looks at second differences, says of
// a tile of standard deviation 1: less than 1, since neighbours are alike.
func roughness(t noise.Tile) float64 {
	var squares float64
	for i := 1; i+1 < len(t); i++ {
		d := float64(2*t[i] - t[i-1] - t[i+1])
		squares += d * d
	}
	return math.Sqrt(squares / float64(len(t)-2) / 6)
}

func addNoise(v *volume.Volume, tile noise.Tile, sigmaHU float64) *volume.Volume {
	out := &volume.Volume{Grid: v.Grid, HU: make([]int16, len(v.HU))}
	at := 0
	for k := range v.Size[2] {
		// The tile repeats every 80 voxels: shifted from repeat to repeat, so
		// that no place has the same noise as the next.
		dj, di := k/noise.Side*31, k/noise.Side*17
		for j := range v.Size[1] {
			row := tile.Row(j+dj, k)
			turn := di + j/noise.Side*43
			for i := range v.Size[0] {
				hu := v.HU[at]
				if hu != volume.AirHU {
					hu = clip(float64(hu) + sigmaHU*float64(row[(i+turn)%noise.Side]))
				}
				out.HU[at] = hu
				at++
			}
		}
	}
	return out
}

// Smooth blurs in the plane by a Gaussian of sigmaMM, as a softer kernel does.
func Smooth(v *volume.Volume, sigmaMM float64) *volume.Volume {
	return filter(v, sigmaMM, 0, 1)
}

// Sharpen adds amount times the difference to a blur of sigmaMM in the plane,
// as a sharper kernel does: edges overshoot and noise grows.
func Sharpen(v *volume.Volume, amount, sigmaMM float64) *volume.Volume {
	return filter(v, sigmaMM, 1+amount, -amount)
}

// filter is own*v + blurred*blur(v), slice by slice; borders repeat.
func filter(v *volume.Volume, sigmaMM, own, blurred float64) *volume.Volume {
	out := &volume.Volume{Grid: v.Grid, HU: make([]int16, len(v.HU))}
	nx, ny := v.Size[0], v.Size[1]
	kx, ky := gaussian(sigmaMM/v.SpacingMM[0]), gaussian(sigmaMM/v.SpacingMM[1])
	rows := make([]float32, nx*ny)
	acc := make([]float32, nx)
	for k := range v.Size[2] {
		plane := v.HU[k*nx*ny:][:nx*ny]
		for j := range ny {
			row, to := plane[j*nx:][:nx], rows[j*nx:][:nx]
			for i := range to {
				sum := kx[0] * float32(row[i])
				for t := 1; t < len(kx); t++ {
					sum += kx[t] * (float32(row[max(i-t, 0)]) + float32(row[min(i+t, nx-1)]))
				}
				to[i] = sum
			}
		}
		for j := range ny {
			for i, x := range rows[j*nx:][:nx] {
				acc[i] = ky[0] * x
			}
			for t := 1; t < len(ky); t++ {
				up, down := rows[max(j-t, 0)*nx:][:nx], rows[min(j+t, ny-1)*nx:][:nx]
				for i := range acc {
					acc[i] += ky[t] * (up[i] + down[i])
				}
			}
			to := out.HU[(k*ny+j)*nx:][:nx]
			for i, x := range acc {
				to[i] = clip(own*float64(plane[j*nx+i]) + blurred*float64(x))
			}
		}
	}
	return out
}

// gaussian is the centre and one side of a normalised kernel, sigma in voxels.
func gaussian(sigma float64) []float32 {
	r := int(math.Ceil(3 * sigma))
	w := make([]float64, r+1)
	sum := 0.
	for i := range w {
		w[i] = math.Exp(-float64(i*i) / (2 * sigma * sigma))
		if sum += w[i]; i > 0 {
			sum += w[i]
		}
	}
	out := make([]float32, len(w))
	for i := range w {
		out[i] = float32(w[i] / sum)
	}
	return out
}
