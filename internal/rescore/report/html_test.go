package report_test

import (
	"io"
	"slices"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
	"golang.org/x/net/html"
)

// void elements have no end (HTML, section 13.1.2); an svg's own are closed in
// themselves.
var void = []string{"meta", "br", "img", "link", "input", "hr", "col", "base"}

// element is one of a page, with what it stands in.
type element struct {
	html.Token
	within []string
	text   string
}

func (e element) attr(name string) string {
	for _, a := range e.Attr {
		if a.Key == name {
			return a.Val
		}
	}
	return ""
}

// parsed are the elements of a page in order; the test fails where one is not closed
// in its place.
func parsed(t *testing.T, page string) []element {
	t.Helper()
	var out []element
	var within []string
	var at []int
	z := html.NewTokenizer(strings.NewReader(page))
	for {
		switch z.Next() {
		case html.ErrorToken:
			require.ErrorIs(t, z.Err(), io.EOF)
			require.Empty(t, within, "all is closed")
			return out
		case html.TextToken:
			text := string(z.Text())
			for _, i := range at {
				out[i].text += html.UnescapeString(text)
			}
		case html.StartTagToken:
			token := z.Token()
			out = append(out, element{token, slices.Clone(within), ""})
			if !slices.Contains(void, token.Data) {
				within, at = append(within, token.Data), append(at, len(out)-1)
			}
		case html.SelfClosingTagToken:
			out = append(out, element{z.Token(), slices.Clone(within), ""})
		case html.EndTagToken:
			name, _ := z.TagName()
			require.NotEmpty(t, within)
			require.Equal(t, within[len(within)-1], string(name), "closed in its place")
			within, at = within[:len(within)-1], at[:len(at)-1]
		}
	}
}

func all(elements []element, name string) (out []element) {
	for _, e := range elements {
		if e.Data == name {
			out = append(out, e)
		}
	}
	return out
}

// byID finds one element; the test fails where there is none.
func byID(t *testing.T, elements []element, id string) element {
	t.Helper()
	for _, e := range elements {
		if e.attr("id") == id {
			return e
		}
	}
	require.Fail(t, "there is no element", id)
	return element{}
}

// spoken is a text with its white space as a reader sees it.
func spoken(text string) string { return strings.Join(strings.Fields(text), " ") }

// bare is a text without marks of direction.
func bare(text string) string {
	return strings.Map(func(r rune) rune {
		if r == '\u200e' || r == '\u200f' || r == '\u2068' || r == '\u2069' {
			return -1
		}
		return r
	}, spoken(text))
}
