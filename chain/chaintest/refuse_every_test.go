package chaintest_test

import (
	"bytes"
	"context"
	"crypto/ed25519"
	"errors"
	"math"
	"strings"
	"testing"

	"github.com/cosmos/gogoproto/proto"

	committeev1 "github.com/walrus-go/walrus/api/committee/v1"
	"github.com/walrus-go/walrus/attest"
	"github.com/walrus-go/walrus/chain"
	"github.com/walrus-go/walrus/chain/chaintest"
	"github.com/walrus-go/walrus/chain/economy/cert"
	"github.com/walrus-go/walrus/committee"
	"github.com/walrus-go/walrus/ledger"
	"github.com/walrus-go/walrus/ledger/ledgertest"
	"github.com/walrus-go/walrus/ledger/rpc"
)

// badKey is the SDK's code for a key that is none or is not its sender's.
const badKey = "sdk 8"

// Each message of the committee module, sent by the wrong account, about nodes that are not there, for other
// epochs, too early or twice, is refused by a rule, and changes nothing.
func TestEveryMessageIsRefused(t *testing.T) {
	t.Parallel()
	ctx := context.Background()
	c := newEpochs(t, chaintest.Options{})
	w := c.Wallet(0)
	owner, err := c.NodeWallet(ctx, 0)
	ok(t, err)
	outsider := registration(t, w, 1) // a node without stake
	var out committeev1.MsgRegisterNodeResponse
	ok(t, w.Execute(ctx, 1_000_000, outsider, &out))
	// The first node has reported, and voted to slash the second and for an upgrade.
	ok(t, owner.SyncDone(ctx, c.Nodes[0].ID, 1))
	digest := bytes.Repeat([]byte{7}, 32)
	ok(t, execute(ctx, owner, &committeev1.MsgVoteSlash{Sender: owner.Address().String(), NodeId: c.Nodes[0].ID[:], Candidate: c.Nodes[1].ID[:]}))
	ok(t, execute(ctx, owner, &committeev1.MsgVoteUpgrade{Sender: owner.Address().String(), NodeId: c.Nodes[0].ID[:], Digest: digest}))

	f := refusals{
		c: c, me: w, owner: owner, node: c.Nodes[0].ID[:], outside: out.NodeId, nobody: bytes.Repeat([]byte{9}, 32), digest: digest,
		key: registration(t, w, 1),
	}
	all := append(f.nodes(), append(f.authorities(), append(f.stakes(t), f.votes(t)...)...)...)
	tried := map[string]bool{}
	for _, r := range all {
		tried[proto.MessageName(r.m)] = true
	}
	refuse(t, c, all)
	for _, m := range committeev1.Msg_serviceDesc.Methods {
		if name := "walrus.committee.v1.Msg" + m.MethodName; !tried[name] && m.MethodName != "CleanupVotes" { // which refuses nothing
			t.Errorf("no case for %s", name)
		}
	}
}

// refusals are what the cases are made of.
type refusals struct {
	c                             *chaintest.Chain
	me, owner                     *rpc.Wallet
	node, outside, nobody, digest []byte
	key                           *committeev1.MsgRegisterNode // a key and its proof
}

func text(w *rpc.Wallet) string { return w.Address().String() }

