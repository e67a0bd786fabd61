package interop_test

import (
	"encoding/json"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"testing"

	"github.com/stretchr/testify/require"
	"github.com/suyashkumar/dicom/pkg/tag"

	"nafas/dicomio/report"
	"nafas/internal/interop"
)

// readMessage is a message as python-hl7 has it.
type readMessage struct {
	Type, Charset, Patient, Issuer, Accession, Status string
	Names                                             [][]string
	Values                                            []struct{ Kind, Code, Scheme, Rank, Value, Unit, Status, Device string }
}

func pythonHL7(t *testing.T, message []byte) readMessage {
	t.Helper()
	python := ""
	for _, name := range []string{"python3", "/usr/bin/python3"} {
		if exec.Command(name, "-c", "import hl7").Run() == nil {
			python = name
			break
		}
	}
	if python == "" {
		require.NotEqual(t, "true", os.Getenv("CI"), "CI must have python3-hl7")
		t.Skip("no python-hl7 (Debian: python3-hl7)")
	}
	path := filepath.Join(t.TempDir(), "message.hl7")
	require.NoError(t, os.WriteFile(path, message, 0o600))
	command := exec.Command(python, "testdata/read.py", path)
	command.Stderr = os.Stderr
	out, err := command.Output()
	require.NoError(t, err)
	var read []readMessage
	require.NoError(t, json.Unmarshal(out, &read))
	require.Len(t, read, 1)
	return read[0]
}

// python-hl7 reads back what was found.
func TestPythonReadsFindings(t *testing.T) {
	im := image(t, nil)
	one := delivery(t, im)
	for _, l := range languages {
		data, err := interop.ORU(one, im, l)
		require.NoError(t, err)
		m := pythonHL7(t, data)
		require.Equal(t, []string{"ORU_R01", "UNICODE UTF-8", "P1", "HOSPITAL", "A-77", "P"},
			[]string{m.Type, m.Charset, m.Patient, m.Issuer, m.Accession, m.Status})
		require.Equal(t, [][]string{{"Benaïssa", "Zoé", "Leïla", "PhD", "Dr", "", "", ""}}, m.Names)
		found := map[string]string{}
		for _, v := range m.Values {
			require.Equal(t, "P", v.Status)
			require.NotEmpty(t, v.Device)
			found[v.Rank+" "+v.Code] = v.Value + v.Unit
		}
		for _, f := range one.Series.Result.Findings {
			rank := strconv.Itoa(f.Rank) + " "
			number := func(v float64, unit string) string { return strconv.FormatFloat(v, 'f', -1, 64) + unit }
			require.Equal(t, number(report.Percent(f.Score), "%"), found[rank+"111012"])
			diameterMM, _ := f.Diameter()
			require.Equal(t, number(diameterMM, "mm"), found[rank+"81827009"])
			if m := f.Reliable(); m != nil {
				require.Equal(t, number(m.VolumeMM3, "mm3"), found[rank+"118565006"])
				require.Equal(t, number(m.MeanHU, "[hnsf'U]"), found[rank+"112031"])
			}
			for axis, code := range []string{"position-left", "position-posterior", "position-superior"} {
				require.Equal(t, number(f.CenterLPSMM[axis], "mm"), found[rank+code])
			}
			require.Equal(t, f.SOPInstanceUID, found[rank+"image"])
		}
		require.Contains(t, found[" 121106"], report.Disclaimer(report.Language(l)))
	}
}

// Whatever a header holds comes out as it went in.
func TestPythonUndoesTheEscapes(t *testing.T) {
	im := image(t, attributes{
		tag.PatientID: {"|^~&|"}, tag.IssuerOfPatientID: {"A^B|C&D~E"}, tag.AccessionNumber: {`A\7|`},
		tag.PatientName: {"O|Neil^Z&e^M~x"},
	})
	data, err := interop.ORU(failed(delivery(t, im)), im, "ar")
	require.NoError(t, err)
	m := pythonHL7(t, data)
	require.Equal(t, []string{"|^~&|", "A^B|C&D~E", `A\7|`, "I"}, []string{m.Patient, m.Issuer, m.Accession, m.Status})
	require.Equal(t, []string{"O|Neil", "Z&e", "M~x"}, m.Names[0][:3])
	require.Equal(t, "X", m.Values[0].Status)
	require.Contains(t, m.Values[0].Value, "3 slices are missing")
}
