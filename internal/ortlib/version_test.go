package ortlib

import (
	"testing"

	"github.com/stretchr/testify/require"
)

func TestCheckVersion(t *testing.T) {
	for version, want := range map[string]string{
		"1.24.0": "", "1.30.0": "", "1.31": "",
		"1.23.2": "1.24 or newer", // the Go binding asks for a newer C API
		"2.0.0":  "1.24 or newer", // another C API
		"x":      "not understood",
		"1.a":    "not understood",
	} {
		err := checkVersion(version)
		if want == "" {
			require.NoError(t, err, version)
		} else {
			require.ErrorContains(t, err, want, version)
		}
	}
}
