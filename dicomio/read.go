package dicomio

import (
	"slices"
	"strings"

	"github.com/suyashkumar/dicom/pkg/tag"

	"nafas/dicomio/part10"
	"nafas/dicomio/pixel"
	"nafas/dicomio/refusal"
	"nafas/inference/volume"
)

const remedySource = "re-export the object from its source"

// ReadInstance reads the typed header of a parsed file. It keeps no pixels.
//
// Of an object that is no CT image only the identity is read (UIDs, patient,
// modality, who made it). What a CT image lacks for a volume (position,
// rescaling, ...) is no error here: its series is refused for it. Errors are
// *refusal.Error, Malformed: no or broken UIDs, an element that must hold a
// number and does not, functional groups that do not fit the frames.
func ReadInstance(f *part10.File) (*Instance, error) {
	el := f.Elements()
	in := &Instance{TransferSyntax: f.TransferSyntax, Modality: strings.ToUpper(first(el, tag.Modality))}
	if err := in.readIdentity(f); err != nil {
		return nil, err
	}
	in.ImageType = upper(el.Strings(tag.ImageType))
	in.Manufacturer = text(f, tag.Manufacturer)
	in.ManufacturerModel = text(f, tag.ManufacturerModelName)
	in.Own = !in.IsCT() && strings.EqualFold(in.Manufacturer, OwnManufacturer)
	if !in.IsCT() {
		return in, nil
	}
	if err := in.readImage(f, el); err != nil {
		return nil, err
	}
	read := in.readFunctionalGroups
	if in.SOPClassUID == ClassCT {
		read = in.readSingleFrame
	}
	if err := read(el); err != nil {
		return nil, err
	}
	return in, nil
}

// OwnManufacturer is (0008,0070) of every object that Nafas derives (report,
// segmentation, key images, secondary capture); it marks them as our own
// results when they come back.
const OwnManufacturer = "Nafas"

func first(el part10.Elements, t tag.Tag) string {
	s, _ := el.String(t)
	return s
}

func upper(values []string) []string {
	out := make([]string, len(values))
	for i, v := range values {
		out[i] = strings.ToUpper(v)
	}
	return out
}

func (in *Instance) readIdentity(f *part10.File) error {
	el := f.Elements()
	in.StudyUID, in.SeriesUID = first(el, tag.StudyInstanceUID), first(el, tag.SeriesInstanceUID)
	in.SOPClassUID, in.SOPUID = first(el, tag.SOPClassUID), first(el, tag.SOPInstanceUID)
	in.FrameOfReferenceUID = first(el, tag.FrameOfReferenceUID)
	in.StudyDate = first(el, tag.StudyDate)
	in.Facts = readFacts(el)
	for _, u := range []struct{ name, uid string }{
		{"Study Instance UID", in.StudyUID}, {"Series Instance UID", in.SeriesUID},
		{"SOP Class UID", in.SOPClassUID}, {"SOP Instance UID", in.SOPUID},
	} {
		odd, ok := checkUID(u.uid)
		if !ok {
			return refusal.New(refusal.Malformed, remedySource, "the %s is absent or no UID", u.name)
		}
		if odd {
			in.Warnings = append(in.Warnings, Warning{WarnUID, "The " + u.name + " has a component with a leading zero."})
		}
	}
	in.Patient = Patient{
		ID: text(f, tag.PatientID), Issuer: text(f, tag.IssuerOfPatientID),
		Name: text(f, tag.PatientName), BirthDate: first(el, tag.PatientBirthDate),
	}
	return nil
}

// checkUID tells what PS3.5 section 9.1 forbids and nothing can work with (ok
// false) from the leading zeros that scanners do write (odd).
func checkUID(uid string) (odd, ok bool) {
	if uid == "" || len(uid) > 64 {
		return false, false
	}
	for part := range strings.SplitSeq(uid, ".") {
		if part == "" || strings.Trim(part, "0123456789") != "" {
			return false, false
		}
		odd = odd || len(part) > 1 && part[0] == '0'
	}
	return odd, true
}

