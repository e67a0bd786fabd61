package dicomweb_test

import (
	"net/url"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"nafas/dicomio/dicomweb"
	"nafas/dicomio/match"
)

func query(t *testing.T, text string) (dicomweb.Query, error) {
	t.Helper()
	values, err := url.ParseQuery(text)
	require.NoError(t, err)
	return dicomweb.ParseQuery(values)
}

func TestParseQuery(t *testing.T) {
	// As OHIF asks for its list of studies.
	q, err := query(t, "limit=101&offset=25&fuzzymatching=false&includefield=00081030,00080060&StudyDate=20200101-20201231&PatientName=*doe*&00100020=P1&ModalitiesInStudy=CT")
	require.NoError(t, err)
	require.Equal(t, 101, q.Limit)
	require.Equal(t, 25, q.Offset)
	require.False(t, q.Fuzzy)
	require.Equal(t, []string{"StudyDescription", "Modality"}, q.Include)
	require.Equal(t, []match.Condition{
		{Keyword: "PatientID", Values: []string{"P1"}},
		{Keyword: "ModalitiesInStudy", Values: []string{"CT"}},
		{Keyword: "PatientName", Form: match.Name, Values: []string{"*doe*"}},
		{Keyword: "StudyDate", Form: match.Date, From: "20200101", To: "20201231", Range: true},
	}, q.Conditions)

	q, err = query(t, "includefield=all&StudyDescription=&fuzzymatching=true&RequestAttributesSequence.RequestedProcedureID=7&accept=application/json")
	require.NoError(t, err)
	require.True(t, q.All)
	require.True(t, q.Fuzzy)
	require.Equal(t, "RequestedProcedureID", q.Conditions[0].Keyword)
	require.Contains(t, q.Include, "StudyDescription", "universal matching asks for the attribute")
	require.Len(t, q.Conditions, 1)

	q, err = query(t, "includefield=00400275.00400009&includefield=00291010&includefield=PatientID")
	require.NoError(t, err)
	require.Equal(t, []string{"ScheduledProcedureStepID", "PatientID"}, q.Include, "private attributes are not there, and no mistake")
}

func TestQueriesThatAreRefused(t *testing.T) {
	for _, c := range []struct{ query, says, why string }{
		{"limit=-1", "limit", "below zero"},
		{"limit=0", "limit", "nothing at all"},
		{"limit=ten", "limit", "no number"},
		{"offset=1e9", "offset", "no whole number"},
		{"limit=99999999999999999999", "limit", "overflows"},
		{"fuzzymatching=maybe", "fuzzymatching", "neither"},
		{"PatientNam=x", "PatientNam", "a keyword with a typing error must not find everything"},
		{"<script>=x", "no keyword", "what is no keyword is not quoted"},
		{"PatientID=a&PatientID=b", "PatientID", "twice"},
		{"PatientID=a&00100020=b", "PatientID", "twice, under two names"},
		{"StudyDate=Secret", "StudyDate", "no date"},
		{"PatientName.PatientID=x", "no attribute", "a name holds no data set"},
		{"PixelData=x", "PixelData", "not text"},
		{"includefield=PatientNam", "includefield", "a typing error"},
		{"includefield=" + strings.Repeat("PatientID,", 300), "256", "too many"},
	} {
		_, err := query(t, c.query)
		require.ErrorContains(t, err, c.says, c.why)
		require.NotContains(t, err.Error(), "Secret", "a value may be a patient's")
		require.NotContains(t, err.Error(), "script")
	}
	many := url.Values{}
	for i := range 65 {
		many.Set(strings.Repeat("x", i+1), "1")
	}
	_, err := dicomweb.ParseQuery(many)
	require.Error(t, err)
}

func FuzzQuery(f *testing.F) {
	f.Add("limit=1&StudyDate=20200101-&includefield=all")
	f.Add("PatientName=*a?*&00100020=%00")
	f.Add("RequestAttributesSequence.00401001=x&StudyTime=10-11.5")
	f.Fuzz(func(t *testing.T, text string) {
		values, err := url.ParseQuery(text)
		if err != nil {
			return
		}
		q, err := dicomweb.ParseQuery(values)
		if err != nil {
			return
		}
		for _, c := range q.Conditions {
			c.Matches("A^B=C")
			require.True(t, len(c.Values) > 0 || c.From != "" || c.To != "", "a condition that asks for nothing")
		}
	})
}
