package dicomio

import (
	"encoding/binary"
	"errors"
	"io/fs"
	"syscall"
	"unsafe"

	"github.com/suyashkumar/dicom/pkg/tag"

	"nafas/dicomio/part10"
	"nafas/dicomio/refusal"
)

// pixelLocation says where the frames of an instance are, so that decoding
// need not parse the header a second time.
type pixelLocation struct {
	present bool
	// native: 16-bit little endian cells at offset of the file as it lies on
	// disk. Everything else is parsed again.
	native         bool
	offset, length int64
	fileSize       int64
	// limits are those that the file was parsed under; it is parsed again
	// under the same.
	limits part10.Limits
}

func locate(f *part10.File) pixelLocation {
	if f.Pixel == nil {
		return pixelLocation{}
	}
	bits, _ := f.Int(tag.BitsAllocated)
	return pixelLocation{
		present: true,
		native: !f.Pixel.Encapsulated && !f.Pixel.BigEndian && bits == 16 &&
			f.TransferSyntax != part10.DeflatedLE && hostIsLittleEndian,
		offset: f.Pixel.Offset, length: f.Pixel.Length, fileSize: int64(len(f.Bytes)), limits: part10.DefaultLimits(),
	}
}

var hostIsLittleEndian = binary.NativeEndian.Uint16([]byte{1, 0}) == 1

// cellsOf shows the voxels of a slice as the stored cells that they are made
// from: pixels are decoded into the volume and turned into HU in place, so
// that no second copy of the series exists. int16 and uint16 have one layout.
func cellsOf(hu []int16) []uint16 {
	return unsafe.Slice((*uint16)(unsafe.Pointer(unsafe.SliceData(hu))), len(hu))
}

// bytesOf shows cells as bytes in the order of the host.
func bytesOf(cells []uint16) []byte {
	return unsafe.Slice((*byte)(unsafe.Pointer(unsafe.SliceData(cells))), 2*len(cells))
}

// readError names what went wrong when bytes were read, without the path.
func readError(err error) error {
	if refusal.Of(err) != "" {
		return err
	}
	if pe := new(fs.PathError); errors.As(err, &pe) {
		err = pe.Err
	}
	if number := syscall.Errno(0); errors.As(err, &number) {
		return &refusal.Error{Reason: refusal.Unreadable, Found: "the system does not hand out the file", Remedy: "see that its disk or share is there and that this program may read it, and try again", Err: err}
	}
	return &refusal.Error{Reason: refusal.Malformed, Found: "the file could not be read", Remedy: "check the file and send it again", Err: err}
}
