package rpc

import (
	"errors"
	"fmt"
	"strconv"
	"strings"

	"github.com/walrus-go/walrus/ledger"
)

// Codes of the SDK that callers decide on.
const (
	sdkCodespace        = "sdk"
	sdkInsufficientFund = 5
	sdkUnknownAddress   = 9
	sdkInsufficientFee  = 13
	sdkMempoolFull      = 20
	sdkKeyNotFound      = 22
	sdkInvalidHeight    = 26 // before the first block
	sdkNotFound         = 38
)

// ruleOffset is what the chain adds to the code of a rule, so that 0 stays success and 1 an internal error.
const ruleOffset = 2

// Rejected makes the error of a refusal with the given numbers: a *[ledger.RejectedError], and
// besides [ledger.ErrFunds] or [ledger.ErrUnavailable] where that is the reason. It is for implementers of [Conn].
func Rejected(codespace string, code uint32, text string) error {
	text = strings.TrimPrefix(text, "failed to simulate tx: ") // what is refused is the transaction
	text = strings.TrimPrefix(text, "failed to execute message; message index: 0: ")
	r := &ledger.RejectedError{Codespace: codespace, Code: code, Text: text}
	if code >= ruleOffset {
		r.Name = ruleNames[rule{codespace, code - ruleOffset}]
	}
	switch {
	case codespace == sdkCodespace && code == sdkInsufficientFund,
		codespace == sdkCodespace && code == sdkUnknownAddress, // an account that was never paid anything
		r.Name == "balance::ENotEnough":
		return fmt.Errorf("%w: %w", ledger.ErrFunds, r)
	case codespace == sdkCodespace && (code == sdkMempoolFull || code == sdkInvalidHeight):
		return fmt.Errorf("%w: %w", ledger.ErrUnavailable, r)
	}
	return r
}

// queryError says that something is missing where that is why the application refused a query.
func queryError(method string, err error) error {
	var r *ledger.RejectedError
	if errors.As(err, &r) && r.Codespace == sdkCodespace && (r.Code == sdkKeyNotFound || r.Code == sdkNotFound) {
		text := strings.TrimPrefix(r.Text, "rpc error: code = NotFound desc = ")
		return fmt.Errorf("%w: %s", ledger.ErrNotFound, strings.TrimSuffix(strings.TrimSuffix(text, ": key not found"), ": not found"))
	}
	return fmt.Errorf("ledger: query %s: %w", method, err)
}

// parseAmount reads a number of FROST.
func parseAmount(text string) (uint64, error) {
	if text == "" {
		return 0, nil
	}
	amount, err := strconv.ParseUint(text, 10, 64)
	if err != nil {
		return 0, fmt.Errorf("%w: amount %q", ledger.ErrUnavailable, text)
	}
	return amount, nil
}
