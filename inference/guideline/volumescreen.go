package guideline

import "fmt"

// volumeRow is a cut of a screening protocol over volumes of solid nodules.
type volumeRow struct {
	rule   string
	state  State
	volume span // mm3
	now    []Step
}

// Only what is verified: the European statement's cuts below these, and
// NELSON's own names for less than 50 and more than 500 mm3, are from memory and
// left out, so that a volume outside has no row.
var (
	europeanRows = []volumeRow{
		{"EU.SOLID.BASELINE", Baseline, span{above: 300}, []Step{{Action: Multidisciplinary}}},
		{"EU.SOLID.NEW", New, span{above: 200}, []Step{{Action: Multidisciplinary}}},
	}
	nelsonRows = []volumeRow{
		{"NELSON.SOLID.INDETERMINATE", Baseline, span{atLeast: 50, upTo: 500}, []Step{{Action: CT}}},
	}
)

// European suggests what the European position statement of 2017 says of a solid
// nodule's volume in a screening exam: more than 300 mm3 at baseline, or more
// than 200 mm3 where it is new, goes to a multidisciplinary work-up. Below, its
// cuts are not verified and nothing is suggested. Errors: ErrInput.
func European(n Nodule, p Patient) (Suggestion, error) {
	return byVolumeRows(European2017, europeanRows, n, p)
}

// NELSONVolume suggests what NELSON says of a solid nodule's volume in a
// screening exam: 50 to 500 mm3 at baseline is indeterminate and gets a repeated
// CT. Outside, its cuts are not verified and nothing is suggested; for nodules
// that were new there is NELSONNewAtFollowUp. Errors: ErrInput.
func NELSONVolume(n Nodule, p Patient) (Suggestion, error) {
	return byVolumeRows(NELSON, nelsonRows, n, p)
}

func byVolumeRows(g Guideline, rows []volumeRow, n Nodule, p Patient) (Suggestion, error) {
	s := begin(g)
	if err := n.check(); err != nil {
		return s, err
	}
	if err := p.check(); err != nil {
		return s, err
	}
	if s = s.forScreening(p); !s.Given() {
		return s, nil
	}
	switch why := n.uncompared(); {
	case why != "":
		return s.withhold(why), nil
	case n.Type == TypeUnknown:
		return s.withhold(FactsMissing, FactType), nil
	case n.Type != Solid:
		return s.withhold(TypeNotCovered), nil
	case n.volumeMM3() == 0:
		return s.withhold(FactsMissing, FactSize), nil
	}
	for _, r := range rows {
		if r.state == n.State && r.volume.has(n.volumeMM3()) {
			s.Rule, s.Now, s.Used = r.rule, append([]Step{}, r.now...), Used{By: ByVolume, VolumeMM3: n.volumeMM3()}
			return s, nil
		}
	}
	s.NeedsRadiologist = append(s.NeedsRadiologist, AskNoRow)
	return s.withhold(NoRow), nil
}

// nelsonNew are the bounds of NELSON for a new nodule at its first follow-up:
// either makes it suspicious.
var nelsonNew = struct{ doubling, volume span }{span{upTo: 590}, span{atLeast: 200}}

// NELSONNewAtFollowUp says whether a nodule that was new at the prior exam is
// suspicious by NELSON at its first follow-up: a doubling time of 590 days or
// less, or 200 mm3 or more (published: sensitivity 100%, specificity 84%).
// Volumes in mm3; days between the exams. Errors: ErrInput, and
// ErrNotComparable where the volume alone does not decide.
func NELSONNewAtFollowUp(nowMM3, priorMM3 float64, days int, comparable Answer) (bool, error) {
	if !answers(comparable) {
		return false, fmt.Errorf("%w: comparability is yes, no or empty", ErrInput)
	}
	if err := twoSizes(nowMM3, priorMM3, days); err != nil {
		return false, err
	}
	if nelsonNew.volume.has(nowMM3) {
		return true, nil
	}
	d, err := DoublingTime(nowMM3, priorMM3, days, comparable)
	return err == nil && !d.StableOrShrinking && nelsonNew.doubling.has(d.Days), err
}
