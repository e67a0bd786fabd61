package dicomweb

import "encoding/json"

// MediaTypeJSON is that of the DICOM JSON model (PS3.18 annex F).
const MediaTypeJSON = "application/dicom+json"

// Stored is what became of one instance of a store request.
type Stored struct {
	SOPClassUID, SOPInstanceUID string
	// Failure is why it was not stored (PS3.18 table 10.5.3-2, codes of PS3.4
	// annex B.2); 0 where it was.
	Failure uint16
}

// The attributes of a response (PS3.18 table 10.5.3-1).
const (
	failedSOPSequence     = "00081198"
	referencedSOPSequence = "00081199"
	referencedSOPClass    = "00081150"
	referencedSOPInstance = "00081155"
	failureReason         = "00081197"
)

// StoreResponse is the body of an answer to a store request.
func StoreResponse(all []Stored) ([]byte, error) {
	var stored, failed []any
	for _, s := range all {
		one := Dataset{referencedSOPClass: {VR: "UI", Value: values(s.SOPClassUID)}, referencedSOPInstance: {VR: "UI", Value: values(s.SOPInstanceUID)}}
		if s.Failure == 0 {
			stored = append(stored, one)
			continue
		}
		one[failureReason] = attribute{VR: "US", Value: []any{s.Failure}}
		failed = append(failed, one)
	}
	body := Dataset{}
	if stored != nil {
		body[referencedSOPSequence] = attribute{VR: "SQ", Value: stored}
	}
	if failed != nil {
		body[failedSOPSequence] = attribute{VR: "SQ", Value: failed}
	}
	return json.Marshal(body)
}

func values(s string) []any {
	if s == "" {
		return nil
	}
	return []any{s}
}

// parseStoreResponse lists the instances that were not stored, as far as the
// answer says so.
func parseStoreResponse(data []byte) ([]Stored, error) {
	var body map[string]struct {
		Value []map[string]struct {
			Value []any `json:"Value"`
		} `json:"Value"`
	}
	if err := json.Unmarshal(data, &body); err != nil {
		return nil, err
	}
	var failed []Stored
	for _, f := range body[failedSOPSequence].Value {
		one := Stored{Failure: 1}
		if v := f[referencedSOPInstance].Value; len(v) == 1 {
			one.SOPInstanceUID, _ = v[0].(string)
		}
		if v := f[failureReason].Value; len(v) == 1 {
			if n, ok := v[0].(float64); ok && n > 0 && n < 1<<16 {
				one.Failure = uint16(n)
			}
		}
		failed = append(failed, one)
	}
	return failed, nil
}
