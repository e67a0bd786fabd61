package pdu

import "encoding/binary"

// UserInformation is the user information item (PS3.7 annex D.3.3). The
// extended negotiations of SOP classes (0x56, 0x57) are passed over.
type UserInformation struct {
	// MaxLength is the largest P-DATA-TF that its sender takes, in bytes
	// behind the header; 0: any.
	MaxLength             uint32
	ImplementationUID     string
	ImplementationVersion string
	Roles                 []Role
	// Window is nil where nothing was said: one operation at a time.
	Window *Window
	// Identity is nil where none was given.
	Identity *Identity
}

// Window is the asynchronous operations window (PS3.7 annex D.3.3.3); 0 is
// unlimited.
type Window struct{ Invoked, Performed uint16 }

// Role is an SCP/SCU role selection (PS3.7 annex D.3.3.4): what the requestor
// of the association wants to be, or may be, for a SOP class.
type Role struct {
	SOPClassUID string
	SCU, SCP    bool
}

// Identity is a user identity (PS3.7 annex D.3.3.7), as far as an acceptor
// that checks none needs it. What proves the identity is not kept.
type Identity struct {
	Type byte
	// WantsResponse: the requestor wants a positive response.
	WantsResponse bool
}

const (
	itemMaxLength      = 0x51
	itemImplementation = 0x52
	itemWindow         = 0x53
	itemRole           = 0x54
	itemVersion        = 0x55
	itemIdentity       = 0x58
)

func (u *UserInformation) appendTo(b []byte) []byte {
	b = appendItem(b, itemMaxLength, func(b []byte) []byte { return binary.BigEndian.AppendUint32(b, u.MaxLength) })
	b = appendItem(b, itemImplementation, text(u.ImplementationUID))
	if w := u.Window; w != nil {
		b = appendItem(b, itemWindow, func(b []byte) []byte {
			return binary.BigEndian.AppendUint16(binary.BigEndian.AppendUint16(b, w.Invoked), w.Performed)
		})
	}
	for _, r := range u.Roles {
		b = appendItem(b, itemRole, func(b []byte) []byte {
			b = appendCounted(b, 2, text(r.SOPClassUID))
			return append(b, flag(r.SCU), flag(r.SCP))
		})
	}
	if u.ImplementationVersion != "" {
		b = appendItem(b, itemVersion, text(u.ImplementationVersion))
	}
	return b
}

func flag(set bool) byte {
	if set {
		return 1
	}
	return 0
}

func (u *UserInformation) parse(value []byte) error {
	return items(value, func(kind byte, v []byte) error {
		switch kind {
		case itemMaxLength:
			if len(v) != 4 {
				return short("maximum length", v)
			}
			u.MaxLength = binary.BigEndian.Uint32(v)
		case itemImplementation:
			u.ImplementationUID = uid(v)
		case itemVersion:
			u.ImplementationVersion = uid(v)
		case itemWindow:
			if len(v) != 4 {
				return short("asynchronous operations window", v)
			}
			u.Window = &Window{binary.BigEndian.Uint16(v), binary.BigEndian.Uint16(v[2:])}
		case itemRole:
			return u.parseRole(v)
		case itemIdentity:
			if len(v) < 2 {
				return short("user identity", v)
			}
			u.Identity = &Identity{Type: v[0], WantsResponse: v[1] == 1}
		}
		return nil
	})
}

func (u *UserInformation) parseRole(v []byte) error {
	if len(v) < 2 {
		return short("role selection", v)
	}
	n := int(binary.BigEndian.Uint16(v))
	if len(v) < 2+n+2 {
		return short("role selection", v)
	}
	u.Roles = append(u.Roles, Role{SOPClassUID: uid(v[2 : 2+n]), SCU: v[2+n] == 1, SCP: v[3+n] == 1})
	return nil
}

func short(what string, v []byte) error {
	return Violated(InvalidParameter, "a %s item of %d bytes", what, len(v))
}
