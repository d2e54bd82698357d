package rules

import (
	"bytes"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
)

// A ban keeps a dependency out of some of our packages.
type ban struct {
	in     []string // folders it holds for; "" is everywhere
	except []string // folders below those where it does not
	path   string   // import path, or the start of one
	code   bool     // holds for code only; tests may
	linked bool     // holds for code, and not even through other packages
	why    string
}

const engine = "whoever uses the SDK or runs a node without a validator must not link a blockchain"

var bans = []ban{
	{in: []string{"client", "gateway", "node", "wire", "store", "quilt", "attest"}, linked: true, path: "github.com/cosmos/cosmos-sdk", why: engine},
	{in: []string{"client", "gateway", "node", "wire", "store", "quilt", "attest"}, linked: true, path: "github.com/cometbft/cometbft", why: engine},
	{in: []string{"chain/economy"}, linked: true, path: "github.com/cosmos/", why: "rules about money are plain Go: same calls, same results, no store and no context"},
	{in: []string{"chain/economy"}, linked: true, path: "cosmossdk.io/", why: "rules about money are plain Go"},
	{in: []string{"chain/economy", "gf", "rs", "merkle", "redstuff", "bcs"}, except: []string{"chain/economy/sim"}, code: true, path: "math/rand", why: "the same input must give the same bytes"},
	{in: []string{"chain/economy"}, code: true, path: "time", why: "block time comes in as a number; a wall clock would fork the chain"},
	{in: []string{"gf", "blake2x", "rs", "merkle", "redstuff", "bcs", "bls"}, code: true, path: "net", why: "these packages turn bytes into bytes"},
	{in: []string{"gf", "blake2x", "rs", "merkle", "redstuff", "bcs", "bls"}, code: true, path: "log/slog", why: "these packages turn bytes into bytes"},
	{path: "github.com/syndtr/goleveldb", why: "the version that is chosen answers nil for empty values, which breaks every query of an empty store; use pebble"},
	{path: "github.com/tecbot/gorocksdb", why: "needs cgo"},
	{path: "github.com/linxGnu/grocksdb", why: "needs cgo"},
	{path: "github.com/supranational/blst", why: "needs cgo; bls uses gnark-crypto, which gives the same bytes"},
	{path: "github.com/cosmos/cosmos-sdk/x/staking", why: "its bonding by time and its per-block powers are not our epochs; see docs/adr/0002"},
	{path: "github.com/cosmos/cosmos-sdk/x/distribution", why: "rewards are ours; see docs/adr/0002"},
	{path: "github.com/cosmos/cosmos-sdk/x/slashing", why: "penalties are ours; see docs/adr/0002"},
	{path: "github.com/cosmos/cosmos-sdk/x/mint", why: "WAL has a fixed supply"},
	{path: "github.com/cosmos/cosmos-sdk/x/genutil", except: []string{"chain"}, why: "its gentx needs x/staking; only the wiring of the application may touch its types"},
	{path: "github.com/cosmos/cosmos-sdk/depinject", why: "the application is wired by hand, where a reader can follow it"},
	{path: "cosmossdk.io/depinject", why: "the application is wired by hand, where a reader can follow it"},
	{path: "github.com/pkg/errors", why: "the standard library wraps errors"},
	{path: "github.com/stretchr/testify", why: "tests say what they got and wanted in plain Go"},
	{path: "github.com/golang/mock", why: "prefer an implementation in memory to a mock"},
	{path: "io/ioutil", why: "deprecated"},
	{path: "C", why: "the module builds with CGO_ENABLED=0"},
}

// matches tells whether an import path is the banned one or below it.
func (b ban) matches(imp string) bool {
	return imp == b.path || strings.HasPrefix(imp, strings.TrimSuffix(b.path, "/")+"/")
}

// covers tells whether the ban holds for the package in dir.
func (b ban) covers(dir string) bool {
	for _, root := range b.except {
		if below(dir, root) {
			return false
		}
	}
	if b.in == nil {
		return true
	}
	for _, root := range b.in {
		if below(dir, root) {
			return true
		}
	}
	return false
}

// TestForbiddenImports checks direct imports, tests included.
func TestForbiddenImports(t *testing.T) {
	tr := get(t)
	for _, dir := range tr.dirs() {
		for _, b := range bans {
			if !b.covers(dir) {
				continue
			}
			for _, f := range tr.packages[dir].files {
				for _, imp := range f.imports {
					if b.matches(imp) && !(f.test && (b.code || b.linked)) {
						t.Errorf("%s imports %s: %s", f.path, imp, b.why)
					}
				}
			}
		}
	}
}

// TestForbiddenLinks asks the go command what the packages that must stay light really link.
func TestForbiddenLinks(t *testing.T) {
	if testing.Short() {
		t.Skip("asks the go command for whole dependency graphs")
	}
	tr := get(t)
	for _, dir := range tr.dirs() {
		var held []ban
		for _, b := range bans {
			if b.linked && b.covers(dir) {
				held = append(held, b)
			}
		}
		if held == nil || !hasCode(tr.packages[dir]) {
			continue
		}
		for _, imp := range dependencies(t, tr, dir) {
			for _, b := range held {
				if b.matches(imp) {
					t.Errorf("%s links %s: %s (go list -deps ./%s; go mod why -m names the path)", dir, imp, b.why, dir)
				}
			}
		}
	}
}

func hasCode(p *goPackage) bool {
	for _, f := range p.files {
		if !f.test {
			return true
		}
	}
	return false
}

// dependencies lists what a package links.
func dependencies(t *testing.T, tr *tree, dir string) []string {
	t.Helper()
	cmd := exec.Command("go", "list", "-deps", "./"+dir)
	cmd.Dir = tr.root
	var stderr bytes.Buffer
	cmd.Stderr = &stderr
	out, err := cmd.Output()
	if err != nil {
		t.Fatalf("go list -deps ./%s: %v\n%s", dir, err, stderr.Bytes())
	}
	return strings.Fields(string(out))
}

// TestModuleFile keeps "go install module@version" possible: it refuses replace directives.
func TestModuleFile(t *testing.T) {
	data, err := os.ReadFile(filepath.Join(get(t).root, "go.mod"))
	if err != nil {
		t.Fatal(err)
	}
	for line := range strings.Lines(string(data)) {
		for _, word := range []string{"replace", "exclude"} {
			if strings.HasPrefix(line, word) {
				t.Errorf("go.mod has %q: go install refuses a module that replaces others", strings.TrimSpace(line))
			}
		}
	}
}
