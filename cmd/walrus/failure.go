package main

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"

	"github.com/spf13/cobra"

	"github.com/walrus-go/walrus/chain"
	"github.com/walrus-go/walrus/chain/genesis"
	"github.com/walrus-go/walrus/client"
	"github.com/walrus-go/walrus/internal/config"
	"github.com/walrus-go/walrus/internal/kvdb"
	"github.com/walrus-go/walrus/ledger"
	"github.com/walrus-go/walrus/ledger/keyring"
	"github.com/walrus-go/walrus/ledger/proof"
	"github.com/walrus-go/walrus/store"
	"github.com/walrus-go/walrus/testnet"
)

// Exit codes. 0, 1 and 2 are always told apart, the others only with --exit-codes=detailed and are 1
// without it. Source: spec client.md section 2.1.
const (
	exitFailure     = 1
	exitUsage       = 2
	exitNotFound    = 3
	exitFunds       = 4
	exitUnavailable = 5
	exitBlocked     = 6
	exitPartial     = 7
)

// failures tells what each kind of error is called in JSON, which exit code it has, and what to do
// about it. The first that matches counts. An error that is not here is code INTERNAL, exit code 1.
var failures = []struct {
	is   error
	code string
	exit int
	hint string
}{
	{client.ErrNotFound, "BLOB_NOT_FOUND", exitNotFound, `is the ID right, and was the blob stored on this network? "walrus blob-status" tells what the network knows`},
	{client.ErrBlocked, "BLOB_BLOCKED", exitBlocked, "nodes refuse to serve this blob; their operators know why"},
	{client.ErrInconsistent, "INCONSISTENT_BLOB", exitFailure, "whoever stored it encoded it wrongly; nobody can read it"},
	{client.ErrTooLarge, "BLOB_TOO_LARGE", exitFailure, `"walrus info size" shows the largest blob`},
	{client.ErrNotEnoughSlivers, "NOT_ENOUGH_SLIVERS", exitUnavailable, `"walrus health --committee" shows which nodes do not answer; try again later`},
	{client.ErrNoMetadata, "NO_METADATA", exitUnavailable, `"walrus health --committee" shows which nodes do not answer; try again later`},
	{client.ErrNoStatus, "NO_STATUS", exitUnavailable, `"walrus health --committee" shows which nodes do not answer; try again later`},
	{client.ErrNotEnoughConfirmations, "NOT_ENOUGH_CONFIRMATIONS", exitUnavailable, "store the same blob again later: what is paid for will be used"},
	{client.ErrNotCertified, "NOT_CERTIFIED", exitUnavailable, "store the same blob again: what is paid for will be used"},
	{client.ErrEpochChanged, "EPOCH_CHANGED", exitUnavailable, "try again"},
	{client.ErrFunds, "INSUFFICIENT_FUNDS", exitFunds, `"walrus balance" shows what the account has; on a test network "walrus faucet" gives WAL away`},
	{client.ErrEpochs, "INVALID_LIFETIME", exitUsage, `"walrus info epoch" shows how far ahead space is sold`},
	{client.ErrCapacity, "NETWORK_FULL", exitFailure, `"walrus info storage" shows what is left`},
	{ledger.ErrFunds, "INSUFFICIENT_FUNDS", exitFunds, `"walrus balance" shows what the account has; on a test network "walrus faucet" gives WAL away`},
	{ledger.ErrNotFound, "NOT_FOUND", exitNotFound, `"walrus list-blobs", "walrus storage", "walrus pool" and "walrus bucket" show what an account has`},
	{ledger.ErrUnknown, "OUTCOME_UNKNOWN", exitUnavailable, `the transaction may still go through; look with "walrus list-blobs" before trying again`},
	{ledger.ErrUnavailable, "CHAIN_UNAVAILABLE", exitUnavailable, `is the chain running at the configured rpc_urls? "walrus devnet" starts one on this machine`},
	{ledger.ErrChain, "WRONG_CHAIN", exitFailure, "rpc_urls must lead to the chain that chain_id names"},
	{ledger.ErrRejected, "TRANSACTION_REJECTED", exitFailure, ""},
	{keyring.ErrNotFound, "KEY_NOT_FOUND", exitNotFound, `"walrus keys list" shows the keys that there are, "walrus keys add" makes one`},
	{keyring.ErrExists, "KEY_EXISTS", exitFailure, `choose another name; "walrus keys list" shows the keys that there are`},
	{keyring.ErrName, "INVALID_KEY_NAME", exitUsage, "a name has 1 to 64 letters, digits, dots, dashes and underscores"},
	{keyring.ErrSecret, "INVALID_SECRET", exitFailure, "a phrase has 12 to 24 words of BIP-39, a secret 64 hex digits"},
	{keyring.ErrPassphrase, "WRONG_PASSPHRASE", exitFailure, ""},
	{testnet.ErrForeign, "NOT_A_NETWORK", exitFailure, "name another directory with --dir, or an empty one"},
	{testnet.ErrInUse, "IN_USE", exitFailure, "stop the other one first, or name another directory with --dir"},
	{testnet.ErrDiffers, "OTHER_NETWORK", exitFailure, "leave the flags out to run the network that is there, or name another directory with --dir"},
	{testnet.ErrOptions, "INVALID_OPTIONS", exitUsage, ""},
	{testnet.ErrPort, "PORT_TAKEN", exitFailure, "stop what listens there, or start a network in another directory with other --ports"},
	{genesis.ErrDraft, "INVALID_DRAFT", exitFailure, `"walrus genesis init" writes a draft that works`},
	{genesis.ErrRegistration, "INVALID_REGISTRATION", exitFailure, "ask that operator to register again, with the same draft"},
	{chain.ErrGenesis, "INVALID_GENESIS", exitFailure, `"walrus genesis verify" says what is in a genesis; compare its hash with the other operators'`},
	{chain.ErrNoGenesis, "NO_GENESIS", exitFailure, `"walrus chain init --home DIR --genesis FILE" gives it one`},
	{chain.ErrHome, "NOT_A_CHAIN_HOME", exitFailure, `"walrus chain init" makes the home of a chain node`},
	{kvdb.ErrInUse, "IN_USE", exitFailure, "a chain node runs on this directory: stop it first"},
	{chain.ErrStateSync, "INVALID_STATE_SYNC", exitFailure, "see state_sync in chain.yaml"},
	{chain.ErrUpgrade, "UPGRADE_NEEDED", exitFailure, "run the version that the plan names"},
	{store.ErrNoStore, "NO_STORE", exitFailure, "is the right disk mounted? --create begins a new store"},
	{store.ErrIdentity, "NOT_THIS_STORE", exitFailure, "storage_path must be this node's own directory"},
	{store.ErrInUse, "IN_USE", exitFailure, "another process runs this node"},
	{config.ErrNotFound, "NO_CONFIGURATION", exitFailure, `name a file with --config or WALRUS_CONFIG; "walrus devnet" starts a network and writes one`},
	{config.ErrInvalid, "INVALID_CONFIGURATION", exitFailure, ""},
	{proof.ErrFormat, "NOT_A_PROOF", exitFailure, `"walrus blob-status --prove FILE" writes proofs`},
	{proof.ErrStale, "TRUST_EXPIRED", exitFailure, "trust a newer header, and ask for a proof that leads from it"},
	{proof.ErrTrust, "NOT_TRUSTED", exitFailure, "is the trusted height the one the proof was made for, and is the hash of the same chain?"},
	{proof.ErrInvalid, "PROOF_INVALID", exitFailure, "somebody has changed it; do not rely on what it says"},
	{context.DeadlineExceeded, "DEADLINE_EXCEEDED", exitUnavailable, "try again, or allow more time"},
}

