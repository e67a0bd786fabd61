package config_test

import (
	"fmt"
	"os"
	"path/filepath"
	"reflect"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"nafas/inference/measure"
	"nafas/internal/access"
	"nafas/internal/config"
	"nafas/internal/triage/priority"
)

const whole = `
deliver:
  - name: pacs
    dicom: ORTHANC@10.0.0.5:4242
    tls: {ca: ca.pem}
    objects: [sr, ko, seg]
    priorities: [urgent, high]
    language: fr
    confirm: commitment
    patience-days: 3
  - name: web
    web: https://pacs.example/dicom-web
    token-file: /etc/token
  - name: ris
    hl7: 127.0.0.1:2575
poll:
  - name: night
    dicom: ORTHANC@10.0.0.5:4242
    insecure: true
    every: 5m
    words: [poumons]
priors:
  web: https://pacs.example/dicom-web
  token-file: token
  tls: {ca: ca.pem}
  years: 3
  words: [poumons]
categories: {guidelines: [lung-rads, brock], screening: yes}
priority:
  rules:
    - {name: large, level: urgent, point: one, size-mm: 12, unless-kinds: [calcified], kind-confidence: 0.95}
    - name: growing
      level: urgent
      changes: [growing]
      doubling-days: 400
      grown-mm: 1.5
      within-days: 366
    - {name: mixed, level: urgent, kinds: [part-solid], solid-part-mm: 6}
    - {name: several, level: high, point: quarter, count: 3}
    - {name: thick, level: high, scan: [THICK_SLICES]}
`

func TestAWholeFile(t *testing.T) {
	f, err := config.Parse([]byte(whole), "/etc/nafas")
	require.NoError(t, err)
	require.Len(t, f.Deliver, 3)
	require.Equal(t, "/etc/nafas/ca.pem", f.Deliver[0].TLS.CA, "paths are relative to the file")
	require.Equal(t, "/etc/token", f.Deliver[1].TokenFile)
	require.Equal(t, []string{"sr", "ko", "seg"}, f.Deliver[0].Objects)
	require.Equal(t, 3, f.Deliver[0].PatienceDays)
	require.Equal(t, 5*time.Minute, time.Duration(f.Poll[0].Every))
	require.True(t, f.Poll[0].Insecure)
	require.Equal(t, []string{"poumons"}, f.Poll[0].Words)
	require.Equal(t, "https://pacs.example/dicom-web", f.Priors.Web)
	require.Equal(t, "/etc/nafas/token", f.Priors.TokenFile)
	require.Equal(t, "/etc/nafas/ca.pem", f.Priors.TLS.CA)
	require.Equal(t, 3, f.Priors.Years)
	require.Equal(t, []string{"poumons"}, f.Priors.Words)
	require.Equal(t, config.Categories{Guidelines: []string{"lung-rads", "brock"}, Screening: "yes"}, f.Categories)
	require.Equal(t, priority.Rules{
		{Name: "large", Level: priority.Urgent, Point: priority.One, SizeMM: 12, UnlessKinds: []measure.Kind{measure.KindCalcified}, KindConfidence: 0.95},
		{Name: "growing", Level: priority.Urgent, Changes: []priority.Change{priority.Growing}, DoublingDays: 400, GrownMM: 1.5, WithinDays: 366},
		{Name: "mixed", Level: priority.Urgent, Kinds: []measure.Kind{measure.KindPartSolid}, SolidPartMM: 6},
		{Name: "several", Level: priority.High, Point: priority.Quarter, Count: 3},
		{Name: "thick", Level: priority.High, Scan: []string{"THICK_SLICES"}},
	}, f.Rules())

	path := filepath.Join(t.TempDir(), "nafas.yaml")
	require.NoError(t, os.WriteFile(path, []byte(whole), 0o600))
	loaded, err := config.Load(path)
	require.NoError(t, err)
	require.Equal(t, filepath.Join(filepath.Dir(path), "ca.pem"), loaded.Deliver[0].TLS.CA)

	empty, err := config.Parse(nil, "/")
	require.NoError(t, err, "a file in which nothing is set sets nothing")
	require.Empty(t, empty.Deliver)
	require.Nil(t, empty.Priors, "nothing is fetched that nobody asked for")
	require.False(t, empty.Categories.Said())
	require.Nil(t, empty.Rules(), "the default rules")
}

