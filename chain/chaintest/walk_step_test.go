package chaintest_test

import (
	"github.com/cosmos/gogoproto/proto"

	blobv1 "github.com/walrus-go/walrus/api/blob/v1"
	committeev1 "github.com/walrus-go/walrus/api/committee/v1"
)

// walkSteps are the kinds of operations and how often they are tried, among each other. A function returns
// nil if there is nothing to do it with.
var walkSteps = []struct {
	weight int
	make   func(*walk) *operation
}{
	{14, (*walk).stake},
	{6, (*walk).requestWithdraw},
	{10, (*walk).withdraw},
	{4, (*walk).splitStake},
	{4, (*walk).joinStake},
	{3, (*walk).transferStake},

	{3, (*walk).reserve},
	{2, (*walk).reserveForEpochs},
	{2, (*walk).splitByEpoch},
	{2, (*walk).splitBySize},
	{3, (*walk).fuse},
	{1, (*walk).destroyStorage},
	{2, (*walk).transferObject},
	{8, (*walk).registerBlobs},
	{3, (*walk).registerInResource},
	{4, (*walk).certify},
	{2, (*walk).deleteBlob},
	{3, (*walk).burnBlob},
	{2, (*walk).extendBlob},
	{2, (*walk).extendWithResource},
	{2, (*walk).setAttributes},
	{1, (*walk).invalidate},

	{2, (*walk).shareBlob},
	{2, (*walk).fundShared},
	{2, (*walk).extendShared},
	{1, (*walk).intrudeShared},
	{2, (*walk).createPool},
	{2, (*walk).createPoolWith},
	{2, (*walk).createBucket},
	{6, (*walk).registerPooled},
	{5, (*walk).certifyPooled},
	{3, (*walk).deletePooled},
	{2, (*walk).burnPooled},
	{2, (*walk).extendPool},
	{2, (*walk).growPool},
	{2, (*walk).growPoolWith},
	{2, (*walk).shrinkPool},
	{2, (*walk).destroyPool},
	{2, (*walk).transferPool},
	{2, (*walk).setPooledAttributes},
	{1, (*walk).intrudePool},

	{1, (*walk).addSubsidy},
	{1, (*walk).addPerEpoch},
	{2, (*walk).fundSubsidies},
	{2, (*walk).processSubsidies},
	{1, (*walk).attestEvents},
	{1, (*walk).announceDenyList},
	{2, (*walk).updateDenyList},
	{1, (*walk).deleteDenied},

	{2, (*walk).registerNode},
	{2, (*walk).updateNode},
	{4, (*walk).setVotes},
	{2, (*walk).setCommission},
	{3, (*walk).collectCommission},
	{2, (*walk).addCommission},
	{2, (*walk).joinActiveSet},
	{1, (*walk).setNextKey},
	{2, (*walk).setConsensusKey},
	{2, (*walk).resumeValidator},
	{1, (*walk).transferNode},
	{1, (*walk).setReceiver},
	{1, (*walk).setGovernor},

	{4, (*walk).voteSlash},
	{1, (*walk).executeSlash},
	{2, (*walk).voteUpgrade},
	{1, (*walk).authorizeUpgrade},
	{1, (*walk).cleanupVotes},
	{1, (*walk).protocolVersion},

	{2, (*walk).intrude},
}

// step makes up a random operation.
func (w *walk) step() *operation {
	all := 0
	for _, s := range walkSteps {
		all += s.weight
	}
	at := w.rng.IntN(all)
	for _, s := range walkSteps {
		if at -= s.weight; at < 0 {
			return s.make(w)
		}
	}
	return nil
}

func (w *walk) address(wallet int) string { return w.wallets[wallet].Address().String() }

// anyone is a random wallet, other a random one that is not the given.
func (w *walk) anyone() int { return w.rng.IntN(len(w.wallets)) }

func (w *walk) other(than int) int { return (than + 1 + w.rng.IntN(len(w.wallets)-1)) % len(w.wallets) }

// one tells whether something that happens once in n times happens.
func (w *walk) one(n int) bool { return w.rng.IntN(n) == 0 }

// notOwner is how the chain refuses what only an owner, or governance, may do.
const notOwner = "sdk 4"

// intrude tries what the sender may not do.
func (w *walk) intrude() *operation {
	var m proto.Message
	sender := w.anyone()
	me := w.address(sender)
	node := w.nodes[w.rng.IntN(len(w.nodes))]
	may := []string{notOwner}
	switch w.rng.IntN(8) {
	case 0:
		m = &committeev1.MsgUpdateParams{Authority: me, Params: committeev1.Params{NShards: 1}}
	case 1:
		m = &committeev1.MsgSpendCommunity{Authority: me, Recipient: me, Amount: 1}
	case 2:
		s, found := w.stakes.draw(w.rng, func(s *walkStake) bool { return s.owner != sender && !s.busy })
		if !found {
			return nil
		}
		o := &operation{sender: sender, must: true, may: may, message: &committeev1.MsgWithdraw{Owner: me, StakeId: s.id[:]}}
		return o.lock(&s.busy)
	case 3:
		b, found := w.blobs.draw(w.rng, func(b *walkBlob) bool { return b.owner != sender && !b.busy })
		if !found {
			return nil
		}
		o := &operation{sender: sender, must: true, may: may, message: burnMessage(me, b)}
		return o.lock(&b.busy)
	case 4:
		m, may = &blobv1.MsgSetSubsidies{Authority: me, Rate: 1}, []string{"walrus_subsidies::EUnauthorizedAdminCap"}
	default:
		if node.owner == sender || node.broken != nil || node.busy {
			return nil
		}
		m = []proto.Message{
			&committeev1.MsgSetVotes{Owner: me, NodeId: node.id[:]},
			&committeev1.MsgSyncDone{Owner: me, NodeId: node.id[:], Epoch: uint32(w.number)},
		}[w.rng.IntN(2)]
		return (&operation{sender: sender, must: true, may: may, message: m}).lock(&node.busy)
	}
	return &operation{sender: sender, must: true, may: may, message: m}
}
