package dicomweb

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"net/url"
	"strconv"
	"strings"

	"nafas/dicomio/match"
)

// pageEntries is how many entries are asked for at once.
const pageEntries = 1000

// Find asks for all that fits a query (QIDO-RS, PS3.18 section 10.6), page by
// page until the server names nothing new: some give fewer than they are asked
// for, some do not count from an offset.
func (c *Client) Find(ctx context.Context, q match.Query) ([]match.Entry, error) {
	var all []match.Entry
	seen := map[string]bool{}
	for {
		page, err := c.page(ctx, q, len(all))
		if err != nil {
			return nil, err
		}
		before := len(all)
		for _, e := range page {
			if key := e.StudyUID + "|" + e.SeriesUID + "|" + e.SOPUID; !seen[key] {
				seen[key] = true
				all = append(all, e)
			}
		}
		if len(all) == before {
			return all, nil
		}
		if len(all) > match.MaxEntries {
			return nil, errors.New("the server answered with more matches than are taken")
		}
	}
}

// page asks for the entries behind the first so many. *StatusError where the
// server does not answer the question.
func (c *Client) page(ctx context.Context, q match.Query, offset int) ([]match.Entry, error) {
	u, err := c.searchURL(q, offset)
	if err != nil {
		return nil, err
	}
	status, answer, err := c.do(ctx, http.MethodGet, u, nil, "")
	switch {
	case err != nil:
		return nil, err
	case status == http.StatusNoContent:
		return nil, nil
	case status != http.StatusOK:
		return nil, &StatusError{Status: status}
	}
	var found []answered
	if err := json.Unmarshal(answer, &found); err != nil {
		return nil, fmt.Errorf("the answer to a search is no DICOM JSON, or longer than %d MiB", maxAnswer>>20)
	}
	entries := make([]match.Entry, len(found))
	for i, f := range found {
		entries[i] = f.entry(q)
	}
	return entries, nil
}

// included are fields that servers need not return (PS3.18 tables 10.6.3-3 to
// 10.6.3-5).
var included = map[match.Level]string{
	match.StudyLevel:  "IssuerOfPatientID,StudyDescription",
	match.SeriesLevel: "BodyPartExamined,SeriesDescription",
}

func (c *Client) searchURL(q match.Query, offset int) (*url.URL, error) {
	asked := url.Values{"limit": {strconv.Itoa(pageEntries)}}
	ask := func(keyword, value string) {
		if value != "" {
			asked.Set(keyword, value)
		}
	}
	u := c.base.JoinPath("studies")
	switch q.Level {
	case match.StudyLevel:
		ask("StudyInstanceUID", q.StudyUID)
		ask("ModalitiesInStudy", q.Modality)
	case match.SeriesLevel:
		u = u.JoinPath(q.StudyUID, "series")
		ask("SeriesInstanceUID", q.SeriesUID)
		ask("Modality", q.Modality)
	case match.InstanceLevel:
		u = u.JoinPath(q.StudyUID, "series", q.SeriesUID, "instances")
		ask("SOPInstanceUID", q.SOPUID)
	}
	if q.Level == "" || q.Level != match.StudyLevel && q.StudyUID == "" || q.Level == match.InstanceLevel && q.SeriesUID == "" {
		return nil, errors.New("a query without a level, or without what is above it")
	}
	ask("StudyDate", q.StudyDates)
	ask("PatientID", q.PatientID)
	ask("AccessionNumber", q.AccessionNumber)
	ask("includefield", included[q.Level])
	if offset > 0 {
		ask("offset", strconv.Itoa(offset))
	}
	u.RawQuery = asked.Encode()
	return u, nil
}

// answered is a data set of an answer, by tag.
type answered map[string]struct {
	Value []any `json:"Value"`
}

func (a answered) entry(q match.Query) match.Entry {
	e := match.Entry{
		PatientID: a.text("PatientID"), IssuerOfPatientID: a.text("IssuerOfPatientID"),
		PatientName: a.name("PatientName"), PatientBirthDate: a.text("PatientBirthDate"),
		AccessionNumber: a.text("AccessionNumber"), StudyDate: a.text("StudyDate"), StudyTime: a.text("StudyTime"),
		StudyDescription: a.text("StudyDescription"), StudyUID: a.text("StudyInstanceUID"),
		SeriesUID: a.text("SeriesInstanceUID"), SeriesDescription: a.text("SeriesDescription"),
		BodyPart: a.text("BodyPartExamined"), SOPUID: a.text("SOPInstanceUID"), SOPClassUID: a.text("SOPClassUID"),
		Modalities: a.texts("ModalitiesInStudy"),
	}
	if one := a.text("Modality"); one != "" {
		e.Modalities = []string{one}
	}
	count := "NumberOfStudyRelatedInstances"
	if q.Level == match.SeriesLevel {
		count = "NumberOfSeriesRelatedInstances"
	}
	e.Instances, _ = strconv.Atoi(a.text(count))
	// What stands in the address need not be returned.
	if e.StudyUID == "" && q.Level != match.StudyLevel {
		e.StudyUID = q.StudyUID
	}
	if e.SeriesUID == "" && q.Level == match.InstanceLevel {
		e.SeriesUID = q.SeriesUID
	}
	return e
}

func (a answered) text(keyword string) string {
	if all := a.texts(keyword); len(all) > 0 {
		return all[0]
	}
	return ""
}

// name is a person's name with its component groups (PS3.18 section F.2.2).
func (a answered) name(keyword string) string {
	attribute, ok := AttributeOf(keyword)
	if !ok {
		panic("no attribute " + keyword)
	}
	values := a[attribute.Tag].Value
	if len(values) == 0 {
		return ""
	}
	groups, ok := values[0].(map[string]any)
	if !ok { // some servers write it as other text
		return a.text(keyword)
	}
	var out []string
	for _, g := range []string{"Alphabetic", "Ideographic", "Phonetic"} {
		text, _ := groups[g].(string)
		out = append(out, text)
	}
	return strings.TrimRight(strings.Join(out, "="), "=")
}

// texts are the values of an attribute; numbers as they are written, since
// servers write integer strings either way (PS3.18 section F.2.3).
func (a answered) texts(keyword string) (out []string) {
	attribute, ok := AttributeOf(keyword)
	if !ok {
		panic("no attribute " + keyword)
	}
	for _, v := range a[attribute.Tag].Value {
		switch v := v.(type) {
		case string:
			out = append(out, strings.Trim(v, " \x00"))
		case float64:
			out = append(out, strconv.FormatFloat(v, 'f', -1, 64))
		}
	}
	return out
}
