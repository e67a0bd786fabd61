package main

import (
	"bufio"
	"context"
	"fmt"
	"math/rand/v2"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strconv"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"google.golang.org/protobuf/encoding/protojson"

	"nafas/dicomio/ctwriter"
	"nafas/dicomio/part10"
	"nafas/inference/phantom"
	"nafas/inference/phantom/nodule"
	"nafas/inference/volume"
	"nafas/internal/client"
	"nafas/internal/ortlib/ortlibtest"
	nafasv1 "nafas/proto/nafas/v1"
)

// binaryVariable names the program to a test that runs in a process of its
// own.
const binaryVariable = "NAFAS_TEST_BINARY"

// nafasBinary builds the program once for all tests of the package.
var nafasBinary = sync.OnceValues(func() (string, error) {
	if path := os.Getenv(binaryVariable); path != "" {
		return path, nil
	}
	dir, err := os.MkdirTemp("", "nafas-test-")
	if err != nil {
		return "", err
	}
	path := filepath.Join(dir, "nafas")
	out, err := exec.Command("go", "build", "-o", path, ".").CombinedOutput()
	if err != nil {
		return "", fmt.Errorf("go build: %w: %s", err, out)
	}
	return path, nil
})

// smallModel is a hand-made network that marks bright places in a moment: these
// tests are of the service around a model.
const smallModel = "../../inference/testdata/brightspots"

// smallChest is a phantom that is read in seconds, with nodules large enough
// to be found.
var smallChest = sync.OnceValues(func() (*volume.Volume, error) {
	made, err := phantom.Generate(context.Background(), phantom.Spec{
		Seed: 11, Columns: 128, Rows: 128, Slices: 100, SpacingMM: squareField(128, 2.5),
		Nodules: []phantom.Nodule{demoNodule(1, solidFree, 14), demoNodule(2, solidFree, 20)},
	})
	if err != nil {
		return nil, err
	}
	return made.Volume, nil
})

var solidFree = nodule.Mix{Solid: 1, Free: 1}

// smallStudy is the small chest as the files of one study among many.
func smallStudy(t *testing.T, name string) (uid string, files []client.File) {
	t.Helper()
	return smallStudyOf(t, name, ctwriter.Options{})
}

// smallStudyOf is smallStudy with a date or an accession number; more tells
// studies of one patient apart.
func smallStudyOf(t *testing.T, name string, options ctwriter.Options, more ...string) (uid string, files []client.File) {
	t.Helper()
	v, err := smallChest()
	require.NoError(t, err)
	return studyFiles(t, v, name, options, more...)
}

// studyFiles is a volume as the files of one study.
func studyFiles(t *testing.T, v *volume.Volume, name string, options ctwriter.Options, more ...string) (uid string, files []client.File) {
	t.Helper()
	options.Seed = strings.Join(append([]string{name}, more...), " ")
	options.StudyUID = part10.NameUID("test study", options.Seed)
	options.Patient = ctwriter.Patient{ID: name, Issuer: "TEST", Name: "Test^" + name}
	instances, err := ctwriter.Instances(v, options)
	require.NoError(t, err)
	for i, data := range instances {
		files = append(files, client.File{Name: strconv.Itoa(i), Open: func() ([]byte, error) { return data, nil }})
	}
	return options.StudyUID, files
}

// server is a running `nafas serve`.
type server struct {
	t       *testing.T
	cmd     *exec.Cmd
	address string
	// dicom is the address of the DICOM listener, where there is one.
	dicom string
	// http is that of the HTTP listener.
	http   string
	client *client.Client
}

var listening = regexp.MustCompile(`grpc=(127\.0\.0\.1:\d+) dicom=(\S*) http=(\S*)`)

