package prior

const (
	// mostThickMM: volumes of small nodules are measured in slices up to 2.5 mm
	// (inference/measure's figures end there).
	mostThickMM = 2.5
	// mostThicker is by how much the slices of one scan may be thicker.
	mostThicker = .5
	// leastDays: a tumour of the shortest doubling time, 20 days, grows in it by
	// the 25 % that two measurements of an unchanged nodule differ by.
	leastDays = 7
	slackMM   = 1e-3
)

// notComparable are the reasons, of the scans, why volumes are not compared.
func notComparable(current, earlier *Exam, days int) (out []Reason) {
	a, b := current.thicknessMM(), earlier.thicknessMM()
	if max(a, b)-min(a, b) > mostThicker+slackMM {
		out = append(out, ThicknessDiffers)
	}
	if max(a, b) > mostThickMM+slackMM {
		out = append(out, ThicknessTooLarge)
	}
	switch {
	case current.Sharpness == SharpnessUnknown || earlier.Sharpness == SharpnessUnknown:
		out = append(out, KernelUnknown)
	case current.Sharpness != earlier.Sharpness:
		out = append(out, KernelDiffers)
	}
	if days < leastDays {
		out = append(out, ShortInterval)
	}
	return out
}

// thicknessMM is the larger of what the scanner says and the distance of slices.
func (e *Exam) thicknessMM() float64 { return max(e.SliceThicknessMM, e.Volume.SpacingMM[2]) }
