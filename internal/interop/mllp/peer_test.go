package mllp_test

import (
	"bufio"
	"crypto/tls"
	"crypto/x509"
	"encoding/json"
	"encoding/pem"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"testing"

	"github.com/stretchr/testify/require"

	"nafas/internal/interop/mllp"
)

// python3 is one with python-hl7.
func python3(t *testing.T) string {
	t.Helper()
	for _, name := range []string{"python3", "/usr/bin/python3"} {
		if exec.Command(name, "-c", "import hl7.mllp").Run() == nil {
			return name
		}
	}
	require.NotEqual(t, "true", os.Getenv("CI"), "CI must have python3-hl7")
	t.Skip("no python-hl7 (Debian: python3-hl7)")
	return ""
}

// stored writes a certificate and its key.
func stored(t *testing.T, c tls.Certificate) (cert, key string) {
	t.Helper()
	dir := t.TempDir()
	cert, key = filepath.Join(dir, "cert.pem"), filepath.Join(dir, "key.pem")
	der, err := x509.MarshalPKCS8PrivateKey(c.PrivateKey)
	require.NoError(t, err)
	require.NoError(t, os.WriteFile(cert, pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: c.Certificate[0]}), 0o600))
	require.NoError(t, os.WriteFile(key, pem.EncodeToMemory(&pem.Block{Type: "PRIVATE KEY", Bytes: der}), 0o600))
	return cert, key
}

// python-hl7's server takes our frame over TLS, and we take its answer.
func TestPythonHL7(t *testing.T) {
	python := python3(t)
	for code, accepted := range map[string]bool{"AA": true, "AE": false, "AR": false} {
		t.Run(code, func(t *testing.T) {
			c, pool := certificate(t)
			cert, key := stored(t, c)
			server := exec.CommandContext(t.Context(), python, "testdata/receiver.py", cert, key, code)
			server.Stderr = os.Stderr
			out, err := server.StdoutPipe()
			require.NoError(t, err)
			require.NoError(t, server.Start())
			defer func() { _ = server.Process.Kill(); _ = server.Wait() }()
			lines := json.NewDecoder(bufio.NewReader(out))
			var port int
			require.NoError(t, lines.Decode(&port))

			client := mllp.Client{Address: fmt.Sprintf("127.0.0.1:%d", port), TLS: &tls.Config{RootCAs: pool}}
			err = client.Send(t.Context(), []byte(message))
			if accepted {
				require.NoError(t, err)
			} else {
				var refused *mllp.Refused
				require.ErrorAs(t, err, &refused)
				require.Equal(t, code, refused.Code)
			}
			var got struct {
				Type, Control string
				Segments      []string
			}
			require.NoError(t, lines.Decode(&got))
			require.Equal(t, "ORU^R01^ORU_R01", got.Type)
			require.Equal(t, "C0FFEE", got.Control)
			require.Equal(t, []string{"MSH", "PID"}, got.Segments)
		})
	}
}
