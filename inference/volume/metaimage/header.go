package metaimage

import (
	"bufio"
	"errors"
	"fmt"
	"io"
	"math"
	"path"
	"strconv"
	"strings"

	"nafas/inference/volume"
)

// Errors of this package; each is wrapped with the key and what was found.
var (
	// ErrMalformed: the header or the data break the format's rules.
	ErrMalformed = errors.New("malformed MetaImage")
	// ErrUnsupported: valid, and nothing that a CT volume is.
	ErrUnsupported = errors.New("unsupported MetaImage")
	// ErrTooLarge: a limit is passed.
	ErrTooLarge = errors.New("MetaImage too large")
)

const (
	// MaxHeaderBytes bounds the text, maxSide one axis, and maxVoxels all of
	// them: 2^30 voxels, as dicomio has it.
	MaxHeaderBytes = 64 << 10
	maxSide        = 1 << 16
	maxVoxels      = 1 << 30
	// axisTolerance is the most that a direction may differ from length 1, and
	// two of them from a right angle: files hold few decimals.
	axisTolerance = 1e-3
)

// localData is the ElementDataFile of data that follow the header in its file.
const localData = "LOCAL"

// header is what a .mhd file says, checked.
type header struct {
	grid       volume.Grid
	element    element
	bigEndian  bool
	compressed bool
	// skip is the number of bytes before the data; -1 counts from the end.
	skip int64
	// dataFile is a plain file name, or localData.
	dataFile string
}

// readHeader reads lines up to ElementDataFile, the last by rule, and leaves r
// at what follows it.
func readHeader(r *bufio.Reader) (*header, error) {
	text, err := readFields(r)
	if err != nil {
		return nil, err
	}
	h := &header{}
	for _, step := range []func(fields) error{h.kind, h.geometry, h.data} {
		if err := step(text); err != nil {
			return nil, err
		}
	}
	return h, nil
}

// fields are the keys of a header and their values.
type fields map[string]string

func readFields(r *bufio.Reader) (fields, error) {
	f := fields{}
	for used := 0; ; {
		line, err := r.ReadSlice('\n')
		if used += len(line); used > MaxHeaderBytes || errors.Is(err, bufio.ErrBufferFull) {
			return nil, fmt.Errorf("%w: the header has more than %d bytes or a line that never ends", ErrTooLarge, MaxHeaderBytes)
		}
		if err != nil && !errors.Is(err, io.EOF) {
			return nil, err
		}
		ended := err != nil
		if text := strings.TrimSpace(string(line)); text != "" {
			key, value, ok := strings.Cut(text, "=")
			if key = strings.TrimSpace(key); !ok || key == "" {
				return nil, fmt.Errorf("%w: a line of the header is not KEY = VALUE", ErrMalformed)
			}
			if _, twice := f[key]; twice {
				return nil, fmt.Errorf("%w: %q is there twice", ErrMalformed, key)
			}
			f[key] = strings.TrimSpace(value)
			if key == "ElementDataFile" {
				return f, nil
			}
		}
		if ended {
			return nil, fmt.Errorf("%w: the header ends without ElementDataFile", ErrMalformed)
		}
	}
}

// kind holds the image to what a CT volume is.
func (h *header) kind(f fields) error {
	for _, want := range []struct{ key, value string }{
		{"ObjectType", "Image"}, {"NDims", "3"}, {"BinaryData", "True"}, {"ElementNumberOfChannels", "1"},
	} {
		if got, ok := f[want.key]; ok && !strings.EqualFold(got, want.value) {
			return fmt.Errorf("%w: %s is %q and not %s", ErrUnsupported, want.key, got, want.value)
		}
	}
	if _, ok := f["NDims"]; !ok {
		return fmt.Errorf("%w: NDims is missing", ErrMalformed)
	}
	var ok bool
	if h.element, ok = elements[f["ElementType"]]; !ok {
		return fmt.Errorf("%w: ElementType is %q, not one of whole numbers or floats", ErrUnsupported, f["ElementType"])
	}
	return nil
}

