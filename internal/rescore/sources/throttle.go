package sources

import (
	"context"
	"io"
	"sync"

	"golang.org/x/time/rate"

	"nafas/internal/rescore"
)

// throttle bounds what one worker fetches from a PACS. The bounds are told with
// each fetch, since they change while a rescoring runs.
type throttle struct {
	rate *rate.Limiter

	mu   sync.Mutex
	busy int
	// freed is closed when a fetch ends.
	freed chan struct{}
}

// piece is how much is read at once, in bytes.
const piece = 16 << 10

func newThrottle() *throttle {
	return &throttle{rate: rate.NewLimiter(rate.Inf, 4*piece), freed: make(chan struct{})}
}

// begin waits until a fetch may begin; end ends it. Where the limits name no number
// of fetches, usual holds.
func (t *throttle) begin(ctx context.Context, l rescore.Limits, usual int) (end func(), err error) {
	most := l.MaxFetches
	if most <= 0 {
		most = usual
	}
	for {
		t.mu.Lock()
		if t.busy < most {
			t.busy++
			t.mu.Unlock()
			break
		}
		freed := t.freed
		t.mu.Unlock()
		select {
		case <-freed:
		case <-ctx.Done():
			return nil, context.Cause(ctx)
		}
	}
	speed := rate.Inf
	if l.BytesPerSecond > 0 {
		speed = rate.Limit(l.BytesPerSecond)
	}
	t.rate.SetLimit(speed)
	return t.end, nil
}

func (t *throttle) end() {
	t.mu.Lock()
	defer t.mu.Unlock()
	t.busy--
	close(t.freed)
	t.freed = make(chan struct{})
}

// reader reads no faster than the limit.
func (t *throttle) reader(ctx context.Context, r io.Reader) io.Reader { return &throttled{t, ctx, r} }

type throttled struct {
	*throttle
	ctx context.Context
	r   io.Reader
}

// Read implements io.Reader.
func (t *throttled) Read(p []byte) (int, error) {
	n, err := t.r.Read(p[:min(len(p), piece)])
	if waitErr := t.rate.WaitN(t.ctx, n); waitErr != nil {
		return n, waitErr
	}
	return n, err
}
