package sources_test

import (
	"archive/zip"
	"bytes"
	"context"
	"encoding/binary"
	"errors"
	"fmt"
	"io/fs"
	"maps"
	"math/rand/v2"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"syscall"
	"testing"

	"github.com/stretchr/testify/require"

	"nafas/dicomio"
	"nafas/dicomio/part10"
	"nafas/dicomio/refusal"
	"nafas/internal/rescore"
	"nafas/internal/rescore/sources"
)

func folder(t testing.TB, dir string, batch int) *sources.Folder {
	t.Helper()
	opt := options(t)
	opt.BatchFiles = batch
	s, err := sources.NewFolder(dir, opt)
	require.NoError(t, err)
	return s
}

// planted is an archive with what a scan must say of each file.
type planted struct {
	dir string
	// files are the series of each path; loose the end of the others.
	files map[string]series
	loose map[string]rescore.Loose
}

func (p *planted) file(t testing.TB, path string, s series, data []byte) {
	p.files[path] = s
	if !strings.Contains(path, "!") {
		put(t, p.dir, path, data)
	}
}

func (p *planted) other(t testing.TB, path string, state rescore.SeriesState, reason string, data []byte) {
	p.loose[path] = rescore.Loose{Path: path, State: state, Reason: reason}
	if data != nil {
		put(t, p.dir, path, data)
	}
}

