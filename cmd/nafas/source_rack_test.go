package main

import (
	"context"
	"log/slog"
	"os"
	"path/filepath"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"nafas/internal/rescore"
)

// A container may have another name each time that it starts.
func TestARescoringOutlivesTheNameOfItsHost(t *testing.T) {
	pacs := rescore.SourceSpec{Kind: rescore.SourceDIMSE, Peer: "PACS=127.0.0.1:9", OwnAE: "NAFAS", Listen: "127.0.0.1:0"}
	r := rescore.Rescoring{ID: 1, Home: "its name yesterday", Source: pacs}
	flags := rescoreFlags{ledgerFlags: ledgerFlags{Data: t.TempDir()}, workFlags: defaultWorkFlags()}
	for home, opens := range map[string]bool{"": true, "its name yesterday": true, "its name today": false} {
		rack := &sourceRack{flags: flags, home: home, log: slog.New(slog.DiscardHandler)}
		_, err := rack.Open(t.Context(), r)
		require.Equal(t, opens, err == nil, "%s: %v", home, err)
		require.NoError(t, rack.close())
	}

	st, err := flags.station(t.Context(), stationOptions{log: slog.New(slog.DiscardHandler), works: true})
	require.NoError(t, err)
	defer func() { require.NoError(t, st.close(0)) }()
	archive := t.TempDir()
	require.NoError(t, os.WriteFile(filepath.Join(archive, "a.txt"), []byte("no DICOM"), 0o600))
	kept, err := st.ledger.Create(t.Context(), rescore.Rescoring{
		Source: rescore.SourceSpec{Kind: rescore.SourceFolder, Root: archive}, Home: "its name yesterday", CreatedAt: time.Now(),
	})
	require.NoError(t, err)
	require.NoError(t, st.tend(context.WithoutCancel(t.Context()), true))
	require.Eventually(t, func() bool {
		got, err := st.ledger.Rescoring(t.Context(), kept.ID)
		return err == nil && got.State == rescore.StateDone && got.Totals.Skipped == 1
	}, 20*time.Second, 50*time.Millisecond)
}
