package client

import (
	"errors"
	"fmt"
	"slices"
	"strings"

	"github.com/walrus-go/walrus/blob"
	"github.com/walrus-go/walrus/committee"
)

// What callers decide on. Source: spec: client.md section 4.10.
var (
	// ErrNotFound: the network says that there is no such blob, or no longer.
	ErrNotFound = errors.New("client: blob not found")
	// ErrBlocked: so many nodes refuse to serve the blob that it cannot be had.
	ErrBlocked = errors.New("client: blob blocked by storage nodes")
	// ErrTooLarge: the blob is larger than the reader asked for, or than can be encoded.
	ErrTooLarge = errors.New("client: blob too large")
	// ErrInconsistent: the writer encoded the blob wrongly. It has no content, and never will.
	ErrInconsistent = errors.New("client: blob is inconsistently encoded")
	// ErrNotEnoughSlivers: too few nodes delivered their slivers; trying later may help.
	ErrNotEnoughSlivers = errors.New("client: not enough slivers")
	// ErrNoMetadata: no node delivered the blob's metadata; trying later may help.
	ErrNoMetadata = errors.New("client: no metadata received")
	// ErrNoStatus: too few nodes agree on what they know of the blob; trying later may help.
	ErrNoStatus = errors.New("client: no valid status received")
	// ErrNotEnoughConfirmations: the blob is registered, but too few nodes confirmed that they hold it.
	ErrNotEnoughConfirmations = errors.New("client: not enough confirmations")
	// ErrNotCertified: a quorum holds the blob, but the chain did not take the certificate.
	ErrNotCertified = errors.New("client: certification failed")
	// ErrEpochChanged: the committee changed too often while the operation ran.
	ErrEpochChanged = errors.New("client: committee changed")
	// ErrFunds: the account cannot pay. See [FundsError].
	ErrFunds = errors.New("client: insufficient funds")
	// ErrEpochs: a lifetime of zero, or longer than the chain sells.
	ErrEpochs = errors.New("client: lifetime out of range")
	// ErrCapacity: the network has less space left than asked for.
	ErrCapacity = errors.New("client: network is full")
)

// Errors about what a node answered. They are found inside [NodeError].
var (
	// ErrCorrupt: bytes that do not match the blob ID, or are not what they should be.
	ErrCorrupt = errors.New("client: corrupt answer")
	// ErrSignature: a confirmation that does not say what was asked, or is not signed by the node.
	ErrSignature = errors.New("client: bad confirmation")
	// ErrStalled: no byte moved for longer than [Options].StallTimeout, or the request as a whole took
	// longer than [Options].RequestTimeout.
	ErrStalled = errors.New("client: node too slow")
)

// A NodeError says why a node was no help.
type NodeError struct {
	Node    committee.NodeID
	Name    string
	Address string
	// Shards are those the failure concerns, ascending: of a write all of the node's, of a read those
	// that it was asked for.
	Shards []committee.Shard
	Err    error
}

// Error implements error.
func (e *NodeError) Error() string {
	name := e.Name
	if name == "" {
		name = e.Node.String()
	}
	return fmt.Sprintf("node %s at %s (%s): %v", name, e.Address, shardRanges(e.Shards), e.Err)
}

// Unwrap returns the reason.
func (e *NodeError) Unwrap() error { return e.Err }

// shardRanges writes shards, ascending, as people do: "shards 3-7, 12".
func shardRanges(shards []committee.Shard) string {
	if len(shards) == 0 {
		return "no shards"
	}
	var parts []string
	for i := 0; i < len(shards); {
		j := i
		for j+1 < len(shards) && shards[j+1] == shards[j]+1 {
			j++
		}
		if j == i {
			parts = append(parts, fmt.Sprint(shards[i]))
		} else {
			parts = append(parts, fmt.Sprintf("%d-%d", shards[i], shards[j]))
		}
		i = j + 1
	}
	word := "shards "
	if len(shards) == 1 {
		word = "shard "
	}
	return word + strings.Join(parts, ", ")
}

// A QuorumError is returned when nodes of too few shards took part. It matches its Kind and what the
// nodes answered.
type QuorumError struct {
	Kind error // [ErrNotEnoughConfirmations], [ErrNotEnoughSlivers], [ErrNoMetadata] or [ErrNoStatus]
	Blob blob.ID
	// Have and Need are shards; for metadata, of which one answer is enough, Need is 1.
	Have, Need int
	// Failed are the nodes that did not help, heaviest first.
	Failed []*NodeError
}

