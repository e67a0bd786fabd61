package part10_test

import (
	"encoding/binary"
	"math/rand/v2"
	"os"
	"regexp"
	"runtime/debug"
	"strconv"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"github.com/suyashkumar/dicom/pkg/tag"

	"nafas/dicomio/part10"
	"nafas/dicomio/refusal"
)

// survives reads one input and holds it to what Parse promises: a refusal of
// one of three reasons, or a file that can be used in every way.
func survives(t testing.TB, data []byte) (accepted bool) {
	part10.ParseHead(data, tag.SeriesInstanceUID, part10.DefaultLimits())
	f, err := parse(data)
	if err != nil {
		switch refusal.Of(err) {
		case refusal.Malformed, refusal.Unsupported, refusal.TooLarge:
		default:
			t.Fatalf("refused with %v", err)
		}
		if f != nil {
			t.Fatal("a refusal with a file")
		}
		return false
	}
	for _, e := range f.Elements() {
		if e.Tag == tag.PixelData {
			t.Fatal("pixel data among the elements")
		}
		f.Strings(e.Tag)
		f.Int(e.Tag)
		_, _ = f.Floats(e.Tag)
		f.Sequence(e.Tag)
	}
	if p := f.Pixel; p != nil {
		if p.Offset < 0 || p.Length < 0 || p.Offset+p.Length > int64(len(f.Bytes)) {
			t.Fatalf("pixels at %d+%d of %d bytes", p.Offset, p.Length, len(f.Bytes))
		}
		for _, n := range []int{1, 2, len(p.Fragments), 1 << 40} {
			_, _ = f.Frames(n)
		}
	}
	rewrites(t, f)
	return true
}

// rewrites: what was read can be written, and read again.
func rewrites(t testing.TB, f *part10.File) {
	_, named := f.String(tag.SOPClassUID)
	_, single := f.String(tag.SOPInstanceUID)
	if !named || !single {
		return
	}
	again, err := part10.Marshal(part10.ExplicitLE, f.Dataset, nil)
	if err != nil {
		t.Fatalf("cannot write what was read: %v", err)
	}
	g, err := parse(again)
	if err != nil {
		t.Fatalf("cannot read what was written: %v", err)
	}
	if a, b := lasting(f), lasting(g); a != b {
		t.Fatalf("%d elements became %d", a, b)
	}
}

// lasting counts the elements that Write keeps.
func lasting(f *part10.File) int {
	n := 0
	for _, e := range f.Elements() {
		if e.Tag.Group != 2 && e.Tag.Element != 0 && (e.Tag.Group != 0x7fe0 || e.Tag.Element > 3) {
			n++
		}
	}
	return n
}

// seeds are small files of every structure that the scan knows.
func seeds(t testing.TB) [][]byte {
	out := [][]byte{
		implicitInUN().b,
		fragmented([]uint32{0, 10}, "ab", "cd"),
		newRaw(part10.ExplicitLE).uids().long(8, 0x1115, "SQ", undefined).item(undefined).explicit(8, 0x60, "CS", "CT").itemEnd().sequenceEnd().b,
		newRaw(part10.ExplicitLE).uids().explicit(8, 5, "CS", "ISO_IR 166").long(0x0028, 0x0010, "UN", 2).str(us(300)).b,
		nested(4),
	}
	for _, ts := range []string{part10.ImplicitLE, part10.ExplicitLE, part10.DeflatedLE, part10.ExplicitBE, part10.RLELossless} {
		out = append(out, sampleFile(t, ts))
	}
	return out
}

// TestBrokenFiles: truncations at every byte, and so at every tag boundary,
// hostile words at every place, random bit flips, cuts and doublings; over
// 20,000 inputs. None panics, none takes 2 s, memory stays within 64 MiB.
func TestBrokenFiles(t *testing.T) {
	grown := watchMemory(t)
	var inputs, accepted int
	var slowest time.Duration
	try := func(data []byte) {
		begin := time.Now()
		if survives(t, data) {
			accepted++
		}
		slowest = max(slowest, time.Since(begin))
		inputs++
	}
	rng := rand.New(rand.NewPCG(2, 0x6e61666173))
	for _, seed := range seeds(t) {
		require.True(t, survives(t, seed) || seed[len(seed)-1] == 0xff, "seeds are read, but for the one without delimiters")
		for n := range len(seed) {
			try(seed[:n:n])
		}
		for at := 132; at+4 <= len(seed); at += 2 {
			for _, word := range []uint32{0xFFFFFFFF, 0xFFFFFFF0, 0x7FFFFFFF, 0x0000FFFF, 0xE000FFFE} {
				data := append([]byte{}, seed...)
				binary.LittleEndian.PutUint32(data[at:], word)
				try(data)
			}
		}
		for range 1200 {
			try(mutated(rng, seed))
		}
	}
	t.Logf("%d inputs, %d accepted, slowest %v", inputs, accepted, slowest)
	require.GreaterOrEqual(t, inputs, 20000)
	require.Less(t, slowest, 2*time.Second)
	t.Logf("resident memory grew by %d kB", grown())
	require.LessOrEqual(t, grown(), 64<<10)
}

