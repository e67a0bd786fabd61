package sources

import (
	"errors"
	"fmt"
	"strconv"
	"strings"
	"unicode/utf8"
)

// joinPath writes where a file is, as rescore.File says: file is below the root,
// member is a path in the archive that it is, or "". Both are bytes of a file
// system or an archive, which need not be text.
func joinPath(file, member string) string {
	if member == "" {
		return escape(file)
	}
	inner := escape(member)
	if inner[0] == '!' || inner[0] == '=' {
		inner = "./" + inner // so that the mark before it stands alone
	}
	return escape(file) + "!" + inner
}

func escape(name string) string {
	if utf8.ValidString(name) && !strings.Contains(name, "!") {
		return name
	}
	var b strings.Builder
	for i := 0; i < len(name); {
		r, n := utf8.DecodeRuneInString(name[i:])
		switch {
		case r == utf8.RuneError && n == 1:
			fmt.Fprintf(&b, "!=%02X", name[i])
		case r == '!':
			b.WriteString("!!")
		default:
			b.WriteString(name[i : i+n])
		}
		i += n
	}
	return b.String()
}

var errPath = errors.New("a path that no scan has written")

// splitPath reads what joinPath wrote.
func splitPath(path string) (file, member string, err error) {
	file, rest, inArchive, err := unescape(path)
	if err != nil || !inArchive {
		return file, "", err
	}
	member, _, again, err := unescape(strings.TrimPrefix(rest, "./"))
	if err != nil || again || member == "" || file == "" {
		return "", "", errPath
	}
	return file, member, nil
}

// unescape reads up to a mark that stands alone; rest is behind it.
func unescape(path string) (name, rest string, marked bool, err error) {
	var b strings.Builder
	for i := 0; i < len(path); i++ {
		if path[i] != '!' {
			b.WriteByte(path[i])
			continue
		}
		switch next := path[i+1:]; {
		case strings.HasPrefix(next, "!"):
			b.WriteByte('!')
			i++
		case strings.HasPrefix(next, "="):
			if len(next) < 3 {
				return "", "", false, errPath
			}
			value, err := strconv.ParseUint(next[1:3], 16, 8)
			if err != nil {
				return "", "", false, errPath
			}
			b.WriteByte(byte(value))
			i += 3
		default:
			return b.String(), next, true, nil
		}
	}
	return b.String(), "", false, nil
}
