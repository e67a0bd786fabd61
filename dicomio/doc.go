// Package dicomio turns DICOM instances into a checked, sorted CT series and
// that into a volume of Hounsfield units.
//
// The way of a series: Load reads headers (many files at once), Group puts
// instances into series, Choose takes the one series of a study to read and
// gives every other its reason, Assemble sorts and checks its slices, decodes
// them and returns the volume. docs/dicom.md holds the table of all tests,
// thresholds, refusals and warnings.
//
// Geometry comes from Image Position and Image Orientation (Patient) alone;
// InstanceNumber, SliceLocation, file names, PatientPosition and
// GantryDetectorTilt are never trusted for it. No patient attribute appears
// in an error, a warning or a note.
package dicomio
