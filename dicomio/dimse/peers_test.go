package dimse_test

import (
	"context"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"crypto/tls"

	"github.com/stretchr/testify/require"
	"github.com/suyashkumar/dicom"
	"github.com/suyashkumar/dicom/pkg/tag"

	"nafas/dicomio/dimse"
	"nafas/dicomio/dimse/command"
	"nafas/dicomio/part10"
)

// tool finds a program of DCMTK.
func tool(t testing.TB, name string) string {
	t.Helper()
	path, err := exec.LookPath(name)
	if err != nil {
		if os.Getenv("CI") == "true" {
			require.NoError(t, err, "CI must have DCMTK")
		}
		t.Skip("no " + name + " (Debian: dcmtk)")
	}
	return path
}

// dcmtk runs a program of DCMTK and returns what it said.
func dcmtk(t testing.TB, name string, args ...string) (string, error) {
	t.Helper()
	ctx, cancel := context.WithTimeout(context.Background(), time.Minute)
	defer cancel()
	cmd := exec.CommandContext(ctx, tool(t, name), args...)
	cmd.Env = append(os.Environ(), "TCP_NODELAY=1")
	out, err := cmd.CombinedOutput()
	return string(out), err
}

func hostPort(to dimse.Remote) []string {
	host, port, _ := strings.Cut(to.Address, ":")
	return []string{host, port}
}

// ctFile writes an instance in a transfer syntax and returns its path and the
// bytes of its data set.
func ctFile(t testing.TB, dir, transferSyntax, sopUID string) (string, []byte) {
	t.Helper()
	text := func(t tag.Tag, v string) *dicom.Element { return must(part10.NewElement(t, "", []string{v})) }
	number := func(t tag.Tag, v int) *dicom.Element { return must(part10.NewElement(t, "", []int{v})) }
	ds := dicom.Dataset{Elements: []*dicom.Element{
		text(tag.SOPClassUID, ctImage), text(tag.SOPInstanceUID, sopUID), text(tag.Modality, "CT"),
		text(tag.StudyInstanceUID, "1.2.3"), text(tag.SeriesInstanceUID, "1.2.3.1"), text(tag.PatientID, "P1"),
		text(tag.PatientName, "Doe^John"), text(tag.PatientBirthDate, "19500102"),
		number(tag.Rows, 64), number(tag.Columns, 64), number(tag.BitsAllocated, 16), number(tag.BitsStored, 16),
		number(tag.HighBit, 15), number(tag.PixelRepresentation, 1), number(tag.SamplesPerPixel, 1),
	}}
	px := &part10.Pixels{Native: make([]byte, 64*64*2)}
	if part10.Encapsulated(transferSyntax) {
		px = &part10.Pixels{Frames: [][]byte{slices.Repeat([]byte{0xFF, 0xD8, 1, 2}, 500)}}
	}
	b, err := part10.Marshal(transferSyntax, ds, px)
	require.NoError(t, err)
	path := filepath.Join(dir, sopUID+".dcm")
	require.NoError(t, os.WriteFile(path, b, 0o600))
	meta, err := part10.Meta(ctImage, sopUID, transferSyntax)
	require.NoError(t, err)
	return path, b[len(meta):]
}

func must[T any](v T, err error) T {
	if err != nil {
		panic(err)
	}
	return v
}

func TestDCMTKVerifies(t *testing.T) {
	h := newRecorder()
	to := serve(t, dimse.ServerConfig{CalledAEs: []string{"NAFAS"}}, h)
	out, err := dcmtk(t, "echoscu", append([]string{"-aec", "NAFAS", "-aet", "DCMTK", "--repeat", "3"}, hostPort(to)...)...)
	require.NoError(t, err, out)
	require.NoError(t, h.end(t))
	require.Equal(t, "DCMTK", h.peers[0].CallingAE)

	out, err = dcmtk(t, "echoscu", append([]string{"-aec", "WRONG"}, hostPort(to)...)...)
	require.Error(t, err)
	require.Contains(t, out, "Called AE Title Not Recognized")
}

// storescu's flags that propose the transfer syntax of the files.
var proposing = map[string]string{
	part10.ExplicitLE:     "-xe",
	part10.ImplicitLE:     "-xi",
	part10.JPEGLSLossless: "-xt",
}

func TestDCMTKStores(t *testing.T) {
	for ts, flag := range proposing {
		for _, pdu := range []string{"4096", "131072"} {
			t.Run(part10.SyntaxName(ts)+" in PDUs of "+pdu, func(t *testing.T) {
				h := newRecorder()
				to := serve(t, dimse.ServerConfig{}, h)
				dir := t.TempDir()
				first, firstData := ctFile(t, dir, ts, "1.2.3.1.1")
				second, secondData := ctFile(t, dir, ts, "1.2.3.1.22")
				args := append([]string{flag, "-aec", "NAFAS", "--max-send-pdu", pdu}, hostPort(to)...)
				out, err := dcmtk(t, "storescu", append(args, first, second)...)
				require.NoError(t, err, out)
				require.NoError(t, h.end(t))
				require.Len(t, h.stored, 2)
				require.Equal(t, ts, h.stored[0].in.TransferSyntax)
				require.Equal(t, "1.2.3.1.1", h.stored[0].in.SOPInstanceUID)
				require.Equal(t, firstData, h.stored[0].data)
				require.Equal(t, secondData, h.stored[1].data)
			})
		}
	}
}

// DCMTK says what it was answered.
func TestDCMTKHearsWhyItWasRefused(t *testing.T) {
	h := newRecorder()
	h.answer = command.OutOfResources
	to := serve(t, dimse.ServerConfig{}, h)
	path, _ := ctFile(t, t.TempDir(), part10.ExplicitLE, "1.2.3.1.1")
	out, err := dcmtk(t, "storescu", append(append([]string{"-v", "-xe"}, hostPort(to)...), path)...)
	require.Error(t, err, "storescu exits with the status")
	require.Contains(t, out, "Refused: OutOfResources")
}

func TestDCMTKOverTLS(t *testing.T) {
	ca := newAuthority(t)
	h := newRecorder()
	to := serve(t, dimse.ServerConfig{TLS: &tls.Config{
		Certificates: []tls.Certificate{ca.issue(t)}, MinVersion: tls.VersionTLS12,
		ClientAuth: tls.RequireAndVerifyClientCert, ClientCAs: ca.pool,
	}}, h)
	dir := t.TempDir()
	caFile, _ := write(t, dir, "ca", tls.Certificate{Certificate: [][]byte{ca.cert.Raw}, PrivateKey: ca.key})
	cert, key := write(t, dir, "client", ca.issue(t))
	args := append([]string{"+tls", key, cert, "+cf", caFile, "-aec", "NAFAS"}, hostPort(to)...)
	out, err := dcmtk(t, "echoscu", args...)
	require.NoError(t, err, out)
	require.NoError(t, h.end(t))

	out, err = dcmtk(t, "echoscu", append([]string{"+tla", "+cf", caFile, "-aec", "NAFAS"}, hostPort(to)...)...)
	require.Error(t, err, out)
	require.Len(t, h.peers, 1, "without a certificate nobody gets as far as an association")
}
