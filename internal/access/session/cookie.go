package session

import (
	"crypto/rand"
	"crypto/sha256"
	"encoding/base64"
	"errors"
	"net"
	"net/http"
	"net/netip"
	"strings"
	"time"

	"nafas/internal/access/account"
)

// The cookies. __Host- has browsers take them from this host alone, over TLS, for
// every path (RFC 6265bis section 4.1.3.2); without TLS they would refuse it.
const (
	sessionCookie = "nafas"
	startCookie   = "nafas-start"
	hostPrefix    = "__Host-"
)

// newSecret has 256 bits.
func newSecret() string {
	raw := make([]byte, 32)
	_, _ = rand.Read(raw) // never fails; it ends the process instead
	return base64.RawURLEncoding.EncodeToString(raw)
}

// idOf is what is kept of a secret.
func idOf(secret string) [32]byte { return sha256.Sum256([]byte("nafas session\x00" + secret)) }

func isUnknown(err error) bool { return errors.Is(err, account.ErrUnknown) }

// encrypted says whether the browser came by TLS, to us or to the proxy.
func (s *Sessions) encrypted(r *http.Request) bool {
	return r.TLS != nil || s.o.Public != nil && s.o.Public.Scheme == "https"
}

func (s *Sessions) cookieName(r *http.Request, name string) string {
	if s.encrypted(r) {
		return hostPrefix + name
	}
	return name
}

// presented is the secret that r brings; "" without one.
func (s *Sessions) presented(r *http.Request) string {
	c, err := r.Cookie(s.cookieName(r, sessionCookie))
	if err != nil {
		return ""
	}
	return c.Value
}

// setCookie sets a cookie for as long as the browser is open; an empty value
// takes it away. The session's is Strict: what it opens is asked for by the page
// itself, never by a link into it.
func (s *Sessions) setCookie(w http.ResponseWriter, r *http.Request, name, value string, site http.SameSite) {
	c := &http.Cookie{
		Name: s.cookieName(r, name), Value: value, Path: "/",
		HttpOnly: true, Secure: s.encrypted(r), SameSite: site,
	}
	if value == "" {
		c.MaxAge, c.Expires = -1, time.Unix(0, 0)
	}
	http.SetCookie(w, c)
}

// Address is the IP address that r came from, as the proxy says where one stands
// before the service; "" where it cannot be told.
func (s *Sessions) Address(r *http.Request) string {
	host, _, err := net.SplitHostPort(r.RemoteAddr)
	if err != nil {
		return ""
	}
	at, err := netip.ParseAddr(host)
	if err != nil {
		return ""
	}
	at = at.Unmap().WithZone("")
	if s.o.Public == nil || !s.proxy(at) {
		return at.String()
	}
	// What a client claims stands before what the proxy adds.
	all := strings.Split(strings.Join(r.Header.Values("X-Forwarded-For"), ","), ",")
	if last, err := netip.ParseAddr(strings.TrimSpace(all[len(all)-1])); err == nil {
		return last.Unmap().WithZone("").String()
	}
	return at.String()
}

func (s *Sessions) proxy(at netip.Addr) bool {
	for _, p := range s.o.Proxies {
		if p.Contains(at) {
			return true
		}
	}
	return false
}
