package part10

// headerClaim is what a header may take in memory, in bytes for each byte of
// the file, and smallClaim what it may take at all: DefaultLimits keeps it there.
const (
	headerClaim = 16
	smallClaim  = 64 << 20
)

// Claim is how many bytes of memory a file of the given size may take while it
// is in use, decoded frames not counted: its own, what its header becomes, and
// what it inflates to. head is how it begins; where that does not show the
// transfer syntax, it may inflate.
func Claim(head []byte, size int64) int64 {
	claim := size + min(headerClaim*size, smallClaim)
	p, err := readPrologue(head)
	if cut := len(head)-p.body < 8 && int64(len(head)) < size; err != nil || cut || syntaxes[p.transferSyntax].deflated {
		claim += inflated(size, DefaultLimits())
	}
	return claim
}

// inflated is the most that a deflated data set may become.
func inflated(deflated int64, lim Limits) int64 {
	return min(lim.MaxInflatedBytes, max(freeInflated, maxRatio*deflated))
}
