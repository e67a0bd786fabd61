package detect

import (
	"encoding/binary"
	"encoding/json"
	"fmt"
	"os"
	"path/filepath"
	"regexp"

	"nafas/inference/volume"
)

// Meta is what training wants to know of a prepared series beside its voxels.
type Meta struct {
	SliceThicknessMM float64
	Kernel           string
}

// preparedHeader is the .json file of a prepared series.
type preparedHeader struct {
	SeriesInstanceUID string      `json:"seriesInstanceUid"`
	Size              [3]int      `json:"size"`
	SpacingMM         [3]float64  `json:"spacingMm"`
	OriginLPSMM       volume.Vec3 `json:"originLpsMm"`
	SliceThicknessMM  float64     `json:"sliceThicknessMm"`
	Kernel            string      `json:"kernel"`
}

// A UID names files here: only its own characters are let through (PS3.5
// section 9.1).
var uidPattern = regexp.MustCompile(`^[0-9]+(\.[0-9]+){1,63}$`)

var identityAxes = [3]volume.Vec3{{1, 0, 0}, {0, 1, 0}, {0, 0, 1}}

func preparedPath(dir, seriesUID, ext string) (string, error) {
	if !uidPattern.MatchString(seriesUID) || len(seriesUID) > 64 {
		return "", fmt.Errorf("prepared data: not a UID of at most 64 digits and dots")
	}
	return filepath.Join(dir, seriesUID+ext), nil
}

// WritePrepared writes p for training into dir, whose files are named by the
// series: .json (header), .hu.i16 (little-endian int16 HU) and .roi.u8 (1 =
// candidates allowed), x fastest, then y, then z. The axes of p must be LPS.
func WritePrepared(dir, seriesUID string, p *Prepared, meta Meta) error {
	if p.Grid.Axes != identityAxes {
		return fmt.Errorf("prepared data: axes %v are not LPS", p.Grid.Axes)
	}
	header, err := json.Marshal(preparedHeader{
		SeriesInstanceUID: seriesUID, Size: p.Grid.Size, SpacingMM: p.Grid.SpacingMM,
		OriginLPSMM: p.Grid.OriginLPSMM, SliceThicknessMM: meta.SliceThicknessMM, Kernel: meta.Kernel,
	})
	if err != nil {
		return fmt.Errorf("prepared data: %w", err)
	}
	hu := make([]byte, 2*len(p.HU))
	for i, v := range p.HU {
		binary.LittleEndian.PutUint16(hu[2*i:], uint16(v))
	}
	// The header is written last: a folder that holds it holds the rest.
	for _, f := range []struct {
		ext  string
		data []byte
	}{{".hu.i16", hu}, {".roi.u8", p.ROI}, {".json", append(header, '\n')}} {
		path, err := preparedPath(dir, seriesUID, f.ext)
		if err != nil {
			return err
		}
		if err := os.WriteFile(path, f.data, 0o644); err != nil {
			return fmt.Errorf("prepared data: %w", err)
		}
	}
	return nil
}

// ReadPrepared reads what WritePrepared wrote.
func ReadPrepared(dir, seriesUID string) (*Prepared, Meta, error) {
	var h preparedHeader
	var data [3][]byte
	for i, ext := range []string{".json", ".hu.i16", ".roi.u8"} {
		path, err := preparedPath(dir, seriesUID, ext)
		if err != nil {
			return nil, Meta{}, err
		}
		if data[i], err = os.ReadFile(path); err != nil {
			return nil, Meta{}, fmt.Errorf("prepared data: %w", err)
		}
	}
	if err := json.Unmarshal(data[0], &h); err != nil {
		return nil, Meta{}, fmt.Errorf("prepared data: header of %s: %w", seriesUID, err)
	}
	g := volume.Grid{Size: h.Size, SpacingMM: h.SpacingMM, OriginLPSMM: h.OriginLPSMM, Axes: identityAxes}
	n := len(data[2])
	if min(h.Size[0], h.Size[1], h.Size[2]) < 1 || g.Len() != n || len(data[1]) != 2*n {
		return nil, Meta{}, fmt.Errorf("prepared data: size %v of %s does not fit %d HU and %d mask values", h.Size, seriesUID, len(data[1])/2, n)
	}
	p := &Prepared{Grid: g, HU: make([]int16, n), ROI: data[2]}
	for i := range p.HU {
		p.HU[i] = int16(binary.LittleEndian.Uint16(data[1][2*i:]))
	}
	return p, Meta{SliceThicknessMM: h.SliceThicknessMM, Kernel: h.Kernel}, nil
}