// hinted is an error with what to do about it, where the table of failures does not know.
type hinted struct {
	err     error
	code    string
	exit    int
	hint    string
	details map[string]any
}

func (h *hinted) Error() string { return h.err.Error() }
func (h *hinted) Unwrap() error { return h.err }

// usageError is a command line that makes no sense.
type usageError struct {
	err  error
	hint string // may be empty
}

func (u *usageError) Error() string { return u.err.Error() }
func (u *usageError) Unwrap() error { return u.err }

// usagef makes an error of usage found by a command itself.
func usagef(format string, args ...any) error {
	return &usageError{err: fmt.Errorf(format, args...)}
}

// interrupted is whatever went wrong after the user asked to stop.
type interrupted struct{ err error }

func (i *interrupted) Error() string { return "interrupted: " + i.err.Error() }
func (i *interrupted) Unwrap() error { return i.err }

// classify finds what to tell about an error.
func classify(err error) hinted {
	var usage *usageError
	if errors.As(err, &usage) {
		return hinted{err: err, code: "USAGE", exit: exitUsage, hint: usage.hint}
	}
	var stop *interrupted
	if errors.As(err, &stop) {
		h := hinted{err: err, code: "INTERRUPTED", exit: exitFailure}
		if errors.Is(err, client.ErrNotCertified) {
			h.hint = "store the same blob again: what is paid for will be used"
		}
		return h
	}
	var own *hinted
	if errors.As(err, &own) {
		h := *own
		h.err = err
		return h
	}
	for _, f := range failures {
		if errors.Is(err, f.is) {
			return hinted{err: err, code: f.code, exit: f.exit, hint: hintOf(err, f.hint), details: detailsOf(err)}
		}
	}
	return hinted{err: err, code: "INTERNAL", exit: exitFailure}
}

