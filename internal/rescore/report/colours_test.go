package report_test

import (
	"fmt"
	"math"
	"os"
	"regexp"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
)

// luminance is the relative luminance of a colour (WCAG 2.2).
func luminance(t *testing.T, hex string) float64 {
	t.Helper()
	var channel [3]uint8
	_, err := fmt.Sscanf(hex, "#%02x%02x%02x", &channel[0], &channel[1], &channel[2])
	require.NoError(t, err, hex)
	sum := 0.0
	for i, weight := range []float64{0.2126, 0.7152, 0.0722} {
		v := float64(channel[i]) / 255
		if v <= 0.04045 {
			v /= 12.92
		} else {
			v = math.Pow((v+0.055)/1.055, 2.4)
		}
		sum += weight * v
	}
	return sum
}

// Text reaches 4.5:1 on its ground and marks in figures 3:1, in both themes and on
// paper.
func TestContrast(t *testing.T) {
	sheet, err := os.ReadFile("style.css")
	require.NoError(t, err)
	themes := regexp.MustCompile(`(?s):root \{(.*?)\}`).FindAllStringSubmatch(string(sheet), -1)
	require.Len(t, themes, 3)
	for i, theme := range themes {
		colours := map[string]string{}
		for _, one := range regexp.MustCompile(`--([a-z-]+): (#[0-9a-f]{6});`).FindAllStringSubmatch(theme[1], -1) {
			colours[one[1]] = one[2]
		}
		reach := func(least float64, ground string, names string) {
			for name := range strings.FieldsSeq(names) {
				a, b := luminance(t, colours[name])+0.05, luminance(t, colours[ground])+0.05
				require.GreaterOrEqual(t, max(a, b)/min(a, b), least, "theme %d: %s on %s", i, name, ground)
			}
		}
		reach(4.5, "surface", "text muted accent bad warn note before after newly dropped")
		reach(4.5, "ground", "text muted warn")
		reach(4.5, "bad-ground", "text bad")
		reach(4.5, "warn-ground", "text warn")
		reach(4.5, "note-ground", "text note")
		reach(4.5, "up-ground", "text muted")
		reach(4.5, "down-ground", "text muted")
		reach(4.5, "same-ground", "text muted")
		reach(3, "up-ground", "newly")
		reach(3, "down-ground", "after")
		reach(3, "surface", "line-strong not read")
	}
}
