package dimse

import (
	"slices"

	"nafas/dicomio/part10"
)

// ctClasses are the SOP classes that are analysed (PS3.4 table B.5-1): CT,
// Enhanced CT, Legacy Converted Enhanced CT.
var ctClasses = []string{
	"1.2.840.10008.5.1.4.1.1.2",
	"1.2.840.10008.5.1.4.1.1.2.1",
	"1.2.840.10008.5.1.4.1.1.2.2",
}

// otherClasses travel with CT studies. They are kept and never analysed: a
// sender of a whole study would otherwise fail on them.
var otherClasses = []string{
	"1.2.840.10008.5.1.4.1.1.1",     // Computed Radiography
	"1.2.840.10008.5.1.4.1.1.1.1",   // Digital X-Ray, for presentation
	"1.2.840.10008.5.1.4.1.1.4",     // MR
	"1.2.840.10008.5.1.4.1.1.4.1",   // Enhanced MR
	"1.2.840.10008.5.1.4.1.1.6.1",   // Ultrasound
	"1.2.840.10008.5.1.4.1.1.7",     // Secondary Capture
	"1.2.840.10008.5.1.4.1.1.7.1",   // Multi-frame Single Bit Secondary Capture
	"1.2.840.10008.5.1.4.1.1.7.2",   // Multi-frame Grayscale Byte Secondary Capture
	"1.2.840.10008.5.1.4.1.1.7.3",   // Multi-frame Grayscale Word Secondary Capture
	"1.2.840.10008.5.1.4.1.1.7.4",   // Multi-frame True Color Secondary Capture
	"1.2.840.10008.5.1.4.1.1.11.1",  // Grayscale Softcopy Presentation State
	"1.2.840.10008.5.1.4.1.1.11.2",  // Color Softcopy Presentation State
	"1.2.840.10008.5.1.4.1.1.11.3",  // Pseudo-Color Softcopy Presentation State
	"1.2.840.10008.5.1.4.1.1.11.4",  // Blending Softcopy Presentation State
	"1.2.840.10008.5.1.4.1.1.20",    // Nuclear Medicine
	"1.2.840.10008.5.1.4.1.1.30",    // Parametric Map
	"1.2.840.10008.5.1.4.1.1.66",    // Raw Data
	"1.2.840.10008.5.1.4.1.1.66.1",  // Spatial Registration
	"1.2.840.10008.5.1.4.1.1.66.2",  // Spatial Fiducials
	"1.2.840.10008.5.1.4.1.1.66.3",  // Deformable Spatial Registration
	"1.2.840.10008.5.1.4.1.1.66.4",  // Segmentation
	"1.2.840.10008.5.1.4.1.1.66.5",  // Surface Segmentation
	"1.2.840.10008.5.1.4.1.1.66.7",  // Label Map Segmentation
	"1.2.840.10008.5.1.4.1.1.67",    // Real World Value Mapping
	"1.2.840.10008.5.1.4.1.1.88.11", // Basic Text SR
	"1.2.840.10008.5.1.4.1.1.88.22", // Enhanced SR
	"1.2.840.10008.5.1.4.1.1.88.33", // Comprehensive SR
	"1.2.840.10008.5.1.4.1.1.88.34", // Comprehensive 3D SR
	"1.2.840.10008.5.1.4.1.1.88.59", // Key Object Selection
	"1.2.840.10008.5.1.4.1.1.88.65", // Chest CAD SR
	"1.2.840.10008.5.1.4.1.1.88.67", // X-Ray Radiation Dose SR
	"1.2.840.10008.5.1.4.1.1.104.1", // Encapsulated PDF
	"1.2.840.10008.5.1.4.1.1.128",   // Positron Emission Tomography
	"1.2.840.10008.5.1.4.1.1.130",   // Enhanced PET
	"1.2.840.10008.5.1.4.1.1.481.3", // RT Structure Set
}

// StorageOffers are verification, and storage of CT in the transfer syntaxes that
// are decoded here and of what travels with it also in those that are only kept.
func StorageOffers(decoded []string) Offers {
	o := Offers{Verification: {part10.ExplicitLE, part10.ImplicitLE}}
	for _, class := range ctClasses {
		o[class] = decoded
	}
	kept := slices.Concat(decoded, []string{part10.JPEGBaseline, part10.JPEGExtended})
	for _, class := range otherClasses {
		o[class] = kept
	}
	return o
}
