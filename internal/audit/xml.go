package audit

import (
	"encoding/xml"
	"fmt"
	"strings"
	"time"
)

// Source is the service as its messages name it.
type Source struct {
	// Site is the enterprise; "" where nothing is said.
	Site string
	// ID is the service's: its installation.
	ID string
	// Host is this machine's name.
	Host string
	// Process is the ID of this process.
	Process string
}

// The AuditMessage of PS3.15 section A.5.1, as far as it is used here.
type (
	auditMessage struct {
		XMLName      xml.Name            `xml:"AuditMessage"`
		Event        eventIdentification `xml:"EventIdentification"`
		Participants []activeParticipant `xml:"ActiveParticipant"`
		Source       sourceID            `xml:"AuditSourceIdentification"`
		Objects      []participantObject `xml:"ParticipantObjectIdentification"`
	}
	eventIdentification struct {
		Action  string     `xml:"EventActionCode,attr"`
		At      string     `xml:"EventDateTime,attr"`
		Outcome Outcome    `xml:"EventOutcomeIndicator,attr"`
		ID      codedValue `xml:"EventID"`
		// Kinds are EventTypeCodes.
		Kinds       []codedValue `xml:"EventTypeCode"`
		Description string       `xml:"EventOutcomeDescription,omitempty"`
	}
	codedValue struct {
		Code   string `xml:"csd-code,attr"`
		Scheme string `xml:"codeSystemName,attr,omitempty"`
		Text   string `xml:"originalText,attr,omitempty"`
	}
	activeParticipant struct {
		UserID      string      `xml:"UserID,attr"`
		Alternative string      `xml:"AlternativeUserID,attr,omitempty"`
		UserName    string      `xml:"UserName,attr,omitempty"`
		Requestor   bool        `xml:"UserIsRequestor,attr"`
		PointID     string      `xml:"NetworkAccessPointID,attr,omitempty"`
		PointType   string      `xml:"NetworkAccessPointTypeCode,attr,omitempty"`
		Role        *codedValue `xml:"RoleIDCode"`
	}
	sourceID struct {
		Site string     `xml:"AuditEnterpriseSiteID,attr,omitempty"`
		ID   string     `xml:"AuditSourceID,attr"`
		Kind codedValue `xml:"AuditSourceTypeCode"`
	}
	participantObject struct {
		ID     string     `xml:"ParticipantObjectID,attr"`
		Type   int        `xml:"ParticipantObjectTypeCode,attr"`
		Role   int        `xml:"ParticipantObjectTypeCodeRole,attr"`
		IDType codedValue `xml:"ParticipantObjectIDTypeCode"`
		Name   string     `xml:"ParticipantObjectName,omitempty"`
		// Details are base64, as xml does with bytes.
		Details []objectDetail `xml:"ParticipantObjectDetail"`
	}
	objectDetail struct {
		Type  string `xml:"type,attr"`
		Value string `xml:"value,attr"`
	}
)

// XML is the event as an AuditMessage, without an XML declaration.
func (t Told) XML(s Source) ([]byte, error) {
	is := events[t.Kind]
	m := auditMessage{
		Event: eventIdentification{
			Action: is.action, At: t.At.UTC().Format(time.RFC3339Nano), Outcome: t.Outcome,
			ID: dicomCode(is.id), Description: clean(t.Detail),
		},
		Source: sourceID{Site: clean(s.Site), ID: clean(s.ID), Kind: codedValue{Code: auditSourceKind}},
	}
	if is.kind != (code{}) {
		m.Event.Kinds = []codedValue{dicomCode(is.kind)}
	}
	m.Participants = t.participants(s)
	patients := map[[3]string]bool{}
	for _, study := range t.Studies {
		m.Objects = append(m.Objects, studyObject(study))
	}
	for _, study := range t.Studies {
		who := [3]string{study.PatientID, study.Issuer, study.PatientName}
		if patients[who] || study.Erased {
			continue
		}
		patients[who] = true
		m.Objects = append(m.Objects, patientObject(study))
	}
	return xml.Marshal(m)
}

// participants: who did it, and the service.
func (t Told) participants(s Source) []activeParticipant {
	who := activeParticipant{UserID: clean(t.Who.Name), UserName: clean(t.Who.Display), Requestor: true}
	if who.UserID == "" {
		who.UserID = "unknown"
	}
	service := activeParticipant{UserID: clean(s.ID), Alternative: s.Process, PointID: clean(s.Host), PointType: "1"} // a machine's name
	if t.Who.Address != "" {
		who.PointID, who.PointType = t.Who.Address, "2" // an IP address
	}
	role := func(c code) *codedValue { v := dicomCode(c); return &v }
	switch t.Kind {
	case Exported, Transferred:
		service.Role, who.Role = role(source), role(destination)
	case Queried:
		service.Role, who.Role = role(destination), role(source)
	case Started, Stopped:
		service.Role = role(application)
	}
	return []activeParticipant{who, service}
}

func studyObject(s ToldStudy) participantObject {
	o := participantObject{ID: clean(s.UID), Type: 2, Role: 3, IDType: dicomCode(studyInstance)}
	if s.Erased { // the name that the log has
		o.ID, o.IDType = s.Pseudonym, codedValue{Code: "pseudonym", Scheme: "99NAFAS", Text: "Pseudonym of an erased study"}
	}
	return o
}

func patientObject(s ToldStudy) participantObject {
	o := participantObject{
		ID: clean(s.PatientID), Type: 1, Role: 1, Name: clean(s.PatientName),
		IDType: codedValue{Code: patientNumber.value, Scheme: rfc3881Scheme, Text: patientNumber.meaning},
	}
	if s.Issuer != "" { // as HL7 writes it, PS3.15 leaves it open
		o.ID += "^^^" + clean(s.Issuer)
	}
	return o
}

func dicomCode(c code) codedValue {
	return codedValue{Code: c.value, Scheme: dicomScheme, Text: c.meaning}
}

// clean takes out what XML cannot hold.
func clean(s string) string {
	return strings.Map(func(r rune) rune {
		if r < ' ' || r == 0x7f || r == 0xfffe || r == 0xffff {
			return ' '
		}
		return r
	}, strings.ToValidUTF8(s, "?"))
}

// Syslog is the event as a syslog message (RFC 5424) of PS3.15 section A.6:
// security facility 10, severity notice, or warning where something failed.
func (t Told) Syslog(s Source) ([]byte, error) {
	body, err := t.XML(s)
	if err != nil {
		return nil, err
	}
	severity := 5
	if t.Outcome != Success {
		severity = 4
	}
	head := fmt.Sprintf("<%d>1 %s %s nafas %s DICOM+RFC3881 - \ufeff", 10*8+severity, t.At.UTC().Format("2006-01-02T15:04:05.000Z"), token(s.Host, 255), token(s.Process, 128))
	return append([]byte(head), body...), nil
}

// token is a word of a syslog header: printable ASCII, "-" for none.
func token(s string, most int) string {
	s = strings.Map(func(r rune) rune {
		if r <= ' ' || r >= 0x7f {
			return -1
		}
		return r
	}, s)
	if s == "" {
		return "-"
	}
	return s[:min(len(s), most)]
}
