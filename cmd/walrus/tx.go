package main

import (
	"context"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"strings"
	"time"

	sdk "github.com/cosmos/cosmos-sdk/types"
	txtypes "github.com/cosmos/cosmos-sdk/types/tx"
	"github.com/cosmos/cosmos-sdk/x/authz"
	"github.com/cosmos/gogoproto/proto"
	"github.com/mr-tron/base58"
	"github.com/spf13/cobra"

	"github.com/walrus-go/walrus/internal/config"
	"github.com/walrus-go/walrus/ledger"
	"github.com/walrus-go/walrus/ledger/rpc"
)

// txJSON is a transaction that is in a block.
type txJSON struct {
	Hash       string        `json:"hash"` // hex, as CometBFT has it
	Digest     string        `json:"txDigest"`
	Height     int64         `json:"height"`
	Index      uint32        `json:"index"`
	Time       time.Time     `json:"time"`
	Success    bool          `json:"success"`
	Error      *txError      `json:"error,omitempty"`
	GasUsed    int64         `json:"gasUsed"`
	GasLimit   int64         `json:"gasLimit"`
	Fee        uint64        `json:"fee"` // FROST
	FeeGranter string        `json:"feeGranter,omitempty"`
	Memo       string        `json:"memo,omitempty"`
	Messages   []any         `json:"messages"`
	Events     []txEventJSON `json:"events"`
}

// txError is why a transaction did nothing.
type txError struct {
	Rule      string `json:"rule,omitempty"` // module::EName
	Codespace string `json:"codespace"`
	Code      uint32 `json:"code"`
	Message   string `json:"message"`
}

type txEventJSON struct {
	Type       string         `json:"type"`
	Attributes map[string]any `json:"attributes"`
}

// txOptions are the flags of tx.
type txOptions struct {
	wait time.Duration
}

// newTx makes the tx command and those below it.
func newTx(d *deps) *cobra.Command {
	var opts txOptions
	cmd := &cobra.Command{
		Use:   "tx HASH",
		Short: "Show a transaction, or send one of any messages",
		Long: `Tx shows a transaction that is in a block: its messages, what it did, and, if it was refused, the name of the rule. HASH is
the txDigest that commands print with --json, or 64 hex digits.
JSON: {"hash","txDigest","height","index","time","success","error":{"rule","codespace","code","message"},"gasUsed",
"gasLimit","fee","messages","events":[{"type","attributes"}]}.` + exits("with --exit-codes=detailed 3 no such transaction"),
		Example: `  walrus tx "$(walrus stake node-00 1WAL --json | jq -r .txDigest)"`,
		Args:    cobra.ExactArgs(1),
		RunE:    readsOne(d, parseHash, func(ctx context.Context, s *session, hash [32]byte) error { return runTx(ctx, s, hash, opts) }),
	}
	cmd.Flags().DurationVar(&opts.wait, "wait", 3*time.Second, "how long to wait for a transaction that is not there yet")
	cmd.AddCommand(newTxSend(d))
	return cmd
}

// parseHash reads the name of a transaction.
func parseHash(text string) (hash [32]byte, err error) {
	raw, err := hex.DecodeString(strings.TrimPrefix(text, "0x"))
	if err != nil || len(raw) != len(hash) {
		raw, err = base58.Decode(text)
	}
	if err != nil || len(raw) != len(hash) {
		return hash, usagef("transaction %q: want a txDigest, or 64 hex digits", text)
	}
	return [32]byte(raw), nil
}

func runTx(ctx context.Context, s *session, hash [32]byte, opts txOptions) error {
	found, err := s.awaitTx(ctx, hash, opts.wait)
	if errors.Is(err, ledger.ErrNotFound) {
		return &hinted{err: err, code: "NOT_FOUND", exit: exitNotFound, hint: "it may be of another chain, not in a block yet, or further back than the node at rpc_urls remembers"}
	}
	if err != nil {
		return err
	}
	out, err := describeTx(found)
	if err != nil {
		return err
	}
	return s.show(out, func() error { return printTx(s.deps, out) })
}

// txPoll is how often a transaction is looked for that is not there yet. A node puts transactions into its
// index a moment after their block.
const txPoll = 100 * time.Millisecond

