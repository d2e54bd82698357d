package chaintest_test

import (
	"bytes"
	"errors"
	"fmt"
	"math/bits"
	"slices"
	"time"

	"github.com/cosmos/gogoproto/proto"

	blobv1 "github.com/walrus-go/walrus/api/blob/v1"
	committeev1 "github.com/walrus-go/walrus/api/committee/v1"
	"github.com/walrus-go/walrus/chain"
	"github.com/walrus-go/walrus/chain/chaintest"
	"github.com/walrus-go/walrus/chain/economy/election"
	"github.com/walrus-go/walrus/chain/economy/market"
	"github.com/walrus-go/walrus/chain/economy/price"
	"github.com/walrus-go/walrus/chain/economy/stake"
	"github.com/walrus-go/walrus/chain/economy/storage"
	committeekeeper "github.com/walrus-go/walrus/chain/x/committee/keeper"
	"github.com/walrus-go/walrus/committee"
)

// A look is what is seen of a state without reading all of it.
type look struct {
	money  chain.Money
	market market.Market
	state  committeekeeper.Audit
	events storage.EventBlobs
}

func (w *walk) look() (l look, err error) {
	err = w.Audit(func(a *chain.Audit) (err error) {
		if l.money, err = a.Money(); err != nil {
			return err
		}
		if l.market, err = a.Market(); err != nil {
			return err
		}
		if l.state, err = a.Committee(); err != nil {
			return err
		}
		l.events, err = a.EventBlobs()
		return err
	})
	return l, err
}

// block holds the state after a block of transactions against the one seen before it.
func (w *walk) block() error {
	w.absent = slices.DeleteFunc(w.absent, func(i int) bool {
		back := !w.spared(i)
		w.SetAbsent(publicKey(i), !back)
		return back
	})
	after, err := w.look()
	if err != nil {
		return err
	}
	for i, e := range after.market.Ring { // I-3
		if e.Used > w.seen.market.Ring[i].Used+w.free && e.Used-w.free > after.market.Capacity { // event blobs need no room
			return fmt.Errorf("I-3: %d bytes are sold for epoch %d, there are %d", e.Used, e.Epoch, after.market.Capacity)
		}
	}
	w.free = 0
	return w.check(&after)
}

// check holds a state against what must be true after every block.
func (w *walk) check(l *look) error {
	w.blocksMade++
	if err := w.checkMoney(l); err != nil {
		return err
	}
	for i, e := range l.market.Ring { // I-2
		if e.Epoch != committee.Epoch(l.state.Epoch.Number)+committee.Epoch(i) {
			return fmt.Errorf("I-2: entry %d is of epoch %d", i, e.Epoch)
		}
	}
	if len(l.market.Ring) != chain.DefaultMaxEpochsAhead {
		return fmt.Errorf("I-2: %d entries", len(l.market.Ring))
	}
	for _, p := range l.state.Pools { // I-9
		if !w.nodeOf(p.Node).frozen() && (p.Shares > p.Balance || p.Blocked > p.Commission) {
			return fmt.Errorf("I-9: %+v", p)
		}
	}
	if err := w.events.check(l); err != nil {
		return err
	}
	w.seen = *l
	return nil
}

// checkMoney is invariant I-1, with principals as the walk knows them.
func (w *walk) checkMoney(l *look) error {
	m := l.money
	if sum := m.Fees + m.Market + m.Staking + m.Community + m.Deposits + m.Subsidies + m.Accounts; sum != m.Supply {
		return fmt.Errorf("I-1: %d FROST are held, the supply is %d", sum, m.Supply)
	}
	if m.Supply > w.seen.money.Supply {
		return fmt.Errorf("I-1: the supply grew from %d to %d", w.seen.money.Supply, m.Supply)
	}
	w.burned += w.seen.money.Supply - m.Supply
	if pots := l.market.Ring.Rewards(); pots+w.funds != m.Market {
		return fmt.Errorf("I-1: pots are %d, funds of shared blobs %d, the market holds %d", pots, w.funds, m.Market)
	}
	if w.subsidies != m.Subsidies {
		return fmt.Errorf("I-1: %d is left for subsidies, %d is held", w.subsidies, m.Subsidies)
	}
	owed := w.inPools(l)
	for _, s := range w.stakes.items {
		owed += s.principal
	}
	if owed != m.Staking {
		return fmt.Errorf("I-1: principals, rewards and commissions are %d, %d is held for them", owed, m.Staking)
	}
	return nil
}

