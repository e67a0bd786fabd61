package triage_test

import (
	"testing"

	"github.com/stretchr/testify/require"

	"nafas/dicomio/refusal"
	"nafas/internal/triage"
)

func TestPickEarlier(t *testing.T) {
	p := func(id, issuer, name, birth string) []triage.Patient {
		return []triage.Patient{{ID: id, Issuer: issuer, Name: name, BirthDate: birth}}
	}
	own := p("1", "", "A^B", "19500101")
	of := triage.Examined{StudyUID: "now", StudyDate: "20260301", Patients: own}
	read := func(uid, date string, patients []triage.Patient) triage.Examined {
		return triage.Examined{StudyUID: uid, StudyDate: date, Patients: patients, SeriesUID: uid + ".1", Final: true}
	}
	gone := read("gone", "20260201", own)
	gone.Gone = true
	refused := func(uid, date string, reasons ...refusal.Reason) triage.Examined {
		return triage.Examined{StudyUID: uid, StudyDate: date, Patients: own, NotRead: reasons, Final: true}
	}
	running := read("running", "20260201", own)
	running.Final = false
	for _, c := range []struct {
		candidates []triage.Examined
		want       string
		why        refusal.Reason
		because    string
	}{
		{nil, "", "", "nothing else is known"},
		{[]triage.Examined{read("a", "20250301", own), read("b", "20260228", own), read("c", "20240101", own)}, "b", "", "the latest"},
		{[]triage.Examined{read("a", "20260301", own), read("b", "20260302", own)}, "", "", "the same day and later are not before"},
		{[]triage.Examined{read("a", "", own)}, "", "", "without a date it has no place in time"},
		{[]triage.Examined{read("a", "20250301", p("2", "", "A^B", "19500101"))}, "", "", "another ID"},
		{[]triage.Examined{read("a", "20250301", p("1", "", "A^B", "19510101"))}, "", "", "an ID with another birth date"},
		{[]triage.Examined{read("a", "20250301", p("1", "other", "C^D", ""))}, "", "", "the same ID with another name"},
		{[]triage.Examined{read("a", "20250301", append(p("1", "", "A^B", "19500101"), p("2", "", "", "")...))}, "", "", "a study of two people is nobody's prior"},
		{[]triage.Examined{read("a", "20250301", p("1", "", "", ""))}, "a", "", "the same ID, and nothing that contradicts"},
		{[]triage.Examined{running, read("a", "20250301", own)}, "a", "", "what is being read says nothing yet"},
		{[]triage.Examined{gone, read("a", "20250301", own)}, "gone", triage.PriorImagesDeleted, "the latest counts, though its images are deleted"},
		{[]triage.Examined{gone, read("a", "20260201", own)}, "a", "", "of one day the one with images"},
		{[]triage.Examined{refused("a", "20260201", refusal.NotCT, refusal.TooThick), read("b", "20250301", own)}, "b", "", "what was read goes before what was not"},
		{[]triage.Examined{refused("a", "20260201", refusal.NotCT, refusal.TooThick)}, "a", triage.PriorNotAssessed, "a chest CT that could not be read is a prior all the same"},
		{[]triage.Examined{refused("a", "20260201", refusal.NoLung, refusal.Localizer)}, "", "", "no chest CT"},
	} {
		e := triage.PickEarlier(of, c.candidates)
		if c.want == "" {
			require.Nil(t, e, c.because)
			continue
		}
		require.NotNil(t, e, c.because)
		require.Equal(t, c.want, e.StudyUID, c.because)
		if c.why == "" {
			require.Nil(t, e.Why, c.because)
		} else {
			require.Equal(t, c.why, e.Why.Reason, c.because)
		}
	}
	issued := triage.Examined{StudyUID: "now", StudyDate: "20260301", Patients: p("1", "here", "A^B", "")}
	require.Nil(t, triage.PickEarlier(issued, []triage.Examined{read("a", "20250301", p("1", "there", "A^B", ""))}), "an ID means nothing across issuers")
	nobody := triage.Examined{StudyUID: "now", StudyDate: "20260301", Patients: p("", "", "", "")}
	require.Nil(t, triage.PickEarlier(nobody, []triage.Examined{read("a", "20250301", p("", "", "", ""))}), "two records without anything in them are not one patient's")
	e := triage.PickEarlier(of, []triage.Examined{read("a", "20251201", own)})
	require.Equal(t, 90, e.Days)
	require.Equal(t, "a.1", e.SeriesUID)
}

func TestMayShowLungs(t *testing.T) {
	for reason, may := range map[refusal.Reason]bool{
		refusal.MissingSlices: true, refusal.GantryTilt: true, refusal.Malformed: true, refusal.TooThick: false, refusal.NotAxial: false, refusal.TooFewSlices: false,
		refusal.NotPreferred: false, refusal.Localizer: false, refusal.NotCT: false, refusal.NoLung: false,
	} {
		require.Equal(t, may, triage.MayShowLungs(reason), reason)
	}
}
