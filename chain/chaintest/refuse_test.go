package chaintest_test

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"math"
	"strings"
	"testing"

	"github.com/cosmos/gogoproto/proto"

	committeev1 "github.com/walrus-go/walrus/api/committee/v1"
	"github.com/walrus-go/walrus/attest"
	"github.com/walrus-go/walrus/chain/chaintest"
	"github.com/walrus-go/walrus/committee"
	"github.com/walrus-go/walrus/ledger"
	"github.com/walrus-go/walrus/ledger/rpc"
)

// registration is a message that registers a node of the wallet's account with the secret of a node of
// another seed, in the given epoch.
func registration(t *testing.T, w *rpc.Wallet, epoch committee.Epoch) *committeev1.MsgRegisterNode {
	t.Helper()
	secret := chaintest.NewCommittee(1, 77).Nodes[0].Secret
	owner := w.Address()
	registrant, err := attest.Registrant(owner[:])
	ok(t, err)
	return &committeev1.MsgRegisterNode{
		Owner: owner.String(), Name: "newcomer", NetworkAddress: "127.0.0.1:9999", NetworkPublicKey: bytes.Repeat([]byte{2}, 33),
		BlsPublicKey: secret.Public().Bytes(),
		Possession:   secret.Sign(attest.Possession(epoch, registrant, secret.Public())).Bytes(),
		Votes:        committeev1.Votes{StoragePrice: 1, WritePrice: 2, Capacity: 1 << 40},
	}
}

// A node registers, is staked on, serves, and announces another key.
func TestNodeJoins(t *testing.T) {
	t.Parallel()
	ctx := context.Background()
	c := newEpochs(t, chaintest.Options{})
	w := c.Wallet(0)
	m := registration(t, w, 1)
	m.CommissionRate = 1234
	var out committeev1.MsgRegisterNodeResponse
	ok(t, w.Execute(ctx, 1_000_000, m, &out))
	id := committee.NodeID(out.NodeId)
	_, err := c.Wallet(1).Stake(ctx, id, 1000*wal)
	ok(t, err)
	ok(t, c.NextEpoch(ctx))
	committees, err := c.Client().Committees(ctx)
	ok(t, err)
	at, member := committees.Current.Find(id)
	if !member || committees.Current.Member(at).Weight() != 2 || !bytes.Equal(committees.Current.Member(at).Key.Bytes(), m.BlsPublicKey) {
		t.Errorf("committee %+v", committees.Current.Members())
	}
	next := registration(t, w, 2)
	ok(t, execute(ctx, w, &committeev1.MsgSetNextKey{Owner: m.Owner, NodeId: id[:], BlsPublicKey: next.BlsPublicKey, Possession: next.Possession}))
	// Two of five nodes sell for more and one for less: the vote of the fourth is the price.
	ok(t, execute(ctx, w, &committeev1.MsgSetVotes{Owner: m.Owner, NodeId: id[:], Votes: committeev1.Votes{StoragePrice: 5, WritePrice: 6, Capacity: 1}}))
	ok(t, execute(ctx, w, &committeev1.MsgSetCommission{Owner: m.Owner, NodeId: id[:], Rate: 10}))
	ok(t, execute(ctx, w, &committeev1.MsgTransferNode{Owner: m.Owner, NodeId: id[:], Recipient: c.Accounts[1].Address().String()}))
	if err := w.SyncDone(ctx, id, 2); !errors.Is(err, ledger.ErrRejected) {
		t.Errorf("report of a node that was given away: %v", err)
	}
	ok(t, c.Wallet(1).SyncDone(ctx, id, 2))
}

