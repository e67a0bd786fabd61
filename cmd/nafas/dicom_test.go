package main

import (
	"bytes"
	"context"
	"fmt"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/alecthomas/kong"
	"github.com/stretchr/testify/require"
	"github.com/suyashkumar/dicom/pkg/tag"
	"golang.org/x/sync/errgroup"

	"nafas/dicomio/dimse"
	"nafas/dicomio/dimse/command"
	"nafas/dicomio/part10"
	"nafas/dicomio/source"
	"nafas/internal/client"
	nafasv1 "nafas/proto/nafas/v1"
)

// dcmtk runs a program of DCMTK.
func dcmtk(t *testing.T, name string, args ...string) (string, error) {
	t.Helper()
	path, err := exec.LookPath(name)
	if err != nil {
		if os.Getenv("CI") == "true" {
			require.NoError(t, err, "CI must have DCMTK")
		}
		t.Skip("no " + name + " (Debian: dcmtk)")
	}
	ctx, cancel := context.WithTimeout(t.Context(), 5*time.Minute)
	defer cancel()
	out, err := exec.CommandContext(ctx, path, args...).CombinedOutput()
	return string(out), err
}

const anyPort = "127.0.0.1:0"

// instance is a Part 10 file taken apart: what C-STORE carries of it.
type sentInstance struct {
	dimse.Instance
	data []byte
}

func takeApart(t *testing.T, file []byte) sentInstance {
	t.Helper()
	f, err := part10.Parse(file, part10.DefaultLimits())
	require.NoError(t, err)
	class, _ := f.Elements().String(tag.SOPClassUID)
	uid, _ := f.Elements().String(tag.SOPInstanceUID)
	return sentInstance{dimse.Instance{SOPClassUID: class, SOPInstanceUID: uid, TransferSyntax: f.TransferSyntax}, dataSetOf(t, file)}
}

// dataSetOf is what comes behind the file meta group, whose length stands in
// its first element (PS3.10 table 7.1-1).
func dataSetOf(t *testing.T, file []byte) []byte {
	t.Helper()
	require.Equal(t, []byte{2, 0, 0, 0, 'U', 'L', 4, 0}, file[132:140])
	length := int(file[140]) | int(file[141])<<8 | int(file[142])<<16 | int(file[143])<<24
	return file[144+length:]
}

// associate opens an association to a server for the transfer syntaxes of the
// instances.
func associate(t *testing.T, address string, instances []sentInstance) *dimse.Client {
	t.Helper()
	proposals := []dimse.Proposal{{AbstractSyntax: dimse.StorageCommitment, TransferSyntaxes: []string{part10.ImplicitLE}}}
	for _, in := range instances {
		p := dimse.Proposal{AbstractSyntax: in.SOPClassUID, TransferSyntaxes: []string{in.TransferSyntax}}
		if !slices.ContainsFunc(proposals, func(o dimse.Proposal) bool { return fmt.Sprint(o) == fmt.Sprint(p) }) {
			proposals = append(proposals, p)
		}
	}
	c, err := dimse.Dial(context.Background(), dimse.Remote{Address: address, CalledAE: "NAFAS", CallingAE: "TEST"}, proposals)
	require.NoError(t, err)
	t.Cleanup(c.Abort)
	return c
}

// storedDataSets are the data sets in a data folder, by SOP Instance UID. A
// commit that was broken off leaves a file that no row points at, equal to
// another one; a day later it goes.
func storedDataSets(t *testing.T, data string) map[string][]byte {
	t.Helper()
	files, err := filepath.Glob(filepath.Join(data, "instances", "*", "*", "*.dcm"))
	require.NoError(t, err)
	out := map[string][]byte{}
	for _, name := range files {
		file, err := os.ReadFile(name)
		require.NoError(t, err)
		in := takeApart(t, file)
		before, twice := out[in.SOPInstanceUID]
		require.True(t, !twice || bytes.Equal(before, in.data), "one instance with two contents")
		out[in.SOPInstanceUID] = in.data
	}
	return out
}

// instances counts those of a study, or of all.
func (s *server) instances(uid string) (n int) {
	s.t.Helper()
	list, err := s.client.Triage().ListStudies(s.t.Context(), &nafasv1.ListStudiesRequest{})
	require.NoError(s.t, err)
	for _, study := range list.Studies {
		if uid == "" || study.StudyInstanceUid == uid {
			n += int(study.Instances)
		}
	}
	return n
}

func filesOf(t *testing.T, files []client.File) (out []sentInstance) {
	t.Helper()
	for _, data := range contents(t, files) {
		out = append(out, takeApart(t, data))
	}
	return out
}