func TestWhatIsRefused(t *testing.T) {
	entry := func(text string) string { return "deliver:\n  - {name: a, " + text + "}\n" }
	poll := func(text string) string { return "poll:\n  - {name: a, " + text + "}\n" }
	rule := func(text string) string {
		return "priority:\n  rules:\n    - {name: a, level: urgent, " + text + "}\n    - {name: b, level: high, point: one}\n"
	}
	oidc := func(field string) string {
		fields := map[string]string{
			"issuer": "'https://login.example'", "client-id": "nafas", "redirect-url": "'https://nafas.example/auth/callback'",
			"roles-claim": "groups", "roles": "{staff: [read]}",
		}
		name, value, _ := strings.Cut(field, ": ")
		fields[name] = value
		text := "web:\n  oidc:\n"
		for name, value := range fields {
			text += "    " + name + ": " + value + "\n"
		}
		return text
	}
	for _, c := range []struct{ name, text, says string }{
		{"a word that is none of ours", "delivers: []", "unknown field"},
		{"a field that is none of ours", entry("dicom: A@127.0.0.1:1, obects: [sr]"), "unknown field"},
		{"a guideline that is none of ours", "categories: {guidelines: [acr]}", "categories: guidelines"},
		{"a guideline twice", "categories: {guidelines: [bts, bts]}", "twice"},
		{"an answer that is none", "categories: {screening: maybe}", "screening"},
		{"no name", "deliver:\n  - {dicom: A@127.0.0.1:1}\n", "name"},
		{"no way", entry("language: fr"), "exactly one of"},
		{"two ways", entry("dicom: A@127.0.0.1:1, hl7: 127.0.0.1:2"), "exactly one of"},
		{"two of one name", "deliver:\n  - {name: a, hl7: 127.0.0.1:2}\n  - {name: a, hl7: 127.0.0.1:3}\n", "two entries are named a"},
		{"no title", entry("dicom: 127.0.0.1:1"), "TITLE@HOST:PORT"},
		{"a title that is too long", entry("dicom: ABCDEFGHIJKLMNOPQ@127.0.0.1:1"), "TITLE@HOST:PORT"},
		{"no port", entry("dicom: A@127.0.0.1"), "TITLE@HOST:PORT"},
		{"plaintext elsewhere", entry("dicom: A@10.0.0.1:1"), "plaintext"},
		{"plaintext HTTP elsewhere", entry("web: http://10.0.0.1/dicom-web"), "plaintext"},
		{"plaintext HL7 elsewhere", entry("hl7: 10.0.0.1:2575"), "plaintext"},
		{"an object that we do not make", entry("dicom: A@127.0.0.1:1, objects: [sr, pdf]"), `"pdf" is none of`},
		{"no report", entry("dicom: A@127.0.0.1:1, objects: [ko]"), "must have sr"},
		{"a priority of another system", entry("dicom: A@127.0.0.1:1, priorities: [stat]"), `"stat" is none of`},
		{"a language that we do not have", entry("dicom: A@127.0.0.1:1, language: de"), `"de" is none of`},
		{"commitment over the web", entry("web: http://127.0.0.1/x, confirm: commitment"), "storage commitment is for dicom"},
		{"objects in a message", entry("hl7: 127.0.0.1:1, objects: [sr]"), "for dicom and web"},
		{"a token for DICOM", entry("dicom: A@127.0.0.1:1, token-file: x"), "token-file is for web"},
		{"a poll without its pace", poll("dicom: A@127.0.0.1:1"), "every"},
		{"a poll in two ways", poll("dicom: A@127.0.0.1:1, web: http://127.0.0.1/x, every: 5m"), "exactly one of"},
		{"a poll in plaintext", poll("web: http://10.0.0.1/x, every: 5m"), "plaintext"},
		{"a poll with a token for DICOM", poll("dicom: A@127.0.0.1:1, token-file: x, every: 5m"), "token-file is for web"},
		{"a poll without rest", poll("dicom: A@127.0.0.1:1, every: 1s"), "every"},
		{"a time without unit", poll("dicom: A@127.0.0.1:1, every: 5"), "no time such as"},
		{"a poll of nobody", poll("every: 5m"), "exactly one of"},
		{"priors of nobody", "priors: {years: 2}\n", "exactly one of"},
		{"priors from two archives", "priors: {dicom: A@127.0.0.1:1, web: http://127.0.0.1/x}\n", "exactly one of"},
		{"priors from two archives, as a list", "priors: [{dicom: A@127.0.0.1:1}]\n", "mapping is expected"},
		{"priors in plaintext", "priors: {dicom: A@10.0.0.1:1}\n", "plaintext"},
		{"priors with a token for DICOM", "priors: {dicom: A@127.0.0.1:1, token-file: x}\n", "token-file is for web"},
		{"priors of a century", "priors: {dicom: A@127.0.0.1:1, years: 100}\n", "years must be"},
		{"more priors than anybody reads", "priors: {dicom: A@127.0.0.1:1, most: 11}\n", "most must be"},
		{"priors at a pace", "priors: {dicom: A@127.0.0.1:1, every: 5m}\n", "every"},
		{"a year and more", poll("dicom: A@127.0.0.1:1, every: 5m, days: 400"), "days must be"},
		{"no rules", "priority:\n  rules: []\n", "priority, rules: give 1 to 50"},
		{"rules that were forgotten", "priority: {}\n", "priority, rules: give 1 to 50"},
		{"a word that is none of a rule", rule("size: 8"), "unknown field"},
		{"a rule of one level alone", "priority:\n  rules:\n    - {name: a, level: high, point: one}\n", "no rule gives urgent"},
		{"a rule out of order", "priority:\n  rules:\n    - {name: b, level: high, point: one}\n    - {name: a, level: urgent, size-mm: 8}\n", "entry 2 (a): it is urgent and stands after b"},
		{"a size with its unit", rule("size-mm: 8 mm"), "mm"},
		{"a number that is none", rule("size-mm: .nan"), ""},
		{"a kind of another system", rule("kinds: [GGN]"), `priority, rules, entry 1 (a): kinds: "GGN" is none of`},
		{"a proxy's address in plaintext", "web: {public-url: 'http://nafas.example'}", "public-url must be https"},
		{"a page below the root", "web: {public-url: 'https://host.example/nafas'}", "without a path"},
		{"proxies of nothing", "web: {proxies: [10.0.0.1]}", "goes with public-url"},
		{"a proxy by name", "web: {public-url: 'https://nafas.example', proxies: [proxy]}", "proxies: proxy"},
		{"signed out at once", "web: {session: {idle: 1s}}", "web: session: idle"},
		{"never signed out", "web: {session: {absolute: 9000h}}", "web: session: absolute"},
		{"a provider that others read", oidc("issuer: 'http://login.example'"), "issuer must be https"},
		{"a way back to nowhere", oidc("redirect-url: 'https://nafas.example/'"), "/auth/callback"},
		{"nobody's client", oidc("client-id: ''"), "client-id"},
		{"no role for anybody", oidc("roles: {}"), "roles-claim and roles"},
		{"people who submit", oidc("roles: {staff: [submit]}"), "roles: staff"},
		{"a role without a right", oidc("roles: {staff: []}"), "staff gives no role"},
		{"tokens for ever", oidc("scopes: [offline_access]"), "offline_access"},
		{"a collector without a port", "audit: {syslog: {address: siem.example}}", "6514"},
		{"no YAML", "deliver: [", ""},
	} {
		t.Run(c.name, func(t *testing.T) {
			_, err := config.Parse([]byte(c.text), "/")
			require.ErrorContains(t, err, c.says)
		})
	}
	_, err := config.Load(filepath.Join(t.TempDir(), "none.yaml"))
	require.ErrorIs(t, err, os.ErrNotExist)
}