// plant makes an archive of everything: series over folders and archives, other
// modalities, junk.
func plant(t testing.TB) *planted {
	p := &planted{dir: t.TempDir(), files: map[string]series{}, loose: map[string]rescore.Loose{}}
	chest := series{study: "1", name: "chest", modality: "CT", date: "20190304", slices: 40}
	bone := series{study: "1", name: "bone", modality: "CT", date: "20190304", slices: 6}
	scout := series{study: "2", name: "mr", modality: "MR", class: classMR, date: "none", slices: 3}
	capture := series{study: "2", name: "sc", modality: "OT", class: classSC, slices: 2}
	video := series{study: "3", name: "us", modality: "US", slices: 1}

	for i, data := range chest.instances(t) {
		where := []string{"2019/a/deep/er/IM%d", "2019/b/%d.dcm", "x/%d"}[i%3]
		p.file(t, fmt.Sprintf(where, i), chest, data)
	}
	var members []member
	for i, data := range bone.instances(t) {
		name := fmt.Sprintf("%d/bone.dcm", i)
		members = append(members, member{name: name, data: data})
		p.file(t, "2019/b.zip!"+name, bone, nil)
	}
	mr, sc := scout.instances(t), capture.instances(t)
	p.file(t, "2019/b.zip!mr/1", scout, nil)
	p.file(t, "2019/b.zip!mr/1#2", scout, nil)
	members = append(members, member{name: "mr/1", data: mr[0]}, member{name: "mr/1", data: mr[1]},
		member{name: "text.txt", data: []byte("text")}, member{name: "empty"}, member{name: "inner.zip", data: zipOf(t, member{name: "x", data: mr[2]})},
		member{name: "../../out", data: mr[2]}, member{name: "link", data: []byte("/etc/passwd"), header: func(h *zip.FileHeader) { h.SetMode(os.ModeSymlink | 0o777) }},
		member{name: "sub/DICOMDIR", data: index(t, []string{"IM1"}, []string{"IM2"})}, member{name: "sub/im1;1", data: []byte("there")})
	put(t, p.dir, "2019/b.zip", zipOf(t, members...))
	p.other(t, "2019/b.zip!text.txt", rescore.Skipped, rescore.ReasonNotDICOM, nil)
	p.other(t, "2019/b.zip!empty", rescore.Skipped, rescore.ReasonNotDICOM, nil)
	p.other(t, "2019/b.zip!inner.zip", rescore.Failed, string(refusal.Unsupported), nil)
	p.other(t, "2019/b.zip!out", rescore.Failed, string(refusal.Unsupported), nil)
	p.other(t, "2019/b.zip!link", rescore.Failed, string(refusal.Unsupported), nil)
	p.other(t, "2019/b.zip!sub/DICOMDIR", rescore.Failed, rescore.ReasonGone, nil)
	p.other(t, "2019/b.zip!sub/im1;1", rescore.Skipped, rescore.ReasonNotDICOM, nil)
	p.file(t, "2020/\u00e9t\u00e9/a b", scout, mr[2])
	// Names that are no text, or that read as members of an archive.
	put(t, p.dir, "2020/\xe9.dcm", sc[0])
	p.files["2020/!=E9.dcm"] = capture
	put(t, p.dir, "2019/b.zip!mr", sc[1])
	p.files["2019/b.zip!!mr"] = capture

	p.other(t, "2020/readme.txt", rescore.Skipped, rescore.ReasonNotDICOM, []byte("a text"))
	p.other(t, "2020/nothing", rescore.Skipped, rescore.ReasonNotDICOM, []byte{})
	p.other(t, "2020/nothing.DCM", rescore.Failed, string(refusal.Malformed), []byte{})
	p.other(t, "2020/text.dcm", rescore.Failed, string(refusal.Malformed), []byte("a text"))
	p.other(t, "2020/._text.dcm", rescore.Skipped, rescore.ReasonNotDICOM, []byte("of macOS"))
	p.other(t, "DICOMDIR", rescore.Failed, rescore.ReasonGone, index(t, []string{"X", "2"}, []string{"X", "NONE"}, []string{"2019"}, []string{"..", "x"}))
	p.other(t, "cut", rescore.Failed, string(refusal.Malformed), mr[0][:700])
	p.other(t, "bad.zip", rescore.Failed, string(refusal.Malformed), []byte("PK\x03\x04 and no archive"))
	p.other(t, "empty.zip", rescore.Skipped, rescore.ReasonNotDICOM, zipOf(t, member{name: "folder/"}))
	encrypted := zipOf(t, member{name: "secret", data: mr[0]})
	encrypted[6] |= 1
	encrypted[bytes.Index(encrypted, []byte("PK\x01\x02"))+8] |= 1
	put(t, p.dir, "secret.zip", encrypted)
	p.other(t, "secret.zip!secret", rescore.Failed, string(refusal.Unsupported), nil)
	rare := zipOf(t, member{name: "rare", data: mr[0]})
	binary.LittleEndian.PutUint16(rare[8:], 14)
	binary.LittleEndian.PutUint16(rare[bytes.Index(rare, []byte("PK\x01\x02"))+10:], 14)
	put(t, p.dir, "rare.zip", rare)
	p.other(t, "rare.zip!rare", rescore.Failed, string(refusal.Unsupported), nil)
	// A transfer syntax that nobody here decodes: what it is, is known.
	p.file(t, "video", video, inSyntax(t, video.instances(t)[0], "1.2.840.10008.1.2.4.102"))
	noUIDs := bytes.Replace(mr[0], []byte(scout.seriesUID()), bytes.Repeat([]byte("x"), len(scout.seriesUID())), 1)
	p.other(t, "nouid", rescore.Failed, string(refusal.Malformed), noUIDs)

	outside := t.TempDir()
	put(t, outside, "secret", mr[0])
	for name, to := range map[string]string{"link-in": "x/2", "link-dir": "2019", "link-out": filepath.Join(outside, "secret"), "link-nowhere": "nowhere"} {
		require.NoError(t, os.Symlink(to, filepath.Join(p.dir, name)))
	}
	p.other(t, "link-in", rescore.Skipped, rescore.ReasonNotDICOM, nil)
	p.other(t, "link-dir", rescore.Skipped, rescore.ReasonNotDICOM, nil)
	p.other(t, "link-out", rescore.Failed, string(refusal.Unsupported), nil)
	p.other(t, "link-nowhere", rescore.Failed, string(refusal.Unsupported), nil)
	require.NoError(t, syscall.Mkfifo(filepath.Join(p.dir, "pipe"), 0o600))
	p.other(t, "pipe", rescore.Skipped, rescore.ReasonNotDICOM, nil)
	return p
}

