package config

import (
	"errors"
	"fmt"
	"net"
	"net/netip"
	"net/url"
	"slices"
	"time"

	"nafas/internal/access"
)

// Web says how people sign in to the page.
type Web struct {
	// PublicURL is the address in browsers where a proxy stands before the service;
	// "" without one.
	PublicURL string `yaml:"public-url"`
	// Proxies are the addresses or networks of such proxies. None means this machine.
	Proxies []string `yaml:"proxies"`
	// Session says when people are signed out.
	Session Session `yaml:"session"`
	// OIDC is nil without a provider.
	OIDC *OIDC `yaml:"oidc"`
}

// Session says when people are signed out; zeros mean 15 minutes and 10 hours.
type Session struct {
	// Idle is how long nothing may be done.
	Idle Duration `yaml:"idle"`
	// Absolute is after how long everybody signs in again.
	Absolute Duration `yaml:"absolute"`
}

// OIDC is a provider of OpenID Connect.
type OIDC struct {
	// Name is what people know it by. "" means its host.
	Name string `yaml:"name"`
	// Issuer is the URL below which it describes itself.
	Issuer   string `yaml:"issuer"`
	ClientID string `yaml:"client-id"`
	// ClientSecretFile holds the secret; "" for a client without one.
	ClientSecretFile string `yaml:"client-secret-file"`
	// RedirectURL is /auth/callback of the service as browsers see it.
	RedirectURL string `yaml:"redirect-url"`
	// Scopes are asked for besides openid. None means profile.
	Scopes []string `yaml:"scopes"`
	// NameClaim is unique and lasting at the provider. "" means sub.
	NameClaim string `yaml:"name-claim"`
	// RolesClaim has the words of Roles; dots lead into objects.
	RolesClaim string `yaml:"roles-claim"`
	// Roles says which roles a word gives: read, review, admin.
	Roles map[string][]string `yaml:"roles"`
}

// CallbackPath is where a provider sends browsers.
const CallbackPath = "/auth/callback"

// Public is the parsed PublicURL; nil without one.
func (w Web) Public() *url.URL {
	if w.PublicURL == "" {
		return nil
	}
	u, err := url.Parse(w.PublicURL)
	if err != nil {
		return nil // check has refused it
	}
	return u
}

// ProxyNetworks are the parsed Proxies; nil where there are none.
func (w Web) ProxyNetworks() ([]netip.Prefix, error) {
	var out []netip.Prefix
	for _, text := range w.Proxies {
		p, err := netip.ParsePrefix(text)
		if err != nil {
			at, err := netip.ParseAddr(text)
			if err != nil {
				return nil, fmt.Errorf("proxies: %s is no address, and no network such as 10.0.0.0/24", text)
			}
			p = netip.PrefixFrom(at, at.BitLen())
		}
		out = append(out, p)
	}
	return out, nil
}

// PeopleRoles are the roles that people can have.
var PeopleRoles = []string{string(access.RoleRead), string(access.RoleReview), string(access.RoleAdmin)}

// Granted is Roles in the types of who grants them.
func (o OIDC) Granted() map[string][]access.Role {
	out := map[string][]access.Role{}
	for word, roles := range o.Roles {
		for _, r := range roles {
			out[word] = append(out[word], access.Role(r))
		}
	}
	return out
}

func (w Web) check() error {
	if w.PublicURL != "" {
		u, err := safeURL("public-url", w.PublicURL)
		if err != nil {
			return err
		}
		if u.Path != "" && u.Path != "/" {
			return errors.New("public-url: the page stands at the root of its host: give the URL without a path")
		}
	} else if len(w.Proxies) > 0 {
		return errors.New("proxies goes with public-url")
	}
	if _, err := w.ProxyNetworks(); err != nil {
		return err
	}
	if err := w.Session.check(); err != nil {
		return fmt.Errorf("session: %w", err)
	}
	if w.OIDC == nil {
		return nil
	}
	if err := w.OIDC.check(); err != nil {
		return fmt.Errorf("oidc: %w", err)
	}
	return nil
}

func (s Session) check() error {
	idle, absolute := time.Duration(s.Idle), time.Duration(s.Absolute)
	switch {
	case idle != 0 && (idle < time.Minute || idle > 24*time.Hour):
		return errors.New("idle must be between 1m and 24h")
	case absolute != 0 && (absolute < time.Minute || absolute > 7*24*time.Hour):
		return errors.New("absolute must be between 1m and 168h")
	}
	return nil
}

func (o OIDC) check() error {
	if _, err := safeURL("issuer", o.Issuer); err != nil {
		return err
	}
	back, err := safeURL("redirect-url", o.RedirectURL)
	if err != nil {
		return err
	}
	switch {
	case back.Path != CallbackPath:
		return errors.New("redirect-url is the service's address in browsers with " + CallbackPath + " behind it, as the provider knows it")
	case o.ClientID == "":
		return errors.New("client-id is missing: the one that the provider gave the service")
	case o.RolesClaim == "" || len(o.Roles) == 0:
		return errors.New("roles-claim and roles are needed: which claim, and which of its words give read, review or admin. Whoever has none of them is not let in")
	case slices.Contains(o.Scopes, "offline_access"):
		return errors.New("scopes: offline_access is not needed, and gives more than is good")
	}
	for word, roles := range o.Roles {
		if len(roles) == 0 {
			return fmt.Errorf("roles: %s gives no role", word)
		}
		if err := oneOf("roles: "+word, roles, PeopleRoles); err != nil {
			return err
		}
	}
	return nil
}

// safeURL is an absolute URL by which nothing is read on the way.
func safeURL(field, text string) (*url.URL, error) {
	u, err := url.Parse(text)
	switch {
	case err != nil || u.Host == "" || u.User != nil || u.RawQuery != "" || u.Fragment != "":
		return nil, fmt.Errorf("%s is not a URL such as https://HOST", field)
	case u.Scheme == "https":
	case u.Scheme == "http" && access.Loopback(net.JoinHostPort(u.Hostname(), "0")):
	default:
		return nil, fmt.Errorf("%s must be https:// (http:// only on this machine)", field)
	}
	return u, nil
}

// Audit says where the audit trail goes, besides the data folder.
type Audit struct {
	// Site is the enterprise that messages name; "" names none.
	Site string `yaml:"site"`
	// Syslog is nil where nothing is sent.
	Syslog *Syslog `yaml:"syslog"`
}

// Syslog is a collector of audit messages, by syslog over TLS.
type Syslog struct {
	// Address is HOST:PORT.
	Address string `yaml:"address"`
	TLS     `yaml:",inline"`
}

// Client are the settings of the connection.
func (s Syslog) Client() access.ClientTLS {
	return access.ClientTLS{CA: s.CA, Cert: s.Cert, Key: s.Key}
}

func (a Audit) check() error {
	if a.Syslog == nil {
		return nil
	}
	if host, _, err := net.SplitHostPort(a.Syslog.Address); err != nil || host == "" {
		return fmt.Errorf("syslog: address %q is not HOST:PORT (the port of syslog over TLS is 6514)", a.Syslog.Address)
	}
	return nil
}
