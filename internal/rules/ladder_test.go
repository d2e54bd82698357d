package rules

import (
	"path"
	"strings"
	"testing"
)

// ladder is the allowed import graph. In each line a package may import everything to its left, and
// everything those may import; names between commas are peers and do not import each other. A folder
// takes the place of the nearest folder above it that is named here.
//
// The shape to keep: node, client and gateway see ledger and never chain, because nobody who uses the
// SDK should link a blockchain; the rules of chain/economy see no chain engine, because arithmetic on
// money is tested best alone; only testnet and cmd/walrus know both sides.
const ladder = `
	gf, blake2x, bcs, bls
	gf, blake2x, bcs, bls < rs, merkle < redstuff
	bls < committee < blob
	redstuff < blob < quilt, attest < wire, ledger, store < node, client
	api < ledger
	attest < chain/economy
	chain/economy, ledger, api < chain
	client, quilt < gateway
	client, ledger < dashboard
	node, client, gateway, dashboard, chain < testnet < cmd/walrus
	testnet < interop
`

// free are folders off the ladder: internal has what anyone may import, bench the repository's own
// commands, which may import anyone.
var free = []string{"internal", "bench"}

// parseLadder returns, for each name on the ladder, the set of names it may import.
func parseLadder(text string) map[string]map[string]bool {
	may := map[string]map[string]bool{}
	for line := range strings.Lines(text) {
		var left []string
		for step := range strings.SplitSeq(line, "<") {
			var peers []string
			for name := range strings.SplitSeq(step, ",") {
				if name = strings.TrimSpace(name); name == "" {
					continue
				}
				if may[name] == nil {
					may[name] = map[string]bool{}
				}
				for _, l := range left {
					may[name][l] = true
				}
				peers = append(peers, name)
			}
			left = append(left, peers...)
		}
	}
	for changed := true; changed; {
		changed = false
		for name := range may {
			for l := range may[name] {
				for ll := range may[l] {
					if !may[name][ll] {
						may[name][ll], changed = true, true
					}
				}
			}
		}
	}
	return may
}

// rung returns the name on the ladder that stands for dir, or "".
func rung(may map[string]map[string]bool, dir string) string {
	for ; dir != "."; dir = path.Dir(dir) {
		if may[dir] != nil {
			return dir
		}
	}
	return ""
}

// isTestPackage tells whether dir is a package made for tests, such as storetest or testnet.
func isTestPackage(dir string) bool {
	base := path.Base(dir)
	return base == "testnet" || strings.HasSuffix(base, "test") && base != "attest"
}

func isFree(dir string) bool {
	for _, root := range free {
		if below(dir, root) {
			return true
		}
	}
	return false
}

// TestLadder holds every import between our packages against the ladder. Tests may also import the
// packages that are made for tests, wherever those stand.
func TestLadder(t *testing.T) {
	tr := get(t)
	may := parseLadder(ladder)
	for _, dir := range tr.dirs() {
		from := rung(may, dir)
		if from == "" && !isFree(dir) {
			t.Errorf("package %s is not on the ladder of %s: give it a place there and in docs/STYLE.md", dir, "internal/rules/ladder_test.go")
			continue
		}
		for _, f := range tr.packages[dir].files {
			for _, imp := range f.imports {
				to, ok := ours(imp)
				if !ok || isFree(to) || isFree(dir) {
					continue
				}
				if f.test && (isTestPackage(to) || to == dir) {
					continue
				}
				if target := rung(may, to); target != from && !may[from][target] {
					t.Errorf("%s imports %s: %s may not import %s; imports only go up the ladder of docs/STYLE.md", f.path, to, from, target)
				}
			}
		}
	}
}

// TestLadderHasNoCycle keeps the table itself honest.
func TestLadderHasNoCycle(t *testing.T) {
	for name, may := range parseLadder(ladder) {
		if may[name] {
			t.Errorf("%s stands below itself on the ladder", name)
		}
	}
}

// TestTestPackagesStayInTests keeps conformance suites and fakes out of what people run.
func TestTestPackagesStayInTests(t *testing.T) {
	tr := get(t)
	for _, dir := range tr.dirs() {
		for _, f := range tr.packages[dir].files {
			if f.test || isTestPackage(dir) {
				continue
			}
			for _, imp := range f.imports {
				if to, ok := ours(imp); ok && path.Base(to) != "testnet" && isTestPackage(to) {
					t.Errorf("%s imports %s outside of tests", f.path, to)
				}
				if imp == "testing" && !below(dir, "bench") {
					t.Errorf("%s imports testing, which has no place in what people run", f.path)
				}
			}
		}
	}
}
