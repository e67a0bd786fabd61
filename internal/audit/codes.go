package audit

// code is one of DICOM's (PS3.16 annex D).
type code struct{ value, meaning string }

// described is how a kind of event is said in DICOM.
type described struct {
	id code
	// kinds are EventTypeCodes.
	kind code
	// action is C, R, U, D or E.
	action string
}

// events are those of PS3.15 section A.5.3.
var events = map[Kind]described{
	SignedIn:     {code{"110114", "User Authentication"}, code{"110122", "Login"}, "E"},
	SignedOut:    {code{"110114", "User Authentication"}, code{"110123", "Logout"}, "E"},
	Opened:       {code{"110103", "DICOM Instances Accessed"}, code{}, "R"},
	Reviewed:     {code{"110103", "DICOM Instances Accessed"}, code{}, "U"},
	Exported:     {code{"110106", "Export"}, code{}, "R"},
	Transferred:  {code{"110104", "DICOM Instances Transferred"}, code{}, "R"},
	Deleted:      {code{"110105", "DICOM Study Deleted"}, code{}, "D"},
	Queried:      {code{"110112", "Query"}, code{}, "E"},
	Administered: {code{"110113", "Security Alert"}, code{"110137", "User Security Attributes Changed"}, "E"},
	Configured:   {code{"110113", "Security Alert"}, code{"110131", "Software Configuration"}, "E"},
	Read:         {code{"110101", "Audit Log Used"}, code{}, "R"},
	Started:      {code{"110100", "Application Activity"}, code{"110120", "Application Start"}, "E"},
	Stopped:      {code{"110100", "Application Activity"}, code{"110121", "Application Stop"}, "E"},
}

// Codes that events point with.
var (
	source          = code{"110153", "Source Role ID"}
	destination     = code{"110152", "Destination Role ID"}
	application     = code{"110150", "Application"}
	studyInstance   = code{"110180", "Study Instance UID"}
	patientNumber   = code{"2", "Patient Number"}
	dicomScheme     = "DCM"
	rfc3881Scheme   = "RFC-3881"
	auditSourceKind = "4" // application server process
)
