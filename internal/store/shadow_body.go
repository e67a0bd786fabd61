package store

import (
	"encoding/json"

	"nafas/dicomio/refusal"
	"nafas/internal/triage"
)

// shadowBody is written out field by field like a result. What a comparison with an
// earlier study said is not kept: nobody is shown it, and the priority holds what
// came of it.
type shadowBody struct {
	State       string             `json:"state"`
	Priority    triage.Priority    `json:"priority"`
	Reasons     json.RawMessage    `json:"priority_reasons"`
	NotAssessed *refusalBody       `json:"not_assessed,omitempty"`
	Assessment  *assessmentBody    `json:"assessment,omitempty"`
	Series      []shadowSeriesBody `json:"series"`
}

type shadowSeriesBody struct {
	UID       string          `json:"uid"`
	Modality  string          `json:"modality"`
	Instances int             `json:"instances"`
	NotRead   *refusalBody    `json:"not_read,omitempty"`
	Result    json.RawMessage `json:"result,omitempty"`
}

func refusalBodyOf(e *refusal.Error) *refusalBody {
	if e == nil {
		return nil
	}
	found := e.Found
	if e.Err != nil {
		found += ": " + e.Err.Error()
	}
	return &refusalBody{e.Reason, found, e.Remedy}
}

func (b *refusalBody) orNil() *refusal.Error {
	if b == nil {
		return nil
	}
	return b.refusal()
}

func encodeShadow(r triage.StudyReading) (string, error) {
	reasons, err := encodeReasons(r.PriorityReasons)
	if err != nil {
		return "", err
	}
	b := shadowBody{State: string(r.State), Priority: r.Priority, Reasons: json.RawMessage(reasons), NotAssessed: refusalBodyOf(r.NotAssessed)}
	if r.Assessment != nil {
		b.Assessment = &assessmentBody{Categories: encodeCategories(r.Assessment.Categories)}
	}
	for _, s := range r.Series {
		one := shadowSeriesBody{UID: s.UID, Modality: s.Modality, Instances: s.Instances, NotRead: refusalBodyOf(s.NotRead)}
		if s.Result != nil {
			text, err := encodeResult(*s.Result)
			if err != nil {
				return "", err
			}
			one.Result = json.RawMessage(text)
		}
		b.Series = append(b.Series, one)
	}
	out, err := json.Marshal(b)
	return string(out), err
}

func decodeShadow(study, text string) (*triage.StudyReading, error) {
	var b shadowBody
	if err := json.Unmarshal([]byte(text), &b); err != nil {
		return nil, err
	}
	r := &triage.StudyReading{StudyUID: study, State: triage.State(b.State), Priority: b.Priority, NotAssessed: b.NotAssessed.orNil()}
	var err error
	if r.PriorityReasons, err = decodeReasons(string(b.Reasons)); err != nil {
		return nil, err
	}
	if b.Assessment != nil {
		r.Assessment = &triage.Assessment{Categories: decodeCategories(b.Assessment.Categories)}
	}
	for _, s := range b.Series {
		one := triage.Series{UID: s.UID, Modality: s.Modality, Instances: s.Instances, NotRead: s.NotRead.orNil()}
		if len(s.Result) > 0 {
			if one.Result, err = decodeResult(string(s.Result)); err != nil {
				return nil, err
			}
		}
		r.Series = append(r.Series, one)
	}
	return r, nil
}
