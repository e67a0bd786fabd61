// Package match is attribute matching, as archives are asked (PS3.4 C.2.2.2,
// PS3.18 section 8.3.4): what a value in a query means, and whether a value of
// a data set fits it. A database that answers with conditions of its own is
// held to the same answers by its tests.
package match

import (
	"errors"
	"fmt"
	"slices"
	"strings"
	"time"
)

// Form is how the values of a condition are compared.
type Form int

// The forms.
const (
	// Text: equal letter for letter; in a value that is Wild, * stands for any
	// characters and ? for one.
	Text Form = iota
	// Name: as Text over NameKey of either side; any component group of a name,
	// or some that follow each other, will do.
	Name
	// Date: From to To, inclusive, as YYYYMMDD.
	Date
	// Time: From to To, inclusive, as TimeKey writes them.
	Time
)

// Condition is what one attribute is asked for.
type Condition struct {
	// Keyword names the attribute (PS3.6 chapter 6).
	Keyword string
	Form    Form
	// Values are what Text and Name accept; one suffices.
	Values []string
	// From and To bound a Date or Time; "" is no bound.
	From, To string
	// Range: it was asked for as a range. Date and time as ranges together
	// bound one moment (PS3.18 section 8.3.4.1: combined matching).
	Range bool
}

// Parse reads what an attribute of the given VR is asked for. all says that
// every value fits, so that there is no condition. The error says what is wrong
// without quoting the value, which may be a patient's.
func Parse(keyword, vr, value string) (c Condition, all bool, err error) {
	c = Condition{Keyword: keyword}
	value = strings.Trim(value, " ")
	if strings.Trim(value, "*") == "" {
		return c, true, nil // universal matching, PS3.4 C.2.2.2.3
	}
	if vr != "UI" && (len(value) > mostBytes || strings.Count(value, "*") > mostStars) {
		return c, false, fmt.Errorf("%s: a value of more than %d bytes or %d wild cards", keyword, mostBytes, mostStars)
	}
	switch vr {
	case "UI":
		c.Values, err = uids(value)
	case "DA":
		c.Form = Date
		err = c.span(value, dateKey, dateKey)
	case "TM":
		c.Form = Time
		err = c.span(value, TimeKey, lastMoment)
	case "PN":
		c.Form = Name
		c.Values = []string{NameKey(value)}
	case "IS":
		var n string
		n, err = Integer(value)
		c.Values = []string{n}
	case "CS":
		c.Values = strings.FieldsFunc(strings.ToUpper(value), func(r rune) bool { return r == ',' || r == '\\' })
		for i, v := range c.Values {
			c.Values[i] = strings.TrimSpace(v)
		}
		if len(c.Values) == 0 {
			err = errors.New("a list without a value")
		}
	case "LO", "SH", "AE", "AS":
		c.Values = []string{value}
	default:
		err = fmt.Errorf("attributes of VR %s are not searched by", vr)
	}
	if err != nil {
		return c, false, fmt.Errorf("%s: %w", keyword, err)
	}
	return c, false, nil
}

// Bounds of what is asked for: of a list, of a value, and of what a database
// may try for a pattern.
const (
	mostUIDs  = 1000
	mostBytes = 1024
	mostStars = 8
)

// uids reads a list (PS3.4 C.2.2.2.2): with commas in a URL, with backslashes
// in DICOM.
func uids(value string) ([]string, error) {
	list := strings.FieldsFunc(value, func(r rune) bool { return r == ',' || r == '\\' || r == ' ' })
	if len(list) == 0 || len(list) > mostUIDs {
		return nil, fmt.Errorf("a list of %d UIDs; 1 to %d are looked for", len(list), mostUIDs)
	}
	for _, uid := range list {
		if !UID(uid) {
			return nil, errors.New("a value that is no UID: give digits and dots, lists with commas")
		}
	}
	return list, nil
}

// UID says whether s has the characters and the length of a UID (PS3.5 section
// 9.1); leading zeros occur and are let through.
func UID(s string) bool {
	return s != "" && len(s) <= 64 && strings.Trim(s, "0123456789.") == "" &&
		s[0] != '.' && s[len(s)-1] != '.' && !strings.Contains(s, "..")
}

