package keeper

import (
	"bytes"
	"context"
	"errors"
	"fmt"

	"cosmossdk.io/collections"
	abci "github.com/cometbft/cometbft/abci/types"
	cryptoproto "github.com/cometbft/cometbft/proto/tendermint/crypto"

	committeev1 "github.com/walrus-go/walrus/api/committee/v1"
)

// ErrGenesis means that the committees or nodes of a genesis contradict each other or the rules.
var ErrGenesis = errors.New("committee: invalid genesis")

// Validate checks a genesis by itself: every node's proof of possession, the order and uniqueness of
// nodes, and that each committee divides all shards among registered nodes.
func Validate(g *committeev1.GenesisState) error {
	if g.Params.NShards == 0 || g.Params.NShards > 1<<16-1 {
		return fmt.Errorf("%w: %d shards", ErrGenesis, g.Params.NShards)
	}
	if g.Epoch.Phase == committeev1.EPOCH_PHASE_UNSPECIFIED {
		return fmt.Errorf("%w: epoch %d has no phase", ErrGenesis, g.Epoch.Number)
	}
	registered, err := validateNodes(g.Nodes)
	if err != nil {
		return err
	}
	current := false
	for i, c := range g.Committees {
		if i > 0 && c.Epoch <= g.Committees[i-1].Epoch {
			return fmt.Errorf("%w: committee of epoch %d is out of order", ErrGenesis, c.Epoch)
		}
		if err := validateCommittee(&c, g.Params.NShards, registered); err != nil {
			return fmt.Errorf("%w: committee of epoch %d: %w", ErrGenesis, c.Epoch, err)
		}
		current = current || c.Epoch == g.Epoch.Number
	}
	if !current {
		return fmt.Errorf("%w: no committee for epoch %d", ErrGenesis, g.Epoch.Number)
	}
	return nil
}

func validateNodes(nodes []committeev1.Node) (registered map[string]bool, err error) {
	registered = make(map[string]bool, len(nodes))
	keys := make(map[string]bool, len(nodes))
	for i := range nodes {
		n := &nodes[i]
		if len(n.Id) != 32 || len(n.Owner) != 20 {
			return nil, fmt.Errorf("%w: node %d has an ID of %d and an owner of %d bytes", ErrGenesis, i, len(n.Id), len(n.Owner))
		}
		if i > 0 && bytes.Compare(nodes[i-1].Id, n.Id) >= 0 {
			return nil, fmt.Errorf("%w: node %s is out of order", ErrGenesis, hexID(n.Id))
		}
		if err := checkRegistration(n); err != nil {
			return nil, fmt.Errorf("%w: node %s: %w", ErrGenesis, hexID(n.Id), err)
		}
		if keys[string(n.BlsPublicKey)] {
			return nil, fmt.Errorf("%w: node %s has the key of another node", ErrGenesis, hexID(n.Id))
		}
		if l := len(n.ConsensusPublicKey); l != 0 && l != 32 {
			return nil, fmt.Errorf("%w: node %s has a consensus key of %d bytes", ErrGenesis, hexID(n.Id), l)
		}
		registered[string(n.Id)], keys[string(n.BlsPublicKey)] = true, true
	}
	return registered, nil
}

func validateCommittee(c *committeev1.Committee, shards uint32, registered map[string]bool) error {
	if c.NShards != shards {
		return fmt.Errorf("%d shards, want %d", c.NShards, shards)
	}
	for _, m := range c.Members {
		if !registered[string(m.NodeId)] {
			return fmt.Errorf("member %s is not registered", hexID(m.NodeId))
		}
	}
	_, err := decode(*c)
	return err
}

// InitGenesis writes a genesis to an empty store and returns the validators of its current committee.
func (k Keeper) InitGenesis(ctx context.Context, g *committeev1.GenesisState) ([]abci.ValidatorUpdate, error) {
	if err := Validate(g); err != nil {
		return nil, err
	}
	if err := k.params.Set(ctx, g.Params); err != nil {
		return nil, err
	}
	if err := k.epoch.Set(ctx, g.Epoch); err != nil {
		return nil, err
	}
	for _, n := range g.Nodes {
		if err := k.nodes.Set(ctx, n.Id, n); err != nil {
			return nil, err
		}
	}
	var validators []abci.ValidatorUpdate
	for _, c := range g.Committees {
		if err := k.committees.Set(ctx, c.Epoch, c); err != nil {
			return nil, err
		}
		if c.Epoch == g.Epoch.Number {
			validators = validatorsOf(&c)
		}
	}
	return validators, nil
}

// validatorsOf returns the validators of a committee: the members that run one, each with a power of one
// per shard.
func validatorsOf(c *committeev1.Committee) []abci.ValidatorUpdate {
	var out []abci.ValidatorUpdate
	for _, m := range c.Members {
		if len(m.ConsensusPublicKey) == 0 {
			continue
		}
		out = append(out, abci.ValidatorUpdate{
			PubKey: cryptoproto.PublicKey{Sum: &cryptoproto.PublicKey_Ed25519{Ed25519: m.ConsensusPublicKey}},
			Power:  int64(len(m.Shards)),
		})
	}
	return out
}

// ExportGenesis returns the whole state.
func (k Keeper) ExportGenesis(ctx context.Context) (*committeev1.GenesisState, error) {
	g := &committeev1.GenesisState{}
	var err error
	if g.Params, err = k.params.Get(ctx); err != nil {
		return nil, err
	}
	if g.Epoch, err = k.epoch.Get(ctx); err != nil {
		return nil, err
	}
	if g.Nodes, err = values(ctx, k.nodes); err != nil {
		return nil, err
	}
	g.Committees, err = values(ctx, k.committees)
	return g, err
}

func values[K, V any](ctx context.Context, m collections.Map[K, V]) ([]V, error) {
	it, err := m.Iterate(ctx, nil)
	if err != nil {
		return nil, err
	}
	return it.Values()
}
