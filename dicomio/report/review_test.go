package report_test

import (
	"fmt"
	"math"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"github.com/suyashkumar/dicom/pkg/tag"

	"nafas/dicomio/part10"
	"nafas/dicomio/report"
	"nafas/inference/measure"
	"nafas/inference/volume"
)

var (
	zoe   = report.Reader{ID: "zoe", Name: "Dr Zoé Benaïssa"}
	omar  = report.Reader{ID: "omar", Name: "د. عمر العلوي"}
	acted = time.Date(2026, 3, 2, 9, 15, 0, 0, time.UTC)
)

// review is one of a result of two findings: the first is accepted, the second
// rejected, and one is added.
func review(r report.Result) *report.Review {
	return &report.Review{
		Version: 4, At: acted.Add(3 * time.Minute),
		Answers: []report.Answer{
			{Rank: 1, Verdict: report.Accepted, Kind: measure.KindCalcified, Category: "4A", By: zoe, At: acted},
			{Rank: 2, Verdict: report.Rejected, Cause: "vessel", Comment: "Vaisseau pulmonaire\nsegmentaire – côté droit, وعاء", By: omar, At: acted.Add(time.Minute)},
		},
		Marks: []report.Mark{{
			ID: "7a0c7a6e-7d55-4c43-9a3c-0b6d5a1f0001", SeriesUID: r.Source.SeriesUID, CenterLPSMM: volume.Vec3{-3.5, 1.25, 106}, DiameterMM: 5.5,
			SOPInstanceUID: r.Source.Instances[3].SOPInstanceUID, Kind: measure.KindPartSolid, Category: "3", Comment: "juxta-pleural", By: omar, At: acted.Add(2 * time.Minute),
		}},
	}
}

func signedBy(r report.Result, who report.Reader) report.Result {
	v := *r.Review
	v.Version++
	v.At = acted.Add(time.Hour)
	v.Signed = &report.Signature{By: who, Organisation: "Hôpital Ibn Sina", At: v.At}
	r.Review = &v
	return r
}

func outdated(r report.Result) report.Result {
	r = signedBy(r, zoe)
	r.Review.Signed.Outdated = true
	return r
}

// elsewhere adds a mark in another series of the study.
func elsewhere(r report.Result) report.Result {
	v := *r.Review
	v.Marks = append(slices.Clone(v.Marks), v.Marks[0])
	v.Marks[1].ID, v.Marks[1].SeriesUID, v.Marks[1].SOPInstanceUID = "8a0c7a6e-7d55-4c43-9a3c-0b6d5a1f0002", "2.25.77", "2.25.78"
	r.Review = &v
	return r
}

// reviewed are results that readers said something of, by name.
func reviewed(t testing.TB, l report.Language) map[string]report.Result {
	t.Helper()
	begun := result(t, l)
	begun.Review = review(begun)
	nothing := without(result(t, l))
	nothing.Review = review(nothing)
	nothing.Review.Answers = nil
	reopened := result(t, l)
	reopened.Review = &report.Review{Version: 2, At: acted}
	failure := failed(nothing)
	failure.Review = nothing.Review
	return map[string]report.Result{
		"reviewed": begun, "signed": signedBy(begun, omar), "outdated": outdated(begun), "elsewhere": elsewhere(signedBy(begun, omar)), "added": nothing,
		"reopened": reopened, "reviewed-failed": signedBy(failure, zoe), "unanswered-signed": signedBy(reopened, zoe),
	}
}

func srTree(t *testing.T, r report.Result) *node {
	t.Helper()
	data, err := r.SR()
	require.NoError(t, err)
	return tree(t, data)
}

func groupsOf(root *node) []*node {
	all := root.find(rows1500[len(rows1500)-1])
	if all == nil {
		return nil
	}
	return all.children
}