// inPools sums up rewards and commissions, those of spoiled pools as they were before.
func (w *walk) inPools(l *look) (sum uint64) {
	for _, p := range l.state.Pools {
		if !w.nodeOf(p.Node).frozen() {
			sum += p.RewardsPool + p.Commission
		}
	}
	for _, n := range w.nodes {
		if n.frozen() {
			sum += n.broken.money
		}
	}
	return sum
}

// endVoting moves the clock to the end of voting and holds the selection against the rules.
func (w *walk) endVoting() error {
	before, err := w.look()
	if err != nil {
		return err
	}
	// I-14: not a millisecond too early.
	if err := w.Advance(w.until(before.state.Epoch.DoneMs, w.epochDuration/2) - time.Millisecond); err != nil {
		return err
	}
	if l, err := w.look(); err != nil || l.state.Epoch.Phase != committeev1.EPOCH_PHASE_CHANGE_DONE {
		return errors.Join(err, fmt.Errorf("I-14: epoch %+v before voting ends", l.state.Epoch))
	}
	if err := w.Advance(time.Millisecond); err != nil {
		return err
	}
	after, err := w.look()
	if err != nil {
		return err
	}
	if after.state.Epoch.Phase != committeev1.EPOCH_PHASE_NEXT_PARAMS_SELECTED {
		return fmt.Errorf("I-14: epoch %+v after voting", after.state.Epoch)
	}
	if err := w.check(&after); err != nil {
		return err
	}
	w.nextMembers = w.membersOf(&after.state, true)
	return w.checkSelection(&before, &after)
}

// until returns how far the clock is from a time after since.
func (w *walk) until(sinceMs uint64, d time.Duration) time.Duration {
	return time.UnixMilli(int64(sinceMs)).Add(d).Sub(w.Now())
}

func (w *walk) checkSelection(before, after *look) error {
	n := uint16(after.state.Params.NShards)
	next := after.state.Next
	if err := checkCommittee(next, n); err != nil {
		return err
	}
	for _, m := range next {
		if b := w.nodeOf(m.Node).broken; b != nil && b.unelectable() {
			return fmt.Errorf("a node was selected whose record cannot be read")
		}
	}
	// I-6: counts by definition, over those of the active set that could be selected.
	var candidates []election.Candidate
	for _, c := range before.state.Active.Entries {
		if b := w.nodeOf(c.Node).broken; b == nil || !b.unelectable() {
			candidates = append(candidates, c)
		}
	}
	limit := uint16(election.MaxShards(n, len(candidates)))
	for _, a := range candidates {
		got := next.Weight(a.Node)
		if got > limit {
			return fmt.Errorf("I-6: %d shards of one node, at most %d", got, limit)
		}
		for _, b := range candidates {
			other := next.Weight(b.Node)
			if got > 0 && other < limit && mulLess(a.Stake, uint64(other)+1, b.Stake, uint64(got)) {
				return fmt.Errorf("I-6: %d shards for %d FROST, %d for %d", got, a.Stake, other, b.Stake)
			}
		}
	}
	// I-7: who does not shrink keeps all shards, who shrinks the first ones; no more move than must.
	lost := 0
	for _, m := range after.state.Current {
		kept, _ := next.Find(m.Node)
		lost += max(0, len(m.Shards)-len(kept))
		if common := min(len(kept), len(m.Shards)); !slices.Equal(kept[:common], m.Shards[:common]) {
			return fmt.Errorf("I-7: %v of %v are left", kept, m.Shards)
		}
	}
	if moved := after.state.Current.Moved(next); moved != lost {
		return fmt.Errorf("I-7: %d shards move, %d are given up", moved, lost)
	}
	return w.checkVotes("capacity", after.state.Epoch.NextCapacity, next, n, false, func(node *committeev1.Node) uint64 {
		return price.CapacityVote(node.Votes.Capacity, next.Weight(committee.NodeID(node.Id)), n)
	}, &after.state)
}

