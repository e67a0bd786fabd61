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
	var h part10.Builder
	common(&h, o, enhancedCTImageStorage, part10.NameUID("ctwriter", o.SeriesUID, o.Seed, "enhanced"))
	dimension := part10.NameUID("ctwriter", o.SeriesUID, o.Seed, "dimension")
	h.Text(tag.ImageType, "ORIGINAL", "PRIMARY", "VOLUME", "NONE")
	h.Text(tag.InstanceNumber, "1")
	h.Text(tag.NumberOfFrames, strconv.Itoa(v.Size[2]))
	h.Text(tag.AcquisitionDateTime, o.Date+o.Time)
	h.Numbers(tag.AcquisitionDuration, 10)
	h.Text(tag.PresentationLUTShape, "IDENTITY")
	h.Text(tag.ContentQualification, "RESEARCH")
	frameKind(&h)
	h.Sequence(tag.AcquisitionContextSequence)
	h.Sequence(tag.DimensionOrganizationSequence, func(h *part10.Builder) { h.Text(tag.DimensionOrganizationUID, dimension) })
	h.Sequence(tag.DimensionIndexSequence, func(h *part10.Builder) {
		h.Text(tag.DimensionOrganizationUID, dimension)
		h.Ints(tag.DimensionIndexPointer, int(tag.InStackPositionNumber.Group), int(tag.InStackPositionNumber.Element))
		h.Ints(tag.FunctionalGroupPointer, int(tag.FrameContentSequence.Group), int(tag.FrameContentSequence.Element))
	})
	pixels(&h, v, o, ratio)
	h.Sequence(tag.SharedFunctionalGroupsSequence, func(h *part10.Builder) { shared(h, v, o) })
	frames := make([]func(*part10.Builder), v.Size[2])
	for k := range frames {
		frames[k] = func(h *part10.Builder) { perFrame(h, v, o, k) }
	}
	h.Sequence(tag.PerFrameFunctionalGroupsSequence, frames...)
	return h.Elements()
}

// frameKind adds the common CT/MR description (PS3.3 C.8.16.2).
func frameKind(h *part10.Builder) {
	h.Text(tag.PixelPresentation, "MONOCHROME")
	h.Text(tag.VolumetricProperties, "VOLUME")
	h.Text(tag.VolumeBasedCalculationTechnique, "NONE")
}

// shared fills the functional groups that hold for all frames (PS3.3 table
// A.38-2).
func shared(h *part10.Builder, v *volume.Volume, o Options) {
	h.Sequence(tag.PixelMeasuresSequence, func(h *part10.Builder) {
		h.Numbers(tag.PixelSpacing, v.SpacingMM[1], v.SpacingMM[0])
		h.Numbers(tag.SliceThickness, o.SliceThicknessMM)
	})
	h.Sequence(tag.PlaneOrientationSequence, func(h *part10.Builder) {
		row, column := v.Axes[0], v.Axes[1]
		h.Numbers(tag.ImageOrientationPatient, append(row[:], column[:]...)...)
	})
	h.Sequence(tag.FrameAnatomySequence, func(h *part10.Builder) {
		h.Text(tag.FrameLaterality, "U")
		h.Sequence(tag.AnatomicRegionSequence, part10.Code("51185008", "SCT", "Thorax"))
	})
	h.Sequence(tag.PixelValueTransformationSequence, func(h *part10.Builder) {
		h.Numbers(tag.RescaleIntercept, interceptHU)
		h.Numbers(tag.RescaleSlope, 1)
		h.Text(tag.RescaleType, "HU")
	})
	h.Sequence(tag.FrameVOILUTSequence, func(h *part10.Builder) {
		h.Numbers(tag.WindowCenter, -600)
		h.Numbers(tag.WindowWidth, 1500)
	})
	h.Sequence(tag.CTImageFrameTypeSequence, func(h *part10.Builder) {
		h.Text(tag.FrameType, "ORIGINAL", "PRIMARY", "VOLUME", "NONE")
		frameKind(h)
	})
	acquisition(h, v, o)
}

