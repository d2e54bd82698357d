package chaintest_test

import (
	"bytes"
	"crypto/ed25519"
	"crypto/sha256"
	"encoding/binary"
	"fmt"

	committeev1 "github.com/walrus-go/walrus/api/committee/v1"
	"github.com/walrus-go/walrus/attest"
	"github.com/walrus-go/walrus/bls"
	"github.com/walrus-go/walrus/chain"
	"github.com/walrus-go/walrus/chain/chaintest"
	committeekeeper "github.com/walrus-go/walrus/chain/x/committee/keeper"
	"github.com/walrus-go/walrus/committee"
)

// learn draws the keys of nodes that register, and of those that change theirs.
func (w *walk) learn() {
	w.secrets = map[string]*bls.PrivateKey{}
	for _, n := range w.Nodes {
		w.secrets[string(n.Secret.Public().Bytes())] = n.Secret
	}
	for _, n := range chaintest.NewCommittee(w.first+32, *walkSeed+1_000_000).Nodes {
		w.secrets[string(n.Secret.Public().Bytes())] = n.Secret
		w.spare = append(w.spare, n.Secret)
	}
}

// membersOf returns the members of a committee that is selected now, with the keys that they get in it.
func (w *walk) membersOf(state *committeekeeper.Audit, next bool) (members []walkMember) {
	of := state.Current
	if next {
		of = state.Next
	}
	for _, m := range of {
		for i := range state.Nodes {
			n := &state.Nodes[i]
			if committee.NodeID(n.Id) != m.Node {
				continue
			}
			key := n.BlsPublicKey
			if next && len(n.NextBlsPublicKey) > 0 {
				key = n.NextBlsPublicKey
			}
			members = append(members, walkMember{id: m.Node, weight: len(m.Shards), secret: w.secrets[string(key)]})
		}
	}
	return members
}

// sound draws a node whose state is not spoiled and that nothing else is done with in this block.
func (w *walk) sound() *walkNode {
	for range 8 {
		if n := w.nodes[w.rng.IntN(len(w.nodes))]; n.broken == nil && !n.busy {
			return n
		}
	}
	return nil
}

// possession shows that a node knows its key.
func (w *walk) possession(owner int, secret *bls.PrivateKey) []byte {
	address := w.wallets[owner].Address()
	registrant, err := attest.Registrant(address[:])
	if err != nil {
		panic(err) // a bug of ours: addresses have 20 bytes
	}
	return secret.Sign(attest.Possession(w.number, registrant, secret.Public())).Bytes()
}

// registerNode adds a node, up to as many as there were at the beginning.
func (w *walk) registerNode() *operation {
	if w.registering || len(w.nodes) >= 2*w.first {
		return nil
	}
	owner := w.anyone()
	secret := w.spare[len(w.nodes)-w.first]
	m := &committeev1.MsgRegisterNode{
		Owner: w.address(owner), Name: fmt.Sprintf("late-%d", len(w.nodes)), NetworkAddress: "127.0.0.1:1",
		NetworkPublicKey: bytes.Repeat([]byte{3}, 33), BlsPublicKey: secret.Public().Bytes(),
		Possession: w.possession(owner, secret), CommissionRate: w.rng.Uint32N(10_200),
		Votes: committeev1.Votes{StoragePrice: 100_000, WritePrice: 20_000, Capacity: 1 << 42},
	}
	o := &operation{sender: owner, message: m, then: func(response []byte) error {
		var out committeev1.MsgRegisterNodeResponse
		err := out.Unmarshal(response)
		w.nodes = append(w.nodes, &walkNode{id: committee.NodeID(out.NodeId), owner: owner, receives: -1, governs: owner})
		return err
	}}
	switch {
	case m.CommissionRate > 10_000:
		o.must, o.may = true, []string{"staking_pool::EIncorrectCommissionRate"}
	case w.one(10):
		m.Possession[5]++
		o.must, o.may = true, []string{"staking_pool::EInvalidProofOfPossession"}
	}
	return o.lock(&w.registering)
}

func (w *walk) updateNode() *operation {
	n := w.sound()
	if n == nil {
		return nil
	}
	m := &committeev1.MsgUpdateNode{
		Owner: w.address(n.owner), NodeId: n.id[:], Name: fmt.Sprintf("node %d", w.done),
		Metadata: &committeev1.Metadata{Description: fmt.Sprint(w.done)},
	}
	o := &operation{sender: n.owner, message: m}
	if w.one(5) {
		m.NetworkAddress = string(bytes.Repeat([]byte{'a'}, 260))
		o.must, o.may = true, []string{"staking_pool::EInvalidNetworkAddressLength"}
	}
	return o.lock(&n.busy)
}