// ruleHints say what to do about refusals that people meet, by the name of the rule.
var ruleHints = map[string]string{
	"staking_pool::EWithdrawDirectly":         `it does not count yet, or its node has no shards, so it need not be asked for: "walrus withdraw" takes it out`,
	"staking_pool::EWithdrawEpochNotReached":  `"walrus stakes" shows when it leaves, "walrus epoch" when that will be`,
	"staking_pool::ENotWithdrawing":           `it counts: ask for it with "walrus unstake" first`,
	"staking_pool::EPoolAlreadyWithdrawing":   `the node is leaving; "walrus nodes" lists others`,
	"staking_pool::EInvalidProofOfPossession": "an epoch may have begun meanwhile, of which the proof speaks: try again",
	"staking_pool::EAuthorizationFailure":     `"walrus nodes NODE" shows which account has this right; --key chooses the account to act as`,
	"slashing::ENotAuthorized":                `"walrus nodes NODE" shows which account votes for the node; --key chooses the account to act as`,
	"upgrade::ENotAuthorized":                 `"walrus nodes NODE" shows which account votes for the node; --key chooses the account to act as`,
	"slashing::ENotEnoughVotes":               `"walrus node proposals" shows how many shards are for it`,
	"upgrade::ENotEnoughVotes":                `"walrus node proposals" shows how many shards are for it`,
	"staked_wal::EMetadataMismatch":           `only stakes on one node that count from the same epoch on can be joined; "walrus stakes" shows them`,
	"staked_wal::EStakeBelowThreshold":        "each part must have 1 WAL at least",
	"dynamic_field::EFieldDoesNotExist":       `there is no such object, or not any more; "walrus stakes", "walrus storage", "walrus pool" and "walrus list-blobs" show an account's`,
	"staking_inner::EPoolNotFound":            `"walrus nodes" lists the storage nodes`,
	"storage_resource::EIncompatibleEpochs":   `"walrus storage" shows the periods of the resources`,
	"storage_resource::EIncompatibleAmount":   `"walrus storage" shows the sizes of the resources`,
	"system_state_inner::EInvalidEpochsAhead": `"walrus info epoch" shows how far ahead space is sold`,
	"system_state_inner::EStorageExceeded":    `"walrus info storage" shows what is left`,
	"storage_pool::EPoolNotEmpty":             `"walrus pool show" lists its blobs, "walrus pool delete" takes out those that are deletable`,
	"storage_pool::EBlobNotDeletable":         "it is permanent: nobody can take it back before its time",
	"storage_pool::EInsufficientCapacity":     `"walrus pool grow" makes it larger; a bucket has "walrus bucket grow"`,
	"blob::ENotCertified":                     `store it again to finish what was begun; "walrus list-blobs" shows which are certified`,
	"vec_map::EKeyDoesNotExist":               `"walrus get-blob-attribute" shows what there is`,
}

// sdkHints are the same for refusals without a named rule, by codespace and code.
var sdkHints = map[string]string{
	"sdk 4":      `--key chooses the account to act as, "walrus keys list" shows them; --fee-granter must pay for such messages, see "walrus grants"`,
	"sdk 11":     "state may have changed since the gas was reckoned: try again, or with a larger limit where there is --gas",
	"gov 16":     `"walrus gov params" shows the deposit; one hundredth of it is the least that can be added`,
	"gov 3":      `nobody votes on it now; "walrus gov list" shows the proposals that there are`,
	"authz 2":    `"walrus grants" shows what was granted`,
	"feegrant 2": `"walrus grants" shows what was granted`,
}

