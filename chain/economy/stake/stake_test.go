package stake

import (
	"errors"
	"math/rand/v2"
	"slices"
	"testing"

	"github.com/walrus-go/walrus/chain/economy"
	"github.com/walrus-go/walrus/committee"
)

var node = committee.NodeID{1}

// A history is one pool that joins and leaves the committee at random while stakes come and go.
type history struct {
	pool    Pool
	rates   Table
	stakes  []Staked
	now     Moment
	in, out uint64 // FROST paid in as stake and rewards, paid out to stakers and the node
	clamped uint64
	rng     *rand.Rand
	seed    uint64
}

func (h *history) money() uint64 {
	sum := h.pool.RewardsPool + h.pool.Commission
	for _, s := range h.stakes {
		sum += s.Principal
	}
	return sum
}

func newHistory(t *testing.T, seed uint64) *history {
	rng := rand.New(rand.NewPCG(seed, 6))
	pool, err := NewPool(node, uint16(rng.IntN(10_001)), 0, false)
	if err != nil {
		t.Fatal(err)
	}
	return &history{pool: pool, rng: rng, seed: seed}
}

func (h *history) amount() uint64 { return economy.Wal + h.rng.Uint64N(economy.Wal<<h.rng.IntN(12)) }

// turn begins the next epoch: the pool is processed if it was or is in the committee.
func (h *history) turn(t *testing.T) {
	reward := uint64(0)
	if h.now.InCurrent && h.pool.Balance > 0 {
		reward = h.rng.Uint64N(h.pool.Balance/4 + 1)
	}
	processed := h.now.InCurrent || h.now.InNext
	h.now = Moment{Epoch: h.now.Epoch + 1, InCurrent: h.now.InNext}
	if !processed {
		return
	}
	projected := h.pool.BalanceAt(h.now.Epoch, h.rates)
	rate, err := h.pool.Advance(h.now.Epoch, reward, h.rates)
	if err != nil {
		t.Fatalf("seed %d, epoch %d: %v", h.seed, h.now.Epoch, err)
	}
	h.rates.Add(h.now.Epoch, rate)
	h.in += reward
	if reward == 0 && h.pool.Balance != projected {
		t.Fatalf("seed %d, epoch %d: projected %d, is %d", h.seed, h.now.Epoch, projected, h.pool.Balance)
	}
}

func (h *history) step(t *testing.T) {
	switch h.rng.IntN(8) {
	case 0:
		h.turn(t)
	case 1:
		// As the active set would: only a pool with stake is chosen.
		if !h.now.Selected {
			h.now.Selected = true
			h.now.InNext = h.rng.IntN(3) > 0 && h.pool.BalanceAt(h.now.Epoch+1, h.rates) >= economy.Wal
		}
	case 2, 3:
		s, err := h.pool.Stake(h.amount(), h.now)
		if err != nil {
			t.Fatalf("seed %d: %v", h.seed, err)
		}
		h.stakes = append(h.stakes, s)
		h.in += s.Principal
	case 4:
		h.out += h.pool.CollectCommission()
	case 5:
		h.pool.ClearBlocked()
	default:
		h.leave(t)
	}
}

// leave withdraws a stake or requests it: invariants I-10 and I-11.
func (h *history) leave(t *testing.T) {
	if len(h.stakes) == 0 {
		return
	}
	i := h.rng.IntN(len(h.stakes))
	s := h.stakes[i]
	if s.Withdrawing {
		claim, err := h.pool.CalculateRewards(s.Principal, s.Activation, s.Withdraw, h.rates)
		if err != nil {
			t.Fatalf("seed %d: %v", h.seed, err)
		}
		if s.Withdraw <= h.now.Epoch {
			h.clamped = max(h.clamped, economy.SatSub(claim, h.pool.RewardsPool))
		}
	}
	worth := h.pool.Worth(s, h.now.Epoch, h.rates)
	amount, err := h.pool.Withdraw(s, h.now, h.rates)
	switch {
	case err == nil:
		if amount != worth {
			t.Fatalf("seed %d: worth %d, paid %d", h.seed, worth, amount)
		}
		if amount < s.Principal {
			t.Fatalf("seed %d: %d paid for %d", h.seed, amount, s.Principal)
		}
		h.stakes = slices.Delete(h.stakes, i, i+1)
		h.out += amount
	case errors.Is(err, economy.ErrStakingPoolNotWithdrawing):
		if err := h.pool.RequestWithdraw(&h.stakes[i], h.now, h.rates); err != nil {
			t.Fatalf("seed %d: %v", h.seed, err)
		}
	case !errors.Is(err, economy.ErrStakingPoolWithdrawEpochNotReached) || s.Withdraw > h.now.Epoch+2:
		t.Fatalf("seed %d: %v", h.seed, err)
	}
}

