package config

import (
	"errors"
	"os"
	"path/filepath"
	"reflect"
	"strings"
	"testing"
)

// file puts text in a new file and returns its path.
func file(t *testing.T, text string) string {
	t.Helper()
	path := filepath.Join(t.TempDir(), "client_config.yaml")
	if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
	return path
}

func TestLoadClient(t *testing.T) {
	path := file(t, `
default_context: near
contexts:
  near: {chain_id: a, rpc_urls: ["http://127.0.0.1:1"], wallet_config: keys}
  far: {chain_id: b, rpc_urls: ["https://x"], wallet_config: {path: ~/k, backend: test, active_key: me}, credits_object: 1}
`)
	near, warnings, err := LoadClient(path, "")
	if err != nil || near.ChainID != "a" || near.Context != "near" || near.Wallet.Path != filepath.Join(filepath.Dir(path), "keys") {
		t.Errorf("default context: %+v, %v", near, err)
	}
	if len(warnings) != 1 || !strings.Contains(warnings[0], "credits_object is not known") {
		t.Errorf("warnings: %q", warnings)
	}
	far, _, err := LoadClient(path, "far")
	home, _ := os.UserHomeDir()
	if err != nil || far.ChainID != "b" || far.Wallet != (Wallet{filepath.Join(home, "k"), "test", "me"}) {
		t.Errorf("named context: %+v, %v", far, err)
	}
	if _, _, err := LoadClient(path, "mars"); !errors.Is(err, ErrInvalid) || !strings.Contains(err.Error(), "far, near") {
		t.Errorf("unknown context: %v", err)
	}
}

func TestLoadClientRefuses(t *testing.T) {
	const good = "chain_id: a\nrpc_urls: ['http://h']\n"
	for name, text := range map[string]string{
		"nothing":                     "",
		"no YAML":                     "{",
		"a list":                      "[1]",
		"no chain":                    "rpc_urls: ['http://h']",
		"no endpoint":                 "chain_id: a",
		"an endpoint without scheme":  "chain_id: a\nrpc_urls: [h]",
		"too many shards":             good + "n_shards: 70000",
		"a negative limit":            good + "communication_config: {max_data_in_flight: -1}",
		"an unknown keyring":          good + "wallet_config: {path: x, backend: usb}",
		"an empty context":            "contexts: {a: }\ndefault_context: a",
		"contexts without a default":  "contexts: {a: {chain_id: a}}",
		"a file that is far too long": good + strings.Repeat("#", maxSize),
	} {
		if cfg, _, err := LoadClient(file(t, text), ""); !errors.Is(err, ErrInvalid) {
			t.Errorf("%s: read as %+v, error %v", name, cfg, err)
		}
	}
	if _, _, err := LoadClient(file(t, good), "a"); !errors.Is(err, ErrInvalid) {
		t.Errorf("a context of a file without contexts: %v", err)
	}
	if _, _, err := LoadClient(filepath.Join(t.TempDir(), "none"), ""); !errors.Is(err, ErrNotFound) {
		t.Errorf("a missing file: %v", err)
	}
}

func TestClientRoundTrip(t *testing.T) {
	dir := t.TempDir()
	want := &Client{
		ChainID: "c", RPCURLs: []string{"http://h:1"}, FaucetURL: "http://h:2", NShards: 100,
		Wallet:        Wallet{filepath.Join(dir, "w"), "test", "me"},
		Communication: Communication{MaxDataInFlight: 7, RequestRate: RequestRate{MaxNodeConnections: 3}},
	}
	path := filepath.Join(dir, "c.yaml")
	if err := want.Write(path); err != nil {
		t.Fatal(err)
	}
	got, warnings, err := LoadClient(path, "")
	if err != nil || len(warnings) != 0 {
		t.Fatal(err, warnings)
	}
	want.Path = path
	if !reflect.DeepEqual(got, want) {
		t.Errorf("got %+v\nwant %+v", got, want)
	}
	if info, err := os.Stat(path); err != nil || info.Mode().Perm() != 0o600 {
		t.Errorf("mode %v, %v", info.Mode(), err)
	}
}

func TestFindClient(t *testing.T) {
	home := t.TempDir()
	env := map[string]string{"HOME": home}
	getenv := func(k string) string { return env[k] }
	if _, err := FindClient("", getenv); !errors.Is(err, ErrNotFound) || !strings.Contains(err.Error(), filepath.Join(home, ".walrus", "client_config.yml")) {
		t.Errorf("nothing there: %v", err)
	}
	path := filepath.Join(home, ".config", "walrus", "client_config.yml")
	if err := os.MkdirAll(filepath.Dir(path), 0o700); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(path, nil, 0o600); err != nil {
		t.Fatal(err)
	}
	if got, err := FindClient("", getenv); got != path {
		t.Errorf("in ~/.config/walrus: %q, %v", got, err)
	}
	env["WALRUS_CONFIG"] = "/from/env"
	if got, _ := FindClient("", getenv); got != "/from/env" {
		t.Errorf("WALRUS_CONFIG: %q", got)
	}
	if got, _ := FindClient("/flag", getenv); got != "/flag" {
		t.Errorf("flag: %q", got)
	}
}

func TestNode(t *testing.T) {
	path := filepath.Join(t.TempDir(), "node.yaml")
	want := &Node{
		NodeID: "0x" + strings.Repeat("07", 32), Name: "n", ChainID: "c", RPCURLs: []string{"http://h"}, Listen: "127.0.0.1:0",
		StoragePath: "store", ProtocolKey: "bls", NetworkKey: "/tls", CacheBytes: 1,
	}
	if err := want.Write(path); err != nil {
		t.Fatal(err)
	}
	got, err := LoadNode(path)
	if err != nil {
		t.Fatal(err)
	}
	want.Path, want.StoragePath, want.ProtocolKey = path, filepath.Join(filepath.Dir(path), "store"), filepath.Join(filepath.Dir(path), "bls")
	if !reflect.DeepEqual(got, want) {
		t.Errorf("got %+v\nwant %+v", got, want)
	}
	raw, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	for name, text := range map[string]string{
		"an unknown key": string(raw) + "colour: red\n",
		"no identity":    strings.Replace(string(raw), "node_id", "#", 1),
		"a short ID":     strings.Replace(string(raw), "0x07", "0x", 1),
		"nothing":        "",
		"no store":       strings.Replace(string(raw), "storage_path", "#", 1),
	} {
		if cfg, err := LoadNode(file(t, text)); !errors.Is(err, ErrInvalid) {
			t.Errorf("%s: read as %+v, error %v", name, cfg, err)
		}
	}
}

func FuzzLoadClient(f *testing.F) {
	f.Add("chain_id: a\nrpc_urls: ['http://h']\n", "")
	f.Add("contexts: {a: {chain_id: a, rpc_urls: ['http://h']}}", "a")
	f.Fuzz(func(t *testing.T, text, context string) {
		if cfg, _, err := LoadClient(file(t, text), context); (cfg == nil) != (err != nil) {
			t.Fatalf("%+v, %v", cfg, err)
		}
	})
}