// acquisition fills the groups that say how the frames were made.
func acquisition(h *part10.Builder, v *volume.Volume, o Options) {
	h.Sequence(tag.CTAcquisitionTypeSequence, func(h *part10.Builder) {
		h.Text(tag.AcquisitionType, "SPIRAL")
		h.Text(tag.ConstantVolumeFlag, "NO")
		h.Text(tag.FluoroscopyFlag, "NO")
	})
	h.Sequence(tag.CTAcquisitionDetailsSequence, func(h *part10.Builder) {
		h.Text(tag.RotationDirection, "CW")
		h.Numbers(tag.RevolutionTime, 0.5)
		h.Numbers(tag.SingleCollimationWidth, o.SliceThicknessMM)
		h.Numbers(tag.TotalCollimationWidth, 16*o.SliceThicknessMM)
		h.Numbers(tag.TableHeight, 150)
		h.Numbers(tag.GantryDetectorTilt, 0)
		h.Numbers(tag.DataCollectionDiameter, 500)
	})
	h.Sequence(tag.CTTableDynamicsSequence, func(h *part10.Builder) {
		h.Numbers(tag.TableSpeed, 32*o.SliceThicknessMM)
		h.Numbers(tag.TableFeedPerRotation, 16*o.SliceThicknessMM)
		h.Numbers(tag.SpiralPitchFactor, 1)
	})
	h.Sequence(tag.CTGeometrySequence, func(h *part10.Builder) {
		h.Numbers(tag.DistanceSourceToDetector, 1000)
		h.Numbers(tag.DistanceSourceToDataCollectionCenter, 550)
	})
	h.Sequence(tag.CTReconstructionSequence, func(h *part10.Builder) {
		h.Text(tag.ReconstructionAlgorithm, "FILTER_BACK_PROJ")
		h.Text(tag.ConvolutionKernel, o.Kernel)
		h.Text(tag.ConvolutionKernelGroup, "LUNG")
		h.Numbers(tag.ReconstructionDiameter, v.SpacingMM[0]*float64(v.Size[0]))
		h.Numbers(tag.ReconstructionPixelSpacing, v.SpacingMM[1], v.SpacingMM[0])
		h.Numbers(tag.ReconstructionAngle, 360)
		h.Text(tag.ImageFilter, "NONE")
	})
	h.Sequence(tag.CTExposureSequence, func(h *part10.Builder) {
		h.Text(tag.ExposureModulationType, "NONE")
		h.Numbers(tag.ExposureTimeInms, 500)
		h.Numbers(tag.XRayTubeCurrentInmA, 100)
		h.Numbers(tag.ExposureInmAs, 50)
		h.Numbers(tag.CTDIvol, 3)
		h.Sequence(tag.CTDIPhantomTypeCodeSequence, part10.Code("113691", "DCM", "IEC Body Dosimetry Phantom"))
	})
	h.Sequence(tag.CTXRayDetailsSequence, func(h *part10.Builder) {
		h.Numbers(tag.KVP, o.KVP)
		h.Numbers(tag.FocalSpots, 1)
		h.Text(tag.FilterType, "FLAT")
		h.Text(tag.FilterMaterial, "ALUMINUM")
	})
	h.Sequence(tag.IrradiationEventIdentificationSequence, func(h *part10.Builder) {
		h.Text(tag.IrradiationEventUID, part10.NameUID("ctwriter", o.SeriesUID, "irradiation"))
	})
}

// perFrame fills the functional groups of the frame at k.
func perFrame(h *part10.Builder, v *volume.Volume, o Options, k int) {
	h.Sequence(tag.FrameContentSequence, func(h *part10.Builder) {
		h.Text(tag.FrameReferenceDateTime, o.Date+o.Time)
		h.Text(tag.FrameAcquisitionDateTime, o.Date+o.Time)
		h.Numbers(tag.FrameAcquisitionDuration, 500)
		h.Ints(tag.FrameAcquisitionNumber, 1)
		h.Text(tag.StackID, "1")
		h.Ints(tag.InStackPositionNumber, k+1)
		h.Ints(tag.DimensionIndexValues, k+1)
	})
	origin := v.ToLPS(volume.Vec3{0, 0, float64(k)})
	h.Sequence(tag.PlanePositionSequence, func(h *part10.Builder) { h.Numbers(tag.ImagePositionPatient, origin[:]...) })
	h.Sequence(tag.CTPositionSequence, func(h *part10.Builder) {
		h.Numbers(tag.TablePosition, origin[2])
		h.Numbers(tag.DataCollectionCenterPatient, origin[:]...)
		h.Numbers(tag.ReconstructionTargetCenterPatient, origin[:]...)
	})
}
