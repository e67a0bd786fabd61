package command

import (
	"encoding/binary"
	"fmt"
	"slices"
	"strings"
)

// MaxLen bounds a command set. Real ones have some hundred bytes.
const MaxLen = 64 << 10

// Elements of group 0000 (PS3.7 table E.1-1).
const (
	groupLength          = 0x0000
	affectedSOPClass     = 0x0002
	requestedSOPClass    = 0x0003
	commandField         = 0x0100
	messageID            = 0x0110
	respondedTo          = 0x0120
	moveDestination      = 0x0600
	priority             = 0x0700
	dataSetType          = 0x0800
	status               = 0x0900
	errorComment         = 0x0902
	affectedSOPInstance  = 0x1000
	requestedSOPInstance = 0x1001
	eventTypeID          = 0x1002
	actionTypeID         = 0x1008
	remaining            = 0x1020
	completed            = 0x1021
	failed               = 0x1022
	warning              = 0x1023
	originatorAE         = 0x1030
	originatorID         = 0x1031
)

// Values of dataSetType: any but noDataSet says that one follows.
const (
	noDataSet  = 0x0101
	hasDataSet = 0x0001
)

// maxComment is the length of an LO value.
const maxComment = 64

// Append appends the command set as it goes over the wire.
func (s *Set) Append(b []byte) []byte {
	at := len(b)
	b = appendUL(b, groupLength, 0)
	class, instance := uint16(affectedSOPClass), uint16(affectedSOPInstance)
	if s.Field.requests() {
		class, instance = requestedSOPClass, requestedSOPInstance
	}
	b = appendText(b, class, s.SOPClassUID, 0)
	b = appendUS(b, commandField, uint16(s.Field))
	b = s.appendIDs(b)
	b = appendText(b, moveDestination, s.MoveDestination, ' ')
	if s.Field.hasPriority() {
		b = appendUS(b, priority, s.Priority)
	}
	follows := uint16(noDataSet)
	if s.HasData {
		follows = hasDataSet
	}
	b = appendUS(b, dataSetType, follows)
	if s.Field.IsResponse() {
		b = appendUS(b, status, uint16(s.Status))
		b = appendText(b, errorComment, s.Comment[:min(len(s.Comment), maxComment)], ' ')
	}
	b = appendText(b, instance, s.SOPInstanceUID, 0)
	b = s.appendTypes(b)
	b = s.appendMove(b)
	binary.LittleEndian.PutUint32(b[at+8:], uint32(len(b)-at-12))
	return b
}

func (s *Set) appendIDs(b []byte) []byte {
	switch {
	case s.Field.IsResponse() || s.Field == CCancelRQ:
		return appendUS(b, respondedTo, s.MessageID)
	default:
		return appendUS(b, messageID, s.MessageID)
	}
}

func (s *Set) appendTypes(b []byte) []byte {
	switch s.Field {
	case NEventRQ, NEventRSP:
		return appendUS(b, eventTypeID, s.EventType)
	case NActionRQ, NActionRSP:
		return appendUS(b, actionTypeID, s.ActionType)
	default:
		return b
	}
}

func (s *Set) appendMove(b []byte) []byte {
	if c := s.Counts; c != nil {
		b = appendUS(b, remaining, c.Remaining)
		b = appendUS(b, completed, c.Completed)
		b = appendUS(b, failed, c.Failed)
		b = appendUS(b, warning, c.Warning)
	}
	if s.OriginatorAE != "" {
		b = appendText(b, originatorAE, s.OriginatorAE, ' ')
		b = appendUS(b, originatorID, s.OriginatorID)
	}
	return b
}

func appendHead(b []byte, element uint16, length int) []byte {
	b = binary.LittleEndian.AppendUint32(b, uint32(element)<<16) // group 0000
	return binary.LittleEndian.AppendUint32(b, uint32(length))
}

func appendUL(b []byte, element uint16, v uint32) []byte {
	return binary.LittleEndian.AppendUint32(appendHead(b, element, 4), v)
}