// inSyntax says of an instance that its pixels are encoded otherwise.
func inSyntax(t testing.TB, data []byte, transferSyntax string) []byte {
	t.Helper()
	file, err := part10.Parse(data, part10.DefaultLimits())
	require.NoError(t, err)
	in, err := dicomio.Identify(file)
	require.NoError(t, err)
	is, err := part10.Meta(in.SOPClassUID, in.SOPUID, in.TransferSyntax)
	require.NoError(t, err)
	says, err := part10.Meta(in.SOPClassUID, in.SOPUID, transferSyntax)
	require.NoError(t, err)
	return append(says, data[len(is):]...)
}

// check holds a listing to what was planted.
func (p *planted) check(t testing.TB, l *listing) {
	t.Helper()
	got := map[string]series{}
	want := map[string]series{}
	for path, s := range p.files {
		s.slices, s.class = 0, ""
		want[path] = series{study: s.studyUID(), name: s.seriesUID(), modality: s.modality, date: dateOf(s)}
	}
	for _, part := range l.parts {
		require.Equal(t, part.Instances, len(part.Files))
		for _, f := range part.Files {
			require.NotContains(t, got, f.Path, "each path once")
			got[f.Path] = series{study: part.StudyUID, name: part.SeriesUID, modality: part.Modality, date: part.StudyDate}
		}
	}
	require.Equal(t, want, got)
	loose := map[string]rescore.Loose{}
	for path, x := range l.loose {
		loose[path] = rescore.Loose{Path: x.Path, State: x.State, Reason: x.Reason}
		require.NotContains(t, x.Found, p.dir, "no path in what was found")
		require.Equal(t, x.State == rescore.Failed, x.Remedy != "", "%s: a failure says what to do", path)
		require.Equal(t, x.State, rescore.StateOf(refusal.Reason(x.Reason)))
	}
	require.Equal(t, p.loose, loose)
	require.Equal(t, int64(len(want)+len(loose)), l.files)
}

func dateOf(s series) string {
	switch s.date {
	case "none":
		return ""
	case "":
		return "20260101"
	}
	return s.date
}

func TestAFolderIsAccountedFor(t *testing.T) {
	p := plant(t)
	for _, batch := range []int{1, 7, 1000} {
		l := scanAll(t, folder(t, p.dir, batch))
		p.check(t, l)
		if batch == 1 {
			require.Len(t, l.batches, int(l.files))
		}
	}
	l := scanAll(t, folder(t, p.dir, 0))
	require.Contains(t, l.loose["DICOMDIR"].Found, "of the 4 files that it names 2 are not there")
	require.Contains(t, l.loose["2019/b.zip!sub/DICOMDIR"].Found, "of the 2 files that it names 1 are not there")
	for path, x := range l.loose {
		for part := range strings.SplitSeq(path, "/") {
			if len(part) > 8 {
				require.NotContains(t, x.Found, part)
			}
		}
	}
}

// Wherever planning is killed, going on from the cursor gives the same, and
// nothing twice.
func TestAScanGoesOnWhereItWasCut(t *testing.T) {
	p := plant(t)
	for _, batch := range []int{1, 3, 16} {
		s := folder(t, p.dir, batch)
		all := scanAll(t, s)
		for cut := 1; cut < len(all.batches); cut++ {
			l := newListing()
			after := scan(t, s, l, "", cut)
			require.Equal(t, all.batches[cut-1], after)
			scan(t, folder(t, p.dir, batch+cut%3), l, after, 0) // the batches may be others
			p.check(t, l)
		}
		l := newListing()
		for after := ""; len(l.batches) < len(all.batches); {
			after = scan(t, s, l, after, 1)
		}
		p.check(t, l)
		nothing := newListing()
		scan(t, s, nothing, all.batches[len(all.batches)-1], 0)
		require.Zero(t, nothing.files, "nothing is left")
	}
}

