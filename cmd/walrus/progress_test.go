package main

import (
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
