package main

import (
	"bytes"
	"context"
	"crypto/rand"
	"encoding/json"
	"fmt"
	mathrand "math/rand/v2"
	"os"
	"path/filepath"
	"strconv"
	"sync"
	"testing"
	"time"

	"github.com/walrus-go/walrus/blob"
	"github.com/walrus-go/walrus/client"
	"github.com/walrus-go/walrus/internal/drive"
	"github.com/walrus-go/walrus/ledger/rpc"
)

// crashRounds is how often the network is killed; WALRUS_CRASH_ROUNDS says otherwise.
const crashRounds = 2

// crashNetwork is what is killed.
var crashNetwork = []string{"--nodes", "4", "--shards", "10"}

// TestCrash kills the process of a whole network, chain and storage nodes together, while files are being
// stored, and starts it again on what is on disk. Every file whose store command reported success must
// read back the same, and nothing may need repair. Each time the process is also killed while it starts.
func TestCrash(t *testing.T) {
	t.Parallel()
	rounds := crashRounds
	if text := os.Getenv("WALRUS_CRASH_ROUNDS"); text != "" {
		var err error
		if rounds, err = strconv.Atoi(text); err != nil {
			t.Fatal(err)
		}
	} else if testing.Short() {
		t.Skip("starts and kills networks")
	}
	seed := mathrand.Uint64()
	t.Logf("seed %d", seed)
	c := &crash{t: t, dir: filepath.Join(t.TempDir(), "net"), rng: mathrand.New(mathrand.NewPCG(seed, 0)), stored: map[blob.ID][]byte{}}
	for round := range rounds {
		c.round(round)
	}
	d := c.start()
	c.verify(d)
	t.Logf("%d files were reported stored over %d crashes, and all read back", len(c.stored), rounds)
}

// crash is a network that is killed again and again, and what it promised to keep.
type crash struct {
	t   *testing.T
	dir string
	rng *mathrand.Rand

	mu     sync.Mutex
	stored map[blob.ID][]byte // guarded by mu
}

func (c *crash) start() *drive.Devnet {
	c.t.Helper()
	return startDevnet(c.t, c.dir, crashNetwork...)
}

// round starts the network, checks what was stored before, stores more from several processes at once,
// and kills the network at some instant.
func (c *crash) round(round int) {
	c.t.Helper()
	c.killWhileStarting() // the first time while the network is made
	d := c.start()
	c.verify(d)
	ctx, cancel := context.WithCancel(c.t.Context())
	defer cancel()
	enough := make(chan struct{}, 100)
	var writers sync.WaitGroup
	for i := range 3 {
		sizes := mathrand.New(mathrand.NewPCG(c.rng.Uint64(), uint64(i)))
		writers.Go(func() { c.write(ctx, d, sizes, enough) })
	}
	for range 2 + c.rng.IntN(4) {
		select {
		case <-enough:
		case <-time.After(time.Minute):
			c.t.Fatalf("round %d: nothing is stored any more: %s", round, d.Stderr())
		}
	}
	<-time.After(time.Duration(c.rng.IntN(300)) * time.Millisecond) // anywhere in the next writes
	if err := d.Kill(); err != nil {
		c.t.Fatal(err)
	}
	cancel()
	writers.Wait()
}

// write stores one random file after the other until the network is gone.
func (c *crash) write(ctx context.Context, d *drive.Devnet, sizes *mathrand.Rand, enough chan<- struct{}) {
	for i := 0; ctx.Err() == nil; i++ {
		content := make([]byte, 1+sizes.IntN(300_000))
		rand.Read(content)
		path := filepath.Join(c.t.TempDir(), fmt.Sprint(i))
		if err := os.WriteFile(path, content, 0o600); err != nil {
			c.t.Error(err)
			return
		}
		out, err := d.Run(ctx, "store", "--json", "--epochs", "2", path)
		if err != nil {
			return // as it should be when the network is killed; if it was not, the round does not end
		}
		var results []struct {
			Result struct {
				NewlyCreated struct {
					BlobID blob.ID `json:"blobId"`
				} `json:"newlyCreated"`
			} `json:"blobStoreResult"`
		}
		if err := json.Unmarshal(out, &results); err != nil || len(results) != 1 {
			c.t.Errorf("store printed %q: %v", out, err)
			return
		}
		c.mu.Lock()
		c.stored[results[0].Result.NewlyCreated.BlobID] = content
		c.mu.Unlock()
		select {
		case enough <- struct{}{}:
		default:
		}
	}
}

// killWhileStarting kills a network at some instant before it serves.
func (c *crash) killWhileStarting() {
	c.t.Helper()
	ctx, cancel := context.WithTimeout(c.t.Context(), time.Duration(c.rng.IntN(1500))*time.Millisecond)
	defer cancel()
	d, err := drive.StartDevnet(ctx, binary(c.t), c.dir, crashNetwork...)
	if err != nil {
		return // it was killed, and not ready
	}
	if err := d.Kill(); err != nil {
		c.t.Fatal(err)
	}
}

// verify reads everything back.
func (c *crash) verify(d *drive.Devnet) {
	c.t.Helper()
	cfg := &deps{config: d.Config, getenv: os.Getenv, stderr: os.Stderr}
	loaded, err := cfg.loadConfig()
	if err != nil {
		c.t.Fatal(err)
	}
	chain, err := rpc.Dial(c.t.Context(), loaded.RPCURLs[0], nil)
	if err != nil {
		c.t.Fatal(err)
	}
	defer chain.Close()
	reader, err := client.New(chain, nil)
	if err != nil {
		c.t.Fatal(err)
	}
	defer reader.Close()
	for id, want := range c.stored {
		got, err := reader.ReadAll(c.t.Context(), id, nil)
		if err != nil || !bytes.Equal(got, want) {
			c.t.Errorf("%v: read %d bytes of %d, %v", id, len(got), len(want), err)
		}
	}
}
