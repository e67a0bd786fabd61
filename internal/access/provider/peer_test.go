package provider_test

import (
	"bufio"
	"io"
	"net/http"
	"net/http/cookiejar"
	"net/url"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
)

const (
	clientID     = "nafas"
	clientSecret = "a secret of the client, for tests"
)

// startPeer starts npm's oidc-provider, and gives its issuer.
func startPeer(t *testing.T, redirect string) string {
	t.Helper()
	dir, err := filepath.Abs("testdata/peer")
	require.NoError(t, err)
	if _, err := os.Stat(filepath.Join(dir, "node_modules")); err != nil {
		if os.Getenv("CI") == "true" {
			t.Fatal("the OpenID Connect provider is not installed: npm ci in internal/access/provider/testdata/peer")
		}
		t.Skip("SKIPPED: the OpenID Connect provider is not installed: npm ci in internal/access/provider/testdata/peer")
	}
	cmd := exec.Command("node", "server.mjs", clientID, clientSecret, redirect)
	cmd.Dir = dir
	cmd.SysProcAttr = &syscall.SysProcAttr{Pdeathsig: syscall.SIGKILL}
	out, err := cmd.StdoutPipe()
	require.NoError(t, err)
	in, err := cmd.StdinPipe()
	require.NoError(t, err)
	require.NoError(t, cmd.Start())
	t.Cleanup(func() {
		_ = in.Close()
		_ = cmd.Process.Kill()
		_ = cmd.Wait()
	})
	lines := bufio.NewScanner(out)
	for lines.Scan() {
		if strings.HasPrefix(lines.Text(), "http://") {
			go func() { _, _ = io.Copy(io.Discard, out) }()
			return lines.Text()
		}
	}
	t.Fatal("the provider did not start")
	return ""
}

// newBrowser keeps cookies and follows no redirect by itself.
func newBrowser(t *testing.T) *http.Client {
	t.Helper()
	jar, err := cookiejar.New(nil)
	require.NoError(t, err)
	return &http.Client{Jar: jar, Timeout: 20 * time.Second, CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse }}
}

var form = regexp.MustCompile(`action="([^"]+)"`)

// signInAt goes from an address of the provider through its forms, as a person
// does, until the browser is sent to stop; it gives that address, unvisited.
func signInAt(t *testing.T, browser *http.Client, at, login, stop string) string {
	t.Helper()
	base, err := url.Parse(at)
	require.NoError(t, err)
	for range 20 {
		if strings.HasPrefix(at, stop) {
			return at
		}
		res, err := browser.Get(at)
		require.NoError(t, err)
		body, err := io.ReadAll(res.Body)
		require.NoError(t, err)
		require.NoError(t, res.Body.Close())
		if res.StatusCode == http.StatusOK {
			action := form.FindSubmatch(body)
			require.NotNil(t, action, "%s", body)
			fields := url.Values{"prompt": {"consent"}}
			if strings.Contains(string(body), `name="login"`) {
				fields = url.Values{"prompt": {"login"}, "login": {login}, "password": {"any"}}
			}
			to, err := base.Parse(string(action[1]))
			require.NoError(t, err)
			res, err = browser.PostForm(to.String(), fields)
			require.NoError(t, err)
			require.NoError(t, res.Body.Close())
		}
		next, err := res.Location()
		require.NoError(t, err, "%d", res.StatusCode)
		at = next.String()
	}
	t.Fatal("the provider sends the browser around in circles")
	return ""
}
