package keeper

import (
	"bytes"
	"cmp"
	"context"
	"errors"
	"fmt"
	"slices"

	sdkmath "cosmossdk.io/math"
	authtypes "github.com/cosmos/cosmos-sdk/x/auth/types"

	blobv1 "github.com/walrus-go/walrus/api/blob/v1"
	"github.com/walrus-go/walrus/chain/economy/subsidy"
	"github.com/walrus-go/walrus/chain/x/blob/types"
)

// checkIDs checks that identifiers have 32 bytes and occur once.
func checkIDs[V any](what string, list []V, idOf func(*V) []byte) error {
	seen := make(map[string]bool, len(list))
	for i := range list {
		id := idOf(&list[i])
		if len(id) != 32 || seen[string(id)] {
			return fmt.Errorf("%s %d: ID of %d bytes, or known before", what, i, len(id))
		}
		seen[string(id)] = true
	}
	return nil
}

// validateNodes checks what nodes said, and the subsidies.
func validateNodes(g *blobv1.GenesisState) error {
	if err := checkIDs("attestation", g.Attestations, func(a *blobv1.Attestation) []byte { return a.NodeId }); err != nil {
		return err
	}
	if err := checkIDs("deny list", g.DenyLists, func(d *blobv1.DenyList) []byte { return d.NodeId }); err != nil {
		return err
	}
	for i, d := range g.DenyLists {
		if len(d.Root) != 32 {
			return fmt.Errorf("deny list %d: root of %d bytes", i, len(d.Root))
		}
	}
	checkpoints := []*blobv1.Checkpoint{}
	if g.EventBlob != nil {
		checkpoints = append(checkpoints, g.EventBlob)
	}
	for i := range g.EventBlobWeights.List {
		checkpoints = append(checkpoints, &g.EventBlobWeights.List[i].Checkpoint)
	}
	if !slices.IsSortedFunc(g.EventBlobWeights.List, func(a, b blobv1.Support) int {
		return cmp.Or(cmp.Compare(a.Checkpoint.Sequence, b.Checkpoint.Sequence), bytes.Compare(a.Checkpoint.BlobId, b.Checkpoint.BlobId))
	}) {
		return errors.New("open event blobs are not in order")
	}
	for i, c := range checkpoints {
		if len(c.BlobId) != 32 {
			return fmt.Errorf("event blob %d: blob ID of %d bytes", i, len(c.BlobId))
		}
	}
	if g.Subsidies == nil {
		return nil
	}
	if len(g.Subsidies.Buffer) > int(g.Params.MaxEpochsAhead) {
		return fmt.Errorf("subsidies of %d epochs", len(g.Subsidies.Buffer))
	}
	s := subsidiesValue(*g.Subsidies)
	return s.Set(s.Rate, s.Base, s.PerShard)
}

// initNodes writes what nodes said, and the subsidies.
func (k Keeper) initNodes(ctx context.Context, g *blobv1.GenesisState) error {
	if g.EventBlob != nil {
		if err := k.eventBlob.Set(ctx, *g.EventBlob); err != nil {
			return err
		}
	}
	if len(g.EventBlobWeights.List) > 0 {
		if err := k.eventWeights.Set(ctx, g.EventBlobWeights); err != nil {
			return err
		}
	}
	subsidies := g.Subsidies
	if subsidies == nil {
		s, err := subsidy.New(0, 0, 0, ringValue(g.Ring))
		if err != nil {
			return err
		}
		fresh := subsidiesRecord(s)
		subsidies = &fresh
	}
	return errors.Join(k.subsidies.Set(ctx, *subsidies),
		each(ctx, g.Attestations, func(ctx context.Context, a blobv1.Attestation) error { return k.attestations.Set(ctx, a.NodeId, a) }),
		each(ctx, g.DenyLists, func(ctx context.Context, d blobv1.DenyList) error { return k.denyLists.Set(ctx, d.NodeId, d) }),
	)
}

// checkMoney checks that the module's accounts hold what was paid for epochs to come, the given funds
// of shared blobs, and what subsidies are paid from.
func (k Keeper) checkMoney(ctx context.Context, g *blobv1.GenesisState, funds sdkmath.Int) error {
	owed := funds
	for _, e := range g.Ring.Entries {
		owed = owed.Add(sdkmath.NewIntFromUint64(e.Rewards))
	}
	if held := k.held(ctx, types.ModuleName); held.LT(owed) {
		return fmt.Errorf("%w: %s FROST are paid for epochs or belong to shared blobs, the module's account holds %s", ErrGenesis, owed, held)
	}
	if g.Subsidies == nil {
		return nil
	}
	if held := k.held(ctx, types.SubsidiesName); held.LT(sdkmath.NewIntFromUint64(g.Subsidies.Pool)) {
		return fmt.Errorf("%w: subsidies have %d FROST, their account holds %s", ErrGenesis, g.Subsidies.Pool, held)
	}
	return nil
}

func (k Keeper) held(ctx context.Context, module string) sdkmath.Int {
	return k.bank.GetBalance(ctx, authtypes.NewModuleAddress(module), types.Denom).Amount
}
