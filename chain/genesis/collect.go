package genesis

import (
	"bytes"
	"fmt"
	"slices"

	"github.com/walrus-go/walrus/chain"
	"github.com/walrus-go/walrus/chain/economy/election"
	"github.com/walrus-go/walrus/committee"
	"github.com/walrus-go/walrus/ledger"
)

// MaxRegistrations bounds how many operators can begin a network.
const MaxRegistrations = 1_000

// A founder is a registration that passed its checks.
type founder struct {
	*chain.GenesisNode
	id   committee.NodeID
	from *Registration
}

// Collect checks registrations for a draft and builds the genesis. The order of registrations does not
// matter. The genesis is checked as a node would, see [chain.Genesis.Verify].
//
// Errors: [ErrDraft]; [ErrRegistration] with the name of the first in order that is refused.
func Collect(d *Draft, registrations []*Registration) (*chain.Genesis, error) {
	if err := d.Check(); err != nil {
		return nil, err
	}
	if len(registrations) == 0 || len(registrations) > min(MaxRegistrations, d.Shards) {
		return nil, fmt.Errorf("%w: %d registrations for %d shards, want 1 to %d", ErrDraft, len(registrations), d.Shards, min(MaxRegistrations, d.Shards))
	}
	founders, err := check(d, registrations)
	if err != nil {
		return nil, err
	}
	opts := d.options()
	if opts.Accounts, err = pay(d, founders); err != nil {
		return nil, err
	}
	if err := seat(d, founders); err != nil {
		return nil, err
	}
	for _, f := range founders {
		opts.Nodes = append(opts.Nodes, *f.GenesisNode)
	}
	g, err := chain.NewGenesis(opts)
	if err != nil {
		return nil, err
	}
	_, err = g.Verify()
	return g, err
}

// Peers lists the chain nodes of registrations as [chain.Options] wants them, in ascending order.
func Peers(registrations []*Registration) []string {
	var out []string
	for _, r := range registrations {
		if r.Peer != "" {
			out = append(out, r.Peer)
		}
	}
	slices.Sort(out)
	return out
}

// check returns what passed, in ascending order of node IDs.
func check(d *Draft, registrations []*Registration) ([]founder, error) {
	digest, err := d.Digest()
	if err != nil {
		return nil, err
	}
	sorted := slices.SortedFunc(slices.Values(registrations), func(a, b *Registration) int {
		return bytes.Compare(append([]byte(a.Name+"\x00"), a.Signature...), append([]byte(b.Name+"\x00"), b.Signature...))
	})
	founders := make([]founder, len(sorted))
	taken := map[string]string{} // by whom
	for i, r := range sorted {
		node, err := r.check(d, digest)
		if err != nil {
			return nil, err
		}
		founders[i] = founder{node, chain.NodeIDOf(node.Key), r}
		for _, claim := range r.claims(d) {
			key := claim[0] + " " + claim[1]
			if by, twice := taken[key]; twice {
				return nil, fmt.Errorf("%w: of %q: %s is that of %q as well", ErrRegistration, r.Name, claim[0], by)
			}
			taken[key] = r.Name
		}
	}
	slices.SortFunc(founders, func(a, b founder) int { return bytes.Compare(a.id[:], b.id[:]) })
	return founders, nil
}

// claims are the things that no two registrations may share: what and which.
func (r *Registration) claims(d *Draft) [][2]string {
	out := [][2]string{
		{"name", r.Name}, {"network address", r.NetworkAddress}, {"node key", string(r.NodeKey)}, {"network key", string(r.NetworkKey)},
	}
	if len(r.ConsensusKey) > 0 {
		out = append(out, [2]string{"validator's key", string(r.ConsensusKey)})
	}
	if r.Peer != "" {
		out = append(out, [2]string{"peer", r.Peer})
	}
	if !d.SharedOwners {
		out = append(out, [2]string{"owner", string(r.Owner[:])})
	}
	return out
}

// pay returns the draft's accounts without what their owners stake. An account that staked everything stays
// on the list with nothing.
func pay(d *Draft, founders []founder) ([]chain.GenesisAccount, error) {
	accounts := slices.Clone(d.Accounts)
	at := make(map[ledger.Address]int, len(accounts))
	for i, a := range accounts {
		at[a.Address] = i
	}
	for _, f := range founders {
		i, ok := at[f.Owner]
		if !ok {
			return nil, fmt.Errorf("%w: of %q: the draft gives its owner %s nothing to stake", ErrRegistration, f.Name, f.Owner)
		}
		if accounts[i].Amount < f.Stake {
			return nil, fmt.Errorf("%w: of %q: a stake of %d FROST, and its owner %s has %d", ErrRegistration, f.Name, f.Stake, f.Owner, accounts[i].Amount)
		}
		accounts[i].Amount -= f.Stake
	}
	return accounts, nil
}

// seat gives the founders, which are in ascending order of IDs, their shards.
func seat(d *Draft, founders []founder) error {
	counts, err := count(d, founders)
	if err != nil {
		return err
	}
	seats := make([]election.Seat, len(founders))
	for i, f := range founders {
		seats[i] = election.Seat{Node: f.id, Count: counts[i]}
	}
	for i, m := range election.First(seats) {
		founders[i].Shards = m.Shards
	}
	return nil
}

// count returns how many shards each founder gets.
func count(d *Draft, founders []founder) ([]uint16, error) {
	if len(d.Seats) == 0 {
		stakes := make([]uint64, len(founders))
		for i, f := range founders {
			stakes[i] = f.Stake
		}
		counts, err := election.Apportion(stakes, uint16(d.Shards))
		if err != nil {
			return nil, fmt.Errorf("%w: %d shards for %d nodes: %w", ErrDraft, d.Shards, len(founders), err)
		}
		return counts, nil
	}
	fixed := make(map[string]int, len(d.Seats))
	for _, s := range d.Seats {
		fixed[s.Node] = s.Shards
	}
	counts := make([]uint16, len(founders))
	for i, f := range founders {
		counts[i] = uint16(fixed[f.Name])
		delete(fixed, f.Name)
	}
	for _, s := range d.Seats {
		if _, left := fixed[s.Node]; left {
			return nil, fmt.Errorf("%w: the draft has a seat for %q, which did not register", ErrDraft, s.Node)
		}
	}
	return counts, nil
}
