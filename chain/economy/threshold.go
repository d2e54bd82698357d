package economy

import "github.com/walrus-go/walrus/committee"

// IsQuorum tells whether weight w of n shards is a quorum: 3w >= 2n+1.
// Source: spec: control-plane.md section 0.2.
func IsQuorum(w, n int) bool { return w >= committee.Quorum(n) }

// HasOneCorrect tells whether weight w of n shards includes a correct node: 3w >= n+1.
// Source: spec: control-plane.md section 0.2.
func HasOneCorrect(w, n int) bool { return w >= committee.Validity(n) }

// An Authority may act in a certain role: an account, or whoever controls an object.
// Source: spec: control-plane.md section 0.4.
type Authority struct {
	Object bool // ID is an object; otherwise an account's address, left-padded with zeros
	ID     [32]byte
}
