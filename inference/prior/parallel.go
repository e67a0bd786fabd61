package prior

import (
	"context"
	"runtime"
	"sync"
	"sync/atomic"
)

// each calls do for 0 to n-1, several at once. A call writes what belongs to its
// own number alone, so that neither order nor cores change a result.
func each(ctx context.Context, n int, do func(i int)) error {
	var workers sync.WaitGroup
	var next atomic.Int64
	for range min(runtime.GOMAXPROCS(0), n) {
		workers.Go(func() {
			for {
				i := int(next.Add(1)) - 1
				if i >= n || ctx.Err() != nil {
					return
				}
				do(i)
			}
		})
	}
	workers.Wait()
	return ctx.Err()
}
