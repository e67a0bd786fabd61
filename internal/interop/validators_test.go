package interop_test

import (
	"encoding/json"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
	"github.com/suyashkumar/dicom/pkg/tag"

	"nafas/internal/interop"
)

// validate returns what two FHIR libraries find wrong with bundles, by their
// names.
func validate(t *testing.T, bundles map[string][]byte) map[string][]string {
	t.Helper()
	packages := os.Getenv("NAFAS_FHIR_PACKAGES")
	node, err := exec.LookPath("node")
	if packages == "" || err != nil {
		require.NotEqual(t, "true", os.Getenv("CI"), "CI must have node, and NAFAS_FHIR_PACKAGES")
		t.Skip("not installed: FHIR libraries (.ci/run puts them where NAFAS_FHIR_PACKAGES says)")
	}
	dir := t.TempDir()
	args := []string{"testdata/validate.mjs", packages}
	for name, data := range bundles {
		path := filepath.Join(dir, name)
		require.NoError(t, os.WriteFile(path, data, 0o600))
		args = append(args, path)
	}
	command := exec.Command(node, args...)
	command.Stderr = os.Stderr
	out, err := command.Output()
	require.NoError(t, err)
	byPath := map[string][]string{}
	require.NoError(t, json.Unmarshal(out, &byPath))
	found := map[string][]string{}
	for path, problems := range byPath {
		found[filepath.Base(path)] = problems
	}
	require.Len(t, found, len(bundles))
	return found
}

func TestBundlesAreValid(t *testing.T) {
	bundles := map[string][]byte{}
	for name, header := range map[string]attributes{
		"full": nil, "scripts": {tag.PatientName: {"Yamada^Tarou=山田^太郎=やまだ^たろう"}},
		"bare": {tag.PatientName: nil, tag.PatientID: nil, tag.IssuerOfPatientID: nil, tag.PatientBirthDate: nil, tag.PatientSex: nil,
			tag.AccessionNumber: nil, tag.StudyDate: nil, tag.StudyTime: nil, tag.TimezoneOffsetFromUTC: nil, tag.FrameOfReferenceUID: nil},
		"no-zone": {tag.TimezoneOffsetFromUTC: nil},
	} {
		im := image(t, header)
		for outcome, change := range outcomes {
			for _, l := range languages {
				data, err := interop.FHIR(change(delivery(t, im)), im, l)
				require.NoError(t, err)
				bundles[strings.Join([]string{name, outcome, l}, "-")] = data
			}
		}
	}
	for name, problems := range validate(t, bundles) {
		require.Empty(t, problems, name)
	}
}

// The validators see faults; otherwise their silence would mean nothing.
func TestTheValidatorsSeeFaults(t *testing.T) {
	faults := map[string]struct{ old, new, seen string }{
		"code":       {`"status": "preliminary"`, `"status": "early"`, "not found in value set"},
		"element":    {`"issued": `, `"issuedAt": `, "issuedAt"},
		"constraint": {`"valueString": "RESEARCH`, `"dataAbsentReason": {"text": "x"}, "valueString": "RESEARCH`, "obs-6"},
		"type":       {`"started": "2026`, `"started": "on 2026`, "started"},
		"reference":  {`"requester": {`, `"requester": {"reference": "ImagingStudy/1"}, "owner": {`, "Invalid reference"},
		"missing":    {`"intent": "proposal",`, ``, "intent"},
	}
	im := image(t, nil)
	data, err := interop.FHIR(without(delivery(t, im)), im, "en")
	require.NoError(t, err)
	bundles := map[string][]byte{}
	for name, f := range faults {
		require.Contains(t, string(data), f.old, name)
		bundles[name] = []byte(strings.Replace(string(data), f.old, f.new, 1))
	}
	for name, problems := range validate(t, bundles) {
		require.Contains(t, strings.Join(problems, "\n"), faults[name].seen)
	}
}