// mutated is seed with some bits flipped, a part cut out, or one doubled.
func mutated(rng *rand.Rand, seed []byte) []byte {
	data := append([]byte{}, seed...)
	switch rng.IntN(4) {
	case 0:
		a := rng.IntN(len(data))
		b := min(len(data), a+1+rng.IntN(16))
		return append(data[:a], data[b:]...)
	case 1:
		a := rng.IntN(len(data))
		b := min(len(data), a+1+rng.IntN(64))
		return append(append(append([]byte{}, data[:b]...), data[a:b]...), data[b:]...)
	}
	for range 1 + rng.IntN(8) {
		// The preamble and the mark are of little interest.
		i := 132 + rng.IntN(len(data)-132)
		data[i] ^= 1 << rng.IntN(8)
	}
	return data
}

// TestMemoryOfLargeInputs: what a file can claim while it is refused or read
// stays within its size and 64 MiB.
func TestMemoryOfLargeInputs(t *testing.T) {
	if raceEnabled {
		t.Skip("the race detector's own time and memory would be counted")
	}
	tests := []struct {
		name string
		data func() []byte
	}{
		{"deflate bomb", func() []byte { return deflateBomb(t, 1024) }},
		{"as many elements as are allowed", func() []byte {
			r := newRaw(part10.ImplicitLE)
			for i := range part10.DefaultLimits().MaxElements - 10 {
				r.implicit(uint16(0x11+2*(i>>16)), uint16(i), "")
			}
			return r.b
		}},
		{"as many items as are allowed", func() []byte {
			r := newRaw(part10.ImplicitLE).tag(8, 0x1115).u32(undefined)
			for range part10.DefaultLimits().MaxElements - 10 {
				r.item(0)
			}
			return r.sequenceEnd().b
		}},
		{"as many numbers as are allowed", func() []byte {
			r := newRaw(part10.ExplicitLE)
			for i := range 130 {
				r.explicit(0x43, 0x1000+uint16(i), "FD", string(make([]byte, 16000)))
			}
			return r.b
		}},
		{"as much text as is allowed", func() []byte {
			r, n := newRaw(part10.ExplicitLE), part10.DefaultLimits().MaxElements-10
			text := strings.Repeat("x", int(part10.DefaultLimits().MaxHeaderBytes)/n-10)
			for i := range n {
				r.explicit(uint16(0x11+2*(i>>16)), uint16(i), "LT", text)
			}
			return r.b
		}},
		{"empty values in text", func() []byte {
			r := newRaw(part10.ExplicitLE)
			for i := range 16 {
				r.explicit(0x43, 0x1000+uint16(i), "LO", strings.Repeat(`\`, 16000))
			}
			return r.b
		}},
		{"zeros that look like padding, then something", func() []byte {
			return newRaw(part10.ImplicitLE).implicit(8, 0x60, "CT").str(string(make([]byte, 1<<20))).str("x").b
		}},
		{"one element of 40 MB", func() []byte {
			return newRaw(part10.ExplicitLE).uids().long(0x43, 0x1001, "OW", 40<<20).str(string(make([]byte, 40<<20))).b
		}},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			data := tt.data()
			grown := watchMemory(t)
			begin := cpuTime(t)
			_, err := parse(data)
			took := cpuTime(t) - begin
			t.Logf("%d bytes: %v, %d kB more, error %v", len(data), took, grown(), err)
			require.Less(t, took, 2*time.Second)
			require.LessOrEqual(t, grown(), len(data)>>10+64<<10)
		})
	}
}

// watchMemory starts a new count of the highest resident size, and returns
// what tells by how many kB it has grown since: 0 where this cannot be known
// (proc(5), clear_refs), or would count the race detector's own memory.
func watchMemory(t *testing.T) func() int {
	t.Helper()
	debug.FreeOSMemory()
	if err := os.WriteFile("/proc/self/clear_refs", []byte("5"), 0); err != nil || raceEnabled {
		t.Logf("the peak of resident memory is not measured here (%v)", err)
		return func() int { return 0 }
	}
	before := residentKB(t, "VmRSS")
	return func() int { return residentKB(t, "VmHWM") - before }
}

// cpuTime is what this process has used: unlike the clock it does not count
// what others do on a busy machine.
func cpuTime(t *testing.T) time.Duration {
	t.Helper()
	var u syscall.Rusage
	require.NoError(t, syscall.Getrusage(syscall.RUSAGE_SELF, &u))
	return time.Duration(u.Utime.Nano() + u.Stime.Nano())
}

// residentKB reads a line of /proc/self/status.
func residentKB(t *testing.T, field string) int {
	t.Helper()
	status, err := os.ReadFile("/proc/self/status")
	require.NoError(t, err)
	m := regexp.MustCompile(field + `:\s+(\d+) kB`).FindSubmatch(status)
	require.NotNil(t, m)
	n, err := strconv.Atoi(string(m[1]))
	require.NoError(t, err)
	return n
}
