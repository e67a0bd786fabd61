package derive

import (
	"strconv"

	"github.com/suyashkumar/dicom"
	"github.com/suyashkumar/dicom/pkg/tag"

	"nafas/dicomio"
	"nafas/dicomio/part10"
)

func dataset(elems []*dicom.Element) dicom.Dataset { return dicom.Dataset{Elements: elems} }

// kept are the elements that come along as they are: how the image was made
// and where it lies. No date, no name, no place, no free text beyond the
// scanner's, no private element: nothing that says who the patient was.
var kept = []tag.Tag{
	tag.SpecificCharacterSet, tag.SOPClassUID, tag.Modality, tag.Manufacturer, tag.ManufacturerModelName,
	tag.PatientSex, tag.BodyPartExamined, tag.PatientPosition, tag.ScanOptions, tag.SoftwareVersions,
	tag.KVP, tag.DataCollectionDiameter, tag.ReconstructionDiameter, tag.DistanceSourceToDetector, tag.DistanceSourceToPatient,
	tag.GantryDetectorTilt, tag.TableHeight, tag.RotationDirection, tag.ExposureTime, tag.XRayTubeCurrent, tag.Exposure,
	tag.FilterType, tag.GeneratorPower, tag.FocalSpots, tag.ConvolutionKernel, tag.SpiralPitchFactor,
	tag.ContrastBolusAgent, tag.ContrastBolusAgentSequence, tag.ContrastBolusRoute,
	tag.InstanceNumber, tag.AcquisitionNumber, tag.TemporalPositionIdentifier, tag.SliceThickness, tag.SpacingBetweenSlices,
	tag.ImagePositionPatient, tag.ImageOrientationPatient, tag.PixelSpacing, tag.SliceLocation,
	tag.RescaleIntercept, tag.RescaleSlope, tag.RescaleType, tag.WindowCenter, tag.WindowWidth,
	tag.PixelPaddingValue, tag.PixelPaddingRangeLimit, tag.PhotometricInterpretation, tag.PixelRepresentation,
	tag.LossyImageCompression, tag.LossyImageCompressionRatio, tag.LossyImageCompressionMethod,
}

// header makes the elements of slice k (PS3.3 table A.3-1).
func (w *writer) header(f *part10.File, in *dicomio.Instance, c *cells, k int) ([]*dicom.Element, error) {
	var h header
	for _, t := range kept {
		if e := f.Elements().Find(t); e != nil {
			h.elems = append(h.elems, e)
		}
	}
	o := w.opt
	h.text(tag.ImageType, "DERIVED", value(in.ImageType, 1, "PRIMARY"), "AXIAL")
	h.text(tag.SOPInstanceUID, o.uid("instance", strconv.Itoa(k)))
	h.text(tag.StudyInstanceUID, o.uid("study"))
	h.text(tag.SeriesInstanceUID, o.uid("series"))
	h.text(tag.FrameOfReferenceUID, o.uid("frame of reference"))
	h.text(tag.PositionReferenceIndicator, "")
	h.text(tag.PatientID, o.patientID())
	h.text(tag.IssuerOfPatientID, "NAFAS")
	h.text(tag.PatientName, "Simulated^Nodules")
	h.text(tag.PatientBirthDate, "")
	if f.Elements().Find(tag.PatientSex) == nil {
		h.text(tag.PatientSex, "")
	}
	for _, t := range []tag.Tag{tag.StudyDate, tag.ContentDate} {
		h.text(t, simulationDate)
	}
	for _, t := range []tag.Tag{tag.StudyTime, tag.ContentTime, tag.AccessionNumber, tag.ReferringPhysicianName} {
		h.text(t, "")
	}
	h.text(tag.StudyID, "1")
	h.text(tag.SeriesNumber, "1")
	h.text(tag.StudyDescription, "CT chest with simulated nodules")
	h.text(tag.SeriesDescription, o.Description)
	h.text(tag.DerivationDescription, o.Derivation)
	h.text(tag.BurnedInAnnotation, "NO")
	h.sequence(tag.SourceImageSequence, func(item *header) {
		item.text(tag.ReferencedSOPClassUID, in.SOPClassUID)
		item.text(tag.ReferencedSOPInstanceUID, in.SOPUID)
	})
	for _, n := range []struct {
		tag   tag.Tag
		value int
	}{
		{tag.SamplesPerPixel, 1}, {tag.Rows, in.Rows}, {tag.Columns, in.Columns},
		{tag.BitsAllocated, 16}, {tag.BitsStored, c.stored}, {tag.HighBit, c.high},
	} {
		h.add(n.tag, []int{n.value})
	}
	return h.elems, h.err
}

// simulationDate stands for every date: the examination's own would help to
// find the patient.
const simulationDate = "20260101"

func value(list []string, i int, otherwise string) string {
	if i < len(list) && list[i] != "" {
		return list[i]
	}
	return otherwise
}

// header collects elements; the first error stays.
type header struct {
	elems []*dicom.Element
	err   error
}

func (h *header) add(t tag.Tag, data any) {
	e, err := part10.NewElement(t, "", data)
	if err != nil {
		if h.err == nil {
			h.err = err
		}
		return
	}
	h.elems = append(h.elems, e)
}

func (h *header) text(t tag.Tag, values ...string) { h.add(t, values) }

func (h *header) sequence(t tag.Tag, fill func(*header)) {
	var item header
	fill(&item)
	if h.err == nil {
		h.err = item.err
	}
	h.add(t, [][]*dicom.Element{item.elems})
}
