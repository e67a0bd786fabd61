package froc

import (
	"bufio"
	"encoding/csv"
	"errors"
	"fmt"
	"io"
	"strconv"
	"strings"

	"nafas/inference/volume"
)

// table reads a CSV with a header by the names of its columns, in any order;
// capitals do not matter.
type table struct {
	name    string
	csv     *csv.Reader
	columns map[string]int
	row     []string
	line    int
}

// maxUIDBytes is generous: DICOM allows 64, and other names are used too.
const maxUIDBytes = 256

// newReader reads CSV without a byte order mark before it.
func newReader(r io.Reader) *csv.Reader {
	buffered := bufio.NewReader(r)
	if bom, _ := buffered.Peek(3); string(bom) == "\xef\xbb\xbf" {
		_, _ = buffered.Discard(3)
	}
	c := csv.NewReader(buffered)
	c.TrimLeadingSpace = true
	c.ReuseRecord = true
	return c
}

// exported are the names of columns in the tables of rescorings, by those that
// LUNA16 gives them.
var exported = map[string]string{
	columnSeries: "series_uid", columnScore: "score",
	columnsPlace[0]: "center_lps_x_mm", columnsPlace[1]: "center_lps_y_mm", columnsPlace[2]: "center_lps_z_mm",
}

// takeExported lets a column stand for the one of LUNA16 that is not there. Truth
// is never read so: what a detector exports is none.
func (t *table) takeExported() {
	for wanted, name := range exported {
		i, is := t.columns[columnKey(name)]
		if _, has := t.columns[columnKey(wanted)]; is && !has {
			t.columns[columnKey(wanted)] = i
		}
	}
}

func (t *table) has(column string) bool {
	_, ok := t.columns[columnKey(column)]
	return ok
}

// openTable reads the header of a table of LUNA16's columns, openExported that of
// one which may have the names of a rescoring's tables instead.
func openTable(name string, r io.Reader, required ...string) (*table, error) {
	return opened(name, r, required, false)
}

func openExported(name string, r io.Reader, required ...string) (*table, error) {
	return opened(name, r, required, true)
}

func opened(name string, r io.Reader, required []string, other bool) (*table, error) {
	t := &table{name: name, csv: newReader(r), columns: map[string]int{}, line: 1}
	header, err := t.csv.Read()
	if errors.Is(err, io.EOF) {
		return nil, fmt.Errorf("%w: %s is empty: it needs a header with the columns %s", ErrInput, name, strings.Join(required, ", "))
	}
	if err != nil {
		return nil, t.broken(err)
	}
	for i, column := range header {
		key := columnKey(column)
		if _, ok := t.columns[key]; ok && key != "" {
			return nil, t.errorf("the header names column %q twice", strings.TrimSpace(column))
		}
		t.columns[key] = i
	}
	if other {
		t.takeExported()
	}
	for _, column := range required {
		if !t.has(column) {
			return nil, t.errorf("no column %s: the header must name %s, with commas between them (it names %s)",
				column, strings.Join(required, ", "), strings.Join(header, ", "))
		}
	}
	return t, nil
}

func columnKey(name string) string { return strings.ToLower(strings.TrimSpace(name)) }

// next goes to the next row; false at the end.
func (t *table) next() (bool, error) {
	var err error
	t.row, err = t.csv.Read()
	if errors.Is(err, io.EOF) {
		return false, nil
	}
	if err != nil {
		return false, t.broken(err)
	}
	t.line, _ = t.csv.FieldPos(0)
	return true, nil
}

func (t *table) errorf(text string, args ...any) error {
	return fmt.Errorf("%w: %s line %d: %s", ErrInput, t.name, t.line, fmt.Sprintf(text, args...))
}

// broken is what the CSV reader says, which names the line itself.
func (t *table) broken(err error) error {
	var parse *csv.ParseError
	if errors.As(err, &parse) {
		t.line = parse.Line
		if errors.Is(parse.Err, csv.ErrFieldCount) {
			return t.errorf("%v: every row needs as many fields as the header", parse.Err)
		}
		return t.errorf("%v", parse.Err)
	}
	return fmt.Errorf("%s: %w", t.name, err) // the system's
}

// text is a field; "" where the column is missing.
func (t *table) text(column string) string {
	if i, ok := t.columns[columnKey(column)]; ok {
		return strings.TrimSpace(t.row[i])
	}
	return ""
}

// number is a finite field; an empty or missing one is missing.
func (t *table) number(column string) (value float64, missing bool, err error) {
	text := t.text(column)
	if text == "" {
		return 0, true, nil
	}
	value, err = strconv.ParseFloat(text, 64)
	if err != nil || !finite(value) || strings.ContainsAny(text, "_xX") { // Go's own ways to write numbers
		return 0, false, t.errorf("%s %q is not a finite number", column, text)
	}
	return value, false, nil
}

// needed is a number that must be there.
func (t *table) needed(column string) (float64, error) {
	value, missing, err := t.number(column)
	if missing {
		return 0, t.errorf("%s is empty", column)
	}
	return value, err
}

func (t *table) series() (string, error) {
	uid := strings.Clone(t.text(columnSeries))
	if uid == "" || len(uid) > maxUIDBytes {
		return "", t.errorf("%s is empty or longer than %d characters", columnSeries, maxUIDBytes)
	}
	return uid, nil
}

// place is coordX, coordY, coordZ: patient LPS mm.
func (t *table) place() (p volume.Vec3, err error) {
	for i, column := range columnsPlace {
		if p[i], err = t.needed(column); err != nil {
			return p, err
		}
	}
	return p, nil
}

// atLeastZero is an optional length; 0 where it is not given.
func (t *table) atLeastZero(column string) (float64, error) {
	v, _, err := t.number(column)
	if err == nil && v < 0 {
		err = t.errorf("%s %v is negative", column, v)
	}
	return v, err
}
