package ctwriter

import (
	"os"
	"strconv"

	"github.com/suyashkumar/dicom"
	"github.com/suyashkumar/dicom/pkg/tag"

	"nafas/dicomio/part10"
	"nafas/inference/volume"
)

// WriteEnhanced writes the volume as one Enhanced CT Image Storage file
// (PS3.3 A.38), frame n at k = n - 1.
func WriteEnhanced(path string, v *volume.Volume, o Options) error {
	data, err := Enhanced(v, o)
	if err != nil {
		return err
	}
	return os.WriteFile(path, data, 0o644)
}

// Enhanced returns the file that WriteEnhanced writes.
func Enhanced(v *volume.Volume, o Options) ([]byte, error) {
	o, err := o.withDefaults(v)
	if err != nil {
		return nil, err
	}
	px := &part10.Pixels{MaxFragment: o.MaxFragment, Offsets: o.Offsets}
	ratio := 1.0
	if o.Encode == nil {
		px.Native = make([]byte, 0, 2*v.Len())
		for k := range v.Size[2] {
			px.Native = o.stored(px.Native, v, k)
		}
	} else {
		total := 0
		for k := range v.Size[2] {
			code, err := o.Encode(o.stored(nil, v, k), v.Size[1], v.Size[0])
			if err != nil {
				return nil, err
			}
			px.Frames = append(px.Frames, code)
			total += len(code)
		}
		ratio = float64(2*v.Len()) / float64(max(total, 1))
	}
	elems, err := multiFrame(v, o, ratio)
	if err != nil {
		return nil, err
	}
	if o.Modify != nil {
		elems = o.Modify(0, elems)
	}
	return part10.Marshal(o.TransferSyntax, dicom.Dataset{Elements: elems}, px)
}

// multiFrame makes the header of an Enhanced CT image. What no simulated
// scanner has (table, dose, filters) is filled with the values of a plain
// helical chest scan, where the standard wants a value.
func multiFrame(v *volume.Volume, o Options, ratio float64) ([]*dicom.Element, error) {
	var h header
	h.common(o, enhancedCTImageStorage, part10.NameUID("ctwriter", o.SeriesUID, o.Seed, "enhanced"))
	dimension := part10.NameUID("ctwriter", o.SeriesUID, o.Seed, "dimension")
	h.text(tag.ImageType, "ORIGINAL", "PRIMARY", "VOLUME", "NONE")
	h.text(tag.InstanceNumber, "1")
	h.text(tag.NumberOfFrames, strconv.Itoa(v.Size[2]))
	h.text(tag.AcquisitionDateTime, o.Date+o.Time)
	h.numbers(tag.AcquisitionDuration, 10)
	h.text(tag.PresentationLUTShape, "IDENTITY")
	h.text(tag.ContentQualification, "RESEARCH")
	frameKind(&h)
	h.sequence(tag.AcquisitionContextSequence)
	h.sequence(tag.DimensionOrganizationSequence, func(h *header) { h.text(tag.DimensionOrganizationUID, dimension) })
	h.sequence(tag.DimensionIndexSequence, func(h *header) {
		h.text(tag.DimensionOrganizationUID, dimension)
		h.ints(tag.DimensionIndexPointer, int(tag.InStackPositionNumber.Group), int(tag.InStackPositionNumber.Element))
		h.ints(tag.FunctionalGroupPointer, int(tag.FrameContentSequence.Group), int(tag.FrameContentSequence.Element))
	})
	h.pixels(v, o, ratio)
	h.sequence(tag.SharedFunctionalGroupsSequence, func(h *header) { shared(h, v, o) })
	frames := make([]func(*header), v.Size[2])
	for k := range frames {
		frames[k] = func(h *header) { perFrame(h, v, o, k) }
	}
	h.sequence(tag.PerFrameFunctionalGroupsSequence, frames...)
	return h.elems, h.err
}

// frameKind adds the common CT/MR description (PS3.3 C.8.16.2).
func frameKind(h *header) {
	h.text(tag.PixelPresentation, "MONOCHROME")
	h.text(tag.VolumetricProperties, "VOLUME")
	h.text(tag.VolumeBasedCalculationTechnique, "NONE")
}

// shared fills the functional groups that hold for all frames (PS3.3 table
// A.38-2).
func shared(h *header, v *volume.Volume, o Options) {
	h.sequence(tag.PixelMeasuresSequence, func(h *header) {
		h.numbers(tag.PixelSpacing, v.SpacingMM[1], v.SpacingMM[0])
		h.numbers(tag.SliceThickness, o.SliceThicknessMM)
	})
	h.sequence(tag.PlaneOrientationSequence, func(h *header) {
		row, column := v.Axes[0], v.Axes[1]
		h.numbers(tag.ImageOrientationPatient, append(row[:], column[:]...)...)
	})
	h.sequence(tag.FrameAnatomySequence, func(h *header) {
		h.text(tag.FrameLaterality, "U")
		h.sequence(tag.AnatomicRegionSequence, code("51185008", "SCT", "Thorax"))
	})
	h.sequence(tag.PixelValueTransformationSequence, func(h *header) {
		h.numbers(tag.RescaleIntercept, interceptHU)
		h.numbers(tag.RescaleSlope, 1)
		h.text(tag.RescaleType, "HU")
	})
	h.sequence(tag.FrameVOILUTSequence, func(h *header) {
		h.numbers(tag.WindowCenter, -600)
		h.numbers(tag.WindowWidth, 1500)
	})
	h.sequence(tag.CTImageFrameTypeSequence, func(h *header) {
		h.text(tag.FrameType, "ORIGINAL", "PRIMARY", "VOLUME", "NONE")
		frameKind(h)
	})
	acquisition(h, v, o)
}

