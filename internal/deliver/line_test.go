package deliver_test

import (
	"context"
	"errors"
	"fmt"
	"testing"

	"github.com/stretchr/testify/require"

	"nafas/internal/deliver"
	"nafas/internal/triage"
)

// line takes messages, and answers as it is told.
type line struct {
	err error
	got []string
}

func (l *line) Send(_ context.Context, one triage.Delivery, image []byte, language string) error {
	l.got = append(l.got, fmt.Sprint(one.Key, " ", len(image) > 0, " ", language))
	return l.err
}

func TestAMessageIsDelivered(t *testing.T) {
	o, image := waiting(t)
	l := &line{}
	require.NoError(t, run(t, o, image, deliver.Destination{Line: l, Language: "fr"}))
	require.Equal(t, []string{"key true fr"}, l.got)
	require.Empty(t, o.reasons)
}

func TestAMessageThatIsNotTaken(t *testing.T) {
	for _, c := range []struct {
		name, says string
		err        error
		dead       bool
	}{
		{"refused", "AE", deliver.Plain(errors.New("the receiver refused the message: AE")), false},
		{"no try will mend it", "no accession", deliver.Final(errors.New("no accession")), true},
		{"words that are not ours", "could not be reached", errors.New("Smith^John is unknown"), false},
	} {
		t.Run(c.name, func(t *testing.T) {
			o, image := waiting(t)
			require.Error(t, run(t, o, image, deliver.Destination{Line: &line{err: c.err}}))
			require.Contains(t, o.reasons[0], c.says)
			require.NotContains(t, o.reasons[0], "Smith")
			require.Equal(t, c.dead, o.dead)
		})
	}
}
