package chaintest_test

import (
	"bytes"
	"encoding/binary"
	"fmt"
	"maps"
	"slices"

	storetypes "github.com/cosmos/cosmos-sdk/store/v2/types"

	committeev1 "github.com/walrus-go/walrus/api/committee/v1"
	"github.com/walrus-go/walrus/chain"
	"github.com/walrus-go/walrus/committee"
)

// Prefixes of the committee module's state.
const (
	nodesPrefix     = 2
	poolsPrefix     = 4
	ratesPrefix     = 5
	stakesPrefix    = 6
	slashingsPrefix = 9
)

// A breakage is what was done to the state of one node, behind the back of all rules, for some epochs.
type breakage struct {
	kind  int
	left  int               // epochs
	saved map[string][]byte // what was there before
	money uint64            // in its pool
}

// The kinds of breakages.
const (
	poolGarbage  = iota // its pool cannot be decoded
	poolInflated        // has more shares than WAL
	poolNameless        // is of a node ID of three bytes
	ratesGarbage        // has rates that make code panic, and a reason to look them up
	nodeGarbage         // its registration cannot be decoded
	nodeKeyless         // its key is none
	breakages           // how many kinds there are
)

// unelectable tells whether the node has to be left out of the next committee.
func (b *breakage) unelectable() bool { return b.kind == nodeGarbage || b.kind == nodeKeyless }

// unreadable tells whether its pool is no pool at all.
func (b *breakage) unreadable() bool { return b.kind == poolGarbage || b.kind == poolNameless }

// frozen tells whether its pool stays as it is until it is mended.
func (n *walkNode) frozen() bool { return n.broken != nil && !n.broken.unelectable() }

// disturb breaks the state of a node now and then, and lets validators be absent or sign twice.
func (w *walk) disturb(e int) {
	broken, unelectable := 0, 0
	for _, n := range w.nodes {
		if n.broken != nil {
			broken++
			if n.broken.unelectable() {
				unelectable++
			}
		}
	}
	if e > 1 && w.one(3) && broken < 3 {
		kind := w.rng.IntN(breakages)
		if n := w.sound(); n != nil && (unelectable == 0 || kind < nodeGarbage) {
			w.spoil(n, kind)
		}
	}
	for _, i := range w.absent {
		w.SetAbsent(publicKey(i), false)
	}
	w.absent = nil
	if w.one(3) {
		if i := w.rng.IntN(w.first); w.spared(i) {
			w.absent = append(w.absent, i)
			w.SetAbsent(publicKey(i), true)
		}
	}
	if w.one(50) {
		w.Accuse(publicKey(w.rng.IntN(w.first)))
	}
}

// spared tells whether the chain goes on without a validator: it has less than a third of the power.
func (w *walk) spared(i int) bool { return 3*w.Power(publicKey(i)) < w.TotalPower() }

// spoil breaks the state of a node.
func (w *walk) spoil(n *walkNode, kind int) {
	store := w.Store("committee")
	b := &breakage{kind: kind, left: 1 + w.rng.IntN(3), saved: map[string][]byte{}}
	set := func(key, value []byte) {
		if _, twice := b.saved[string(key)]; !twice {
			b.saved[string(key)] = store.Get(key)
		}
		store.Set(key, value)
	}
	garbage := []byte{0xff, 0xff, 0xff}
	poolKey := append([]byte{poolsPrefix}, n.id[:]...)
	nodeKey := append([]byte{nodesPrefix}, n.id[:]...)
	var pool committeev1.Pool
	if err := pool.Unmarshal(store.Get(poolKey)); err != nil {
		panic(err) // a bug of ours: it was sound
	}
	b.money = pool.RewardsPool + pool.Commission
	put := func() {
		raw, err := pool.Marshal()
		if err != nil {
			panic(err)
		}
		set(poolKey, raw)
	}
	switch kind {
	case poolGarbage:
		set(poolKey, garbage)
	case poolInflated:
		pool.Shares = 10*pool.Balance + 50
		put()
	case poolNameless:
		pool.NodeId = []byte{1, 2, 3}
		put()
	case ratesGarbage:
		pool.EarlyExits = append(pool.EarlyExits, committeev1.EarlyExit{WithdrawEpoch: 1, ActivationEpoch: 1, Principal: 7})
		put()
		for _, key := range ratesOf(store, n.id) {
			set(key, garbage)
		}
		for e := range uint32(2) { // what there was may be pruned or of later epochs
			set(binary.BigEndian.AppendUint32(ratePrefix(n.id), uint32(w.number)+e), garbage)
		}
	case nodeGarbage:
		set(nodeKey, garbage)
	case nodeKeyless:
		var node committeev1.Node
		if err := node.Unmarshal(store.Get(nodeKey)); err != nil {
			panic(err)
		}
		node.BlsPublicKey, node.NextBlsPublicKey, node.NextPossession = bytes.Repeat([]byte{7}, 48), nil, nil
		raw, err := node.Marshal()
		if err != nil {
			panic(err)
		}
		set(nodeKey, raw)
	}
	n.broken = b
	w.spoiled++
}

func ratePrefix(id committee.NodeID) []byte { return append([]byte{ratesPrefix, 32}, id[:]...) }

func ratesOf(store storetypes.KVStore, id committee.NodeID) (keys [][]byte) {
	prefix := ratePrefix(id)
	it := store.Iterator(prefix, storetypes.PrefixEndBytes(prefix))
	defer it.Close()
	for ; it.Valid(); it.Next() {
		keys = append(keys, bytes.Clone(it.Key()))
	}
	return keys
}

// mend puts back what was there before, where the time has come.
func (w *walk) mend(all bool) error {
	store := w.Store("committee")
	for _, n := range w.nodes {
		if n.broken == nil {
			continue
		}
		if n.broken.left--; n.broken.left > 0 && !all {
			continue
		}
		if !n.broken.unelectable() {
			if err := w.frozenStill(n); err != nil {
				return err
			}
		}
		for _, key := range slices.Sorted(maps.Keys(n.broken.saved)) {
			if value := n.broken.saved[key]; value == nil {
				store.Delete([]byte(key))
			} else {
				store.Set([]byte(key), value)
			}
		}
		n.broken = nil
	}
	return w.Advance(0)
}

// frozenStill checks that nothing processed a pool that cannot be processed.
func (w *walk) frozenStill(n *walkNode) error {
	return w.Audit(func(a *chain.Audit) error {
		state, err := a.Committee()
		if err != nil {
			return err
		}
		for _, p := range state.Pools {
			if p.Node == n.id && p.Latest == w.number {
				return fmt.Errorf("a broken pool was processed: %+v", p)
			}
		}
		return nil
	})
}