// A pool neither makes nor loses money, whatever happens to it: invariants I-1 and I-9 to I-11.
func TestPoolConserves(t *testing.T) {
	t.Parallel()
	clamped := uint64(0)
	for seed := range uint64(400) {
		h := newHistory(t, seed)
		for range 220 {
			h.step(t)
			if h.in != h.out+h.money() {
				t.Fatalf("seed %d: %d in, %d out, %d there", seed, h.in, h.out, h.money())
			}
			if h.pool.Shares > h.pool.Balance || h.pool.Blocked > h.pool.Commission {
				t.Fatalf("seed %d: %+v", seed, h.pool)
			}
		}
		clamped = max(clamped, h.clamped)
	}
	if clamped > 64 {
		t.Errorf("a payout fell short by %d FROST", clamped)
	}
}

// Methods that refuse change nothing, and copies of a pool stay as they are.
func TestPoolIsAValue(t *testing.T) {
	t.Parallel()
	pool, err := NewPool(node, 0, 0, false)
	if err != nil {
		t.Fatal(err)
	}
	s, err := pool.Stake(5*economy.Wal, Moment{})
	if err != nil {
		t.Fatal(err)
	}
	before := pool
	if _, err := pool.Stake(7*economy.Wal, Moment{}); err != nil {
		t.Fatal(err)
	}
	if got := before.BalanceAt(1, Table(nil)); got != 5*economy.Wal {
		t.Errorf("a copy changed: %d", got)
	}
	if _, err := pool.Advance(1, 0, Table(nil)); err != nil {
		t.Fatal(err)
	}
	if len(before.PendingStake) != 1 || before.PendingStake[0].Amount != 5*economy.Wal {
		t.Errorf("a copy changed: %v", before.PendingStake)
	}
	if _, err := pool.Advance(1, 0, Table(nil)); !errors.Is(err, economy.ErrStakingPoolPoolAlreadyUpdated) {
		t.Errorf("processed twice: %v", err)
	}
	empty := Pool{}
	if _, err := empty.Advance(1, 1, Table(nil)); !errors.Is(err, economy.ErrStakingPoolIncorrectEpochAdvance) {
		t.Errorf("reward for nobody: %v", err)
	}
	stranger := s
	stranger.Node[0]++
	if err := pool.RequestWithdraw(&stranger, Moment{Epoch: 1}, Table(nil)); !errors.Is(err, economy.ErrStakingPoolIncorrectPoolId) {
		t.Errorf("request of another pool's: %v", err)
	}
	if _, err := pool.Withdraw(stranger, Moment{Epoch: 1}, Table(nil)); !errors.Is(err, economy.ErrStakingPoolIncorrectPoolId) {
		t.Errorf("withdrawal of another pool's: %v", err)
	}
}

// Claims that were rounded one by one may exceed what the pool has; that empties it and no more (D-2).
func TestClaimsBeyondTheBalance(t *testing.T) {
	t.Parallel()
	pool := Pool{Node: node, Latest: 4, Balance: 1000, Shares: 100, PendingShares: Ledger{{Epoch: 5, Amount: 101}}}
	if got := pool.BalanceAt(5, Table(nil)); got != 0 {
		t.Errorf("projected %d", got)
	}
	rate, err := pool.Advance(5, 0, Table(nil))
	if err != nil || rate != (Rate{1000, 100}) || pool.Balance != 0 || pool.Shares != 0 {
		t.Errorf("%v, %v: %+v", rate, err, pool)
	}
	s := Staked{Node: node, Principal: 3, Withdrawing: true, Withdraw: 5, Activation: 5}
	pool.RewardsPool = 20
	if got, err := pool.Withdraw(s, Moment{Epoch: 5}, Table{{3, Rate{10, 9}}, {5, Rate{1000, 1}}}); err != nil || got != 3 {
		t.Errorf("paid %d, %v", got, err)
	}
}

