package dicomio_test

import (
	"context"
	"testing"

	"nafas/dicomio"
	"nafas/dicomio/part10"
	"nafas/dicomio/refusal"
	"nafas/dicomio/source"
)

// FuzzReadInstance: whatever is in a file, its header is read or refused, and
// a series of it is judged, without a panic.
func FuzzReadInstance(f *testing.F) {
	images := stack("a")
	f.Add(images[0].bytes(f))
	f.Add(enhanced(images[:3]).bytes(f))
	implicit := slice("a", 1, 0)
	implicit.syntax = part10.ImplicitLE
	f.Add(implicit.bytes(f))
	f.Fuzz(func(t *testing.T, data []byte) {
		ctx := context.Background()
		inv, err := dicomio.Load(ctx, []source.Item{source.FromBytes("fuzz", data)}, dicomio.LoadOptions{Parallel: 1})
		if err != nil {
			t.Fatal(err)
		}
		for _, r := range inv.Refused {
			if r.Err.Reason == "" {
				t.Fatalf("no reason: %v", r.Err)
			}
		}
		for _, s := range dicomio.Group(inv.Instances) {
			if _, err := dicomio.Assemble(ctx, s, dicomio.AssembleOptions{Parallel: 1}); err != nil && refusal.Of(err) == "" {
				t.Fatalf("an error without a reason: %v", err)
			}
		}
	})
}