// verdictOf is the code of a group's verdict, and who gave it.
func verdictOf(t *testing.T, group *node) (code, by string, item *node) {
	t.Helper()
	item = group.find(row{"CONTAINS", "CODE", "reader-verdict 99NAFAS"})
	if item == nil {
		return "", "", nil
	}
	return codeOf(item.elems.Sequence(tag.ConceptCodeSequence)[0]), observer(t, item), item
}

// observer is the person that an item is by.
func observer(t *testing.T, item *node) string {
	t.Helper()
	kind := item.find(row{"HAS OBS CONTEXT", "CODE", "121005 DCM"})
	require.NotNil(t, kind)
	require.Equal(t, "121006 DCM", codeOf(kind.elems.Sequence(tag.ConceptCodeSequence)[0]), "a person")
	name := item.find(row{"HAS OBS CONTEXT", "PNAME", "121008 DCM"})
	require.NotNil(t, name)
	values := name.elems.Texts(tag.PersonName, []string{"ISO_IR 192"})
	require.Len(t, values, 1)
	return strings.TrimSuffix(values[0], "^")
}

func value(t *testing.T, item *node, attribute tag.Tag) string {
	t.Helper()
	require.NotNil(t, item)
	values := item.elems.Texts(attribute, []string{"ISO_IR 192"})
	require.Len(t, values, 1)
	return values[0]
}

// Each finding keeps its place and its verdict: that of one is never another's.
func TestVerdictsAreOfTheirFindings(t *testing.T) {
	for _, l := range []report.Language{report.English, report.French, report.Arabic} {
		groups := groupsOf(srTree(t, reviewed(t, l)["reviewed"]))
		require.Len(t, groups, 3, "a rejected finding is still there, and so is an added one")
		code, by, first := verdictOf(t, groups[0])
		require.Equal(t, "accepted 99NAFAS", code)
		require.Equal(t, zoe.Name, by)
		require.Equal(t, "RID50151 RADLEX", codeOf(first.find(row{"HAS PROPERTIES", "CODE", "C41144 NCIt"}).elems.Sequence(tag.ConceptCodeSequence)[0]))
		require.NotNil(t, first.find(row{"HAS PROPERTIES", "CODE", "112030 DCM"}), "calcified")
		require.Equal(t, "lung-rads-4a 99NAFAS", codeOf(first.find(row{"HAS PROPERTIES", "CODE", "reader-category 99NAFAS"}).elems.Sequence(tag.ConceptCodeSequence)[0]))
		require.Nil(t, first.find(row{"HAS PROPERTIES", "CODE", "reader-cause 99NAFAS"}))
		require.Nil(t, first.find(row{"HAS PROPERTIES", "TEXT", "121106 DCM"}))

		code, by, second := verdictOf(t, groups[1])
		require.Equal(t, "rejected 99NAFAS", code)
		require.Equal(t, omar.Name, by)
		require.Equal(t, "cause-vessel 99NAFAS", codeOf(second.find(row{"HAS PROPERTIES", "CODE", "reader-cause 99NAFAS"}).elems.Sequence(tag.ConceptCodeSequence)[0]))
		require.Equal(t, "Vaisseau pulmonaire\r\nsegmentaire – côté droit, وعاء", value(t, second.find(row{"HAS PROPERTIES", "TEXT", "121106 DCM"}), tag.TextValue))
		at, _ := second.elems.String(tag.ObservationDateTime)
		require.True(t, strings.HasPrefix(at, "2026030"), at)
		code, _, _ = verdictOf(t, groups[2])
		require.Empty(t, code)
	}
	swapped := reviewed(t, report.English)["reviewed"]
	v := *swapped.Review
	v.Answers = slices.Clone(v.Answers)
	v.Answers[0].Rank, v.Answers[1].Rank = 2, 1
	swapped.Review = &v
	code, _, _ := verdictOf(t, groupsOf(srTree(t, swapped))[0])
	require.Equal(t, "rejected 99NAFAS", code, "by rank, not by order")
}

