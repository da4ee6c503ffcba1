package sqlstore

import (
	"encoding"
	"fmt"
	"strings"
	"time"
	"unicode/utf8"

	"latchkey/internal/fault"
)

// field binds a place in a Go struct to a column: value is what is written
// there, Scan puts back what was read. A struct's fields are listed once, in its
// columns' order, and serve both ways.
type field interface {
	value() (any, error)
	Scan(src any) error
}

// text is a string column.
func text[T ~string](p *T) field { return textField[T]{p} }

type textField[T ~string] struct{ p *T }

func (f textField[T]) value() (any, error) {
	s := string(*f.p)
	if !utf8.ValidString(s) || strings.ContainsRune(s, 0) {
		return nil, fault.New("store.text", fault.Invalid,
			"The text holds characters that cannot be kept, such as a NUL or broken UTF-8; write it again without them.")
	}
	return s, nil
}

func (f textField[T]) Scan(src any) error {
	switch v := src.(type) {
	case string:
		*f.p = T(v)
	case []byte:
		*f.p = T(v)
	default:
		return mismatch("text", src)
	}
	return nil
}

// reference is a string column that points to another row; empty is null.
func reference[T ~string](p *T) field { return referenceField[T]{textField[T]{p}} }

type referenceField[T ~string] struct{ textField[T] }

func (f referenceField[T]) value() (any, error) {
	if *f.p == "" {
		return nil, nil
	}
	return f.textField.value()
}

func (f referenceField[T]) Scan(src any) error {
	if src == nil {
		*f.p = ""
		return nil
	}
	return f.textField.Scan(src)
}

// spelled is a string column holding the text form of an id or a scope.
func spelled(p interface {
	encoding.TextMarshaler
	encoding.TextUnmarshaler
},
) field {
	return spelledField{p, p}
}

type spelledField struct {
	out encoding.TextMarshaler
	in  encoding.TextUnmarshaler
}

func (f spelledField) value() (any, error) {
	b, err := f.out.MarshalText()
	return string(b), err
}

func (f spelledField) Scan(src any) error {
	var s string
	if err := text(&s).Scan(src); err != nil {
		return err
	}
	return f.in.UnmarshalText([]byte(s))
}

// count is an integer column: numbers, closed lists and durations.
func count[T ~int | ~int64 | ~uint8](p *T) field { return countField[T]{p} }

type countField[T ~int | ~int64 | ~uint8] struct{ p *T }

func (f countField[T]) value() (any, error) { return int64(*f.p), nil }

func (f countField[T]) Scan(src any) error {
	n, ok := src.(int64)
	if !ok {
		return mismatch("an integer", src)
	}
	*f.p = T(n)
	return nil
}

// moment is a nullable integer column of nanoseconds since 1970; the zero time
// is null.
func moment(p *time.Time) field { return momentField{p} }

type momentField struct{ p *time.Time }

func (f momentField) value() (any, error) {
	if f.p.IsZero() {
		return nil, nil
	}
	// UnixNano is defined from 1678 to 2262.
	if y := f.p.UTC().Year(); y < 1678 || y > 2261 {
		return nil, fault.New("store.moment", fault.Invalid, "A time may lie between the years 1678 and 2261.")
	}
	return f.p.UnixNano(), nil
}

func (f momentField) Scan(src any) error {
	switch v := src.(type) {
	case nil:
		*f.p = time.Time{}
	case int64:
		*f.p = time.Unix(0, v).UTC()
	default:
		return mismatch("a moment", src)
	}
	return nil
}

// flag is a yes-or-no column: SQLite keeps an integer, PostgreSQL a boolean.
func flag(p *bool) field { return flagField{p} }

type flagField struct{ p *bool }

func (f flagField) value() (any, error) { return *f.p, nil }

func (f flagField) Scan(src any) error {
	switch v := src.(type) {
	case bool:
		*f.p = v
	case int64:
		*f.p = v != 0
	default:
		return mismatch("a flag", src)
	}
	return nil
}

// raw is a column of bytes.
func raw(p *[]byte) field { return rawField{p} }

type rawField struct{ p *[]byte }

func (f rawField) value() (any, error) {
	if *f.p == nil {
		return []byte{}, nil
	}
	return *f.p, nil
}

func (f rawField) Scan(src any) error {
	switch v := src.(type) {
	case nil: // how the SQLite driver reads no bytes
		*f.p = []byte{}
	case []byte:
		*f.p = append([]byte{}, v...)
	default:
		return mismatch("bytes", src)
	}
	return nil
}

func mismatch(want string, src any) error {
	return fmt.Errorf("the column holds %T where %s belongs", src, want)
}

// values are the fields' values as a statement's arguments.
func values(fields []field) ([]any, error) {
	args := make([]any, len(fields))
	for i, f := range fields {
		v, err := f.value()
		if err != nil {
			return nil, err
		}
		args[i] = v
	}
	return args, nil
}

// targets are the fields as where a row is scanned to.
func targets(fields []field) []any {
	dest := make([]any, len(fields))
	for i, f := range fields {
		dest[i] = f
	}
	return dest
}
