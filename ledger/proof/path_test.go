package proof

import (
	"context"
	"crypto/sha256"
	"errors"
	"fmt"
	"slices"
	"testing"
	"time"

	"github.com/cometbft/cometbft/crypto/ed25519"
	"github.com/cometbft/cometbft/light/provider"
	cmtproto "github.com/cometbft/cometbft/proto/tendermint/types"
	cmtversion "github.com/cometbft/cometbft/proto/tendermint/version"
	cmttypes "github.com/cometbft/cometbft/types"

	"github.com/walrus-go/walrus/ledger"
)

// A history is the headers of a chain without an application. It has one block a minute and one validator
// more and one less with each, four at a time.
type history struct {
	name string
	list []*cmttypes.LightBlock // from height 1 on
}

var began = time.Date(2025, 1, 1, 0, 0, 0, 0, time.UTC)

const validators = 4

func keysOf(name string, height int64) (out []ed25519.PrivKey) {
	for i := range int64(validators) {
		out = append(out, ed25519.GenPrivKeyFromSecret(fmt.Appendf(nil, "%s %d", name, height+i)))
	}
	return out
}

func setOf(keys []ed25519.PrivKey) *cmttypes.ValidatorSet {
	list := make([]*cmttypes.Validator, len(keys))
	for i, k := range keys {
		list[i] = cmttypes.NewValidator(k.PubKey(), 10)
	}
	return cmttypes.NewValidatorSet(list)
}

func newHistory(t *testing.T, name string, heights int64) *history {
	t.Helper()
	h := &history{name: name}
	for height := int64(1); height <= heights; height++ {
		h.list = append(h.list, h.sign(t, height, keysOf(name, height), keysOf(name, height+1), validators))
	}
	return h
}

// sign makes a block of the given validators that some of them have signed.
func (h *history) sign(t *testing.T, height int64, keys, next []ed25519.PrivKey, signers int) *cmttypes.LightBlock {
	t.Helper()
	set, some := setOf(keys), sha256.Sum256([]byte(h.name))
	header := &cmttypes.Header{
		Version: cmtversion.Consensus{Block: 11}, ChainID: "walrus-history", Height: height,
		Time:           began.Add(time.Duration(height) * time.Minute),
		ValidatorsHash: set.Hash(), NextValidatorsHash: setOf(next).Hash(), ProposerAddress: set.Validators[0].Address,
		AppHash: some[:], ConsensusHash: some[:], DataHash: some[:], LastCommitHash: some[:], LastResultsHash: some[:], EvidenceHash: some[:],
		LastBlockID: cmttypes.BlockID{Hash: some[:], PartSetHeader: cmttypes.PartSetHeader{Total: 1, Hash: some[:]}},
	}
	commit := &cmttypes.Commit{
		Height: height, Signatures: make([]cmttypes.CommitSig, set.Size()),
		BlockID: cmttypes.BlockID{Hash: header.Hash(), PartSetHeader: cmttypes.PartSetHeader{Total: 1, Hash: some[:]}},
	}
	for i := range commit.Signatures {
		commit.Signatures[i] = cmttypes.NewCommitSigAbsent()
	}
	for _, k := range keys[:signers] {
		i, v := set.GetByAddress(k.PubKey().Address())
		vote := &cmttypes.Vote{
			Type: cmtproto.PrecommitType, Height: height, BlockID: commit.BlockID, Timestamp: header.Time,
			ValidatorAddress: v.Address, ValidatorIndex: i,
		}
		var err error
		if vote.Signature, err = k.Sign(cmttypes.VoteSignBytes(header.ChainID, vote.ToProto())); err != nil {
			t.Fatal(err)
		}
		commit.Signatures[i] = vote.CommitSig()
	}
	return &cmttypes.LightBlock{SignedHeader: &cmttypes.SignedHeader{Header: header, Commit: commit}, ValidatorSet: set}
}

func (h *history) at(height int64) *cmttypes.LightBlock { return h.list[height-1] }

// ChainID, LightBlock and ReportEvidence make a history a [provider.Provider].
func (h *history) ChainID() string { return "walrus-history" }

