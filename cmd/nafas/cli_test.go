package main

import (
	"bytes"
	"context"
	"encoding/csv"
	"encoding/json"
	"fmt"
	"net"
	"os"
	"os/signal"
	"path/filepath"
	"strings"
	"syscall"
	"testing"

	"github.com/stretchr/testify/require"
	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/status"
	"google.golang.org/protobuf/encoding/protojson"

	"nafas/dicomio/ctwriter"
	"nafas/internal/access"
	"nafas/internal/ortlib/ortlibtest"
	nafasv1 "nafas/proto/nafas/v1"
)

// nafas runs the command line in this process.
func nafas(t *testing.T, args ...string) (code int, stdout, stderr string) {
	t.Helper()
	var out, err bytes.Buffer
	code = run(t.Context(), args, &out, &err)
	return code, out.String(), err.String()
}

// writeSmallChest writes the small chest as a series and returns its folder.
func writeSmallChest(t *testing.T) string {
	t.Helper()
	v, err := smallChest()
	require.NoError(t, err)
	dir := t.TempDir()
	_, err = ctwriter.Write(dir, v, ctwriter.Options{Seed: "small chest"})
	require.NoError(t, err)
	return dir
}

// triageJSON reads a path and returns the documents on standard output.
func triageJSON(t *testing.T, args ...string) (results []*nafasv1.SeriesResult, stderr string) {
	t.Helper()
	args = append([]string{"triage", "--format", "json", "--onnxruntime", ortlibtest.Path(t)}, args...)
	code, out, stderr := nafas(t, args...)
	require.Equal(t, exitDone, code, stderr)
	for line := range strings.Lines(out) {
		r := &nafasv1.SeriesResult{}
		require.NoError(t, protojson.Unmarshal([]byte(line), r), line)
		results = append(results, r)
	}
	return results, stderr
}

func TestExitCodes(t *testing.T) {
	empty := t.TempDir()
	text := filepath.Join(t.TempDir(), "notes.txt")
	require.NoError(t, os.WriteFile(text, []byte("no image"), 0o644))
	for _, c := range []struct {
		name string
		args []string
		code int
		want string
	}{
		{"no verb", nil, exitUsage, "expected one of"},
		{"an unknown flag", []string{"triage", "--speed", "x"}, exitUsage, "--speed"},
		{"an unknown format", []string{"version", "--format", "xml"}, exitUsage, "format"},
		{"a folder without images", []string{"triage", empty}, exitUsage, "no DICOM file"},
		{"a file that is no image", []string{"triage", text}, exitUsage, "no DICOM file"},
		{"a path that does not exist", []string{"triage", filepath.Join(empty, "none")}, exitFailed, "no such file"},
		{"a model that does not exist", []string{"model", "verify", "--model", "none"}, exitFailed, "no such model"},
		{"threads that no machine has", []string{"model", "verify", "--threads", "100000"}, exitUsage, "--threads"},
		{"a library that does not exist", []string{"model", "verify", "--onnxruntime", "/none.so"}, exitFailed, "three ways out"},
		{"plaintext beyond this machine", []string{"serve", "--listen", "0.0.0.0:0", "--data", empty}, exitUsage, "--insecure"},
		{"an address without a port", []string{"serve", "--listen", "127.0.0.1", "--data", empty}, exitUsage, "HOST:PORT"},
		{"TLS without a key", []string{"serve", "--data", empty, "--tls-cert", "x"}, exitUsage, "--tls-key"},
		{"nobody at that address", []string{"health", "--address", "127.0.0.1:1"}, exitFailed, "no answer"},
		{"a role that does not exist", []string{"token", "new", "a", "--roles", "root"}, exitUsage, "unknown role"},
		{"fewer nodules than none", []string{"phantom", empty, "--nodules=-1"}, exitUsage, "--nodules"},
		{"an image without pixels", []string{"phantom", empty, "--size", "0"}, exitUsage, "--size"},
		{"a worker without memory", []string{"serve", "--data", empty, "--worker-memory-mib=-1"}, exitUsage, "--worker-memory-mib"},
		{"no time to read", []string{"serve", "--data", empty, "--read-limit=0s"}, exitUsage, "--read-limit"},
		{"negative quiet time", []string{"serve", "--data", empty, "--quiet=-1s"}, exitUsage, "--quiet"},
		{"days before today", []string{"serve", "--data", empty, "--keep-done-days=-1"}, exitUsage, "--keep-done-days"},
		{"a backup of nothing", []string{"backup", "--data", empty, "-o", filepath.Join(empty, "b")}, exitFailed, "no data folder"},
		{"a restore of what is no backup", []string{"restore", text, "--data", filepath.Join(empty, "r")}, exitFailed, "nothing is restored"},
		{"nobody to erase", []string{"erase", " ", "--data", empty}, exitUsage, "Patient ID"},
		{"an erasure of what is no study", []string{"rescore", "erase", "x", "--data", empty}, exitUsage, "no UID"},
		{"an erasure of no study", []string{"rescore", "erase", "--data", empty}, exitUsage, "say which studies"},
		{"help", []string{"--help"}, exitDone, ""},
	} {
		t.Run(c.name, func(t *testing.T) {
			code, _, stderr := nafas(t, c.args...)
			require.Equal(t, c.code, code, stderr)
			require.Contains(t, stderr, c.want)
		})
	}
}

