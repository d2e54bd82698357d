package chaintest

import (
	"crypto/ed25519"
	"fmt"

	abci "github.com/cometbft/cometbft/abci/types"
	cmtproto "github.com/cometbft/cometbft/proto/tendermint/types"
	cmttypes "github.com/cometbft/cometbft/types"
)

// engine is what the consensus engine would know of validators: whose turn it is at which height, and who
// signs. It refuses updates that the engine would refuse.
type engine struct {
	last, now, next *cmttypes.ValidatorSet // of the block before, of this one and of the one after
	absent          map[string]bool        // by address
	accused         []string
}

func newEngine(first []abci.ValidatorUpdate) (*engine, error) {
	list, err := cmttypes.PB2TM.ValidatorUpdates(first)
	if err != nil {
		return nil, fmt.Errorf("chaintest: validators: %w", err)
	}
	set := cmttypes.NewValidatorSet(list)
	return &engine{now: set, next: set.Copy(), absent: map[string]bool{}}, nil
}

// prepare adds to a block who signed the one before it, and what is proved against whom.
func (e *engine) prepare(req *abci.RequestFinalizeBlock) error {
	if e.last != nil {
		for _, v := range e.last.Validators {
			flag := cmtproto.BlockIDFlagCommit
			if e.absent[string(v.Address)] {
				flag = cmtproto.BlockIDFlagAbsent
			}
			req.DecidedLastCommit.Votes = append(req.DecidedLastCommit.Votes, abci.VoteInfo{
				Validator: abci.Validator{Address: v.Address, Power: v.VotingPower}, BlockIdFlag: flag,
			})
		}
	}
	for _, address := range e.accused {
		req.Misbehavior = append(req.Misbehavior, abci.Misbehavior{
			Type: abci.MisbehaviorType_DUPLICATE_VOTE, Validator: abci.Validator{Address: []byte(address), Power: 1},
			Height: req.Height - 1, Time: req.Time, TotalVotingPower: e.now.TotalVotingPower(),
		})
	}
	e.accused = nil
	var online int64
	for _, v := range e.now.Validators {
		if !e.absent[string(v.Address)] {
			online += v.VotingPower
		}
	}
	if all := e.now.TotalVotingPower(); 3*online <= 2*all {
		return fmt.Errorf("chaintest: block %d: only %d of a power of %d is there, the chain stands still", req.Height, online, all)
	}
	return nil
}

// finish takes over the updates of a block; they hold from the block after the next on.
func (e *engine) finish(updates []abci.ValidatorUpdate) error {
	list, err := cmttypes.PB2TM.ValidatorUpdates(updates)
	if err != nil {
		return fmt.Errorf("chaintest: validators: %w", err)
	}
	after := e.next.Copy()
	if err := after.UpdateWithChangeSet(list); err != nil {
		return fmt.Errorf("chaintest: validators: %w", err)
	}
	e.last, e.now, e.next = e.now, e.next, after
	return nil
}

// SetAbsent makes a validator stop signing, or sign again.
func (c *Chain) SetAbsent(key ed25519.PublicKey, absent bool) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.engine.absent[addressOf(key)] = absent
}

// Accuse puts evidence that a validator signed twice into the next block.
func (c *Chain) Accuse(key ed25519.PublicKey) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.engine.accused = append(c.engine.accused, addressOf(key))
}

// Power returns the power of a validator, as the engine was told with the last block.
func (c *Chain) Power(key ed25519.PublicKey) int64 {
	c.mu.Lock()
	defer c.mu.Unlock()
	if _, v := c.engine.next.GetByAddress([]byte(addressOf(key))); v != nil {
		return v.VotingPower
	}
	return 0
}

// TotalPower returns the power of all validators, as the engine was told with the last block.
func (c *Chain) TotalPower() int64 {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.engine.next.TotalVotingPower()
}

func addressOf(key ed25519.PublicKey) string {
	list, err := cmttypes.PB2TM.ValidatorUpdates([]abci.ValidatorUpdate{abci.Ed25519ValidatorUpdate(key, 1)})
	if err != nil {
		panic(err) // a bug of the test: not a key
	}
	return string(list[0].Address)
}
