package dimse_test

import (
	"bytes"
	"context"
	"fmt"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"nafas/dicomio/dimse"
	"nafas/dicomio/dimse/netnstest"
	"nafas/dicomio/dimse/pdu"
	"nafas/dicomio/match"
	"nafas/dicomio/part10"
)

// start runs a server of DCMTK, which listens on every interface, so only
// within a namespace.
func start(t *testing.T, port int, name string, args ...string) {
	t.Helper()
	cmd := exec.Command(tool(t, name), args...)
	var out bytes.Buffer
	cmd.Stdout, cmd.Stderr = &out, &out
	require.NoError(t, cmd.Start())
	t.Cleanup(func() {
		_ = cmd.Process.Kill()
		_ = cmd.Wait()
		if t.Failed() {
			t.Log(out.String())
		}
	})
	require.Eventually(t, func() bool {
		conn, err := net.Dial("tcp", fmt.Sprintf("127.0.0.1:%d", port))
		if err != nil {
			return false
		}
		return conn.Close() == nil
	}, 10*time.Second, 20*time.Millisecond, name+" does not listen")
}

func dataSet(t *testing.T, path string) (dimse.Instance, []byte) {
	t.Helper()
	b, err := os.ReadFile(path)
	require.NoError(t, err)
	f, err := part10.Parse(b, part10.DefaultLimits())
	require.NoError(t, err)
	uid := filepath.Base(path[:len(path)-len(".dcm")])
	meta, err := part10.Meta(ctImage, uid, f.TransferSyntax)
	require.NoError(t, err)
	data := b[len(meta):]
	return dimse.Instance{SOPClassUID: ctImage, SOPInstanceUID: uid, TransferSyntax: f.TransferSyntax, Data: bytes.NewReader(data)}, data
}

func TestStoringToDCMTK(t *testing.T) {
	netnstest.Run(t, func(t *testing.T) {
		got := t.TempDir()
		start(t, 11112, "storescp", "--bit-preserving", "+x=", "-od", got, "11112")
		to := dimse.Remote{Address: "127.0.0.1:11112", CalledAE: "STORESCP", CallingAE: "NAFAS"}
		c, err := dimse.Dial(context.Background(), to, []dimse.Proposal{
			{AbstractSyntax: dimse.Verification, TransferSyntaxes: []string{part10.ImplicitLE}},
			{AbstractSyntax: ctImage, TransferSyntaxes: []string{part10.ExplicitLE}},
		})
		require.NoError(t, err)
		require.NoError(t, c.Echo())
		path, _ := ctFile(t, t.TempDir(), part10.ExplicitLE, "1.2.3.9.1")
		in, data := dataSet(t, path)
		_, err = c.Store(in)
		require.NoError(t, err)
		require.NoError(t, c.Close())
		files, err := filepath.Glob(filepath.Join(got, "*1.2.3.9.1"))
		require.NoError(t, err)
		require.Len(t, files, 1)
		written, err := os.ReadFile(files[0])
		require.NoError(t, err)
		require.True(t, bytes.HasSuffix(written, data), "byte for byte")
	})
}

// qrConfig of dcmqrscp: one storage area, and Nafas as who may ask and be sent
// to.
const qrConfig = `NetworkTCPPort = 11113
MaxPDUSize = 16384
MaxAssociations = 16
HostTable BEGIN
nafas = (NAFAS, 127.0.0.1, %s)
HostTable END
AETable BEGIN
ARCHIVE %s RW (100, 1024mb) ANY
AETable END
`

func TestFindingAndMovingFromDCMTK(t *testing.T) {
	netnstest.Run(t, func(t *testing.T) {
		h := newRecorder()
		own := serve(t, dimse.ServerConfig{CalledAEs: []string{"NAFAS"}}, h)
		_, port, err := net.SplitHostPort(own.Address)
		require.NoError(t, err)
		dir, area := t.TempDir(), t.TempDir()
		config := filepath.Join(dir, "dcmqrscp.cfg")
		require.NoError(t, os.WriteFile(config, fmt.Appendf(nil, qrConfig, port, area), 0o600))
		start(t, 11113, "dcmqrscp", "-c", config)
		archive := dimse.Remote{Address: "127.0.0.1:11113", CalledAE: "ARCHIVE", CallingAE: "NAFAS"}

		sent := map[string][]byte{}
		for i := range 3 {
			path, data := ctFile(t, dir, part10.ExplicitLE, fmt.Sprintf("1.2.3.9.%d", i+1))
			sent[fmt.Sprintf("1.2.3.9.%d", i+1)] = data
			out, err := dcmtk(t, "storescu", "-xe", "-aet", "NAFAS", "-aec", "ARCHIVE", "127.0.0.1", "11113", path)
			require.NoError(t, err, out)
		}
		c, err := dimse.Dial(context.Background(), archive, []dimse.Proposal{
			{AbstractSyntax: dimse.StudyRootFind, TransferSyntaxes: []string{part10.ExplicitLE, part10.ImplicitLE}},
			{AbstractSyntax: dimse.StudyRootMove, TransferSyntaxes: []string{part10.ImplicitLE}},
		})
		require.NoError(t, err)
		defer c.Close()

		studies, err := c.Find(match.Query{Level: match.StudyLevel, PatientID: "P*"})
		require.NoError(t, err)
		require.Len(t, studies, 1)
		require.Equal(t, "1.2.3", studies[0].StudyUID)
		require.Equal(t, "P1", studies[0].PatientID)
		require.Equal(t, "Doe^John", studies[0].PatientName)
		require.Equal(t, "19500102", studies[0].PatientBirthDate)
		instances, err := c.Find(match.Query{Level: match.InstanceLevel, StudyUID: "1.2.3", SeriesUID: "1.2.3.1"})
		require.NoError(t, err)
		require.Len(t, instances, 3)
		require.Contains(t, sent, instances[0].SOPUID)
		nothing, err := c.Find(match.Query{Level: match.StudyLevel, PatientID: "NOBODY"})
		require.NoError(t, err)
		require.Empty(t, nothing)

		counts, err := c.Move(dimse.Retrieval{Level: match.SeriesLevel, StudyUID: "1.2.3", SeriesUID: "1.2.3.1"}, "NAFAS")
		require.NoError(t, err)
		require.Equal(t, uint16(3), counts.Completed)
		require.NoError(t, h.end(t))
		require.Len(t, h.stored, 3)
		for _, s := range h.stored {
			require.Equal(t, sent[s.in.SOPInstanceUID], s.data)
		}
		_, err = c.Move(dimse.Retrieval{Level: match.StudyLevel, StudyUID: "1.2.3"}, "STRANGER")
		require.Error(t, err, "a destination that the archive does not know")
	})
}

func TestCallingWhatIsNotThere(t *testing.T) {
	netnstest.Run(t, func(t *testing.T) {
		_, err := dimse.Dial(context.Background(), dimse.Remote{Address: "127.0.0.1:104", CalledAE: "X", CallingAE: "Y"}, proposals())
		require.ErrorContains(t, err, "connection refused")

		start(t, 11114, "storescp", "--refuse", "11114")
		_, err = dimse.Dial(context.Background(), dimse.Remote{Address: "127.0.0.1:11114", CalledAE: "X", CallingAE: "Y"}, proposals())
		var reject *pdu.Reject
		require.ErrorAs(t, err, &reject)
	})
}
