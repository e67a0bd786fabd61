package rescore

import (
	"testing"
	"time"

	"github.com/stretchr/testify/require"
)

// However long a silent worker keeps its studies, it says often enough that it lives
// to count as at work.
func TestSignsOfLifeComeOftenEnoughToBeSeen(t *testing.T) {
	for alive, want := range map[time.Duration]time.Duration{
		0: 5 * time.Second, time.Second: time.Second, 10 * time.Second: 10 * time.Second, 2 * time.Minute: SeenLately / 3,
	} {
		require.Equal(t, want, TendOptions{Alive: alive}.withDefaults().Alive)
	}
}