func (s *session) awaitTx(ctx context.Context, hash [32]byte, wait time.Duration) (*rpc.Committed, error) {
	until := time.NewTimer(wait)
	defer until.Stop()
	for {
		found, err := s.reader.Tx(ctx, hash)
		if !errors.Is(err, ledger.ErrNotFound) {
			return found, err
		}
		select {
		case <-ctx.Done():
			return nil, context.Cause(ctx)
		case <-until.C:
			return nil, err
		case <-time.After(txPoll):
		}
	}
}

// describeTx decodes a transaction.
func describeTx(found *rpc.Committed) (*txJSON, error) {
	m, err := newMessages()
	if err != nil {
		return nil, err
	}
	out := &txJSON{
		Hash: fmt.Sprintf("%X", found.Hash), Digest: txDigest(found.Hash), Height: found.Height, Index: found.Index, Time: found.Time.UTC(),
		Success: found.Refused == nil, GasUsed: found.GasUsed, GasLimit: found.GasLimit,
	}
	if r := (*ledger.RejectedError)(nil); errors.As(found.Refused, &r) {
		out.Error = &txError{Rule: r.Name, Codespace: r.Codespace, Code: r.Code, Message: r.Text}
	}
	var tx txtypes.Tx
	if err := m.codec.Unmarshal(found.Tx, &tx); err != nil {
		return nil, fmt.Errorf("transaction %s: %w", out.Hash, err)
	}
	out.Memo = tx.Body.GetMemo()
	if fee := tx.AuthInfo.GetFee(); fee != nil {
		if len(fee.Amount) > 0 && fee.Amount[0].Amount.IsUint64() {
			out.Fee = fee.Amount[0].Amount.Uint64()
		}
		out.FeeGranter = fee.Granter
	}
	out.Events = convert(found.Events, m.event)
	out.Messages, err = tryConvert(tx.GetMsgs(), m.showAny)
	return out, err
}

// event makes the attributes of a typed event, which are JSON in text, legible.
func (m *messages) event(e rpc.TxEvent) txEventJSON {
	out := txEventJSON{Type: e.Type, Attributes: map[string]any{}}
	desc := describe(e.Type)
	for _, a := range e.Attributes {
		out.Attributes[a.Key] = a.Value
		if desc == nil {
			continue
		}
		if value, err := decodeJSON(strings.NewReader(a.Value)); err == nil {
			out.Attributes[a.Key] = value
		}
	}
	m.walk(out.Attributes, desc, legible)
	return out
}

func printTx(d *deps, t *txJSON) error {
	pairs := []string{"Transaction", t.Hash, "Digest", t.Digest, "Block", fmt.Sprintf("%d of %s", t.Height, t.Time.Format(time.RFC3339))}
	if t.Success {
		pairs = append(pairs, "Result", "done")
	} else {
		pairs = append(pairs, "Result", fmt.Sprintf("refused by %s: %s", or(t.Error.Rule, fmt.Sprintf("%s %d", t.Error.Codespace, t.Error.Code)), t.Error.Message))
	}
	pairs = append(pairs, "Gas", fmt.Sprintf("%s of %s", thousands(uint64(max(t.GasUsed, 0))), thousands(uint64(max(t.GasLimit, 0)))), "Fee", formatWAL(t.Fee))
	if t.FeeGranter != "" {
		pairs = append(pairs, "Fee paid by", t.FeeGranter)
	}
	if t.Memo != "" {
		pairs = append(pairs, "Memo", t.Memo)
	}
	if err := labels(d.stdout, pairs...); err != nil {
		return err
	}
	fmt.Fprintln(d.stdout, "Messages")
	if err := printValues(d.stdout, t.Messages); err != nil {
		return err
	}
	if len(t.Events) == 0 {
		return nil
	}
	fmt.Fprintln(d.stdout, "Events")
	for _, e := range t.Events {
		raw, err := json.Marshal(e.Attributes)
		if err != nil {
			return err
		}
		fmt.Fprintf(d.stdout, "  %s %s\n", printable(e.Type), printable(string(raw)))
	}
	return nil
}

// printValues prints JSON values, indented.
func printValues(w io.Writer, list []any) error {
	for _, v := range list {
		raw, err := json.MarshalIndent(v, "  ", "  ")
		if err != nil {
			return err
		}
		for line := range strings.Lines("  " + string(raw) + "\n") {
			fmt.Fprintln(w, printable(strings.TrimSuffix(line, "\n")))
		}
	}
	return nil
}

