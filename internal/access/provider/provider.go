// Package provider signs people in by OpenID Connect: the code flow with PKCE,
// state and nonce (OpenID Connect Core 1.0 section 3.1, RFC 7636, RFC 9700).
package provider

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"slices"
	"strings"
	"sync"
	"time"

	"github.com/coreos/go-oidc/v3/oidc"
	"golang.org/x/oauth2"

	"nafas/internal/access"
	"nafas/internal/access/account"
	"nafas/internal/access/session"
)

// Options of New.
type Options struct {
	// Name is what people know the provider by. Default: the host of Issuer.
	Name string
	// Issuer is the URL below which the provider describes itself.
	Issuer string
	// ClientID and ClientSecret are those that the provider knows the service by.
	ClientID, ClientSecret string
	// RedirectURL is /auth/callback of the service as browsers see it.
	RedirectURL string
	// Scopes are asked for besides openid. Default: profile.
	Scopes []string
	// NameClaim is unique and lasting at the provider. Default: sub.
	NameClaim string
	// RolesClaim holds a word or a list of them; dots lead into objects.
	RolesClaim string
	// Roles says which roles a word of RolesClaim gives.
	Roles map[string][]access.Role
	// Client reaches the provider. Default: one with a timeout of 10 s.
	Client *http.Client
}

// Provider is an OpenID Connect provider.
type Provider struct {
	o Options
	// mu guards what follows.
	mu    sync.Mutex
	found *oidc.Provider
	// tried is when it failed to answer last, with failure.
	tried   time.Time
	failure error
}

// pause is how long a provider that did not answer is not asked again: who
// presses the button in the meantime hears it at once.
const pause = 2 * time.Second

var _ session.Provider = (*Provider)(nil)

// New makes a Provider. It asks the provider nothing: that may be down now.
func New(o Options) *Provider {
	if o.Client == nil {
		o.Client = &http.Client{Timeout: 10 * time.Second}
	}
	if o.NameClaim == "" {
		o.NameClaim = "sub"
	}
	if o.Scopes == nil {
		o.Scopes = []string{"profile"}
	}
	return &Provider{o: o}
}

// Name implements session.Provider.
func (p *Provider) Name() string { return p.o.Name }

// discover asks the provider where its endpoints are, once.
func (p *Provider) discover(ctx context.Context) (*oidc.Provider, error) {
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.found != nil {
		return p.found, nil
	}
	if time.Since(p.tried) < pause {
		return nil, p.failure
	}
	// Its keys are fetched by this context later: not one of a request.
	found, err := oidc.NewProvider(oidc.ClientContext(context.WithoutCancel(ctx), p.o.Client), p.o.Issuer)
	if err != nil {
		p.tried, p.failure = time.Now(), fmt.Errorf("OpenID Connect provider %s: %w", p.o.Issuer, err)
		return nil, p.failure
	}
	p.found = found
	return found, nil
}

func (p *Provider) client(found *oidc.Provider) *oauth2.Config {
	return &oauth2.Config{
		ClientID: p.o.ClientID, ClientSecret: p.o.ClientSecret, Endpoint: found.Endpoint(), RedirectURL: p.o.RedirectURL,
		Scopes: append([]string{oidc.ScopeOpenID}, p.o.Scopes...),
	}
}

// Start implements session.Provider.
func (p *Provider) Start(ctx context.Context, s session.Secrets) (string, error) {
	found, err := p.discover(ctx)
	if err != nil {
		return "", err
	}
	return p.client(found).AuthCodeURL(s.State, oidc.Nonce(s.Nonce), oauth2.S256ChallengeOption(s.Verifier)), nil
}

