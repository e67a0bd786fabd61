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

// common adds the modules that every CT instance has: patient, study, series,
// equipment, frame of reference, SOP.
func common(h *part10.Builder, o Options, sopClass, sopUID string) {
	h.Text(tag.SpecificCharacterSet, "ISO_IR 192")
	h.Text(tag.SOPClassUID, sopClass)
	h.Text(tag.SOPInstanceUID, sopUID)
	h.Text(tag.PatientName, o.Patient.Name)
	h.Text(tag.PatientID, o.Patient.ID)
	if o.Patient.Issuer != "" {
		h.Text(tag.IssuerOfPatientID, o.Patient.Issuer)
	}
	h.Text(tag.PatientBirthDate, o.Patient.BirthDate)
	h.Text(tag.PatientSex, o.Patient.Sex)
	h.Text(tag.StudyInstanceUID, o.StudyUID)
	h.Text(tag.StudyDate, o.Date)
	h.Text(tag.StudyTime, o.Time)
	h.Text(tag.ReferringPhysicianName, "")
	h.Text(tag.StudyID, "1")
	h.Text(tag.AccessionNumber, o.Accession)
	h.Text(tag.StudyDescription, "CT chest")
	h.Text(tag.Modality, "CT")
	h.Text(tag.SeriesInstanceUID, o.SeriesUID)
	h.Text(tag.SeriesNumber, strconv.Itoa(o.SeriesNumber))
	h.Text(tag.SeriesDate, o.Date)
	h.Text(tag.SeriesTime, o.Time)
	h.Text(tag.SeriesDescription, o.Description)
	h.Text(tag.BodyPartExamined, "CHEST")
	h.Text(tag.PatientPosition, "HFS")
	h.Text(tag.Manufacturer, o.Manufacturer)
	h.Text(tag.ManufacturerModelName, "Nafas ctwriter")
	h.Text(tag.DeviceSerialNumber, "0")
	h.Text(tag.SoftwareVersions, "1")
	h.Text(tag.FrameOfReferenceUID, o.FrameOfReferenceUID)
	h.Text(tag.PositionReferenceIndicator, "")
	h.Text(tag.ContentDate, o.Date)
	h.Text(tag.ContentTime, o.Time)
	h.Text(tag.AcquisitionNumber, "1")
	h.Text(tag.BurnedInAnnotation, "NO")
}

// pixels adds the image pixel module (PS3.3 C.7.6.3).
func pixels(h *part10.Builder, v *volume.Volume, o Options, ratio float64) {
	h.Ints(tag.SamplesPerPixel, 1)
	h.Text(tag.PhotometricInterpretation, "MONOCHROME2")
	h.Ints(tag.Rows, v.Size[1])
	h.Ints(tag.Columns, v.Size[0])
	h.Ints(tag.BitsAllocated, 16)
	h.Ints(tag.BitsStored, o.BitsStored)
	h.Ints(tag.HighBit, o.BitsStored-1)
	signed := 1
	if o.Unsigned {
		signed = 0
	}
	h.Ints(tag.PixelRepresentation, signed)
	if !o.Lossy {
		h.Text(tag.LossyImageCompression, "00")
		return
	}
	h.Text(tag.LossyImageCompression, "01")
	h.Numbers(tag.LossyImageCompressionRatio, float64(int(ratio*100))/100)
	if m, ok := lossyMethods[o.TransferSyntax]; ok {
		h.Text(tag.LossyImageCompressionMethod, m)
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
	var h part10.Builder
	common(&h, o, ctImageStorage, part10.NameUID("ctwriter", o.SeriesUID, o.Seed, "instance", strconv.Itoa(k)))
	h.Text(tag.ImageType, "ORIGINAL", "PRIMARY", "AXIAL")
	h.Text(tag.AcquisitionDate, o.Date)
	h.Text(tag.AcquisitionTime, o.Time)
	h.Text(tag.InstanceNumber, strconv.Itoa(k+1))
	h.Numbers(tag.KVP, o.KVP)
	h.Text(tag.ConvolutionKernel, o.Kernel)
	h.Numbers(tag.SliceThickness, o.SliceThicknessMM)
	origin := v.ToLPS(volume.Vec3{0, 0, float64(k)})
	row, column := v.Axes[0], v.Axes[1]
	h.Numbers(tag.ImagePositionPatient, origin[:]...)
	h.Numbers(tag.ImageOrientationPatient, append(row[:], column[:]...)...)
	// The distance between rows comes first (PS3.3 10.7.1.3).
	h.Numbers(tag.PixelSpacing, v.SpacingMM[1], v.SpacingMM[0])
	h.Numbers(tag.SliceLocation, origin.Dot(row.Cross(column)))
	pixels(&h, v, o, ratio)
	h.Numbers(tag.RescaleIntercept, interceptHU)
	h.Numbers(tag.RescaleSlope, 1)
	h.Text(tag.RescaleType, "HU")
	h.Numbers(tag.WindowCenter, -600)
	h.Numbers(tag.WindowWidth, 1500)
	return h.Elements()
}
