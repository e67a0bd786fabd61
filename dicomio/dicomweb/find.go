package dicomweb

import (
	"context"
	"encoding/json"
	"errors"
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
// for, some do not count from an offset. match.ErrTooMany where the server has more
// than it gives, as far as that can be known.
func (c *Client) Find(ctx context.Context, q match.Query) ([]match.Entry, error) {
	var all []match.Entry
	seen, more := map[string]bool{}, false
	for {
		page, err := c.page(ctx, q, len(all), pageEntries)
		if err != nil {
			return nil, err
		}
		before := len(all)
		for _, e := range page.entries {
			if k := key(e); !seen[k] {
				seen[k] = true
				all = append(all, e)
			}
		}
		switch {
		case len(all) == before && (more || page.unfinished()):
			return nil, match.ErrTooMany
		case len(all) == before:
			return all, nil
		case len(all) > match.MaxEntries:
			return nil, match.ErrTooMany
		}
		more = page.more
	}
}

// FindSome asks for a few that fit a query: of a server that keeps to the limit no
// more than most come. match.ErrTooMany where far more come.
func (c *Client) FindSome(ctx context.Context, q match.Query, most int) ([]match.Entry, error) {
	page, err := c.page(ctx, q, 0, most)
	return page.entries, err
}

// ErrMoved says that a list changed while it was read, so that some may have been
// passed over.
var ErrMoved = errors.New("the server's list changed while it was read")

// Pages is Find for lists of any length: it hands on page by page, and each entry
// once unless the list changes. ErrMoved where it did, and what came is not all.
func (c *Client) Pages(ctx context.Context, q match.Query, each func([]match.Entry) error) error {
	var before []match.Entry
	more := false
	for offset := 0; ; {
		// The last entry of the page before is asked for again: it says whether
		// the list is still the same.
		page, err := c.page(ctx, q, max(0, offset-1), pageEntries)
		if err != nil {
			return err
		}
		fresh := page.entries
		switch {
		case before == nil:
		case len(fresh) == 0:
			return ErrMoved
		case len(before) > 1 && key(fresh[0]) == key(before[0]): // it does not count from an offset
			if page.unfinished() {
				return match.ErrTooMany
			}
			return nil
		case key(fresh[0]) != key(before[len(before)-1]):
			return ErrMoved
		default:
			fresh = fresh[1:]
		}
		if len(fresh) == 0 {
			if more || page.more {
				return match.ErrTooMany
			}
			return nil
		}
		if err := each(fresh); err != nil {
			return err
		}
		before, offset, more = page.entries, offset+len(fresh), page.more
	}
}

func key(e match.Entry) string { return e.StudyUID + "|" + e.SeriesUID + "|" + e.SOPUID }

// page is what came of one question.
type page struct {
	entries []match.Entry
	// full: as many as were asked for. more: the server says that there are more.
	full, more bool
}

// unfinished says that a page after which nothing new comes is not the last one.
func (p page) unfinished() bool { return p.full || p.more }

// page asks for the entries behind the first so many. *StatusError where the
// server does not answer the question.
func (c *Client) page(ctx context.Context, q match.Query, offset, limit int) (page, error) {
	u, err := c.searchURL(q, offset, limit)
	if err != nil {
		return page{}, err
	}
	answer, err := c.do(ctx, http.MethodGet, u, nil, "")
	switch {
	case err != nil:
		return page{}, err
	case answer.status == http.StatusNoContent:
		return page{}, nil
	case answer.status != http.StatusOK:
		return page{}, &StatusError{Status: answer.status}
	case len(answer.body) == maxAnswer:
		return page{}, match.ErrTooMany
	}
	var found []answered
	if err := json.Unmarshal(answer.body, &found); err != nil {
		return page{}, errors.New("the answer to a search is no DICOM JSON")
	}
	out := page{entries: make([]match.Entry, len(found)), full: len(found) == limit}
	for i, f := range found {
		out.entries[i] = f.entry(q)
	}
	// PS3.18 section 8.3.4.4.1: a warning says how many are left.
	for _, w := range answer.header.Values("Warning") {
		out.more = out.more || strings.HasPrefix(w, "299") && strings.Contains(w, "additional results")
	}
	return out, nil
}

// included are fields that servers need not return (PS3.18 tables 10.6.3-3 to
// 10.6.3-5). They are asked for one by one: Orthanc's plugin 1.7 reads no list.
var included = map[match.Level][]string{
	match.StudyLevel:  {"IssuerOfPatientID", "StudyDescription"},
	match.SeriesLevel: {"BodyPartExamined", "SeriesDescription"},
}

func (c *Client) searchURL(q match.Query, offset, limit int) (*url.URL, error) {
	asked := url.Values{"limit": {strconv.Itoa(limit)}}
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
	ask("StudyTime", q.StudyTimes)
	ask("PatientID", q.PatientID)
	ask("AccessionNumber", q.AccessionNumber)
	if fields := included[q.Level]; fields != nil {
		asked["includefield"] = fields
	}
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
