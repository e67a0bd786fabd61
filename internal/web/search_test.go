package web_test

import (
	"context"
	"net/http"
	"net/http/httptest"
	"testing"

	"github.com/stretchr/testify/require"

	"nafas/internal/access"
	"nafas/internal/triage"
	"nafas/internal/web"
)

// searched is a service that keeps what it was asked to list.
type searched struct {
	web.Studies
	q triage.Listing
}

func (s *searched) List(_ context.Context, _ triage.Lists, q triage.Listing) ([]triage.Listed, int, string, error) {
	s.q = q
	return nil, 0, "1", nil
}

func (s *searched) Watch(ctx context.Context, _ string) (<-chan triage.Event, error) {
	return make(chan triage.Event), nil
}

type noLists struct{ triage.Lists }

func (noLists) Tally(context.Context) (triage.Tally, error) { return triage.Tally{}, nil }

// TestSearchInAHeader: what is searched for needs to stand in no address.
func TestSearchInAHeader(t *testing.T) {
	for name, c := range map[string]struct {
		address, header, want string
		status                int
	}{
		"in the header, in any script":  {"/api/worklist", "%D8%A8%D9%86%D8%B9%D9%84%D9%8A%20100%25", "بنعلي 100%", http.StatusOK},
		"in the address":                {"/api/worklist?search=a", "", "", http.StatusBadRequest},
		"in both":                       {"/api/worklist?search=a", "b", "", http.StatusBadRequest},
		"not percent-encoded":           {"/api/worklist", "100%", "", http.StatusBadRequest},
		"a plus is a plus, not a space": {"/api/worklist", "a+b", "a+b", http.StatusOK},
	} {
		t.Run(name, func(t *testing.T) {
			asked := &searched{}
			w, err := web.New(web.Options{Studies: asked, Lists: noLists{}, Gate: gate{}, Admit: func(*http.Request, access.Principal) error { return nil }})
			require.NoError(t, err)
			defer w.Stop()
			r := httptest.NewRequest(http.MethodGet, c.address, nil)
			r.Header.Set("Test-Reader", everybody)
			if c.header != "" {
				r.Header.Set("X-Nafas-Search", c.header)
			}
			answer := httptest.NewRecorder()
			w.ServeHTTP(answer, r)
			require.Equal(t, c.status, answer.Code, answer.Body)
			require.Equal(t, c.want, asked.q.Search)
		})
	}
}