// What becomes of a zip file in which planning was cut: its rest is listed, or told,
// or waited for, and never passed over.
func TestAScanThatWasCutInAZipFile(t *testing.T) {
	images := series{study: "1", name: "1", modality: "CT", slices: 4}.instances(t)
	for name, c := range map[string]struct {
		change func(t *testing.T, dir string)
		rest   int64
		gone   bool
		err    string
	}{
		"it is there": {func(*testing.T, string) {}, 3, false, ""},
		"it is gone":  {func(t *testing.T, dir string) { require.NoError(t, os.Remove(filepath.Join(dir, "a/b.zip"))) }, 2, true, ""},
		"its folder is gone": {func(t *testing.T, dir string) {
			require.NoError(t, os.RemoveAll(filepath.Join(dir, "a")))
		}, 2, true, ""},
		"it is a folder now": {func(t *testing.T, dir string) {
			require.NoError(t, os.Remove(filepath.Join(dir, "a/b.zip")))
			require.NoError(t, os.Mkdir(filepath.Join(dir, "a/b.zip"), 0o700))
		}, 2, true, ""},
		"its folder does not open for now": {func(t *testing.T, dir string) {
			closed := filepath.Join(dir, "a")
			require.NoError(t, os.Chmod(closed, 0))
			t.Cleanup(func() { _ = os.Chmod(closed, 0o700) })
			asNobody(t, dir)
		}, 0, false, "permission denied"},
	} {
		t.Run(name, func(t *testing.T) {
			dir := t.TempDir()
			put(t, dir, "a/b.zip", zipOf(t, member{name: "1", data: images[0]}, member{name: "2", data: images[1]}, member{name: "3", data: images[2]}))
			put(t, dir, "c", images[3])
			s := folder(t, dir, 1)
			l := newListing()
			after := scan(t, s, l, "", 1)
			require.Equal(t, "a/b.zip!1", after)
			c.change(t, dir)
			if c.err != "" {
				err := s.Scan(t.Context(), after, func(rescore.Batch) error { return errors.New("something was listed") })
				require.ErrorContains(t, err, c.err)
				require.NotContains(t, err.Error(), "b.zip", "no path in the log")
				return
			}
			scan(t, s, l, after, 0)
			require.Equal(t, 1+c.rest, l.files)
			require.Equal(t, c.gone, l.loose["a/b.zip"].Reason == rescore.ReasonGone)
		})
	}
}

// An archive of one zip file is read as one in a folder.
func TestAZipFileAsTheArchive(t *testing.T) {
	p := plant(t)
	l := scanAll(t, folder(t, filepath.Join(p.dir, "2019", "b.zip"), 3))
	want := &planted{dir: p.dir, files: map[string]series{}, loose: map[string]rescore.Loose{}}
	for path, s := range p.files {
		if strings.HasPrefix(path, "2019/b.zip!") && !strings.HasPrefix(path, "2019/b.zip!!") {
			want.files[strings.TrimPrefix(path, "2019/")] = s
		}
	}
	for path, x := range p.loose {
		if rest, ok := strings.CutPrefix(path, "2019/"); ok && strings.HasPrefix(rest, "b.zip!") {
			x.Path = rest
			want.loose[rest] = x
		}
	}
	want.check(t, l)
	for _, after := range l.batches[:len(l.batches)-1] {
		rest := newListing()
		scan(t, folder(t, filepath.Join(p.dir, "2019", "b.zip"), 3), rest, after, 0)
		require.Less(t, rest.files, l.files)
		require.Positive(t, rest.files)
	}
}

// Any tree of any files: everything is looked at once.
func TestEveryFileIsCounted(t *testing.T) {
	images := series{study: "r", name: "r", modality: "CT", slices: 3}.instances(t)
	for seed := range uint64(12) {
		rng := rand.New(rand.NewPCG(seed, 7))
		dir := t.TempDir()
		data := func() []byte {
			d := images[rng.IntN(3)]
			switch rng.IntN(6) {
			case 0:
				return nil
			case 1:
				return []byte("text")
			case 2:
				return d[:rng.IntN(len(d))]
			}
			return d
		}
		want := 0
		for range 50 {
			parts := []string{}
			for range 1 + rng.IntN(3) {
				parts = append(parts, fmt.Sprint(rng.IntN(4)))
			}
			name := filepath.Join(dir, filepath.Join(parts...)+"f")
			if rng.IntN(8) > 0 {
				_ = os.MkdirAll(filepath.Dir(name), 0o700)
				_ = os.WriteFile(name, data(), 0o600)
				continue
			}
			var members []member
			for i := range rng.IntN(5) {
				members = append(members, member{name: fmt.Sprint(i), data: data()})
			}
			_ = os.MkdirAll(filepath.Dir(name), 0o700)
			_ = os.WriteFile(name+".zip", zipOf(t, members...), 0o600)
		}
		require.NoError(t, filepath.WalkDir(dir, func(p string, d fs.DirEntry, _ error) error {
			switch {
			case d.IsDir():
			case strings.HasSuffix(p, ".zip"):
				zr, err := zip.OpenReader(p)
				require.NoError(t, err)
				want += max(1, len(zr.File))
				zr.Close()
			default:
				want++
			}
			return nil
		}))
		l := scanAll(t, folder(t, dir, 1+rng.IntN(20)))
		inParts := 0
		for _, p := range l.parts {
			inParts += len(p.Files)
		}
		require.Equal(t, int64(want), l.files)
		require.Equal(t, want, inParts+len(l.loose))
	}
}

