package depcheck_test

import (
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
)

// The image fetches ONNX Runtime by itself: what it takes must be what
// internal/ortlib would accept.
func TestImageTakesTheSameRuntime(t *testing.T) {
	dockerfile := read(t, "Dockerfile")
	sources, err := filepath.Glob(filepath.Join(root, "internal/ortlib/*.go"))
	require.NoError(t, err)
	var ortlib strings.Builder
	for _, s := range sources {
		if !strings.HasSuffix(s, "_test.go") {
			ortlib.WriteString(read(t, strings.TrimPrefix(s, root)))
		}
	}
	pins := regexp.MustCompile(`ARG ONNXRUNTIME_\w+=(\S+)`).FindAllStringSubmatch(dockerfile, -1)
	require.Len(t, pins, 3, "a version and the hashes for two architectures")
	for _, pin := range pins {
		require.Contains(t, ortlib.String(), `"`+pin[1]+`"`, "%s is not what internal/ortlib says", pin[0])
	}
}

// A moving tag makes a different image tomorrow.
func TestImageBasesAreExact(t *testing.T) {
	dockerfile := read(t, "Dockerfile")
	bases := regexp.MustCompile(`(?m)^FROM (\S+)`).FindAllStringSubmatch(dockerfile, -1)
	require.Len(t, bases, 3)
	exact := regexp.MustCompile(`^(golang|node):\d+\.\d+\.\d+-bookworm(-slim)?\$\{\w+_DIGEST\}$|^debian:bookworm-\d{8}-slim\$\{\w+_DIGEST\}$`)
	for _, b := range bases {
		require.Regexp(t, exact, b[1])
	}
	language := regexp.MustCompile(`(?m)^go (\d+\.\d+)`).FindStringSubmatch(read(t, "go.mod"))
	require.Contains(t, dockerfile, "golang:"+language[1]+".", "the builder's Go is that of go.mod")
}

// What the last stage must say for the container to run as docs/deploy.md
// promises.
func TestImageRunsAsNobody(t *testing.T) {
	_, last, found := strings.Cut(read(t, "Dockerfile"), "FROM debian:")
	require.True(t, found)
	for _, line := range []string{
		"USER 10001:10001", "VOLUME /var/lib/nafas", `CMD ["nafas", "health"]`, `ENTRYPOINT ["nafas"]`, `CMD ["serve"]`,
	} {
		require.Contains(t, last, line)
	}
}

func read(t *testing.T, path string) string {
	text, err := os.ReadFile(filepath.Join(root, path))
	require.NoError(t, err)
	return string(text)
}
