package source

import (
	"context"
	"os"
)

// TreeHolding is Tree with so many names in memory.
func TreeHolding(ctx context.Context, root *os.Root, after string, held int, each func(Entry) error) error {
	t := tree{ctx: ctx, root: root, after: after, each: each, held: held}
	return t.folder(".", 0)
}