func TestAFolderGivesTheFiles(t *testing.T) {
	p := plant(t)
	s := folder(t, p.dir, 0)
	cases := scanAll(t, s).studies()
	first := cases[series{study: "1"}.studyUID()]
	require.Len(t, first.Parts, 2)
	got := fetched(t, s, first)
	inv := independent(t, p.dir)
	want := map[string]bool{}
	for _, in := range inv.Instances {
		if in.StudyUID == first.StudyUID {
			want[in.SOPUID] = true
		}
	}
	require.Len(t, want, 46)
	require.Equal(t, slices.Sorted(maps.Keys(want)), slices.Sorted(maps.Keys(got)))
	require.Empty(t, fetched(t, s, cases[series{study: "2"}.studyUID()]), "no series that could be read")

	files, release, err := s.Fetch(context.Background(), first)
	require.NoError(t, err)
	var spooled string
	for _, f := range files {
		if strings.Contains(f.Name, "!") {
			spooled = f.Path
		} else {
			require.Equal(t, filepath.Join(p.dir, f.Name), f.Path)
		}
	}
	require.FileExists(t, spooled)
	release()
	require.NoFileExists(t, spooled)
	require.FileExists(t, filepath.Join(p.dir, "x/2"))
}

// A study of which a file is missing, or is another one, is not read in part.
func TestFilesThatAreGone(t *testing.T) {
	for _, c := range []struct {
		name string
		do   func(t *testing.T, dir string)
		want refusal.Reason
		text string
	}{
		{"one removed", func(t *testing.T, dir string) { require.NoError(t, os.Remove(filepath.Join(dir, "x/2"))) }, rescore.ReasonGone, "1 of the 46 files"},
		{"one shorter", func(t *testing.T, dir string) { require.NoError(t, os.Truncate(filepath.Join(dir, "x/2"), 99)) }, rescore.ReasonGone, "1 of the 46 files"},
		{"a folder removed", func(t *testing.T, dir string) { require.NoError(t, os.RemoveAll(filepath.Join(dir, "x"))) }, rescore.ReasonGone, "13 of the 46 files"},
		{"a folder in place of a file", func(t *testing.T, dir string) {
			require.NoError(t, os.Remove(filepath.Join(dir, "x/2")))
			require.NoError(t, os.Mkdir(filepath.Join(dir, "x/2"), 0o700))
		}, rescore.ReasonGone, "1 of the 46 files"},
		{"a link that leads out in place of a folder", func(t *testing.T, dir string) {
			outside := filepath.Join(t.TempDir(), "x")
			require.NoError(t, os.Rename(filepath.Join(dir, "x"), outside))
			require.NoError(t, os.Symlink(outside, filepath.Join(dir, "x")))
		}, rescore.ReasonGone, "13 of the 46 files"},
		{"the archive removed", func(t *testing.T, dir string) { require.NoError(t, os.Remove(filepath.Join(dir, "2019/b.zip"))) }, rescore.ReasonGone, "6 of the 46 files"},
		{"another archive", func(t *testing.T, dir string) {
			put(t, dir, "2019/b.zip", zipOf(t, member{name: "0/bone.dcm", data: []byte("x")}))
		}, rescore.ReasonGone, "6 of the 46 files"},
		{"a damaged archive", func(t *testing.T, dir string) {
			path := filepath.Join(dir, "2019/b.zip")
			data, err := os.ReadFile(path)
			require.NoError(t, err)
			data[200] ^= 0xFF
			require.NoError(t, os.WriteFile(path, data, 0o600))
		}, refusal.Malformed, "damaged"},
		{"all of it: no study is to blame", func(t *testing.T, dir string) { require.NoError(t, os.RemoveAll(dir)) }, "", "is not there"},
		{"an empty folder in its place", func(t *testing.T, dir string) {
			require.NoError(t, os.RemoveAll(dir))
			require.NoError(t, os.Mkdir(dir, 0o700))
		}, "", "holds no files"},
	} {
		t.Run(c.name, func(t *testing.T) {
			p := plant(t)
			opt := options(t)
			s, err := sources.NewFolder(p.dir, opt)
			require.NoError(t, err)
			study := scanAll(t, s).studies()[series{study: "1"}.studyUID()]
			c.do(t, p.dir)
			files, release, err := s.Fetch(context.Background(), study)
			require.ErrorContains(t, err, c.text)
			require.Equal(t, c.want, refusal.Of(err))
			require.Empty(t, files)
			require.NotNil(t, release)
			release()
			require.Empty(t, left(t, opt.Spool), "nothing stays in the spool")
		})
	}
}