func (h *history) LightBlock(_ context.Context, height int64) (*cmttypes.LightBlock, error) {
	if height < 1 || height > int64(len(h.list)) {
		return nil, provider.ErrHeightTooHigh
	}
	return h.at(height), nil
}

func (h *history) ReportEvidence(context.Context, cmttypes.Evidence) error { return nil }

// lead returns a proof without records that goes through the blocks.
func lead(blocks ...*cmttypes.LightBlock) *Certification { return &Certification{blocks: blocks} }

// A validator set that shares less than a third with the trusted one is reached through others.
func TestPathThroughChangingValidators(t *testing.T) {
	t.Parallel()
	h := newHistory(t, "honest", 40)
	s := &Source{blocks: h}
	now := began.Add(time.Hour)
	for _, c := range []struct{ from, to int64 }{{1, 1}, {1, 2}, {1, 3}, {1, 40}, {17, 31}} {
		path, err := s.path(t.Context(), h.at(c.from), h.at(c.to))
		if err != nil {
			t.Errorf("from %d to %d: %v", c.from, c.to, err)
			continue
		}
		if c.to == 40 && len(path) < 10 {
			t.Errorf("from %d to %d: only %d headers, with validators that all change within four", c.from, c.to, len(path))
		}
		header, err := lead(path...).header(Trust{Anchor: anchorOf(h.at(c.from))}, now)
		if err != nil || header.Height != c.to {
			t.Errorf("from %d to %d: got %v, %v", c.from, c.to, header, err)
		}
		if len(path) > 4 {
			path = slices.Delete(slices.Clone(path), 1, len(path)-1)
			if _, err := lead(path...).header(Trust{Anchor: anchorOf(h.at(c.from))}, now); !errors.Is(err, ErrTrust) {
				t.Errorf("from %d to %d without those between: got %v, want %v", c.from, c.to, err, ErrTrust)
			}
		}
	}
	long := newHistory(t, "honest", 2*maxBlocks+validators)
	if _, err := (&Source{blocks: long}).path(t.Context(), long.at(1), long.at(int64(len(long.list)))); err == nil {
		t.Errorf("a way through %d sets of validators fits into %d headers", len(long.list), maxBlocks)
	}
}

// Whoever is not among the validators cannot lead away from the chain, however much they sign.
func TestForgedHeaders(t *testing.T) {
	t.Parallel()
	h, forger := newHistory(t, "honest", 10), newHistory(t, "forger", 10)
	first, next := keysOf("honest", 5), keysOf("honest", 6)
	forgery := &history{name: "forged state"}
	for _, c := range []struct {
		name string
		next *cmttypes.LightBlock
	}{
		{"a next block of other validators", forger.at(6)},
		{"a later block of other validators", forger.at(8)},
		{"a next block that half of its validators signed", forgery.sign(t, 6, next, keysOf("honest", 7), validators/2)},
		{"a later block that half of its validators signed", forgery.sign(t, 8, first, first, validators/2)},
		{"a next block of the same height", forgery.sign(t, 5, first, next, validators)},
		{"an earlier block", h.at(4)},
	} {
		if _, err := lead(h.at(5), c.next).header(Trust{Anchor: anchorOf(h.at(5))}, began.Add(time.Hour)); !errors.Is(err, ErrTrust) {
			t.Errorf("%s: got %v, want %v", c.name, err, ErrTrust)
		}
		s := &Source{blocks: h}
		if _, err := s.path(t.Context(), h.at(5), c.next); c.next.Height > 5 && !errors.Is(err, ledger.ErrUnavailable) {
			t.Errorf("%s, when a proof is made: got %v, want %v", c.name, err, ledger.ErrUnavailable)
		}
	}
	// The same signatures under other validators' hash.
	swapped := *h.at(6)
	swapped.ValidatorSet = forger.at(6).ValidatorSet
	if _, err := lead(h.at(5), &swapped).header(Trust{Anchor: anchorOf(h.at(5))}, began.Add(time.Hour)); !errors.Is(err, ErrTrust) {
		t.Errorf("a block with other validators: got %v, want %v", err, ErrTrust)
	}
}
