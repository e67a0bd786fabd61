package triage

import (
	"crypto/sha256"
	"encoding/binary"
	"fmt"
	"hash"
	"strings"

	"nafas/dicomio"
	"nafas/dicomio/part10"
	"nafas/dicomio/source"
)

// ReadHeader is the HeaderReader over the guard of dicomio/part10.
func ReadHeader(data []byte) (Header, error) {
	f, err := part10.Parse(data, part10.DefaultLimits())
	if err != nil {
		return Header{}, err
	}
	in, err := dicomio.ReadInstance(f)
	if err != nil {
		// Whose instance it is, is worth knowing even so.
		if id, idErr := dicomio.Identify(f); idErr == nil {
			return identity(id), err
		}
		return Header{}, err
	}
	h := identity(in)
	h.Pixels = pixelSum(f, in)
	h.Content = contentSum(h.Pixels, in)
	h.Description = dicomio.Describe(f)
	return h, nil
}

func identity(in *dicomio.Instance) Header {
	return Header{
		StudyUID: in.StudyUID, SeriesUID: in.SeriesUID, SOPUID: in.SOPUID,
		SOPClassUID: in.SOPClassUID, Modality: in.Modality, Patient: in.Patient,
	}
}

// SameImage says whether two files of one SOP instance show the same image
// though their bytes differ: they came in two transfer syntaxes. JPEG 2000
// counts as different, since only native code reads it, which is kept out of
// the server's process.
func SameImage(a, b []byte) bool {
	ia, ib := instanceOf(a), instanceOf(b)
	if ia == nil || ib == nil || ia.TransferSyntax == ib.TransferSyntax {
		return false
	}
	same, err := dicomio.SameImage(ia, ib)
	return err == nil && same
}

func instanceOf(data []byte) *dicomio.Instance {
	f, err := part10.Parse(data, part10.DefaultLimits())
	if err != nil || nativeCodec(f.TransferSyntax) {
		return nil
	}
	in, err := dicomio.ReadInstance(f)
	if err != nil {
		return nil
	}
	in.Source = source.FromBytes("", data)
	return in
}

// nativeCodec: JPEG 2000 (PS3.5 A.4.4) and HTJ2K (A.4.11).
func nativeCodec(transferSyntax string) bool {
	return strings.HasPrefix(transferSyntax, "1.2.840.10008.1.2.4.9") || strings.HasPrefix(transferSyntax, "1.2.840.10008.1.2.4.20")
}

// pixelSum is over the pixel data as they are stored and over what places
// them: whose they are, how they are encoded, where they lie and how they
// become Hounsfield units.
func pixelSum(f *part10.File, in *dicomio.Instance) Sum {
	h := sha256.New()
	fmt.Fprintf(h, "pixels 1|%q|%q|%q|%q|%+v|%+v|", in.StudyUID, in.SeriesUID, in.SOPClassUID, in.FrameOfReferenceUID, in.Format, in.Padding)
	for _, fr := range in.Frames {
		fmt.Fprintf(h, "%d|%v %v|%v %v %v|%v %v|%v|%v %v %v|", fr.Number, fr.PositionLPSMM, fr.HasPosition,
			fr.Row, fr.Column, fr.HasOrientation, fr.PixelSpacingMM, fr.HasSpacing, fr.SliceThicknessMM,
			fr.Slope, fr.Intercept, fr.HasRescale)
	}
	if p := f.Pixel; p != nil {
		writePart(h, f.Bytes[p.Offset:p.Offset+p.Length])
		for _, fragment := range p.Fragments {
			writePart(h, fragment)
		}
	}
	return Sum(h.Sum(nil))
}

// contentSum is over all that dicomio reads of an instance, but for the
// patient, whom no finding depends on.
func contentSum(pixels Sum, in *dicomio.Instance) Sum {
	h := sha256.New()
	fmt.Fprintf(h, "content 1|%q|%q|%q|%q|%q|%q|%q|%d|%d|%q|%q|%v|%v|%v|", in.SOPUID, in.Modality, in.ImageType,
		in.TransferSyntax, in.Kernel, in.Manufacturer, in.ManufacturerModel, in.SeriesNumber, in.InstanceNumber,
		in.AcquisitionNumber, in.TemporalPosition, in.Contrast, in.Lossy, in.Own)
	for _, fr := range in.Frames {
		fmt.Fprintf(h, "%q|%q|%q|%q|%q|%q|", fr.ImageType, fr.RescaleType, fr.Kernel, fr.AcquisitionNumber, fr.TemporalPosition, fr.StackID)
	}
	h.Write(pixels[:])
	return Sum(h.Sum(nil))
}

// writePart writes b with its length, so that two parts never read as one.
func writePart(h hash.Hash, b []byte) {
	var n [8]byte
	binary.LittleEndian.PutUint64(n[:], uint64(len(b)))
	h.Write(n[:])
	h.Write(b)
}