// listed is how many nodes an error names in its text.
const listed = 4

// Error implements error. It names the nodes that weigh most.
func (e *QuorumError) Error() string {
	var b strings.Builder
	fmt.Fprintf(&b, "%v: blob %v: %d of %d shards", e.Kind, e.Blob, e.Have, e.Need)
	for i, f := range e.Failed {
		if i == listed {
			fmt.Fprintf(&b, "; and %s more", count(len(e.Failed)-listed, "node"))
			break
		}
		fmt.Fprintf(&b, "; %v", f)
	}
	return b.String()
}

// Hint says what the user can do.
func (e *QuorumError) Hint() string {
	shards := 0
	for _, f := range e.Failed {
		shards += len(f.Shards)
	}
	what := fmt.Sprintf("%s with %s did not help; see \"walrus health --committee\"", count(len(e.Failed), "node"), count(shards, "shard"))
	if errors.Is(e.Kind, ErrNotEnoughConfirmations) {
		return what + ", and store the blob again: the registration is paid for and will be used"
	}
	return what + ", and try again later"
}

// count writes a number of things.
func count(n int, thing string) string {
	if n == 1 {
		return "1 " + thing
	}
	return fmt.Sprintf("%d %ss", n, thing)
}

// Unwrap returns Kind and the nodes' errors.
func (e *QuorumError) Unwrap() []error {
	errs := make([]error, 0, 1+len(e.Failed))
	errs = append(errs, e.Kind)
	for _, f := range e.Failed {
		errs = append(errs, f)
	}
	return errs
}

// newQuorumError sorts failed in place.
func newQuorumError(kind error, id blob.ID, have, need int, failed []*NodeError) *QuorumError {
	slices.SortStableFunc(failed, func(a, b *NodeError) int { return len(b.Shards) - len(a.Shards) })
	return &QuorumError{Kind: kind, Blob: id, Have: have, Need: need, Failed: failed}
}

// A FundsError says what is missing. It matches [ErrFunds].
type FundsError struct {
	Address    string
	Need, Have uint64 // FROST
}

// Error implements error.
func (e *FundsError) Error() string {
	return fmt.Sprintf("%v: %s has %d FROST, %d needed and transaction fees", ErrFunds, e.Address, e.Have, e.Need)
}

// Hint says what the user can do.
func (e *FundsError) Hint() string {
	return fmt.Sprintf("send at least %d FROST to %s", e.Need-e.Have, e.Address)
}

// Is makes errors.Is(err, ErrFunds) true.
func (e *FundsError) Is(target error) bool { return target == ErrFunds }

// A StoreError says how far a blob got. It unwraps to the reason.
type StoreError struct {
	Blob  blob.ID // zero if the blob was not encoded
	Phase Phase
	// Object is the registration on chain, which is paid for; nil if there is none. A later store of the
	// same bytes by the same account picks it up.
	Object *blob.ObjectID
	// Certified is set if Object is certified, and only for a shorter time than was asked for.
	Certified bool
	Err       error
}

// Error implements error.
func (e *StoreError) Error() string {
	switch {
	case e.Blob == blob.ID{}:
		return fmt.Sprintf("client: blob not stored: %v: %v", e.Phase, e.Err)
	case e.Object == nil:
		return fmt.Sprintf("client: blob %v not stored: %v: %v", e.Blob, e.Phase, e.Err)
	case e.Certified:
		return fmt.Sprintf("client: blob %v certified as %v but not extended: %v", e.Blob, e.Object, e.Err)
	}
	return fmt.Sprintf("client: blob %v registered as %v but not certified: %v: %v", e.Blob, e.Object, e.Phase, e.Err)
}

// Hint says what the user can do.
func (e *StoreError) Hint() string {
	var inner interface{ Hint() string }
	if errors.As(e.Err, &inner) {
		return inner.Hint()
	}
	if e.Object != nil {
		return "store the same blob again: the registration is paid for and will be used"
	}
	return ""
}

// Unwrap returns the reason.
func (e *StoreError) Unwrap() error { return e.Err }
