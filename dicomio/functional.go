package dicomio

import (
	"strconv"
	"strings"

	"github.com/suyashkumar/dicom/pkg/tag"

	"nafas/dicomio/part10"
	"nafas/dicomio/refusal"
)

// groups finds a functional group macro (PS3.3 C.7.6.16): the frame's own
// item wins over the shared one.
type groups struct{ shared, own part10.Elements }

func (g groups) item(t tag.Tag) part10.Elements {
	for _, el := range []part10.Elements{g.own, g.shared} {
		if items := el.Sequence(t); len(items) > 0 {
			return items[0]
		}
	}
	return nil
}

// readFunctionalGroups reads the frames of Enhanced and Legacy Converted
// Enhanced CT. Frames stay in the order of the pixels; they need not be
// sorted.
func (in *Instance) readFunctionalGroups(el part10.Elements) error {
	own := el.Sequence(tag.PerFrameFunctionalGroupsSequence)
	n, ok := el.Int(tag.NumberOfFrames)
	if !ok || n < 1 || n != len(own) {
		return refusal.New(refusal.Malformed, remedySource,
			"a multi-frame object of %d frames with %d frame descriptions", n, len(own))
	}
	var g groups
	if items := el.Sequence(tag.SharedFunctionalGroupsSequence); len(items) > 0 {
		g.shared = items[0]
	}
	in.Frames = make([]Frame, n)
	for i := range in.Frames {
		g.own = own[i]
		if err := in.readFrame(&in.Frames[i], i+1, g); err != nil {
			return err
		}
	}
	if in.Kernel == "" {
		in.Kernel = in.Frames[0].Kernel
	}
	return nil
}

func (in *Instance) readFrame(fr *Frame, number int, g groups) error {
	*fr = Frame{Number: number, ImageType: in.ImageType, Kernel: in.Kernel,
		AcquisitionNumber: in.AcquisitionNumber, TemporalPosition: in.TemporalPosition}
	if t := g.item(tag.CTImageFrameTypeSequence).Strings(tag.FrameType); len(t) > 0 {
		fr.ImageType = upper(t)
	}
	err := fr.readPlane(g.item(tag.PlanePositionSequence), g.item(tag.PlaneOrientationSequence), g.item(tag.PixelMeasuresSequence))
	if err != nil {
		return err
	}
	if err := fr.readRescale(g.item(tag.PixelValueTransformationSequence)); err != nil {
		return err
	}
	content := g.item(tag.FrameContentSequence)
	fr.StackID = first(content, tag.StackID)
	if s := numberText(content, tag.TemporalPositionIndex); s != "" {
		fr.TemporalPosition = s
	}
	if s := numberText(content, tag.FrameAcquisitionNumber); s != "" {
		fr.AcquisitionNumber = s
	}
	// Legacy converted objects keep the kernel where the converter put what
	// it did not understand (PS3.3 C.7.6.16.2.25.1).
	for _, t := range []tag.Tag{tag.CTReconstructionSequence,
		tag.UnassignedSharedConvertedAttributesSequence, tag.UnassignedPerFrameConvertedAttributesSequence} {
		if k := g.item(t).Strings(tag.ConvolutionKernel); len(k) > 0 {
			fr.Kernel = strings.ToValidUTF8(strings.Join(k, " "), "?")
			break
		}
	}
	return nil
}

// numberText is an integer element as text, "" where it is absent.
func numberText(el part10.Elements, t tag.Tag) string {
	if v, ok := el.Int(t); ok {
		return strconv.Itoa(v)
	}
	return ""
}