func startServer(t *testing.T, data string, more ...string) *server {
	t.Helper()
	path, err := nafasBinary()
	require.NoError(t, err)
	args := append([]string{"serve", "--listen", "127.0.0.1:0", "--data", data, "--onnxruntime", ortlibtest.Path(t),
		"--model", smallModel, "--min-free-mib", "1"}, more...)
	s := &server{t: t, cmd: exec.Command(path, args...)}
	s.cmd.SysProcAttr = &syscall.SysProcAttr{Pdeathsig: syscall.SIGKILL}
	log, err := s.cmd.StderrPipe()
	require.NoError(t, err)
	require.NoError(t, s.cmd.Start())
	addresses := make(chan []string, 1)
	go func() {
		defer close(addresses)
		for lines := bufio.NewScanner(log); lines.Scan(); {
			if m := listening.FindStringSubmatch(lines.Text()); m != nil {
				addresses <- m[1:]
			}
			if strings.Contains(lines.Text(), "level=ERROR") || os.Getenv("NAFAS_TEST_LOG") != "" {
				fmt.Fprintln(os.Stderr, lines.Text())
			}
		}
	}()
	select {
	case found := <-addresses:
		if found != nil {
			s.address, s.dicom, s.http = found[0], strings.Trim(found[1], `"`), strings.Trim(found[2], `"`)
		}
	case <-time.After(2 * time.Minute):
	}
	require.NotEmpty(t, s.address, "serve did not start")
	s.client, err = client.Dial(client.Options{Address: s.address})
	require.NoError(t, err)
	t.Cleanup(func() { s.client.Close(); s.kill() })
	return s
}

// kill is kill -9, and waits for the end.
func (s *server) kill() {
	_ = s.cmd.Process.Kill() // it may be gone
	_ = s.cmd.Wait()
}

// killWorker is kill -9 of the worker process, where there is one. A child is
// listed under the thread that started it.
func (s *server) killWorker() {
	lists, err := filepath.Glob(fmt.Sprintf("/proc/%d/task/*/children", s.cmd.Process.Pid))
	require.NoError(s.t, err)
	for _, list := range lists {
		children, err := os.ReadFile(list)
		if err != nil {
			continue // the thread ended
		}
		for word := range strings.FieldsSeq(string(children)) {
			if pid, err := strconv.Atoi(word); err == nil {
				_ = syscall.Kill(pid, syscall.SIGKILL)
			}
		}
	}
}

// send uploads a study in several streams, the last one complete, and counts
// what was acknowledged before an error.
func (s *server) send(ctx context.Context, files []client.File) (acknowledged int, err error) {
	const streams = 5
	size := (len(files) + streams - 1) / streams
	for at := 0; at < len(files); at += size {
		end := min(at+size, len(files))
		receipt, _, err := s.client.Submit(ctx, &nafasv1.UploadHeader{Complete: end == len(files)}, files[at:end], func() {})
		if err != nil {
			return acknowledged, err
		}
		acknowledged += int(receipt.GetAccepted() + receipt.GetRepeatedInstances())
	}
	return acknowledged, nil
}

// findings of a study's only series, without what differs between studies.
func findingsOf(t *testing.T, study *nafasv1.Study) string {
	t.Helper()
	require.Len(t, study.GetSeries(), 1)
	result := study.GetSeries()[0].GetResult()
	require.NotNil(t, result, "%v", study)
	require.NotEmpty(t, result.GetFindings())
	var all strings.Builder
	for _, f := range result.GetFindings() {
		f.SopInstanceUid = ""
		if f.Measurement != nil {
			f.Measurement.SopInstanceUid = ""
		}
		raw, err := protojson.Marshal(f)
		require.NoError(t, err)
		all.WriteString(strings.ReplaceAll(string(raw), " ", ""))
		all.WriteByte('\n')
	}
	return all.String()
}

func (s *server) wait(uid string, limit time.Duration) *nafasv1.Study {
	s.t.Helper()
	ctx, cancel := context.WithTimeout(s.t.Context(), limit)
	defer cancel()
	study, err := s.client.WaitStudy(ctx, uid)
	require.NoError(s.t, err)
	require.Equal(s.t, nafasv1.StudyState_STUDY_STATE_DONE, study.GetState(), "%v", study)
	return study
}

