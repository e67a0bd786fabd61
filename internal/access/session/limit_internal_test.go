package session

import (
	"fmt"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
)

// Who tries a name after the other fills no memory.
func TestLimitsAreBounded(t *testing.T) {
	l := newLimits()
	now := time.Date(2026, 5, 4, 8, 0, 0, 0, time.UTC)
	for i := range 3*mostRemembered + 1 {
		now = now.Add(time.Millisecond)
		require.Zero(t, l.take(now, fmt.Sprint("name", i), fmt.Sprintf("10.%d.%d.%d", i>>16, i>>8&255, i&255)))
	}
	require.LessOrEqual(t, len(l.names), mostRemembered)
	require.LessOrEqual(t, len(l.addresses), mostRemembered)
	require.True(t, l.names[fmt.Sprint("name", 3*mostRemembered)] != nil, "the latest stay")
	full := newLimits()
	for i := range mostRemembered {
		full.take(now, fmt.Sprint("name", i), "192.0.2.1")
		full.addresses = map[string]*tries{}
	}
	full.take(now.Add(2*forgetAfter), "late", "192.0.2.1")
	require.Equal(t, 1, len(full.names), "what is over goes all at once")
}

func TestPauses(t *testing.T) {
	now := time.Date(2026, 5, 4, 8, 0, 0, 0, time.UTC)
	l := newLimits()
	var pauses []time.Duration
	for len(pauses) < 9 {
		if wait := l.take(now, "amina", ""); wait > 0 {
			pauses = append(pauses, wait)
			now = now.Add(wait)
		}
	}
	second := time.Second
	require.Equal(t, []time.Duration{second, 2 * second, 4 * second, 8 * second, 16 * second, 32 * second, 60 * second, 60 * second, 60 * second}, pauses)
	now = now.Add(2 * forgetAfter)
	for range perName.free {
		require.Zero(t, l.take(now, "amina", ""), "failures are forgotten")
	}
}

// A number of tries that nobody makes overflows nothing.
func TestPausesStayLong(t *testing.T) {
	tried := tries{failed: 1 << 40}
	now := time.Date(2026, 5, 4, 8, 0, 0, 0, time.UTC)
	tried.fail(now, perAddress)
	require.Equal(t, perAddress.most, tried.until.Sub(now))
}

func TestOwnPath(t *testing.T) {
	for to, want := range map[string]string{
		"/studies/1.2.3?finding=2": "/studies/1.2.3?finding=2",
		"":                         "/",
		"studies":                  "/",
		"//evil.example":           "/",
		"/\\evil.example":          "/",
		"/\t/evil.example":         "/",
		"https://evil.example/":    "/",
		"javascript:alert(1)":      "/",
		"/api/reviews.csv":         "/",
		"/quality/../auth/start":   "/",
		"/%61pi/reviews.csv":       "/",
		"/dicom-web/studies":       "/",
	} {
		require.Equal(t, want, ownPath(to), to)
	}
}
