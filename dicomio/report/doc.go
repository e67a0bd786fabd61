// Package report writes what was found in a series as DICOM objects of the
// same study: a structured report (Comprehensive 3D SR, PS3.3 A.35.13, with
// template TID 1500 of PS3.16) and a key object selection (PS3.3 A.35.4).
//
// The same Result gives the same bytes: UIDs are names of what the object
// says, and times are the result's own.
package report
