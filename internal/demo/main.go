// Command demo shows the promise of the network on this machine: it starts one, stores a file of some
// size, kills storage nodes that hold as many shards as may fail, reads the file back and compares. It
// ends with a table, and with exit code 1 if anything is not as promised.
//
//	NODES=10 SHARDS=100 go run ./internal/demo [-walrus bin/walrus] [FILE]
//
// The storage nodes that are killed are processes of their own; chain and the other nodes share one.
// Without FILE it stores the walrus program itself.
package main

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"flag"
	"fmt"
	"io"
	"os"
	"os/signal"
	"path/filepath"
	"strconv"
	"strings"
	"syscall"
	"text/tabwriter"
	"time"

	"github.com/walrus-go/walrus/internal/drive"
)

func main() {
	walrus := flag.String("walrus", filepath.Join("bin", "walrus"), "the walrus `program`")
	flag.Parse()
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	defer stop()
	ctx, cancel := context.WithTimeout(ctx, 15*time.Minute)
	defer cancel()
	d := &demo{walrus: *walrus, file: flag.Arg(0), nodes: number("NODES", 10), shards: number("SHARDS", 100)}
	if err := d.run(ctx); err != nil {
		fmt.Fprintln(os.Stderr, "demo:", err)
		os.Exit(1)
	}
}

// number reads a number from the environment.
func number(name string, otherwise int) int {
	if n, err := strconv.Atoi(os.Getenv(name)); err == nil && n > 0 {
		return n
	}
	return otherwise
}

// demo is one demonstration and what it found.
type demo struct {
	walrus, file  string
	nodes, shards int

	faulty        int // nodes that are killed
	size, encoded uint64
	start         time.Duration
	store, read   time.Duration
	blobID        string
	before, after string // SHA-256
}

// blobStored is the part of store's output that matters here.
type blobStored struct {
	Result struct {
		NewlyCreated *struct {
			BlobID     string `json:"blobId"`
			BlobObject struct {
				Storage struct {
					StorageSize uint64 `json:"storageSize"`
				} `json:"storage"`
			} `json:"blobObject"`
		} `json:"newlyCreated"`
	} `json:"blobStoreResult"`
}

func (d *demo) run(ctx context.Context) (err error) {
	dir, err := os.MkdirTemp("", "walrus-demo-*")
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, os.RemoveAll(dir)) }()
	if err := d.choose(dir); err != nil {
		return err
	}

	shares, faulty := drive.Shares(d.nodes, d.shards)
	d.faulty = faulty
	say("starting %d storage nodes with %d shards and a chain; %d of the nodes in processes of their own", d.nodes, d.shards, faulty)
	begun := time.Now()
	net, err := drive.StartDevnet(ctx, d.walrus, filepath.Join(dir, "net"),
		"--nodes", strconv.Itoa(d.nodes), "--shards", strconv.Itoa(d.shards), "--shares", drive.Join(shares), "--external-nodes", strconv.Itoa(faulty))
	if err != nil {
		return err
	}
	d.start = time.Since(begun)
	defer func() { err = errors.Join(err, net.Close()) }()
	if err := d.storeFile(ctx, net); err != nil {
		return err
	}
	say("killing %d storage nodes, which hold %d of %d shards: as many as may fail", faulty, (d.shards-1)/3, d.shards)
	for _, n := range net.Nodes {
		if err := n.Kill(); err != nil {
			return err
		}
	}
	if err := d.readFile(ctx, net, filepath.Join(dir, "copy")); err != nil {
		return err
	}
	return d.report()
}

