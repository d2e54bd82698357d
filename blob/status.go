package blob

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"strconv"

	"github.com/mr-tron/base58"

	"github.com/walrus-go/walrus/committee"
)

// EventRef names an event on chain: the hash of its transaction and its number among the
// transaction's events.
type EventRef struct {
	Tx  [32]byte
	Seq uint64
}

type eventRefJSON struct {
	TxDigest string `json:"txDigest"`
	EventSeq string `json:"eventSeq"`
}

// MarshalJSON implements [json.Marshaler]: the hash in base58, the number as a decimal string (spec
// storage-node.md section 0.3).
func (e EventRef) MarshalJSON() ([]byte, error) {
	return json.Marshal(eventRefJSON{base58.Encode(e.Tx[:]), strconv.FormatUint(e.Seq, 10)})
}

// UnmarshalJSON implements [json.Unmarshaler].
func (e *EventRef) UnmarshalJSON(b []byte) error {
	var j eventRefJSON
	if err := json.Unmarshal(b, &j); err != nil {
		return fmt.Errorf("blob: event reference: %w", err)
	}
	const longest = 44 // base58 digits of 32 bytes
	if len(j.TxDigest) > longest {
		return fmt.Errorf("blob: event reference: digest of %d characters, want at most %d", len(j.TxDigest), longest)
	}
	tx, err := base58.Decode(j.TxDigest)
	if err != nil || len(tx) != len(e.Tx) {
		return fmt.Errorf("blob: event reference: digest %q is not 32 bytes in base58", j.TxDigest)
	}
	seq, err := strconv.ParseUint(j.EventSeq, 10, 64)
	if err != nil {
		return fmt.Errorf("blob: event reference: %w", err)
	}
	e.Tx, e.Seq = [32]byte(tx), seq
	return nil
}

// StatusKind orders what can be known of a blob ID by how much it says; readers prefer the greater.
type StatusKind uint8

// The kinds of status.
const (
	Nonexistent StatusKind = iota // not registered, or no longer
	Deletable                     // only registrations that their owners may take back
	Permanent                     // kept until a known epoch
	Invalid                       // its slivers were proved not to fit together
)

// DeletableCounts says how many deletable registrations of a blob ID are alive.
type DeletableCounts struct {
	Total     uint64 `json:"count_deletable_total"`
	Certified uint64 `json:"count_deletable_certified"`
}

// Status is what a storage node or the chain knows of a blob ID. Fields that the kind does not use
// are zero. Source: spec storage-node.md sections 1.5 and 4.6.
type Status struct {
	Kind             StatusKind
	End              committee.Epoch  // Permanent: first epoch in which it need not be kept
	Certified        bool             // Permanent
	Event            EventRef         // Permanent, Invalid: the event that made it so
	Counts           DeletableCounts  // Permanent, Deletable
	InitialCertified *committee.Epoch // Permanent, Deletable: nil if never certified
}

// IsCertified tells whether the network answers for the blob in any form.
func (s Status) IsCertified() bool {
	return s.Kind == Permanent && s.Certified || s.Kind == Deletable && s.Counts.Certified > 0
}

// The order of these fields is part of the contract: the TypeScript client compares answers as text.
type permanentJSON struct {
	EndEpoch         committee.Epoch  `json:"endEpoch"`
	IsCertified      bool             `json:"isCertified"`
	StatusEvent      EventRef         `json:"statusEvent"`
	DeletableCounts  DeletableCounts  `json:"deletableCounts"`
	InitialCertified *committee.Epoch `json:"initialCertifiedEpoch"`
}

type deletableJSON struct {
	InitialCertified *committee.Epoch `json:"initialCertifiedEpoch"`
	DeletableCounts  DeletableCounts  `json:"deletableCounts"`
}

type invalidJSON struct {
	Event EventRef `json:"event"`
}

type statusJSON struct {
	Invalid   *invalidJSON   `json:"invalid,omitempty"`
	Permanent *permanentJSON `json:"permanent,omitempty"`
	Deletable *deletableJSON `json:"deletable,omitempty"`
}

// MarshalJSON implements [json.Marshaler] with the exact key order of spec storage-node.md 1.5.
func (s Status) MarshalJSON() ([]byte, error) {
	switch s.Kind {
	case Nonexistent:
		return []byte(`"nonexistent"`), nil
	case Deletable:
		return json.Marshal(statusJSON{Deletable: &deletableJSON{s.InitialCertified, s.Counts}})
	case Permanent:
		return json.Marshal(statusJSON{Permanent: &permanentJSON{s.End, s.Certified, s.Event, s.Counts, s.InitialCertified}})
	case Invalid:
		return json.Marshal(statusJSON{Invalid: &invalidJSON{s.Event}})
	}
	return nil, fmt.Errorf("blob: status kind %d has no JSON form", s.Kind)
}

// UnmarshalJSON implements [json.Unmarshaler].
func (s *Status) UnmarshalJSON(b []byte) error {
	if bytes.Equal(bytes.TrimSpace(b), []byte(`"nonexistent"`)) {
		*s = Status{}
		return nil
	}
	var j statusJSON
	if err := json.Unmarshal(b, &j); err != nil {
		return fmt.Errorf("blob: status: %w", err)
	}
	switch {
	case j.Invalid != nil && j.Permanent == nil && j.Deletable == nil:
		*s = Status{Kind: Invalid, Event: j.Invalid.Event}
	case j.Permanent != nil && j.Invalid == nil && j.Deletable == nil:
		p := j.Permanent
		*s = Status{Permanent, p.EndEpoch, p.IsCertified, p.StatusEvent, p.DeletableCounts, p.InitialCertified}
	case j.Deletable != nil && j.Invalid == nil && j.Permanent == nil:
		*s = Status{Kind: Deletable, Counts: j.Deletable.DeletableCounts, InitialCertified: j.Deletable.InitialCertified}
	default:
		return errors.New("blob: status: want exactly one of invalid, permanent and deletable")
	}
	return nil
}
