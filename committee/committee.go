// Package committee has the nouns of membership: epochs, shards, the storage nodes that own them,
// and the thresholds that make answers of some nodes as good as answers of all.
//
// The idea: n shards are split over the members of an epoch's committee, and a member weighs as many
// votes as it has shards. At most f = ⌊(n-1)/3⌋ shards may be in faulty hands. So f+1 shards that
// say the same include an honest one ([Committee.Validity]), and 2f+1 of n = 3f+1 outlast every f
// that fail ([Committee.Quorum]).
//
// Start with [New]. Source: spec control-plane.md sections 0.2 and 4.1.
package committee

import (
	"bytes"
	"encoding/hex"
	"errors"
	"fmt"
	"math"

	"github.com/walrus-go/walrus/bls"
)

// Epoch numbers a period with one committee and one set of prices. An end epoch is exclusive
// everywhere.
type Epoch uint32

// Shard numbers one of the n parts of the network's storage, in [0, n).
type Shard uint16

// NodeID identifies a storage node for its whole life.
type NodeID [32]byte

// String returns 0x and 64 hex digits.
func (id NodeID) String() string { return "0x" + hex.EncodeToString(id[:]) }

// MarshalText implements [encoding.TextMarshaler] with the form of [NodeID.String].
func (id NodeID) MarshalText() ([]byte, error) { return []byte(id.String()), nil }

// UnmarshalText implements [encoding.TextUnmarshaler].
func (id *NodeID) UnmarshalText(text []byte) error {
	if len(text) != 2+2*len(id) || text[0] != '0' || text[1] != 'x' {
		return fmt.Errorf("%w: node id %q: want 0x and %d hex digits", ErrInvalid, text, 2*len(id))
	}
	if _, err := hex.Decode(id[:], text[2:]); err != nil {
		return fmt.Errorf("%w: node id %q: %w", ErrInvalid, text, err)
	}
	return nil
}

// NetworkKey is a node's TLS key: a compressed P-256 point of 33 bytes. It says who answers at an
// address; what a node vouches for is signed with its BLS key.
type NetworkKey [33]byte

// Member is one storage node in a committee.
type Member struct {
	ID         NodeID
	Name       string
	Address    string // host:port of the node's API
	Key        bls.PublicKey
	NetworkKey NetworkKey
	Stake      uint64  // FROST
	Shards     []Shard // never empty; the order is the chain's and means nothing
}

// Weight is the member's number of shards.
func (m *Member) Weight() int { return len(m.Shards) }

// maxShards is how many shards the type Shard can number.
const maxShards = math.MaxUint16 + 1

// ErrInvalid means that bytes or figures do not describe a committee.
var ErrInvalid = errors.New("committee: invalid")

// Committee is the membership of one epoch. It is immutable and safe for concurrent use.
type Committee struct {
	epoch   Epoch
	members []Member
	owner   []int // shard to position in members
}

// New makes a committee of the given members, in the chain's order, which is ascending by ID and
// numbers the bits of a certificate's signer bitmap. shards is n. Every shard must have exactly one
// owner and every member at least one shard; members is kept, not copied.
//
// Errors: [ErrInvalid].
func New(epoch Epoch, shards int, members []Member) (*Committee, error) {
	if shards < 0 || shards > maxShards {
		return nil, fmt.Errorf("%w: %d shards", ErrInvalid, shards)
	}
	c := &Committee{epoch: epoch, members: members, owner: make([]int, shards)}
	for i := range c.owner {
		c.owner[i] = -1
	}
	owned := 0
	for i := range members {
		m := &members[i]
		if i > 0 && bytes.Compare(members[i-1].ID[:], m.ID[:]) >= 0 {
			return nil, fmt.Errorf("%w: node %v out of order", ErrInvalid, m.ID)
		}
		if len(m.Shards) == 0 {
			return nil, fmt.Errorf("%w: node %v has no shard", ErrInvalid, m.ID)
		}
		for _, s := range m.Shards {
			if int(s) >= shards {
				return nil, fmt.Errorf("%w: node %v has shard %d of %d", ErrInvalid, m.ID, s, shards)
			}
			if c.owner[s] >= 0 {
				return nil, fmt.Errorf("%w: shard %d has two owners", ErrInvalid, s)
			}
			c.owner[s] = i
			owned++
		}
	}
	if owned != shards {
		return nil, fmt.Errorf("%w: %d of %d shards have no owner", ErrInvalid, shards-owned, shards)
	}
	return c, nil
}

// Epoch returns the epoch the committee serves.
func (c *Committee) Epoch() Epoch { return c.epoch }

// Shards returns n.
func (c *Committee) Shards() int { return len(c.owner) }

// Members returns the members in the chain's order. The slice must not be changed.
func (c *Committee) Members() []Member { return c.members }

// Member returns the node of the given position in [0, len(Members())).
func (c *Committee) Member(i int) *Member { return &c.members[i] }

// Owner returns the position of the member that owns shard s, which must be below n.
func (c *Committee) Owner(s Shard) int { return c.owner[s] }

// Find returns the position of the node with the given ID.
func (c *Committee) Find(id NodeID) (int, bool) {
	for i := range c.members {
		if c.members[i].ID == id {
			return i, true
		}
	}
	return 0, false
}

// Faulty returns f, the number of shards that may be in faulty hands.
func (c *Committee) Faulty() int { return Faulty(c.Shards()) }

// Quorum returns the least weight w with 3w >= 2n+1: enough for a certificate of storage.
func (c *Committee) Quorum() int { return Quorum(c.Shards()) }

// Validity returns the least weight w with 3w >= n+1: enough to include one honest node.
func (c *Committee) Validity() int { return Validity(c.Shards()) }

// Correct returns n-f, the weight that honest nodes have at least. A reader or writer can count on
// that many shards to answer, and must not wait for more.
func (c *Committee) Correct() int { return c.Shards() - c.Faulty() }

// Faulty returns f = ⌊(n-1)/3⌋ for n shards, n >= 1.
func Faulty(n int) int { return (n - 1) / 3 }

// Quorum returns ⌊2n/3⌋+1.
func Quorum(n int) int { return 2*n/3 + 1 }

// Validity returns ⌊n/3⌋+1.
func Validity(n int) int { return n/3 + 1 }