// Everything that must be refused is refused by its name, and changes nothing.
func TestRefusals(t *testing.T) {
	t.Parallel()
	ctx := context.Background()
	c := newEpochs(t, chaintest.Options{})
	w, other := c.Wallet(0), c.Wallet(1)
	me := w.Address().String()
	node := c.Nodes[0].ID[:]
	s, err := w.Stake(ctx, c.Nodes[0].ID, 10*wal)
	ok(t, err)
	elsewhere, err := w.Stake(ctx, c.Nodes[1].ID, 10*wal)
	ok(t, err)
	foreign, err := other.Stake(ctx, c.Nodes[0].ID, 10*wal)
	ok(t, err)
	active := stakesOf(t, c, c.Nodes[0].Owner.Address())[0]
	owner, err := c.NodeWallet(ctx, 0)
	ok(t, err)
	nobody := bytes.Repeat([]byte{9}, 32)
	outsider := c.Wallet(2)
	var joined committeev1.MsgRegisterNodeResponse
	ok(t, outsider.Execute(ctx, 1_000_000, registration(t, outsider, 1), &joined))
	change := func(f func(*committeev1.MsgRegisterNode)) *committeev1.MsgRegisterNode {
		m := registration(t, w, 1)
		f(m)
		return m
	}
	for _, tc := range []struct {
		name, want string
		from       *rpc.Wallet
		m          proto.Message
	}{
		{"stake of nothing", "staking_pool::EZeroStake", w, &committeev1.MsgStake{Owner: me, NodeId: node}},
		{"stake below a WAL", "staked_wal::EStakeBelowThreshold", w, &committeev1.MsgStake{Owner: me, NodeId: node, Amount: wal - 1}},
		{"stake of more than there is", "balance::ENotEnough", w, &committeev1.MsgStake{Owner: me, NodeId: node, Amount: chaintest.Funds + 1}},
		{"stake of the most there can be", "arith::EOverflow", w, &committeev1.MsgStake{Owner: me, NodeId: node, Amount: math.MaxUint64}},
		{"stake on nobody", "dynamic_field::EFieldDoesNotExist", w, &committeev1.MsgStake{Owner: me, NodeId: nobody, Amount: wal}},
		{"stake on a short ID", "dynamic_field::EFieldDoesNotExist", w, &committeev1.MsgStake{Owner: me, NodeId: []byte{1}, Amount: wal}},
		{"request before it counts", "staking_pool::EWithdrawDirectly", w, &committeev1.MsgRequestWithdraw{Owner: me, StakeId: s.ID[:]}},
		{"request of nothing", "dynamic_field::EFieldDoesNotExist", w, &committeev1.MsgRequestWithdraw{Owner: me, StakeId: nobody}},
		{"request for another's", unauthorized, w, &committeev1.MsgRequestWithdraw{Owner: me, StakeId: foreign.ID[:]}},
		{"withdrawal of another's", unauthorized, w, &committeev1.MsgWithdraw{Owner: me, StakeId: foreign.ID[:]}},
		{"withdrawal without request", "staking_pool::ENotWithdrawing", owner, &committeev1.MsgWithdraw{Owner: owner.Address().String(), StakeId: active.ID[:]}},
		{"split of all", "staked_wal::EInvalidAmount", w, &committeev1.MsgSplitStake{Owner: me, StakeId: s.ID[:], Amount: 10 * wal}},
		{"split of more", "staked_wal::EInvalidAmount", w, &committeev1.MsgSplitStake{Owner: me, StakeId: s.ID[:], Amount: math.MaxUint64}},
		{"split of nothing", "staked_wal::EStakeBelowThreshold", w, &committeev1.MsgSplitStake{Owner: me, StakeId: s.ID[:]}},
		{"split that leaves dust", "staked_wal::EStakeBelowThreshold", w, &committeev1.MsgSplitStake{Owner: me, StakeId: s.ID[:], Amount: 10*wal - 1}},
		{"join of two nodes' stakes", "staked_wal::EMetadataMismatch", w, &committeev1.MsgJoinStake{Owner: me, StakeId: s.ID[:], OtherId: elsewhere.ID[:]}},
		{"join to itself", invalidRequest, w, &committeev1.MsgJoinStake{Owner: me, StakeId: s.ID[:], OtherId: s.ID[:]}},
		{"join with another's", unauthorized, w, &committeev1.MsgJoinStake{Owner: me, StakeId: s.ID[:], OtherId: foreign.ID[:]}},
		{"transfer of another's", unauthorized, w, &committeev1.MsgTransferStake{Owner: me, StakeId: foreign.ID[:], Recipient: me}},
		{"transfer to nonsense", "sdk 7", w, &committeev1.MsgTransferStake{Owner: me, StakeId: s.ID[:], Recipient: "nonsense"}},

		{"no proof", "staking_pool::EInvalidProofOfPossession", w, change(func(m *committeev1.MsgRegisterNode) { m.Possession = nil })},
		{"forged proof", "staking_pool::EInvalidProofOfPossession", w, change(func(m *committeev1.MsgRegisterNode) { m.Possession[50] ^= 1 })},
		{"proof for another epoch", "staking_pool::EInvalidProofOfPossession", w, registration(t, w, 2)},
		{"proof of another sender", "staking_pool::EInvalidProofOfPossession", w, change(func(m *committeev1.MsgRegisterNode) { m.Possession = registration(t, other, 1).Possession })},
		{"short key", "messages::EInvalidKeyLength", w, change(func(m *committeev1.MsgRegisterNode) { m.BlsPublicKey = m.BlsPublicKey[1:] })},
		{"long name", "staking_pool::EInvalidNameLength", w, change(func(m *committeev1.MsgRegisterNode) { m.Name = strings.Repeat("a", 101) })},
		{"long address", "staking_pool::EInvalidNetworkAddressLength", w, change(func(m *committeev1.MsgRegisterNode) { m.NetworkAddress = strings.Repeat("a", 260) })},
		{"commission above all", "staking_pool::EIncorrectCommissionRate", w, change(func(m *committeev1.MsgRegisterNode) { m.CommissionRate = 10_001 })},
		{"short network key", "storage_node::EInvalidNetworkPublicKey", w, change(func(m *committeev1.MsgRegisterNode) { m.NetworkPublicKey = m.NetworkPublicKey[1:] })},

		{"update of another's node", unauthorized, w, &committeev1.MsgUpdateNode{Owner: me, NodeId: node, Name: "mine"}},
		{"votes of another's node", unauthorized, w, &committeev1.MsgSetVotes{Owner: me, NodeId: node}},
		{"key of another's node", unauthorized, w, &committeev1.MsgSetNextKey{Owner: me, NodeId: node}},
		{"validator of another's node", unauthorized, w, &committeev1.MsgSetConsensusKey{Owner: me, NodeId: node}},
		{"transfer of another's node", unauthorized, w, &committeev1.MsgTransferNode{Owner: me, NodeId: node, Recipient: me}},
		{"commission of another's node", unauthorized, w, &committeev1.MsgSetCommission{Owner: me, NodeId: node, Rate: 1}},
		{"commission rate above all", "staking_pool::EIncorrectCommissionRate", owner, &committeev1.MsgSetCommission{Owner: owner.Address().String(), NodeId: node, Rate: math.MaxUint32}},
		{"active set by a stranger", unauthorized, w, &committeev1.MsgJoinActiveSet{Owner: me, NodeId: node}},
		{"commission to a stranger", "staking_pool::EAuthorizationFailure", w, &committeev1.MsgCollectCommission{Sender: me, NodeId: node}},
		{"receiver by a stranger", "staking_pool::EAuthorizationFailure", w, &committeev1.MsgSetCommissionReceiver{Sender: me, NodeId: node, Receiver: me}},
		{"governance by a stranger", "staking_pool::EAuthorizationFailure", w, &committeev1.MsgSetGovernanceAuthorized{Sender: me, NodeId: node, Authorized: me}},
		{"gift of more than there is", "balance::ENotEnough", w, &committeev1.MsgAddCommission{Sender: me, NodeId: node, Amount: chaintest.Funds + 1}},
		{"report for another epoch", "staking_inner::EInvalidSyncEpoch", owner, &committeev1.MsgSyncDone{Owner: owner.Address().String(), NodeId: node, Epoch: 7}},
		{"slashing of nobody", "dynamic_field::EFieldDoesNotExist", owner, &committeev1.MsgVoteSlash{Sender: owner.Address().String(), NodeId: node, Candidate: nobody}},
		{"slashing of nobody by a node outside", "staking_inner::ENotInCommittee", outsider, &committeev1.MsgVoteSlash{Sender: outsider.Address().String(), NodeId: joined.NodeId, Candidate: nobody}},
		{"vote for a stranger's node", "upgrade::ENotAuthorized", w, &committeev1.MsgVoteUpgrade{Sender: me, NodeId: node, Digest: nobody}},
		{"short digest", "upgrade::EInvalidPackageDigest", owner, &committeev1.MsgVoteUpgrade{Sender: owner.Address().String(), NodeId: node, Digest: nobody[1:]}},
		{"parameters by a stranger", unauthorized, w, &committeev1.MsgUpdateParams{Authority: me}},
		{"spending by a stranger", unauthorized, w, &committeev1.MsgSpendCommunity{Authority: me, Recipient: me, Amount: 1}},
	} {
		before := stateOf(t, c)
		err := tc.from.Execute(ctx, 1_000_000, tc.m, &committeev1.MsgUpdateNodeResponse{})
		var refused *ledger.RejectedError
		if !errors.As(err, &refused) {
			if tc.want == "balance::ENotEnough" && errors.Is(err, ledger.ErrFunds) {
				continue
			}
			t.Errorf("%s: got %v, want a refusal by %s", tc.name, err, tc.want)
			continue
		}
		if refused.Name != tc.want && refused.Codespace+" "+itoa(refused.Code) != tc.want {
			t.Errorf("%s: got %s (%s %d: %s), want %s", tc.name, refused.Name, refused.Codespace, refused.Code, refused.Text, tc.want)
		}
		if !bytes.Equal(before, stateOf(t, c)) {
			t.Errorf("%s: the state changed", tc.name)
		}
	}
}