// mulLess tells whether a*b < c*d.
func mulLess(a, b, c, d uint64) bool {
	hi, lo := bits.Mul64(a, b)
	other, low := bits.Mul64(c, d)
	return hi < other || hi == other && lo < low
}

// checkCommittee is invariant I-5.
func checkCommittee(c election.Committee, n uint16) error {
	held := make([]bool, n)
	for i, m := range c {
		if i > 0 && bytes.Compare(c[i-1].Node[:], m.Node[:]) >= 0 || len(m.Shards) == 0 {
			return fmt.Errorf("I-5: %v is out of order or has no shards", m.Node)
		}
		for _, s := range m.Shards {
			if int(s) >= len(held) || held[s] {
				return fmt.Errorf("I-5: shard %d of %v is not its own", s, m.Node)
			}
			held[s] = true
		}
	}
	if c.ShardCount() != int(n) {
		return fmt.Errorf("I-5: %d shards are held", c.ShardCount())
	}
	return nil
}

// checkVotes is invariant I-13: a member votes for exactly what is in force, and members with a quorum find
// it acceptable but not what is cheaper, or larger.
func (w *walk) checkVotes(
	what string, got uint64, c election.Committee, n uint16, cheapest bool, vote func(*committeev1.Node) uint64, state *committeekeeper.Audit,
) error {
	var content, strictly int
	exact := false
	for i := range state.Nodes {
		id := committee.NodeID(state.Nodes[i].Id)
		if !c.Has(id) {
			continue
		}
		if b := w.nodeOf(id).broken; b != nil && b.unelectable() {
			return nil // votes for what was in force
		}
		v, weight := vote(&state.Nodes[i]), int(c.Weight(id))
		exact = exact || v == got
		if v == got || v < got == cheapest {
			content += weight
		}
		if v != got && v < got == cheapest {
			strictly += weight
		}
	}
	if state.Unreadable > 0 {
		return nil
	}
	if quorum := 2*int(n) + 1; !exact || 3*content < quorum || 3*strictly >= quorum {
		return fmt.Errorf("I-13: %s of %d, with %d content and %d strictly of %d", what, got, content, strictly, n)
	}
	return nil
}

// change moves the clock to the change of epochs and holds it against the rules.
func (w *walk) change() error {
	before, err := w.look()
	if err != nil {
		return err
	}
	if err := w.Advance(w.until(before.state.Epoch.DoneMs, w.epochDuration)); err != nil {
		return err
	}
	after, err := w.look()
	if err != nil {
		return err
	}
	e := after.state.Epoch
	if e.Number != uint32(w.number)+1 || e.Phase != committeev1.EPOCH_PHASE_CHANGE_SYNC {
		return fmt.Errorf("I-14, I-17: epoch %+v did not follow %+v", e, before.state.Epoch)
	}
	w.number++
	w.members = w.nextMembers
	if err := w.check(&after); err != nil {
		return err
	}
	if err := w.checkRewards(&before, &after); err != nil {
		return err
	}
	n := uint16(after.state.Params.NShards)
	for _, c := range []election.Committee{after.state.Previous, after.state.Current} {
		if err := checkCommittee(c, n); err != nil {
			return err
		}
	}
	if err := w.checkActive(&after.state); err != nil {
		return err
	}
	if err := w.checkProcessed(&after.state); err != nil {
		return err
	}
	return errors.Join(
		w.checkVotes("storage price", after.market.StoragePrice, after.state.Current, n, true, func(n *committeev1.Node) uint64 { return n.Votes.StoragePrice }, &after.state),
		w.checkVotes("write price", after.market.WritePrice, after.state.Current, n, true, func(n *committeev1.Node) uint64 { return n.Votes.WritePrice }, &after.state))
}

