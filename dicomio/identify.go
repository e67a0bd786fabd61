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

// SameImage says whether two files of one SOP instance show the same image at
// the same place, whatever the transfer syntax of each: UIDs and geometry are
// compared, then the stored values of every frame. Both have their Source set.
func SameImage(a, b *Instance) (bool, error) { return sameImage(a, b) }
