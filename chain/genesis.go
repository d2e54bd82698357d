package chain

import (
	"bytes"
	"crypto/ed25519"
	"encoding/json"
	"errors"
	"fmt"
	"slices"
	"time"

	abci "github.com/cometbft/cometbft/abci/types"
	cmttypes "github.com/cometbft/cometbft/types"
	dbm "github.com/cosmos/cosmos-db"
	"golang.org/x/crypto/blake2b"

	committeev1 "github.com/walrus-go/walrus/api/committee/v1"
	"github.com/walrus-go/walrus/attest"
	"github.com/walrus-go/walrus/bls"
	"github.com/walrus-go/walrus/chain/economy"
	"github.com/walrus-go/walrus/chain/economy/election"
	"github.com/walrus-go/walrus/committee"
	"github.com/walrus-go/walrus/ledger"
)

// ErrGenesis means that a genesis contradicts itself or the rules.
var ErrGenesis = errors.New("chain: invalid genesis")

// Defaults of a genesis, those of the public network where it has one.
const (
	DefaultMaxEpochsAhead = 53
	DefaultStoragePrice   = 100_000            // FROST per MiB and epoch
	DefaultWritePrice     = 20_000             // FROST per MiB
	DefaultCapacity       = 10_000_000_000_000 // encoded bytes
	DefaultEpochDuration  = 24 * time.Hour
	DefaultVotingPeriod   = 48 * time.Hour
	DefaultDowntimeBlocks = 1_000
	// Twice as long as can be paid for: whatever is alive was registered, certified or extended since.
	DefaultLogEpochs = 2 * DefaultMaxEpochsAhead
)

// Limits of blocks. Consensus.
const (
	maxBlockBytes = 4 << 20
	maxTxBytes    = maxBlockBytes / 2
	maxBlockGas   = 100_000_000 // some seconds of checking signatures at worst
)

// GenesisOptions say what a chain begins with. Zero numbers mean the defaults.
type GenesisOptions struct {
	ChainID string
	Time    time.Time // zero means now
	Shards  int       // n; at least the number of nodes

	MaxEpochsAhead uint32
	StoragePrice   uint64
	WritePrice     uint64
	Capacity       uint64
	// EpochDuration is how long epochs last; if negative, they do not change.
	EpochDuration time.Duration
	// DowntimeBlocks is how many blocks in a row a validator may miss before it is set aside.
	DowntimeBlocks uint32
	// VotingPeriod is how long proposals are voted on, at least [MinVotingPeriod]; expedited ones for half of it.
	VotingPeriod time.Duration
	// LogEpochs is for how many epochs the log of events is kept; if negative, for ever.
	LogEpochs int

	Nodes    []GenesisNode
	Accounts []GenesisAccount
}

// A GenesisNode is a storage node of the first committee.
type GenesisNode struct {
	Owner          ledger.Address
	Name           string
	NetworkAddress string // host:port
	NetworkKey     committee.NetworkKey
	Key            bls.PublicKey
	// Possession is the signature of [PossessionMessage] with the secret of Key.
	Possession bls.Signature
	// Stake in FROST is the owner's, placed in time for the first epoch. It is beside what the owner has as
	// an account. Where stakes are not in proportion to shards, shards move when epochs change.
	Stake          uint64
	CommissionRate uint16 // basis points
	// Votes are the node's; nil stands for the genesis's prices and the node's part of its capacity. A
	// capacity of 0 stands for that part as well.
	Votes    *NodeVotes
	Metadata NodeMetadata
	// Shards are the node's in the first committee; nil in all nodes for an even split. A node without any
	// is registered and waits to be selected.
	Shards []committee.Shard
	// ConsensusKey is the key of the node's validator, nil if it runs none. One node at least must.
	ConsensusKey ed25519.PublicKey
}

// NodeVotes are what a node asks for its space, see spec: control-plane.md sections 1.4 and 1.5.
type NodeVotes struct {
	StoragePrice uint64 `json:"storagePrice,string"` // FROST per MiB and epoch
	WritePrice   uint64 `json:"writePrice,string"`   // FROST per MiB
	Capacity     uint64 `json:"capacity,string"`     // encoded bytes
}

// NodeMetadata is what a node says about itself to people. Each text has at most 1000 bytes.
type NodeMetadata struct {
	ImageURL    string `json:"imageUrl,omitempty"`
	ProjectURL  string `json:"projectUrl,omitempty"`
	Description string `json:"description,omitempty"`
}