// A study comes by C-STORE, settles by itself, and is read.
func TestAStudyByCStore(t *testing.T) {
	s := startServer(t, t.TempDir(), "--dicom-listen", anyPort, "--quiet", "1s")
	uid, files := smallStudy(t, "cstore")
	instances := filesOf(t, files)
	c := associate(t, s.dicom, instances)
	for _, in := range instances {
		in.Data = bytes.NewReader(in.data)
		_, err := c.Store(in.Instance)
		require.NoError(t, err)
	}
	require.NoError(t, c.Close())
	study := s.wait(uid, time.Minute)
	require.Equal(t, nafasv1.StudyState_STUDY_STATE_DONE, study.State)
	require.NotEmpty(t, findingsOf(t, study))
}

// kill -9 at any moment: what was acknowledged is there afterwards, and is
// read.
func TestCStoreSurvivesKill9(t *testing.T) {
	data := t.TempDir()
	uid, files := smallStudy(t, "killed")
	instances := filesOf(t, files)
	var acknowledged atomic.Int64
	s := startServer(t, data, "--dicom-listen", anyPort, "--quiet", "1s")
	c := associate(t, s.dicom, instances)
	go func() {
		for acknowledged.Load() < 40 {
			time.Sleep(time.Millisecond)
		}
		s.kill()
	}()
	for _, in := range instances {
		in.Data = bytes.NewReader(in.data)
		if _, err := c.Store(in.Instance); err != nil {
			break
		}
		acknowledged.Add(1)
	}
	done := int(acknowledged.Load())
	require.GreaterOrEqual(t, done, 40)

	s = startServer(t, data, "--dicom-listen", anyPort, "--quiet", "1s")
	stored := storedDataSets(t, data)
	for _, in := range instances[:done] {
		require.True(t, bytes.Equal(in.data, stored[in.SOPInstanceUID]), "acknowledged and lost")
	}
	c = associate(t, s.dicom, instances)
	for _, in := range instances { // the sender begins again, as senders do
		in.Data = bytes.NewReader(in.data)
		_, err := c.Store(in.Instance)
		require.NoError(t, err)
	}
	require.NoError(t, c.Close())
	require.Equal(t, nafasv1.StudyState_STUDY_STATE_DONE, s.wait(uid, time.Minute).State)
	require.Equal(t, len(instances), s.instances(uid), "nothing twice")
}

// commitmentUser is a peer that waits for reports.
type commitmentUser struct{ got chan dimse.CommitReport }

func (u *commitmentUser) Open(context.Context, dimse.Peer) (dimse.Session, error) { return u, nil }

func (u *commitmentUser) Store(context.Context, dimse.Instance) (command.Status, string) {
	return command.SOPClassNotSupported, ""
}

func (u *commitmentUser) Commit(context.Context, dimse.CommitRequest) (command.Status, string) {
	return command.UnrecognizedOperation, ""
}

func (u *commitmentUser) Report(_ context.Context, in dimse.CommitReport) command.Status {
	u.got <- in
	return command.Success
}

func (u *commitmentUser) End(error) {}

func TestStorageCommitmentOfAService(t *testing.T) {
	ln, err := net.Listen("tcp", anyPort)
	require.NoError(t, err)
	h := &commitmentUser{got: make(chan dimse.CommitReport, 1)}
	user := dimse.NewServer(dimse.ServerConfig{
		CalledAEs: []string{"TEST"}, CallingAEs: []string{"NAFAS"},
		Offers: dimse.Offers{dimse.StorageCommitment: {part10.ImplicitLE}},
	}, h)
	go func() { _ = user.Serve(ln) }()
	t.Cleanup(func() { user.Shutdown(context.Background()) })

	s := startServer(t, t.TempDir(), "--dicom-listen", anyPort, "--dicom-peer", "TEST="+ln.Addr().String())
	_, files := smallStudy(t, "commitment")
	instances := filesOf(t, files[:3])
	c := associate(t, s.dicom, instances)
	request := dimse.CommitRequest{TransactionUID: "1.2.3"}
	for i, in := range instances {
		request.References = append(request.References, dimse.Reference{SOPClassUID: in.SOPClassUID, SOPInstanceUID: in.SOPInstanceUID})
		if i == 2 {
			break // never sent
		}
		in.Data = bytes.NewReader(in.data)
		_, err := c.Store(in.Instance)
		require.NoError(t, err)
	}
	require.NoError(t, c.Commit(request))
	require.NoError(t, c.Close())
	select {
	case report := <-h.got:
		require.Equal(t, "1.2.3", report.TransactionUID)
		require.Equal(t, request.References[:2], report.Committed)
		require.Len(t, report.Failed, 1)
		require.Equal(t, request.References[2], report.Failed[0].Reference)
	case <-time.After(30 * time.Second):
		require.Fail(t, "no report")
	}
}

