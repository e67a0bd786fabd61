package audit

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"strconv"
	"strings"
)

// Head names a record that was the last one: what somebody has written down, a
// later trail must still hold.
type Head struct {
	Number int64
	Sum    Sum
}

// String is NUMBER:SUM.
func (h Head) String() string { return fmt.Sprintf("%d:%x", h.Number, h.Sum) }

// ParseHead reads what String writes.
func ParseHead(s string) (Head, error) {
	number, sum, ok := strings.Cut(s, ":")
	var h Head
	n, err := strconv.ParseInt(number, 10, 64)
	if !ok || err != nil || n < 1 || h.Sum.UnmarshalText([]byte(sum)) != nil {
		return Head{}, errors.New("not a record's number and sum, as nafas audit verify prints them: NUMBER:SUM")
	}
	h.Number = n
	return h, nil
}

// Verdict is what came of looking at a whole trail.
type Verdict struct {
	// Records were looked at; Head is the last one.
	Records int64
	Head    Head
	// Erased counts mentions of studies whose patient was erased.
	Erased int
	// Faults are in words; none where the trail is whole. After mostFaults there may
	// be more.
	Faults []string
}

// mostFaults bounds a verdict.
const mostFaults = 100

// Verify looks whether a trail is whole: no record changed, missing, or cut off
// the end, no study another one's, and seen still there, where it is not nil. What
// it cannot see is a trail that was written anew from some record on, with all its
// sums and the counter; that is what seen, kept elsewhere, and a collector are for.
func Verify(ctx context.Context, book Book, seen *Head) (Verdict, error) {
	erased, err := book.Erased(ctx)
	if err != nil {
		return Verdict{}, err
	}
	v := verifier{book: book, erased: erased, seen: seen, whole: map[Sum]bool{}}
	if err := book.Records(ctx, 0, func(r Record) (bool, error) { return v.look(ctx, r) }); err != nil {
		return v.Verdict, err
	}
	last, err := book.Last(ctx)
	if err != nil {
		return v.Verdict, err
	}
	if v.Head.Number < last {
		v.fault("records %d to %d are missing at the end", v.Head.Number+1, last)
	}
	if seen != nil && !v.met {
		v.fault("record %d is missing, or another one than was seen", seen.Number)
	}
	return v.Verdict, nil
}

type verifier struct {
	Verdict
	book   Book
	erased map[string]bool
	seen   *Head
	met    bool
	// whole says of identities whether they are what their sums say.
	whole map[Sum]bool
}

func (v *verifier) fault(format string, args ...any) {
	v.Faults = append(v.Faults, fmt.Sprintf(format, args...))
}

func (v *verifier) look(ctx context.Context, r Record) (more bool, err error) {
	if want := v.Head.Number + 1; r.Number != want {
		if r.Number == want+1 {
			v.fault("record %d is missing", want)
		} else {
			v.fault("records %d to %d are missing", want, r.Number-1)
		}
	} else if r.Previous != v.Head.Sum {
		v.fault("record %d does not follow record %d as that is now", r.Number, v.Head.Number)
	}
	if r.Sum != r.sum() {
		v.fault("record %d was changed", r.Number)
	}
	v.Records++
	v.Head = Head{r.Number, r.Sum}
	v.met = v.met || v.seen != nil && *v.seen == v.Head
	if err := v.identities(ctx, r); err != nil {
		return false, err
	}
	return len(v.Faults) < mostFaults, nil
}

// identities looks at whose studies a record speaks of.
func (v *verifier) identities(ctx context.Context, r Record) error {
	var e entry
	if err := json.Unmarshal(r.Body, &e); err != nil {
		v.fault("record %d cannot be read", r.Number)
		return nil
	}
	for _, s := range e.Studies {
		if v.whole[s.Identity] {
			continue
		}
		known, err := v.book.Identities(ctx, []Sum{s.Identity})
		if err != nil {
			return err
		}
		id, ok := known[s.Identity]
		if !ok {
			v.Erased++
			if !v.erased[s.Pseudonym] {
				v.fault("whose study record %d is about is missing, and no erasure took it", r.Number)
			}
			continue
		}
		if sum, err := id.sum(); err != nil || sum != s.Identity {
			v.fault("whose study record %d is about was changed", r.Number)
			continue
		}
		if len(v.whole) < 100_000 { // past it, they are looked at again
			v.whole[s.Identity] = true
		}
	}
	return nil
}