// A GenesisAccount is an account with money to begin with. All of them and all stakes together are the
// supply.
type GenesisAccount struct {
	Address ledger.Address `json:"address"`
	Amount  uint64         `json:"amount,string"` // FROST
}

// PossessionMessage is what a node of a genesis signs with its key, to show that it knows the secret.
func PossessionMessage(owner ledger.Address, key bls.PublicKey) []byte {
	registrant, err := attest.Registrant(owner[:])
	if err != nil {
		panic("chain: " + err.Error()) // a bug of ours: addresses have 20 bytes
	}
	return attest.Possession(0, registrant, key)
}

// NodeIDOf is the identity of a genesis node with the given key.
func NodeIDOf(key bls.PublicKey) committee.NodeID {
	return blake2b.Sum256(append([]byte("walrus genesis node"), key.Bytes()...))
}

// Genesis is what all replicas of a chain begin with. It is immutable.
//
// The genesis of an exported chain comes in two parts: the document, which is small, and the records of what
// users have, of which the document has the hash. The consensus engine keeps the document, the records are
// only read to begin the chain.
type Genesis struct {
	doc     *cmttypes.GenesisDoc
	records source // nil if there are none
}

// ChainID names the chain, which is part of what every transaction signs.
func (g *Genesis) ChainID() string { return g.doc.ChainID }

// InitChain is the request with which a chain begins, for drivers of [App] other than [Node]. The records
// come to the application by [AppOptions.Genesis].
func (g *Genesis) InitChain() *abci.RequestInitChain {
	params := g.doc.ConsensusParams.ToProto()
	return &abci.RequestInitChain{
		Time: g.doc.GenesisTime, ChainId: g.doc.ChainID, ConsensusParams: &params,
		AppStateBytes: g.doc.AppState, InitialHeight: g.doc.InitialHeight,
	}
}

// NewGenesis builds and checks a genesis. Errors: [ErrGenesis].
func NewGenesis(opts GenesisOptions) (*Genesis, error) {
	opts = opts.withDefaults()
	app, err := NewApp(dbm.NewMemDB(), AppOptions{ChainID: opts.ChainID})
	if err != nil {
		return nil, err
	}
	defer app.Close()
	committees, err := committeeGenesis(opts)
	if err != nil {
		return nil, err
	}
	state := app.basics.DefaultGenesis(app.codec)
	if err := app.putGenesis(state, opts, committees); err != nil {
		return nil, err
	}
	return newGenesis(app, opts, state)
}

func newGenesis(app *App, opts GenesisOptions, state map[string]json.RawMessage) (*Genesis, error) {
	if err := app.basics.ValidateGenesis(app.codec, app.tx, state); err != nil {
		return nil, fmt.Errorf("%w: %w", ErrGenesis, err)
	}
	raw, err := json.Marshal(state)
	if err != nil {
		return nil, fmt.Errorf("%w: %w", ErrGenesis, err)
	}
	params := cmttypes.DefaultConsensusParams()
	params.Block = cmttypes.BlockParams{MaxBytes: maxBlockBytes, MaxGas: maxBlockGas}
	params.Evidence.MaxBytes = maxBlockBytes / 4
	doc := &cmttypes.GenesisDoc{
		ChainID: opts.ChainID, GenesisTime: opts.Time, ConsensusParams: params, AppState: raw,
	}
	if err := doc.ValidateAndComplete(); err != nil {
		return nil, fmt.Errorf("%w: %w", ErrGenesis, err)
	}
	return &Genesis{doc: doc}, nil
}

func (o GenesisOptions) withDefaults() GenesisOptions {
	if o.Time.IsZero() {
		o.Time = time.Now()
	}
	o.Time = o.Time.UTC().Truncate(time.Millisecond)
	setDefault(&o.MaxEpochsAhead, DefaultMaxEpochsAhead)
	setDefault(&o.StoragePrice, DefaultStoragePrice)
	setDefault(&o.WritePrice, DefaultWritePrice)
	setDefault(&o.Capacity, DefaultCapacity)
	setDefault(&o.EpochDuration, DefaultEpochDuration)
	setDefault(&o.DowntimeBlocks, DefaultDowntimeBlocks)
	setDefault(&o.VotingPeriod, DefaultVotingPeriod)
	setDefault(&o.LogEpochs, DefaultLogEpochs)
	return o
}

func setDefault[T comparable](v *T, otherwise T) {
	var zero T
	if *v == zero {
		*v = otherwise
	}
}