// Finish implements session.Provider.
func (p *Provider) Finish(ctx context.Context, code string, s session.Secrets) (account.Person, error) {
	var nobody account.Person
	if code == "" {
		return nobody, fmt.Errorf("%w: it sent no code", session.ErrRefused)
	}
	found, err := p.discover(ctx)
	if err != nil {
		return nobody, err
	}
	ctx = oidc.ClientContext(ctx, p.o.Client)
	client := p.client(found)
	tokens, err := client.Exchange(ctx, code, oauth2.VerifierOption(s.Verifier))
	if err != nil {
		return nobody, exchangeError(err)
	}
	raw, ok := tokens.Extra("id_token").(string)
	if !ok {
		return nobody, fmt.Errorf("%w: it sent no ID token", session.ErrRefused)
	}
	id, err := found.Verifier(&oidc.Config{ClientID: p.o.ClientID}).Verify(ctx, raw)
	if err != nil {
		return nobody, fmt.Errorf("%w: %w", session.ErrRefused, err)
	}
	if id.Nonce != s.Nonce {
		return nobody, fmt.Errorf("%w: the ID token is of another sign-in", session.ErrRefused)
	}
	claims := map[string]any{}
	if err := id.Claims(&claims); err != nil {
		return nobody, fmt.Errorf("%w: %w", session.ErrRefused, err)
	}
	// OpenID Connect Core 1.0 section 3.1.3.7, steps 4 and 5: one of several clients
	// is the one that it was made for.
	if party, said := claims["azp"]; said && party != p.o.ClientID {
		return nobody, fmt.Errorf("%w: the ID token was made for another client", session.ErrRefused)
	}
	if err := p.more(ctx, found, client.TokenSource(ctx, tokens), id.Subject, claims); err != nil {
		return nobody, err
	}
	return p.person(claims)
}

// exchangeError: who was answered with a refusal was refused; whoever got no
// answer, or one of a server that is broken, can try again.
func exchangeError(err error) error {
	var answer *oauth2.RetrieveError
	if errors.As(err, &answer) && answer.Response.StatusCode < http.StatusInternalServerError {
		return fmt.Errorf("%w: %s", session.ErrRefused, answer.ErrorCode)
	}
	return err
}

// more asks for the claims that many providers leave out of the ID token.
func (p *Provider) more(ctx context.Context, found *oidc.Provider, token oauth2.TokenSource, subject string, claims map[string]any) error {
	if found.UserInfoEndpoint() == "" || claim(claims, p.o.NameClaim) != nil && claim(claims, p.o.RolesClaim) != nil && display(claims) != "" {
		return nil
	}
	info, err := found.UserInfo(ctx, token)
	if err != nil {
		return err
	}
	if info.Subject != subject { // OpenID Connect Core 1.0 section 5.3.2
		return fmt.Errorf("%w: its user info is of another user", session.ErrRefused)
	}
	told := map[string]any{}
	if err := info.Claims(&told); err != nil {
		return fmt.Errorf("%w: %w", session.ErrRefused, err)
	}
	for name, value := range told {
		if _, signed := claims[name]; !signed {
			claims[name] = value
		}
	}
	return nil
}

// person is whom claims describe.
func (p *Provider) person(claims map[string]any) (account.Person, error) {
	name, _ := claim(claims, p.o.NameClaim).(string)
	if name == "" || len(name) > 255 || !account.Legible(name) {
		return account.Person{}, fmt.Errorf("%w: the claim %s is no name", session.ErrRefused, p.o.NameClaim)
	}
	out := account.Person{Name: account.ProviderPrefix + name, Display: display(claims)}
	if account.CheckDisplay(out.Display) != nil {
		out.Display = name
	}
	for _, word := range words(claim(claims, p.o.RolesClaim)) {
		for _, role := range p.o.Roles[word] {
			if !slices.Contains(out.Roles, role) {
				out.Roles = append(out.Roles, role)
			}
		}
	}
	return out, nil
}

// display is how the provider calls a user.
func display(claims map[string]any) string {
	for _, name := range []string{"name", "preferred_username", "email"} {
		if text, ok := claims[name].(string); ok && strings.TrimSpace(text) != "" {
			return strings.TrimSpace(text)
		}
	}
	return ""
}

// claim finds a claim; where there is none of the whole name, its dots lead into
// objects ("realm_access.roles"). nil where there is none.
func claim(claims map[string]any, name string) any {
	if value, ok := claims[name]; ok {
		return value
	}
	first, rest, ok := strings.Cut(name, ".")
	inner, is := claims[first].(map[string]any)
	if !ok || !is {
		return nil
	}
	return claim(inner, rest)
}

// words of a claim: a list, or text with words.
func words(value any) []string {
	switch v := value.(type) {
	case string:
		return strings.Fields(v)
	case []any:
		var out []string
		for _, each := range v {
			if text, ok := each.(string); ok {
				out = append(out, text)
			}
		}
		return out
	}
	return nil
}
