package match

import (
	"strings"

	"golang.org/x/text/cases"
	"golang.org/x/text/unicode/norm"
)

// NameKey is a person name (PS3.5 section 6.2.1) as names are compared:
// without case, without the separators and the spaces at the ends of its
// groups, which writers fill up or leave out.
func NameKey(name string) string {
	groups := strings.Split(norm.NFC.String(cases.Fold().String(name)), "=")
	for i, g := range groups {
		components := strings.Split(g, "^")
		for j, c := range components {
			components[j] = strings.TrimSpace(c)
		}
		groups[i] = strings.TrimRight(strings.Join(components, "^"), "^")
	}
	return strings.TrimRight(strings.Join(groups, "="), "=")
}

// groupRuns are the groups of a name and what follows each other of them.
func groupRuns(key string) []string {
	groups := strings.Split(key, "=")
	groups = groups[:min(len(groups), 3)]
	var out []string
	for i := range groups {
		for j := i + 1; j <= len(groups); j++ {
			out = append(out, strings.Join(groups[i:j], "="))
		}
	}
	return out
}