func TestTokenGoesToStandardErrorOnly(t *testing.T) {
	code, out, stderr := nafas(t, "token", "new", "pacs", "--roles", "submit,read")
	require.Zero(t, code)
	token := stderr[strings.LastIndex(stderr, " ")+1:]
	path := filepath.Join(t.TempDir(), "tokens")
	require.NoError(t, os.WriteFile(path, []byte(out), 0o600))
	tokens, err := access.LoadTokens(path)
	require.NoError(t, err)
	_, err = tokens.Check(strings.TrimSpace(token))
	require.NoError(t, err)
	require.NotContains(t, out, strings.TrimSpace(token))
}

func TestTriageFormats(t *testing.T) {
	dir := writeSmallChest(t)
	results, _ := triageJSON(t, dir)
	require.Len(t, results, 1)
	findings := results[0].GetFindings()
	require.NotEmpty(t, findings)

	code, out, _ := nafas(t, "triage", "--format", "csv", "--onnxruntime", ortlibtest.Path(t), dir)
	require.Zero(t, code)
	rows, err := csv.NewReader(strings.NewReader(out)).ReadAll()
	require.NoError(t, err)
	require.Len(t, rows, 1+len(findings))
	require.Equal(t, columns, rows[0])

	code, out, _ = nafas(t, "triage", "--verbose", "--onnxruntime", ortlibtest.Path(t), dir)
	require.Zero(t, code)
	require.Contains(t, out, disclaimer)
	for _, stage := range []string{"read", "decode", "assemble", "lung", "prepare", "onnx", "measure"} {
		require.Contains(t, out, "  "+stage+" ")
	}
}

// The names in JSON are an interface, and fields without a value are there.
func TestTriageJSONHasEveryField(t *testing.T) {
	code, out, stderr := nafas(t, "triage", "--format", "json", "--onnxruntime", ortlibtest.Path(t), writeSmallChest(t))
	require.Zero(t, code, stderr)
	var document map[string]any
	require.NoError(t, json.Unmarshal([]byte(out), &document))
	for _, key := range []string{"studyInstanceUid", "seriesInstanceUid", "model", "warnings", "findings"} {
		require.Contains(t, document, key)
	}
	finding := document["findings"].([]any)[0].(map[string]any)
	for _, key := range []string{"rank", "score", "flagged", "centerLpsMm", "meanDiameterMm", "side", "sopInstanceUid", "slice",
		"shownDiameterMm", "shownDiameterBy", "measurement"} {
		require.Contains(t, finding, key)
	}
}

func TestSeriesThatCannotBeReadHasNoFindingsKey(t *testing.T) {
	dir := writeSmallChest(t)
	files, err := filepath.Glob(filepath.Join(dir, "*.dcm"))
	require.NoError(t, err)
	for _, f := range files[20:] { // too few slices are left
		require.NoError(t, os.Remove(f))
	}
	code, out, stderr := nafas(t, "triage", "--format", "json", "--onnxruntime", ortlibtest.Path(t), dir)
	require.Equal(t, exitFailed, code)
	require.NotContains(t, out, "findings", "a refusal looks like an empty result")
	require.Contains(t, out, "REASON_TOO_FEW_SLICES")
	require.Contains(t, stderr, "NOT ASSESSED")
}

func TestBrokenFilesBesideAGoodSeries(t *testing.T) {
	dir := writeSmallChest(t)
	raw, err := os.ReadFile(filepath.Join(dir, "0001.dcm"))
	require.NoError(t, err)
	require.NoError(t, os.WriteFile(filepath.Join(dir, "broken.dcm"), raw[:len(raw)/3], 0o644))
	code, out, stderr := nafas(t, "triage", "--format", "json", "--onnxruntime", ortlibtest.Path(t), dir)
	require.Equal(t, exitSomeFailed, code)
	require.Contains(t, out, `"findings"`)
	require.Contains(t, out, "1 files of the input were refused", "the result hides that it may be of a part")
	require.Contains(t, stderr, "broken.dcm")
	require.Contains(t, stderr, "DICOM_MALFORMED")
}

// Same bytes, same findings, whatever the number of threads.
func TestThreadsDoNotChangeFindings(t *testing.T) {
	dir := writeSmallChest(t)
	var first []*nafasv1.Finding
	for _, threads := range []string{"1", "2", "4"} {
		results, _ := triageJSON(t, "--threads", threads, dir)
		if first == nil {
			first = results[0].GetFindings()
			require.NotEmpty(t, first, "nothing is compared")
			continue
		}
		for i, f := range results[0].GetFindings() {
			require.Equal(t, first[i].String(), f.String(), "%s threads", threads)
		}
		require.Len(t, results[0].GetFindings(), len(first))
	}
}

