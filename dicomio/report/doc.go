// Package report writes what was found in a series as DICOM objects of the
// same study, each kind in a new series: a structured report (Comprehensive 3D
// SR, PS3.3 A.35.13, with template TID 1500 of PS3.16), a key object selection
// (PS3.3 A.35.4), a binary segmentation (PS3.3 A.51), a secondary capture of
// marked slices (PS3.3 A.8.5), and the note that withdraws older ones (IHE RAD
// IOCM).
//
// The report refers to no segment: a group of TID 1411 has either a segment or
// a volume surface, and a destination need not take segmentations. The ellipsoid
// is the sphere of the measured volume about its centroid, or what the detector
// said where there is no measurement to rely on.
//
// The same Result gives the same bytes: UIDs are names of what the object
// says, and times are the result's own.
package report
