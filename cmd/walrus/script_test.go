package main

import (
	"bytes"
	"context"
	"errors"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strconv"
	"strings"
	"testing"

	"github.com/rogpeppe/go-internal/testscript"

	"github.com/walrus-go/walrus/internal/config"
	"github.com/walrus-go/walrus/ledger"
	"github.com/walrus-go/walrus/ledger/keyring"
	"github.com/walrus-go/walrus/testnet"
)

func TestMain(m *testing.M) {
	testscript.Main(m, map[string]func(){"walrus": main, "walrus-parent": parent})
}

// TestOffline runs the scripts that need no network.
func TestOffline(t *testing.T) {
	t.Parallel()
	testscript.Run(t, params("testdata/offline"))
}

// TestNetwork runs the scripts that need a network. They share one; each has a key of its own with some
// WAL, in the keyring $WALLET, and finds $WALRUS_CONFIG set.
func TestNetwork(t *testing.T) {
	t.Parallel()
	n := testnet.Start(t, testnet.Options{})
	p := params("testdata/network")
	p.Setup = func(env *testscript.Env) error {
		env.Setenv("WALRUS_CONFIG", filepath.Join(env.WorkDir, "client_config.yaml"))
		env.Setenv("WALLET", filepath.Join(env.WorkDir, "wallet"))
		env.Setenv("NETDIR", n.Dir())
		env.Setenv("HOME", env.WorkDir)
		return ownWallet(t.Context(), n, env.WorkDir)
	}
	testscript.Run(t, p)
}

// ownWallet makes a configuration with a keyring whose key "default" has 1000 WAL.
func ownWallet(ctx context.Context, n *testnet.Network, dir string) error {
	cfg, _, err := config.LoadClient(n.ConfigPath(), "")
	if err != nil {
		return err
	}
	cfg.Wallet.Path = filepath.Join(dir, "wallet")
	keys, err := keyring.Open(cfg.Wallet.Path, keyring.Test, nil)
	if err != nil {
		return err
	}
	e, _, err := keys.Generate(testnet.WalletKey)
	if err != nil {
		return err
	}
	rich, err := n.WalletOf(testnet.WalletKey)
	if err != nil {
		return err
	}
	if err := rich.Send(ctx, e.Address, 1000*ledger.FrostPerWAL); err != nil {
		return err
	}
	return cfg.Write(filepath.Join(dir, "client_config.yaml"))
}

// params has what all scripts share: "status N command…" runs a command that must exit with
// N, "object" sets $OBJECT to the first object ID in standard output, "address NAME" sets $ADDRESS to
// that of a key, "blobid FILE" sets $ID to the blob ID of a file, "line FILE NAME" sets $NAME to the first
// line of a file, "anchor" sets $HEIGHT and $HASH to those
// of the trusted header in standard output, and $WRONG to another hash, "digest" sets $DIGEST to the first
// transaction in the output, and "helps COMMAND…" wants help from each command, with what goes in front of them all as
// $GROUP.
func params(dir string) testscript.Params {
	return testscript.Params{
		Dir:           dir,
		UpdateScripts: os.Getenv("WALRUS_UPDATE") != "",
		Cmds: map[string]func(*testscript.TestScript, bool, []string){
			"status": status, "object": object, "address": address, "blobid": blobID, "line": setLine, "anchor": anchor, "helps": helps, "digest": digest,
		},
	}
}

func status(ts *testscript.TestScript, neg bool, args []string) {
	if neg || len(args) < 2 {
		ts.Fatalf("usage: status N command…")
	}
	code := "0"
	var exit *exec.ExitError
	if err := ts.Exec(args[1], args[2:]...); errors.As(err, &exit) {
		code = strconv.Itoa(exit.ExitCode())
	} else if err != nil {
		ts.Fatalf("%v", err)
	}
	if code != args[0] {
		ts.Fatalf("exit code %s, want %s", code, args[0])
	}
}

var objectID = regexp.MustCompile(`0x[0-9a-f]{64}`)

func object(ts *testscript.TestScript, _ bool, _ []string) {
	id := objectID.FindString(ts.ReadFile("stdout"))
	if id == "" {
		ts.Fatalf("no object ID in standard output")
	}
	ts.Setenv("OBJECT", id)
}

func address(ts *testscript.TestScript, _ bool, args []string) {
	ts.Check(ts.Exec("walrus", "keys", "show", "--address", args[0]))
	ts.Setenv("ADDRESS", strings.TrimSpace(ts.ReadFile("stdout")))
}

func blobID(ts *testscript.TestScript, _ bool, args []string) {
	ts.Check(ts.Exec("walrus", "blob-id", args[0]))
	ts.Setenv("ID", strings.TrimSpace(ts.ReadFile("stdout")))
}

var trustedHeader = regexp.MustCompile(`(?:block |"trustHeight": )(\d+)(?: |,\s+"trustHash": ")([0-9A-F]{64})`)

func anchor(ts *testscript.TestScript, _ bool, _ []string) {
	m := trustedHeader.FindStringSubmatch(ts.ReadFile("stdout"))
	if m == nil {
		ts.Fatalf("no trusted header in standard output")
	}
	ts.Setenv("HEIGHT", m[1])
	ts.Setenv("HASH", m[2])
	ts.Setenv("WRONG", strings.Repeat("0", len(m[2])))
}

var transaction = regexp.MustCompile(`"txDigest": ?"(\w+)"`)

func digest(ts *testscript.TestScript, _ bool, _ []string) {
	m := transaction.FindStringSubmatch(ts.ReadFile("stdout") + ts.ReadFile("stderr"))
	if m == nil {
		ts.Fatalf("no transaction in the output")
	}
	ts.Setenv("DIGEST", m[1])
}

func helps(ts *testscript.TestScript, _ bool, args []string) {
	for _, name := range args {
		var out bytes.Buffer
		d := &deps{stdout: &out, stderr: &out, getenv: func(string) string { return "" }}
		code := d.run(context.Background(), append(strings.Fields(ts.Getenv("GROUP")), name, "--help"))
		for _, part := range []string{"Examples:\n  walrus ", "Exit codes: "} {
			if code != 0 || !strings.Contains(out.String(), part) {
				ts.Fatalf("help of %s lacks %q:\n%s", name, part, out.String())
			}
		}
	}
}

func setLine(ts *testscript.TestScript, neg bool, args []string) {
	if neg || len(args) != 2 {
		ts.Fatalf("usage: line FILE NAME")
	}
	line, _, _ := strings.Cut(ts.ReadFile(args[0]), "\n")
	ts.Setenv(args[1], line)
}
