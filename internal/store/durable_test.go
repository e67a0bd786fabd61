package store_test

import (
	"crypto/sha256"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"nafas/dicomio/refusal"
	"nafas/internal/store"
	"nafas/internal/triage"
)

// header takes "study/series/sop/patient/pixels/note" for a file, in place of
// a Part 10 file; anything else is refused. A note of "day 20260101" is the
// study's date.
func header(data []byte) (triage.Header, error) {
	p := strings.Split(string(data), "/")
	if len(p) != 6 {
		return triage.Header{}, refusal.New(refusal.Malformed, "", "%d fields", len(p))
	}
	d := triage.Description{}
	if day, ok := strings.CutPrefix(p[5], "day "); ok {
		d.Study = triage.Attributes{"StudyDate": day}
	}
	return triage.Header{
		Description: d,
		StudyUID:    p[0], SeriesUID: p[1], SOPUID: p[2], SOPClassUID: "1.2.840.10008.5.1.4.1.1.2", Modality: "CT",
		Patient: triage.Patient{ID: p[3]},
		Pixels:  sha256.Sum256([]byte(p[0] + p[1] + p[4])), Content: sha256.Sum256([]byte(p[2] + p[4])),
	}, nil
}

func upload(t *testing.T, s *triage.Service, files ...string) (triage.Receipt, error) {
	t.Helper()
	u, err := s.Begin(t.Context(), triage.Submission{Complete: true})
	if err != nil {
		return triage.Receipt{}, err
	}
	defer u.Abort()
	for i, f := range files {
		if err := u.Put(t.Context(), fmt.Sprintf("file%d", i), strings.NewReader(f)); err != nil {
			return triage.Receipt{}, err
		}
	}
	return u.Commit(t.Context())
}

// TestOrderOfDurability: contents, names, folders, rows, and only then the
// receipt.
func TestOrderOfDurability(t *testing.T) {
	disk := newLossy()
	dir := t.TempDir()
	st := open(t, dir, disk)
	service := triage.New(committing{st, disk}, st, header, nil, triage.Options{MinFreeBytes: 1, Log: silent()})
	disk.log = nil
	_, err := upload(t, service, "1.2/1/1/P/x/", "1.2/1/2/P/y/", "broken", "1.3/1/3/P/z/")
	require.NoError(t, err)
	disk.note("acknowledge")

	at := func(op, path string) int {
		t.Helper()
		i := slices.Index(disk.log, event{op, path})
		require.GreaterOrEqual(t, i, 0, "%s %s is missing in %v", op, path, disk.log)
		return i
	}
	commit, ack := at("commit", ""), at("acknowledge", "")
	require.Less(t, commit, ack)
	renames, lastSync, firstRename := 0, 0, len(disk.log)
	for i, e := range disk.log {
		switch e.op {
		case "sync":
			lastSync = i
		case "rename":
			renames++
			firstRename = min(firstRename, i)
			// The folder, and every folder that may be new above it.
			for folder := filepath.Dir(e.path); folder != dir; folder = filepath.Dir(folder) {
				synced := at("syncdir", folder)
				require.Greater(t, synced, i, "a folder is synced after the rename into it")
				require.Less(t, synced, commit, "and before the commit")
			}
		}
	}
	require.Equal(t, 4, renames)
	require.Less(t, lastSync, firstRename, "contents are synced before they get their names")
}

// TestAcknowledgedInstancesSurviveLossOfPower lets the power go at every
// single operation of the file system in turn.
func TestAcknowledgedInstancesSurviveLossOfPower(t *testing.T) {
	uploads := [][]string{
		{"1.2/1/1/P/x/", "1.2/1/2/P/y/", "broken"},
		{"1.2/1/3/P/z/", "1.2/1/1/P/x/newer header", "1.2/1/2/P/changed/"},
		{"1.3/1/9/P/x/"},
	}
	total := 0
	for k := 0; ; k++ {
		acked, ops := losePower(t, uploads, k)
		if k == 0 {
			require.Equal(t, len(uploads), acked)
			total = ops
			continue
		}
		if k > total {
			require.Equal(t, len(uploads), acked)
			break
		}
	}
	require.Greater(t, total, 30)
}

// losePower runs the uploads until the power goes at operation k (never for
// 0) and checks what is left. It returns how many uploads were acknowledged
// and how many operations there were.
func losePower(t *testing.T, uploads [][]string, k int) (acked, ops int) {
	t.Helper()
	disk := newLossy()
	dir, left := t.TempDir(), t.TempDir()
	st := open(t, dir, disk)
	service := triage.New(st, st, header, nil, triage.Options{MinFreeBytes: 1, Log: silent()})
	disk.ops, disk.failAfter = 0, k
	disk.lost = func() { disk.survivors(t, dir, left) }
	for _, files := range uploads {
		if _, err := upload(t, service, files...); err != nil {
			require.ErrorIs(t, err, errPower)
			break
		}
		acked++
	}
	ops = disk.ops
	if disk.lost != nil {
		disk.survivors(t, dir, left)
	}
	require.NoError(t, st.Close())

	after := open(t, left, store.OS{})
	defer func() { require.NoError(t, after.Close()) }()
	stored := fileSums(t, after)
	for _, files := range uploads[:acked] {
		for _, f := range files {
			require.True(t, stored[sha256.Sum256([]byte(f))], "loss at operation %d: %q was acknowledged", k, f)
		}
	}
	return acked, ops
}

// fileSums reads every file that a row points at, and checks it against its
// row: there is no row without its whole file.
func fileSums(t *testing.T, s *store.SQLite) map[triage.Sum]bool {
	t.Helper()
	rows, err := s.DB().QueryContext(t.Context(), `SELECT path, sha256 FROM instance_file UNION ALL SELECT path, sha256 FROM quarantine`)
	require.NoError(t, err)
	defer rows.Close()
	out := map[triage.Sum]bool{}
	for rows.Next() {
		var path string
		var want []byte
		require.NoError(t, rows.Scan(&path, &want))
		data, err := os.ReadFile(s.Abs(path))
		require.NoError(t, err)
		sum := sha256.Sum256(data)
		require.Equal(t, want, sum[:])
		out[sum] = true
	}
	require.NoError(t, rows.Err())
	return out
}
