package odata

import (
	"errors"
	"fmt"
	"strconv"
	"strings"
	"time"

	"latchkey/emulator/wire"
)

var errDuration = errors.New("odata: no ISO 8601 duration")

const day = 24 * time.Hour

// maxDuration is about 290 years, less than what a time.Duration holds.
const maxDuration = 100_000 * day

// ParseDuration reads an ISO 8601 duration such as P730D, PT2H or P1DT30M. A year
// counts 365 days and a month 30. Weeks may stand beside days (P4W2D), which the
// standard forbids and some clients send.
func ParseDuration(s string) (time.Duration, error) {
	date, clock, hasClock := strings.Cut(strings.ToUpper(s), "T")
	date, isDuration := strings.CutPrefix(date, "P")
	if !isDuration || date == "" && clock == "" || hasClock && clock == "" || len(s) > 64 {
		return 0, fmt.Errorf("%w: %q", errDuration, wire.Clip(s))
	}
	total := 0.0
	for _, part := range []struct {
		text  string
		units string
		sizes []time.Duration
	}{
		{date, "YMWD", []time.Duration{365 * day, 30 * day, 7 * day, day}},
		{clock, "HMS", []time.Duration{time.Hour, time.Minute, time.Second}},
	} {
		sum, ok := sumUnits(part.text, part.units, part.sizes)
		if !ok {
			return 0, fmt.Errorf("%w: %q", errDuration, wire.Clip(s))
		}
		total += sum
	}
	if total > float64(maxDuration) {
		return 0, fmt.Errorf("%w: %q is too long", errDuration, wire.Clip(s))
	}
	return time.Duration(total), nil
}

// sumUnits adds numbers with units behind them, each unit once and in order.
func sumUnits(text, units string, sizes []time.Duration) (float64, bool) {
	sum, from := 0.0, 0
	for text != "" {
		at := strings.IndexAny(text, units)
		if at <= 0 {
			return 0, false
		}
		n, err := strconv.ParseFloat(text[:at], 64)
		unit := strings.IndexByte(units, text[at])
		if err != nil || n < 0 || n != n || n > 1e9 || unit < from || strings.ContainsAny(text[:at], "+-EXINP_") {
			return 0, false
		}
		sum += n * float64(sizes[unit])
		from, text = unit+1, text[at+1:]
	}
	return sum, true
}

// FormatDuration writes a duration as Graph does: whole days as days, anything
// else in hours, minutes and seconds.
func FormatDuration(d time.Duration) string {
	if d != 0 && d%day == 0 {
		return "P" + strconv.Itoa(int(d/day)) + "D"
	}
	var text strings.Builder
	text.WriteString("PT")
	for _, unit := range []struct {
		size time.Duration
		name string
	}{{time.Hour, "H"}, {time.Minute, "M"}} {
		if n := d / unit.size; n > 0 {
			text.WriteString(strconv.Itoa(int(n)) + unit.name)
			d -= n * unit.size
		}
	}
	if d > 0 || text.Len() == len("PT") {
		text.WriteString(strconv.FormatFloat(d.Seconds(), 'f', -1, 64) + "S")
	}
	return text.String()
}