// nodes are about what owners say of their nodes.
func (f refusals) nodes() []refused {
	me, own := text(f.me), text(f.owner)
	const missing = "dynamic_field::EFieldDoesNotExist"
	long := strings.Repeat("a", 1001)
	out := []refused{
		{"of nothing", "staking_pool::EInvalidProofOfPossession", f.me, &committeev1.MsgRegisterNode{Owner: me, BlsPublicKey: f.key.BlsPublicKey}},
		{"the point at infinity", "staking_pool::EInvalidProofOfPossession", f.me, &committeev1.MsgRegisterNode{
			Owner: me, BlsPublicKey: append([]byte{0xc0}, make([]byte, 47)...), Possession: append([]byte{0xc0}, make([]byte, 95)...),
		}},
		{"long name", "staking_pool::EInvalidNameLength", f.owner, &committeev1.MsgUpdateNode{Owner: own, NodeId: f.node, Name: long}},
		{"long address", "staking_pool::EInvalidNetworkAddressLength", f.owner, &committeev1.MsgUpdateNode{Owner: own, NodeId: f.node, NetworkAddress: long}},
		{"long description", "staking_pool::EInvalidNameLength", f.owner, &committeev1.MsgUpdateNode{Owner: own, NodeId: f.node, Metadata: &committeev1.Metadata{Description: long}}},
		{"short network key", "storage_node::EInvalidNetworkPublicKey", f.owner, &committeev1.MsgUpdateNode{Owner: own, NodeId: f.node, NetworkPublicKey: []byte{2}}},
		{"to nonsense", invalidAddress, f.owner, &committeev1.MsgTransferNode{Owner: own, NodeId: f.node, Recipient: "wal1nonsense"}},
		{"to nobody", invalidAddress, f.owner, &committeev1.MsgTransferNode{Owner: own, NodeId: f.node}},
		{"without proof", "staking_pool::EInvalidProofOfPossession", f.owner, &committeev1.MsgSetNextKey{Owner: own, NodeId: f.node, BlsPublicKey: f.key.BlsPublicKey}},
		{"of another's proof", "staking_pool::EInvalidProofOfPossession", f.owner, &committeev1.MsgSetNextKey{
			Owner: own, NodeId: f.node, BlsPublicKey: f.key.BlsPublicKey, Possession: f.key.Possession,
		}},
		{"short key", "messages::EInvalidKeyLength", f.owner, &committeev1.MsgSetNextKey{Owner: own, NodeId: f.node, BlsPublicKey: f.key.BlsPublicKey[1:], Possession: f.key.Possession}},
		{"not shown", badKey, f.owner, &committeev1.MsgSetConsensusKey{Owner: own, NodeId: f.node, Key: publicKey(1)}},
		{"short", badKey, f.owner, &committeev1.MsgSetConsensusKey{Owner: own, NodeId: f.node, Key: publicKey(1)[:31], Signature: make([]byte, 64)}},
		{"shown on another chain", badKey, f.owner, &committeev1.MsgSetConsensusKey{
			Owner: own, NodeId: f.node, Key: publicKey(1),
			Signature: ed25519.Sign(consensusKey(1), chain.ConsensusKeyMessage("walrus-other", committee.NodeID(f.node))),
		}},
		{"shown for another node", badKey, f.owner, &committeev1.MsgSetConsensusKey{
			Owner: own, NodeId: f.node, Key: publicKey(1),
			Signature: ed25519.Sign(consensusKey(1), chain.ConsensusKeyMessage(f.c.Genesis.ChainID(), committee.NodeID(f.outside))),
		}},
		{"not set aside", invalidRequest, f.owner, &committeev1.MsgResumeValidator{Owner: own, NodeId: f.node}},
		{"of a node without", invalidRequest, f.me, &committeev1.MsgResumeValidator{Owner: me, NodeId: f.outside}},
		{"above all", "staking_pool::EIncorrectCommissionRate", f.owner, &committeev1.MsgSetCommission{Owner: own, NodeId: f.node, Rate: 10_001}},
		{"another epoch", "staking_inner::EInvalidSyncEpoch", f.owner, &committeev1.MsgSyncDone{Owner: own, NodeId: f.node, Epoch: math.MaxUint32}},
		{"twice", "staking_inner::EDuplicateSyncDone", f.owner, &committeev1.MsgSyncDone{Owner: own, NodeId: f.node, Epoch: 1}},
		{"by no member", "staking_inner::ENotInCommittee", f.me, &committeev1.MsgSyncDone{Owner: me, NodeId: f.outside, Epoch: 1}},
	}
	// Nobody but the owner acts for a node, and for one that is not there nobody does.
	for _, by := range []struct {
		name, want string
		node       []byte
	}{{"by a stranger", unauthorized, f.node}, {"unknown node", missing, f.nobody}, {"node of a byte", missing, []byte{1}}, {"no node", missing, nil}} {
		for _, m := range []proto.Message{
			&committeev1.MsgUpdateNode{Owner: me, NodeId: by.node},
			&committeev1.MsgTransferNode{Owner: me, NodeId: by.node, Recipient: me},
			&committeev1.MsgSetVotes{Owner: me, NodeId: by.node},
			&committeev1.MsgSetNextKey{Owner: me, NodeId: by.node, BlsPublicKey: f.key.BlsPublicKey, Possession: f.key.Possession},
			&committeev1.MsgSetConsensusKey{Owner: me, NodeId: by.node, Key: publicKey(1)},
			&committeev1.MsgResumeValidator{Owner: me, NodeId: by.node},
			&committeev1.MsgSetCommission{Owner: me, NodeId: by.node},
			&committeev1.MsgJoinActiveSet{Owner: me, NodeId: by.node},
			&committeev1.MsgSyncDone{Owner: me, NodeId: by.node, Epoch: 1},
			&committeev1.MsgUpdateProtocolVersion{Owner: me, NodeId: by.node},
		} {
			out = append(out, refused{by.name, by.want, f.me, m})
		}
	}
	return out
}

