package client

import (
	"sync"
)

// Phase is a stage in the life of a store.
type Phase uint8

// The phases of a store, in order.
const (
	PhaseEncode Phase = iota
	PhaseStatus
	PhaseRegister
	PhaseUpload
	PhaseCertify
	PhaseExtend
	PhaseDone
)

var phaseNames = [...]string{"encode", "status", "register", "upload", "certify", "extend", "done"}

// String returns the phase's name, in lower case.
func (p Phase) String() string {
	if int(p) < len(phaseNames) {
		return phaseNames[p]
	}
	return "unknown"
}

// MarshalText implements [encoding.TextMarshaler] with the form of [Phase.String].
func (p Phase) MarshalText() ([]byte, error) { return []byte(p.String()), nil }

// StoreProgress is how far a [Client.Store] has got, all its blobs together.
type StoreProgress struct {
	// Phase is the one that was reached last; phases of different blobs overlap.
	Phase Phase
	// Blobs is the number of blobs, and of these so many are encoded, registered and certified. Blobs
	// that need no work count as all of it.
	Blobs, Encoded, Registered, Certified int
	// BytesSent and BytesTotal count what nodes have acknowledged and are to receive. The total grows
	// as blobs are encoded, and covers every node, so a finished store may fall short of it.
	BytesSent, BytesTotal int64
	// ShardsConfirmed and ShardsNeeded sum, over the blobs, the shards whose nodes signed and the
	// quorums.
	ShardsConfirmed, ShardsNeeded int
}

// ReadProgress is how far a [Client.Read] has got.
type ReadProgress struct {
	// Size is the blob's length, known once its metadata is; 0 before.
	Size uint64
	// Slivers have arrived and been checked, of SliversNeeded.
	Slivers, SliversNeeded int
	// Bytes is what these slivers weigh, of about Size.
	Bytes int64
}

// A meter keeps a progress and reports each change. Reports are made one at a time, in order.
type meter[P any] struct {
	mu     sync.Mutex
	now    P // guarded by mu
	report func(P)
}

// update changes the progress and reports it.
func (m *meter[P]) update(change func(*P)) {
	m.mu.Lock()
	defer m.mu.Unlock()
	change(&m.now)
	if m.report != nil {
		m.report(m.now)
	}
}