// The real scans, all at once, as a modality would send them: each data set on
// disk is the one that was sent.
func TestRealScansByStorescu(t *testing.T) {
	root := testData(t, "ct")
	data := t.TempDir()
	s := startServer(t, data, "--dicom-listen", anyPort, "--quiet", "10m")
	host, port, err := net.SplitHostPort(s.dicom)
	require.NoError(t, err)
	cases, err := filepath.Glob(filepath.Join(root, "*", ""))
	require.NoError(t, err)
	var g errgroup.Group
	sent, paths := map[string][]byte{}, map[string]string{}
	for _, dir := range cases {
		if info, err := os.Stat(dir); err != nil || !info.IsDir() {
			continue
		}
		files := map[string][]string{} // by storescu's flag
		items, _, err := source.Walk(t.Context(), dir, source.DefaultLimits())
		require.NoError(t, err)
		for _, item := range items {
			file, err := item.Open()
			require.NoError(t, err)
			in := takeApart(t, file)
			sent[in.SOPInstanceUID], paths[in.SOPInstanceUID] = in.data, filepath.Join(dir, item.Name)
			flag, ok := storescuFlags[in.TransferSyntax]
			require.True(t, ok, in.TransferSyntax)
			files[flag] = append(files[flag], filepath.Join(dir, item.Name))
		}
		g.Go(func() error {
			for flag, names := range files {
				args := append(strings.Fields(flag), "-aec", "NAFAS", "-R", host, port)
				if out, err := dcmtk(t, "storescu", append(args, names...)...); err != nil {
					return fmt.Errorf("%s: %w: %s", filepath.Base(dir), err, out)
				}
			}
			return nil
		})
	}
	require.NoError(t, g.Wait())
	require.NotEmpty(t, sent)
	require.Eventually(t, func() bool {
		return s.instances("") == len(sent)
	}, time.Minute, 50*time.Millisecond, "everything is recorded")
	stored := storedDataSets(t, data)
	require.Equal(t, len(sent), len(stored))
	for uid, want := range sent {
		require.True(t, bytes.Equal(want, stored[uid]) || bytes.Equal(rewritten(t, paths[uid]), stored[uid]), uid)
	}
}

// rewritten is the data set of a file as DCMTK sends it where sequences have
// other lengths than DCMTK gives them.
func rewritten(t *testing.T, path string) []byte {
	t.Helper()
	out := filepath.Join(t.TempDir(), "rewritten.dcm")
	said, err := dcmtk(t, "dcmconv", path, out)
	require.NoError(t, err, said)
	file, err := os.ReadFile(out)
	require.NoError(t, err)
	return dataSetOf(t, file)
}

// storescuFlags propose the transfer syntax of the files and nothing else.
var storescuFlags = map[string]string{
	part10.ExplicitLE:       "-xe",
	part10.ImplicitLE:       "-xi",
	part10.JPEGLosslessSV1:  "-xs",
	part10.JPEGLSLossless:   "-xt",
	part10.JPEG2000Lossless: "-xv",
	part10.RLELossless:      "-xr",
}

func TestDICOMListenerSettings(t *testing.T) {
	for name, c := range map[string]struct {
		args []string
		want string // of the error; "" for none
	}{
		"loopback needs nothing":      {[]string{"--dicom-listen", "127.0.0.1:0"}, ""},
		"no port":                     {[]string{"--dicom-listen", "127.0.0.1"}, "not HOST:PORT"},
		"anybody":                     {[]string{"--dicom-listen", "0.0.0.0:11112"}, "--dicom-calling TITLE and --dicom-from ADDRESS"},
		"callers, but from anywhere":  {[]string{"--dicom-listen", "0.0.0.0:11112", "--dicom-calling", "PACS"}, "--dicom-from"},
		"plaintext":                   {[]string{"--dicom-listen", "0.0.0.0:11112", "--dicom-calling", "PACS", "--dicom-from", "10.0.0.0/8"}, "plaintext"},
		"plaintext that is asked for": {[]string{"--dicom-listen", "0.0.0.0:11112", "--dicom-calling", "PACS", "--dicom-from", "10.0.0.0/8", "--insecure"}, ""},
		"TLS without files":           {[]string{"--dicom-listen", "127.0.0.1:0", "--dicom-tls"}, "--tls-cert"},
		"a title too long":            {[]string{"--dicom-listen", "127.0.0.1:0", "--dicom-ae", "SEVENTEEN-LETTERS"}, "no AE title"},
		"no address":                  {[]string{"--dicom-listen", "127.0.0.1:0", "--dicom-from", "pacs.example"}, "--dicom-from pacs.example"},
		"a peer without a port":       {[]string{"--dicom-listen", "127.0.0.1:0", "--dicom-peer", "PACS=pacs"}, "TITLE=HOST:PORT"},
		"no association at all":       {[]string{"--dicom-listen", "127.0.0.1:0", "--dicom-associations", "0"}, "--dicom-associations"},
	} {
		t.Run(name, func(t *testing.T) {
			var flags serviceFlags
			parser := kong.Must(&flags, kong.Vars{"cores": "1"})
			_, err := parser.Parse(c.args)
			require.NoError(t, err)
			_, _, err = flags.DICOM.settings(flags.tlsFiles(), flags.Insecure)
			if c.want == "" {
				require.NoError(t, err)
				return
			}
			require.ErrorContains(t, err, c.want)
		})
	}
}