// checkRewards is invariant I-12.
func (w *walk) checkRewards(before, after *look) error {
	pot := before.market.Ring[0].Rewards + before.money.Fees
	burned := before.money.Supply - after.money.Supply
	left := after.market.Ring[0].Rewards - before.market.Ring[1].Rewards
	paid := w.inPools(after) - w.inPools(before)
	if burned != 3*pot/100 || burned+left+paid != pot || after.money.Fees != 0 {
		return fmt.Errorf("I-12: of %d, %d are burned, %d paid, %d left", pot, burned, paid, left)
	}
	whole := before.market.Ring[0].Used > 0
	for _, n := range w.nodes {
		whole = whole && (n.broken == nil && n.denied == 0 || !before.state.Current.Has(n.id))
	}
	for _, m := range before.state.Current {
		i := slices.IndexFunc(before.state.Pools, func(p stake.Pool) bool { return p.Node == m.Node })
		whole = whole && i >= 0 && before.state.Pools[i].Balance > 0
	}
	if whole && left >= uint64(len(before.state.Current)) {
		return fmt.Errorf("I-12: %d are left of %d with %d members", left, pot, len(before.state.Current))
	}
	return nil
}

// checkActive is invariant I-8.
func (w *walk) checkActive(state *committeekeeper.Audit) error {
	seen := map[committee.NodeID]bool{}
	for _, c := range state.Active.Entries {
		if seen[c.Node] || c.Stake == 0 || c.Stake < state.Active.Threshold {
			return fmt.Errorf("I-8: %v is in the active set twice or with too little stake", c.Node)
		}
		seen[c.Node] = true
	}
	if len(seen) > state.Active.Max {
		return fmt.Errorf("I-8: %d entries", len(seen))
	}
	return nil
}

// checkProcessed checks that a change reached every pool that can be read, however many cannot, and that
// the active set knows what is in them: I-8.
func (w *walk) checkProcessed(state *committeekeeper.Audit) error {
	e := committee.Epoch(state.Epoch.Number)
	return w.Audit(func(a *chain.Audit) error {
		for i := range state.Pools {
			p := &state.Pools[i]
			if w.nodeOf(p.Node).frozen() || !state.Previous.Has(p.Node) && !state.Current.Has(p.Node) {
				continue
			}
			if p.Latest != e {
				return fmt.Errorf("I-17: pool of %v was last processed in epoch %d", p.Node, p.Latest)
			}
			want, err := a.Projected(p.Node, e+1)
			if err != nil {
				return err
			}
			if got, in := state.Active.Stake(p.Node); in && got != want {
				return fmt.Errorf("I-8: %v stands with %d, has %d", p.Node, got, want)
			}
		}
		return nil
	})
}