func itoa(n uint32) string {
	if n < 10 {
		return string(rune('0' + n))
	}
	return itoa(n/10) + itoa(n%10)
}

// stateOf is all that the committee module tells about nodes, pools, stakes and votes, and who has what.
func stateOf(t *testing.T, c *chaintest.Chain) (out []byte) {
	t.Helper()
	const all = 1000
	for _, q := range []struct {
		method string
		req    interface{ Marshal() ([]byte, error) }
	}{
		{"Nodes", &committeev1.QueryNodesRequest{Limit: all}},
		{"Pools", &committeev1.QueryPoolsRequest{Limit: all}},
		{"ActiveSet", &committeev1.QueryActiveSetRequest{}},
		{"Proposals", &committeev1.QueryProposalsRequest{}},
		{"Validators", &committeev1.QueryValidatorsRequest{Limit: all}},
		{"Params", &committeev1.QueryParamsRequest{}},
	} {
		raw, err := q.req.Marshal()
		ok(t, err)
		answer, err := c.Query(context.Background(), "/walrus.committee.v1.Query/"+q.method, raw)
		ok(t, err)
		out = append(out, answer...)
	}
	for _, k := range c.Accounts {
		out = fmt.Appendf(out, "%+v", stakesOf(t, c, k.Address()))
		held, err := c.Client().Balance(context.Background(), k.Address())
		ok(t, err)
		out = fmt.Appendf(out, "%d", held)
	}
	return out
}
