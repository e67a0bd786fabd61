package dicomio

import (
	"cmp"
	"math"
	"slices"

	"nafas/dicomio/pixel"
	"nafas/dicomio/refusal"
	"nafas/inference/volume"
)

// plane is one frame of one instance.
type plane struct {
	in    *Instance
	frame int // index into in.Frames
	// atMM is the projection of its position on the normal of its stack.
	atMM float64
}

func (p plane) fr() *Frame { return &p.in.Frames[p.frame] }

// collected are the planes of a series that may be slices of a volume.
type collected struct {
	planes     []plane
	localizers int
	reformats  int
	others     int // instances that are no CT image
}

// collect sorts out what is no slice, and refuses a series without any.
func collect(s *Series) (collected, error) {
	var c collected
	own := 0
	for _, in := range s.Instances {
		if in.Own {
			own++
		}
		if !in.IsCT() || in.Modality != "CT" {
			c.others++
			continue
		}
		for f := range in.Frames {
			switch roleOf(in.Frames[f].ImageType) {
			case roleLocalizer:
				c.localizers++
			case roleReformat:
				c.reformats++
			default:
				c.planes = append(c.planes, plane{in: in, frame: f})
			}
		}
	}
	switch {
	case len(c.planes) > 0:
		return c, nil
	case own > 0 && own == len(s.Instances):
		return c, refusal.New(refusal.OwnResult, "nothing to do: results are not read again", "a result that Nafas made")
	case c.localizers > 0 && c.localizers >= c.reformats:
		return c, refuseRole(roleLocalizer, c.localizers)
	case c.reformats > 0:
		return c, refuseRole(roleReformat, c.reformats)
	case len(s.Instances) == 0:
		return c, refusal.New(refusal.NotCT, "send a chest CT series", "a series without instances")
	}
	return c, refusal.New(refusal.NotCT, "send a chest CT series", "%s, modality %s",
		className(s.Instances[0]), modalityWord(s.Modality))
}

// modalityWord keeps free text in a coded element out of messages.
func modalityWord(m string) string {
	if m == "" || len(m) > 16 || slices.ContainsFunc([]rune(m), func(r rune) bool { return r < 'A' || r > 'Z' }) {
		return "unknown"
	}
	return m
}

// checkPlanes refuses what no stack can be made of: pixels that cannot be
// decoded, no place in the patient, directions that are none.
func checkPlanes(planes []plane) error {
	missing := 0
	for _, p := range planes {
		fr := p.fr()
		if !fr.HasPosition || !fr.HasOrientation || !fr.HasSpacing {
			missing++
			continue
		}
		if err := checkOrientation(fr); err != nil {
			return err
		}
		if fr.PixelSpacingMM[0] <= 0 || fr.PixelSpacingMM[1] <= 0 {
			return refusal.New(refusal.MissingGeometry, remedySource, "a pixel spacing that is not above 0 mm")
		}
	}
	if missing > 0 {
		return refusal.New(refusal.MissingGeometry, "send the original images, not screenshots",
			"%d of %d slices without position, orientation or pixel spacing", missing, len(planes))
	}
	var last *Instance
	for _, p := range planes {
		if p.in == last {
			continue
		}
		last = p.in
		if err := checkPixels(p.in); err != nil {
			return err
		}
	}
	return nil
}

// checkOrientation: row and column are unit vectors at a right angle.
func checkOrientation(fr *Frame) error {
	row, col := fr.Row.Norm(), fr.Column.Norm()
	dot := fr.Row.Dot(fr.Column)
	if math.Abs(row-1) > unitTolerance || math.Abs(col-1) > unitTolerance || math.Abs(dot) > unitTolerance {
		return refusal.New(refusal.BadOrientation, remedySource,
			"direction cosines of length %.4f and %.4f whose product is %.4f; they must be 1, 1 and 0", row, col, dot)
	}
	return nil
}

func checkPixels(in *Instance) error {
	if err := pixel.Supported(in.TransferSyntax); err != nil {
		return err
	}
	f := in.Format
	bad := func(found string, args ...any) error {
		return refusal.New(refusal.BadPixelFormat, "send the original CT images", found, args...)
	}
	switch {
	case !in.location.present:
		return bad("an image without pixel data")
	case f.Rows < 1 || f.Columns < 1:
		return bad("an image of %d rows and %d columns", f.Rows, f.Columns)
	case f.SamplesPerPixel != 1:
		return bad("%d samples per pixel instead of 1", f.SamplesPerPixel)
	case f.BitsAllocated != 8 && f.BitsAllocated != 16:
		return bad("%d bits allocated instead of 8 or 16", f.BitsAllocated)
	case f.BitsStored < 1 || f.BitsStored > f.BitsAllocated || f.HighBit < f.BitsStored-1 || f.HighBit >= f.BitsAllocated:
		return bad("%d bits stored of %d allocated with high bit %d", f.BitsStored, f.BitsAllocated, f.HighBit)
	case f.PixelRepresentation != 0 && f.PixelRepresentation != 1:
		return bad("no usable pixel representation")
	}
	if need := int64(len(in.Frames)) * int64(f.Rows) * int64(f.Columns) * 2; in.location.native && in.location.length < need {
		return refusal.New(refusal.Malformed, remedySource, "pixel data of %d bytes where %d are needed", in.location.length, need)
	}
	return nil
}

// cluster puts planes together that may be slices of one stack: one frame of
// reference, matrix, pixel spacing and orientation. Larger clusters first.
func cluster(planes []plane) [][]plane {
	var out [][]plane
next:
	for _, p := range planes {
		for i := range out {
			if together(out[i][0], p) {
				out[i] = append(out[i], p)
				continue next
			}
		}
		out = append(out, []plane{p})
	}
	slices.SortStableFunc(out, func(a, b []plane) int { return cmp.Compare(len(b), len(a)) })
	return out
}

func together(a, b plane) bool {
	if a.in.FrameOfReferenceUID != b.in.FrameOfReferenceUID || a.in.Rows != b.in.Rows || a.in.Columns != b.in.Columns {
		return false
	}
	fa, fb := a.fr(), b.fr()
	for i := range 2 {
		if math.Abs(fa.PixelSpacingMM[i]-fb.PixelSpacingMM[i]) > pixelSpacingRelative*fa.PixelSpacingMM[i] {
			return false
		}
	}
	return near(fa.Row, fb.Row, orientationTolerance) && near(fa.Column, fb.Column, orientationTolerance)
}

func near(a, b volume.Vec3, tolerance float64) bool {
	d := a.Sub(b)
	return math.Abs(d[0]) <= tolerance && math.Abs(d[1]) <= tolerance && math.Abs(d[2]) <= tolerance
}
