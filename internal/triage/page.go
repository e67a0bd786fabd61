package triage

import (
	"context"
	"crypto/sha256"
	"encoding/base64"
	"encoding/json"
	"slices"
	"time"
)

// Order is the order of a list of studies.
type Order int

// The orders.
const (
	// OrderWorklist: urgent, high, not assessed, routine, then what has no
	// result; in each, what waits longest first.
	OrderWorklist Order = iota
	// OrderReceivedDesc: newest first.
	OrderReceivedDesc
	// OrderReceivedAsc: oldest first.
	OrderReceivedAsc
)

// Page sizes of a Query.
const (
	DefaultPageSize = 100
	MaxPageSize     = 1000
)

// Query asks for a page of studies.
type Query struct {
	// States and Priorities are filters; empty means every one.
	States     []State
	Priorities []Priority
	// After and Before bound the time of arrival: at or after, before. Zero
	// is no bound.
	After, Before time.Time
	Order         Order
	// Size is 1 to MaxPageSize; 0 means DefaultPageSize.
	Size int
	// Token is Page.Next of the page before; everything but Size must be as
	// it was then.
	Token string
}

// Page is a part of a list of studies. Next is empty on the last page.
type Page struct {
	Studies []Study
	Next    string
}

// Key is the place of a study in every order. Pages go on after a key and not
// at an offset, so that what arrives meanwhile shifts nothing.
type Key struct {
	Priority   Priority  `json:"p"`
	ReceivedAt time.Time `json:"r"`
	UID        string    `json:"u"`
}

// Studies lists studies without their series.
func (s *Service) Studies(ctx context.Context, q Query) (Page, error) {
	if q.Size <= 0 {
		q.Size = DefaultPageSize
	}
	size := min(q.Size, MaxPageSize)
	bound := q.fingerprint()
	after, err := parsePageToken(q.Token, bound)
	if err != nil {
		return Page{}, err
	}
	// One more than asked for tells whether there is another page.
	q.Size = size + 1
	studies, err := s.store.Studies(ctx, q, after)
	if err != nil {
		return Page{}, err
	}
	if len(studies) <= size {
		return Page{Studies: studies}, nil
	}
	last := studies[size-1]
	next, err := pageToken{Bound: bound, Key: Key{last.Priority, last.ReceivedAt, last.UID}}.encode()
	return Page{Studies: studies[:size], Next: next}, err
}

// pageToken says where the next page begins and which query it belongs to.
type pageToken struct {
	Bound string `json:"b"`
	Key   Key    `json:"k"`
}

func (t pageToken) encode() (string, error) {
	b, err := json.Marshal(t)
	return base64.RawURLEncoding.EncodeToString(b), err
}

func parsePageToken(s, bound string) (*Key, error) {
	if s == "" {
		return nil, nil
	}
	b, err := base64.RawURLEncoding.DecodeString(s)
	if err != nil {
		return nil, ErrBadToken
	}
	var t pageToken
	if json.Unmarshal(b, &t) != nil || t.Bound != bound {
		return nil, ErrBadToken
	}
	return &t.Key, nil
}

// fingerprint is the same for queries that list the same studies in the same
// order.
func (q Query) fingerprint() string {
	states, priorities := slices.Clone(q.States), slices.Clone(q.Priorities)
	slices.Sort(states)
	slices.Sort(priorities)
	return fingerprint(slices.Compact(states), slices.Compact(priorities), q.After.UTC(), q.Before.UTC(), q.Order)
}

// fingerprint is a sum of what a query asks for.
func fingerprint(parts ...any) string {
	b, err := json.Marshal(parts)
	if err != nil {
		// Only a year outside [0,9999] does not marshal; such a query has
		// no pages to go on with.
		return ""
	}
	sum := sha256.Sum256(b)
	return base64.RawURLEncoding.EncodeToString(sum[:12])
}
