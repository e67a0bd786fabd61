package store

import "nafas/inference/finding"

// placeBody is written out field by field like the rest of a result.
type placeBody struct {
	Side         string  `json:"side,omitempty"`
	Lobe         string  `json:"lobe,omitempty"`
	Zone         string  `json:"zone,omitempty"`
	Estimated    bool    `json:"estimated,omitempty"`
	PleuraMM     float64 `json:"pleura_mm"`
	Juxtapleural bool    `json:"juxtapleural,omitempty"`
	FissureMM    float64 `json:"fissure_mm,omitempty"`
	FissureSeen  bool    `json:"fissure_seen,omitempty"`
	Perifissural bool    `json:"perifissural,omitempty"`
}

func encodePlace(p *finding.Place) *placeBody {
	if p == nil {
		return nil
	}
	return &placeBody{string(p.Side), string(p.Lobe), string(p.Zone), p.Estimated, p.PleuraMM, p.Juxtapleural, p.FissureMM, p.FissureSeen, p.Perifissural}
}

func decodePlace(b *placeBody) *finding.Place {
	if b == nil {
		return nil
	}
	return &finding.Place{
		Side: finding.Side(b.Side), Lobe: finding.Lobe(b.Lobe), Zone: finding.Zone(b.Zone), Estimated: b.Estimated,
		PleuraMM: b.PleuraMM, Juxtapleural: b.Juxtapleural, FissureMM: b.FissureMM, FissureSeen: b.FissureSeen, Perifissural: b.Perifissural,
	}
}
