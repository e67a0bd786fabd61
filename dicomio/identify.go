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
