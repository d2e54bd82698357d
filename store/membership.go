package store

import (
	"encoding/binary"
	"fmt"

	"github.com/walrus-go/walrus/committee"
)

// Membership is what the chain last said of the current committee, as far as serving what is stored
// depends on it: with it a node can serve before the chain answers again.
type Membership struct {
	Epoch  committee.Epoch
	Shards int               // of all members together
	Owned  []committee.Shard // by this node
}

// Membership returns what [Store.SetMembership] was last given. Errors: [ErrNotFound], [ErrCorrupt].
func (s *Store) Membership() (Membership, error) {
	if err := s.enter(); err != nil {
		return Membership{}, err
	}
	defer s.gate.RUnlock()
	raw, err := s.get([]byte{keyMember})
	if err != nil {
		return Membership{}, err
	}
	return parseMembership(raw)
}

// SetMembership replaces the membership; on disk when it returns. Errors: [ErrFailed].
func (s *Store) SetMembership(m Membership) error {
	if err := s.enter(); err != nil {
		return err
	}
	defer s.gate.RUnlock()
	b := s.db.NewBatch()
	defer s.release(b)
	if err := b.Set([]byte{keyMember}, m.appendTo(nil), nil); err != nil {
		return err
	}
	return s.commit(b, true)
}

// appendTo writes epoch, number of shards and the owned ones, big endian.
func (m Membership) appendTo(b []byte) []byte {
	b = binary.BigEndian.AppendUint32(b, uint32(m.Epoch))
	b = binary.BigEndian.AppendUint32(b, uint32(m.Shards))
	for _, shard := range m.Owned {
		b = binary.BigEndian.AppendUint16(b, uint16(shard))
	}
	return b
}

func parseMembership(raw []byte) (m Membership, err error) {
	if len(raw) < 8 || len(raw)%2 != 0 {
		return m, fmt.Errorf("%w: membership of %d bytes", ErrCorrupt, len(raw))
	}
	m.Epoch, m.Shards = committee.Epoch(binary.BigEndian.Uint32(raw)), int(binary.BigEndian.Uint32(raw[4:]))
	for raw = raw[8:]; len(raw) > 0; raw = raw[2:] {
		shard := committee.Shard(binary.BigEndian.Uint16(raw))
		if int(shard) >= m.Shards {
			return Membership{}, fmt.Errorf("%w: membership has shard %d of %d", ErrCorrupt, shard, m.Shards)
		}
		m.Owned = append(m.Owned, shard)
	}
	return m, nil
}
