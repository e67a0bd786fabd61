package main

import (
	"nafas/inference/guideline"
	"nafas/inference/suggest"
	"nafas/internal/config"
	"nafas/internal/triage"
	nafasv1 "nafas/proto/nafas/v1"
)

// factFlags are what is known of a patient that images do not show. What is not
// said is not known.
type factFlags struct {
	Age              *int     `help:"Age in years at the latest study." placeholder:"YEARS"`
	Sex              string   `help:"female or male." enum:",female,male" default:""`
	Screening        string   `help:"yes or no: the exam belongs to a lung cancer screening." enum:",yes,no" default:""`
	Risk             string   `help:"low or high: the reader's estimate for Fleischner." enum:",low,high" default:""`
	FamilyHistory    string   `help:"yes or no: lung cancer in the family." enum:",yes,no" default:""`
	Emphysema        string   `help:"yes or no." enum:",yes,no" default:""`
	KnownCancer      string   `help:"yes or no: any cancer." enum:",yes,no" default:""`
	KnownLungCancer  string   `help:"yes or no." enum:",yes,no" default:""`
	Immunosuppressed string   `help:"yes or no." enum:",yes,no" default:""`
	Spiculated       []int    `help:"Ranks of findings of the latest study whose margin is spiculated." placeholder:"RANK,..."`
	NotSpiculated    []int    `help:"Ranks of findings of the latest study whose margin is not." placeholder:"RANK,..."`
	Guidelines       []string `help:"Which are asked: lung-rads, fleischner, bts, european, nelson, brock." placeholder:"NAME,..."`
}

// any says whether something is said of a patient.
func (f factFlags) any() bool {
	return f.Age != nil || len(f.Spiculated)+len(f.NotSpiculated) > 0 ||
		f.Sex+f.Screening+f.Risk+f.FamilyHistory+f.Emphysema+f.KnownCancer+f.KnownLungCancer+f.Immunosuppressed != ""
}

// check refuses what cannot be. No message repeats a value: they are of a
// patient.
func (f factFlags) check() error {
	if f.Age != nil && (*f.Age < 0 || *f.Age > 130) {
		return usage("--patient-age must be 0 to 130")
	}
	margins := map[int]bool{}
	for _, rank := range append(append([]int{}, f.Spiculated...), f.NotSpiculated...) {
		if rank < 1 || margins[rank] {
			return usage("--patient-spiculated and --patient-not-spiculated take ranks from 1 on, each once")
		}
		margins[rank] = true
	}
	_, err := guidelineNames(f.Guidelines)
	return err
}

// guidelineNames checks the names of guidelines.
func guidelineNames(list []string) ([]suggest.Name, error) {
	var out []suggest.Name
	for _, name := range list {
		if !suggest.Name(name).Known() {
			return nil, usage("%s is none of the guidelines %s", name, suggest.NamesText())
		}
		out = append(out, suggest.Name(name))
	}
	return out, nil
}

// options are the facts as the application wants them.
func (f factFlags) options() (triage.CategoryOptions, error) {
	if err := f.check(); err != nil {
		return triage.CategoryOptions{}, err
	}
	o := triage.CategoryOptions{
		Patient: guideline.Patient{
			AgeYears: f.Age, Sex: guideline.Sex(f.Sex), Risk: guideline.Risk(f.Risk), FamilyHistory: guideline.Answer(f.FamilyHistory),
			Emphysema: guideline.Answer(f.Emphysema), Screening: guideline.Answer(f.Screening), KnownCancer: guideline.Answer(f.KnownCancer),
			KnownLungCancer: guideline.Answer(f.KnownLungCancer), Immunosuppressed: guideline.Answer(f.Immunosuppressed),
		},
		Spiculated: map[int]guideline.Answer{},
	}
	for _, rank := range f.Spiculated {
		o.Spiculated[rank] = guideline.Yes
	}
	for _, rank := range f.NotSpiculated {
		o.Spiculated[rank] = guideline.No
	}
	var err error
	o.Guidelines, err = guidelineNames(f.Guidelines)
	return o, err
}

// within are the options with what a settings file says where no flag does.
func (f factFlags) within(site config.Categories) (triage.CategoryOptions, error) {
	if len(f.Guidelines) == 0 {
		f.Guidelines = site.Guidelines
	}
	if f.Screening == "" {
		f.Screening = site.Screening
	}
	return f.options()
}

// request are the facts as the interface wants them.
func (f factFlags) request(studyUID string) *nafasv1.SuggestCategoriesRequest {
	answer := func(word string) nafasv1.FactAnswer {
		return map[string]nafasv1.FactAnswer{"yes": nafasv1.FactAnswer_FACT_ANSWER_YES, "no": nafasv1.FactAnswer_FACT_ANSWER_NO}[word]
	}
	p := &nafasv1.PatientFacts{
		Sex: f.Sex, Risk: f.Risk, FamilyHistoryOfLungCancer: answer(f.FamilyHistory), Emphysema: answer(f.Emphysema),
		Screening: answer(f.Screening), KnownCancer: answer(f.KnownCancer), KnownLungCancer: answer(f.KnownLungCancer),
		Immunosuppressed: answer(f.Immunosuppressed),
	}
	if f.Age != nil {
		age := int32(*f.Age)
		p.AgeYears = &age
	}
	rq := &nafasv1.SuggestCategoriesRequest{StudyInstanceUid: studyUID, Patient: p, Guidelines: f.Guidelines}
	for _, rank := range f.Spiculated {
		rq.Findings = append(rq.Findings, &nafasv1.FindingFacts{Rank: int32(rank), Spiculated: nafasv1.FactAnswer_FACT_ANSWER_YES})
	}
	for _, rank := range f.NotSpiculated {
		rq.Findings = append(rq.Findings, &nafasv1.FindingFacts{Rank: int32(rank), Spiculated: nafasv1.FactAnswer_FACT_ANSWER_NO})
	}
	return rq
}
