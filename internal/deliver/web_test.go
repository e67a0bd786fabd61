package deliver_test

import (
	"bytes"
	"io"
	"net/http"
	"net/http/httptest"
	"testing"

	"github.com/stretchr/testify/require"

	"nafas/dicomio/dicomweb"
	"nafas/internal/deliver"
)

// Key images that a server does not take keep no report from counting as
// delivered; those that it cannot take now are sent again.
func TestAServerThatRefusesKeyImages(t *testing.T) {
	failed := func(reason uint16) string {
		body, err := dicomweb.StoreResponse([]dicomweb.Stored{{SOPClassUID: ko, SOPInstanceUID: "1.2", Failure: reason}})
		require.NoError(t, err)
		return string(body)
	}
	for _, c := range []struct {
		name   string
		status int
		body   string
		done   bool
	}{
		{"it does not know the class", http.StatusConflict, failed(0x0122), true},
		{"it does not say why", http.StatusConflict, "{}", true},
		{"it takes none of this kind", http.StatusUnsupportedMediaType, "", true},
		{"a bad request", http.StatusBadRequest, "", true},
		{"some stored, this one not", http.StatusAccepted, failed(0xC000), true},
		{"it has no room", http.StatusConflict, failed(0xA700), false},
		{"it failed", http.StatusConflict, failed(0x0110), false},
		{"the token has run out", http.StatusUnauthorized, "", false},
		{"it is busy", http.StatusTooManyRequests, "", false},
		{"it has moved", http.StatusFound, "", false},
		{"it is broken", http.StatusInternalServerError, "", false},
	} {
		t.Run(c.name, func(t *testing.T) {
			ts := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
				data, _ := io.ReadAll(r.Body)
				if bytes.Contains(data, []byte("\x02\x00\x02\x00UI\x1c\x00"+ko)) || bytes.Contains(data, []byte(ko+"\x00\x02\x00\x03\x00")) {
					w.WriteHeader(c.status)
					_, _ = io.WriteString(w, c.body)
				}
			}))
			defer ts.Close()
			client, err := dicomweb.NewClient(ts.URL, "", nil)
			require.NoError(t, err)
			o, image := waiting(t)
			err = run(t, o, image, deliver.Destination{Web: client, Language: "en", Confirm: deliver.ConfirmNothing})
			if c.done {
				require.NoError(t, err)
				require.Len(t, o.delivered, 1)
				return
			}
			require.Error(t, err)
			require.Len(t, o.acknowledged, 1, "the report alone")
		})
	}
}