// sendOptions are the flags of tx send.
type sendOptions struct {
	dryRun bool
	gas    uint64
	as     string
}

func newTxSend(d *deps) *cobra.Command {
	var opts sendOptions
	cmd := &cobra.Command{
		Use:   "send (FILE | -)",
		Short: "Sign and send a transaction of messages in JSON",
		Long: `Send signs and sends one transaction of any messages that the chain knows, all or nothing. The file, or standard input, has
one message {"@type":"/walrus.committee.v1.MsgStake","node_id":"0x…","amount":"1000000000"}, a list of them, or
{"messages":[…]}. Identifiers are 0x and hex digits, blob IDs and addresses as everywhere; who sends a message is
filled in. --dry-run simulates it on the node and sends nothing.
JSON: {"txDigest","gasUsed","gasLimit","fee","messages"}; "txDigest" is missing in a dry run.` +
			exits("with --exit-codes=detailed 4 not enough WAL"),
		Example: `  walrus tx send --dry-run - <<END
  {"@type":"/cosmos.bank.v1beta1.MsgSend","to_address":"$(walrus keys show --address)","amount":[{"denom":"frost","amount":"1"}]}
  END`,
		Args: cobra.ExactArgs(1),
		RunE: d.does(func(ctx context.Context, args []string) error { return runTxSend(ctx, d, args[0], opts) }),
	}
	f := cmd.Flags()
	f.BoolVar(&opts.dryRun, "dry-run", false, "show what it would cost, and send nothing")
	f.StringVar(&opts.as, "as", "", "act in the name of `ADDRESS`, which has granted it, see walrus grant act")
	f.Uint64Var(&opts.gas, "gas", 0, "`LIMIT` of gas (default: what a simulation used, and half as much again)")
	return cmd
}

func runTxSend(ctx context.Context, d *deps, file string, opts sendOptions) error {
	in, err := d.openText(file)
	if err != nil {
		return err
	}
	defer in.Close()
	m, err := newMessages()
	if err != nil {
		return err
	}
	return d.withWallet(ctx, func(s *session) error {
		sender := s.self()
		if opts.as != "" {
			other, err := parseAddress(opts.as)
			if err != nil {
				return err
			}
			sender = other.String()
		}
		list, err := m.readAll(in, sender)
		if err != nil {
			return err
		}
		if opts.as != "" {
			inner, err := tryConvert(list, pack)
			if err != nil {
				return err
			}
			list = []sdk.Msg{&authz.MsgExec{Grantee: s.self(), Msgs: inner}}
		}
		return s.sendMessages(ctx, m, list, opts)
	})
}

// openText opens a file, or standard input for -.
func (d *deps) openText(file string) (io.ReadCloser, error) {
	if file == "-" {
		return io.NopCloser(d.stdin), nil
	}
	return os.Open(config.Expand(file, "."))
}

// sendMessages sends messages, or says what that would cost.
func (s *session) sendMessages(ctx context.Context, m *messages, list []sdk.Msg, opts sendOptions) error {
	shown, err := tryConvert(list, m.showAny)
	if err != nil {
		return err
	}
	send := convert(list, func(msg sdk.Msg) proto.Message { return msg })
	if opts.dryRun {
		sim, err := s.account.Simulate(ctx, send...)
		if err != nil {
			return err
		}
		if s.json {
			return s.printJSON(fields{"messages": shown, "gasUsed": sim.GasUsed, "gasLimit": sim.GasLimit, "fee": sim.Fee})
		}
		if err := printValues(s.stdout, shown); err != nil {
			return err
		}
		_, err = fmt.Fprintf(s.stdout, "would use %s gas and cost a fee of %s; nothing was sent\n", thousands(sim.GasUsed), formatWAL(sim.Fee))
		return err
	}
	receipt, err := s.account.Deliver(ctx, opts.gas, send...)
	if err != nil {
		return err
	}
	return s.printSent(receipt, fields{"messages": shown, "gasUsed": receipt.GasUsed, "gasLimit": receipt.GasLimit, "fee": receipt.Fee},
		"%s done: transaction %s, %s gas, fee of %s\n", typesOf(shown), txDigest(receipt.Tx), thousands(receipt.GasUsed), formatWAL(receipt.Fee))
}
