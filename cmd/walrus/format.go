package main

import (
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"math"
	"strconv"
	"strings"
	"text/tabwriter"
	"time"
	"unicode"

	"github.com/walrus-go/walrus/ledger"
)

// printJSON writes a result as pretty JSON with a newline at its end.
func (d *deps) printJSON(v any) error {
	enc := json.NewEncoder(d.stdout)
	enc.SetEscapeHTML(false)
	enc.SetIndent("", "  ")
	return enc.Encode(v)
}

// fields are the members of a JSON object.
type fields = map[string]any

// show writes a result: as JSON if that is asked for, else as text does for people.
func (d *deps) show(v any, text func() error) error {
	if d.json {
		return d.printJSON(v)
	}
	return text()
}

// printResult is show with a text to format.
func (d *deps) printResult(v any, format string, args ...any) error {
	return d.show(v, func() error {
		_, err := fmt.Fprintf(d.stdout, format, args...)
		return err
	})
}

// printLabels is show with labelled lines, see labels.
func (d *deps) printLabels(v any, pairs ...string) error {
	return d.show(v, func() error { return labels(d.stdout, pairs...) })
}

// remark says something about a result on standard error, to people only.
func (d *deps) remark(format string, args ...any) error {
	if d.json {
		return nil
	}
	_, err := fmt.Fprintf(d.stderr, format, args...)
	return err
}

// formatSize gives bytes base 1024 with three significant digits, 45.9 KiB.
func formatSize(n uint64) string {
	const units = "KMGTPE"
	if n < 1024 {
		return strconv.FormatUint(n, 10) + " B"
	}
	v, unit := float64(n)/1024, 0
	for v >= 999.5 && unit < len(units)-1 {
		v, unit = v/1024, unit+1
	}
	digits := 2
	switch {
	case v >= 99.95:
		digits = 0
	case v >= 9.995:
		digits = 1
	}
	return fmt.Sprintf("%.*f %ciB", digits, v, units[unit])
}

// formatWAL gives FROST as people read it: whole FROST below 0.0001 WAL, four decimals below 0.01 WAL,
// three above. Source: spec client.md section 2.1.
func formatWAL(frost uint64) string {
	const wal = ledger.FrostPerWAL
	switch {
	case frost < wal/10_000:
		return thousands(frost) + " FROST"
	case frost < wal/100:
		return decimals(frost, wal/10_000, 4) + " WAL"
	}
	return decimals(frost, wal/1000, 3) + " WAL"
}

// decimals rounds frost to a multiple of step, which is 10^-digits WAL, half up.
func decimals(frost, step uint64, digits int) string {
	n := frost / step
	if frost%step >= step-step/2 {
		n++
	}
	scale := uint64(1)
	for range digits {
		scale *= 10
	}
	return fmt.Sprintf("%s.%0*d", thousands(n/scale), digits, n%scale)
}

// thousands writes a number with commas.
func thousands(n uint64) string {
	s := strconv.FormatUint(n, 10)
	for i := len(s) - 3; i > 0; i -= 3 {
		s = s[:i] + "," + s[i:]
	}
	return s
}

// formatDuration gives a time in words, 14days or 1h 30m.
func formatDuration(t time.Duration) string {
	if t < time.Second {
		return t.Round(time.Millisecond).String()
	}
	t = t.Round(time.Second)
	var words []string
	for _, u := range []struct {
		size      time.Duration
		one, many string
	}{{24 * time.Hour, "day", "days"}, {time.Hour, "h", "h"}, {time.Minute, "m", "m"}, {time.Second, "s", "s"}} {
		if n := t / u.size; n > 0 {
			name := u.many
			if n == 1 {
				name = u.one
			}
			words = append(words, fmt.Sprintf("%d%s", n, name))
			t -= n * u.size
		}
	}
	return strings.Join(words, " ")
}

// parseWAL reads an amount: FROST as a bare number, or with a unit, 1.5WAL or 200FROST.
func parseWAL(s string) (uint64, error) {
	bad := usagef("amount %q: want whole FROST, or WAL with at most 9 decimals such as 1.5WAL", s)
	number, unit := strings.TrimSpace(s), ""
	if i := strings.IndexFunc(number, func(r rune) bool { return r != '.' && (r < '0' || r > '9') }); i >= 0 {
		number, unit = number[:i], strings.ToLower(strings.TrimSpace(number[i:]))
	}
	whole, frac, _ := strings.Cut(number, ".")
	if whole+frac == "" {
		return 0, bad
	}
	digits := 0
	switch unit {
	case "", "frost":
	case "wal":
		digits = 9
	default:
		return 0, usagef("amount %q: the unit is WAL or FROST", s)
	}
	if len(frac) > digits {
		return 0, bad
	}
	frost, err := strconv.ParseUint(whole+frac+strings.Repeat("0", digits-len(frac)), 10, 64)
	if errors.Is(err, strconv.ErrRange) {
		return 0, usagef("amount %q: more than there can ever be, 2^64-1 FROST", s)
	}
	if err != nil {
		return 0, bad
	}
	return frost, nil
}

// printable replaces what a terminal would obey instead of showing: names and descriptions are what
// strangers wrote.
func printable(s string) string {
	return strings.Map(func(r rune) rune {
		if unicode.IsPrint(r) {
			return r
		}
		return unicode.ReplacementChar
	}, s)
}

// labels writes labelled lines, "Blob ID:  …", aligned.
func labels(w io.Writer, pairs ...string) error {
	t := tabwriter.NewWriter(w, 0, 0, 2, ' ', 0)
	for i := 0; i+1 < len(pairs); i += 2 {
		fmt.Fprintf(t, "  %s:\t%s\n", printable(pairs[i]), printable(pairs[i+1]))
	}
	return t.Flush()
}

// plural gives "1 blob", "2 blobs".
func plural(n int, noun string) string {
	if n == 1 {
		return "1 " + noun
	}
	return strconv.Itoa(n) + " " + noun + "s"
}

// parseSize reads a number of bytes: bare, or with a unit of base 1024 such as 10MiB or 10M.
func parseSize(s string) (uint64, error) {
	i := strings.IndexFunc(s, func(r rune) bool { return r < '0' || r > '9' })
	number, unit := s, ""
	if i >= 0 {
		number, unit = s[:i], strings.ToLower(strings.TrimSpace(s[i:]))
	}
	shift, ok := map[string]int{"": 0, "b": 0, "k": 10, "kib": 10, "m": 20, "mib": 20, "g": 30, "gib": 30, "t": 40, "tib": 40, "p": 50, "pib": 50}[unit]
	n, err := strconv.ParseUint(number, 10, 64)
	if !ok || err != nil || n > math.MaxUint64>>shift {
		return 0, usagef("size %q: want bytes, or a whole number with a unit such as 10MiB", s)
	}
	return n << shift, nil
}
