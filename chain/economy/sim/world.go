// Package sim composes the rules of the control plane into one small world in memory: nodes, stakes,
// storage, blobs, pools, subsidies and the epochs that drive them.
//
// The idea: the world is what keepers are to the chain, without the chain: it owns the state, calls the
// rules, moves the money and records events. Tests play scenarios and random histories against it, and
// a command draws what happens to prices, stake and rewards over years.
//
// Whatever happens is a function of the calls made: there is no clock, no randomness of its own and no
// order that depends on a map. A World is not safe for concurrent use.
//
// Start with [New], [World.Check] and [Walk].
package sim

import (
	"crypto/sha256"
	"encoding/gob"
	"fmt"
	"math/bits"

	"github.com/walrus-go/walrus/chain/economy"
	"github.com/walrus-go/walrus/chain/economy/ballot"
	"github.com/walrus-go/walrus/chain/economy/election"
	"github.com/walrus-go/walrus/chain/economy/epoch"
	"github.com/walrus-go/walrus/chain/economy/market"
	"github.com/walrus-go/walrus/chain/economy/stake"
	"github.com/walrus-go/walrus/chain/economy/storage"
	"github.com/walrus-go/walrus/chain/economy/subsidy"
	"github.com/walrus-go/walrus/committee"
)

// A Genesis is what a world begins with. Durations are in ms.
type Genesis struct {
	Shards        uint16
	EpochDuration uint64
	ZeroDuration  uint64 // of epoch 0
	Horizon       int    // epochs for which space is sold
	Now           uint64
	ActiveSet     int    // 0 means [economy.MaxActiveSet]
	Threshold     uint64 // least stake in the active set
}

// A World is the whole state.
type World struct {
	Now     uint64 // ms
	Machine epoch.Machine
	Market  market.Market

	Active       election.ActiveSet
	Previous     election.Committee
	Current      election.Committee
	Next         election.Committee // in phase Selected
	NextCapacity uint64

	Nodes []*Node // in order of registration
	nodes map[committee.NodeID]*Node

	Supply   uint64 // FROST
	External uint64 // FROST held by nobody here

	Stakes  Shelf[stake.Staked]
	Storage Shelf[storage.Resource]
	Blobs   Shelf[Blob]
	Shared  Shelf[storage.SharedBlob]
	Pools   Shelf[Pool]

	EventBlobs storage.EventBlobs
	Subsidies  *subsidy.Subsidies // nil until set up
	Slashing   []SlashProposal
	Upgrades   []UpgradeProposal
	Version    uint64

	events []Event
}

// A Node is a registered storage node.
type Node struct {
	ID          committee.NodeID
	Pool        stake.Pool
	Rates       stake.Table
	Price       epoch.PriceVote
	Capacity    uint64
	LastSync    committee.Epoch
	Attestation storage.Attestation
	DenyList    storage.DenyList
}

// A SlashProposal is a vote on a node's commission.
type SlashProposal struct {
	Candidate committee.NodeID
	ballot.Proposal
}

// An UpgradeProposal is a vote on a digest.
type UpgradeProposal struct {
	Digest [32]byte
	ballot.Proposal
}

// New returns a world in epoch 0, without nodes.
//
// Errors: [economy.ErrSystemStateInnerInvalidMaxEpochsAhead], [economy.ErrActiveSetZeroMaxSize].
func New(g Genesis) (*World, error) {
	m, err := market.New(g.Shards, g.Horizon)
	if err != nil {
		return nil, err
	}
	size := g.ActiveSet
	if size == 0 {
		size = economy.MaxActiveSet
	}
	active, err := election.NewActiveSet(size, g.Threshold)
	if err != nil {
		return nil, err
	}
	return &World{
		Now:      g.Now,
		Machine:  epoch.NewMachine(g.Shards, g.EpochDuration, g.ZeroDuration, g.Now),
		Market:   m,
		Active:   active,
		nodes:    make(map[committee.NodeID]*Node),
		Supply:   economy.GenesisSupply,
		External: economy.GenesisSupply,
		Version:  1,
	}, nil
}

// Epoch returns the current epoch.
func (w *World) Epoch() committee.Epoch { return w.Machine.Epoch }

// Node returns a node. Errors: [economy.ErrDynamicFieldFieldDoesNotExist].
func (w *World) Node(id committee.NodeID) (*Node, error) {
	n, ok := w.nodes[id]
	if !ok {
		return nil, economy.ErrDynamicFieldFieldDoesNotExist
	}
	return n, nil
}

// Held returns what the protocol holds: pots, principals, pools, funds and subsidies.
func (w *World) Held() (uint64, error) {
	var hi, lo uint64
	add := func(amounts ...uint64) {
		for _, a := range amounts {
			var carry uint64
			lo, carry = bits.Add64(lo, a, 0)
			hi += carry
		}
	}
	for _, e := range w.Market.Ring {
		add(e.Rewards)
	}
	for _, s := range w.Stakes.items {
		add(s.value.Principal)
	}
	for _, n := range w.Nodes {
		add(n.Pool.RewardsPool, n.Pool.Commission)
	}
	for _, s := range w.Shared.items {
		add(s.value.Funds)
	}
	if w.Subsidies != nil {
		add(w.Subsidies.Pool)
	}
	if hi != 0 {
		return 0, economy.ErrOverflow
	}
	return lo, nil
}

// budget returns what a payer willing to pay limit can pay.
func (w *World) budget(limit uint64) uint64 { return min(limit, w.External) }

// take moves amount from outside into the protocol. Errors: [economy.ErrBalanceNotEnough].
func (w *World) take(amount uint64) error {
	if amount > w.External {
		return economy.ErrBalanceNotEnough
	}
	w.External -= amount
	return nil
}

// give moves amount out of the protocol.
func (w *World) give(amount uint64) { w.External += amount }

// burn destroys amount that the protocol held.
func (w *World) burn(amount uint64) { w.Supply -= amount }

// Hash returns a digest of the whole state; equal histories have equal digests.
func (w *World) Hash() [32]byte {
	h := sha256.New()
	enc := gob.NewEncoder(h)
	state := []any{
		w.Now, w.Machine, w.Market, w.Active, w.Previous, w.Current, w.Next, w.NextCapacity, w.Supply,
		w.External, w.Stakes.values(), w.Storage.values(), w.Blobs.values(), w.Shared.values(),
		w.EventBlobs, w.Slashing, w.Upgrades, w.Version,
	}
	for _, v := range state {
		if err := enc.Encode(v); err != nil {
			panic(fmt.Sprintf("sim: state cannot be encoded: %v", err))
		}
	}
	for _, n := range w.Nodes {
		if err := enc.Encode(*n); err != nil {
			panic(fmt.Sprintf("sim: node cannot be encoded: %v", err))
		}
	}
	return [32]byte(h.Sum(nil))
}
