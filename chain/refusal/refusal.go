// Package refusal gives the rules' errors the form in which they leave the chain.
//
// The idea: a rule is known by its module and name, such as blob::EAlreadyCertified. In the result of a
// transaction the module is the codespace and the code is the rule's plus [CodeOffset], because the
// application interface keeps 0 for success and 1 for errors without a code.
//
// Source: spec: control-plane.md section 10.
package refusal

import (
	"errors"
	"fmt"

	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/status"

	"github.com/walrus-go/walrus/chain/economy"
)

// CodeOffset is added to a rule's code. It is part of the protocol between chain and clients.
const CodeOffset = 2

// A Refusal is an error of a rule with the numbers that clients see.
type Refusal struct {
	err  error
	rule *economy.Error
}

// Of gives err the numbers of the rule behind it. Errors that no rule is behind stay as they are.
func Of(err error) error {
	var rule *economy.Error
	if !errors.As(err, &rule) {
		return err
	}
	return &Refusal{err: err, rule: rule}
}

// Error says what happened, and then which rule refused it.
func (r *Refusal) Error() string { return r.err.Error() }

// Unwrap returns the error of the rule.
func (r *Refusal) Unwrap() error { return r.err }

// Codespace returns the rule's module.
func (r *Refusal) Codespace() string { return r.rule.Module() }

// ABCICode returns the rule's code plus [CodeOffset].
func (r *Refusal) ABCICode() uint32 { return r.rule.Code() + CodeOffset }

// NotFound is the error of a query for something that does not exist.
func NotFound(what string, id fmt.Stringer) error {
	return status.Errorf(codes.NotFound, "%s %s: not found", what, id)
}

// BadRequest is the error of a query that cannot be understood.
func BadRequest(err error) error { return status.Error(codes.InvalidArgument, err.Error()) }
