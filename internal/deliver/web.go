package deliver

import (
	"context"
	"errors"

	"nafas/dicomio/dicomweb"
	"nafas/internal/triage"
)

// sendWeb stores objects over DICOMweb, one by one, and looks whether they are
// there. It returns those that the server acknowledged, with an error too.
func sendWeb(ctx context.Context, to Destination, list []object) (has []triage.InstanceRef, err error) {
	for _, o := range list {
		err := to.Web.Store(ctx, [][]byte{o.data})
		var refused *dicomweb.StatusError
		if o.optional && errors.As(err, &refused) && refused.Status < 500 {
			continue // it has the report even so
		}
		if err != nil {
			return has, err
		}
		if o.note {
			continue
		}
		if to.Confirm != ConfirmNothing {
			found, err := to.Web.Has(ctx, o.studyUID, o.SeriesUID, o.SOPUID)
			if err != nil {
				return append(has, o.InstanceRef), err
			}
			if !found {
				return append(has, o.InstanceRef), errLost
			}
		}
		has = append(has, o.InstanceRef)
	}
	return has, nil
}
