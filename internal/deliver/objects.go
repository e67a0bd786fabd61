package deliver

import (
	"bytes"
	"context"
	"errors"

	"nafas/dicomio/dimse"
	"nafas/dicomio/part10"
	"nafas/internal/triage"
	"nafas/internal/triage/objects"
)

// object is one to be stored.
type object struct {
	triage.InstanceRef
	studyUID string
	// data is the Part 10 file, Explicit VR Little Endian.
	data []byte
	// optional: a destination that does not take it has what matters even so.
	optional bool
	// note: it is about other objects, and neither looked for nor withdrawn.
	note bool
}

// standardKinds go where the settings say nothing.
var standardKinds = []objects.Kind{objects.SR, objects.KO}

// objects makes what goes to a destination, the report first: a destination
// that does not take that has nothing.
func (d *Deliverer) objects(ctx context.Context, one triage.Delivery, to Destination) ([]object, error) {
	kinds := to.Kinds
	if len(kinds) == 0 {
		kinds = standardKinds
	}
	var out []object
	for _, kind := range kinds {
		data, err := objects.Make(ctx, one, d.files.Read, kind, to.Language)
		if errors.Is(err, triage.ErrNoResult) {
			continue
		}
		if err != nil {
			return nil, err
		}
		o := object{data: data, optional: kind != objects.SR, note: kind == objects.Reject}
		if o.studyUID, o.InstanceRef, err = objects.Place(data); err != nil {
			return nil, err
		}
		out = append(out, o)
	}
	return out, nil
}

// refs names objects that a later result replaces.
func refs(list []object) []triage.InstanceRef {
	var out []triage.InstanceRef
	for _, o := range list {
		if !o.note {
			out = append(out, o.InstanceRef)
		}
	}
	return out
}

// in is the object's data set in a transfer syntax (PS3.5 section 10.1:
// Implicit VR is always offered, and some take nothing else).
func (o object) in(transferSyntax string) (dimse.Instance, error) {
	data := o.data
	if transferSyntax != part10.ExplicitLE {
		f, err := part10.Parse(o.data, part10.DefaultLimits())
		if err != nil {
			return dimse.Instance{}, err
		}
		if data, err = part10.Marshal(transferSyntax, f.Dataset, nil); err != nil {
			return dimse.Instance{}, err
		}
	}
	meta, err := part10.Meta(o.SOPClassUID, o.SOPUID, transferSyntax)
	if err != nil {
		return dimse.Instance{}, err
	}
	return dimse.Instance{
		SOPClassUID: o.SOPClassUID, SOPInstanceUID: o.SOPUID, TransferSyntax: transferSyntax, Data: bytes.NewReader(data[len(meta):]),
	}, nil
}