// What a reader adds is the reader's: no algorithm, no score, no side that nobody
// gave, and the place where it was put.
func TestAnAddedFindingIsThePersons(t *testing.T) {
	for name, r := range reviewed(t, report.French) {
		if len(r.Review.Marks) == 0 {
			continue
		}
		groups := groupsOf(srTree(t, r))
		require.NotEmpty(t, groups, name)
		g := groups[len(groups)-1]
		require.Equal(t, omar.Name, observer(t, g), name)
		require.Equal(t, r.Review.Marks[len(r.Review.Marks)-1].TrackingUID(), value(t, g.find(row{"HAS OBS CONTEXT", "UIDREF", "112040 DCM"}), tag.UID))
		require.Nil(t, g.find(row{"HAS CONCEPT MOD", "TEXT", "111001 DCM"}), "no algorithm found it")
		require.Nil(t, g.find(row{"CONTAINS", "NUM", "111012 DCM"}), "it has no score")
		site := g.find(row{"HAS CONCEPT MOD", "CODE", "363698007 SCT"})
		require.Equal(t, "39607008 SCT", codeOf(site.elems.Sequence(tag.ConceptCodeSequence)[0]))
		require.Empty(t, site.children, "nobody said on which side it is")
		mm, _ := g.find(row{"CONTAINS", "NUM", "81827009 SCT"}).elems.Sequence(tag.MeasuredValueSequence)[0].String(tag.NumericValue)
		require.Equal(t, "5.5", mm)
		surface := g.find(row{"CONTAINS", "SCOORD3D", "121231 DCM"})
		if name == "elsewhere" {
			require.Nil(t, surface, "the frame of reference of another series is not known")
			require.Equal(t, "1501", g.template)
			said := value(t, g.children[len(g.children)-1], tag.TextValue)
			require.Contains(t, said, "2.25.77")
			require.Contains(t, said, "à -3,5 ; 1,2 ; 106,0 mm")
			continue
		}
		points, err := surface.elems.Floats(tag.GraphicData)
		require.NoError(t, err)
		require.InDelta(t, -3.5-2.75, points[0], 1e-6)
		require.InDelta(t, 1.25, points[1], 1e-6)
	}
}

// A reader vouches for a report only with a signature that holds for it, and for
// no failure.
func TestVerifiedOnlyWhenSigned(t *testing.T) {
	all := reviewed(t, report.English)
	all["never reviewed"] = result(t, report.English)
	verified := map[string]report.Reader{"signed": omar, "elsewhere": omar, "unanswered-signed": zoe}
	for name, r := range all {
		data, err := r.SR()
		require.NoError(t, err)
		f, err := part10.Parse(data, part10.DefaultLimits())
		require.NoError(t, err)
		text := func(t tag.Tag) string { s, _ := f.Text(t); return s }
		who, is := verified[name]
		observers := f.Elements().Sequence(tag.VerifyingObserverSequence)
		if !is {
			require.Equal(t, "UNVERIFIED", text(tag.VerificationFlag), name)
			require.Equal(t, "PRELIMINARY", text(tag.PreliminaryFlag), name)
			require.Empty(t, observers, name)
			continue
		}
		require.Equal(t, "VERIFIED", text(tag.VerificationFlag), name)
		require.Equal(t, "FINAL", text(tag.PreliminaryFlag), name)
		require.Equal(t, "COMPLETE", text(tag.CompletionFlag), name)
		require.Len(t, observers, 1)
		require.Equal(t, []string{who.Name + "^"}, observers[0].Texts(tag.VerifyingObserverName, []string{"ISO_IR 192"}))
		require.Equal(t, []string{"Hôpital Ibn Sina"}, observers[0].Texts(tag.VerifyingOrganization, []string{"ISO_IR 192"}))
		at, _ := observers[0].String(tag.VerificationDateTime)
		when, err := time.Parse("20060102150405.000000-0700", at)
		require.NoError(t, err)
		require.True(t, when.Equal(r.Review.Signed.At))
	}
}

