package main

import (
	"bytes"
	"crypto/tls"
	"net/http"
	"os/exec"
	"path/filepath"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"

	"github.com/walrus-go/walrus/client"
	"github.com/walrus-go/walrus/internal/config"
	"github.com/walrus-go/walrus/testnet"
	"github.com/walrus-go/walrus/wire"
)

// words is what a process has said so far. Safe for concurrent use.
type words struct {
	mu sync.Mutex
	b  bytes.Buffer
}

// Write implements io.Writer.
func (w *words) Write(b []byte) (int, error) {
	w.mu.Lock()
	defer w.mu.Unlock()
	return w.b.Write(b)
}

func (w *words) await(t *testing.T, text string) {
	t.Helper()
	soon(t, text, func() bool {
		w.mu.Lock()
		defer w.mu.Unlock()
		return strings.Contains(w.b.String(), text)
	})
}

// soon waits until something is so.
func soon(t *testing.T, what string, ok func() bool) {
	t.Helper()
	look := time.NewTicker(20 * time.Millisecond)
	defer look.Stop()
	deadline := time.After(time.Minute)
	for !ok() {
		select {
		case <-look.C:
		case <-deadline:
			t.Fatalf("in vain waiting for: %s", what)
		}
	}
}

// runNodeProcess starts a storage node. stop is Ctrl-C, and wants a clean end.
func runNodeProcess(t *testing.T, cfg string) (said *words, stop func()) {
	t.Helper()
	cmd := exec.Command(binary(t), "node", "run", "--create", "--config", cfg)
	said = new(words)
	cmd.Stdout, cmd.Stderr = said, said
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	stop = sync.OnceFunc(func() {
		_ = cmd.Process.Signal(syscall.SIGINT) // it may have ended
		if err := cmd.Wait(); err != nil {
			t.Errorf("node run: %v\n%s", err, said.b.String())
		}
	})
	t.Cleanup(stop)
	return said, stop
}

// TestNodeOutlastsChain stops the chain under a storage node, and starts the node while there is none.
func TestNodeOutlastsChain(t *testing.T) {
	t.Parallel()
	opts := testnet.Options{Dir: filepath.Join(t.TempDir(), "net"), Shares: []int{3, 3, 2, 2}, External: 1}
	open := func() *testnet.Network {
		t.Helper()
		n, err := testnet.Open(t.Context(), opts)
		if err != nil {
			t.Fatal(err)
		}
		return n
	}
	n := open()
	closeNet := func() {
		if err := n.Close(); err != nil {
			t.Error(err)
		}
	}
	t.Cleanup(func() { closeNet() })
	path := n.NodeConfigPath(3)
	cfg, err := config.LoadNode(path)
	if err != nil {
		t.Fatal(err)
	}
	cfg.RPCURLs = append([]string{"http://127.0.0.1:1"}, cfg.RPCURLs...) // where nobody ever answers
	if err := cfg.Write(path); err != nil {
		t.Fatal(err)
	}
	said, stop := runNodeProcess(t, path)
	said.await(t, "serves at https://")

	c, err := n.Client(nil)
	if err != nil {
		t.Fatal(err)
	}
	defer c.Close()
	stored, err := c.Store(t.Context(), [][]byte{[]byte("what the node keeps")}, &client.StoreOptions{Epochs: 1})
	if err != nil {
		t.Fatal(err)
	}
	id := stored[0].BlobID
	// Who the node is does not matter here.
	web := &http.Client{Transport: &http.Transport{TLSClientConfig: &tls.Config{InsecureSkipVerify: true}}}
	status := func(path string) int {
		resp, err := web.Get("https://" + n.NodeAddress(3) + path)
		if err != nil {
			return 0
		}
		resp.Body.Close()
		return resp.StatusCode
	}
	serves := func() bool { return status(wire.MetadataPath(id)) == http.StatusOK }
	confirms := func() bool { return status(wire.ConfirmationPath(id, nil, 0)) == http.StatusOK }
	soon(t, "the node serves the blob", serves)
	soon(t, "the node confirms the blob", confirms)

	closeNet()
	said.await(t, "waiting for the chain")
	if !serves() {
		t.Error("the node does not serve without the chain")
	}
	stop()
	said, stop = runNodeProcess(t, path)
	said.await(t, "waiting for the chain")
	soon(t, "the node serves without the chain", serves)
	if confirms() {
		t.Error("the node confirms what it cannot know")
	}

	n = open()
	said.await(t, "the chain answers again")
	said.await(t, "serves at https://")
	if !confirms() {
		t.Error("the node does not confirm though the chain is back")
	}
	stop()

	cfg.ChainID = "another"
	cfg.StoragePath = filepath.Join(t.TempDir(), "store")
	if err := cfg.Write(path); err != nil {
		t.Fatal(err)
	}
	out, err := exec.CommandContext(t.Context(), binary(t), "node", "run", "--create", "--config", path).CombinedOutput()
	if err == nil || !strings.Contains(string(out), "ledger: wrong chain") || !strings.Contains(string(out), "hint: rpc_urls") {
		t.Errorf("at another chain: %v\n%s", err, out)
	}
}
