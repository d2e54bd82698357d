package main

import (
	"bufio"
	"bytes"
	"context"
	"crypto/rand"
	"errors"
	"fmt"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/walrus-go/walrus/internal/drive"
)

// binary is this program as a process of its own: the test binary under another name.
func binary(t *testing.T) string {
	t.Helper()
	path, err := exec.LookPath("walrus")
	if err != nil {
		t.Fatal(err)
	}
	return path
}

// startDevnet starts a network in processes that end with the test.
func startDevnet(t *testing.T, dir string, args ...string) *drive.Devnet {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), time.Minute)
	defer cancel()
	d, err := drive.StartDevnet(ctx, binary(t), dir, args...)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := d.Close(); err != nil {
			t.Error(err)
		}
	})
	return d
}

// newFile makes a file of size random bytes.
func newFile(t *testing.T, size int) (path string, content []byte) {
	t.Helper()
	content = make([]byte, size)
	rand.Read(content)
	path = filepath.Join(t.TempDir(), "file")
	if err := os.WriteFile(path, content, 0o600); err != nil {
		t.Fatal(err)
	}
	return path, content
}

// mustRun runs a command that must succeed.
func mustRun(t *testing.T, d *drive.Devnet, args ...string) []byte {
	t.Helper()
	out, err := d.Run(t.Context(), args...)
	if err != nil {
		t.Fatal(err)
	}
	return out
}

// mustRead reads a file back by its blob ID and compares.
func mustRead(t *testing.T, d *drive.Devnet, path string, want []byte) {
	t.Helper()
	id := strings.TrimSpace(string(mustRun(t, d, "blob-id", path)))
	if got := mustRun(t, d, "read", id); !bytes.Equal(got, want) {
		t.Fatalf("%s: read %d bytes that are not the %d stored", id, len(got), len(want))
	}
}

// TestNodeProcesses runs every storage node in a process of its own, kills one, and brings it back.
func TestNodeProcesses(t *testing.T) {
	t.Parallel()
	d := startDevnet(t, filepath.Join(t.TempDir(), "net"), "--shards", "10", "--shares", "3,3,2,2", "--external-nodes", "4")
	mustRun(t, d, "health", "--committee", "--fail")
	first, firstContent := newFile(t, 200_000)
	mustRun(t, d, "store", "--epochs", "1", first)

	if err := d.Nodes[1].Kill(); err != nil { // with 3 shards, as many as may fail
		t.Fatal(err)
	}
	if _, err := d.Run(t.Context(), "health", "--committee", "--fail"); err == nil {
		t.Error("health does not notice that a node is gone")
	}
	second, secondContent := newFile(t, 100_000)
	mustRun(t, d, "store", "--epochs", "1", second)
	mustRead(t, d, first, firstContent)
	mustRead(t, d, second, secondContent)

	back, err := drive.StartNode(t.Context(), d.Path, d.Ready.NodeConfigs[1])
	if err != nil {
		t.Fatal(err)
	}
	d.Nodes[1] = back
	mustRun(t, d, "health", "--committee", "--fail")
	if err := d.Nodes[0].Kill(); err != nil { // now the one that came back must serve what it kept
		t.Fatal(err)
	}
	mustRead(t, d, first, firstContent)

	for _, i := range []int{1, 2} { // two shards are left, and a read needs four
		if err := d.Nodes[i].Kill(); err != nil {
			t.Fatal(err)
		}
	}
	ctx, cancel := context.WithTimeout(t.Context(), time.Minute)
	defer cancel()
	id := strings.TrimSpace(string(mustRun(t, d, "blob-id", first)))
	_, err = d.Run(ctx, "read", "--exit-codes=detailed", id)
	var exit *drive.ExitError
	if !errors.As(err, &exit) || exit.Code != exitUnavailable || !strings.Contains(exit.Stderr, "\nhint: 3 nodes with 8 shards did not help") {
		t.Errorf("read with too few shards: %v", err)
	}
}

