package sim

import (
	"encoding/binary"
	"errors"
	"fmt"
	"math"
	"math/rand/v2"
	"slices"

	"github.com/walrus-go/walrus/chain/economy"
	"github.com/walrus-go/walrus/chain/economy/epoch"
	"github.com/walrus-go/walrus/chain/economy/price"
	"github.com/walrus-go/walrus/chain/economy/storage"
	"github.com/walrus-go/walrus/committee"
)

// WalkOptions shape a random history.
type WalkOptions struct {
	Seed       uint64
	Nodes      int // register over time
	ActiveSet  int // places in the active set, for which nodes compete
	Operations int // per epoch, spread over its phases
	Block      int // operations per block; the state is checked after each
}

// A Walk is a random history of a world. Every operation may be one that the rules refuse; a refusal that
// the operation does not expect, a broken invariant or a failing epoch change ends the walk.
type Walk struct {
	*World
	opt     WalkOptions
	rng     *rand.Rand
	inBlock int
	// Operations counts what was tried, Refused how much of it the rules refused.
	Operations, Refused int
	// Clamped is the most FROST by which a payout fell short of its claim.
	Clamped uint64
}

// NewWalk begins a history. Stake counts from 1 WAL on, so that dust is no stake (section 5.9, D-3).
func NewWalk(opt WalkOptions) (*Walk, error) {
	w, err := New(Genesis{
		Shards:        1000,
		EpochDuration: 1000,
		Horizon:       53,
		ActiveSet:     opt.ActiveSet,
		Threshold:     economy.Wal,
	})
	if err != nil {
		return nil, err
	}
	k := &Walk{World: w, opt: opt, rng: rand.New(rand.NewPCG(opt.Seed, 0x77616c727573))}
	if err := k.NewSubsidies(80_000, 1000, 100); err != nil {
		return nil, err
	}
	for range min(5, opt.Nodes) {
		if err := k.register(); err != nil {
			return nil, err
		}
	}
	return k, nil
}

// Epochs plays n epochs.
func (k *Walk) Epochs(n int) error {
	for range n {
		if err := k.epoch(); err != nil {
			return fmt.Errorf("seed %d, operation %d: %w", k.opt.Seed, k.Operations, err)
		}
	}
	return nil
}

// epoch plays from the current epoch's first phase to the beginning of the next epoch.
func (k *Walk) epoch() error {
	if k.Machine.Phase == epoch.Sync {
		if err := k.sync(); err != nil {
			return err
		}
	}
	if err := k.operate(k.opt.Operations / 3); err != nil {
		return err
	}
	k.Now += k.Machine.Duration/2 + k.rng.Uint64N(100)
	if err := k.endVoting(); err != nil {
		return err
	}
	if err := k.operate(k.opt.Operations / 3); err != nil {
		return err
	}
	k.Now += k.Machine.Duration/2 + k.rng.Uint64N(100) + 1
	done, err := k.InitiateEpochChange()
	if err != nil {
		return err
	}
	if err := failures(done.Failed); err != nil {
		return err
	}
	if err := k.checkProjections(); err != nil {
		return err
	}
	return k.Check()
}

// endVoting selects the next committee; whoever sees a network without stake adds some.
func (k *Walk) endVoting() error {
	sel, err := k.VotingEnd()
	if errors.Is(err, economy.ErrStakingInnerNoStake) {
		if _, _, err := k.Stake(k.Nodes[0].ID, 1000*economy.Wal); err != nil {
			return err
		}
		sel, err = k.VotingEnd()
	}
	if err != nil {
		return err
	}
	return failures(sel.Failed)
}

func failures(list []epoch.Failure) error {
	for _, f := range list {
		return fmt.Errorf("node %v: %w", f.Node, f.Err)
	}
	return nil
}

// checkProjections is invariant I-8 right after an epoch change: what the active set says of processed
// pools is what they project.
func (k *Walk) checkProjections() error {
	for _, id := range epoch.Processes(k.Previous, k.Current) {
		n := k.nodes[id]
		if got, ok := k.Active.Stake(id); ok && got != n.Pool.BalanceAt(k.Epoch()+1, n.Rates) {
			return fmt.Errorf("I-8: %v has %d in the active set", id, got)
		}
	}
	return nil
}

