package main

import (
	"testing"
	"time"

	"github.com/walrus-go/walrus/ledger"
)

func TestLifetime(t *testing.T) {
	start := time.Date(2030, 1, 1, 0, 0, 0, 0, time.UTC)
	sys := ledger.System{Epoch: 10, EpochStart: start, EpochDuration: 24 * time.Hour, MaxEpochsAhead: 53}
	now := start.Add(time.Hour)
	for _, tc := range []struct {
		name string
		l    lifetime
		want uint32 // 0 is an error
	}{
		{"a number", lifetime{epochs: "5"}, 5},
		{"the longest", lifetime{epochs: "max"}, 53},
		{"none", lifetime{epochs: "0"}, 0},
		{"too many", lifetime{epochs: "54"}, 0},
		{"no number", lifetime{epochs: "five"}, 0},
		{"an end", lifetime{end: 12}, 2},
		{"an end now", lifetime{end: 10}, 0},
		{"an end too far", lifetime{end: 64}, 0},
		{"today", lifetime{expiry: "2030-01-01 23:59:59"}, 1},
		{"at midnight", lifetime{expiry: "2030-01-02T00:00:00Z"}, 2},
		{"in another zone", lifetime{expiry: "2030-01-02T01:00:00+02:00"}, 1},
		{"in the past", lifetime{expiry: "2030-01-01T00:30:00Z"}, 0},
		{"some day", lifetime{expiry: "tomorrow"}, 0},
		{"in a thousand years", lifetime{expiry: "3030-01-01T00:30:00Z"}, 0},
	} {
		got, err := tc.l.count(sys, now)
		if got != tc.want || (err == nil) != (tc.want > 0) {
			t.Errorf("%s: %d, %v, want %d", tc.name, got, err, tc.want)
		}
	}
}