// TestDevnetDirectory checks whose directory devnet takes, and that it comes back as it was.
func TestDevnetDirectory(t *testing.T) {
	t.Parallel()
	w := &drive.Walrus{Path: binary(t)}
	dir := filepath.Join(t.TempDir(), "net")
	refused := func(dir, want string, args ...string) {
		t.Helper()
		_, err := w.Run(t.Context(), append([]string{"devnet", "--dir", dir}, args...)...)
		var exit *drive.ExitError
		if !errors.As(err, &exit) || !strings.Contains(exit.Stderr, want) || !strings.Contains(exit.Stderr, "\nhint: ") {
			t.Errorf("devnet %v in %s: %v, want %q and a hint", args, dir, err, want)
		}
	}
	foreign := t.TempDir()
	if err := os.WriteFile(filepath.Join(foreign, "thesis.tex"), nil, 0o600); err != nil {
		t.Fatal(err)
	}
	refused(foreign, "directory is not a network's")

	d := startDevnet(t, dir, "--shards", "10", "--nodes", "4")
	refused(dir, "directory in use")
	path, content := newFile(t, 10_000)
	mustRun(t, d, "store", "--epochs", "1", path)
	before := mustRun(t, d, "balance")
	if err := d.Close(); err != nil { // SIGTERM
		t.Fatal(err)
	}
	refused(dir, "it has 4 nodes, not 5", "--nodes", "5")

	d = startDevnet(t, dir)
	mustRead(t, d, path, content)
	if after := mustRun(t, d, "balance"); !bytes.Equal(after, before) {
		t.Errorf("balance was %s, is %s", before, after)
	}
}

// parent is a program that starts a network, says where its processes listen, and waits until it is killed.
func parent() {
	d, err := drive.StartDevnet(context.Background(), os.Args[1], os.Args[2], "--nodes", "4", "--shards", "10", "--external-nodes", "1")
	if err != nil {
		fmt.Println(err)
		return
	}
	fmt.Println(strings.Join(d.Ready.Nodes, "\n"))
	select {}
}

// TestParentKilled kills the program that started a network: the network's processes must not stay behind.
func TestParentKilled(t *testing.T) {
	t.Parallel()
	path, err := exec.LookPath("walrus-parent")
	if err != nil {
		t.Fatal(err)
	}
	cmd := exec.CommandContext(t.Context(), path, binary(t), filepath.Join(t.TempDir(), "net"))
	out, err := cmd.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	lines := bufio.NewScanner(out)
	var addresses []string
	for len(addresses) < 4 && lines.Scan() {
		addresses = append(addresses, lines.Text())
	}
	if err := cmd.Process.Kill(); err != nil {
		t.Fatal(err)
	}
	_ = cmd.Wait() // was killed
	if len(addresses) < 4 {
		t.Fatalf("no network: %q", addresses)
	}
	ctx, cancel := context.WithTimeout(t.Context(), time.Minute)
	defer cancel()
	look := time.NewTicker(20 * time.Millisecond)
	defer look.Stop()
	for _, address := range addresses { // the last one's process is its own
		for {
			conn, err := net.Dial("tcp", address)
			if err != nil {
				break
			}
			conn.Close()
			select {
			case <-look.C:
			case <-ctx.Done():
				t.Fatalf("%s still listens", address)
			}
		}
	}
}

// TestDevnetWords runs what a newcomer sees, and what it says to type next.
func TestDevnetWords(t *testing.T) {
	t.Parallel()
	ctx, cancel := context.WithCancel(t.Context())
	defer cancel()
	cmd := exec.CommandContext(ctx, binary(t), "devnet", "--nodes", "4", "--shards", "10", "--dir", filepath.Join(t.TempDir(), "net"))
	cmd.Cancel = func() error { return cmd.Process.Signal(os.Interrupt) }
	cmd.WaitDelay = 30 * time.Second
	read, write, err := os.Pipe()
	if err != nil {
		t.Fatal(err)
	}
	defer read.Close()
	cmd.Stdout = write
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	write.Close()
	text := make([]byte, 0, 4096)
	for !bytes.Contains(text, []byte("walrus read \"$(walrus blob-id /etc/hosts)\"\n")) {
		n, err := read.Read(text[len(text):cap(text)])
		if err != nil {
			t.Fatalf("%v after %q", err, text)
		}
		text = text[:len(text)+n]
	}
	_, script, _ := strings.Cut(string(text), "In another terminal:\n")
	sh := exec.CommandContext(t.Context(), "sh", "-e", "-c", script)
	if out, err := sh.CombinedOutput(); err != nil || !bytes.Contains(out, []byte("/etc/hosts stored, deletable")) {
		t.Errorf("what devnet says to type: %v\n%s\n%s", err, script, out)
	}
	cancel() // Ctrl-C
	if err := cmd.Wait(); err != nil && !errors.Is(err, context.Canceled) {
		t.Errorf("after an interrupt: %v", err)
	}
	if code := cmd.ProcessState.ExitCode(); code != 0 {
		t.Errorf("after an interrupt: exit code %d", code)
	}
}