func appendUS(b []byte, element uint16, v uint16) []byte {
	return binary.LittleEndian.AppendUint16(appendHead(b, element, 2), v)
}

// appendText appends a value padded to an even length; an empty one is left
// out.
func appendText(b []byte, element uint16, v string, pad byte) []byte {
	if v == "" {
		return b
	}
	b = append(appendHead(b, element, len(v)+len(v)%2), v...)
	if len(v)%2 != 0 {
		b = append(b, pad)
	}
	return b
}

// Parse reads a command set. Elements that are not known are passed over.
// Errors quote no value.
func Parse(b []byte) (*Set, error) {
	elements, err := split(b)
	if err != nil {
		return nil, err
	}
	s := &Set{}
	for _, e := range elements {
		if err := s.take(e); err != nil {
			return nil, err
		}
	}
	has := func(element uint16) bool {
		return slices.ContainsFunc(elements, func(e entry) bool { return e.number == element })
	}
	if !has(commandField) || !has(dataSetType) {
		return nil, fmt.Errorf("a command set without command field or data set type")
	}
	if s.Field.IsResponse() && !has(status) {
		return nil, fmt.Errorf("a response without a status")
	}
	return s, nil
}

type entry struct {
	number uint16
	value  []byte
}

func split(b []byte) ([]entry, error) {
	var out []entry
	for len(b) > 0 {
		if len(b) < 8 {
			return nil, fmt.Errorf("%d bytes behind the last element of a command set", len(b))
		}
		group, number := binary.LittleEndian.Uint16(b), binary.LittleEndian.Uint16(b[2:])
		n := binary.LittleEndian.Uint32(b[4:])
		if group != 0 {
			return nil, fmt.Errorf("an element of group %04X in a command set", group)
		}
		if uint64(n) > uint64(len(b)-8) {
			return nil, fmt.Errorf("an element of %d bytes in a command set with %d left", n, len(b)-8)
		}
		out = append(out, entry{number, b[8 : 8+n]})
		b = b[8+n:]
	}
	return out, nil
}

func (s *Set) take(e entry) error {
	if dst := s.textOf(e.number); dst != nil {
		*dst = strings.Trim(string(e.value), " \x00")
		return nil
	}
	dst := s.numberOf(e.number)
	if dst == nil {
		return nil
	}
	if len(e.value) != 2 {
		return fmt.Errorf("element (0000,%04X) of a command set has %d bytes, not 2", e.number, len(e.value))
	}
	dst(binary.LittleEndian.Uint16(e.value))
	return nil
}

func (s *Set) textOf(element uint16) *string {
	switch element {
	case affectedSOPClass, requestedSOPClass:
		return &s.SOPClassUID
	case affectedSOPInstance, requestedSOPInstance:
		return &s.SOPInstanceUID
	case moveDestination:
		return &s.MoveDestination
	case errorComment:
		return &s.Comment
	case originatorAE:
		return &s.OriginatorAE
	default:
		return nil
	}
}

func (s *Set) numberOf(element uint16) func(uint16) {
	to := func(dst *uint16) func(uint16) { return func(v uint16) { *dst = v } }
	switch element {
	case commandField:
		return to((*uint16)(&s.Field))
	case messageID, respondedTo:
		return to(&s.MessageID)
	case priority:
		return to(&s.Priority)
	case dataSetType:
		return func(v uint16) { s.HasData = v != noDataSet }
	case status:
		return to((*uint16)(&s.Status))
	case eventTypeID:
		return to(&s.EventType)
	case actionTypeID:
		return to(&s.ActionType)
	case originatorID:
		return to(&s.OriginatorID)
	case remaining, completed, failed, warning:
		return to(s.count(element))
	default:
		return nil
	}
}

func (s *Set) count(element uint16) *uint16 {
	if s.Counts == nil {
		s.Counts = &Counts{}
	}
	switch element {
	case remaining:
		return &s.Counts.Remaining
	case completed:
		return &s.Counts.Completed
	case failed:
		return &s.Counts.Failed
	default:
		return &s.Counts.Warning
	}
}
