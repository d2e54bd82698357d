package refusal_test

import (
	"errors"
	"fmt"
	"testing"

	errorsmod "cosmossdk.io/errors"

	"github.com/walrus-go/walrus/chain/economy"
	"github.com/walrus-go/walrus/chain/refusal"
	"github.com/walrus-go/walrus/ledger"
	"github.com/walrus-go/walrus/ledger/rpc"
)

// TestClientsKnowEveryRule sends every rule's error the way it leaves the chain and reads it as clients do.
func TestClientsKnowEveryRule(t *testing.T) {
	t.Parallel()
	for _, rule := range economy.Errors() {
		wrapped := errorsmod.Wrapf(refusal.Of(fmt.Errorf("blob 7: %w", rule)), "message index: %d", 0)
		codespace, code, log := errorsmod.ABCIInfo(wrapped, false)
		var refused *ledger.RejectedError
		if err := rpc.Rejected(codespace, code, log); !errors.As(err, &refused) || refused.Name != rule.Name() {
			t.Errorf("%s arrives as %v (%s %d)", rule.Name(), err, codespace, code)
		}
		if name := rpc.RuleName(rule.Module(), rule.Code()); name != rule.Name() {
			t.Errorf("%s is called %q by clients", rule.Name(), name)
		}
	}
}

func TestOtherErrorsAreLeftAlone(t *testing.T) {
	t.Parallel()
	other := errors.New("disk on fire")
	if got := refusal.Of(other); got != other {
		t.Errorf("got %v, want %v", got, other)
	}
	if got := refusal.Of(nil); got != nil {
		t.Errorf("got %v, want nil", got)
	}
}