// left are the folders in a spool.
func left(t testing.TB, s *sources.Spool) (names []string) {
	t.Helper()
	entries, err := os.ReadDir(s.Dir())
	require.NoError(t, err)
	for _, e := range entries {
		if e.IsDir() {
			names = append(names, e.Name())
		}
	}
	return names
}

func TestTooMuchInArchives(t *testing.T) {
	p := plant(t)
	opt := options(t)
	opt.MaxStudyBytes = 5000
	s, err := sources.NewFolder(p.dir, opt)
	require.NoError(t, err)
	_, release, err := s.Fetch(context.Background(), scanAll(t, s).studies()[series{study: "1"}.studyUID()])
	release()
	require.Equal(t, refusal.TooLarge, refusal.Of(err))
	require.Empty(t, left(t, opt.Spool))
}

// An archive that vanishes while it is listed is not one that ends there.
func TestAnArchiveThatVanishes(t *testing.T) {
	for name, vanish := range map[string]func(t *testing.T, dir string){
		"removed": func(t *testing.T, dir string) { require.NoError(t, os.RemoveAll(dir)) },
		"renamed": func(t *testing.T, dir string) { require.NoError(t, os.Rename(dir, dir+"-away")) },
		"replaced": func(t *testing.T, dir string) {
			require.NoError(t, os.Rename(dir, dir+"-away"))
			put(t, dir, "other", []byte("x"))
		},
		"emptied": func(t *testing.T, dir string) {
			require.NoError(t, os.RemoveAll(dir))
			require.NoError(t, os.Mkdir(dir, 0o700))
		},
	} {
		t.Run(name, func(t *testing.T) {
			p := plant(t)
			s := folder(t, p.dir, 5)
			l := newListing()
			after := ""
			err := s.Scan(context.Background(), "", func(b rescore.Batch) error {
				l.add(t, b)
				after = b.Cursor
				if len(l.batches) == 3 {
					vanish(t, p.dir)
				}
				return nil
			})
			require.Error(t, err)
			require.Empty(t, refusal.Of(err))
			require.Len(t, l.batches, 3, "nothing of what is no more")
			if name != "replaced" { // somebody's will
				require.Error(t, s.Scan(context.Background(), after, func(rescore.Batch) error { return nil }), "nor when it goes on")
			}
		})
	}
	dir := t.TempDir()
	for _, at := range []string{dir, filepath.Join(dir, "none")} {
		require.Error(t, folder(t, at, 0).Scan(context.Background(), "", func(rescore.Batch) error { return nil }))
	}
	put(t, dir, "a/b/c/x", nil)
	require.NoError(t, os.Remove(filepath.Join(dir, "a/b/c/x")))
	require.ErrorContains(t, folder(t, dir, 0).Scan(context.Background(), "", func(rescore.Batch) error { return nil }), "holds no files")
}

