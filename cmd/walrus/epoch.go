package main

import (
	"context"
	"fmt"
	"time"

	"github.com/spf13/cobra"

	committeev1 "github.com/walrus-go/walrus/api/committee/v1"
)

// epochJSON is where the epoch stands. Times are RFC 3339; those to come are earliest ones.
type epochJSON struct {
	Epoch         uint32       `json:"epoch"`
	Phase         string       `json:"phase"` // EpochChangeSync, EpochChangeDone, NextParamsSelected
	Start         time.Time    `json:"start"`
	EpochDuration durationJSON `json:"epochDuration"`
	ChangeDone    *time.Time   `json:"changeDone,omitempty"`   // when the committee had its shards
	VotingEnd     *time.Time   `json:"votingEnd,omitempty"`    // when the next committee is chosen
	NextEpoch     *time.Time   `json:"nextEpoch,omitempty"`    // when the next epoch begins
	SyncedShards  *uint32      `json:"syncedShards,omitempty"` // reported, while the change lasts
	NShards       uint32       `json:"nShards"`
	CommitteeSize int          `json:"committeeSize"`
	NextCommittee *int         `json:"nextCommitteeSize,omitempty"` // once it is chosen
	MovingShards  *int         `json:"movingShards,omitempty"`      // that another node will have then
	NextCapacity  *uint64      `json:"nextCapacity,omitempty"`      // bytes, voted
	Height        int64        `json:"height"`
	BlockTime     time.Time    `json:"blockTime"`
}

// phaseNames are the phases of an epoch as the protocol calls them.
var phaseNames = map[committeev1.EpochPhase]string{
	committeev1.EPOCH_PHASE_CHANGE_SYNC: "EpochChangeSync", committeev1.EPOCH_PHASE_CHANGE_DONE: "EpochChangeDone",
	committeev1.EPOCH_PHASE_NEXT_PARAMS_SELECTED: "NextParamsSelected",
}

// newEpoch makes the epoch command.
func newEpoch(d *deps) *cobra.Command {
	return &cobra.Command{
		Use:   "epoch",
		Short: "Show where the epoch stands and what comes next",
		Long: `Epoch shows the phase of the epoch and when the next one can begin: first the new committee reports that it has its
shards; half an epoch later voting ends, and the next committee is chosen; a whole epoch later the next epoch begins.
JSON: {"epoch","phase","start","epochDuration","changeDone","votingEnd","nextEpoch","syncedShards","nShards",
"committeeSize","nextCommitteeSize","movingShards","nextCapacity","height","blockTime"}, without what is not known.` + exits(),
		Example: "  walrus epoch",
		Args:    cobra.NoArgs,
		RunE:    d.reads(runEpoch),
	}
}

func runEpoch(ctx context.Context, s *session, _ []string) error {
	e, err := s.epochInfo(ctx)
	if err != nil {
		return err
	}
	return s.show(e, func() error { return printEpoch(s.deps, e) })
}

func (s *session) epochInfo(ctx context.Context) (*epochJSON, error) {
	r, err := s.epochState(ctx)
	if err != nil {
		return nil, err
	}
	at := func(ms uint64) time.Time { return time.UnixMilli(int64(ms)).UTC() }
	length := time.Duration(r.EpochDurationMs) * time.Millisecond
	e := &epochJSON{
		Epoch: r.Epoch.Number, Phase: phaseNames[r.Epoch.Phase], Start: at(r.Epoch.StartedMs), NShards: r.NShards,
		EpochDuration: durationJSON{int64(length / time.Second), int64(length % time.Second)}, Height: r.Height, BlockTime: time.UnixMilli(r.TimeMs).UTC(),
	}
	current, err := s.committeeAt(ctx, r.Epoch.Number)
	if err != nil {
		return nil, err
	}
	e.CommitteeSize = len(current)
	if r.Epoch.Phase == committeev1.EPOCH_PHASE_CHANGE_SYNC {
		e.SyncedShards = &r.Epoch.SyncedWeight
		return e, nil
	}
	done := at(r.Epoch.DoneMs)
	e.ChangeDone = &done
	if length > 0 {
		next := done.Add(length)
		e.NextEpoch = &next
	}
	if r.Epoch.Phase == committeev1.EPOCH_PHASE_CHANGE_DONE {
		if length > 0 {
			end := done.Add(length / 2)
			e.VotingEnd = &end
		}
		return e, nil
	}
	next, err := s.committeeAt(ctx, r.Epoch.Number+1)
	if err != nil {
		return nil, err
	}
	size, moving := len(next), int(r.NShards)
	for id, m := range next {
		if before := current[id]; before != nil {
			moving -= inBoth(before.Shards, m.Shards)
		}
	}
	e.NextCommittee, e.MovingShards, e.NextCapacity = &size, &moving, &r.Epoch.NextCapacity
	return e, nil
}

// inBoth counts the shards that a node has and keeps.
func inBoth(a, b []uint32) int {
	have := map[uint32]bool{}
	for _, s := range a {
		have[s] = true
	}
	count := 0
	for _, s := range b {
		if have[s] {
			count++
		}
	}
	return count
}

func printEpoch(d *deps, e *epochJSON) error {
	length := time.Duration(e.EpochDuration.Secs)*time.Second + time.Duration(e.EpochDuration.Nanos)
	when := func(t *time.Time) string {
		text := t.Format(time.RFC3339)
		switch left := t.Sub(d.now()); {
		case left > 0:
			return text + ", in " + formatDuration(left)
		default:
			return text + ", any moment"
		}
	}
	fmt.Fprintf(d.stdout, "Epoch %d\n", e.Epoch)
	pairs := []string{"Began", e.Start.Format(time.RFC3339)}
	switch e.Phase {
	case "EpochChangeSync":
		pairs = append(pairs, "Phase", fmt.Sprintf("the committee takes over its shards: %d of %d reported", *e.SyncedShards, e.NShards))
	case "EpochChangeDone":
		pairs = append(pairs, "Phase", "voting")
	default:
		pairs = append(pairs, "Phase", "the next committee is chosen")
	}
	pairs = append(pairs, "Committee", fmt.Sprintf("%s with %d shards", plural(e.CommitteeSize, "node"), e.NShards))
	if e.NextCommittee != nil {
		pairs = append(pairs, "Next committee", fmt.Sprintf("%s; %s", plural(*e.NextCommittee, "node"), plural(*e.MovingShards, "shard")+" will move"),
			"Next capacity", formatSize(*e.NextCapacity))
	}
	if length == 0 {
		pairs = append(pairs, "Epoch duration", "for ever: epochs do not change on this chain")
	} else {
		pairs = append(pairs, "Epoch duration", formatDuration(length))
	}
	if e.VotingEnd != nil {
		pairs = append(pairs, "Voting ends", when(e.VotingEnd))
	}
	if e.NextEpoch != nil {
		pairs = append(pairs, "Next epoch", when(e.NextEpoch))
	}
	return labels(d.stdout, append(pairs, "Block", fmt.Sprintf("%d of %s", e.Height, e.BlockTime.Format(time.RFC3339)))...)
}
