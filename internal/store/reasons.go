package store

import (
	"encoding/json"

	"nafas/internal/triage"
)

// encodeReasons writes the reasons of a priority as a list of objects.
func encodeReasons(reasons []triage.PriorityReason) (string, error) {
	if reasons == nil {
		reasons = []triage.PriorityReason{}
	}
	text, err := json.Marshal(reasons)
	return string(text), err
}

// decodeReasons reads them; those of earlier versions are sentences without a
// code.
func decodeReasons(text string) ([]triage.PriorityReason, error) {
	var entries []json.RawMessage
	if err := json.Unmarshal([]byte(text), &entries); err != nil {
		return nil, err
	}
	out := make([]triage.PriorityReason, len(entries))
	for i, raw := range entries {
		into := any(&out[i])
		if len(raw) > 0 && raw[0] == '"' {
			into = &out[i].Text
		}
		if err := json.Unmarshal(raw, into); err != nil {
			return nil, err
		}
	}
	return out, nil
}
