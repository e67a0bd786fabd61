package report

import (
	"fmt"
	"strconv"
	"time"

	"github.com/suyashkumar/dicom/pkg/tag"

	"nafas/dicomio/part10"
	"nafas/inference/volume"
)

// Relationships between content items (PS3.3 table C.17.3-8).
const (
	contains      = "CONTAINS"
	hasConceptMod = "HAS CONCEPT MOD"
	hasObsContext = "HAS OBS CONTEXT"
	hasProperties = "HAS PROPERTIES"
)

// item is a content item (PS3.3 section C.17.3) with those below it.
type item struct {
	relationship string
	valueType    string
	name         *code
	// value fills what belongs to the value type.
	value    func(*part10.Builder, Language)
	children []item
}

// fill writes an item; the root has no relationship.
func (i item) fill(b *part10.Builder, l Language) {
	if i.relationship != "" {
		b.Text(tag.RelationshipType, i.relationship)
	}
	b.Text(tag.ValueType, i.valueType)
	if i.name != nil {
		b.Sequence(tag.ConceptNameCodeSequence, i.name.fill(l))
	}
	if i.value != nil {
		i.value(b, l)
	}
	if len(i.children) == 0 {
		return
	}
	below := make([]func(*part10.Builder), len(i.children))
	for k, c := range i.children {
		below[k] = func(b *part10.Builder) { c.fill(b, l) }
	}
	b.Sequence(tag.ContentSequence, below...)
}

func (c code) fill(l Language) func(*part10.Builder) {
	return part10.Code(c.value, c.scheme, c.meaning(l))
}

func container(relationship string, name code, template string, children ...item) item {
	return item{relationship: relationship, valueType: "CONTAINER", name: &name, children: children,
		value: func(b *part10.Builder, _ Language) {
			b.Text(tag.ContinuityOfContent, "SEPARATE")
			if template != "" {
				b.Sequence(tag.ContentTemplateSequence, func(b *part10.Builder) {
					b.Text(tag.MappingResource, "DCMR")
					b.Text(tag.TemplateIdentifier, template)
				})
			}
		}}
}

func coded(relationship string, name, value code, children ...item) item {
	return item{relationship: relationship, valueType: "CODE", name: &name, children: children,
		value: func(b *part10.Builder, l Language) { b.Sequence(tag.ConceptCodeSequence, value.fill(l)) }}
}

func text(relationship string, name code, value string) item {
	return item{relationship: relationship, valueType: "TEXT", name: &name,
		value: func(b *part10.Builder, _ Language) { b.Text(tag.TextValue, value) }}
}

func personName(relationship string, name code, value string) item {
	return item{relationship: relationship, valueType: "PNAME", name: &name,
		value: func(b *part10.Builder, _ Language) { b.Text(tag.PersonName, value) }}
}

func uidref(relationship string, name code, uid string) item {
	return item{relationship: relationship, valueType: "UIDREF", name: &name,
		value: func(b *part10.Builder, _ Language) { b.Text(tag.UID, uid) }}
}

func number(name code, value float64, unit code, children ...item) item {
	return item{relationship: contains, valueType: "NUM", name: &name, children: children,
		value: func(b *part10.Builder, l Language) {
			b.Sequence(tag.MeasuredValueSequence, func(b *part10.Builder) {
				b.Sequence(tag.MeasurementUnitsCodeSequence, unit.fill(l))
				b.Text(tag.NumericValue, strconv.FormatFloat(value, 'f', -1, 64))
			})
		}}
}

// imageref refers to an image, or to a frame of it.
func imageref(relationship string, ref Reference, frame int) item {
	return item{relationship: relationship, valueType: "IMAGE",
		value: func(b *part10.Builder, _ Language) {
			b.Sequence(tag.ReferencedSOPSequence, func(b *part10.Builder) { ref.fillFrame(b, frame) })
		}}
}

// composite refers to an object that is no image.
func composite(relationship string, ref Reference) item {
	i := imageref(relationship, ref, 0)
	i.valueType = "COMPOSITE"
	return i
}

// ellipsoid is a sphere as SR has it: the ends of three axes, patient LPS mm
// (PS3.3 section C.18.9.1.2).
func ellipsoid(name code, centre volume.Vec3, diameterMM float64, frameOfReferenceUID string) item {
	return item{relationship: contains, valueType: "SCOORD3D", name: &name,
		value: func(b *part10.Builder, _ Language) {
			var points []float64
			for axis := range 3 {
				for _, sign := range []float64{-1, 1} {
					p := centre
					p[axis] += sign * diameterMM / 2
					points = append(points, p[:]...)
				}
			}
			b.Text(tag.GraphicType, "ELLIPSOID")
			b.Numbers(tag.GraphicData, points...)
			b.Text(tag.ReferencedFrameOfReferenceUID, frameOfReferenceUID)
		}}
}

// dateTime adds a date and a time.
func dateTime(b *part10.Builder, date, clock tag.Tag, at time.Time) {
	b.Text(date, at.Format("20060102"))
	b.Text(clock, fmt.Sprintf("%s.%06d", at.Format("150405"), at.Nanosecond()/1000))
}
