package dicomio

import (
	"strings"

	"github.com/suyashkumar/dicom/pkg/tag"

	"nafas/dicomio/part10"
)

// Identify reads only who and what an object is: its UIDs, its patient and
// its modality, where ReadInstance refuses the rest. It fails with
// *refusal.Error (Malformed) where even the UIDs are absent or broken.
func Identify(f *part10.File) (*Instance, error) {
	in := &Instance{TransferSyntax: f.TransferSyntax, Modality: strings.ToUpper(first(f.Elements(), tag.Modality))}
	if err := in.readIdentity(f); err != nil {
		return nil, err
	}
	return in, nil
}

// IdentifyHead is Identify for who has the beginning of a file alone; there is no
// FrameOfReferenceUID. false where it does not say all of that, or says it oddly:
// Identify, with the whole file, can tell then.
func IdentifyHead(head []byte) (*Instance, bool) {
	f, ok := part10.ParseHead(head, tag.SeriesInstanceUID, part10.DefaultLimits())
	if !ok {
		return nil, false
	}
	in, err := Identify(f)
	return in, err == nil
}

// IsMediaDirectory says whether a file is the index of a medium (DICOMDIR, PS3.10
// section 8.6), by its file meta group.
func IsMediaDirectory(f *part10.File) bool {
	class, _ := f.String(tag.MediaStorageSOPClassUID)
	return class == classMediaDirectory
}

// Date is a value of VR DA, or one of the old form YYYY.MM.DD, as YYYYMMDD; ""
// where it is no date.
func Date(value string) string { return date(value) }

// SameImage says whether two files of one SOP instance show the same image at
// the same place, whatever the transfer syntax of each: UIDs and geometry are
// compared, then the stored values of every frame. Both have their Source set.
func SameImage(a, b *Instance) (bool, error) { return sameImage(a, b) }
