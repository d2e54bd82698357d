package main

import (
	"testing"
	"time"
)

func TestFormatSize(t *testing.T) {
	for n, want := range map[uint64]string{
		0: "0 B", 1023: "1023 B", 1024: "1.00 KiB", 47_002: "45.9 KiB", 1<<20 - 1: "1.00 MiB", 999<<10 + 600: "0.98 MiB",
		10<<20 - 1: "10.0 MiB", 100<<20 - 1: "100 MiB", 14_599_533_452: "13.6 GiB", 1<<64 - 1: "16.0 EiB",
	} {
		if got := formatSize(n); got != want {
			t.Errorf("formatSize(%d) = %q, want %q", n, got, want)
		}
	}
}

func TestFormatWAL(t *testing.T) {
	for n, want := range map[uint64]string{
		0: "0 FROST", 99_999: "99,999 FROST", 100_000: "0.0001 WAL", 132_300: "0.0001 WAL", 9_949_999: "0.0099 WAL",
		10_000_000: "0.010 WAL", 1_234_567_890: "1.235 WAL", 1_000_000_000_000_000_000: "1,000,000,000.000 WAL",
		1<<64 - 1: "18,446,744,073.710 WAL",
	} {
		if got := formatWAL(n); got != want {
			t.Errorf("formatWAL(%d) = %q, want %q", n, got, want)
		}
	}
}

func TestParseWAL(t *testing.T) {
	for text, want := range map[string]uint64{"7": 7, "7FROST": 7, "1.5WAL": 1_500_000_000, "2 wal": 2_000_000_000, ".000000001WAL": 1} {
		if got, err := parseWAL(text); err != nil || got != want {
			t.Errorf("parseWAL(%q) = %d, %v, want %d", text, got, err, want)
		}
	}
	for _, bad := range []string{"", "-1", "1.5", "WAL", ".", "1.0000000001WAL", "1SUI", "18446744074WAL", "1..2WAL", "1e3"} {
		if got, err := parseWAL(bad); err == nil {
			t.Errorf("parseWAL(%q) = %d", bad, got)
		}
	}
}

func TestFormatDuration(t *testing.T) {
	for d, want := range map[time.Duration]string{
		14 * 24 * time.Hour: "14days", 25*time.Hour + 3*time.Second: "1day 1h 3s", 90 * time.Second: "1m 30s", 250 * time.Millisecond: "250ms", 0: "0s",
	} {
		if got := formatDuration(d); got != want {
			t.Errorf("formatDuration(%v) = %q, want %q", d, got, want)
		}
	}
}

func TestProtectIDs(t *testing.T) {
	const id = "-7Xk1ul8N3pWPRPCkmT1vKHVxUDPLWGvZyR6hC-ZSfE"
	got := protectIDs([]string{"read", id, "--strict", "-o", "x"})
	if got[1] != idMark+id || got[2] != "--strict" || got[3] != "-o" {
		t.Errorf("protected: %q", got)
	}
	if back, err := parseID(got[1]); err != nil || back.String() != id {
		t.Errorf("parsed: %v, %v", back, err)
	}
}

func TestParseRate(t *testing.T) {
	for text, want := range map[string]uint32{"0": 0, "10000": 10_000, "250": 250, "2.5%": 250, "2.55%": 255, "100%": 10_000, "0.01%": 1} {
		got, err := parseRate(text)
		if err != nil || got != want {
			t.Errorf("parseRate(%q) = %d, %v, want %d", text, got, err, want)
		}
		if back, err := parseRate(formatRate(got)); err != nil || back != got {
			t.Errorf("%d is shown as %s, read as %d, %v", got, formatRate(got), back, err)
		}
	}
	for _, bad := range []string{"", "%", "-1", "10001", "100.01%", "2.555%", "2.5", "1e2", "99999999999999999999"} {
		if got, err := parseRate(bad); err == nil {
			t.Errorf("parseRate(%q) = %d", bad, got)
		}
	}
}

func TestParseSize(t *testing.T) {
	for text, want := range map[string]uint64{"0": 0, "7": 7, "7B": 7, "2k": 2048, "3MiB": 3 << 20, "1 GiB": 1 << 30, "16383PiB": 16383 << 50} {
		if got, err := parseSize(text); err != nil || got != want {
			t.Errorf("parseSize(%q) = %d, %v, want %d", text, got, err, want)
		}
	}
	for _, bad := range []string{"", "MiB", "-1", "1.5MiB", "1XB", "16384PiB", "18446744073709551616"} {
		if got, err := parseSize(bad); err == nil {
			t.Errorf("parseSize(%q) = %d", bad, got)
		}
	}
}

func TestParseVote(t *testing.T) {
	for text, want := range map[string]int{"yes": 1, "VETO": 1, "yes=1": 1, "yes=0.7,no=0.3": 2, "yes=0.4, no=0.3,abstain=0.2,no-with-veto=0.1": 4} {
		if got, err := parseVote(text); err != nil || len(got) != want {
			t.Errorf("parseVote(%q) = %v, %v", text, got, err)
		}
	}
	for _, bad := range []string{"", "perhaps", "yes,no", "yes=0.5", "yes=0.5,yes=0.5", "yes=1.5,no=-0.5", "yes=0,no=1", "yes=x", "no=0.5,veto=0.5,"} {
		if got, err := parseVote(bad); err == nil {
			t.Errorf("parseVote(%q) = %v", bad, got)
		}
	}
}
