// Package interop says a study's result to systems that speak no DICOM: as a
// FHIR R4 bundle and as an HL7 v2.5.1 ORU^R01 message. Both say what the
// structured report says, with the same codes, the same sentences and the same
// UIDs; docs/interop.md has every element.
//
// The same delivery, image and language give the same bytes.
package interop
