package interop

// The elements of FHIR R4 (4.0.1) that are written, in the specification's
// order and under its names.

// resource is anything that a bundle holds.
type resource interface{ url() string }

type head struct {
	ResourceType string `json:"resourceType"`
	ID           string `json:"id"`
	Meta         *meta  `json:"meta,omitempty"`
	Language     string `json:"language,omitempty"`
}

func (h head) url() string { return "urn:uuid:" + h.ID }

func (h head) ref() *reference { return &reference{Reference: h.url()} }

type meta struct {
	Security []coding `json:"security,omitempty"`
}

type coding struct {
	System  string `json:"system,omitempty"`
	Code    string `json:"code,omitempty"`
	Display string `json:"display,omitempty"`
}

type codeable struct {
	Coding []coding `json:"coding,omitempty"`
	Text   string   `json:"text,omitempty"`
}

type identifier struct {
	Type     *codeable  `json:"type,omitempty"`
	System   string     `json:"system,omitempty"`
	Value    string     `json:"value"`
	Assigner *reference `json:"assigner,omitempty"`
}

type reference struct {
	Reference  string      `json:"reference,omitempty"`
	Type       string      `json:"type,omitempty"`
	Identifier *identifier `json:"identifier,omitempty"`
	Display    string      `json:"display,omitempty"`
}

type quantity struct {
	Value  float64 `json:"value"`
	Unit   string  `json:"unit"`
	System string  `json:"system"`
	Code   string  `json:"code"`
}

type annotation struct {
	AuthorReference *reference `json:"authorReference,omitempty"`
	Time            string     `json:"time,omitempty"`
	Text            string     `json:"text"`
}

type narrative struct {
	Status string `json:"status"`
	Div    string `json:"div"`
}

type bundle struct {
	head
	Identifier *identifier `json:"identifier"`
	Type       string      `json:"type"`
	Timestamp  string      `json:"timestamp"`
	Entry      []entry     `json:"entry"`
}

type entry struct {
	FullURL  string   `json:"fullUrl"`
	Resource resource `json:"resource"`
}

type diagnosticReport struct {
	head
	Text         narrative    `json:"text"`
	Identifier   []identifier `json:"identifier"`
	BasedOn      []*reference `json:"basedOn,omitempty"`
	Status       string       `json:"status"`
	Category     []codeable   `json:"category"`
	Code         codeable     `json:"code"`
	Subject      *reference   `json:"subject"`
	Effective    string       `json:"effectiveDateTime,omitempty"`
	Issued       string       `json:"issued"`
	Interpreter  []*reference `json:"resultsInterpreter,omitempty"`
	Result       []*reference `json:"result"`
	ImagingStudy []*reference `json:"imagingStudy"`
	Conclusion   string       `json:"conclusion"`
}

type observation struct {
	head
	Identifier    []identifier `json:"identifier,omitempty"`
	Status        string       `json:"status"`
	Category      []codeable   `json:"category"`
	Code          codeable     `json:"code"`
	Subject       *reference   `json:"subject"`
	Effective     string       `json:"effectiveDateTime,omitempty"`
	Issued        string       `json:"issued"`
	Performer     []*reference `json:"performer,omitempty"`
	ValueCodeable *codeable    `json:"valueCodeableConcept,omitempty"`
	ValueString   string       `json:"valueString,omitempty"`
	AbsentReason  *codeable    `json:"dataAbsentReason,omitempty"`
	Interpret     []codeable   `json:"interpretation,omitempty"`
	Note          []annotation `json:"note"`
	BodySite      *codeable    `json:"bodySite,omitempty"`
	Method        *codeable    `json:"method,omitempty"`
	Device        *reference   `json:"device,omitempty"`
	DerivedFrom   []*reference `json:"derivedFrom"`
	Component     []component  `json:"component,omitempty"`
}

type component struct {
	Code          codeable  `json:"code"`
	ValueQuantity *quantity `json:"valueQuantity,omitempty"`
	ValueCodeable *codeable `json:"valueCodeableConcept,omitempty"`
	ValueString   string    `json:"valueString,omitempty"`
	ValueBoolean  *bool     `json:"valueBoolean,omitempty"`
	ValueInteger  int       `json:"valueInteger,omitempty"`
}

type task struct {
	head
	Status          string     `json:"status"`
	Intent          string     `json:"intent"`
	Priority        string     `json:"priority"`
	Code            codeable   `json:"code"`
	Focus           *reference `json:"focus"`
	For             *reference `json:"for"`
	AuthoredOn      string     `json:"authoredOn"`
	Requester       *reference `json:"requester"`
	ReasonCode      codeable   `json:"reasonCode"`
	ReasonReference *reference `json:"reasonReference"`
}

type imagingStudy struct {
	head
	Identifier []identifier  `json:"identifier"`
	Status     string        `json:"status"`
	Modality   []coding      `json:"modality"`
	Subject    *reference    `json:"subject"`
	Started    string        `json:"started,omitempty"`
	Series     []studySeries `json:"series"`
}

type studySeries struct {
	UID               string          `json:"uid"`
	Modality          coding          `json:"modality"`
	NumberOfInstances int             `json:"numberOfInstances"`
	Instance          []studyInstance `json:"instance,omitempty"`
}

type studyInstance struct {
	UID      string `json:"uid"`
	SOPClass coding `json:"sopClass"`
}

type device struct {
	head
	Identifier   []identifier    `json:"identifier"`
	Status       string          `json:"status"`
	Manufacturer string          `json:"manufacturer"`
	ModelNumber  string          `json:"modelNumber"`
	DeviceName   []deviceName    `json:"deviceName"`
	Type         codeable        `json:"type"`
	Version      []deviceVersion `json:"version"`
	Note         []annotation    `json:"note"`
}

type deviceName struct {
	Name string `json:"name"`
	Type string `json:"type"`
}

type deviceVersion struct {
	Type  codeable `json:"type"`
	Value string   `json:"value"`
}

type patient struct {
	head
	Identifier []identifier `json:"identifier,omitempty"`
	Name       []humanName  `json:"name,omitempty"`
	Gender     string       `json:"gender,omitempty"`
	BirthDate  string       `json:"birthDate,omitempty"`
}

type practitioner struct {
	head
	Identifier []identifier `json:"identifier,omitempty"`
	Name       []humanName  `json:"name,omitempty"`
}

type humanName struct {
	Extension []extension `json:"extension,omitempty"`
	Text      string      `json:"text,omitempty"`
	Family    string      `json:"family,omitempty"`
	Given     []string    `json:"given,omitempty"`
	Prefix    []string    `json:"prefix,omitempty"`
	Suffix    []string    `json:"suffix,omitempty"`
}

type extension struct {
	URL       string `json:"url"`
	ValueCode string `json:"valueCode"`
}

// coded is a concept as FHIR has it.
func coded(c concept) codeable {
	return codeable{Coding: []coding{{System: systems[c.Scheme], Code: c.Value}}, Text: c.Meaning}
}

// table is a code of one of HL7's own code systems.
func table(name, code, display string) codeable {
	return codeable{Coding: []coding{{System: "http://terminology.hl7.org/CodeSystem/" + name, Code: code, Display: display}}}
}

// dicomUID is a UID as FHIR identifies things of DICOM by it (R4 section
// 10.7.4, ImagingStudy).
func dicomUID(uid string) identifier {
	return identifier{System: "urn:dicom:uid", Value: "urn:oid:" + uid}
}
