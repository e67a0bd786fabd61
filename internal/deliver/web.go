package deliver

import (
	"context"
	"errors"
	"net/http"
	"slices"

	"nafas/dicomio/dicomweb"
	"nafas/dicomio/dimse/command"
	"nafas/internal/triage"
)

// sendWeb stores objects over DICOMweb, one by one, and looks whether they are
// there. It returns those that the server acknowledged, with an error too.
func sendWeb(ctx context.Context, to Destination, list []object) (has []triage.InstanceRef, err error) {
	for _, o := range list {
		err := to.Web.Store(ctx, [][]byte{o.data})
		if o.optional && isUnwanted(err) {
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

// isUnwanted says that a server does not take such objects: no further try will
// mend it, unlike a token that has run out, a server that is busy, or one
// without room.
func isUnwanted(err error) bool {
	var refused *dicomweb.StatusError
	if !errors.As(err, &refused) {
		return false
	}
	switch refused.Status {
	case http.StatusBadRequest, http.StatusUnsupportedMediaType, http.StatusUnprocessableEntity:
		return true
	case http.StatusOK, http.StatusAccepted, http.StatusConflict:
		return !slices.ContainsFunc(refused.Failed, func(f dicomweb.Stored) bool {
			return f.Failure == uint16(command.ProcessingFailure) || f.Failure&0xff00 == uint16(command.OutOfResources)
		})
	}
	return false
}
