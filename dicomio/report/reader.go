package report

import (
	"cmp"
	"strings"
	"time"
	"unicode"
	"unicode/utf8"

	"github.com/suyashkumar/dicom/pkg/tag"

	"nafas/dicomio/part10"
	"nafas/inference/finding"
	"nafas/inference/measure"
)

// verification writes how far people vouch for the report (PS3.3 table C.17-2):
// a reader does who has signed what it says now, and nobody for a part.
func (r Result) verification(b *part10.Builder) {
	if !r.verified() {
		b.Text(tag.VerificationFlag, "UNVERIFIED")
		b.Text(tag.PreliminaryFlag, "PRELIMINARY")
		return
	}
	signed := r.Signature()
	b.Text(tag.VerificationFlag, "VERIFIED")
	b.Text(tag.PreliminaryFlag, "FINAL")
	b.Sequence(tag.VerifyingObserverSequence, func(b *part10.Builder) {
		b.Text(tag.VerifyingOrganization, r.Subject.short(cmp.Or(signed.Organisation, notStated)))
		b.Text(tag.VerificationDateTime, signed.At.In(r.Subject.zone()).Format("20060102150405.000000-0700"))
		b.Text(tag.VerifyingObserverName, r.Subject.personName(signed.By))
		b.Sequence(tag.VerifyingObserverIdentificationCodeSequence)
	})
}

// notStated stands where a value must be and is not known.
const notStated = "not stated"

// answered is what a reader said of a finding, by the reader and not by the
// device that the rest of the report is by.
func (r Result) answered(f Finding) []item {
	a := r.AnswerTo(f)
	if a == nil {
		return nil
	}
	said := r.by(a.By)
	if a.Verdict == Rejected {
		if cause, ok := causes[a.Cause]; ok {
			said = append(said, coded(hasProperties, readerCause, cause))
		}
	}
	said = append(said, r.readersOwn(hasProperties, a.Kind, a.Category, a.Comment)...)
	out := coded(contains, readerVerdict, verdicts[a.Verdict], said...)
	out.value = r.observed(out.value, a.At)
	return []item{out}
}

// by names a person as the observer (PS3.16 TID 1001, 1003).
func (r Result) by(who Reader) []item {
	out := []item{coded(hasObsContext, observerType, person), personName(hasObsContext, personObserver, r.Subject.personName(who))}
	if who.ID != "" {
		out = append(out, text(hasObsContext, personLogin, r.Subject.letters(who.ID)))
	}
	return out
}

// readersOwn are kind, category and comment, as far as they were given.
func (r Result) readersOwn(relationship string, kind measure.Kind, category, said string) []item {
	var out []item
	if c, ok := textures[kind]; ok {
		out = append(out, coded(relationship, texture, c))
	}
	if kind == measure.KindCalcified {
		out = append(out, coded(relationship, calcification, calcified))
	}
	if category != "" {
		out = append(out, coded(relationship, readerCategory, lungRADS(category)))
	}
	if said = r.Subject.letters(said); said != "" {
		out = append(out, text(relationship, comment, said))
	}
	return out
}

// observed adds when somebody said what an item says (PS3.3 table C.17-5): that
// is not when the report was made.
func (r Result) observed(value func(*part10.Builder, Language), at time.Time) func(*part10.Builder, Language) {
	return func(b *part10.Builder, l Language) {
		value(b, l)
		b.Text(tag.ObservationDateTime, at.In(r.Subject.zone()).Format("20060102150405.000000-0700"))
	}
}

// markGroup is a finding that a reader added: TID 1411 where it lies in the
// series that was read, else TID 1501, which has no place in images.
func (r Result) markGroup(m Mark, l Language) item {
	items := append(r.by(m.By),
		text(hasObsContext, trackingIdentifier, m.trackingID()),
		uidref(hasObsContext, trackingUniqueIdentifier, m.TrackingUID()),
		coded(contains, findingCategory, abnormalStructure),
		coded(contains, findingConcept, nodule),
		Finding{Finding: finding.Finding{Side: finding.SideUnknown}}.site(),
	)
	template := "1501"
	if r.holds(m) {
		template = "1411"
		items = append(items,
			ellipsoid(volumeSurface, m.CenterLPSMM, m.DiameterMM, r.Source.FrameOfReferenceUID),
			uidref(contains, sourceSeries, m.SeriesUID))
	}
	if m.DiameterMM > 0 {
		items = append(items, number(diameter, m.DiameterMM, millimeter))
	}
	items = append(items, r.readersOwn(contains, m.Kind, m.Category, m.Comment)...)
	items = append(items, text(contains, comment, r.Subject.letters(r.MarkIn(l, m))))
	out := container(contains, measurementGroup, template, items...)
	out.value = r.observed(out.value, m.At)
	return out
}

// holds says whether a mark has a place in the series that was read.
func (r Result) holds(m Mark) bool {
	_, err := r.Source.image(m.SOPInstanceUID)
	return err == nil && m.SeriesUID == r.Source.SeriesUID && m.DiameterMM > 0 && r.Source.FrameOfReferenceUID != ""
}

// letters is a text that people wrote as an object may have it: without control
// characters, lines apart (PS3.5 6.2, UT), and where the object is not in UTF-8 with a
// question mark for each letter that not every character set has.
func (s Subject) letters(text string) string {
	text = strings.NewReplacer("\r\n", "\r\n", "\r", "\r\n", "\n", "\r\n").Replace(strings.ToValidUTF8(text, "\uFFFD"))
	return strings.TrimSpace(strings.Map(func(r rune) rune {
		switch {
		case r == '\r' || r == '\n':
			return r
		case unicode.IsControl(r):
			return ' '
		case r >= utf8.RuneSelf && !s.utf8:
			return '?'
		}
		return r
	}, text))
}

// short is letters as one value of 64 characters may have them (LO, PN).
func (s Subject) short(text string) string {
	out := strings.Join(strings.FieldsFunc(s.letters(text), func(r rune) bool { return unicode.IsSpace(r) || r == '\\' }), " ")
	if letters := []rune(out); len(letters) > 64 {
		out = strings.TrimSpace(string(letters[:64]))
	}
	return out
}

// personName is a reader as a value of PN, all in the first component: nobody said
// which part is the family's. The mark behind it says that this is no name of the
// form that was retired, with its parts between spaces. Where the name that is shown has letters that cannot be
// written, it is the one that signs in.
func (s Subject) personName(who Reader) string {
	plain := func(name string) string {
		return s.short(strings.Map(func(r rune) rune {
			if r == '^' || r == '=' {
				return ' '
			}
			return r
		}, name))
	}
	name := plain(who.Shown())
	if id := plain(who.ID); strings.ContainsRune(name, '?') && id != "" && !s.utf8 {
		name = id
	}
	return cmp.Or(name, notStated) + "^"
}

// Shown is the name to show; "" where there is none.
func (who Reader) Shown() string {
	return cmp.Or(strings.TrimSpace(who.Name), strings.TrimSpace(who.ID))
}
