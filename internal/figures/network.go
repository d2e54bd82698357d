package main

import (
	"bytes"
	"context"
	"crypto/rand"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strconv"
	"time"

	"github.com/walrus-go/walrus/blob"
	"github.com/walrus-go/walrus/client"
	"github.com/walrus-go/walrus/internal/config"
	"github.com/walrus-go/walrus/internal/drive"
	"github.com/walrus-go/walrus/ledger/keyring"
	"github.com/walrus-go/walrus/ledger/rpc"
)

// sizes are those of the blobs that are stored and read.
var sizes = []int{1e3, 1e6, 50e6}

// measured is what was found of one network.
type measured struct {
	shape
	create, restart time.Duration // until everything serves
	idle, peak      int64         // bytes of memory, after the start and at most
	store, read     []time.Duration
	strict          []time.Duration
	storeCLI        time.Duration // 1 KB with the command
	readCLI         time.Duration
	latency         []time.Duration // of single transactions
	together        time.Duration   // of as many transactions at once, all of them
}

// transactions is how many are sent, one after the other and then at once.
const transactions = 100

func (f *figures) measure(ctx context.Context, s shape) (m measured, err error) {
	m.shape = s
	dir, err := os.MkdirTemp("", "walrus-figures-*")
	if err != nil {
		return m, err
	}
	defer func() { err = errors.Join(err, os.RemoveAll(dir)) }()
	args := []string{"--nodes", strconv.Itoa(s.nodes), "--shards", strconv.Itoa(s.shards)}
	var net *drive.Devnet
	begin := func() error {
		net, err = drive.StartDevnet(ctx, f.walrus, filepath.Join(dir, "net"), args...)
		return err
	}
	if m.create, err = timed(begin); err != nil {
		return m, err
	}
	if m.idle, _, err = net.Memory(); err != nil {
		return m, errors.Join(err, net.Close())
	}
	if err := m.use(ctx, net, f.reps, dir); err != nil {
		return m, errors.Join(err, net.Close())
	}
	if _, m.peak, err = net.Memory(); err != nil {
		return m, errors.Join(err, net.Close())
	}
	if err := net.Close(); err != nil {
		return m, err
	}
	if m.restart, err = timed(begin); err != nil {
		return m, err
	}
	return m, net.Close()
}

// use measures a network that runs.
func (m *measured) use(ctx context.Context, net *drive.Devnet, reps int, dir string) error {
	cfg, _, err := config.LoadClient(net.Config, "")
	if err != nil {
		return err
	}
	chain, err := rpc.Dial(ctx, cfg.RPCURLs[0], nil)
	if err != nil {
		return err
	}
	defer chain.Close()
	keys, err := keyring.Open(cfg.Wallet.Path, cfg.Wallet.Backend, nil)
	if err != nil {
		return err
	}
	key, err := keys.Signer(cfg.Wallet.Key)
	if err != nil {
		return err
	}
	wallet, err := chain.Wallet(key, nil)
	if err != nil {
		return err
	}
	if err := m.transact(ctx, wallet); err != nil {
		return err
	}
	c, err := client.New(chain, &client.Options{Wallet: wallet})
	if err != nil {
		return err
	}
	defer c.Close()
	for _, size := range sizes {
		if err := m.blobs(ctx, c, size, reps); err != nil {
			return err
		}
	}
	return m.commands(ctx, net, dir)
}

// transact sends transactions one after the other, then all at once.
func (m *measured) transact(ctx context.Context, wallet *rpc.Wallet) error {
	send := func() error { return wallet.Send(ctx, wallet.Address(), 1) }
	for range transactions {
		took, err := timed(send)
		if err != nil {
			return err
		}
		m.latency = append(m.latency, took)
	}
	errs := make(chan error, transactions)
	var err error
	m.together, err = timed(func() error {
		for range transactions {
			go func() { errs <- send() }()
		}
		var all []error
		for range transactions {
			all = append(all, <-errs)
		}
		return errors.Join(all...)
	})
	return err
}

