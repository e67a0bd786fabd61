package ctwriter

import (
	"strconv"

	"github.com/suyashkumar/dicom"
	"github.com/suyashkumar/dicom/pkg/tag"

	"nafas/dicomio/part10"
	"nafas/inference/volume"
)

const (
	ctImageStorage         = "1.2.840.10008.5.1.4.1.1.2"
	enhancedCTImageStorage = "1.2.840.10008.5.1.4.1.1.2.1"
)

// header collects elements; the first error stays.
type header struct {
	elems []*dicom.Element
	err   error
}

// add appends an element of the dictionary's VR.
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
func (h *header) ints(t tag.Tag, values ...int)    { h.add(t, values) }

// numbers adds an element of VR DS, FD or FL, as the dictionary says.
func (h *header) numbers(t tag.Tag, values ...float64) {
	if info, err := tag.Find(t); err == nil && info.VRs[0] != "DS" {
		h.add(t, values)
		return
	}
	out := make([]string, len(values))
	for i, v := range values {
		out[i] = decimal(v)
	}
	h.text(t, out...)
}

// sequence adds a sequence; each item is filled by one function.
func (h *header) sequence(t tag.Tag, items ...func(*header)) {
	out := make([][]*dicom.Element, len(items))
	for i, fill := range items {
		var item header
		fill(&item)
		out[i] = item.elems
		if h.err == nil {
			h.err = item.err
		}
	}
	h.add(t, out)
}

// code fills an item of a code sequence (PS3.3 table 8.8-1).
func code(value, scheme, meaning string) func(*header) {
	return func(h *header) {
		h.text(tag.CodeValue, value)
		h.text(tag.CodingSchemeDesignator, scheme)
		h.text(tag.CodeMeaning, meaning)
	}
}

// decimal writes v with as many digits as DS holds: 16 characters (PS3.5
// table 6.2-1), so that positions keep at least 1e-8 mm.
func decimal(v float64) string {
	if v == 0 {
		return "0" // also for -0
	}
	s := strconv.FormatFloat(v, 'f', -1, 64)
	for digits := 16; len(s) > 16; digits-- {
		if r := strconv.FormatFloat(v, 'g', digits, 64); len(r) <= 16 || digits == 1 {
			return r
		}
	}
	return s
}

// common adds the modules that every CT instance has: patient, study, series,
// equipment, frame of reference, SOP.
func (h *header) common(o Options, sopClass, sopUID string) {
	h.text(tag.SpecificCharacterSet, "ISO_IR 192")
	h.text(tag.SOPClassUID, sopClass)
	h.text(tag.SOPInstanceUID, sopUID)
	h.text(tag.PatientName, o.Patient.Name)
	h.text(tag.PatientID, o.Patient.ID)
	if o.Patient.Issuer != "" {
		h.text(tag.IssuerOfPatientID, o.Patient.Issuer)
	}
	h.text(tag.PatientBirthDate, o.Patient.BirthDate)
	h.text(tag.PatientSex, o.Patient.Sex)
	h.text(tag.StudyInstanceUID, o.StudyUID)
	h.text(tag.StudyDate, o.Date)
	h.text(tag.StudyTime, o.Time)
	h.text(tag.ReferringPhysicianName, "")
	h.text(tag.StudyID, "1")
	h.text(tag.AccessionNumber, "")
	h.text(tag.StudyDescription, "CT chest")
	h.text(tag.Modality, "CT")
	h.text(tag.SeriesInstanceUID, o.SeriesUID)
	h.text(tag.SeriesNumber, strconv.Itoa(o.SeriesNumber))
	h.text(tag.SeriesDate, o.Date)
	h.text(tag.SeriesTime, o.Time)
	h.text(tag.SeriesDescription, o.Description)
	h.text(tag.BodyPartExamined, "CHEST")
	h.text(tag.PatientPosition, "HFS")
	h.text(tag.Manufacturer, o.Manufacturer)
	h.text(tag.ManufacturerModelName, "Nafas ctwriter")
	h.text(tag.DeviceSerialNumber, "0")
	h.text(tag.SoftwareVersions, "1")
	h.text(tag.FrameOfReferenceUID, o.FrameOfReferenceUID)
	h.text(tag.PositionReferenceIndicator, "")
	h.text(tag.ContentDate, o.Date)
	h.text(tag.ContentTime, o.Time)
	h.text(tag.AcquisitionNumber, "1")
	h.text(tag.BurnedInAnnotation, "NO")
}

// pixels adds the image pixel module (PS3.3 C.7.6.3).
func (h *header) pixels(v *volume.Volume, o Options, ratio float64) {
	h.ints(tag.SamplesPerPixel, 1)
	h.text(tag.PhotometricInterpretation, "MONOCHROME2")
	h.ints(tag.Rows, v.Size[1])
	h.ints(tag.Columns, v.Size[0])
	h.ints(tag.BitsAllocated, 16)
	h.ints(tag.BitsStored, o.BitsStored)
	h.ints(tag.HighBit, o.BitsStored-1)
	signed := 1
	if o.Unsigned {
		signed = 0
	}
	h.ints(tag.PixelRepresentation, signed)
	if !o.Lossy {
		h.text(tag.LossyImageCompression, "00")
		return
	}
	h.text(tag.LossyImageCompression, "01")
	h.numbers(tag.LossyImageCompressionRatio, float64(int(ratio*100))/100)
	if m, ok := lossyMethods[o.TransferSyntax]; ok {
		h.text(tag.LossyImageCompressionMethod, m)
	}
}

// lossyMethods are the terms of PS3.3 C.7.6.1.1.5.1.
var lossyMethods = map[string]string{
	part10.JPEGBaseline:       "ISO_10918_1",
	part10.JPEGExtended:       "ISO_10918_1",
	part10.JPEGLSNearLossless: "ISO_14495_1",
	part10.JPEG2000:           "ISO_15444_1",
	part10.HTJ2K:              "ISO_15444_15",
}

// singleFrame makes the header of slice k (PS3.3 table A.3-1).
func singleFrame(v *volume.Volume, k int, o Options, ratio float64) ([]*dicom.Element, error) {
	var h header
	h.common(o, ctImageStorage, part10.NameUID("ctwriter", o.SeriesUID, o.Seed, "instance", strconv.Itoa(k)))
	h.text(tag.ImageType, "ORIGINAL", "PRIMARY", "AXIAL")
	h.text(tag.AcquisitionDate, o.Date)
	h.text(tag.AcquisitionTime, o.Time)
	h.text(tag.InstanceNumber, strconv.Itoa(k+1))
	h.numbers(tag.KVP, o.KVP)
	h.text(tag.ConvolutionKernel, o.Kernel)
	h.numbers(tag.SliceThickness, o.SliceThicknessMM)
	origin := v.ToLPS(volume.Vec3{0, 0, float64(k)})
	row, column := v.Axes[0], v.Axes[1]
	h.numbers(tag.ImagePositionPatient, origin[:]...)
	h.numbers(tag.ImageOrientationPatient, append(row[:], column[:]...)...)
	// The distance between rows comes first (PS3.3 10.7.1.3).
	h.numbers(tag.PixelSpacing, v.SpacingMM[1], v.SpacingMM[0])
	h.numbers(tag.SliceLocation, origin.Dot(row.Cross(column)))
	h.pixels(v, o, ratio)
	h.numbers(tag.RescaleIntercept, interceptHU)
	h.numbers(tag.RescaleSlope, 1)
	h.text(tag.RescaleType, "HU")
	h.numbers(tag.WindowCenter, -600)
	h.numbers(tag.WindowWidth, 1500)
	return h.elems, h.err
}