// sync lets members report in random order, with operations in between, until all have.
func (k *Walk) sync() error {
	order := k.rng.Perm(len(k.Current))
	for i, at := range order {
		if err := k.EpochSyncDone(k.Current[at].Node, k.Epoch()); err != nil {
			return err
		}
		share := k.opt.Operations / 3
		if err := k.operate(share*(i+1)/len(order) - share*i/len(order)); err != nil {
			return err
		}
	}
	if k.Machine.Phase != epoch.Done {
		return fmt.Errorf("I-14: all have reported, phase is %v", k.Machine.Phase)
	}
	return nil
}

// operate tries n random operations.
func (k *Walk) operate(n int) error {
	for range n {
		k.Operations++
		err := k.step()
		if err != nil && economy.NameOf(err) == "" {
			return err
		}
		if err != nil {
			k.Refused++
		}
		if k.inBlock++; k.inBlock < k.opt.Block {
			continue
		}
		k.inBlock = 0
		k.Now++
		k.TakeEvents()
		if err := errors.Join(k.checkMoney(), k.checkRing(), k.checkPools()); err != nil {
			return err
		}
	}
	return nil
}

// step tries one random operation. The rules' refusals are returned as they are; other errors are broken
// invariants.
func (k *Walk) step() error {
	if len(k.Nodes) < k.opt.Nodes && k.rng.IntN(40) == 0 {
		return k.register()
	}
	switch k.rng.IntN(20) {
	case 0, 1, 2:
		_, _, err := k.Stake(k.node().ID, k.amount())
		return err
	case 3, 4, 5:
		h, _ := pick(k, &k.Stakes)
		return k.leave(h)
	case 6:
		return k.exodus()
	case 7:
		return k.splitOrJoin()
	case 8:
		return k.manage()
	case 9, 10, 11:
		return k.buy()
	case 12:
		return k.cut()
	case 13, 14:
		return k.blob()
	case 15, 16:
		return k.pool()
	case 17:
		return k.donate()
	case 18:
		return k.ballot()
	default:
		return k.attest()
	}
}

func (k *Walk) register() error {
	var id committee.NodeID
	for i := 0; i < len(id); i += 8 {
		binary.BigEndian.PutUint64(id[i:], k.rng.Uint64())
	}
	return k.RegisterNode(id, uint16(k.rng.IntN(10_001)), k.prices(), k.rng.Uint64N(1e13))
}

func (k *Walk) prices() epoch.PriceVote {
	return epoch.PriceVote{Storage: k.rng.Uint64N(200_000), Write: k.rng.Uint64N(50_000)}
}

func (k *Walk) node() *Node { return k.Nodes[k.rng.IntN(len(k.Nodes))] }

// amount is a stake: mostly ordinary, at times nothing, dust or far too much.
func (k *Walk) amount() uint64 {
	switch k.rng.IntN(50) {
	case 0:
		return 0
	case 1:
		return k.rng.Uint64N(economy.Wal)
	case 2:
		return math.MaxUint64 - k.rng.Uint64N(2)
	}
	return economy.Wal + k.rng.Uint64N(economy.Wal<<k.rng.IntN(20))
}

func pick[T any](k *Walk, s *Shelf[T]) (Handle, *T) {
	if s.Len() == 0 {
		return 0, nil
	}
	h := s.Pick(k.rng.IntN(s.Len()))
	v, _ := s.Get(h)
	return h, v
}

// leave withdraws a stake, or requests that. One of the two must be possible: invariant I-11.
func (k *Walk) leave(h Handle) error {
	s, err := k.Stakes.Get(h)
	if err != nil {
		return err
	}
	before, n := *s, k.nodes[s.Node]
	claim, had := uint64(0), n.Pool.RewardsPool
	if s.Withdrawing {
		rewards, err := n.Pool.CalculateRewards(s.Principal, s.Activation, s.Withdraw, n.Rates)
		if err != nil {
			return fmt.Errorf("I-11: rewards: %v", err)
		}
		claim = rewards
	}
	amount, err := k.Withdraw(h)
	switch {
	case err == nil:
		if amount < before.Principal {
			return fmt.Errorf("I-10: %d paid for %d", amount, before.Principal)
		}
		if claim > had {
			k.Clamped = max(k.Clamped, claim-had)
		}
		return nil
	case errors.Is(err, economy.ErrStakingPoolNotWithdrawing):
		if _, err := k.RequestWithdraw(h); err != nil {
			return fmt.Errorf("I-11: neither withdrawn nor requested: %v", err)
		}
		return nil
	case errors.Is(err, economy.ErrStakingPoolWithdrawEpochNotReached) && before.Withdraw <= k.Epoch()+2:
		return err
	}
	return fmt.Errorf("I-11: %v", err)
}

