package ledger

import (
	"errors"
	"fmt"
)

// Errors that callers decide on.
var (
	// ErrNotFound means that the chain has no such object.
	ErrNotFound = errors.New("ledger: not found")
	// ErrUnavailable means that no answer could be had; try again, or another endpoint.
	ErrUnavailable = errors.New("ledger: chain unavailable")
	// ErrChain means that who answers is of another chain than the one that is meant.
	ErrChain = errors.New("ledger: wrong chain")
	// ErrPruned means that the wanted entries of the log are no longer kept.
	ErrPruned = errors.New("ledger: events no longer kept")
	// ErrFunds means that the account cannot pay what was asked.
	ErrFunds = errors.New("ledger: insufficient funds")
	// ErrUnknown means that a transaction was sent and its fate is not known.
	ErrUnknown = errors.New("ledger: outcome of transaction unknown")
	// ErrRejected means that the chain refused a transaction; see [RejectedError].
	ErrRejected = errors.New("ledger: transaction rejected")
)

// RejectedError is a refusal by the chain's rules. It matches [ErrRejected].
type RejectedError struct {
	// Name is the rule in the form module::EName of spec control-plane.md section 10, such as
	// blob::EAlreadyCertified; empty for refusals by the transaction machinery.
	Name string
	// Codespace and Code are the chain's own numbering.
	Codespace string
	Code      uint32
	Text      string
	// Tx is the hash of the transaction if it is in a block, and its fee is paid; else zero.
	Tx [32]byte
}

// Error implements error.
func (e *RejectedError) Error() string {
	if e.Name != "" {
		return fmt.Sprintf("ledger: transaction rejected by %s: %s", e.Name, e.Text)
	}
	return fmt.Sprintf("ledger: transaction rejected (%s %d): %s", e.Codespace, e.Code, e.Text)
}

// Is makes errors.Is(err, ErrRejected) true.
func (e *RejectedError) Is(target error) bool { return target == ErrRejected }
