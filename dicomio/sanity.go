package dicomio

import (
	"sync"

	"nafas/dicomio/refusal"
	"nafas/inference/volume"
)

// tally counts a sample of the voxels, to tell Hounsfield units of a patient
// from anything else. The lungs themselves are looked for later, on the
// volume.
type tally struct {
	mu    sync.Mutex
	count [1 << 16]int64 // by HU + 32768
}

// tallyStep samples one voxel of this many; odd, so that columns take turns.
const tallyStep = 61

func (t *tally) add(slab []int16) {
	t.mu.Lock()
	defer t.mu.Unlock()
	for i := 0; i < len(slab); i += tallyStep {
		t.count[int(slab[i])+1<<15]++
	}
}

// check: there is air, there is a body, and the body's median is soft tissue
// (unscaled values lie a thousand higher). Emphysema and an enlarged lung
// make more air, which never refuses.
func (t *tally) check() error {
	var total, air, body int64
	for i, n := range t.count {
		total += n
		if i-1<<15 < airBelowHU {
			air += n
		} else {
			body += n
		}
	}
	const remedy = "send the original CT images in Hounsfield units"
	least := int64(minAirOrBodyShare * float64(total))
	if air < least || body < least {
		return refusal.New(refusal.NotHounsfield, remedy,
			"%d %% of the values are those of air and %d %% are above", 100*air/max(total, 1), 100*body/max(total, 1))
	}
	var below int64
	for i := airBelowHU + 1<<15; i < len(t.count); i++ {
		if below += t.count[i]; 2*below >= body {
			if m := i - 1<<15; m < bodyMedianLowHU || m > bodyMedianHighHU {
				return refusal.New(refusal.NotHounsfield, remedy,
					"the median of the body is %d, outside %d to %d", m, bodyMedianLowHU, bodyMedianHighHU)
			}
			break
		}
	}
	return nil
}

// move shifts a slice by whole pixels: right by by[0], down by by[1]. What
// comes in from outside is air.
func move(slab []int16, columns int, by [2]int) {
	if by == [2]int{} {
		return
	}
	old := append([]int16(nil), slab...)
	rows := len(slab) / columns
	for j := range rows {
		for i := range columns {
			from, at := i-by[0], j-by[1]
			if from < 0 || from >= columns || at < 0 || at >= rows {
				slab[j*columns+i] = volume.AirHU
				continue
			}
			slab[j*columns+i] = old[at*columns+from]
		}
	}
}

// airInsideMM2 is the area of air in a slice that no way through air joins to
// the border of the image: lung, airways, bowel.
func (p *plan) airInsideMM2(slab []int16) float64 {
	columns, rows := p.grid.Size[0], p.grid.Size[1]
	outside := make([]bool, len(slab))
	var queue []int
	visit := func(i int) {
		if !outside[i] && slab[i] < airBelowHU {
			outside[i] = true
			queue = append(queue, i)
		}
	}
	for i := range columns {
		visit(i)
		visit((rows-1)*columns + i)
	}
	for j := range rows {
		visit(j * columns)
		visit(j*columns + columns - 1)
	}
	for len(queue) > 0 {
		at := queue[len(queue)-1]
		queue = queue[:len(queue)-1]
		if c := at % columns; c > 0 {
			visit(at - 1)
		}
		if c := at % columns; c < columns-1 {
			visit(at + 1)
		}
		if at >= columns {
			visit(at - columns)
		}
		if at < len(slab)-columns {
			visit(at + columns)
		}
	}
	inside := 0
	for i, hu := range slab {
		if hu < airBelowHU && !outside[i] {
			inside++
		}
	}
	return float64(inside) * p.grid.SpacingMM[0] * p.grid.SpacingMM[1]
}
