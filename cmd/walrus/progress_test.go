package main

import (
	"io"
	"strings"
	"testing"
	"time"
)

func TestProgress(t *testing.T) {
	var out strings.Builder
	clock := time.Unix(0, 0)
	p := &progress{w: &out, now: func() time.Time { return clock }}
	p.set("uploading", "", 0, 50<<20)
	clock = clock.Add(time.Second)
	p.set("uploading", "1 node", 25<<20, 50<<20)
	p.set("uploading", "", 26<<20, 50<<20) // too soon to be drawn
	p.clear()
	p.clear()
	lines := strings.Split(out.String(), "\r")
	want := []string{
		"",
		"uploading    [--------------------]   0%  0 B of 50.0 MiB",
		"uploading    [##########----------]  50%  25.0 MiB of 50.0 MiB  1 node  25.0 MiB/s  1s left",
		"", "",
	}
	if len(lines) != len(want) {
		t.Fatalf("drew %q", lines)
	}
	for i := range want {
		if got := strings.TrimRight(lines[i], " "); got != want[i] {
			t.Errorf("line %d: %q, want %q", i, got, want[i])
		}
	}
}

// TestProgressNarrow: what does not fit is left out, since a line that wraps is drawn again and again.
func TestProgressNarrow(t *testing.T) {
	t.Parallel()
	clock := time.Unix(0, 0)
	columns := 0
	p := &progress{w: io.Discard, now: func() time.Time { return clock }, columns: func() int { return columns }}
	p.set("storing", "", 0, 443<<20)
	clock = clock.Add(time.Second)
	p.set("storing", "40 of 67 shards confirmed", 365<<20, 443<<20)
	const all = "storing      [################----]  82%  365 MiB of 443 MiB  40 of 67 shards confirmed  365 MiB/s"
	for _, tc := range []struct {
		columns int
		want    string
	}{
		{0, all + "  0s left"},
		{200, all + "  0s left"},
		{len(all) + 1, all},
		{80, "storing      [################----]  82%  365 MiB of 443 MiB  365 MiB/s"},
		{40, "storing      [################----]  82%"},
	} {
		columns = tc.columns
		if got := p.line(clock); got != tc.want {
			t.Errorf("on %d columns: %q, want %q", tc.columns, got, tc.want)
		}
	}
}

func TestProgressOffTerminal(t *testing.T) {
	var out strings.Builder
	d := &deps{stderr: &out, now: time.Now}
	p := d.newProgress()
	p.set("uploading", "", 1, 2)
	p.clear()
	if out.Len() != 0 {
		t.Errorf("drew %q", out.String())
	}
}