// acquisition fills the groups that say how the frames were made.
func acquisition(h *header, v *volume.Volume, o Options) {
	h.sequence(tag.CTAcquisitionTypeSequence, func(h *header) {
		h.text(tag.AcquisitionType, "SPIRAL")
		h.text(tag.ConstantVolumeFlag, "NO")
		h.text(tag.FluoroscopyFlag, "NO")
	})
	h.sequence(tag.CTAcquisitionDetailsSequence, func(h *header) {
		h.text(tag.RotationDirection, "CW")
		h.numbers(tag.RevolutionTime, 0.5)
		h.numbers(tag.SingleCollimationWidth, o.SliceThicknessMM)
		h.numbers(tag.TotalCollimationWidth, 16*o.SliceThicknessMM)
		h.numbers(tag.TableHeight, 150)
		h.numbers(tag.GantryDetectorTilt, 0)
		h.numbers(tag.DataCollectionDiameter, 500)
	})
	h.sequence(tag.CTTableDynamicsSequence, func(h *header) {
		h.numbers(tag.TableSpeed, 32*o.SliceThicknessMM)
		h.numbers(tag.TableFeedPerRotation, 16*o.SliceThicknessMM)
		h.numbers(tag.SpiralPitchFactor, 1)
	})
	h.sequence(tag.CTGeometrySequence, func(h *header) {
		h.numbers(tag.DistanceSourceToDetector, 1000)
		h.numbers(tag.DistanceSourceToDataCollectionCenter, 550)
	})
	h.sequence(tag.CTReconstructionSequence, func(h *header) {
		h.text(tag.ReconstructionAlgorithm, "FILTER_BACK_PROJ")
		h.text(tag.ConvolutionKernel, o.Kernel)
		h.text(tag.ConvolutionKernelGroup, "LUNG")
		h.numbers(tag.ReconstructionDiameter, v.SpacingMM[0]*float64(v.Size[0]))
		h.numbers(tag.ReconstructionPixelSpacing, v.SpacingMM[1], v.SpacingMM[0])
		h.numbers(tag.ReconstructionAngle, 360)
		h.text(tag.ImageFilter, "NONE")
	})
	h.sequence(tag.CTExposureSequence, func(h *header) {
		h.text(tag.ExposureModulationType, "NONE")
		h.numbers(tag.ExposureTimeInms, 500)
		h.numbers(tag.XRayTubeCurrentInmA, 100)
		h.numbers(tag.ExposureInmAs, 50)
		h.numbers(tag.CTDIvol, 3)
		h.sequence(tag.CTDIPhantomTypeCodeSequence, code("113691", "DCM", "IEC Body Dosimetry Phantom"))
	})
	h.sequence(tag.CTXRayDetailsSequence, func(h *header) {
		h.numbers(tag.KVP, o.KVP)
		h.numbers(tag.FocalSpots, 1)
		h.text(tag.FilterType, "FLAT")
		h.text(tag.FilterMaterial, "ALUMINUM")
	})
	h.sequence(tag.IrradiationEventIdentificationSequence, func(h *header) {
		h.text(tag.IrradiationEventUID, part10.NameUID("ctwriter", o.SeriesUID, "irradiation"))
	})
}

// perFrame fills the functional groups of the frame at k.
func perFrame(h *header, v *volume.Volume, o Options, k int) {
	h.sequence(tag.FrameContentSequence, func(h *header) {
		h.text(tag.FrameReferenceDateTime, o.Date+o.Time)
		h.text(tag.FrameAcquisitionDateTime, o.Date+o.Time)
		h.numbers(tag.FrameAcquisitionDuration, 500)
		h.ints(tag.FrameAcquisitionNumber, 1)
		h.text(tag.StackID, "1")
		h.ints(tag.InStackPositionNumber, k+1)
		h.ints(tag.DimensionIndexValues, k+1)
	})
	origin := v.ToLPS(volume.Vec3{0, 0, float64(k)})
	h.sequence(tag.PlanePositionSequence, func(h *header) { h.numbers(tag.ImagePositionPatient, origin[:]...) })
	h.sequence(tag.CTPositionSequence, func(h *header) {
		h.numbers(tag.TablePosition, origin[2])
		h.numbers(tag.DataCollectionCenterPatient, origin[:]...)
		h.numbers(tag.ReconstructionTargetCenterPatient, origin[:]...)
	})
}