// geometry reads size, spacing, place and directions. Positions are LPS mm, as
// ITK, which writes these files, has them; row n of TransformMatrix is the
// direction of axis n. CenterOfRotation moves nothing.
func (h *header) geometry(f fields) error {
	size, err := f.numbers(3, "DimSize")
	if err != nil {
		return err
	}
	voxels := 1.0
	for n, s := range size {
		if s != math.Trunc(s) || s < 1 {
			return fmt.Errorf("%w: DimSize %v is not three whole numbers above 0", ErrMalformed, size)
		}
		if voxels *= s; s > maxSide || voxels > maxVoxels {
			return fmt.Errorf("%w: DimSize %v is more than %d along an axis or %d voxels", ErrTooLarge, size, maxSide, maxVoxels)
		}
		h.grid.Size[n] = int(s)
	}
	spacing, err := f.numbers(3, "ElementSpacing", "ElementSize")
	if err != nil {
		return err
	}
	for _, s := range spacing {
		if s <= 0 || s > 1000 {
			return fmt.Errorf("%w: ElementSpacing %v is not within 0..1000 mm", ErrMalformed, spacing)
		}
	}
	origin, err := f.numbers(3, "Offset", "Position", "Origin")
	if err != nil {
		return err
	}
	h.grid.SpacingMM, h.grid.OriginLPSMM = [3]float64(spacing), volume.Vec3(origin)
	return h.axes(f)
}

func (h *header) axes(f fields) error {
	matrix, err := f.numbers(9, "TransformMatrix", "Orientation", "Rotation")
	if err != nil {
		return err
	}
	for n := range 3 {
		axis := volume.Vec3(matrix[3*n : 3*n+3])
		if math.Abs(axis.Norm()-1) > axisTolerance {
			return fmt.Errorf("%w: TransformMatrix: the direction of axis %d has length %.4g", ErrMalformed, n, axis.Norm())
		}
		h.grid.Axes[n] = axis.Unit()
		for before := range n {
			if math.Abs(h.grid.Axes[n].Dot(h.grid.Axes[before])) > axisTolerance {
				return fmt.Errorf("%w: TransformMatrix: axes %d and %d are not at right angles", ErrUnsupported, before, n)
			}
		}
	}
	return nil
}

// data says where the voxels are and how they are stored.
func (h *header) data(f fields) error {
	var err error
	if h.compressed, err = f.flag("CompressedData"); err != nil {
		return err
	}
	for _, key := range []string{"BinaryDataByteOrderMSB", "ElementByteOrderMSB"} {
		msb, err := f.flag(key)
		if err != nil {
			return err
		}
		h.bigEndian = h.bigEndian || msb
	}
	if text, ok := f["HeaderSize"]; ok {
		if h.skip, err = strconv.ParseInt(text, 10, 64); err != nil || h.skip < -1 {
			return fmt.Errorf("%w: HeaderSize is %q", ErrMalformed, text)
		}
	}
	h.dataFile = f["ElementDataFile"]
	switch name := h.dataFile; {
	case name == "":
		return fmt.Errorf("%w: ElementDataFile is empty", ErrMalformed)
	case name == "LIST", strings.Contains(name, "%"):
		return fmt.Errorf("%w: ElementDataFile %q names one file a slice", ErrUnsupported, name)
	case name != path.Base(name), strings.ContainsAny(name, `/\`), name == ".", name == "..":
		return fmt.Errorf("%w: ElementDataFile is not a plain file name: data are taken from the header's folder only", ErrUnsupported)
	case (h.dataFile == localData || h.compressed) && h.skip != 0:
		return fmt.Errorf("%w: HeaderSize %d with data that are compressed or in the header's file", ErrUnsupported, h.skip)
	}
	return nil
}

// numbers reads n finite numbers under the first of the keys that is there.
func (f fields) numbers(n int, keys ...string) ([]float64, error) {
	for _, key := range keys {
		text, ok := f[key]
		if !ok {
			continue
		}
		words := strings.Fields(text)
		if len(words) != n {
			return nil, fmt.Errorf("%w: %s has %d numbers and not %d", ErrMalformed, key, len(words), n)
		}
		out := make([]float64, n)
		for i, w := range words {
			v, err := strconv.ParseFloat(w, 64)
			if err != nil || math.IsNaN(v) || math.Abs(v) > 1e9 {
				return nil, fmt.Errorf("%w: %s: %q is not a number in range", ErrMalformed, key, w)
			}
			out[i] = v
		}
		return out, nil
	}
	return nil, fmt.Errorf("%w: %s is missing", ErrMalformed, keys[0])
}

// flag is True or False; what is missing is False.
func (f fields) flag(key string) (bool, error) {
	switch text := f[key]; {
	case text == "", strings.EqualFold(text, "False"), text == "0":
		return false, nil
	case strings.EqualFold(text, "True"), text == "1":
		return true, nil
	default:
		return false, fmt.Errorf("%w: %s is %q, neither True nor False", ErrMalformed, key, text)
	}
}