// Integer reads an IS value (PS3.5 table 6.2-1) and writes it without sign and
// zeros that say nothing.
func Integer(value string) (string, error) {
	digits := strings.TrimPrefix(value, "+")
	negative := strings.HasPrefix(digits, "-")
	digits = strings.TrimPrefix(digits, "-")
	if digits == "" || len(value) > 12 || strings.Trim(digits, "0123456789") != "" {
		return "", errors.New("a value that is no whole number")
	}
	digits = strings.TrimLeft(digits[:len(digits)-1], "0") + digits[len(digits)-1:]
	if negative && digits != "0" {
		return "-" + digits, nil
	}
	return digits, nil
}

// span reads a value or a range (PS3.4 C.2.2.2.5).
func (c *Condition) span(value string, first, last func(string) (string, error)) error {
	from, to, ranged := strings.Cut(value, "-")
	if !ranged {
		to = from
	}
	c.Range = ranged
	var err error
	if from = strings.TrimSpace(from); from != "" {
		if c.From, err = first(from); err != nil {
			return err
		}
	}
	if to = strings.TrimSpace(to); to != "" {
		if !ranged {
			last = first
		}
		if c.To, err = last(to); err != nil {
			return err
		}
	}
	if c.From == "" && c.To == "" {
		return errors.New("a range without a bound")
	}
	return nil
}

func dateKey(value string) (string, error) {
	if _, err := time.Parse("20060102", value); err != nil {
		return "", errors.New("a date that is not YYYYMMDD, or no range YYYYMMDD-YYYYMMDD of such")
	}
	return value, nil
}

// timeShape is the longest form of a time (PS3.5 table 6.2-1).
const timeShape = "000000.000000"

// TimeKey is a TM value in its longest form, so that times compare as text.
func TimeKey(value string) (string, error) { return fillTime(value, timeShape) }

// lastMoment is the end of the hour, minute or second that a value names.
func lastMoment(value string) (string, error) { return fillTime(value, "235959.999999") }

func fillTime(value, rest string) (string, error) {
	value = strings.ReplaceAll(value, ":", "")
	whole, fraction, dot := strings.Cut(value, ".")
	bad := len(value) < 2 || len(value) > len(timeShape) || len(whole)%2 != 0 || len(whole) > 6 ||
		dot && (len(whole) != 6 || fraction == "") || strings.Trim(whole+fraction, "0123456789") != ""
	if bad {
		return "", errors.New("a time that is not HHMMSS, or no range HHMMSS-HHMMSS of such")
	}
	return value + rest[len(value):], nil
}

// Matches says whether a value fits; it may be several ones with backslashes
// between.
func (c Condition) Matches(value string) bool {
	for one := range strings.SplitSeq(value, `\`) {
		if c.one(strings.Trim(one, " ")) {
			return true
		}
	}
	return false
}

func (c Condition) one(value string) bool {
	switch c.Form {
	case Text:
		return slices.ContainsFunc(c.Values, func(p string) bool { return fits(p, value) })
	case Name:
		runs := groupRuns(NameKey(value))
		return slices.ContainsFunc(c.Values, func(p string) bool {
			return slices.ContainsFunc(runs, func(r string) bool { return fits(p, r) })
		})
	case Time:
		var err error
		if value, err = TimeKey(value); err != nil {
			return false
		}
	}
	return value != "" && (c.From == "" || value >= c.From) && (c.To == "" || value <= c.To)
}

// Wild says whether a pattern holds wild cards.
func Wild(pattern string) bool { return strings.ContainsAny(pattern, "*?") }

// fits compares with wild cards (PS3.4 C.2.2.2.4). It goes back to the last *
// only, so that it takes at most len(pattern) times len(value) steps.
func fits(pattern, value string) bool {
	if !Wild(pattern) {
		return pattern == value
	}
	p, v := []rune(pattern), []rune(value)
	i, j, star, from := 0, 0, -1, 0
	for j < len(v) {
		switch {
		case i < len(p) && p[i] == '*':
			star, from = i, j
			i++
		case i < len(p) && (p[i] == '?' || p[i] == v[j]):
			i++
			j++
		case star >= 0:
			from++
			i, j = star+1, from
		default:
			return false
		}
	}
	return strings.Trim(string(p[i:]), "*") == ""
}