func (w *walk) setVotes() *operation {
	n := w.sound()
	if n == nil {
		return nil
	}
	o := &operation{sender: n.owner, message: &committeev1.MsgSetVotes{
		Owner: w.address(n.owner), NodeId: n.id[:],
		Votes: committeev1.Votes{StoragePrice: w.rng.Uint64N(200_000), WritePrice: w.rng.Uint64N(40_000), Capacity: w.rng.Uint64N(1 << 43)},
	}}
	return o.lock(&n.busy)
}

func (w *walk) setCommission() *operation {
	n := w.sound()
	if n == nil {
		return nil
	}
	rate := w.rng.Uint32N(10_500)
	o := &operation{sender: n.owner, must: rate > 10_000, message: &committeev1.MsgSetCommission{Owner: w.address(n.owner), NodeId: n.id[:], Rate: rate}}
	if o.must {
		o.may = []string{"staking_pool::EIncorrectCommissionRate"}
	}
	return o.lock(&n.busy)
}

// receiver is the wallet that a node's commission belongs to.
func (n *walkNode) receiver() int {
	if n.receives < 0 {
		return n.owner
	}
	return n.receives
}

// noAuthority is how the rules refuse who does not hold an authority.
const noAuthority = "staking_pool::EAuthorizationFailure"

func (w *walk) collectCommission() *operation {
	n := w.sound()
	if n == nil {
		return nil
	}
	o := &operation{sender: n.receiver()}
	if w.one(6) {
		o.sender, o.must, o.may = w.other(o.sender), true, []string{noAuthority}
	}
	o.message = &committeev1.MsgCollectCommission{Sender: w.address(o.sender), NodeId: n.id[:]}
	return o.lock(&n.busy)
}

func (w *walk) addCommission() *operation {
	n := w.sound()
	if n == nil {
		return nil
	}
	sender := w.anyone()
	o := &operation{
		sender: sender, may: []string{"balance::ENotEnough", "arith::EOverflow"},
		message: &committeev1.MsgAddCommission{Sender: w.address(sender), NodeId: n.id[:], Amount: w.rng.Uint64() >> (1 + w.rng.IntN(63))},
	}
	return o.lock(&n.busy)
}

func (w *walk) joinActiveSet() *operation {
	n := w.sound()
	if n == nil {
		return nil
	}
	o := &operation{sender: n.owner, message: &committeev1.MsgJoinActiveSet{Owner: w.address(n.owner), NodeId: n.id[:]}}
	return o.lock(&n.busy)
}

func (w *walk) setNextKey() *operation {
	n := w.sound()
	if n == nil {
		return nil
	}
	secret := w.spare[w.rng.IntN(len(w.spare))]
	o := &operation{sender: n.owner, message: &committeev1.MsgSetNextKey{
		Owner: w.address(n.owner), NodeId: n.id[:], BlsPublicKey: secret.Public().Bytes(), Possession: w.possession(n.owner, secret),
	}}
	return o.lock(&n.busy)
}

func (w *walk) setConsensusKey() *operation {
	n := w.sound()
	if n == nil {
		return nil
	}
	m := &committeev1.MsgSetConsensusKey{Owner: w.address(n.owner), NodeId: n.id[:]}
	// Not long after it replaced a validator's key.
	o := &operation{sender: n.owner, message: m, may: []string{"sdk 18"}}
	if !w.one(4) {
		number := int(binary.BigEndian.Uint16(n.id[:])) + len(w.nodes)*w.rng.IntN(3)
		message := chain.ConsensusKeyMessage(w.Genesis.ChainID(), n.id)
		m.Key, m.Signature = publicKey(number), ed25519.Sign(consensusKey(number), message)
		o.may = append(o.may, "sdk 8") // of another node, or convicted
	}
	return o.lock(&n.busy)
}

func (w *walk) resumeValidator() *operation {
	n := w.sound()
	if n == nil {
		return nil
	}
	o := &operation{
		sender: n.owner, may: []string{"sdk 18"}, // not set aside
		message: &committeev1.MsgResumeValidator{Owner: w.address(n.owner), NodeId: n.id[:]},
	}
	return o.lock(&n.busy)
}

func (w *walk) transferNode() *operation {
	n := w.sound()
	if n == nil {
		return nil
	}
	to := w.anyone()
	o := &operation{
		sender: n.owner, message: &committeev1.MsgTransferNode{Owner: w.address(n.owner), NodeId: n.id[:], Recipient: w.address(to)},
		then: func([]byte) error {
			n.owner = to
			return nil
		},
	}
	return o.lock(&n.busy)
}

func (w *walk) setReceiver() *operation {
	n := w.sound()
	if n == nil {
		return nil
	}
	to, name := w.anyone(), ""
	if w.one(3) {
		to = -1
	} else {
		name = w.address(to)
	}
	o := &operation{
		sender: n.receiver(), message: &committeev1.MsgSetCommissionReceiver{Sender: w.address(n.receiver()), NodeId: n.id[:], Receiver: name},
		then: func([]byte) error {
			n.receives = to
			return nil
		},
	}
	return o.lock(&n.busy)
}