func TestMakeRate(t *testing.T) {
	t.Parallel()
	tests := []struct {
		wal, shares uint64
		want        Rate
		err         error
	}{
		{0, 0, Flat, nil},
		{7, 0, Flat, nil},
		{7, 7, Rate{7, 7}, nil},
		{6, 7, Rate{}, economy.ErrPoolExchangeRateInvalidRate},
		{0, 1, Rate{}, economy.ErrPoolExchangeRateInvalidRate},
	}
	for _, tc := range tests {
		if got, err := MakeRate(tc.wal, tc.shares); got != tc.want || !errors.Is(err, tc.err) {
			t.Errorf("%d FROST, %d shares: %v, %v", tc.wal, tc.shares, got, err)
		}
	}
}

func TestTable(t *testing.T) {
	t.Parallel()
	var table Table
	table.Add(3, Rate{3, 1})
	table.Add(7, Rate{7, 1})
	with := With(table, 9, Rate{9, 1})
	tests := []struct {
		e             committee.Epoch
		before, after uint64 // WAL of the rate, 0 for none
	}{{0, 0, 3}, {3, 3, 3}, {4, 3, 7}, {7, 7, 7}, {8, 7, 9}, {9, 9, 9}, {10, 9, 0}}
	for _, tc := range tests {
		before, ok := with.AtOrBefore(tc.e)
		if before.Wal != tc.before || ok != (tc.before > 0) {
			t.Errorf("at or before %d: %v, %v", tc.e, before, ok)
		}
		after, ok := with.AtOrAfter(tc.e)
		if ok != (tc.after > 0) || ok && after.Wal != tc.after {
			t.Errorf("at or after %d: %v, %v", tc.e, after, ok)
		}
	}
}

func TestCheckRegistration(t *testing.T) {
	t.Parallel()
	key := make([]byte, 33)
	long := string(make([]byte, 260))
	tests := map[string]struct {
		name, address string
		rate          uint16
		key           []byte
		want          error
	}{
		"all at their limits": {long[:100], long[:259], 10_000, key, nil},
		"name":                {long[:101], long, 10_001, nil, economy.ErrStakingPoolInvalidNameLength},
		"address":             {"", long, 10_001, nil, economy.ErrStakingPoolInvalidNetworkAddressLength},
		"rate":                {"", "", 10_001, nil, economy.ErrStakingPoolIncorrectCommissionRate},
		"key":                 {"", "", 0, key[:32], economy.ErrStorageNodeInvalidNetworkPublicKey},
	}
	for name, tc := range tests {
		if err := CheckRegistration(tc.name, tc.address, tc.rate, tc.key); !errors.Is(err, tc.want) {
			t.Errorf("%s: %v, want %v", name, err, tc.want)
		}
	}
	holder := economy.Authority{Object: true, ID: [32]byte{1}}
	if err := CheckAuthority(holder, economy.Authority{ID: [32]byte{1}}); !errors.Is(err, economy.ErrStakingPoolAuthorizationFailure) {
		t.Errorf("authority of another kind: %v", err)
	}
	if err := CheckAuthority(holder, holder); err != nil {
		t.Error(err)
	}
}

// A pool's cost depends on the epochs in which something is pending, not on its stakes.
func BenchmarkAdvance(b *testing.B) {
	var rates Table
	pool, err := NewPool(node, 1000, 0, false)
	if err != nil {
		b.Fatal(err)
	}
	for range 100_000 {
		if _, err := pool.Stake(economy.Wal, Moment{}); err != nil {
			b.Fatal(err)
		}
	}
	for b.Loop() {
		p := pool
		if _, err := p.Advance(1, 0, rates); err != nil {
			b.Fatal(err)
		}
	}
}
