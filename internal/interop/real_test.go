package interop_test

import (
	"errors"
	"io/fs"
	"os"
	"path/filepath"
	"testing"

	"github.com/stretchr/testify/require"
	"github.com/suyashkumar/dicom/pkg/tag"

	"nafas/dicomio/part10"
	"nafas/internal/interop"
	"nafas/internal/triage"
)

// The headers of public series, de-identified as they are: bundles of them are
// valid, and a message is one that python-hl7 reads, or there is none for want
// of an accession number.
func TestRealHeaders(t *testing.T) {
	root := os.Getenv("NAFAS_TEST_DATA")
	if root == "" {
		require.NotEqual(t, "true", os.Getenv("CI"), "NAFAS_TEST_DATA is not set")
		t.Skip("NAFAS_TEST_DATA does not name the folder of real CT")
	}
	series, err := filepath.Glob(filepath.Join(root, "ct", "*", ""))
	require.NoError(t, err)
	bundles, messages := map[string][]byte{}, 0
	for _, folder := range series {
		im := firstImage(t, folder)
		if im == nil {
			continue
		}
		data, err := interop.FHIR(delivery(t, im), im, "fr")
		require.NoError(t, err, folder)
		bundles[filepath.Base(folder)] = data
		message, err := interop.ORU(delivery(t, im), im, "fr")
		if errors.Is(err, triage.ErrNoOrder) {
			continue
		}
		require.NoError(t, err, folder)
		messages++
		f, err := part10.Parse(im, part10.DefaultLimits())
		require.NoError(t, err)
		id, _ := f.Text(tag.PatientID)
		require.Equal(t, id, pythonHL7(t, message).Patient)
	}
	require.Len(t, bundles, 8)
	t.Logf("%d series have an order", messages)
	for name, problems := range validate(t, bundles) {
		require.Empty(t, problems, name)
	}
}

// firstImage is the first CT image below a folder, nil where there is none.
func firstImage(t *testing.T, folder string) (image []byte) {
	t.Helper()
	require.NoError(t, filepath.WalkDir(folder, func(path string, d fs.DirEntry, err error) error {
		if err != nil || d.IsDir() || image != nil {
			return err
		}
		data, err := os.ReadFile(path)
		if err != nil {
			return err
		}
		f, err := part10.Parse(data, part10.DefaultLimits())
		if err != nil {
			return nil
		}
		if modality, _ := f.Text(tag.Modality); modality == "CT" {
			image = data
		}
		return nil
	}))
	return image
}