// authorities are about commissions and who holds them.
func (f refusals) authorities() []refused {
	me, own := text(f.me), text(f.owner)
	const missing = "dynamic_field::EFieldDoesNotExist"
	var out []refused
	for _, m := range []proto.Message{
		&committeev1.MsgSetCommissionReceiver{Sender: me, NodeId: f.nobody, Receiver: me},
		&committeev1.MsgSetGovernanceAuthorized{Sender: me, NodeId: f.nobody, Authorized: me},
		&committeev1.MsgCollectCommission{Sender: me, NodeId: f.nobody},
		&committeev1.MsgAddCommission{Sender: me, NodeId: f.nobody, Amount: 1},
		&committeev1.MsgVoteSlash{Sender: me, NodeId: f.nobody, Candidate: f.node},
		&committeev1.MsgVoteUpgrade{Sender: me, NodeId: f.nobody, Digest: f.digest},
	} {
		out = append(out, refused{"unknown node", missing, f.me, m})
	}
	return append(out,
		refused{"to nonsense", invalidAddress, f.owner, &committeev1.MsgSetCommissionReceiver{Sender: own, NodeId: f.node, Receiver: "nonsense"}},
		refused{"to nobody", invalidAddress, f.owner, &committeev1.MsgSetGovernanceAuthorized{Sender: own, NodeId: f.node}},
		refused{"by a stranger", "staking_pool::EAuthorizationFailure", f.me, &committeev1.MsgCollectCommission{Sender: me, NodeId: f.node}},
		refused{"of the most there can be", "balance::ENotEnough", f.me, &committeev1.MsgAddCommission{Sender: me, NodeId: f.node, Amount: math.MaxUint64}},
		refused{"by a stranger", unauthorized, f.me, &committeev1.MsgUpdateParams{Authority: me, Params: committeev1.Params{NShards: 10, MaxActiveNodes: 1}}},
		refused{"in the name of governance", unauthorized, f.me, &committeev1.MsgSpendCommunity{Authority: me, Recipient: me, Amount: 1}},
	)
}

// stakes are about objects that are not there; others are in [TestRefusals].
func (f refusals) stakes(t *testing.T) []refused {
	me := text(f.me)
	const missing = "dynamic_field::EFieldDoesNotExist"
	s, err := f.me.Stake(context.Background(), committee.NodeID(f.node), 10*wal)
	ok(t, err)
	return []refused{
		{"on nobody", missing, f.me, &committeev1.MsgStake{Owner: me, NodeId: f.nobody, Amount: wal}},
		{"of nothing", missing, f.me, &committeev1.MsgRequestWithdraw{Owner: me}},
		{"unknown", missing, f.me, &committeev1.MsgWithdraw{Owner: me, StakeId: f.nobody}},
		{"unknown", missing, f.me, &committeev1.MsgSplitStake{Owner: me, StakeId: f.nobody, Amount: wal}},
		{"unknown", missing, f.me, &committeev1.MsgJoinStake{Owner: me, StakeId: f.nobody, OtherId: s.ID[:]}},
		{"with the unknown", missing, f.me, &committeev1.MsgJoinStake{Owner: me, StakeId: s.ID[:], OtherId: f.nobody}},
		{"unknown", missing, f.me, &committeev1.MsgTransferStake{Owner: me, StakeId: f.nobody, Recipient: me}},
		{"to nobody", invalidAddress, f.me, &committeev1.MsgTransferStake{Owner: me, StakeId: s.ID[:]}},
	}
}

