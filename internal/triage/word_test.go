package triage_test

import (
	"testing"

	"github.com/stretchr/testify/require"

	"nafas/internal/triage"
)

func TestWordsOfPriorities(t *testing.T) {
	var words []string
	for p := triage.PriorityNone; p <= triage.PriorityUrgent; p++ {
		words = append(words, p.Word())
	}
	require.Equal(t, []string{"none", "routine", "not_assessed", "high", "urgent"}, words)
}
