package main

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"slices"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"github.com/walrus-go/walrus/blob"
	"github.com/walrus-go/walrus/ledger"
)

// deps is the world outside, as commands see it, and what the global flags say about it.
type deps struct {
	stdin          io.Reader
	stdout, stderr io.Writer
	getenv         func(string) string
	now            func() time.Time
	terminal       bool       // stderr is a terminal: show progress
	inputTerminal  bool       // stdin is a terminal: questions make sense
	columns        func() int // of the terminal; nil, or 0, if that is not known

	config     string // --config
	context    string // --context
	walletDir  string // --wallet
	key        string // --key
	feeGranter string // --fee-granter
	json       bool   // --json
	exitCodes  string // --exit-codes

	lines *bufio.Reader // standard input, once lines of it have been read

	// started is set once a command's own work begins; an error before that is one of usage.
	started bool
}

// run executes one command line and returns its exit code.
func (d *deps) run(ctx context.Context, args []string) int {
	root := newRoot(d)
	root.SetArgs(protectIDs(args))
	cmd, err := root.ExecuteContextC(ctx)
	if err == nil {
		return 0
	}
	if !d.started {
		d.json = d.json || asksJSON(args)
		if usage := (*usageError)(nil); !errors.As(err, &usage) || usage.hint == "" {
			err = &usageError{err: err, hint: usageHint(cmd, args)}
		}
	}
	if ctx.Err() != nil {
		err = &interrupted{err}
	}
	return d.report(err)
}

// usageHint says what may have been meant, or how the command is used.
func usageHint(cmd *cobra.Command, args []string) string {
	help := fmt.Sprintf("see %q", cmd.CommandPath()+" --help")
	if !cmd.HasAvailableSubCommands() {
		return "usage: " + strings.TrimSuffix(cmd.UseLine(), " [flags]") + "; " + help
	}
	_, rest, _ := cmd.Root().Find(args) // what is behind the command, found or not
	word := slices.IndexFunc(rest, func(arg string) bool { return !strings.HasPrefix(arg, "-") })
	if word < 0 {
		return help
	}
	cmd.SuggestionsMinimumDistance = 2 // letters
	meant := cmd.SuggestionsFor(rest[word])
	if len(meant) == 0 {
		return help
	}
	slices.Sort(meant)
	for i := range meant {
		meant[i] = fmt.Sprintf("%q", cmd.CommandPath()+" "+meant[i])
	}
	return "did you mean " + strings.Join(meant, " or ") + "?"
}

// asksJSON tells whether a command line that could not be read asks for JSON.
func asksJSON(args []string) bool {
	for _, arg := range args {
		switch arg {
		case "--json", "--json=true":
			return true
		case "--":
			return false
		}
	}
	return false
}

// newRoot makes the whole tree of commands.
func newRoot(d *deps) *cobra.Command {
	root := &cobra.Command{
		Use:   "walrus",
		Short: "Store blobs on many independent nodes, and read them back whatever happens to some",
		Long: `Walrus cuts a blob into slivers, spreads them over a committee of storage nodes, and records on a
chain that the network answers for it. Any third of the committee brings the blob back.

To try it on this machine, start a network in one terminal and follow what it prints in another:

  walrus devnet

What a command logs goes to standard error; WALRUS_LOG says how much: error, warn (the default), info, debug.`,
		SilenceUsage:  true,
		SilenceErrors: true,
		Version:       readVersion().String(),
	}
	root.SetVersionTemplate("walrus {{.Version}}\n")
	root.SetOut(d.stdout)
	root.SetErr(d.stderr)
	root.SetIn(d.stdin)
	root.CompletionOptions.HiddenDefaultCmd = false
	root.DisableSuggestions = true // they are hints of ours, see [usageHint]

	f := root.PersistentFlags()
	f.StringVar(&d.config, "config", "", "client configuration `FILE` (default: $WALRUS_CONFIG, then the usual places)")
	f.StringVar(&d.context, "context", "", "`NAME` of the context in a file that has several")
	f.StringVar(&d.walletDir, "wallet", "", "`DIR` of the keyring (default: as configured)")
	f.StringVar(&d.key, "key", "", "`NAME` of the key to act as (default: as configured)")
	f.StringVar(&d.feeGranter, "fee-granter", "", "`ADDRESS` of an account that has granted fees, see walrus grant fees, and pays them")
	f.BoolVar(&d.json, "json", false, "print results, and errors, as JSON")
	f.StringVar(&d.exitCodes, "exit-codes", "", "\"detailed\" tells kinds of failure apart by exit code, see walrus help exit-codes")

	root.AddGroup(
		&cobra.Group{ID: "blobs", Title: "Blobs:"},
		&cobra.Group{ID: "network", Title: "The network:"},
		&cobra.Group{ID: "money", Title: "Keys and WAL:"},
		&cobra.Group{ID: "stake", Title: "Stake, storage nodes and governance:"},
		&cobra.Group{ID: "run", Title: "Running it:"},
	)
	for _, group := range []struct {
		id       string
		commands []func(*deps) *cobra.Command
	}{
		{"blobs", []func(*deps) *cobra.Command{newStore, newRead, newBlobStatus, newVerifyProof, newListBlobs, newExtend, newDelete, newBurn, newTransfer, newShare, newFundShared, newSharedBlobs,
			newStorage, newPool, newBucket,
			newSetAttribute, newGetAttribute, newRemoveAttribute, newRemoveAttributeFields, newBlobID, newConvertBlobID}},
		{"network", []func(*deps) *cobra.Command{newInfo, newHealth, newEpoch, newPrice, newNodes}},
		{"money", []func(*deps) *cobra.Command{newKeys, newBalance, newSend, newFaucet, newGrant, newRevoke, newGrants, newTx}},
		{"stake", []func(*deps) *cobra.Command{newStake, newUnstake, newWithdraw, newStakes, newNode, newGov}},
		{"run", []func(*deps) *cobra.Command{newJSON, newDevnet, newChain, newGenesis, newVersion}},
	} {
		for _, make := range group.commands {
			cmd := make(d)
			cmd.GroupID = group.id
			root.AddCommand(cmd)
		}
	}
	root.AddCommand(newExitCodes())
	root.SetHelpCommand(newHelp())
	fitHelp(root)
	nameArgs(root)
	return root
}

