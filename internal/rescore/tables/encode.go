package tables

import (
	"bufio"
	"bytes"
	"encoding/csv"
	"encoding/json"
	"fmt"
	"io"
	"reflect"
	"strconv"
	"time"

	"github.com/parquet-go/parquet-go"

	"nafas/inference/froc"
)

// encoder writes rows of one table in one format. A table is whole only after
// close.
type encoder[R any] interface {
	write(R) error
	close() error
}

func newEncoder[R any](w io.Writer, t Table, f Format) (encoder[R], error) {
	switch f {
	case Parquet:
		return newParquet[R](w, t), nil
	case CSV:
		return newCSV[R](w)
	case JSONL:
		return newJSONL[R](w), nil
	}
	return nil, fmt.Errorf("there is no format %q: the formats are %v", f, Formats())
}

const (
	// rowGroup bounds the rows that a Parquet file holds back.
	rowGroup = 50_000
	// together is how many rows the encoder is handed at once.
	together = 128
)

type parquetFile[R any] struct {
	w    *parquet.GenericWriter[R]
	rows []R
}

func newParquet[R any](w io.Writer, t Table) *parquetFile[R] {
	return &parquetFile[R]{w: parquet.NewGenericWriter[R](w,
		parquet.Compression(&parquet.Zstd), parquet.MaxRowsPerRowGroup(rowGroup),
		parquet.KeyValueMetadata("nafas.table", string(t)), parquet.KeyValueMetadata("nafas.schema_version", strconv.Itoa(SchemaVersion)),
	)}
}

func (p *parquetFile[R]) write(row R) error {
	if p.rows = append(p.rows, row); len(p.rows) < together {
		return nil
	}
	return p.flush()
}

func (p *parquetFile[R]) flush() error {
	_, err := p.w.Write(p.rows)
	clear(p.rows)
	p.rows = p.rows[:0]
	return err
}

func (p *parquetFile[R]) close() error {
	if err := p.flush(); err != nil {
		return err
	}
	return p.w.Close()
}

type csvFile[R any] struct {
	w      *csv.Writer
	fields []field
	cells  []string
}

func newCSV[R any](w io.Writer) (*csvFile[R], error) {
	c := &csvFile[R]{w: csv.NewWriter(w), fields: fieldsOf(reflect.TypeFor[R]())}
	for _, f := range c.fields {
		c.cells = append(c.cells, f.Name)
	}
	return c, c.w.Write(c.cells)
}

func (c *csvFile[R]) write(row R) error {
	v := reflect.ValueOf(row)
	for i, f := range c.fields {
		text, err := cell(v.FieldByIndex(f.index))
		if err != nil {
			return fmt.Errorf("column %s: %w", f.Name, err)
		}
		c.cells[i] = froc.Inert(text)
	}
	return c.w.Write(c.cells)
}

func (c *csvFile[R]) close() error {
	c.w.Flush()
	return c.w.Error()
}

// cell is a value in CSV; null is empty, and no text is "".
func cell(v reflect.Value) (string, error) {
	if v.Kind() == reflect.Pointer {
		if v.IsNil() {
			return "", nil
		}
		v = v.Elem()
	}
	switch value := v.Interface().(type) {
	case string:
		return value, nil
	case int32, int64, bool, Date:
		return fmt.Sprint(value), nil
	case float64:
		return strconv.FormatFloat(value, 'f', -1, 64), nil
	case time.Time:
		return value.Format(timeLayout), nil
	case []string:
		if value == nil {
			return "", nil
		}
		list, err := plainJSON(value)
		return string(list), err
	}
	return "", fmt.Errorf("no cell can be a %s", v.Type())
}

// timeLayout is RFC 3339 with microseconds; times are in UTC.
const timeLayout = "2006-01-02T15:04:05.000000Z07:00"

type jsonlFile[R any] struct {
	w      *bufio.Writer
	fields []field
}

func newJSONL[R any](w io.Writer) *jsonlFile[R] {
	return &jsonlFile[R]{w: bufio.NewWriter(w), fields: fieldsOf(reflect.TypeFor[R]())}
}

// write writes an object with every column, in their order, null where the value
// is.
func (j *jsonlFile[R]) write(row R) error {
	v := reflect.ValueOf(row)
	for i, f := range j.fields {
		begin := byte(',')
		if i == 0 {
			begin = '{'
		}
		value, err := jsonValue(v.FieldByIndex(f.index))
		if err != nil {
			return fmt.Errorf("column %s: %w", f.Name, err)
		}
		// Errors of a bufio.Writer stay until it is flushed.
		_ = j.w.WriteByte(begin)
		_, _ = fmt.Fprintf(j.w, "%q:%s", f.Name, value)
	}
	_, err := j.w.WriteString("}\n")
	return err
}

func jsonValue(v reflect.Value) ([]byte, error) {
	if v.Kind() == reflect.Pointer && v.IsNil() {
		return []byte("null"), nil
	}
	switch value := reflect.Indirect(v).Interface().(type) {
	case Date:
		return plainJSON(value.String())
	case time.Time:
		return plainJSON(value.Format(timeLayout))
	default:
		return plainJSON(value)
	}
}

// plainJSON leaves < and > as they are: the tables are for no browser.
func plainJSON(value any) ([]byte, error) {
	var b bytes.Buffer
	e := json.NewEncoder(&b)
	e.SetEscapeHTML(false)
	if err := e.Encode(value); err != nil {
		return nil, err
	}
	return bytes.TrimSuffix(b.Bytes(), []byte("\n")), nil
}

func (j *jsonlFile[R]) close() error { return j.w.Flush() }