// choose makes out which file to store. If the network has so few shards that the walrus program is too
// large for a blob, it is as much of it as fits.
func (d *demo) choose(dir string) (err error) {
	if d.file == "" {
		d.file = d.walrus
		f := (d.shards - 1) / 3
		most := int64(d.shards-2*f) * int64(d.shards-f) * 65534
		info, err := os.Stat(d.file)
		if err != nil {
			return err
		}
		if info.Size() > most {
			say("a blob on %d shards has at most %s: storing so much of %s", d.shards, mb(uint64(most)), d.file)
			d.file = filepath.Join(dir, filepath.Base(d.walrus)+".part")
			if err := copyPart(d.file, d.walrus, most); err != nil {
				return err
			}
		}
	}
	info, err := os.Stat(d.file)
	if err != nil {
		return err
	}
	d.size = uint64(info.Size())
	d.before, err = hash(d.file)
	return err
}

// copyPart copies the first size bytes of a file.
func copyPart(to, from string, size int64) error {
	in, err := os.Open(from)
	if err != nil {
		return err
	}
	defer in.Close()
	out, err := os.Create(to)
	if err != nil {
		return err
	}
	_, err = io.CopyN(out, in, size)
	return errors.Join(err, out.Close())
}

func (d *demo) storeFile(ctx context.Context, net *drive.Devnet) error {
	say("storing %s, %s", d.file, mb(d.size))
	begun := time.Now()
	var stored []blobStored
	if err := net.RunJSON(ctx, &stored, "store", "--epochs", "1", d.file); err != nil {
		return err
	}
	d.store = time.Since(begun)
	if len(stored) != 1 || stored[0].Result.NewlyCreated == nil {
		return fmt.Errorf("store: unexpected result %+v", stored)
	}
	created := stored[0].Result.NewlyCreated
	d.blobID, d.encoded = created.BlobID, created.BlobObject.Storage.StorageSize
	return nil
}

func (d *demo) readFile(ctx context.Context, net *drive.Devnet, to string) error {
	say("reading blob %s from the nodes that are left", d.blobID)
	begun := time.Now()
	if _, err := net.Run(ctx, "read", d.blobID, "--out", to); err != nil {
		return err
	}
	d.read = time.Since(begun)
	var err error
	d.after, err = hash(to)
	return err
}

// report prints what was found.
func (d *demo) report() error {
	fmt.Println()
	t := tabwriter.NewWriter(os.Stdout, 0, 0, 2, ' ', 0)
	row := func(name, format string, args ...any) { fmt.Fprintf(t, "%s\t%s\n", name, fmt.Sprintf(format, args...)) }
	row("network", "%d storage nodes, %d shards, up in %s", d.nodes, d.shards, seconds(d.start))
	row("file", "%s (%s)", d.file, mb(d.size))
	row("blob ID", "%s", d.blobID)
	row("encoded", "%s on all shards, %.1f times the file", mb(d.encoded), float64(d.encoded)/float64(max(d.size, 1)))
	row("store", "%s, %s", seconds(d.store), rate(d.size, d.store))
	row("killed", "%d storage nodes with %d shards", d.faulty, (d.shards-1)/3)
	row("read", "%s, %s", seconds(d.read), rate(d.size, d.read))
	row("SHA-256 stored", "%s", d.before)
	row("SHA-256 read", "%s", d.after)
	if err := t.Flush(); err != nil {
		return err
	}
	if d.before != d.after {
		return errors.New("the file that was read is not the file that was stored")
	}
	fmt.Println("\nidentical")
	return nil
}

func say(format string, args ...any) { fmt.Printf("demo: "+format+"\n", args...) }

func hash(path string) (string, error) {
	f, err := os.Open(path)
	if err != nil {
		return "", err
	}
	defer f.Close()
	h := sha256.New()
	if _, err := io.Copy(h, f); err != nil {
		return "", err
	}
	return hex.EncodeToString(h.Sum(nil)), nil
}

func mb(n uint64) string {
	return strings.TrimSuffix(fmt.Sprintf("%.1f", float64(n)/1e6), ".0") + " MB"
}

func seconds(t time.Duration) string { return fmt.Sprintf("%.2f s", t.Seconds()) }

func rate(n uint64, t time.Duration) string {
	return fmt.Sprintf("%.1f MB/s", float64(n)/1e6/t.Seconds())
}