// votes are about proposals, and what nodes certify together.
func (f refusals) votes(t *testing.T) []refused {
	own, second := text(f.owner), f.c.Nodes[1].ID[:]
	out := []refused{
		{"by a stranger", "slashing::ENotAuthorized", f.me, &committeev1.MsgVoteSlash{Sender: text(f.me), NodeId: f.node, Candidate: second}},
		{"by no member", "staking_inner::ENotInCommittee", f.me, &committeev1.MsgVoteSlash{Sender: text(f.me), NodeId: f.outside, Candidate: second}},
		{"twice", "slashing::EDuplicateVote", f.owner, &committeev1.MsgVoteSlash{Sender: own, NodeId: f.node, Candidate: second}},
		{"not proposed", "slashing::ENoProposalForNode", f.me, &committeev1.MsgExecuteSlash{Sender: text(f.me), Candidate: f.node}},
		{"of nobody", "slashing::ENoProposalForNode", f.me, &committeev1.MsgExecuteSlash{Sender: text(f.me), Candidate: f.nobody}},
		{"without a quorum", "slashing::ENotEnoughVotes", f.me, &committeev1.MsgExecuteSlash{Sender: text(f.me), Candidate: second}},
		{"by no member", "staking_inner::ENotInCommittee", f.me, &committeev1.MsgVoteUpgrade{Sender: text(f.me), NodeId: f.outside, Digest: f.digest}},
		{"twice", "upgrade::EDuplicateVote", f.owner, &committeev1.MsgVoteUpgrade{Sender: own, NodeId: f.node, Digest: f.digest}},
		{"long digest", "upgrade::EInvalidPackageDigest", f.owner, &committeev1.MsgVoteUpgrade{Sender: own, NodeId: f.node, Digest: make([]byte, 33)}},
		{"not proposed", "upgrade::ENoProposalForDigest", f.me, &committeev1.MsgAuthorizeUpgrade{Sender: text(f.me), Plan: committeev1.UpgradePlan{Name: "x", Height: 1 << 40}}},
	}
	return append(out, f.certificates(t)...)
}

