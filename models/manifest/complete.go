package manifest

import (
	"errors"
	"fmt"
	"math"
	"reflect"
	"strings"
)

// complete checks that a decoded document has every field that is not optional
// (tag need:"optional"; fields that are pointers are optional by what they
// are), lists of three with three values, and whole numbers where whole ones
// are meant. The decoder would read what is missing as 0, and cut 16.7 to 16:
// a network that is fed wrongly finds nothing, and says so as if nothing were
// there.
func complete(doc any) error { return fits(doc, reflect.TypeFor[Model](), "") }

func fits(v any, t reflect.Type, at string) error {
	for t.Kind() == reflect.Pointer {
		t = t.Elem()
	}
	switch t.Kind() {
	case reflect.Struct:
		return fitsStruct(v, t, at)
	case reflect.Array, reflect.Slice:
		return fitsList(v, t, at)
	case reflect.Int, reflect.Int64:
		return fitsWhole(v, at)
	case reflect.Float64:
		return fitsNumber(v, at)
	case reflect.Bool:
		if _, ok := v.(bool); !ok {
			return fmt.Errorf("%s: %v is neither true nor false", at, v)
		}
	case reflect.String:
		// A number is taken as its digits: version 1.2 may stand without quotes.
		switch v.(type) {
		case map[string]any, []any, bool:
			return fmt.Errorf("%s: is not text", at)
		}
	}
	return nil
}

func fitsStruct(v any, t reflect.Type, at string) error {
	fields, ok := v.(map[string]any)
	if !ok {
		return fmt.Errorf("%s: is not a block of named fields", name(at))
	}
	for i := range t.NumField() {
		f := t.Field(i)
		key := f.Tag.Get("yaml")
		if key == "" {
			continue
		}
		value := fields[key]
		if value == nil {
			if f.Type.Kind() == reflect.Pointer || f.Tag.Get("need") == "optional" {
				continue
			}
			return fmt.Errorf("%s: is missing", join(at, key))
		}
		if err := fits(value, f.Type, join(at, key)); err != nil {
			return err
		}
	}
	return nil
}

func fitsList(v any, t reflect.Type, at string) error {
	list, ok := v.([]any)
	if !ok {
		return fmt.Errorf("%s: is not a list", at)
	}
	if t.Kind() == reflect.Array && len(list) != t.Len() {
		return fmt.Errorf("%s: has %d values, not %d", at, len(list), t.Len())
	}
	for i, item := range list {
		if err := fits(item, t.Elem(), fmt.Sprintf("%s[%d]", at, i)); err != nil {
			return err
		}
	}
	return nil
}

func fitsWhole(v any, at string) error {
	switch n := v.(type) {
	case int, int64, uint64:
		return nil
	case float64:
		if n == math.Trunc(n) {
			return nil
		}
	}
	return fmt.Errorf("%s: %v is not a whole number", at, v)
}

func fitsNumber(v any, at string) error {
	switch v.(type) {
	case int, int64, uint64, float64:
		return nil
	}
	return fmt.Errorf("%s: %v is not a number", at, v)
}

func join(at, key string) string { return strings.TrimPrefix(at+"."+key, ".") }

func name(at string) string {
	if at == "" {
		return FileName
	}
	return at
}

var errDocuments = errors.New("holds more than one document, or nothing")
