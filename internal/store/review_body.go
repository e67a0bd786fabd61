package store

import (
	"encoding/json"

	"nafas/internal/triage/review"
)

// entryBody is what of an entry is in no column of its own. It is written out
// field by field like a result.
type entryBody struct {
	Display     string         `json:"display,omitempty"`
	Finding     *findingRef    `json:"finding,omitempty"`
	Answer      *answerBody    `json:"answer,omitempty"`
	Mark        *markBody      `json:"mark,omitempty"`
	MarkID      string         `json:"mark_id,omitempty"`
	ResultKeys  []string       `json:"result_keys,omitempty"`
	Undoes      int64          `json:"undoes,omitempty"`
	NotAssessed string         `json:"not_assessed,omitempty"`
	FromAnswer  *answerBody    `json:"from_answer,omitempty"`
	FromMark    *markBody      `json:"from_mark,omitempty"`
	FromSigned  *signatureBody `json:"from_signed,omitempty"`
}

type findingRef struct {
	Series string `json:"series"`
	Key    string `json:"key"`
	Rank   int    `json:"rank"`
}

type answerBody struct {
	Verdict  string `json:"verdict"`
	Cause    string `json:"cause,omitempty"`
	Kind     string `json:"kind,omitempty"`
	Category string `json:"category,omitempty"`
	Comment  string `json:"comment,omitempty"`
}

type markBody struct {
	ID             string     `json:"id"`
	Series         string     `json:"series"`
	CenterLPSMM    [3]float64 `json:"center_lps_mm"`
	DiameterMM     float64    `json:"diameter_mm"`
	SOPInstanceUID string     `json:"sop_instance_uid"`
	Frame          int        `json:"frame,omitempty"`
	PixelColumn    float64    `json:"pixel_column"`
	PixelRow       float64    `json:"pixel_row"`
	Kind           string     `json:"kind,omitempty"`
	Category       string     `json:"category,omitempty"`
	Comment        string     `json:"comment,omitempty"`
}

// signatureBody: at is in microseconds, as in columns.
type signatureBody struct {
	Name        string   `json:"name"`
	Display     string   `json:"display,omitempty"`
	At          int64    `json:"at"`
	ResultKeys  []string `json:"result_keys,omitempty"`
	NotAssessed string   `json:"not_assessed,omitempty"`
}

func encodeEntry(e review.Entry) (string, error) {
	a := e.Action
	b := entryBody{
		Display: e.Reader.Display, Answer: encodeAnswer(a.Answer), Mark: encodeMark(a.Mark), MarkID: a.MarkID,
		ResultKeys: a.ResultKeys, Undoes: a.Undoes, NotAssessed: e.NotAssessed,
	}
	if f := a.Finding; f != nil {
		b.Finding = &findingRef{f.SeriesUID, f.ResultKey, f.Rank}
	}
	if e.From != nil {
		b.FromAnswer, b.FromMark = encodeAnswer(e.From.Answer), encodeMark(e.From.Mark)
		if s := e.From.Signed; s != nil {
			b.FromSigned = &signatureBody{s.By.Name, s.By.Display, micros(s.At), s.ResultKeys, s.NotAssessed}
		}
	}
	text, err := json.Marshal(b)
	return string(text), err
}

func decodeEntry(body string, e *review.Entry) error {
	var b entryBody
	if err := json.Unmarshal([]byte(body), &b); err != nil {
		return err
	}
	e.Reader.Display, e.NotAssessed = b.Display, b.NotAssessed
	a := &e.Action
	a.Answer, a.Mark, a.MarkID, a.ResultKeys, a.Undoes = decodeAnswer(b.Answer), decodeMark(b.Mark), b.MarkID, b.ResultKeys, b.Undoes
	if f := b.Finding; f != nil {
		a.Finding = &review.Ref{SeriesUID: f.Series, ResultKey: f.Key, Rank: f.Rank}
	}
	from := review.Before{Answer: decodeAnswer(b.FromAnswer), Mark: decodeMark(b.FromMark), Signed: b.FromSigned.signature()}
	if from != (review.Before{}) {
		e.From = &from
	}
	return nil
}

func (b *signatureBody) signature() *review.Signature {
	if b == nil {
		return nil
	}
	at := fromMicros(b.At)
	return &review.Signature{By: review.Reader{Name: b.Name, Display: b.Display}, At: at, ResultKeys: b.ResultKeys, NotAssessed: b.NotAssessed}
}

func encodeAnswer(a *review.Answer) *answerBody {
	if a == nil {
		return nil
	}
	return &answerBody{string(a.Verdict), string(a.Cause), a.Kind, a.Category, a.Comment}
}

func decodeAnswer(b *answerBody) *review.Answer {
	if b == nil {
		return nil
	}
	return &review.Answer{Verdict: review.Verdict(b.Verdict), Cause: review.Cause(b.Cause), Kind: b.Kind, Category: b.Category, Comment: b.Comment}
}

func encodeMark(m *review.Mark) *markBody {
	if m == nil {
		return nil
	}
	return &markBody{
		ID: m.ID, Series: m.SeriesUID, CenterLPSMM: m.CenterLPSMM, DiameterMM: m.DiameterMM, SOPInstanceUID: m.SOPInstanceUID,
		Frame: m.Frame, PixelColumn: m.PixelColumn, PixelRow: m.PixelRow, Kind: m.Kind, Category: m.Category, Comment: m.Comment,
	}
}

func decodeMark(b *markBody) *review.Mark {
	if b == nil {
		return nil
	}
	return &review.Mark{
		ID: b.ID, SeriesUID: b.Series, CenterLPSMM: b.CenterLPSMM, DiameterMM: b.DiameterMM, SOPInstanceUID: b.SOPInstanceUID,
		Frame: b.Frame, PixelColumn: b.PixelColumn, PixelRow: b.PixelRow, Kind: b.Kind, Category: b.Category, Comment: b.Comment,
	}
}
