package part10

import "github.com/suyashkumar/dicom/pkg/tag"

// kind is how a value representation is handled by the guard.
type kind uint8

const (
	kindText kind = iota
	kindNumber
	kindBytes
	kindSequence
)

// vrInfo is one row of PS3.5 table 6.2-1.
type vrInfo struct {
	name string
	kind kind
	// long: explicit encoding with two reserved bytes and a 32 bit length
	// (PS3.5 section 7.1.2).
	long bool
	// unit is the size of the word that byte order applies to.
	unit int
	// size is the size of one value of a number.
	size int
}

func vrKey(a, b byte) uint16 { return uint16(a)<<8 | uint16(b) }

var (
	vrUN = vrInfo{name: "UN", kind: kindBytes, long: true, unit: 1}
	vrSQ = vrInfo{name: "SQ", kind: kindSequence, long: true, unit: 1}
	vrOB = vrInfo{name: "OB", kind: kindBytes, long: true, unit: 1}
	vrOW = vrInfo{name: "OW", kind: kindBytes, long: true, unit: 2}
	vrCS = vrInfo{name: "CS", kind: kindText, unit: 1}
	vrSS = vrInfo{name: "SS", kind: kindNumber, unit: 2, size: 2}
	vrUL = vrInfo{name: "UL", kind: kindNumber, unit: 4, size: 4}
)

// vrs by their two characters. SV and UV are numbers by the standard; the
// library has no type for them, so they are handed on as bytes.
var vrs = func() map[uint16]vrInfo {
	m := map[uint16]vrInfo{}
	for _, v := range []vrInfo{
		vrUN, vrSQ, vrOB, vrOW, vrCS, vrSS, vrUL,
		{name: "US", kind: kindNumber, unit: 2, size: 2},
		{name: "SL", kind: kindNumber, unit: 4, size: 4},
		{name: "FL", kind: kindNumber, unit: 4, size: 4},
		{name: "FD", kind: kindNumber, unit: 8, size: 8},
		{name: "AT", kind: kindNumber, unit: 2, size: 4},
		{name: "OF", kind: kindBytes, long: true, unit: 4},
		{name: "OL", kind: kindBytes, long: true, unit: 4},
		{name: "OD", kind: kindBytes, long: true, unit: 8},
		{name: "OV", kind: kindBytes, long: true, unit: 8},
		{name: "SV", kind: kindBytes, long: true, unit: 8},
		{name: "UV", kind: kindBytes, long: true, unit: 8},
		{name: "UC", kind: kindText, long: true, unit: 1},
		{name: "UR", kind: kindText, long: true, unit: 1},
		{name: "UT", kind: kindText, long: true, unit: 1},
	} {
		m[vrKey(v.name[0], v.name[1])] = v
	}
	for _, n := range []string{"AE", "AS", "DA", "DS", "DT", "IS", "LO", "LT", "PN", "SH", "ST", "TM", "UI"} {
		m[vrKey(n[0], n[1])] = vrInfo{name: n, kind: kindText, unit: 1}
	}
	return m
}()

// dictionaryVR is the VR of a tag that came without one: implicit VR, or UN.
// signed tells which of "US or SS" is meant (PS3.5 annex A.1: by
// PixelRepresentation).
func dictionaryVR(t tag.Tag, signed bool) vrInfo {
	switch {
	case t.Element == 0:
		return vrUL // group length
	case t.Group%2 == 1:
		if t.Element >= 0x10 && t.Element <= 0xff {
			return vrs[vrKey('L', 'O')] // private creator (PS3.5 section 7.8.1)
		}
		return vrUN
	}
	if t.Group&0xff00 == 0x6000 && t.Element == 0x3000 {
		return vrOW // overlay data of any of the repeating groups
	}
	info, err := tag.Find(t)
	if err != nil || len(info.VRs) == 0 || len(info.VRs[0]) != 2 {
		return vrUN
	}
	name := info.VRs[0]
	if name == "US" && len(info.VRs) > 1 {
		switch {
		case info.VRs[len(info.VRs)-1] == "OW":
			return vrOW // look-up table data
		case info.VRs[1] == "SS" && signed:
			return vrSS
		}
	}
	if v, ok := vrs[vrKey(name[0], name[1])]; ok {
		return v
	}
	return vrUN
}
