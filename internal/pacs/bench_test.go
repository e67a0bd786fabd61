package pacs_test

import (
	"bytes"
	"context"
	"log/slog"
	"net"
	"strconv"
	"testing"

	"github.com/stretchr/testify/require"

	"nafas/dicomio/ctwriter"
	"nafas/dicomio/dimse"
	"nafas/dicomio/part10"
	"nafas/inference/volume"
	"nafas/internal/pacs"
	"nafas/internal/store"
	"nafas/internal/triage"
)

// BenchmarkStore is one C-STORE of a slice of 512x512 into a real data folder,
// answered when it is durable.
func BenchmarkStore(b *testing.B) {
	log := slog.New(slog.DiscardHandler)
	st, err := store.Open(b.Context(), b.TempDir(), store.Options{Log: log})
	require.NoError(b, err)
	defer st.Close()
	app := triage.New(st, st, triage.ReadHeader, nil, triage.Options{MinFreeBytes: 1, Log: log})
	ctx, cancel := context.WithCancel(b.Context())
	defer cancel()
	go app.Inbox().Run(ctx)
	s := dimse.NewServer(dimse.ServerConfig{Offers: pacs.Offers([]string{part10.ExplicitLE}), Log: log},
		pacs.NewProvider(func() (pacs.Sender, error) { return app.Inbox().Sender() }, nil, nil, log))
	ln, err := net.Listen("tcp", "127.0.0.1:0")
	require.NoError(b, err)
	go func() { _ = s.Serve(ln) }()
	defer s.Shutdown(context.Background())
	c, err := dimse.Dial(b.Context(), dimse.Remote{Address: ln.Addr().String(), CalledAE: "NAFAS", CallingAE: "TEST"},
		[]dimse.Proposal{{AbstractSyntax: ct, TransferSyntaxes: []string{part10.ExplicitLE}}})
	require.NoError(b, err)
	defer c.Close()
	v := &volume.Volume{Grid: volume.Grid{
		Size: [3]int{512, 512, 1}, SpacingMM: [3]float64{1, 1, 1}, Axes: [3]volume.Vec3{{1, 0, 0}, {0, 1, 0}, {0, 0, 1}},
	}, HU: make([]int16, 512*512)}
	n := 0
	for b.Loop() {
		b.StopTimer()
		n++
		images, err := ctwriter.Instances(v, ctwriter.Options{Seed: "bench " + strconv.Itoa(n)})
		require.NoError(b, err)
		f, err := part10.Parse(images[0], part10.DefaultLimits())
		require.NoError(b, err)
		h, err := triage.ReadHeader(images[0])
		require.NoError(b, err)
		meta, err := part10.Meta(h.SOPClassUID, h.SOPUID, f.TransferSyntax)
		require.NoError(b, err)
		b.StartTimer()
		_, err = c.Store(dimse.Instance{SOPClassUID: h.SOPClassUID, SOPInstanceUID: h.SOPUID, TransferSyntax: f.TransferSyntax,
			Data: bytes.NewReader(images[0][len(meta):])})
		require.NoError(b, err)
	}
	b.SetBytes(512 * 512 * 2)
}
