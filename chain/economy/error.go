package economy

import (
	"errors"
	"fmt"
)

// An Error is a rule that refused an operation. Every one has a module, a name and a code that are
// part of the protocol: clients and vectors tell errors apart by them. Compare with [errors.Is].
// Source: spec: control-plane.md section 10.
type Error struct {
	module string
	name   string
	code   uint32
	text   string
}

// Error returns the module and what the rule says, with the name in parentheses.
func (e *Error) Error() string { return fmt.Sprintf("%s: %s (%s)", e.module, e.text, e.name) }

// Module returns the module that owns the error, such as "staking_pool".
func (e *Error) Module() string { return e.module }

// Code returns the error's number within its module.
func (e *Error) Code() uint32 { return e.code }

// Name returns module and name, such as "staking_pool::EZeroStake".
func (e *Error) Name() string { return e.module + "::" + e.name }

// NameOf returns the name of the rule behind err, or "" if err is not one of ours.
func NameOf(err error) string {
	var e *Error
	if errors.As(err, &e) {
		return e.Name()
	}
	return ""
}

// Errors returns every error of the protocol in the order of section 10. The slice is the caller's.
func Errors() []*Error { return append([]*Error(nil), table...) }

// table is filled while the package's variables are initialised and never changes after.
var table []*Error

func newError(module string, code uint32, name, text string) *Error {
	e := &Error{module: module, name: name, code: code, text: text}
	table = append(table, e)
	return e
}
