// Package metaimage reads MetaImage volumes: a .mhd header with its .raw or
// .zraw data, or both in one file. LUNA16 hands its scans out so.
//
// The format is ITK's (https://itk.org/Wiki/MetaIO/Documentation). Positions
// are patient LPS mm there as here.
package metaimage

import (
	"bufio"
	"compress/zlib"
	"encoding/binary"
	"errors"
	"fmt"
	"io"
	"math"
	"os"
	"path/filepath"

	"nafas/inference/volume"
)

// Open reads the volume of a .mhd file whose data lie in it or in a file
// beside it. Errors are ErrMalformed, ErrUnsupported, ErrTooLarge and the file
// system's.
func Open(path string) (*volume.Volume, error) {
	f, err := os.Open(path)
	if err != nil {
		return nil, err
	}
	defer f.Close()
	return Decode(f, func(name string) (io.ReadCloser, error) { return os.Open(filepath.Join(filepath.Dir(path), name)) })
}

// DataFile returns the name of the file that holds the data of a header, beside
// the header's own; "" where they are in the header's file. Errors are as
// Open's.
func DataFile(mhd io.Reader) (string, error) {
	h, err := readHeader(newReader(mhd))
	if err != nil || h.dataFile == localData {
		return "", err
	}
	return h.dataFile, nil
}

// Decode reads a header and its data; open opens a file beside it by its plain
// name. Values are Hounsfield units: rounded, clipped to int16, and
// volume.AirHU below -1024, where nothing was measured. Errors are as Open's
// and those of open.
//
// The size that the header claims is believed only as far as data come: memory
// grows with them.
func Decode(mhd io.Reader, open func(name string) (io.ReadCloser, error)) (*volume.Volume, error) {
	buffered := newReader(mhd)
	h, err := readHeader(buffered)
	if err != nil {
		return nil, err
	}
	var data io.Reader = buffered
	if h.dataFile != localData {
		f, err := open(h.dataFile)
		if err != nil {
			return nil, err
		}
		defer f.Close()
		if data, err = h.skipped(f); err != nil {
			return nil, err
		}
	}
	hu, err := h.voxels(data)
	if err != nil {
		return nil, err
	}
	return &volume.Volume{Grid: h.grid, HU: hu}, nil
}

// newReader has room for the longest header line.
func newReader(r io.Reader) *bufio.Reader { return bufio.NewReaderSize(r, MaxHeaderBytes) }

// skipped goes past what comes before the data in their file.
func (h *header) skipped(f io.ReadCloser) (io.Reader, error) {
	skip := h.skip
	if skip < 0 {
		file, ok := f.(*os.File)
		if !ok {
			return nil, fmt.Errorf("%w: HeaderSize -1 counts from the end of a file", ErrUnsupported)
		}
		info, err := file.Stat()
		if err != nil {
			return nil, err
		}
		if skip = info.Size() - int64(h.grid.Len())*int64(h.element.size); skip < 0 {
			return nil, h.short(info.Size())
		}
	}
	if _, err := io.CopyN(io.Discard, f, skip); err != nil {
		return nil, fmt.Errorf("%w: HeaderSize %d is beyond the end of the data", ErrMalformed, h.skip)
	}
	return bufio.NewReaderSize(f, 1<<20), nil
}

func (h *header) short(got int64) error {
	return fmt.Errorf("%w: %d bytes of data, and DimSize needs %d: the file is cut short", ErrMalformed,
		got, int64(h.grid.Len())*int64(h.element.size))
}

// voxels reads exactly as many values as the size says, and nothing may follow.
func (h *header) voxels(data io.Reader) ([]int16, error) {
	if h.compressed {
		inflated, err := zlib.NewReader(data)
		if err != nil {
			return nil, fmt.Errorf("%w: the data are not zlib's: %w", ErrMalformed, err)
		}
		defer inflated.Close()
		data = inflated
	}
	var order binary.ByteOrder = binary.LittleEndian
	if h.bigEndian {
		order = binary.BigEndian
	}
	total := h.grid.Len()
	hu := make([]int16, 0, min(total, 1<<20))
	for buf := make([]byte, h.element.size<<16); len(hu) < total; {
		part := buf[:min(len(buf), (total-len(hu))*h.element.size)]
		if n, err := io.ReadFull(data, part); err != nil {
			if errors.Is(err, io.EOF) || errors.Is(err, io.ErrUnexpectedEOF) {
				return nil, h.short(int64(len(hu)*h.element.size + n))
			}
			return nil, dataError(err)
		}
		for ; len(part) > 0; part = part[h.element.size:] {
			v := h.element.value(order, part)
			if math.IsNaN(v) {
				return nil, fmt.Errorf("%w: voxel %d is no number", ErrMalformed, len(hu))
			}
			hu = append(hu, hounsfield(v))
		}
	}
	// One more byte: it would be there if the size were wrong, and zlib compares
	// its checksum at the end alone.
	if n, err := io.ReadFull(data, make([]byte, 1)); n > 0 {
		return nil, fmt.Errorf("%w: data follow the %d bytes that DimSize needs", ErrMalformed, total*h.element.size)
	} else if !errors.Is(err, io.EOF) {
		return nil, dataError(err)
	}
	return hu, nil
}

// dataError tells damaged compression from the file system's errors.
func dataError(err error) error {
	var path *os.PathError
	if errors.As(err, &path) {
		return err
	}
	return fmt.Errorf("%w: the compressed data are damaged: %w", ErrMalformed, err)
}

// lowestHU: what lies below was not measured, as in dicomio.
const lowestHU = -1024

func hounsfield(v float64) int16 {
	switch r := math.Round(v); {
	case r < lowestHU:
		return volume.AirHU
	case r > math.MaxInt16:
		return math.MaxInt16
	default:
		return int16(r)
	}
}

// element is how one voxel is stored.
type element struct {
	size  int
	value func(order binary.ByteOrder, b []byte) float64
}

var elements = map[string]element{
	"MET_CHAR":   {1, func(_ binary.ByteOrder, b []byte) float64 { return float64(int8(b[0])) }},
	"MET_UCHAR":  {1, func(_ binary.ByteOrder, b []byte) float64 { return float64(b[0]) }},
	"MET_SHORT":  {2, func(o binary.ByteOrder, b []byte) float64 { return float64(int16(o.Uint16(b))) }},
	"MET_USHORT": {2, func(o binary.ByteOrder, b []byte) float64 { return float64(o.Uint16(b)) }},
	"MET_INT":    {4, func(o binary.ByteOrder, b []byte) float64 { return float64(int32(o.Uint32(b))) }},
	"MET_UINT":   {4, func(o binary.ByteOrder, b []byte) float64 { return float64(o.Uint32(b)) }},
	"MET_FLOAT":  {4, func(o binary.ByteOrder, b []byte) float64 { return float64(math.Float32frombits(o.Uint32(b))) }},
	"MET_DOUBLE": {8, func(o binary.ByteOrder, b []byte) float64 { return math.Float64frombits(o.Uint64(b)) }},
}