// exodus lets, at times, all stakes leave a node.
func (k *Walk) exodus() error {
	if k.rng.IntN(40) > 0 {
		return nil
	}
	node := k.node().ID
	for _, it := range slices.Clone(k.Stakes.items) {
		if it.value.Node != node {
			continue
		}
		if err := k.leave(it.handle); err != nil && economy.NameOf(err) == "" {
			return err
		}
	}
	return nil
}

func (k *Walk) splitOrJoin() error {
	h, s := pick(k, &k.Stakes)
	if s == nil {
		return nil
	}
	if k.rng.IntN(2) == 0 {
		_, err := k.SplitStake(h, 1+k.rng.Uint64N(s.Principal))
		return err
	}
	other, _ := pick(k, &k.Stakes)
	if other == h {
		return nil
	}
	_, err := k.JoinStake(h, other)
	return err
}

func (k *Walk) manage() error {
	n := k.node()
	switch k.rng.IntN(7) {
	case 0:
		n.Price = k.prices()
	case 1:
		k.UpdatePrices()
	case 2:
		n.Capacity = k.rng.Uint64N(1e13)
	case 3:
		return k.SetCommission(n.ID, uint16(k.rng.IntN(10_050)))
	case 4:
		_, err := k.CollectCommission(n.ID)
		return err
	case 5:
		return k.TryJoinActiveSet(n.ID)
	default:
		next := storage.DenyList{Sequence: n.DenyList.Sequence + k.rng.Uint64N(3), Size: k.rng.Uint64N(1e12)}
		return k.UpdateDenyList(n.ID, next)
	}
	return nil
}

func (k *Walk) buy() error {
	size, budget := k.rng.Uint64N(1e9), uint64(math.MaxUint64)
	if k.rng.IntN(20) == 0 {
		budget = k.rng.Uint64N(1e7)
	}
	if k.rng.IntN(30) == 0 {
		size = math.MaxUint64 >> k.rng.IntN(64)
	}
	before := k.Market.Clone()
	var err error
	var r storage.Resource
	if k.rng.IntN(2) == 0 {
		_, r, _, err = k.Reserve(size, uint32(k.rng.IntN(58)), budget)
	} else {
		start := k.Epoch() + committee.Epoch(k.rng.IntN(60))
		_, r, _, err = k.ReserveForEpochs(size, start, start+committee.Epoch(k.rng.IntN(12)), budget)
	}
	if err != nil {
		if !slices.Equal(before.Ring, k.Market.Ring) {
			return fmt.Errorf("refused purchase changed the ring: %v", err)
		}
		return err
	}
	for _, e := range k.Market.Ring {
		if e.Epoch >= r.Start && e.Epoch < r.End && e.Used > k.Market.Capacity {
			return fmt.Errorf("I-3: epoch %d is oversold", e.Epoch)
		}
	}
	return nil
}

func (k *Walk) cut() error {
	h, r := pick(k, &k.Storage)
	if r == nil {
		return nil
	}
	switch k.rng.IntN(5) {
	case 0:
		_, err := k.SplitByEpoch(h, r.Start+committee.Epoch(k.rng.IntN(12)))
		return err
	case 1:
		_, err := k.SplitBySize(h, k.rng.Uint64N(r.Size/2*3+2))
		return err
	case 2:
		k.Storage.Delete(h)
		return nil
	}
	before := *r
	rest, err := k.SplitBySize(h, r.Size/2)
	if err != nil {
		return err
	}
	if got, err := k.Fuse(h, rest); err != nil || got != before {
		return fmt.Errorf("I-16: split and fused %v into %v: %v", before, got, err)
	}
	return nil
}

func (k *Walk) claim() storage.Claim {
	c := storage.Claim{Size: k.rng.Uint64N(2e6), Encoding: price.RS2, Deletable: k.rng.IntN(2) == 0}
	binary.BigEndian.PutUint64(c.Root[:], k.rng.Uint64())
	c.ID = storage.DeriveID(c.Root, c.Size, c.Encoding)
	if k.rng.IntN(30) == 0 {
		c.ID[0] ^= 1
	}
	return c
}

func (k *Walk) certify(deletable bool) CertifyOptions {
	return CertifyOptions{Deletable: deletable != (k.rng.IntN(30) == 0), WrongObject: k.rng.IntN(30) == 0}
}