// What the system does not hand out is a failure each, and nothing else is lost.
func TestWhatCannotBeRead(t *testing.T) {
	dir := t.TempDir()
	image := series{study: "1", name: "1", modality: "CT", slices: 3}.instances(t)
	for i, name := range []string{"a/1", "closed/2", "z"} {
		put(t, dir, name, image[i])
	}
	put(t, dir, "file", image[0])
	put(t, dir, "file.zip", zipOf(t, member{name: "x", data: image[0]}))
	s := folder(t, dir, 2)
	study := scanAll(t, s).studies()[series{study: "1"}.studyUID()]
	require.NoError(t, os.Chmod(filepath.Join(dir, "file"), 0))
	require.NoError(t, os.Chmod(filepath.Join(dir, "file.zip"), 0))
	require.NoError(t, os.Chmod(filepath.Join(dir, "closed"), 0))
	t.Cleanup(func() { _ = os.Chmod(filepath.Join(dir, "closed"), 0o700) })
	asNobody(t, dir)
	l := scanAll(t, s)
	require.Len(t, l.parts, 1)
	require.Equal(t, int64(5), l.files)
	for _, path := range []string{"closed", "file", "file.zip"} {
		require.Equal(t, rescore.Failed, l.loose[path].State, path)
		require.Equal(t, rescore.ReasonUnreadable, l.loose[path].Reason)
		require.Contains(t, l.loose[path].Found, "permission denied")
	}
	for _, after := range l.batches {
		again := newListing()
		scan(t, s, again, after, 0)
	}
	_, release, err := s.Fetch(context.Background(), study)
	release()
	require.Equal(t, refusal.Reason(rescore.ReasonUnreadable), refusal.Of(err))
}

// asNobody is another user for the rest of a test, where the user of the tests may
// do everything.
func asNobody(t testing.TB, dir string) {
	t.Helper()
	if os.Geteuid() != 0 {
		return
	}
	for at := dir; at != os.TempDir(); at = filepath.Dir(at) {
		require.NoError(t, os.Chmod(at, 0o755)) // the tests' own
	}
	require.NoError(t, syscall.Seteuid(65534))
	t.Cleanup(func() { require.NoError(t, syscall.Seteuid(0)) })
}

func TestAScanIsCancelled(t *testing.T) {
	p := plant(t)
	ctx, cancel := context.WithCancel(context.Background())
	n := 0
	err := folder(t, p.dir, 5).Scan(ctx, "", func(rescore.Batch) error {
		n++
		cancel()
		return nil
	})
	require.ErrorIs(t, err, context.Canceled)
	require.LessOrEqual(t, n, 2, "what was looked at already may still come")
	_, release, err := folder(t, p.dir, 0).Fetch(ctx, scanAll(t, folder(t, p.dir, 0)).studies()[series{study: "1"}.studyUID()])
	release()
	require.ErrorIs(t, err, context.Canceled)
	require.Error(t, folder(t, p.dir, 0).Scan(context.Background(), "a!b!c", func(rescore.Batch) error { return nil }), "no cursor of a scan")
	stop := errors.New("no room")
	require.ErrorIs(t, folder(t, p.dir, 0).Scan(context.Background(), "", func(rescore.Batch) error { return stop }), stop)
}

func TestSpoolsAreOfOneProcess(t *testing.T) {
	dir := filepath.Join(t.TempDir(), "spool")
	put(t, dir, "fetched-123/left.dcm", []byte("of a process that was killed"))
	put(t, dir, "other/file", []byte("somebody's"))
	first, err := sources.OpenSpool(dir)
	require.NoError(t, err)
	require.NoDirExists(t, filepath.Join(dir, "fetched-123"))
	require.FileExists(t, filepath.Join(dir, "other/file"))
	_, err = sources.OpenSpool(dir)
	require.ErrorContains(t, err, "another process")
	require.NoError(t, first.Close())
	again, err := sources.OpenSpool(dir)
	require.NoError(t, err)
	require.NoError(t, again.Close())
}
