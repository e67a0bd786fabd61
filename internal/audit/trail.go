package audit

import (
	"bytes"
	"context"
	"crypto/rand"
	"crypto/sha256"
	"encoding/binary"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"time"
)

// Sum is a SHA-256. In JSON it is hex.
type Sum [sha256.Size]byte

// MarshalText implements encoding.TextMarshaler.
func (s Sum) MarshalText() ([]byte, error) { return []byte(hex.EncodeToString(s[:])), nil }

// UnmarshalText implements encoding.TextUnmarshaler.
func (s *Sum) UnmarshalText(text []byte) error {
	raw, err := hex.DecodeString(string(text))
	if err != nil || len(raw) != len(s) {
		return errors.New("not a SHA-256 in hex")
	}
	copy(s[:], raw)
	return nil
}

// Record is a link of the trail.
type Record struct {
	// Number counts from 1, without gaps.
	Number int64
	// Body is the event, as JSON of entry; it names studies by pseudonym and by the
	// sum of their Identity.
	Body []byte
	// Previous is the Sum of the record before; zero in the first.
	Previous Sum
	// Sum is over Number, Previous and Body.
	Sum Sum
}

// entry is what a record's body holds.
type entry struct {
	At      time.Time      `json:"at"`
	Kind    Kind           `json:"kind"`
	Outcome Outcome        `json:"outcome"`
	Who     Who            `json:"who"`
	Studies []studyInEntry `json:"studies,omitempty"`
	Detail  string         `json:"detail,omitempty"`
}

type studyInEntry struct {
	Pseudonym string `json:"pseudonym"`
	// Identity is the Sum of the Identity that says whose study it is.
	Identity Sum `json:"identity"`
}

// Identity is a study's, kept beside the trail until its patient is erased. The
// trail holds its Sum, so that it cannot be exchanged; Salt keeps who guesses at
// an identity that is gone from proving it by the Sum.
type Identity struct {
	Sum   Sum
	Salt  [16]byte
	Study Study
}

// sum is SHA-256 over the salt and the study.
func (i Identity) sum() (Sum, error) {
	body, err := json.Marshal(i.Study)
	if err != nil {
		return Sum{}, err
	}
	return sha256.Sum256(bytes.Join([][]byte{[]byte("nafas audit identity 1"), i.Salt[:], body}, []byte{0})), nil
}

// newIdentity is one with a salt of its own.
func newIdentity(s Study) (Identity, error) {
	out := Identity{Study: s}
	_, _ = rand.Read(out.Salt[:]) // never fails; it ends the process instead
	var err error
	out.Sum, err = out.sum()
	return out, err
}

// seal sets the Sum of a record.
func (r *Record) seal() { r.Sum = r.sum() }

func (r *Record) sum() Sum {
	h := sha256.New()
	h.Write([]byte("nafas audit record 1\x00"))
	_ = binary.Write(h, binary.BigEndian, r.Number) // hashes take all
	h.Write(r.Previous[:])
	h.Write(r.Body)
	return Sum(h.Sum(nil))
}

// Book keeps the trail. Any goroutine, and more than one process, may call it.
type Book interface {
	// Append gives link the last record, the zero one where there is none, and keeps
	// the one that it returns, all in one transaction, durable at the end.
	Append(ctx context.Context, link func(last Record) (Record, error)) error
	// Studies are what is stored of a study: one, or one for each patient that its
	// images name; none where it is not stored.
	Studies(ctx context.Context, studyUID string) ([]Study, error)
	// Identity returns the identity of a study that is kept with the same values; it
	// keeps a new one that make returns where there is none.
	Identity(ctx context.Context, s Study, make func() (Identity, error)) (Identity, error)
	// Records gives those after a number to f, in order, until f returns false.
	Records(ctx context.Context, after int64, f func(Record) (bool, error)) error
	// Identities are those of these sums that are kept.
	Identities(ctx context.Context, sums []Sum) (map[Sum]Identity, error)
	// Last is the number of the last record that was ever written, as the database
	// counts; 0 before the first.
	Last(ctx context.Context) (int64, error)
	// Erased are the pseudonyms of all studies that were erased.
	Erased(ctx context.Context) (map[string]bool, error)
	// Sent is up to which record a destination has been sent to; 0 before the first.
	Sent(ctx context.Context, destination string) (int64, error)
	SetSent(ctx context.Context, destination string, number int64) error
}