// blobs stores and reads blobs of one size.
func (m *measured) blobs(ctx context.Context, c *client.Client, size, reps int) error {
	var store, read, strict []time.Duration
	for range reps {
		data := make([]byte, size)
		rand.Read(data)
		var id blob.ID
		took, err := timed(func() (err error) {
			id, err = storeBlob(ctx, c, data)
			return err
		})
		if err != nil {
			return err
		}
		store = append(store, took)
		for check, times := range map[blob.Consistency]*[]time.Duration{blob.Default: &read, blob.Strict: &strict} {
			took, err := timed(func() error { return readBlob(ctx, c, id, data, check) })
			if err != nil {
				return err
			}
			*times = append(*times, took)
		}
	}
	m.store, m.read, m.strict = append(m.store, median(store)), append(m.read, median(read)), append(m.strict, median(strict))
	return nil
}

func storeBlob(ctx context.Context, c *client.Client, data []byte) (blob.ID, error) {
	stored, err := c.Store(ctx, [][]byte{data}, &client.StoreOptions{Epochs: 1, Deletable: true, IgnoreResources: true})
	if err != nil {
		return blob.ID{}, err
	}
	return stored[0].BlobID, stored[0].Err
}

func readBlob(ctx context.Context, c *client.Client, id blob.ID, want []byte, check blob.Consistency) error {
	got, err := c.ReadAll(ctx, id, &client.ReadOptions{Check: check})
	if err == nil && !bytes.Equal(got, want) {
		err = fmt.Errorf("blob %v: read other bytes than were stored", id)
	}
	return err
}

// commands measures the program as people use it, its start included.
func (m *measured) commands(ctx context.Context, net *drive.Devnet, dir string) (err error) {
	path := filepath.Join(dir, "small")
	data := make([]byte, 1000)
	rand.Read(data)
	if err := os.WriteFile(path, data, 0o600); err != nil {
		return err
	}
	m.storeCLI, err = timed(func() error {
		_, err := net.Run(ctx, "store", "--epochs", "1", path)
		return err
	})
	if err != nil {
		return err
	}
	id, err := net.Run(ctx, "blob-id", path)
	if err != nil {
		return err
	}
	m.readCLI, err = timed(func() error {
		_, err := net.Run(ctx, "read", string(bytes.TrimSpace(id)))
		return err
	})
	return err
}

func printNetworks(all []measured) {
	var rows [][]string
	for _, m := range all {
		rows = append(rows, []string{
			fmt.Sprintf("%d nodes, %d shards", m.nodes, m.shards), ms(m.create), ms(m.restart), mib(m.idle), mib(m.peak),
		})
	}
	table([]string{"network", "new, until it serves", "again, until it serves", "memory then", "memory at most"}, rows)
}

func printSpeed(all []measured) {
	var rows [][]string
	for _, m := range all {
		for i, n := range sizes {
			rows = append(rows, []string{
				fmt.Sprint(m.shards), size(n),
				ms(m.store[i]), rate(n, m.store[i]), ms(m.read[i]), rate(n, m.read[i]), ms(m.strict[i]), rate(n, m.strict[i]),
			})
		}
	}
	table([]string{"shards", "blob", "store", "", "read", "", "read, strict", ""}, rows)
}

func printLatency(all []measured) {
	var rows [][]string
	for _, m := range all {
		rows = append(rows, []string{
			fmt.Sprintf("%d nodes, %d shards", m.nodes, m.shards), ms(median(m.latency)), ms(quantile(m.latency, 0.99)),
			ms(m.together), ms(m.storeCLI), ms(m.readCLI),
		})
	}
	table([]string{"network", "transaction, median", "99 of 100", fmt.Sprintf("%d at once, all", transactions), "walrus store, 1 KB", "walrus read, 1 KB"}, rows)
}
