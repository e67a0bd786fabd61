package manifest

import (
	"errors"
	"fmt"

	"github.com/goccy/go-yaml/lexer"
	"github.com/goccy/go-yaml/token"
)

// maxNesting is far above what a manifest needs: deeper text is there to
// exhaust a parser.
const maxNesting = 16

// plain refuses text that a parser would blow up: aliases, which a few lines
// multiply to gigabytes, and brackets or list marks nested without end.
func plain(text []byte) error {
	depth, line, entries := 0, 0, 0
	for _, t := range lexer.Tokenize(string(text)) {
		switch t.Type {
		case token.AnchorType, token.AliasType:
			return errors.New("anchors (&) and aliases (*) are not taken: write values out, and quote text that begins so")
		case token.SequenceStartType, token.MappingStartType:
			depth++
		case token.SequenceEndType, token.MappingEndType:
			depth--
		case token.SequenceEntryType, token.MappingKeyType:
			if t.Position.Line != line {
				line, entries = t.Position.Line, 0
			}
			entries++
		}
		if depth > maxNesting || entries > maxNesting {
			return fmt.Errorf("nested more than %d deep", maxNesting)
		}
	}
	return nil
}