// TestKill9LosesNothing kills the server, its worker, or both, at 20 random
// points between the first byte of an upload and the end of its reading:
// what was acknowledged is there after the restart, the result follows within
// two minutes, and it is the undisturbed one.
func TestKill9LosesNothing(t *testing.T) {
	if testing.Short() {
		t.Skip("kills and restarts a real server 20 times")
	}
	data := t.TempDir()
	s := startServer(t, data)
	uid, files := smallStudy(t, "undisturbed")
	began := time.Now()
	_, err := s.send(t.Context(), files)
	require.NoError(t, err)
	uploaded := time.Since(began)
	want := findingsOf(t, s.wait(uid, 2*time.Minute))
	whole := time.Since(began)

	seed := uint64(time.Now().UnixNano())
	t.Logf("seed %d; undisturbed: upload %v, whole %v", seed, uploaded, whole)
	rng := rand.New(rand.NewPCG(seed, 0))
	for round := range 20 {
		uid, files := smallStudy(t, fmt.Sprintf("round %d", round))
		// Half of the points fall into the upload, half into the rest.
		window := uploaded
		if round%2 == 1 {
			window = whole
		}
		delay := time.Duration(rng.Int64N(int64(window)))
		type sent struct {
			n   int
			err error
		}
		done := make(chan sent, 1)
		ctx, cancel := context.WithTimeout(t.Context(), time.Minute)
		go func() {
			n, err := s.send(ctx, files)
			done <- sent{n, err}
		}()
		time.Sleep(delay)
		victim := []string{"server", "worker", "both"}[round%3]
		if victim != "server" {
			s.killWorker()
		}
		if victim != "worker" {
			s.kill()
		}
		upload := <-done
		cancel()
		if victim != "worker" {
			s = startServer(t, data)
		}
		t.Logf("round %d: killed %s after %v, %d of %d acknowledged", round, victim, delay, upload.n, len(files))
		if upload.n > 0 {
			reply, err := s.client.Triage().GetStudy(t.Context(), &nafasv1.GetStudyRequest{StudyInstanceUid: uid})
			require.NoError(t, err, "round %d: an acknowledged study is gone", round)
			require.GreaterOrEqual(t, int(reply.GetStudy().GetInstances()), upload.n, "round %d: acknowledged instances are gone", round)
		}
		if upload.err != nil {
			_, err := s.send(t.Context(), files)
			require.NoError(t, err, "round %d: sending again", round)
		}
		require.Equal(t, want, findingsOf(t, s.wait(uid, 2*time.Minute)), "round %d", round)
	}

	page, err := s.client.Triage().ListStudies(t.Context(), &nafasv1.ListStudiesRequest{})
	require.NoError(t, err)
	require.Len(t, page.GetStudies(), 21)
	for _, study := range page.GetStudies() {
		require.EqualValues(t, len(files), study.GetInstances())
		require.Zero(t, study.GetQuarantined())
	}
}

// TestEightClientsAtOnce: eight senders at the same time end with eight
// complete results.
func TestEightClientsAtOnce(t *testing.T) {
	if testing.Short() {
		t.Skip("reads eight studies with a real server")
	}
	s := startServer(t, t.TempDir())
	var wg sync.WaitGroup
	results := make([]*nafasv1.Study, 8)
	var count int
	for i := range results {
		_, files := smallStudy(t, fmt.Sprintf("client %d", i))
		count = len(files)
		c, err := client.Dial(client.Options{Address: s.address})
		require.NoError(t, err)
		t.Cleanup(func() { c.Close() })
		wg.Go(func() {
			_, err := c.Follow(t.Context(), &nafasv1.UploadHeader{Complete: true}, files, func() {}, func(e *nafasv1.TriageSeriesResponse) error {
				if e.GetStudy() != nil {
					results[i] = e.GetStudy()
				}
				return nil
			})
			if err != nil {
				t.Errorf("client %d: %v", i, err)
			}
		})
	}
	wg.Wait()
	require.NotNil(t, results[0])
	want := findingsOf(t, results[0])
	for i, study := range results {
		require.NotNil(t, study, "client %d", i)
		require.EqualValues(t, count, study.GetInstances())
		require.Equal(t, want, findingsOf(t, study), "client %d", i)
	}
}
