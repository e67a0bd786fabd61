package main

import (
	"context"
	"testing"

	"github.com/stretchr/testify/require"

	"nafas/inference/detect"
)

// hearer is a network that hears the first value of every input.
type hearer struct{ got []float32 }

func (k *hearer) Run(_ context.Context, inputs map[string]detect.Tensor) (map[string]detect.Tensor, error) {
	k.got = append(k.got, inputs["image"].Data[0])
	return nil, nil
}

func (k *hearer) Close() error { return nil }

// TestTapePlaysTheSameTiles: a detector fills one buffer for every tile.
func TestTapePlaysTheSameTiles(t *testing.T) {
	ctx, first := context.Background(), &hearer{}
	var tp tape
	networks := tp.hear(detect.Networks{First: first})
	require.Nil(t, networks.Second, "a model of one network stays one")

	data := []float32{0}
	run := func(v float32) {
		data[0] = v
		_, err := networks.First.Run(ctx, map[string]detect.Tensor{"image": {Shape: []int64{1}, Data: data}})
		require.NoError(t, err)
	}
	run(1)
	tp.recording = true
	run(2)
	run(3)
	tp.recording = false
	run(4)

	first.got = nil
	require.NoError(t, tp.play(ctx))
	require.Equal(t, []float32{2, 3}, first.got)

	var none *tape
	require.Equal(t, detect.Networks{First: first}, none.hear(detect.Networks{First: first}))
}