// certificates are forged, short or misplaced.
func (f refusals) certificates(t *testing.T) []refused {
	committees, err := f.c.Client().Committees(context.Background())
	ok(t, err)
	now := committees.Current
	version := cert.ProtocolVersion{Start: now.Epoch() + 1, Version: 2}
	certify := func(message []byte, positions ...int) attest.Certificate {
		a, err := f.c.Certify(now, message, positions...)
		ok(t, err)
		return a
	}
	good := version.Message(now.Epoch())
	all := certify(good)
	change := func(do func(a *attest.Certificate)) attest.Certificate {
		a := attest.Certificate{Message: bytes.Clone(all.Message), Signers: bytes.Clone(all.Signers), Signature: bytes.Clone(all.Signature)}
		do(&a)
		return a
	}
	past := cert.ProtocolVersion{Start: now.Epoch() - 1, Version: 2}
	var out []refused
	for _, c := range []struct {
		name, want string
		a          attest.Certificate
	}{
		{"nothing", "bls_aggregate::ENotEnoughStake", attest.Certificate{}},
		{"of one node", "bls_aggregate::ENotEnoughStake", certify(good, 0)},
		{"of a node less than a quorum", "bls_aggregate::ENotEnoughStake", certify(good, 2, 3)},
		{"more signers than signed", "bls_aggregate::ESigVerification", change(func(a *attest.Certificate) { a.Signature = certify(good, 0, 1, 2).Signature })},
		{"another message", "bls_aggregate::ESigVerification", change(func(a *attest.Certificate) { a.Message[len(a.Message)-1] ^= 1 })},
		{"forged", "bls_aggregate::ESigVerification", change(func(a *attest.Certificate) { a.Signature[50] ^= 1 })},
		{"the point at infinity", "bls_aggregate::ESigVerification", change(func(a *attest.Certificate) { a.Signature = append([]byte{0xc0}, make([]byte, 95)...) })},
		{"short signature", "bls_aggregate::ESigVerification", change(func(a *attest.Certificate) { a.Signature = a.Signature[:95] })},
		{"a signer beyond the committee", "bls_aggregate::EInvalidBitmap", change(func(a *attest.Certificate) { a.Signers[0] |= 1 << 4 })},
		{"a bitmap of two bytes", "bls_aggregate::EInvalidBitmap", change(func(a *attest.Certificate) { a.Signers = append(a.Signers, 0) })},
		{"a bitmap of many", "bls_aggregate::EInvalidBitmap", change(func(a *attest.Certificate) { a.Signers = bytes.Repeat([]byte{255}, 1<<16) })},
		{"another epoch", "messages::EIncorrectEpoch", certify(version.Message(now.Epoch() + 1))},
		{"another kind of message", "messages::EInvalidMsgType", certify(cert.DenyListDeletedMessage(now.Epoch(), ledgertest.Claim(1, 1, false).BlobID))},
		{"a long message", "messages::EInvalidMsgType", change(func(a *attest.Certificate) { a.Message = make([]byte, 257) })},
		{"cut off", "bcs::EOutOfRange", certify(good[:len(good)-1])},
		{"a start in the past", "system_state_inner::EInvalidStartEpoch", certify(past.Message(now.Epoch()))},
	} {
		m := &committeev1.MsgUpdateProtocolVersion{Owner: text(f.owner), NodeId: f.node, Message: c.a.Message, Signers: c.a.Signers, Signature: c.a.Signature}
		out = append(out, refused{c.name, c.want, f.owner, m})
	}
	return append(out, refused{"by no member", "system_state_inner::ENotCommitteeMember", f.me, &committeev1.MsgUpdateProtocolVersion{
		Owner: text(f.me), NodeId: f.outside, Message: all.Message, Signers: all.Signers, Signature: all.Signature,
	}})
}

// What was signed for one chain is refused by another with the same accounts and nodes, and changes nothing
// there; a second time it is refused on its own.
func TestReplayIsRefused(t *testing.T) {
	t.Parallel()
	ctx := context.Background()
	here := newEpochs(t, chaintest.Options{})
	there := newEpochs(t, chaintest.Options{Genesis: func(g *chain.GenesisOptions) { epochs(g); g.ChainID = "walrus-other" }})
	_, err := here.Wallet(0).Stake(ctx, here.Nodes[0].ID, 5*wal)
	ok(t, err)
	head, err := here.Head(ctx)
	ok(t, err)
	txs := here.Txs(head.Height)
	if len(txs) != 1 {
		t.Fatalf("%d transactions in the last block", len(txs))
	}
	for name, c := range map[string]*chaintest.Chain{"another chain": there, "the same chain": here} {
		before := everything(t, c)
		if err := c.Broadcast(ctx, txs[0]); !errors.Is(err, ledger.ErrRejected) {
			t.Errorf("%s takes it: %v", name, err)
		}
		results, err := c.Deliver(txs...) // a proposer may put in what it wants
		ok(t, err)
		if results[0].Code == 0 {
			t.Errorf("%s executes it", name)
		}
		if !bytes.Equal(before, everything(t, c)) {
			t.Errorf("%s: the state changed", name)
		}
	}
	// A node's report and a consensus key that name the other chain are in [TestEveryMessageIsRefused].
}
