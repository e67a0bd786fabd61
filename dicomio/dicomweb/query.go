package dicomweb

import (
	"errors"
	"fmt"
	"net/url"
	"slices"
	"strconv"
	"strings"

	"nafas/dicomio/match"
)

// Query is a search (PS3.18 section 8.3.4).
type Query struct {
	Conditions []match.Condition
	// Include are the keywords of attributes that are asked for beyond the
	// usual ones; All asks for every one.
	Include []string
	All     bool
	// Fuzzy asks for names that sound alike.
	Fuzzy bool
	// Limit is 0 where none is asked for.
	Limit, Offset int
}

// Bounds of one search.
const (
	mostParameters = 64
	mostIncluded   = 256
	mostOffset     = 1 << 30
)

// ParseQuery reads the query of a URL. The error says what to write instead, and
// quotes no value.
func ParseQuery(values url.Values) (Query, error) {
	var q Query
	if len(values) > mostParameters {
		return q, fmt.Errorf("%d query parameters; at most %d are taken", len(values), mostParameters)
	}
	for _, name := range sortedKeys(values) {
		if err := q.parameter(name, values[name]); err != nil {
			return q, err
		}
	}
	return q, nil
}

func sortedKeys(values url.Values) []string {
	names := make([]string, 0, len(values))
	for name := range values {
		names = append(names, name)
	}
	slices.Sort(names)
	return names
}

func (q *Query) parameter(name string, values []string) error {
	if strings.EqualFold(name, "includefield") {
		return q.include(values)
	}
	if len(values) != 1 {
		return fmt.Errorf("the query parameter %s is there %d times; give it once", quoteName(name), len(values))
	}
	value := values[0]
	var err error
	switch strings.ToLower(name) {
	case "limit":
		if q.Limit, err = count(value); err == nil && q.Limit == 0 {
			err = errors.New("limit is 0; give at least 1")
		}
		return err
	case "offset":
		q.Offset, err = count(value)
		return err
	case "fuzzymatching":
		if value != "true" && value != "false" {
			return errors.New("fuzzymatching is true or false")
		}
		q.Fuzzy = value == "true"
		return nil
	case "accept", "charset":
		return nil // PS3.18 section 8.3.3: read with the headers
	}
	return q.condition(name, value)
}

func (q *Query) condition(name, value string) error {
	a, ok := attributeAt(name)
	if !ok {
		return fmt.Errorf("%s is no attribute; give a keyword such as PatientID, or eight hex digits", quoteName(name))
	}
	if slices.ContainsFunc(q.Conditions, func(c match.Condition) bool { return c.Keyword == a.Keyword }) {
		return fmt.Errorf("%s is asked for twice", a.Keyword)
	}
	c, all, err := match.Parse(a.Keyword, a.VR, value)
	if err != nil {
		return err
	}
	if all {
		q.Include = append(q.Include, a.Keyword)
		return nil
	}
	q.Conditions = append(q.Conditions, c)
	return nil
}

// attributeAt finds an attribute of a query; of a path such as
// RequestAttributesSequence.RequestedProcedureID, the last one.
func attributeAt(name string) (Attribute, bool) {
	var a Attribute
	ok := false
	for step := range strings.SplitSeq(name, ".") {
		if ok && a.VR != "SQ" {
			return a, false
		}
		if a, ok = AttributeOf(step); !ok {
			return a, false
		}
	}
	return a, ok
}

func (q *Query) include(values []string) error {
	for _, list := range values {
		for name := range strings.SplitSeq(list, ",") {
			name = strings.TrimSpace(name)
			switch {
			case name == "":
				continue
			case strings.EqualFold(name, "all"):
				q.All = true
				continue
			case len(q.Include) == mostIncluded:
				return fmt.Errorf("more than %d attributes are included; say includefield=all", mostIncluded)
			}
			if a, ok := attributeAt(name); ok {
				q.Include = append(q.Include, a.Keyword)
			} else if _, private := parseTag(name); !private {
				return fmt.Errorf("includefield %s is no attribute; give keywords, or eight hex digits", quoteName(name))
			}
		}
	}
	return nil
}

func count(value string) (int, error) {
	n, err := strconv.Atoi(value)
	if err != nil || n < 0 || n > mostOffset {
		return 0, errors.New("limit and offset are whole numbers from 0")
	}
	return n, nil
}

// quoteName quotes a parameter's name, which is a keyword at best; what is not
// shaped like one is left out.
func quoteName(name string) string {
	if len(name) > 80 || strings.Trim(name, "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789.") != "" {
		return "(of a name that is no keyword)"
	}
	return name
}
