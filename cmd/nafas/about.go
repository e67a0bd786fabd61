package main

import (
	"nafas/internal/triage"
	"nafas/internal/web/api"
	"nafas/models"
)

// about is what the page says of this program and its live model.
func (s *service) about() (api.About, error) {
	live, err := aboutModel(s.models.Identity().Model)
	live.Live = true
	return api.About{Version: buildVersion(), Models: []api.AboutModel{live}}, err
}

// aboutModel says what is known of a model: where it is not the very one that is
// shipped, nothing is.
func aboutModel(m triage.Model) (api.AboutModel, error) {
	out := api.AboutModel{Model: api.ModelName(m), Accuracy: []api.Figure{}, Limits: []api.CodeText{}}
	shipped, err := models.Open(m.Name)
	if err != nil || shipped.SHA256() != m.SHA256 {
		return out, nil // somebody's own
	}
	measured, _, err := models.MeasuredOf(m.Name)
	if err != nil {
		return out, err
	}
	for _, f := range measured.Figures {
		out.Accuracy = append(out.Accuracy, api.Figure{
			Set: f.Set, Point: f.Point, What: f.What, Hit: f.Hit, Of: f.Of, Value: float64(f.Hit) / float64(f.Of),
		})
	}
	for _, l := range measured.Limits {
		out.Limits = append(out.Limits, api.CodeText(l))
	}
	return out, nil
}