func (w *walk) setGovernor() *operation {
	n := w.sound()
	if n == nil {
		return nil
	}
	to := w.anyone()
	o := &operation{
		sender: n.governs, message: &committeev1.MsgSetGovernanceAuthorized{Sender: w.address(n.governs), NodeId: n.id[:], Authorized: w.address(to)},
		then: func([]byte) error {
			n.governs = to
			return nil
		},
	}
	return o.lock(&n.busy)
}

// victim is one of few nodes that votes are about, so that some come to a quorum.
func (w *walk) victim() *walkNode {
	if n := w.nodes[int(w.number)%len(w.nodes)]; n.broken == nil {
		return n
	}
	return nil
}

func (w *walk) voteSlash() *operation {
	n, victim := w.sound(), w.victim()
	if n == nil || victim == nil {
		return nil
	}
	o := &operation{
		sender: n.governs, message: &committeev1.MsgVoteSlash{Sender: w.address(n.governs), NodeId: n.id[:], Candidate: victim.id[:]},
		may: []string{"staking_inner::ENotInCommittee", "slashing::EDuplicateVote"},
	}
	if w.one(8) {
		o.sender, o.must = w.other(n.governs), true
		o.message = &committeev1.MsgVoteSlash{Sender: w.address(o.sender), NodeId: n.id[:], Candidate: victim.id[:]}
		o.may = []string{"slashing::ENotAuthorized"}
	}
	return o.lock(&n.busy)
}

func (w *walk) executeSlash() *operation {
	victim := w.victim()
	if victim == nil || victim.busy {
		return nil
	}
	sender := w.anyone()
	o := &operation{
		sender: sender, message: &committeev1.MsgExecuteSlash{Sender: w.address(sender), Candidate: victim.id[:]},
		may: []string{"slashing::ENoProposalForNode", "slashing::EWrongEpoch", "slashing::ENotEnoughVotes"},
	}
	return o.lock(&victim.busy)
}

// plan is what nodes vote to upgrade to: far in the future, so that the chain never stops for it.
func (w *walk) plan() committeev1.UpgradePlan {
	return committeev1.UpgradePlan{Name: fmt.Sprintf("plan-%d", w.number/4), Height: 1 << 40}
}

func (w *walk) voteUpgrade() *operation {
	n := w.sound()
	if n == nil {
		return nil
	}
	plan := w.plan()
	digest, err := committeekeeper.UpgradeDigest(&plan)
	if err != nil {
		panic(err) // a bug of ours
	}
	short := w.one(20)
	o := &operation{sender: n.governs, may: []string{"staking_inner::ENotInCommittee", "upgrade::EDuplicateVote"}}
	m := &committeev1.MsgVoteUpgrade{Sender: w.address(n.governs), NodeId: n.id[:], Digest: digest[:]}
	if short {
		m.Digest = digest[:31]
		o.must, o.may = true, append(o.may, "upgrade::EInvalidPackageDigest")
	}
	o.message = m
	return o.lock(&n.busy)
}

func (w *walk) authorizeUpgrade() *operation {
	sender := w.anyone()
	return &operation{
		sender: sender, message: &committeev1.MsgAuthorizeUpgrade{Sender: w.address(sender), Plan: w.plan()},
		may: []string{"upgrade::ENoProposalForDigest", "upgrade::EWrongEpoch", "upgrade::ENotEnoughVotes", "upgrade::EWrongVersion"},
	}
}

func (w *walk) cleanupVotes() *operation {
	sender := w.anyone()
	m := &committeev1.MsgCleanupVotes{Sender: w.address(sender)}
	for range 3 {
		n := w.nodes[w.rng.IntN(len(w.nodes))]
		m.Candidates = append(m.Candidates, n.id[:])
		digest := sha256.Sum256(n.id[:])
		m.Digests = append(m.Digests, digest[:])
	}
	return &operation{sender: sender, message: m}
}

func (w *walk) protocolVersion() *operation {
	n := w.sound()
	if n == nil || len(w.members) == 0 {
		return nil
	}
	message := append(attest.InvalidBlob(w.number, [32]byte{})[:7], make([]byte, 12)...)
	message[0] = byte(attest.TypeProtocolVersion)
	binary.LittleEndian.PutUint32(message[7:], uint32(w.number))
	c, quorum, _ := w.certificate(message)
	o := &operation{sender: n.owner, message: &committeev1.MsgUpdateProtocolVersion{
		Owner: w.address(n.owner), NodeId: n.id[:], Message: c.Message, Signers: c.Signers, Signature: c.Signature,
	}, may: []string{"system_state_inner::ENotCommitteeMember"}}
	if !quorum {
		o.must, o.may = true, append(o.may, "bls_aggregate::ENotEnoughStake")
	}
	return o.lock(&n.busy)
}
