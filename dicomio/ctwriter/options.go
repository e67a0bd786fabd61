// Package ctwriter writes a volume as CT files: for the demo, the phantom and
// tests. The same volume and options give the same bytes.
package ctwriter

import (
	"crypto/sha256"
	"encoding/binary"
	"encoding/hex"
	"fmt"
	"math"
	"runtime"

	"github.com/suyashkumar/dicom"

	"nafas/dicomio/part10"
	"nafas/inference/volume"
)

// Patient is whom the series is said to show. Only synthetic ones belong here.
type Patient struct {
	ID, Issuer, Name string
	BirthDate        string // YYYYMMDD
	Sex              string // M, F or O
}

// Options say how a volume is written; the zero value is ready for use.
type Options struct {
	// Seed makes the UIDs that are not given below; "" takes the volume's
	// content and the description instead, so that two volumes never share
	// UIDs by accident.
	Seed                                     string
	StudyUID, SeriesUID, FrameOfReferenceUID string

	Patient      Patient
	Accession    string // AccessionNumber: the order
	Description  string // SeriesDescription
	Kernel       string // ConvolutionKernel
	Manufacturer string
	// Date and Time are those of study, series, acquisition and content
	// (YYYYMMDD, HHMMSS).
	Date, Time   string
	SeriesNumber int
	// SliceThicknessMM is the spacing of the slices where 0.
	SliceThicknessMM float64
	KVP              float64

	// Unsigned stores HU + 1024 as unsigned words; otherwise they are signed.
	// RescaleSlope is 1 and RescaleIntercept -1024 in both cases. What does
	// not fit is clipped, as scanners do: for 16 bits below -1024 HU
	// unsigned, above 31743 HU signed.
	Unsigned bool
	// BitsStored is 16 where 0.
	BitsStored int

	// TransferSyntax is Explicit VR Little Endian where "". An encapsulated
	// one needs Encode.
	TransferSyntax string
	// Encode compresses one frame of little endian 16 bit stored values.
	Encode func(frame []byte, rows, columns int) ([]byte, error)
	// Lossy says in the header that Encode loses information.
	Lossy bool
	// MaxFragment and Offsets are those of part10.Pixels.
	MaxFragment int
	Offsets     part10.OffsetTable

	// Modify changes the elements of one instance before they are written
	// (slice counts from 0, and is 0 for a multi-frame instance): for tests
	// that need a header with a fault.
	Modify func(slice int, elems []*dicom.Element) []*dicom.Element
	// Parallel is the number of files written at a time; 0 takes all cores.
	Parallel int
}

// withDefaults fills in what is not given, and checks volume and options.
func (o Options) withDefaults(v *volume.Volume) (Options, error) {
	if err := check(v); err != nil {
		return o, err
	}
	if o.Seed == "" {
		o.Seed = contentSeed(v, o.Description)
	}
	fill := func(s *string, value string) {
		if *s == "" {
			*s = value
		}
	}
	fill(&o.StudyUID, part10.NameUID("ctwriter", o.Seed, "study"))
	fill(&o.SeriesUID, part10.NameUID("ctwriter", o.Seed, "series"))
	fill(&o.FrameOfReferenceUID, part10.NameUID("ctwriter", o.Seed, "frame of reference"))
	fill(&o.Patient.ID, "NAFAS-SYNTHETIC")
	fill(&o.Patient.Name, "SYNTHETIC^NAFAS")
	fill(&o.Patient.Sex, "O")
	fill(&o.Description, "Synthetic chest CT")
	fill(&o.Kernel, "STANDARD")
	fill(&o.Manufacturer, "Nafas")
	fill(&o.Date, "20260101")
	fill(&o.Time, "120000")
	fill(&o.TransferSyntax, part10.ExplicitLE)
	if o.SeriesNumber == 0 {
		o.SeriesNumber = 1
	}
	if o.SliceThicknessMM == 0 {
		o.SliceThicknessMM = v.SpacingMM[2]
	}
	if o.KVP == 0 {
		o.KVP = 120
	}
	if o.BitsStored == 0 {
		o.BitsStored = 16
	}
	if o.BitsStored < 12 || o.BitsStored > 16 { // PS3.3 C.8.2.1.1.4
		return o, fmt.Errorf("BitsStored of a CT image is 12 to 16, not %d", o.BitsStored)
	}
	if o.Parallel <= 0 {
		o.Parallel = runtime.GOMAXPROCS(0)
	}
	if part10.SyntaxName(o.TransferSyntax) == "" {
		return o, fmt.Errorf("unknown transfer syntax %q", o.TransferSyntax)
	}
	if part10.Encapsulated(o.TransferSyntax) != (o.Encode != nil) {
		return o, fmt.Errorf("%s: Encode belongs to encapsulated transfer syntaxes, and to them alone", part10.SyntaxName(o.TransferSyntax))
	}
	return o, nil
}

// check refuses volumes that no CT image can hold.
func check(v *volume.Volume) error {
	for a := range 3 {
		if v.Size[a] < 1 || a < 2 && v.Size[a] > math.MaxUint16 {
			return fmt.Errorf("a volume of %v voxels cannot be written", v.Size)
		}
		if v.SpacingMM[a] <= 0 || math.Abs(v.Axes[a].Norm()-1) > 1e-6 {
			return fmt.Errorf("axis %d has no direction or no spacing", a)
		}
	}
	if len(v.HU) != v.Len() {
		return fmt.Errorf("%d values for %d voxels", len(v.HU), v.Len())
	}
	return nil
}

// contentSeed names a volume by its values.
func contentSeed(v *volume.Volume, description string) string {
	h := sha256.New()
	fmt.Fprintf(h, "%v %q ", v.Grid, description)
	buf := make([]byte, 0, 1<<16)
	for _, x := range v.HU {
		if buf = binary.LittleEndian.AppendUint16(buf, uint16(x)); len(buf) == cap(buf) {
			h.Write(buf)
			buf = buf[:0]
		}
	}
	h.Write(buf)
	return hex.EncodeToString(h.Sum(nil))
}
