package wire

import (
	"encoding/json"
	"fmt"

	"github.com/walrus-go/walrus/bls"
	"github.com/walrus-go/walrus/committee"
)

// StoredOnNode is the data of routes 4 and 7: what a node has of a piece of a blob.
type StoredOnNode uint8

// The answers, from nothing to all.
const (
	Nonexistent StoredOnNode = iota
	Buffered                 // held in memory until the blob is registered
	Stored                   // durable
)

// The words are lower case although one client's types say otherwise; others insist on them.
var storedWords = [...]string{"nonexistent", "buffered", "stored"}

// String returns the word for s.
func (s StoredOnNode) String() string {
	if int(s) < len(storedWords) {
		return storedWords[s]
	}
	return fmt.Sprintf("stored(%d)", uint8(s))
}

// MarshalText implements [encoding.TextMarshaler].
func (s StoredOnNode) MarshalText() ([]byte, error) {
	if int(s) >= len(storedWords) {
		return nil, fmt.Errorf("wire: no word for %v", s)
	}
	return []byte(s.String()), nil
}

// UnmarshalText implements [encoding.TextUnmarshaler].
func (s *StoredOnNode) UnmarshalText(text []byte) error {
	for i, word := range storedWords {
		if word == string(text) {
			*s = StoredOnNode(i)
			return nil
		}
	}
	return fmt.Errorf("wire: %q says nothing of what is stored", text)
}

// Texts of the answers to routes 3 and 6, with the statuses that go with them: 201, 202 and 200.
// Nobody matches them.
const (
	MetadataStored   = "metadata successfully stored"
	MetadataBuffered = "metadata buffered pending registration"
	MetadataPresent  = "metadata already stored"
	SliverStored     = "sliver stored successfully"
	SliverBuffered   = "sliver buffered pending registration"
	SliverPresent    = "sliver already stored"
)

// Confirmation is the data of routes 8 and 9: the bytes of an attest.Confirmation and the node's
// signature. Nothing in it is checked.
type Confirmation struct {
	Signed SignedMessage `json:"signed"`
}

// SignedMessage is a message and a BLS signature over it; both are base64 in JSON.
type SignedMessage struct {
	Message   []byte `json:"serializedMessage"`
	Signature []byte `json:"signature"`
}

// NewConfirmation signs message, which is an attest.Confirmation's.
func NewConfirmation(message []byte, key *bls.PrivateKey) Confirmation {
	return Confirmation{SignedMessage{message, key.Sign(message).Bytes()}}
}

// Health is the data of route 14. Source: spec storage-node.md section 1.8.
type Health struct {
	Uptime       Uptime          `json:"uptime"`
	Epoch        committee.Epoch `json:"epoch"`
	PublicKey    bls.PublicKey   `json:"publicKey"`
	NodeStatus   string          `json:"nodeStatus"` // such as Active or Standby
	Events       EventProgress   `json:"eventProgress"`
	ShardSummary ShardSummary    `json:"shardSummary"`
	ShardDetail  *ShardDetail    `json:"shardDetail,omitempty"`
	// Checkpoint is the height of the chain's block up to which events are handled.
	Checkpoint *uint64 `json:"latestCheckpointSequenceNumber,omitempty"`
}

// Uptime is a duration.
type Uptime struct {
	Secs  uint64 `json:"secs"`
	Nanos uint32 `json:"nanos"`
}

// EventProgress says how far a node has followed the chain's log.
type EventProgress struct {
	Persisted       uint64  `json:"persisted"` // events handled for good; where the node goes on
	Pending         uint64  `json:"pending"`   // events begun and not finished
	HighestFinished *uint64 `json:"highestFinishedEventIndex"`
}

// ShardSummary counts a node's shards by state.
type ShardSummary struct {
	Owned    int         `json:"owned"`
	ByStatus ShardCounts `json:"ownedShardStatus"`
	ReadOnly int         `json:"readOnly"`
}

// ShardCounts counts owned shards.
type ShardCounts struct {
	Unknown    int `json:"unknown"`
	Ready      int `json:"ready"`
	InTransfer int `json:"inTransfer"`
	InRecovery int `json:"inRecovery"`
}

// ShardDetail lists a node's shards.
type ShardDetail struct {
	Owned []ShardHealth `json:"owned"`
	Other []ShardHealth `json:"other"`
}

// ShardHealth is the state of one shard: unknown, ready, inTransfer, inRecovery or readOnly.
type ShardHealth struct {
	Shard  committee.Shard `json:"shard"`
	Status string          `json:"status"`
}

// UnmarshalJSON makes a stranger's words fit for a terminal.
func (h *Health) UnmarshalJSON(raw []byte) error {
	type plain Health
	if err := json.Unmarshal(raw, (*plain)(h)); err != nil {
		return err
	}
	h.NodeStatus = printable(h.NodeStatus)
	return nil
}

// UnmarshalJSON makes a stranger's words fit for a terminal.
func (s *ShardHealth) UnmarshalJSON(raw []byte) error {
	type plain ShardHealth
	if err := json.Unmarshal(raw, (*plain)(s)); err != nil {
		return err
	}
	s.Status = printable(s.Status)
	return nil
}

// MarshalJSON keeps both lists arrays, never null, which some readers insist on.
func (d ShardDetail) MarshalJSON() ([]byte, error) {
	type plain ShardDetail
	p := plain(d)
	if p.Owned == nil {
		p.Owned = []ShardHealth{}
	}
	if p.Other == nil {
		p.Other = []ShardHealth{}
	}
	return json.Marshal(p)
}