// runE is the work of a command as cobra calls it.
type runE = func(cmd *cobra.Command, args []string) error

// does wraps a command's work so that errors from here on are not taken for errors of usage.
func (d *deps) does(work func(ctx context.Context, args []string) error) runE {
	return func(cmd *cobra.Command, args []string) error {
		if d.exitCodes != "" && d.exitCodes != "detailed" {
			return usagef("--exit-codes: %q is not \"detailed\"", d.exitCodes)
		}
		slog.SetDefault(slog.New(slog.NewTextHandler(d.stderr, &slog.HandlerOptions{Level: d.logLevel()})))
		d.started = true
		for i, arg := range args {
			args[i] = strings.TrimPrefix(arg, idMark)
		}
		return work(cmd.Context(), args)
	}
}

// reads is does for a command that asks the chain: work gets a session that has no wallet.
func (d *deps) reads(work func(ctx context.Context, s *session, args []string) error) runE {
	return d.does(func(ctx context.Context, args []string) error {
		return d.withNetwork(ctx, func(s *session) error { return work(ctx, s, args) })
	})
}

// signs is does for a command that sends transactions: work gets a session that has the wallet.
func (d *deps) signs(work func(ctx context.Context, s *session, args []string) error) runE {
	return d.does(func(ctx context.Context, args []string) error {
		return d.withWallet(ctx, func(s *session) error { return work(ctx, s, args) })
	})
}

// readsOne is reads for a command with one argument, which is read before the chain is asked.
func readsOne[A any](d *deps, parse func(string) (A, error), work func(ctx context.Context, s *session, arg A) error) runE {
	return d.does(func(ctx context.Context, args []string) error {
		arg, err := parse(args[0])
		if err != nil {
			return err
		}
		return d.withNetwork(ctx, func(s *session) error { return work(ctx, s, arg) })
	})
}

// signsOne is signs for a command with one argument, which is read before the chain is asked.
func signsOne[A any](d *deps, parse func(string) (A, error), work func(ctx context.Context, s *session, arg A) error) runE {
	return d.does(func(ctx context.Context, args []string) error {
		arg, err := parse(args[0])
		if err != nil {
			return err
		}
		return d.withWallet(ctx, func(s *session) error { return work(ctx, s, arg) })
	})
}

// signsTwo is signs for a command with two arguments, which are read before the chain is asked.
func signsTwo[A, B any](d *deps, parseA func(string) (A, error), parseB func(string) (B, error), work func(ctx context.Context, s *session, a A, b B) error) runE {
	return d.does(func(ctx context.Context, args []string) error {
		a, b, err := parseBoth(args[0], parseA, args[1], parseB)
		if err != nil {
			return err
		}
		return d.withWallet(ctx, func(s *session) error { return work(ctx, s, a, b) })
	})
}

// readsAccount is reads for a command about one account: that in its argument, or else the wallet's.
func (d *deps) readsAccount(work func(ctx context.Context, s *session, owner ledger.Address) error) runE {
	return d.does(func(ctx context.Context, args []string) error {
		if len(args) == 0 {
			return d.withWallet(ctx, func(s *session) error { return work(ctx, s, s.account.Address()) })
		}
		owner, err := parseAddress(args[0])
		if err != nil {
			return err
		}
		return d.withNetwork(ctx, func(s *session) error { return work(ctx, s, owner) })
	})
}

// logLevel reads WALRUS_LOG, else RUST_LOG, which scripts set: error, warn, info or debug. The default is
// warn, what people should know.
func (d *deps) logLevel() slog.Level {
	for _, name := range []string{"WALRUS_LOG", "RUST_LOG"} {
		var level slog.Level
		if text := d.getenv(name); text != "" && level.UnmarshalText([]byte(text)) == nil {
			return level
		}
	}
	return slog.LevelWarn
}

// idMark keeps a blob ID that begins with a dash from being read as flags. [protectIDs] puts it on,
// whoever reads an ID takes it off.
const idMark = "id:"

// protectIDs marks arguments that are blob IDs and begin with a dash.
func protectIDs(args []string) []string {
	marked := make([]string, len(args))
	for i, arg := range args {
		marked[i] = arg
		if strings.HasPrefix(arg, "-") {
			if _, err := blob.ParseID(arg); err == nil {
				marked[i] = idMark + arg
			}
		}
	}
	return marked
}

// parseID reads a blob ID from an argument or flag.
func parseID(s string) (blob.ID, error) {
	s = strings.TrimPrefix(s, idMark)
	id, err := blob.ParseID(s)
	if err == nil {
		return id, nil
	}
	hint := `blob IDs are what "walrus store" and "walrus blob-id" print`
	if decimal, err := blob.ParseDecimal(s); err == nil {
		hint = fmt.Sprintf("as a decimal number this is %v; use that", decimal)
	}
	return blob.ID{}, &hinted{err: err, code: "INVALID_BLOB_ID", exit: exitUsage, hint: hint}
}