// The default rules that docs/priority.md gives to copy are the default rules,
// and its tables name every rule, key and word.
func TestThePageOfPriorities(t *testing.T) {
	raw, err := os.ReadFile("../../docs/priority.md")
	require.NoError(t, err)
	page := string(raw)
	_, rest, _ := strings.Cut(page, "```yaml\n")
	text, _, ok := strings.Cut(rest, "```")
	require.True(t, ok)
	f, err := config.Parse([]byte(text), "/")
	require.NoError(t, err)
	require.Equal(t, priority.Default(), f.Rules())
	for _, r := range priority.Default() {
		require.Contains(t, page, "| `"+r.Name+"` | "+string(r.Level)+" |")
	}
	for i := range reflect.TypeFor[priority.Rule]().NumField() {
		require.Contains(t, page, "| `"+reflect.TypeFor[priority.Rule]().Field(i).Tag.Get("yaml")+"` |")
	}
	for _, code := range priority.Codes() {
		require.Contains(t, page, "`"+string(code)+"`")
	}
	for _, word := range priority.ScanWords {
		require.Contains(t, page, "`"+word+"`")
	}
}

func TestHowPeopleSignIn(t *testing.T) {
	f, err := config.Parse([]byte(`
web:
  public-url: https://nafas.example
  proxies: [10.0.0.1, "fd00::/8"]
  session: {idle: 10m, absolute: 8h}
  oidc:
    issuer: https://login.example/realms/hospital
    client-id: nafas
    client-secret-file: oidc.secret
    redirect-url: https://nafas.example/auth/callback
    roles-claim: realm_access.roles
    roles:
      radiologists: [read, review]
      it: [admin]
audit:
  site: Hospital
  syslog: {address: "siem.example:6514", ca: siem.pem, cert: /etc/nafas/own.pem, key: own.key}
`), "/etc/nafas")
	require.NoError(t, err)
	require.Equal(t, "nafas.example", f.Web.Public().Host)
	networks, err := f.Web.ProxyNetworks()
	require.NoError(t, err)
	require.Equal(t, "[10.0.0.1/32 fd00::/8]", fmt.Sprint(networks))
	require.Equal(t, config.Session{Idle: config.Duration(10 * time.Minute), Absolute: config.Duration(8 * time.Hour)}, f.Web.Session)
	require.Equal(t, "/etc/nafas/oidc.secret", f.Web.OIDC.ClientSecretFile)
	require.Equal(t, map[string][]access.Role{"radiologists": {access.RoleRead, access.RoleReview}, "it": {access.RoleAdmin}}, f.Web.OIDC.Granted())
	require.Equal(t, access.ClientTLS{CA: "/etc/nafas/siem.pem", Cert: "/etc/nafas/own.pem", Key: "/etc/nafas/own.key"}, f.Audit.Syslog.Client())

	none, err := config.Parse(nil, "/")
	require.NoError(t, err)
	require.Nil(t, none.Web.Public())
	require.Nil(t, none.Web.OIDC)
	require.Nil(t, none.Audit.Syslog)
}