// Every state of a review is another report, and none of them touches the other
// objects of the result.
func TestEachReviewIsAnotherReport(t *testing.T) {
	base := result(t, report.English)
	base.Review = review(base)
	change := func(f func(*report.Review)) report.Result {
		r := result(t, report.English)
		r.Review = review(r)
		f(r.Review)
		return r
	}
	states := map[string]report.Result{
		"none": result(t, report.English), "base": base, "signed": signedBy(base, zoe), "signed by another": signedBy(base, omar), "outdated": outdated(base),
		"version":       change(func(v *report.Review) { v.Version++ }),
		"verdict":       change(func(v *report.Review) { v.Answers[0].Verdict = report.Unsure }),
		"cause":         change(func(v *report.Review) { v.Answers[1].Cause = "scar" }),
		"answer gone":   change(func(v *report.Review) { v.Answers = v.Answers[:1] }),
		"rank":          change(func(v *report.Review) { v.Answers = v.Answers[:1]; v.Answers[0].Rank = 2 }),
		"comment":       change(func(v *report.Review) { v.Answers[1].Comment += "!" }),
		"kind":          change(func(v *report.Review) { v.Answers[0].Kind = measure.KindSolid }),
		"category":      change(func(v *report.Review) { v.Answers[0].Category = "4B" }),
		"reader":        change(func(v *report.Review) { v.Answers[0].By = omar }),
		"time":          change(func(v *report.Review) { v.Answers[0].At = acted.Add(time.Second) }),
		"mark gone":     change(func(v *report.Review) { v.Marks = nil }),
		"mark moved":    change(func(v *report.Review) { v.Marks[0].CenterLPSMM[2] += .01 }),
		"mark's size":   change(func(v *report.Review) { v.Marks[0].DiameterMM = 6 }),
		"mark's reader": change(func(v *report.Review) { v.Marks[0].By = zoe }),
		"earlier":       change(func(v *report.Review) { v.Earlier = 1 }),
	}
	replacing := base
	replacing.Replaces = []report.Predecessor{{Reference: base.SRInstance(), SeriesUID: base.SRSeries()}}
	states["predecessor"] = replacing
	uids := map[string]string{}
	none := states["none"]
	for name, r := range states {
		for _, uid := range []string{r.SRInstance().SOPInstanceUID, r.SRSeries()} {
			require.Empty(t, uids[uid], "%s has the UID of %s", name, uids[uid])
			uids[uid] = name
		}
		require.Equal(t, none.KOInstance(), r.KOInstance(), name)
		require.Equal(t, none.SEGInstance(), r.SEGInstance(), name)
		require.Equal(t, none.SCInstance(), r.SCInstance(), name)
		require.Equal(t, none.TrackingUID(none.Findings[0]), r.TrackingUID(r.Findings[0]), name)
	}
}

// The times of a report are those of what it says last.
func TestAReviewedReportIsLaterThanItsResult(t *testing.T) {
	r := reviewed(t, report.English)["signed"]
	data, err := r.SR()
	require.NoError(t, err)
	f, err := part10.Parse(data, part10.DefaultLimits())
	require.NoError(t, err)
	day, _ := f.Elements().String(tag.ContentDate)
	require.Equal(t, acted.Add(time.Hour).In(time.Local).Format("20060102"), day)
}