func (k *Walk) blob() error {
	if k.rng.IntN(3) == 0 {
		h, r := pick(k, &k.Storage)
		if r == nil {
			return nil
		}
		_, _, _, _, err := k.RegisterBlob(h, k.claim(), math.MaxUint64)
		return err
	}
	h, b := pick(k, &k.Blobs)
	if b == nil {
		return nil
	}
	switch k.rng.IntN(6) {
	case 0, 1:
		return k.CertifyBlob(h, k.certify(b.Deletable))
	case 2:
		_, _, err := k.ExtendBlob(h, uint32(k.rng.IntN(10)), math.MaxUint64)
		return err
	case 3:
		_, _, err := k.DeleteBlob(h)
		return err
	case 4:
		if b.Storage.End <= k.Epoch() {
			return k.BurnBlob(h)
		}
		return nil
	}
	if b.Certified && k.rng.IntN(4) == 0 {
		_, err := k.ShareBlob(h, k.rng.Uint64N(economy.Wal))
		return err
	}
	return k.shared()
}

func (k *Walk) shared() error {
	h, s := pick(k, &k.Shared)
	if s == nil {
		return nil
	}
	if k.rng.IntN(2) == 0 {
		_, err := k.FundShared(h, k.rng.Uint64N(economy.Wal))
		return err
	}
	_, _, err := k.ExtendShared(h, uint32(k.rng.IntN(4)))
	return err
}

func (k *Walk) pool() error {
	if k.Pools.Len() == 0 || k.rng.IntN(8) == 0 {
		_, _, _, err := k.CreateStoragePool(k.rng.Uint64N(2e9), uint32(k.rng.IntN(20)), math.MaxUint64)
		return err
	}
	h, p := pick(k, &k.Pools)
	switch k.rng.IntN(7) {
	case 0, 1:
		_, _, err := k.RegisterPooledBlob(h, k.claim(), math.MaxUint64)
		return err
	case 2:
		_, _, err := k.ExtendStoragePool(h, uint32(k.rng.IntN(5)), math.MaxUint64)
		return err
	case 3:
		_, _, err := k.IncreaseStoragePool(h, k.rng.Uint64N(1e8), math.MaxUint64)
		return err
	case 4:
		_, _, _, err := k.DecreaseStoragePoolByPercent(h, uint8(k.rng.IntN(103)))
		return err
	case 5:
		_, _, err := k.DestroyStoragePool(h)
		return err
	}
	if len(p.Content) == 0 {
		return nil
	}
	b := p.Content[k.rng.IntN(len(p.Content))]
	if p.Pool.Storage.End <= k.Epoch() {
		_, err := k.BurnExpiredPooledBlob(h, b.ID)
		return err
	}
	if k.rng.IntN(2) == 0 {
		return k.CertifyPooledBlob(h, b.ID, k.certify(b.Deletable))
	}
	_, err := k.DeletePooledBlob(h, b.ID)
	return err
}

func (k *Walk) donate() error {
	switch k.rng.IntN(5) {
	case 0:
		return k.AddCommission(k.node().ID, k.rng.Uint64N(economy.Wal))
	case 1:
		_, _, err := k.AddSubsidy(k.rng.Uint64N(economy.Wal), uint32(k.rng.IntN(56)))
		return err
	case 2:
		return k.FundSubsidies(k.rng.Uint64N(100 * economy.Wal))
	}
	_, err := k.ProcessSubsidies()
	return err
}

func (k *Walk) ballot() error {
	candidate := k.Nodes[k.rng.IntN(min(3, len(k.Nodes)))].ID
	switch k.rng.IntN(8) {
	case 0:
		_, err := k.ExecuteSlash(candidate)
		return err
	case 1:
		k.CleanupSlash([]committee.NodeID{candidate})
		return nil
	case 2, 3:
		digest := make([]byte, 32-k.rng.IntN(2))
		digest[0] = byte(k.rng.IntN(3))
		if k.rng.IntN(3) == 0 {
			_, err := k.AuthorizeUpgrade(digest)
			return err
		}
		_, err := k.VoteUpgrade(k.node().ID, digest)
		return err
	}
	_, err := k.VoteSlash(k.node().ID, candidate)
	return err
}

func (k *Walk) attest() error {
	c := storage.Claim{Size: 5000, Encoding: price.RS2}
	binary.BigEndian.PutUint32(c.Root[:], uint32(k.Epoch())/2)
	c.ID = storage.DeriveID(c.Root, c.Size, c.Encoding)
	_, err := k.CertifyEventBlob(k.node().ID, c, uint64(k.Epoch())/2, k.Epoch()+committee.Epoch(k.rng.IntN(20)/19))
	return err
}
