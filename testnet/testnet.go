// Package testnet runs a whole Walrus network in one process: a chain of one validator or several, storage
// nodes, a faucet and a wallet with WAL in it, under one directory and on the loopback interface.
//
// The idea: nothing here is a mock. It is the code of the production network, real blocks, real HTTP,
// a real database for each node, started by hand in one place. So a test can stop a node, or let one
// lie, and what it learns holds elsewhere; and a newcomer can look at a network from all sides.
//
// Everything a network is lives in its directory. [Open] makes one or takes up the one that is there,
// with every blob that was stored in it; [Network.Close] stops it. Tests begin with [Start].
package testnet

import (
	"errors"
	"fmt"
	"log/slog"
	"net/http"
	"time"

	"github.com/walrus-go/walrus/chain"
	"github.com/walrus-go/walrus/redstuff"
)

// Errors that callers decide on.
var (
	// ErrForeign means that a directory holds something else than a network.
	ErrForeign = errors.New("testnet: directory is not a network's")
	// ErrInUse means that another process runs the network of a directory.
	ErrInUse = errors.New("testnet: directory in use")
	// ErrDiffers means that the directory's network is not what the options ask for.
	ErrDiffers = errors.New("testnet: network of this directory is another one")
	// ErrOptions means that there cannot be such a network.
	ErrOptions = errors.New("testnet: invalid options")
	// ErrPort means that a port the network needs is taken.
	ErrPort = errors.New("testnet: port taken")
	// ErrStopped means that a node or a validator does not run.
	ErrStopped = errors.New("testnet: does not run")
)

// Options say what network to make. Zero values stand for defaults, or, where the directory holds a
// network, for what that one is.
type Options struct {
	// Dir is the directory that holds everything. It is made if need be, and must be empty or a
	// network's.
	Dir string
	// Nodes is the number of storage nodes, 10 by default.
	Nodes int
	// Shards is n, the number of parts that every blob is cut into; 100 by default.
	Shards int
	// Shares is how many shards each node has; Nodes and Shards follow from it. By default all have the
	// same, but for a remainder that goes to the first ones.
	Shares []int
	// Validators is how many of the nodes, the first ones, have a validator of the chain, 1 by default. A
	// validator's power is its node's shards; the chain goes on while less than a third of it is gone.
	Validators int
	// EpochDuration is the length of an epoch, one day by default.
	EpochDuration time.Duration
	// VotingPeriod is how long governance votes on a proposal, [chain.DefaultVotingPeriod] by default.
	VotingPeriod time.Duration
	// BlockTime is the time between blocks, [DefaultBlockTime] by default. It is not remembered.
	BlockTime time.Duration
	// BasePort is the first of the ports to use; 0 takes any that are free. They are remembered.
	BasePort int
	// External nodes, the last so many, are left out: their configurations are written, and
	// "walrus node run" starts each in a process of its own. Not remembered.
	External int
	// Wrap, if set, stands between node i and the network. It is for making nodes lie.
	Wrap func(i int, h http.Handler) http.Handler
	// Logger hears what happens; nobody by default.
	Logger *slog.Logger
}

// Defaults of a new network.
const (
	DefaultNodes         = 10
	DefaultShards        = 100
	DefaultEpochDuration = 24 * time.Hour
	// DefaultBlockTime is short enough that nobody waits for a block, and long enough that an idle
	// network costs little.
	DefaultBlockTime = 100 * time.Millisecond
	// idleBlockTime is how often a block is made when there is nothing to put in it. Epochs move with
	// blocks, so it is no longer than the shortest epoch.
	idleBlockTime = 500 * time.Millisecond
)

// Bounds of a network in one process: each node takes some MB and a few files, each validator executes
// every block.
const (
	maxNodes      = 100
	maxValidators = 7
)

// withDefaults fills in what a new network needs, and checks it.
func (o Options) withDefaults() (Options, error) {
	if len(o.Shares) > 0 {
		o.Nodes = max(o.Nodes, len(o.Shares))
		if o.Shards == 0 {
			o.Shards = sum(o.Shares)
		}
	}
	if o.Nodes == 0 {
		o.Nodes = DefaultNodes
	}
	if o.Shards == 0 {
		o.Shards = DefaultShards
	}
	if o.Validators == 0 {
		o.Validators = 1
	}
	if o.EpochDuration == 0 {
		o.EpochDuration = DefaultEpochDuration
	}
	if o.VotingPeriod == 0 {
		o.VotingPeriod = chain.DefaultVotingPeriod
	}
	if o.Nodes < 1 || o.Nodes > maxNodes {
		return o, fmt.Errorf("%w: %d nodes, want 1 to %d", ErrOptions, o.Nodes, maxNodes)
	}
	if err := checkValidators(o.Validators, o.Nodes); err != nil {
		return o, err
	}
	if o.Shards < max(o.Nodes, redstuff.MinShards) || o.Shards > 1000 {
		return o, fmt.Errorf("%w: %d shards for %d nodes, want %d to 1000", ErrOptions, o.Shards, o.Nodes, max(o.Nodes, redstuff.MinShards))
	}
	if o.EpochDuration < time.Second {
		return o, fmt.Errorf("%w: epochs of %v, want at least 1s", ErrOptions, o.EpochDuration)
	}
	if o.VotingPeriod < chain.MinVotingPeriod {
		return o, fmt.Errorf("%w: votes of %v, want at least %v", ErrOptions, o.VotingPeriod, chain.MinVotingPeriod)
	}
	if o.External < 0 || o.External > o.Nodes {
		return o, fmt.Errorf("%w: %d of %d nodes outside", ErrOptions, o.External, o.Nodes)
	}
	if len(o.Shares) == 0 {
		o.Shares = equalShares(o.Nodes, o.Shards)
	}
	return o, checkShares(o.Shares, o.Nodes, o.Shards)
}

// equalShares splits shards over nodes, the remainder to the first ones.
func equalShares(nodes, shards int) []int {
	shares := make([]int, nodes)
	for i := range shares {
		shares[i] = shards / nodes
		if i < shards%nodes {
			shares[i]++
		}
	}
	return shares
}

// checkValidators refuses numbers of validators that a network of so many nodes cannot have.
func checkValidators(validators, nodes int) error {
	if most := min(nodes, maxValidators); validators < 1 || validators > most {
		return fmt.Errorf("%w: %d validators for %d nodes, want 1 to %d", ErrOptions, validators, nodes, most)
	}
	return nil
}

func checkShares(shares []int, nodes, shards int) error {
	for i, s := range shares {
		if s < 1 {
			return fmt.Errorf("%w: node %d has %d shards", ErrOptions, i, s)
		}
	}
	if len(shares) != nodes || sum(shares) != shards {
		return fmt.Errorf("%w: %d shares of %d shards for %d nodes and %d shards", ErrOptions, len(shares), sum(shares), nodes, shards)
	}
	return nil
}

func sum(numbers []int) int {
	total := 0
	for _, n := range numbers {
		total += n
	}
	return total
}