// sync lets all members report, each owner for all its nodes at once, and some of them once more.
func (w *walk) sync() error {
	before, err := w.look()
	if err != nil {
		return err
	}
	var txs [][]byte
	for i, wallet := range w.wallets {
		var reports []proto.Message
		for _, n := range w.nodes {
			if n.owner == i && before.state.Current.Has(n.id) && (n.broken == nil || !n.broken.unelectable()) {
				reports = append(reports, &committeev1.MsgSyncDone{Owner: wallet.Address().String(), NodeId: n.id[:], Epoch: uint32(w.number)})
			}
		}
		if len(reports) == 0 {
			continue
		}
		tx, err := wallet.Sign(w.ctx, 90_000_000, reports...)
		if err != nil {
			return err
		}
		txs = append(txs, tx)
	}
	results, err := w.Deliver(txs...)
	if err != nil {
		return err
	}
	for _, r := range results {
		if r.Code != 0 {
			return errors.New(r.Log)
		}
	}
	after, err := w.look()
	if err != nil {
		return err
	}
	if after.state.Epoch.Phase != committeev1.EPOCH_PHASE_CHANGE_DONE || after.state.Epoch.DoneMs != uint64(w.Now().UnixMilli()) {
		return fmt.Errorf("I-14: epoch %+v", after.state.Epoch)
	}
	if err := w.check(&after); err != nil {
		return err
	}
	// I-14: nobody reports twice.
	if n := w.nodes[w.rng.IntN(len(w.nodes))]; n.broken == nil && before.state.Current.Has(n.id) {
		w.queue = append(w.queue, &operation{sender: n.owner, must: true, may: []string{"staking_inner::EDuplicateSyncDone"},
			message: &committeev1.MsgSyncDone{Owner: w.address(n.owner), NodeId: n.id[:], Epoch: uint32(w.number)}})
		return w.flush()
	}
	return w.Advance(chaintest.BlockTime)
}

// export checks that a chain can begin with the state of this one, and would export the same.
func (w *walk) export() error {
	first, err := w.App.Export("walrus-fork", w.Now())
	if err != nil {
		return err
	}
	fork, err := chaintest.Import(first, nil)
	if err != nil {
		return fmt.Errorf("import: %w", err)
	}
	defer fork.Close()
	second, err := fork.App.Export("walrus-fork", w.Now())
	if err != nil {
		return err
	}
	if !bytes.Equal(first.State(), second.State()) {
		return errors.New("the state is another one after export and import")
	}
	return nil
}

// count reads all stakes and resources and holds them against what the walk knows: I-4, I-16.
func (w *walk) count() error {
	known := map[[32]byte]*walkStake{}
	for _, s := range w.stakes.items {
		known[s.id] = s
	}
	storages := map[[32]byte]*walkStorage{}
	for _, s := range w.storages.items {
		storages[s.id] = s
	}
	return w.Audit(func(a *chain.Audit) error {
		if err := a.EachStake(func(r committeev1.Stake) error {
			s := known[[32]byte(r.Id)]
			if s == nil || *s != *w.stakeOf(&r) {
				return fmt.Errorf("stake %+v is known as %+v", r, s)
			}
			delete(known, s.id)
			return nil
		}); err != nil {
			return err
		}
		if len(known) > 0 {
			return fmt.Errorf("%d stakes are gone", len(known))
		}
		if err := errors.Join(w.countPools(a), w.countShared(a)); err != nil {
			return err
		}
		ring, err := a.Market()
		if err != nil {
			return err
		}
		live := make([]uint64, len(ring.Ring))
		if err := a.EachStorage(func(r blobv1.Storage) error {
			for i, e := range ring.Ring {
				if r.StartEpoch <= uint32(e.Epoch) && uint32(e.Epoch) < r.EndEpoch {
					live[i] += r.Size_
				}
			}
			if s := storages[[32]byte(r.Id)]; s != nil && (s.start != r.StartEpoch || s.end != r.EndEpoch || s.size != r.Size_) {
				return fmt.Errorf("I-16: resource %+v is known as %+v", r, s)
			}
			delete(storages, [32]byte(r.Id))
			return nil
		}); err != nil {
			return err
		}
		if len(storages) > 0 {
			return fmt.Errorf("I-16: %d resources are gone", len(storages))
		}
		for i, e := range ring.Ring {
			if e.Used < live[i] {
				return fmt.Errorf("I-4: epoch %d: %d bytes accounted, %d owned", e.Epoch, e.Used, live[i])
			}
		}
		return nil
	})
}
