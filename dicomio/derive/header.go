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
func (w *writer) header(f *part10.File, in *dicomio.Instance, c *cells, k int) (part10.Elements, error) {
	var h part10.Builder
	for _, t := range kept {
		if e := f.Elements().Find(t); e != nil {
			h.Copy(e)
		}
	}
	o := w.opt
	h.Text(tag.ImageType, "DERIVED", value(in.ImageType, 1, "PRIMARY"), "AXIAL")
	h.Text(tag.SOPInstanceUID, o.uid("instance", strconv.Itoa(k)))
	h.Text(tag.StudyInstanceUID, o.uid("study"))
	h.Text(tag.SeriesInstanceUID, o.uid("series"))
	h.Text(tag.FrameOfReferenceUID, o.uid("frame of reference"))
	h.Text(tag.PositionReferenceIndicator, "")
	h.Text(tag.PatientID, o.patientID())
	h.Text(tag.IssuerOfPatientID, "NAFAS")
	h.Text(tag.PatientName, "Simulated^Nodules")
	h.Text(tag.PatientBirthDate, "")
	if f.Elements().Find(tag.PatientSex) == nil {
		h.Text(tag.PatientSex, "")
	}
	for _, t := range []tag.Tag{tag.StudyDate, tag.ContentDate} {
		h.Text(t, simulationDate)
	}
	for _, t := range []tag.Tag{tag.StudyTime, tag.ContentTime, tag.AccessionNumber, tag.ReferringPhysicianName} {
		h.Text(t, "")
	}
	h.Text(tag.StudyID, "1")
	h.Text(tag.SeriesNumber, "1")
	h.Text(tag.StudyDescription, "CT chest with simulated nodules")
	h.Text(tag.SeriesDescription, o.Description)
	h.Text(tag.DerivationDescription, o.Derivation)
	h.Text(tag.BurnedInAnnotation, "NO")
	h.Sequence(tag.SourceImageSequence, func(item *part10.Builder) {
		item.Text(tag.ReferencedSOPClassUID, in.SOPClassUID)
		item.Text(tag.ReferencedSOPInstanceUID, in.SOPUID)
	})
	for _, n := range []struct {
		tag   tag.Tag
		value int
	}{
		{tag.SamplesPerPixel, 1}, {tag.Rows, in.Rows}, {tag.Columns, in.Columns},
		{tag.BitsAllocated, 16}, {tag.BitsStored, c.stored}, {tag.HighBit, c.high},
	} {
		h.Ints(n.tag, n.value)
	}
	return h.Elements()
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