// committeeGenesis registers the nodes and makes them the committee of epoch 1.
func committeeGenesis(opts GenesisOptions) (*committeev1.GenesisState, error) {
	if opts.Shards < len(opts.Nodes) || opts.Shards > 1<<16-1 || len(opts.Nodes) == 0 {
		return nil, fmt.Errorf("%w: %d shards for %d nodes", ErrGenesis, opts.Shards, len(opts.Nodes))
	}
	shards, err := divide(opts.Nodes, opts.Shards)
	if err != nil {
		return nil, err
	}
	started := uint64(opts.Time.UnixMilli())
	g := &committeev1.GenesisState{
		Params: committeev1.Params{
			NShards:         uint32(opts.Shards),
			EpochDurationMs: uint64(max(opts.EpochDuration, 0).Milliseconds()),
			MaxActiveNodes:  maxActiveNodes(opts),
			MinStake:        ledger.FrostPerWAL,
			DowntimeBlocks:  opts.DowntimeBlocks,
		},
		Epoch: committeev1.Epoch{
			Number: firstEpoch, Phase: committeev1.EPOCH_PHASE_CHANGE_DONE, DoneMs: started, StartedMs: started,
		},
		Version: 1,
	}
	first := committeev1.Committee{Epoch: firstEpoch, NShards: uint32(opts.Shards)}
	for i := range opts.Nodes {
		node := opts.Nodes[i].record(&opts, len(shards[i]))
		g.Nodes = append(g.Nodes, node)
		if len(shards[i]) == 0 {
			continue
		}
		first.Members = append(first.Members, committeev1.Member{
			NodeId: node.Id, BlsPublicKey: node.BlsPublicKey, Shards: shards[i],
			Stake: opts.Nodes[i].Stake, ConsensusPublicKey: node.ConsensusPublicKey,
		})
	}
	slices.SortFunc(g.Nodes, func(a, b committeev1.Node) int { return bytes.Compare(a.Id, b.Id) })
	slices.SortFunc(first.Members, func(a, b committeev1.Member) int { return bytes.Compare(a.NodeId, b.NodeId) })
	g.Committees = []committeev1.Committee{first}
	return g, putStakes(g, opts.Nodes)
}

// maxActiveNodes is the size of the active set: the usual one or, where there are too few shards for the cap
// that begins with twenty nodes, one below that.
func maxActiveNodes(opts GenesisOptions) uint32 {
	if size := max(economy.MaxActiveSet, len(opts.Nodes)); election.Selectable(uint16(opts.Shards), size) {
		return uint32(size)
	}
	return uint32(max(election.MaxUncapped, len(opts.Nodes)))
}

// record is the node with the given number of shards.
func (n *GenesisNode) record(opts *GenesisOptions, shards int) committeev1.Node {
	id := NodeIDOf(n.Key)
	votes := committeev1.Votes{StoragePrice: opts.StoragePrice, WritePrice: opts.WritePrice}
	if n.Votes != nil {
		votes = committeev1.Votes{StoragePrice: n.Votes.StoragePrice, WritePrice: n.Votes.WritePrice, Capacity: n.Votes.Capacity}
	}
	if votes.Capacity == 0 {
		votes.Capacity = part(opts.Capacity, shards, opts.Shards)
	}
	return committeev1.Node{
		Id:               id[:],
		Owner:            n.Owner[:],
		Name:             n.Name,
		NetworkAddress:   n.NetworkAddress,
		NetworkPublicKey: n.NetworkKey[:],
		BlsPublicKey:     n.Key.Bytes(),
		Possession:       committeev1.Possession{Sender: n.Owner[:], Signature: n.Possession.Bytes()},
		Votes:            votes,
		Metadata: committeev1.Metadata{
			ImageUrl: n.Metadata.ImageURL, ProjectUrl: n.Metadata.ProjectURL, Description: n.Metadata.Description,
		},
		CommissionReceiver:   n.Owner[:],
		GovernanceAuthorized: n.Owner[:],
		ConsensusPublicKey:   n.ConsensusKey,
	}
}

// divide returns each node's shards: those it lists, or an even split in the order given, the first nodes
// getting one more where it does not come out even.
func divide(nodes []GenesisNode, n int) ([][]uint32, error) {
	out := make([][]uint32, len(nodes))
	listed := 0
	for i, node := range nodes {
		for _, s := range node.Shards {
			out[i] = append(out[i], uint32(s))
		}
		listed += len(node.Shards)
	}
	if listed > 0 {
		return out, nil
	}
	next := uint32(0)
	for i := range nodes {
		count := n / len(nodes)
		if i < n%len(nodes) {
			count++
		}
		for range count {
			out[i] = append(out[i], next)
			next++
		}
	}
	return out, nil
}
