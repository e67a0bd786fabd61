package api

// ModelName names a detector exactly.
type ModelName struct {
	Name    string `json:"name"`
	Version string `json:"version"`
	SHA256  string `json:"sha256"`
}

// About is GET /api/about: what this is, and what is known of its model.
type About struct {
	Version string       `json:"version"`
	Models  []AboutModel `json:"models"`
}

// AboutModel is a model that results on this server are of; the first is the one
// in service.
type AboutModel struct {
	Model ModelName `json:"model"`
	// Live: it reads new studies.
	Live bool `json:"live"`
	// Accuracy are measured figures: each with its data set, its count and its
	// operating point.
	Accuracy []Figure `json:"accuracy"`
	// Limits are what it was not made or tested for: codes that the page has words
	// for, with the sentence of the model card in English.
	Limits []CodeText `json:"limits"`
}

// Figure is one measured figure: Hit of Of. Set, Point and What are codes that the
// page has words for.
type Figure struct {
	// Set is the data set: real, simulated, phantoms.
	Set string `json:"set"`
	// Point is the operating point: one, four (false marks per scan).
	Point string `json:"point"`
	// What says which nodules: all, size_4_6, size_6_8, size_8, solid, part_solid,
	// ground_glass, calcified.
	What  string  `json:"what"`
	Hit   int     `json:"hit"`
	Of    int     `json:"of"`
	Value float64 `json:"value"`
}
