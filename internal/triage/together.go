package triage

import (
	"cmp"
	"context"
	"slices"

	"nafas/dicomio"
	"nafas/dicomio/refusal"
)

// together are studies that are read in one go: those of one patient are
// compared with each other.
type together struct {
	r *Reader
	// read are those that have been, the earliest first.
	read     []Examined
	studies  map[string]dicomio.Study
	readings map[string]StudyReading
}

func newTogether(r *Reader) *together {
	return &together{r: r, studies: map[string]dicomio.Study{}, readings: map[string]StudyReading{}}
}

// byDate is the order, by index, in which studies are read: each after those
// that it may be compared with.
func byDate(studies []dicomio.Study) []int {
	order := make([]int, len(studies))
	for i := range order {
		order[i] = i
	}
	slices.SortStableFunc(order, func(a, b int) int { return cmp.Compare(studyDate(studies[a]), studyDate(studies[b])) })
	return order
}

// studyDate is the first one that an instance gives.
func studyDate(study dicomio.Study) string {
	for _, series := range study.Series {
		for _, in := range series.Instances {
			if in.StudyDate != "" {
				return in.StudyDate
			}
		}
	}
	return ""
}

func (t *together) add(study dicomio.Study, reading StudyReading) {
	t.read = append(t.read, examined(study, reading))
	t.studies[study.UID], t.readings[study.UID] = study, reading
}

// examined is what a study and its reading say of it as a prior.
func examined(study dicomio.Study, reading StudyReading) Examined {
	e := Examined{StudyUID: study.UID, StudyDate: studyDate(study), Final: true}
	for _, series := range study.Series {
		for _, in := range series.Instances {
			if !slices.Contains(e.Patients, in.Patient) {
				e.Patients = append(e.Patients, in.Patient)
			}
		}
	}
	for _, series := range reading.Series {
		if series.Result != nil {
			e.SeriesUID = series.UID
		} else if series.NotRead != nil {
			e.NotRead = append(e.NotRead, series.NotRead.Reason)
		}
	}
	return e
}

// before is what a study is compared with; nil where nothing among those that
// were read is earlier.
func (t *together) before(study dicomio.Study) *before {
	picked := PickEarlier(examined(study, StudyReading{}), t.read)
	if picked == nil {
		return nil
	}
	b := &before{Earlier: *picked}
	if picked.Why != nil {
		return b
	}
	for _, series := range t.readings[picked.StudyUID].Series {
		if series.UID == picked.SeriesUID {
			b.Result = series.Result
		}
	}
	b.series = func(context.Context) (*dicomio.Series, error) {
		for _, series := range t.studies[picked.StudyUID].Series {
			if series.UID == picked.SeriesUID {
				return series, nil
			}
		}
		return nil, refusal.New(refusal.MissingSlices, "", "the series is gone")
	}
	return b
}