// hintOf prefers what an error itself advises.
func hintOf(err error, otherwise string) string {
	if r := (*ledger.RejectedError)(nil); errors.As(err, &r) && otherwise == "" {
		otherwise = ruleHints[r.Name]
		if r.Name == "" {
			otherwise = sdkHints[fmt.Sprintf("%s %d", r.Codespace, r.Code)]
		}
	}
	var advice interface{ Hint() string }
	if errors.As(err, &advice) {
		if hint := advice.Hint(); hint != "" {
			return hint
		}
	}
	return otherwise
}

// detailsOf returns the figures that an error has.
func detailsOf(err error) map[string]any {
	details := map[string]any{}
	var quorum *client.QuorumError
	if errors.As(err, &quorum) {
		details["have"], details["need"] = quorum.Have, quorum.Need
		nodes := make([]string, len(quorum.Failed))
		for i, f := range quorum.Failed {
			nodes[i] = f.Error()
		}
		details["failedNodes"] = nodes
	}
	var funds *client.FundsError
	if errors.As(err, &funds) {
		details["address"], details["needed"], details["available"] = funds.Address, funds.Need, funds.Have
	}
	var stored *client.StoreError
	if errors.As(err, &stored) {
		details["phase"] = stored.Phase
		if stored.Object != nil {
			details["objectId"] = stored.Object
		}
	}
	var rejected *ledger.RejectedError
	if errors.As(err, &rejected) {
		details["rule"], details["codespace"], details["code"] = rejected.Name, rejected.Codespace, rejected.Code
		if rejected.Tx != [32]byte{} {
			details["txDigest"] = txDigest(rejected.Tx)
		}
	}
	return details
}

// errorJSON is the line that --json puts on standard error. Source: spec client.md section 2.1.
type errorJSON struct {
	Error struct {
		Code    string         `json:"code"`
		Message string         `json:"message"`
		Hint    string         `json:"hint,omitempty"`
		Details map[string]any `json:"details,omitempty"`
	} `json:"error"`
}

// report prints an error for a person or, with --json, for a program, and returns the exit code.
func (d *deps) report(err error) int {
	h := classify(err)
	if d.json {
		var line errorJSON
		line.Error.Code, line.Error.Message = h.code, h.err.Error()
		line.Error.Hint, line.Error.Details = h.hint, h.details
		var b bytes.Buffer
		enc := json.NewEncoder(&b)
		enc.SetEscapeHTML(false)
		if err := enc.Encode(line); err == nil {
			d.stderr.Write(b.Bytes())
		}
	} else {
		fmt.Fprintf(d.stderr, "walrus: %v\n", h.err)
		if h.hint != "" {
			fmt.Fprintf(d.stderr, "hint: %s\n", h.hint)
		}
	}
	if h.exit > exitUsage && !d.detailedExit() {
		return exitFailure
	}
	return h.exit
}

// detailedExit tells whether exit codes beyond 2 are wanted.
func (d *deps) detailedExit() bool {
	return d.exitCodes == "detailed" || d.getenv("WALRUS_DETAILED_EXIT") == "1"
}

// newExitCodes makes the help topic that other commands point at.
func newExitCodes() *cobra.Command {
	return &cobra.Command{
		Use:   "exit-codes",
		Short: "What exit codes mean",
		Long: `Every command exits with

  0  done
  1  something went wrong
  2  the command line makes no sense

With --exit-codes=detailed, or WALRUS_DETAILED_EXIT=1 in the environment, some failures that are 1 otherwise are

  3  not found: no such blob or object
  4  not enough WAL
  5  nodes or chain unavailable; try again later
  6  blocked: nodes refuse to serve the blob
  7  done in part: some of several things failed

What went wrong, and what to do, is on standard error: words, or with --json one line
{"error":{"code","message","hint","details"}}.`,
	}
}

// exits is the end of every command's help. more has lines of its own, "7  ...".
func exits(more ...string) string {
	text := "\n\nExit codes: 0 done, 1 something went wrong, 2 wrong usage"
	for _, m := range more {
		text += ", " + m
	}
	return text + `; see "walrus help exit-codes".`
}
