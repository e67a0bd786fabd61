package pdu

import (
	"encoding/binary"
	"strings"
)

// ApplicationContext is the only one that there is (PS3.7 annex A.2.1).
const ApplicationContext = "1.2.840.10008.3.1.1.1"

// Associate is an A-ASSOCIATE-RQ or an A-ASSOCIATE-AC (PS3.8 sections 9.3.2
// and 9.3.3), which have the same fields but for the presentation contexts.
type Associate struct {
	// ProtocolVersion is a set of bits; bit 0 is the version that exists.
	ProtocolVersion    uint16
	CalledAE           string
	CallingAE          string
	ApplicationContext string
	Contexts           []Context
	User               UserInformation
}

// Context is a presentation context (PS3.8 sections 9.3.2.2 and 9.3.3.2): in
// a request the abstract syntax and the transfer syntaxes proposed for it; in
// an answer the result and the transfer syntax that was accepted.
type Context struct {
	// ID is odd.
	ID               byte
	Result           Result
	AbstractSyntax   string
	TransferSyntaxes []string
}

// Result is what became of a proposed presentation context (PS3.8 table
// 9-18).
type Result byte

// The results.
const (
	Accepted                 Result = 0
	RejectedByUser           Result = 1
	RejectedNoReason         Result = 2
	RejectedAbstractSyntax   Result = 3
	RejectedTransferSyntaxes Result = 4
)

// Types of items and sub-items (PS3.8 section 9.3, PS3.7 annex D.3.3).
const (
	itemApplicationContext = 0x10
	itemContextRQ          = 0x20
	itemContextAC          = 0x21
	itemAbstractSyntax     = 0x30
	itemTransferSyntax     = 0x40
	itemUserInformation    = 0x50
)

// associateFixed is the length of the fields before the first item.
const associateFixed = 68

// AppendRQ appends it as a request.
func (a *Associate) AppendRQ(b []byte) []byte {
	return a.append(b, TypeAssociateRQ, itemContextRQ)
}

// AppendAC appends it as an answer.
func (a *Associate) AppendAC(b []byte) []byte {
	return a.append(b, TypeAssociateAC, itemContextAC)
}

func (a *Associate) append(b []byte, t Type, contextItem byte) []byte {
	return appendPDU(b, t, func(b []byte) []byte {
		b = binary.BigEndian.AppendUint16(b, a.ProtocolVersion)
		b = append(b, 0, 0)
		b = appendTitle(b, a.CalledAE)
		b = appendTitle(b, a.CallingAE)
		b = append(b, make([]byte, 32)...)
		b = appendItem(b, itemApplicationContext, text(a.ApplicationContext))
		for _, c := range a.Contexts {
			b = appendItem(b, contextItem, c.appendTo)
		}
		return appendItem(b, itemUserInformation, a.User.appendTo)
	})
}

func text(s string) func([]byte) []byte {
	return func(b []byte) []byte { return append(b, s...) }
}

func (c Context) appendTo(b []byte) []byte {
	b = append(b, c.ID, 0, byte(c.Result), 0)
	if c.AbstractSyntax != "" {
		b = appendItem(b, itemAbstractSyntax, text(c.AbstractSyntax))
	}
	for _, ts := range c.TransferSyntaxes {
		b = appendItem(b, itemTransferSyntax, text(ts))
	}
	return b
}

// titleLen is the length of an AE title's field; shorter ones are padded with
// spaces, which mean nothing at either end (PS3.8 table 9-11).
const titleLen = 16

func appendTitle(b []byte, title string) []byte {
	if len(title) > titleLen {
		title = title[:titleLen]
	}
	b = append(b, title...)
	return append(b, strings.Repeat(" ", titleLen-len(title))...)
}

// ParseAssociateRQ reads the body of a request.
func ParseAssociateRQ(body []byte) (*Associate, error) {
	return parseAssociate(body, itemContextRQ)
}

// ParseAssociateAC reads the body of an answer. Its contexts have no abstract
// syntax: the request had it.
func ParseAssociateAC(body []byte) (*Associate, error) {
	return parseAssociate(body, itemContextAC)
}

func parseAssociate(body []byte, contextItem byte) (*Associate, error) {
	if len(body) < associateFixed {
		return nil, Violated(InvalidParameter, "an association's PDU of %d bytes", len(body))
	}
	a := &Associate{
		ProtocolVersion: binary.BigEndian.Uint16(body),
		CalledAE:        title(body[4:20]),
		CallingAE:       title(body[20:36]),
	}
	seen := map[byte]bool{}
	err := items(body[associateFixed:], func(kind byte, value []byte) error {
		switch kind {
		case itemApplicationContext:
			a.ApplicationContext = uid(value)
		case contextItem:
			c, err := parseContext(value)
			if err != nil {
				return err
			}
			if c.ID%2 == 0 || seen[c.ID] {
				return Violated(InvalidParameter, "presentation context %d, even or a second time", c.ID)
			}
			seen[c.ID] = true
			a.Contexts = append(a.Contexts, c)
		case itemUserInformation:
			return a.User.parse(value)
		}
		return nil // PS3.8 section 9.3.1: unknown items are passed over
	})
	if err != nil {
		return nil, err
	}
	return a, nil
}

func parseContext(value []byte) (Context, error) {
	if len(value) < 4 {
		return Context{}, Violated(InvalidParameter, "a presentation context of %d bytes", len(value))
	}
	c := Context{ID: value[0], Result: Result(value[2])}
	err := items(value[4:], func(kind byte, value []byte) error {
		switch kind {
		case itemAbstractSyntax:
			c.AbstractSyntax = uid(value)
		case itemTransferSyntax:
			// A rejected context's transfer syntax means nothing, and may be
			// empty.
			if ts := uid(value); ts != "" {
				c.TransferSyntaxes = append(c.TransferSyntaxes, ts)
			}
		}
		return nil
	})
	return c, err
}

// items walks over items or sub-items.
func items(b []byte, visit func(kind byte, value []byte) error) error {
	for len(b) > 0 {
		if len(b) < 4 {
			return Violated(InvalidParameter, "%d bytes behind the last item", len(b))
		}
		n := int(binary.BigEndian.Uint16(b[2:]))
		if n > len(b)-4 {
			return Violated(InvalidParameter, "an item of %d bytes in %d", n, len(b)-4)
		}
		if err := visit(b[0], b[4:4+n]); err != nil {
			return err
		}
		b = b[4+n:]
	}
	return nil
}

// title takes the padding off an AE title; some peers pad with zero bytes.
func title(b []byte) string { return strings.Trim(string(b), " \x00") }

// uid takes off the zero byte, or the space, that some peers pad with.
func uid(b []byte) string { return strings.Trim(string(b), " \x00") }
