package main

import (
	"strings"

	"nafas/inference/guideline"
	"nafas/internal/triage"
)

// siteFlags are what the settings file says of categories, field by field; the
// worker process gets it as flags.
type siteFlags struct {
	Guidelines []string
	Screening  string `enum:",yes,no" default:""`
}

func siteFlagsOf(o triage.CategoryOptions) siteFlags {
	f := siteFlags{Screening: string(o.Patient.Screening)}
	for _, name := range o.Guidelines {
		f.Guidelines = append(f.Guidelines, string(name))
	}
	return f
}

func (f siteFlags) options() (triage.CategoryOptions, error) {
	names, err := guidelineNames(f.Guidelines)
	return triage.CategoryOptions{Guidelines: names, Patient: guideline.Patient{Screening: guideline.Answer(f.Screening)}}, err
}

func (f siteFlags) args() []string {
	var out []string
	if len(f.Guidelines) > 0 {
		out = append(out, "--categories-guidelines="+strings.Join(f.Guidelines, ","))
	}
	if f.Screening != "" {
		out = append(out, "--categories-screening="+f.Screening)
	}
	return out
}

// said are the settings in words.
func (f siteFlags) said() string {
	var out []string
	if len(f.Guidelines) > 0 {
		out = append(out, strings.Join(f.Guidelines, ", "))
	}
	if f.Screening != "" {
		out = append(out, "screening: "+f.Screening)
	}
	return strings.Join(out, "; ")
}
