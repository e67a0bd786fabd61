package dicomio

import (
	"slices"
	"strings"

	"nafas/dicomio/refusal"
)

// Words of Image Type (0008,0008) that tell what an image is. Vendors put
// them into value 3 or any later one, alone or among other words ("CT_SOM5
// MPR").
var (
	localizerWords = []string{"LOCALIZER", "SCOUT", "TOPOGRAM", "SCANOGRAM", "SCANOSCOPE", "SURVIEW", "TOP"}
	reformatWords  = []string{"MPR", "MIP", "MINIP", "PROJECTION", "REFORMATTED", "REFORMAT", "CPR", "CURVED",
		"VRT", "SSD", "3D", "AVERAGE", "MEAN", "SUBTRACTION", "BMIP"}
)

// role is what an image is to the detector.
type role int

const (
	roleSlice role = iota
	roleLocalizer
	roleReformat
)

// roleOf reads Image Type or Frame Type (PS3.3 C.8.2.1.1.1, C.8.15.2.1).
// SECONDARY in value 2 does not exclude: real primary series carry it.
func roleOf(imageType []string) role {
	value := func(i int) string {
		if i < len(imageType) {
			return imageType[i]
		}
		return ""
	}
	for _, v := range imageType[min(2, len(imageType)):] {
		if hasWord(v, localizerWords) {
			return roleLocalizer
		}
	}
	if value(0) == "DERIVED" {
		for _, v := range imageType[1:] {
			if hasWord(v, reformatWords) {
				return roleReformat
			}
		}
	}
	return roleSlice
}

func hasWord(value string, words []string) bool {
	return slices.ContainsFunc(strings.FieldsFunc(value, func(r rune) bool { return r == ' ' || r == '_' || r == '-' || r == '/' }),
		func(w string) bool { return slices.Contains(words, w) })
}

// classNames are the objects most often found beside a CT series (PS3.4 B.5).
var classNames = map[string]string{
	"1.2.840.10008.5.1.4.1.1.66.4":  "Segmentation Storage",
	"1.2.840.10008.5.1.4.1.1.66.1":  "Spatial Registration Storage",
	"1.2.840.10008.5.1.4.1.1.66":    "Raw Data Storage",
	"1.2.840.10008.5.1.4.1.1.88.11": "Basic Text SR",
	"1.2.840.10008.5.1.4.1.1.88.22": "Enhanced SR",
	"1.2.840.10008.5.1.4.1.1.88.33": "Comprehensive SR",
	"1.2.840.10008.5.1.4.1.1.88.34": "Comprehensive 3D SR",
	"1.2.840.10008.5.1.4.1.1.88.59": "Key Object Selection",
	"1.2.840.10008.5.1.4.1.1.88.67": "X-Ray Radiation Dose SR",
	"1.2.840.10008.5.1.4.1.1.11.1":  "Grayscale Presentation State",
	"1.2.840.10008.5.1.4.1.1.104.1": "Encapsulated PDF",
	"1.2.840.10008.5.1.4.1.1.481.2": "RT Dose",
	"1.2.840.10008.5.1.4.1.1.481.3": "RT Structure Set",
	"1.2.840.10008.5.1.4.1.1.481.5": "RT Plan",
	"1.2.840.10008.5.1.4.1.1.1":     "Computed Radiography Image",
	"1.2.840.10008.5.1.4.1.1.1.1":   "Digital X-Ray Image",
	"1.2.840.10008.5.1.4.1.1.4":     "MR Image",
	"1.2.840.10008.5.1.4.1.1.128":   "PET Image",
	classSecondaryCapture:           "Secondary Capture Image",
	"1.2.840.10008.5.1.4.1.1.7.2":   "Multi-frame Secondary Capture Image",
	"1.2.840.10008.5.1.4.1.1.7.3":   "Multi-frame Secondary Capture Image",
	"1.2.840.10008.5.1.4.1.1.7.4":   "Multi-frame Secondary Capture Image",
	ClassCT:                         "CT Image",
	ClassEnhancedCT:                 "Enhanced CT Image",
	ClassLegacyEnhancedCT:           "Legacy Converted Enhanced CT Image",
}

// className names the object of an instance; UIDs are safe to show, ReadInstance
// has checked them.
func className(in *Instance) string {
	if n, ok := classNames[in.SOPClassUID]; ok {
		return n
	}
	return "an object of SOP class " + in.SOPClassUID
}

// refuseRole is the refusal of a series that holds nothing but such images.
func refuseRole(r role, n int) error {
	if r == roleLocalizer {
		return refusal.New(refusal.Localizer, "send the axial series", "a scout: all %d images are localizers", n)
	}
	return refusal.New(refusal.DerivedReformat, "send the original axial series",
		"a reformat or projection: all %d images are derived ones", n)
}
