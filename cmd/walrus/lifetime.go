package main

import (
	"fmt"
	"strconv"
	"time"

	"github.com/spf13/cobra"

	"github.com/walrus-go/walrus/committee"
	"github.com/walrus-go/walrus/ledger"
)

// lifetime is how long a blob is to be kept, in one of the three forms that flags give it.
type lifetime struct {
	epochs string // --epochs, a number or max
	expiry string // --earliest-expiry-time
	end    uint32 // --end-epoch
}

// flags adds the three flags to a command, of which exactly one must be given, or one of the others.
func (l *lifetime) flags(cmd *cobra.Command, others ...string) {
	f := cmd.Flags()
	f.StringVar(&l.epochs, "epochs", "", "keep for so many epochs, the current one included: a `NUMBER`, or max")
	f.StringVar(&l.expiry, "earliest-expiry-time", "", "keep at least until `TIME`: 2030-01-31T12:00:00Z, or \"2030-01-31 12:00:00\" in UTC")
	f.Uint32Var(&l.end, "end-epoch", 0, "keep until before epoch `NUMBER`")
	one := append([]string{"epochs", "earliest-expiry-time", "end-epoch"}, others...)
	cmd.MarkFlagsOneRequired(one...)
	cmd.MarkFlagsMutuallyExclusive(one...)
}

// count returns the number of epochs, the current one included. Source: spec client.md section 2.2.
func (l *lifetime) count(sys ledger.System, now time.Time) (uint32, error) {
	n, err := l.wanted(sys, now)
	if err != nil {
		return 0, err
	}
	if n < 1 || n > uint64(sys.MaxEpochsAhead) {
		return 0, &hinted{
			err:  fmt.Errorf("a lifetime of %d epochs is not for sale", n),
			code: "INVALID_LIFETIME", exit: exitUsage,
			hint:    fmt.Sprintf("it is now epoch %d, epochs last %s, and space is sold for 1 to %d of them", sys.Epoch, formatDuration(sys.EpochDuration), sys.MaxEpochsAhead),
			details: map[string]any{"epoch": sys.Epoch, "maxEpochsAhead": sys.MaxEpochsAhead},
		}
	}
	return uint32(n), nil
}

func (l *lifetime) wanted(sys ledger.System, now time.Time) (uint64, error) {
	switch {
	case l.epochs == "max":
		return uint64(sys.MaxEpochsAhead), nil
	case l.epochs != "":
		n, err := strconv.ParseUint(l.epochs, 10, 32)
		if err != nil {
			return 0, usagef("--epochs: %q is neither a number nor max", l.epochs)
		}
		return n, nil
	case l.expiry != "":
		return l.untilTime(sys, now)
	}
	if committee.Epoch(l.end) <= sys.Epoch {
		return 0, usagef("--end-epoch: %d is not after the current epoch %d", l.end, sys.Epoch)
	}
	return uint64(l.end) - uint64(sys.Epoch), nil
}

func (l *lifetime) untilTime(sys ledger.System, now time.Time) (uint64, error) {
	t, err := time.Parse(time.RFC3339, l.expiry)
	if err != nil {
		t, err = time.Parse(time.DateTime, l.expiry)
	}
	if err != nil {
		return 0, usagef("--earliest-expiry-time: %q is neither like 2030-01-31T12:00:00Z nor like 2030-01-31 12:00:00", l.expiry)
	}
	if !t.After(now) || !t.After(sys.EpochStart) {
		return 0, usagef("--earliest-expiry-time: %s is past", t.Format(time.RFC3339))
	}
	if sys.EpochDuration <= 0 {
		return 1, nil // epochs never end
	}
	return uint64(t.Sub(sys.EpochStart)/sys.EpochDuration) + 1, nil
}

// startOf estimates when an epoch begins, from the epoch that is under way. It is false where epochs
// have no length.
func startOf(sys ledger.System, e committee.Epoch) (time.Time, bool) {
	ahead := time.Duration(int64(e) - int64(sys.Epoch))
	if sys.EpochDuration <= 0 || ahead > (1<<62)/sys.EpochDuration {
		return time.Time{}, false
	}
	return sys.EpochStart.Add(ahead * sys.EpochDuration), true
}