// What is said in words says as much as the codes, in each language.
func TestReviewsInWords(t *testing.T) {
	seen := map[string]bool{}
	for _, l := range []report.Language{report.English, report.French, report.Arabic} {
		all := reviewed(t, l)
		r := all["reviewed"]
		begun := strings.Join(r.Reviewed(l), " ")
		for _, state := range []string{"reviewed", "signed", "outdated"} {
			s := strings.Join(all[state].Reviewed(l), " ")
			require.False(t, seen[s], "%s %s", state, l)
			seen[s] = true
		}
		require.Contains(t, strings.Join(all["signed"].Reviewed(l), " "), omar.Name)
		require.Contains(t, begun, "2")
		require.Contains(t, r.AnswerIn(l, r.Findings[1]), omar.Name)
		cause, ok := report.CauseIn(l, "vessel")
		require.True(t, ok)
		require.Contains(t, r.AnswerIn(l, r.Findings[1]), cause.Meaning)
		require.NotContains(t, r.AnswerIn(l, r.Findings[0]), cause.Meaning)
		require.Contains(t, r.AnswerIn(l, r.Findings[0]), "Lung-RADS 4A")
		require.Contains(t, r.MarkIn(l, r.Review.Marks[0]), "Lung-RADS 3")
		for _, v := range []report.Verdict{report.Accepted, report.Rejected, report.Unsure} {
			c := report.VerdictIn(l, v)
			require.NotEmpty(t, c.Meaning)
			require.False(t, seen[c.Meaning])
			seen[c.Meaning] = true
		}
		require.Empty(t, result(t, l).Reviewed(l))
		require.Empty(t, result(t, l).AnswerIn(l, r.Findings[0]))
	}
	r := reviewed(t, report.English)["reviewed"]
	require.Equal(t, []string{
		"Not signed off by a reader.",
		"Of 2 findings of the program readers accepted 1 and rejected 1; they were unsure of 0, and did not answer 0.",
		"Rejected findings are not removed: they are marked as rejected.", "Findings added by readers: 1.",
	}, r.Reviewed(report.English))
	require.Equal(t, "REJECTED by د. عمر العلوي on 2026-03-02 09:16 UTC: vessel.", r.AnswerIn(report.English, r.Findings[1]))
}

// Where the images' text is not in UTF-8, what readers wrote is written as far as
// every character set has it, and no byte of UTF-8 gets in.
func TestReadersWhoseLettersCannotBeWritten(t *testing.T) {
	r := signedBy(reviewed(t, report.Arabic)["reviewed"], omar)
	var b part10.Builder
	b.Text(tag.SpecificCharacterSet, "ISO_IR 100", "ISO 2022 IR 999")
	b.Text(tag.PatientName, "A\x1b$)Z\xff\xfe")
	b.Text(tag.StudyInstanceUID, "1.2.3")
	elems, err := b.Elements()
	require.NoError(t, err)
	r.Subject = report.SubjectOf(elems)
	data, err := r.SR()
	require.NoError(t, err)
	for _, part := range []string{omar.Name, zoe.Name, "côté", "وعاء", "Hôpital"} {
		require.NotContains(t, string(data), part)
	}
	root := tree(t, data)
	_, by, _ := verdictOf(t, groupsOf(root)[1])
	require.Equal(t, "omar", by, "the name that signs in")
	f, err := part10.Parse(data, part10.DefaultLimits())
	require.NoError(t, err)
	name, _ := f.Elements().Sequence(tag.VerifyingObserverSequence)[0].String(tag.VerifyingObserverName)
	require.Equal(t, "omar^", name)
}

// Names and comments are values, whatever is in them.
func TestReadersWithStrangeNames(t *testing.T) {
	for name, want := range map[string]string{
		"": "not stated", "A^B=C\\D\x1b\n": "A B C D", strings.Repeat("é", 70): strings.Repeat("é", 64), "  ": "not stated",
	} {
		r := result(t, report.English)
		r.Review = review(r)
		r.Review.Answers[0].By = report.Reader{Name: name}
		_, by, _ := verdictOf(t, groupsOf(srTree(t, r))[0])
		require.Equal(t, want, by)
	}
	broken := result(t, report.English)
	broken.Review = review(broken)
	broken.Review.Marks[0].DiameterMM = math.NaN()
	_, err := broken.SR()
	require.Error(t, err, fmt.Sprint(math.NaN()))
}
