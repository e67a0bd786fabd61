package web

import (
	"context"
	"net/http"

	"nafas/internal/access"
	"nafas/internal/web/api"
)

// openGate lets everybody on this machine in.
type openGate struct{ tokens *access.Tokens }

// Open is the Gate of a machine without users: whoever reaches the listener on
// loopback is let in, or with tokens who has one.
func Open(tokens *access.Tokens) Gate { return openGate{tokens} }

func (g openGate) Mount(mux *http.ServeMux) {
	w := &Web{}
	mux.HandleFunc("GET /api/sign-in", func(rw http.ResponseWriter, _ *http.Request) {
		w.write(rw, http.StatusOK, api.SignInMethods{Open: true})
	})
	mux.Handle("GET /api/me", g.Require(access.RoleRead, http.HandlerFunc(func(rw http.ResponseWriter, _ *http.Request) {
		w.write(rw, http.StatusOK, api.Me{Name: "", Display: "", Roles: []string{"read", "review", "admin"}, Open: true})
	})))
}

func (g openGate) Require(role access.Role, next http.Handler) http.Handler {
	return access.Bearer(g.tokens, role, next)
}

func (g openGate) Who(context.Context) Visitor { return Visitor{} }