// Trail records events in a book.
type Trail struct {
	book Book
	// pseudonym names a study as the log does.
	pseudonym func(studyUID string) string
	now       func() time.Time
	// grown is told of every new record.
	grown chan struct{}
}

var _ Recorder = (*Trail)(nil)

// NewTrail makes a Trail. pseudonym names studies whose identity is gone.
func NewTrail(book Book, pseudonym func(studyUID string) string) *Trail {
	return &Trail{book: book, pseudonym: pseudonym, now: time.Now, grown: make(chan struct{}, 1)}
}

// Record implements Recorder.
func (t *Trail) Record(ctx context.Context, e Event) error {
	// Who leaves while it is written has done it all the same.
	ctx = context.WithoutCancel(ctx)
	if _, ok := events[e.Kind]; !ok {
		return fmt.Errorf("audit: %q is no kind of event", e.Kind)
	}
	body, err := t.body(ctx, e)
	if err != nil {
		return fmt.Errorf("audit: %w", err)
	}
	if err := t.book.Append(ctx, func(last Record) (Record, error) {
		r := Record{Number: last.Number + 1, Body: body, Previous: last.Sum}
		r.seal()
		return r, nil
	}); err != nil {
		return fmt.Errorf("audit: %w", err)
	}
	select {
	case t.grown <- struct{}{}:
	default:
	}
	return nil
}

func (t *Trail) body(ctx context.Context, e Event) ([]byte, error) {
	if e.At.IsZero() {
		e.At = t.now()
	}
	out := entry{At: e.At.UTC().Truncate(time.Millisecond), Kind: e.Kind, Outcome: e.Outcome, Who: e.Who, Detail: e.Detail}
	for _, uid := range e.StudyUIDs {
		studies, err := t.book.Studies(ctx, uid)
		if err != nil {
			return nil, err
		}
		if len(studies) == 0 {
			studies = []Study{{UID: uid}}
		}
		for _, s := range studies {
			id, err := t.book.Identity(ctx, s, func() (Identity, error) { return newIdentity(s) })
			if err != nil {
				return nil, err
			}
			out.Studies = append(out.Studies, studyInEntry{Pseudonym: t.pseudonym(uid), Identity: id.Sum})
		}
	}
	return json.Marshal(out)
}

// Told is an event as the trail tells it again.
type Told struct {
	Number  int64     `json:"number"`
	At      time.Time `json:"at"`
	Kind    Kind      `json:"kind"`
	Outcome Outcome   `json:"outcome"`
	Who     Who       `json:"who"`
	Detail  string    `json:"detail"`
	// Studies that it was about; a study with two patients is there twice.
	Studies []ToldStudy `json:"studies"`
	Sum     Sum         `json:"sum"`
}

// ToldStudy is a study with its name in the log. Erased says that its patient was
// erased: then it is nothing but the pseudonym.
type ToldStudy struct {
	Study
	Pseudonym string `json:"pseudonym"`
	Erased    bool   `json:"erased"`
}

// Tell gives the events of a book after a number to f, in order, until f returns
// false.
func Tell(ctx context.Context, book Book, after int64, f func(Told) (bool, error)) error {
	return book.Records(ctx, after, func(r Record) (bool, error) {
		told, err := tell(ctx, book, r)
		if err != nil {
			return false, err
		}
		return f(told)
	})
}

func tell(ctx context.Context, book Book, r Record) (Told, error) {
	var e entry
	if err := json.Unmarshal(r.Body, &e); err != nil {
		return Told{}, fmt.Errorf("record %d cannot be read: run nafas audit verify", r.Number)
	}
	out := Told{Number: r.Number, Sum: r.Sum, At: e.At, Kind: e.Kind, Outcome: e.Outcome, Who: e.Who, Detail: e.Detail, Studies: []ToldStudy{}}
	var sums []Sum
	for _, s := range e.Studies {
		sums = append(sums, s.Identity)
	}
	known, err := book.Identities(ctx, sums)
	if err != nil {
		return Told{}, err
	}
	for _, s := range e.Studies {
		id, ok := known[s.Identity]
		out.Studies = append(out.Studies, ToldStudy{Study: id.Study, Pseudonym: s.Pseudonym, Erased: !ok})
	}
	return out, nil
}