// readImage reads the Image Pixel module and what holds for all frames.
func (in *Instance) readImage(f *part10.File, el part10.Elements) error {
	whole := func(t tag.Tag, missing int) int {
		if v, ok := el.Int(t); ok {
			return v
		}
		return missing
	}
	in.Rows, in.Columns = whole(tag.Rows, 0), whole(tag.Columns, 0)
	stored := whole(tag.BitsStored, 0)
	in.Format = pixel.Format{
		TransferSyntax: f.TransferSyntax, Rows: in.Rows, Columns: in.Columns,
		BitsAllocated: whole(tag.BitsAllocated, 0), BitsStored: stored, HighBit: whole(tag.HighBit, stored-1),
		PixelRepresentation: whole(tag.PixelRepresentation, -1), SamplesPerPixel: whole(tag.SamplesPerPixel, 1),
		Photometric: strings.ToUpper(first(el, tag.PhotometricInterpretation)),
		BigEndian:   f.Pixel != nil && f.Pixel.BigEndian,
	}
	in.Padding = readPadding(el)
	in.Kernel = strings.ReplaceAll(text(f, tag.ConvolutionKernel), `\`, " ")
	in.SeriesNumber, in.InstanceNumber = whole(tag.SeriesNumber, 0), whole(tag.InstanceNumber, 0)
	in.AcquisitionNumber = first(el, tag.AcquisitionNumber)
	in.TemporalPosition = first(el, tag.TemporalPositionIdentifier)
	in.Contrast = contrastNamed(first(el, tag.ContrastBolusAgent)) || len(el.Sequence(tag.ContrastBolusAgentSequence)) > 0
	in.Lossy = first(el, tag.LossyImageCompression) == "01" || pixel.Lossy(f.TransferSyntax)
	in.location = locate(f)
	return nil
}

// contrastNamed: the element is free text, and some write that there was
// none.
func contrastNamed(agent string) bool {
	return !slices.Contains([]string{"", "NONE", "NO", "N", "NON", "WITHOUT", "NO CONTRAST"}, strings.ToUpper(agent))
}

// readPadding takes the 16 bits of the padding value whatever its VR: US and
// SS both occur against the pixel representation (63536 for -2000).
func readPadding(el part10.Elements) Padding {
	var p Padding
	bits := func(t tag.Tag) (uint16, bool) {
		v, ok := el.Int(t)
		return uint16(v), ok && v >= -1<<15 && v < 1<<16
	}
	p.Value, p.HasValue = bits(tag.PixelPaddingValue)
	p.Limit, p.HasLimit = bits(tag.PixelPaddingRangeLimit)
	p.HasLimit = p.HasLimit && p.HasValue
	return p
}

// readSingleFrame reads a CT Image Storage instance. Some writers put several
// frames into one all the same; that has no geometry and is refused.
func (in *Instance) readSingleFrame(el part10.Elements) error {
	if n, ok := el.Int(tag.NumberOfFrames); ok && n != 1 {
		return refusal.New(refusal.Malformed, "send Enhanced CT, or one slice per instance",
			"a single-frame CT image with %d frames", n)
	}
	fr := Frame{ImageType: in.ImageType, Kernel: in.Kernel,
		AcquisitionNumber: in.AcquisitionNumber, TemporalPosition: in.TemporalPosition}
	if err := fr.readPlane(el, el, el); err != nil {
		return err
	}
	if err := fr.readRescale(el); err != nil {
		return err
	}
	in.Frames = []Frame{fr}
	return nil
}

// readPlane reads position, orientation and measures from the items (or the
// data set) that hold them.
func (fr *Frame) readPlane(position, orientation, measures part10.Elements) error {
	pos, err := numbers(position, tag.ImagePositionPatient, 3)
	if err != nil {
		return err
	}
	if fr.HasPosition = pos != nil; fr.HasPosition {
		fr.PositionLPSMM = volume.Vec3(pos)
	}
	dir, err := numbers(orientation, tag.ImageOrientationPatient, 6)
	if err != nil {
		return err
	}
	if fr.HasOrientation = dir != nil; fr.HasOrientation {
		fr.Row, fr.Column = volume.Vec3(dir[:3]), volume.Vec3(dir[3:])
	}
	spacing, err := numbers(measures, tag.PixelSpacing, 2)
	if err != nil {
		return err
	}
	if fr.HasSpacing = spacing != nil; fr.HasSpacing {
		fr.PixelSpacingMM = [2]float64(spacing)
	}
	thick, err := measures.Floats(tag.SliceThickness)
	if err != nil {
		return err
	}
	if len(thick) > 0 && thick[0] > 0 {
		fr.SliceThicknessMM = thick[0]
	}
	return nil
}

// readRescale reads the Modality LUT attributes. HasRescale needs both: a
// default would make Hounsfield units out of anything.
func (fr *Frame) readRescale(el part10.Elements) error {
	slope, err := el.Floats(tag.RescaleSlope)
	if err != nil {
		return err
	}
	intercept, err := el.Floats(tag.RescaleIntercept)
	if err != nil {
		return err
	}
	if fr.HasRescale = len(slope) > 0 && len(intercept) > 0; fr.HasRescale {
		fr.Slope, fr.Intercept = slope[0], intercept[0]
	}
	fr.RescaleType = strings.ToUpper(first(el, tag.RescaleType))
	return nil
}

// numbers returns exactly n values, or nil where the element is absent. Other
// counts are malformed.
func numbers(el part10.Elements, t tag.Tag, n int) ([]float64, error) {
	v, err := el.Floats(t)
	if err != nil || len(v) == 0 {
		return nil, err
	}
	if len(v) != n {
		return nil, refusal.New(refusal.Malformed, remedySource, "element %s holds %d values instead of %d", t, len(v), n)
	}
	return v, nil
}
