package chain_test

import (
	"context"
	"errors"
	"testing"
	"time"

	"github.com/walrus-go/walrus/chain"
	"github.com/walrus-go/walrus/chain/chaintest"
	"github.com/walrus-go/walrus/committee"
	"github.com/walrus-go/walrus/ledger"
	"github.com/walrus-go/walrus/ledger/rpc"
)

// On a live chain epochs change by the clock of its blocks, as soon as the nodes have reported.
func TestEpochsChangeLive(t *testing.T) {
	t.Parallel()
	ctx, cancel := context.WithTimeout(context.Background(), time.Minute)
	defer cancel()
	dir := t.TempDir()
	validator, err := chain.Prepare(dir)
	if err != nil {
		t.Fatal(err)
	}
	l := &liveChain{Committee: chaintest.NewCommittee(4, 3)}
	opts := chain.GenesisOptions{ChainID: "walrus-epochs", Shards: 10, Nodes: l.Genesis(), EpochDuration: 400 * time.Millisecond}
	opts.Nodes[0].ConsensusKey = validator
	for _, n := range l.Nodes {
		opts.Accounts = append(opts.Accounts, chain.GenesisAccount{Address: n.Owner.Address(), Amount: 10 * ledger.FrostPerWAL})
	}
	genesis, err := chain.NewGenesis(opts)
	if err != nil {
		t.Fatal(err)
	}
	l.options = chain.Options{Dir: dir, Genesis: genesis, BlockTime: 20 * time.Millisecond, IdleBlockTime: 50 * time.Millisecond}
	l.start(t)
	client, err := rpc.Dial(ctx, l.node.RPCURL(), nil)
	if err != nil {
		t.Fatal(err)
	}
	defer client.Close()
	var began committee.Epoch = 1
	for next := uint64(0); began < 4; {
		if err := client.WaitEvents(ctx, next); err != nil {
			t.Fatal(err)
		}
		events, err := client.Events(ctx, next, 100)
		if err != nil {
			t.Fatal(err)
		}
		for _, e := range events {
			next = e.Index + 1
			start, ok := e.Body.(ledger.EpochChangeStart)
			if !ok {
				continue
			}
			if began++; start.Epoch != began {
				t.Fatalf("epoch %d began, want %d", start.Epoch, began)
			}
			for _, n := range l.Nodes {
				w, err := client.Wallet(n.Owner, nil)
				if err == nil {
					err = w.SyncDone(ctx, n.ID, began)
				}
				var late *ledger.RejectedError
				if errors.As(err, &late) && late.Name == "staking_inner::EInvalidSyncEpoch" {
					break // on a slow machine the epoch ends once a quorum has reported
				}
				if err != nil {
					t.Fatalf("report of epoch %d: %v", began, err)
				}
			}
		}
	}
	system, err := client.System(ctx)
	if err != nil || system.Epoch < 4 || system.UsedCapacity != 0 || system.TotalCapacity < chain.DefaultCapacity {
		t.Errorf("system %+v, %v", system, err)
	}
}
