package testnet

import (
	"errors"
	"net"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"
)

func TestOptions(t *testing.T) {
	o, err := Options{Nodes: 7, Shards: 100}.withDefaults()
	if err != nil || !slices.Equal(o.Shares, []int{15, 15, 14, 14, 14, 14, 14}) || o.EpochDuration != DefaultEpochDuration {
		t.Errorf("%+v, %v", o, err)
	}
	for name, o := range map[string]Options{
		"too many nodes":         {Nodes: 101, Shards: 1000},
		"more nodes than shards": {Nodes: 10, Shards: 9},
		"too few shards":         {Nodes: 1, Shards: 3},
		"too many shards":        {Shards: 1001},
		"a negative count":       {Nodes: -1},
		"too many validators":    {Validators: 8},
		"validators of no node":  {Nodes: 3, Validators: 4},
		"epochs of nothing":      {EpochDuration: time.Millisecond},
		"votes of a moment":      {VotingPeriod: time.Second},
		"more outside than all":  {Nodes: 4, External: 5},
		"an empty share":         {Shares: []int{100, 0}},
		"shares that do not fit": {Shards: 10, Shares: []int{5, 6}},
		"shares of other nodes":  {Nodes: 3, Shards: 11, Shares: []int{5, 6}},
	} {
		if _, err := o.withDefaults(); !errors.Is(err, ErrOptions) {
			t.Errorf("%s: %v", name, err)
		}
	}
}

func TestClaim(t *testing.T) {
	dir := filepath.Join(t.TempDir(), "net")
	p, lock, err := claim(dir)
	if err != nil || p != nil {
		t.Fatalf("new directory: %v, %v", p, err)
	}
	if _, _, err := claim(dir); !errors.Is(err, ErrInUse) || !strings.Contains(err.Error(), "run by process ") {
		t.Errorf("claimed twice: %v", err)
	}
	opts, err := Options{Nodes: 4, Shards: 13, Validators: 2}.withDefaults()
	if err != nil {
		t.Fatal(err)
	}
	made, guard, err := newPlan(opts)
	if err != nil {
		t.Fatal(err)
	}
	defer guard.Close()
	if err := made.write(dir); err != nil {
		t.Fatal(err)
	}
	lock.Close()

	if p, lock, err = claim(dir); err != nil || p != nil {
		t.Fatalf("unfinished network: %v, %v", p, err)
	}
	made.Complete = true
	if err := made.write(dir); err != nil {
		t.Fatal(err)
	}
	lock.Close()

	if p, lock, err = claim(dir); err != nil || p == nil || p.ChainID != made.ChainID || !slices.Equal(p.Shares, []int{4, 3, 3, 3}) {
		t.Fatalf("finished network: %+v, %v", p, err)
	}
	lock.Close()
	for _, o := range []Options{{}, {Nodes: 4}, {Shards: 13}, {Validators: 2}, {External: 4}, {Shares: []int{4, 3, 3, 3}}} {
		if err := p.fits(o); err != nil {
			t.Errorf("%+v: %v", o, err)
		}
	}
	for _, o := range []Options{{Nodes: 5}, {Shards: 100}, {Validators: 1}, {External: 5}, {EpochDuration: time.Hour}, {VotingPeriod: time.Hour}, {BasePort: 80}, {Shares: []int{13}}} {
		if err := p.fits(o); !errors.Is(err, ErrDiffers) {
			t.Errorf("%+v: %v", o, err)
		}
	}
}

func TestClaimRefuses(t *testing.T) {
	for name, files := range map[string]map[string]string{
		"someone's files":  {"thesis.tex": ""},
		"no JSON":          {planFile: "{"},
		"another layout":   {planFile: `{"format":99,"complete":true}`},
		"a plan that lies": {planFile: `{"format":1,"complete":true,"shards":10,"shares":[3]}`},
	} {
		dir := t.TempDir()
		for file, text := range files {
			if err := os.WriteFile(filepath.Join(dir, file), []byte(text), 0o600); err != nil {
				t.Fatal(err)
			}
		}
		if p, _, err := claim(dir); !errors.Is(err, ErrForeign) {
			t.Errorf("%s: %+v, %v", name, p, err)
		}
	}
}

func TestPorts(t *testing.T) {
	ports, guard, err := pickPorts(0, 25)
	if err != nil || len(ports) != 25 {
		t.Fatal(ports, err)
	}
	defer guard.Close()
	if slices.Contains(ports, guard.Addr().(*net.TCPAddr).Port) {
		t.Errorf("guard %v among ports %v", guard.Addr(), ports)
	}
	slices.Sort(ports)
	if len(slices.Compact(ports)) != 25 {
		t.Errorf("a port twice: %v", ports)
	}
	if _, _, err := pickPorts(80, 2); !errors.Is(err, ErrOptions) {
		t.Errorf("ports of the system: %v", err)
	}
}
