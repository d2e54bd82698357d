package node

import (
	"log/slog"
	"sync"
	"time"
)

// reminder is how often the operator is told that the chain still does not answer.
const reminder = 10 * time.Minute

// silence tells the operator when the chain does not answer: once, then rarely, and when it is over.
// Safe for concurrent use.
type silence struct {
	log *slog.Logger

	mu    sync.Mutex
	since time.Time // when it began; zero while the chain answers. Guarded by mu
	told  time.Time // when the operator was last told. Guarded by mu
}

// note says that the chain did not answer, and why.
func (s *silence) note(err error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	now := time.Now()
	if s.since.IsZero() {
		s.since, s.told = now, now
		s.log.Warn("node: waiting for the chain, which does not answer; serving what is stored here", "err", err)
		return
	}
	if now.Sub(s.told) >= reminder {
		s.told = now
		s.log.Warn("node: still waiting for the chain", "for", now.Sub(s.since).Round(time.Second), "err", err)
	}
}

// end says that the chain answers.
func (s *silence) end() {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.since.IsZero() {
		return
	}
	s.log.Warn("node: the chain answers again", "after", time.Since(s.since).Round(time.Second))
	s.since = time.Time{}
}

// heard notes that the chain answered.
func (n *Node) heard() {
	n.contact.Store(time.Now().UnixNano())
	n.silence.end()
}