func TestInterrupt(t *testing.T) {
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	var out, stderr bytes.Buffer
	code := run(ctx, []string{"triage", "--onnxruntime", ortlibtest.Path(t), writeSmallChest(t)}, &out, &stderr)
	require.Equal(t, exitFailed, code)
	require.Contains(t, stderr.String(), "interrupted")
	require.Empty(t, out.String())
}

// A terminal that closes must not leave the demo's images in the temporary
// folder; what nohup started must outlive it.
func TestClosedTerminalEndsInGoodOrder(t *testing.T) {
	if signal.Ignored(syscall.SIGHUP) {
		t.Skip("the tests run under nohup")
	}
	require.Contains(t, endSignals(), os.Signal(syscall.SIGHUP))
	signal.Ignore(syscall.SIGHUP)
	defer signal.Reset(syscall.SIGHUP)
	require.NotContains(t, endSignals(), os.Signal(syscall.SIGHUP))
}

// What ends a call to a service says Canceled as a status, not as an error of
// package context.
func TestInterruptedCallSaysSo(t *testing.T) {
	var stderr bytes.Buffer
	require.Equal(t, exitFailed, exitCode(&stderr, fmt.Errorf("sending: %w", status.Error(codes.Canceled, "context canceled"))))
	require.Equal(t, "nafas: interrupted\n", stderr.String())
}

// config check must not promise what serve cannot do.
func TestConfigCheckTriesTheListeners(t *testing.T) {
	held, err := net.Listen("tcp", "127.0.0.1:0")
	require.NoError(t, err)
	defer held.Close()
	for _, c := range []struct {
		name, settings string
		flags          []string
		want           string
	}{
		{"a port that does not exist", "", []string{"--listen", "127.0.0.1:99999"}, "listener   FAILS"},
		{"a port in use: by the service itself, it may be", "", []string{"--listen", held.Addr().String()}, "listener   note: " + held.Addr().String() + " is in use now"},
		{"a free port", "", []string{"--listen", "127.0.0.1:0"}, "listener   ok"},
		{"a port for the page that does not exist", "", []string{"--http-listen", "127.0.0.1:99999"}, "http       FAILS"},
		{"a port for the page that is in use", "", []string{"--http-listen", held.Addr().String()}, "http       note: " + held.Addr().String() + " is in use now"},
		{"a free port for the page", "", []string{"--http-listen", "127.0.0.1:0"}, "http       ok: 127.0.0.1:0 plaintext, no tokens"},
		{"a page for everybody", "", []string{"--http-listen", "0.0.0.0:0"}, "http       FAILS"},
		{"a page behind a proxy", "web: {public-url: https://nafas.example}", []string{"--http-listen", "127.0.0.1:0"}, "web        ok: people reach it at https://nafas.example"},
		{"settings of a page that is not there", "web: {public-url: https://nafas.example}", nil, "web        note: there is no page"},
	} {
		t.Run(c.name, func(t *testing.T) {
			args := append([]string{"config", "check", "--data", t.TempDir(), "--model", "none"}, c.flags...)
			if c.settings != "" {
				file := filepath.Join(t.TempDir(), "settings.yaml")
				require.NoError(t, os.WriteFile(file, []byte(c.settings), 0o600))
				args = append(args, "--settings", file)
			}
			_, out, _ := nafas(t, args...)
			require.Contains(t, out, c.want)
		})
	}
}

func TestPhantomDoesNotMixWithAnother(t *testing.T) {
	dir := writeSmallChest(t)
	code, _, stderr := nafas(t, "phantom", dir, "--size", "64", "--slices", "40", "--spacing", "5")
	require.Equal(t, exitUsage, code)
	require.Contains(t, stderr, "is not empty")
}

func TestSendPrintsItsReceipt(t *testing.T) {
	s := startServer(t, t.TempDir())
	dir := writeSmallChest(t)
	code, out, stderr := nafas(t, "send", "--address", s.address, "--format", "json", dir)
	require.Zero(t, code, stderr)
	receipt := &nafasv1.Receipt{}
	require.NoError(t, protojson.Unmarshal([]byte(out), receipt))
	require.Len(t, receipt.GetStudyInstanceUids(), 1)
	require.EqualValues(t, 100, receipt.GetAccepted())
	require.Empty(t, receipt.GetRefusals())
}

func TestPhantomIsTheSameEachTime(t *testing.T) {
	args := func(dir string) []string {
		return []string{"phantom", dir, "--size", "64", "--slices", "40", "--spacing", "5", "--nodules", "2", "--seed", "3"}
	}
	one, two := t.TempDir(), t.TempDir()
	for _, dir := range []string{one, two} {
		code, _, stderr := nafas(t, args(dir)...)
		require.Zero(t, code, stderr)
	}
	for _, name := range []string{"0001.dcm", "0020.dcm", truthFile} {
		a, err := os.ReadFile(filepath.Join(one, name))
		require.NoError(t, err)
		b, err := os.ReadFile(filepath.Join(two, name))
		require.NoError(t, err)
		require.Equal(t, a, b, name)
	}
}
