package chain

import (
	"encoding/hex"
	"errors"
	"fmt"
	"sync"
	"sync/atomic"
	"time"

	abci "github.com/cometbft/cometbft/abci/types"
	cmtcfg "github.com/cometbft/cometbft/config"
	dbm "github.com/cosmos/cosmos-db"
	"github.com/cosmos/cosmos-sdk/store/v2/snapshots"
	snapshottypes "github.com/cosmos/cosmos-sdk/store/v2/snapshots/types"
)

// SnapshotOptions say how a node keeps snapshots of its state, from which others can begin. They also hold
// what it is given when it begins with one itself.
type SnapshotOptions struct {
	DB  dbm.DB // what there is; closed with the application
	Dir string // the snapshots' parts
	// Interval is how many blocks lie between two snapshots; 0 takes none.
	Interval uint64
	// Keep is how many of them are kept; 0 means [DefaultSnapshotKeep].
	Keep uint32
}

// DefaultSnapshotKeep lets a node that began to fetch a snapshot finish while the next one is taken.
const DefaultSnapshotKeep = 2

// snapshotter takes snapshots beside the making of blocks, one at a time. The SDK would start one in a
// goroutine that nobody waits for; here it has ended when the databases close.
type snapshotter struct {
	interval uint64
	keep     uint32
	manager  *snapshots.Manager

	busy atomic.Bool
	wg   sync.WaitGroup
}

// setSnapshots connects the store of snapshots to the application.
func (app *App) setSnapshots(opts *SnapshotOptions) error {
	store, err := snapshots.NewStore(opts.DB, opts.Dir)
	if err != nil {
		return fmt.Errorf("chain: snapshots: %w", err)
	}
	// With an interval of its own the SDK would take snapshots itself, and stop to remove old versions
	// wherever one was left out. The versions kept for queries last much longer than a snapshot takes.
	app.SetSnapshot(store, snapshottypes.NewSnapshotOptions(0, 0))
	keep := opts.Keep
	setDefault(&keep, DefaultSnapshotKeep)
	app.snapshots = &snapshotter{interval: opts.Interval, keep: keep, manager: app.SnapshotManager()}
	return nil
}

// Commit implements the application's interface to the engine: it makes the last block's changes durable,
// and has a snapshot taken when it is time.
func (app *App) Commit() (*abci.ResponseCommit, error) {
	resp, err := app.BaseApp.Commit()
	if height := app.LastBlockHeight(); err == nil && app.snapshots != nil && height > 0 {
		app.snapshots.at(uint64(height), app)
	}
	return resp, err
}

// at takes a snapshot if one is due at a height and none is being taken.
func (s *snapshotter) at(height uint64, app *App) {
	if s.interval == 0 || height%s.interval != 0 || !s.busy.CompareAndSwap(false, true) {
		return
	}
	s.wg.Go(func() {
		defer s.busy.Store(false)
		_, err := s.manager.Create(height)
		if err == nil {
			_, err = s.manager.Prune(s.keep)
		}
		if err != nil {
			app.Logger().Error("chain: snapshot", "height", height, "err", err)
		}
	})
}

// wait returns when no snapshot is being taken. No block may be committed any more.
func (s *snapshotter) wait() {
	if s != nil {
		s.wg.Wait()
	}
}

// configure tells the engine. Its directory for parts under way is the system's.
func (s *StateSync) configure(c *cmtcfg.StateSyncConfig) {
	c.Enable = s != nil
	if s == nil {
		return
	}
	c.RPCServers, c.TrustHeight, c.TrustHash, c.TrustPeriod = s.RPCURLs, s.TrustHeight, s.TrustHash, s.TrustPeriod
	setDefault(&c.TrustPeriod, DefaultTrustPeriod)
	c.DiscoveryTime = discoveryTime
}

// discoveryTime is how long peers are asked for snapshots before one is chosen: the least the engine takes.
const discoveryTime = 5 * time.Second

// check refuses what the engine would not start with, or wait with for ever.
func (s *StateSync) check() error {
	if s == nil {
		return nil
	}
	hash, err := hex.DecodeString(s.TrustHash)
	if len(s.RPCURLs) < 2 || s.TrustHeight <= 0 || err != nil || len(hash) != 32 {
		return fmt.Errorf("%w: wants the RPC of two nodes and height and hash of a block, has %d, %d and %q", ErrStateSync, len(s.RPCURLs), s.TrustHeight, s.TrustHash)
	}
	return nil
}

// ErrStateSync means that a node cannot begin with a snapshot as it is told to.
var ErrStateSync = errors.New("chain: state sync")
