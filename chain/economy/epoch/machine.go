// Package epoch turns epochs: when voting ends, who serves next, when the next epoch begins, what each
// node earned, and when the hand-over is done.
//
// The idea: [Machine] is the clock and the state; [Select] freezes the next committee and capacity at the
// middle of an epoch; [Change] ends an epoch: it burns and splits the reward pot, processes the pools of
// the old and new committee, and brings the active set up to date. Cost depends on the number of
// committee members, never on stakes or blobs.
//
// Neither Select nor Change can fail because of one node: a pool that cannot be read or processed is left
// alone and named in the result, and its reward goes back into the pot.
//
// Source: spec: control-plane.md section 7.
package epoch

import (
	"github.com/walrus-go/walrus/chain/economy"
	"github.com/walrus-go/walrus/committee"
)

// A Phase is what an epoch is waiting for.
type Phase uint8

// The phases, in the order in which an epoch passes through them: Sync, Done, Selected. Epoch 0 begins
// with Done. The numbers may be stored.
const (
	Done     Phase = iota // shard transfer is over; waiting for the end of voting
	Selected              // next committee and capacity are fixed; waiting for the epoch's end
	Sync                  // new epoch runs; waiting for a quorum of shards to report
)

// String returns the phase's name in the protocol.
func (p Phase) String() string {
	switch p {
	case Done:
		return "EpochChangeDone"
	case Selected:
		return "NextParamsSelected"
	default:
		return "EpochChangeSync"
	}
}

// A Machine is the epoch state machine. It is a value and may be stored whole.
// Source: spec: control-plane.md sections 7.1 and 1.2.
type Machine struct {
	Shards     uint16
	Duration   uint64 // of epochs from 1 on, ms
	FirstStart uint64 // least time at which epoch 0 ends, ms
	Epoch      committee.Epoch
	Phase      Phase
	Since      uint64 // time at which the last epoch change was done, ms; in phases Done and Selected
	Reported   uint16 // shards that have reported, in phase Sync
}

// NewMachine returns the machine of genesis at time now, with the given durations in ms.
func NewMachine(shards uint16, duration, zeroDuration, now uint64) Machine {
	return Machine{Shards: shards, Duration: duration, FirstStart: economy.SatAdd(now, zeroDuration), Since: now}
}

// Selected tells whether the next committee is fixed.
func (m *Machine) Selected() bool { return m.Phase == Selected }

// CheckVotingEnd tells whether voting may end at time now.
//
// Errors: [economy.ErrStakingInnerWrongEpochState]. Source: spec: control-plane.md section 7.2.
func (m *Machine) CheckVotingEnd(now uint64) error {
	if m.Phase != Done || now < m.due(m.Duration/2) {
		return economy.ErrStakingInnerWrongEpochState
	}
	return nil
}

// EndVoting moves to phase Selected. CheckVotingEnd must have passed.
func (m *Machine) EndVoting() { m.Phase = Selected }

// CheckChange tells whether the next epoch may begin at time now.
//
// Errors, in order: [economy.ErrStakingInnerNextCommitteeIsEmpty],
// [economy.ErrStakingInnerWrongEpochState]. Source: spec: control-plane.md section 7.3.
func (m *Machine) CheckChange(now uint64) error {
	if m.Phase != Selected {
		return economy.ErrStakingInnerNextCommitteeIsEmpty
	}
	if now < m.due(m.Duration) {
		return economy.ErrStakingInnerWrongEpochState
	}
	return nil
}

// BeginEpoch moves to the next epoch, phase Sync. CheckChange must have passed.
func (m *Machine) BeginEpoch() {
	m.Epoch++
	m.Phase, m.Since, m.Reported = Sync, 0, 0
}

// due returns the time at which the transition after the given part of an epoch may happen.
func (m *Machine) due(part uint64) uint64 {
	if m.Epoch == 0 {
		return m.FirstStart
	}
	return economy.SatAdd(m.Since, part)
}

// SyncDone counts the report of a node with weight shards, 0 if it is not in the committee, that it has
// all of them for epoch e; last is the epoch of the node's last report. It tells whether the report
// completed the epoch change. The caller keeps e as the node's last report.
//
// Errors, in order: [economy.ErrStakingInnerInvalidSyncEpoch],
// [economy.ErrStakingInnerDuplicateSyncDone], [economy.ErrStakingInnerNotInCommittee].
// Source: spec: control-plane.md section 7.6.
func (m *Machine) SyncDone(e, last committee.Epoch, weight uint16, now uint64) (bool, error) {
	switch {
	case e != m.Epoch:
		return false, economy.ErrStakingInnerInvalidSyncEpoch
	case last >= e:
		return false, economy.ErrStakingInnerDuplicateSyncDone
	case weight == 0:
		return false, economy.ErrStakingInnerNotInCommittee
	case m.Phase != Sync:
		return false, nil
	}
	m.Reported += weight
	if !economy.IsQuorum(int(m.Reported), int(m.Shards)) {
		return false, nil
	}
	m.Phase, m.Since, m.Reported = Done, now, 0
	return true, nil
}
