package main

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"github.com/walrus-go/walrus/ledger"
	"github.com/walrus-go/walrus/testnet"
)

// newBalance makes the balance command.
func newBalance(d *deps) *cobra.Command {
	return &cobra.Command{
		Use:     "balance [ADDRESS]",
		Short:   "Show how much WAL an account has",
		Long:    "Balance shows the WAL of the wallet's account, or of another one." + exits(),
		Example: "  walrus balance",
		Args:    cobra.MaximumNArgs(1),
		RunE:    d.readsAccount(runBalance),
	}
}

func runBalance(ctx context.Context, s *session, owner ledger.Address) error {
	frost, err := s.reader.Balance(ctx, owner)
	if err != nil {
		return err
	}
	return s.printResult(fields{"address": owner, "balance": frost}, "%v has %s\n", owner, formatWAL(frost))
}

// parseAddress reads an account's address from an argument.
func parseAddress(s string) (ledger.Address, error) {
	a, err := ledger.ParseAddress(s)
	if err != nil {
		return a, &hinted{err: err, code: "INVALID_ADDRESS", exit: exitUsage, hint: `addresses look like wal1…; "walrus keys list" shows your own`}
	}
	return a, nil
}

// newSend makes the send command.
func newSend(d *deps) *cobra.Command {
	return &cobra.Command{
		Use:   "send ADDRESS AMOUNT",
		Short: "Send WAL to another account",
		Long: `Send pays an amount from the wallet's account to another one. A bare number is FROST, 1.5WAL is a thousand
million times as much and a half.` + exits("with --exit-codes=detailed 4 not enough WAL"),
		Example: "  walrus send \"$(walrus keys show --address)\" 1.5WAL",
		Args:    cobra.ExactArgs(2),
		RunE: d.does(func(ctx context.Context, args []string) error {
			to, amount, err := parseBoth(args[0], parseAddress, args[1], parseWAL)
			if err != nil {
				return err
			}
			if amount == 0 {
				return usagef("nothing to send")
			}
			return d.withWallet(ctx, func(s *session) error {
				if err := s.wallet.Send(ctx, to, amount); err != nil {
					return err
				}
				return d.printResult(fields{"from": s.wallet.Address(), "to": to, "amount": amount}, "%s sent to %v\n", formatWAL(amount), to)
			})
		}),
	}
}

// faucetOptions are the flags of faucet.
type faucetOptions struct {
	url    string
	amount string
}

// newFaucet makes the faucet command.
func newFaucet(d *deps) *cobra.Command {
	var opts faucetOptions
	cmd := &cobra.Command{
		Use:     "faucet [ADDRESS]",
		Aliases: []string{"get-wal"},
		Short:   "Ask a test network for WAL",
		Long:    "Faucet asks a test network to give WAL to the wallet's account, or to another one." + exits(),
		Example: "  walrus faucet --amount 10WAL",
		Args:    cobra.MaximumNArgs(1),
		RunE:    d.does(func(ctx context.Context, args []string) error { return runFaucet(ctx, d, args, opts) }),
	}
	cmd.Flags().StringVar(&opts.url, "url", "", "`URL` of the faucet (default: as configured)")
	cmd.Flags().StringVar(&opts.amount, "amount", "", "`AMOUNT` of FROST, or like 10WAL (default: what the faucet likes to give)")
	return cmd
}

func runFaucet(ctx context.Context, d *deps, args []string, opts faucetOptions) error {
	req, url, err := faucetRequest(d, args, opts)
	if err != nil {
		return err
	}
	body, err := json.Marshal(req)
	if err != nil {
		return err
	}
	ctx, cancel := context.WithTimeout(ctx, time.Minute)
	defer cancel()
	post, err := http.NewRequestWithContext(ctx, http.MethodPost, strings.TrimSuffix(url, "/")+testnet.FaucetPath, bytes.NewReader(body))
	if err != nil {
		return usagef("--url: %w", err)
	}
	post.Header.Set("Content-Type", "application/json")
	resp, err := http.DefaultClient.Do(post)
	if err != nil {
		return &hinted{err: fmt.Errorf("faucet does not answer: %w", err), code: "FAUCET_UNAVAILABLE", exit: exitUnavailable, hint: "is the test network running?"}
	}
	defer resp.Body.Close()
	granted, err := readFaucet(resp)
	if err != nil {
		return err
	}
	return d.printResult(granted, "%v got %s\n", granted.Address, formatWAL(granted.Amount))
}

// faucetRequest makes out who wants how much from where.
func faucetRequest(d *deps, args []string, opts faucetOptions) (req testnet.FaucetRequest, url string, err error) {
	if opts.amount != "" {
		if req.Amount, err = parseWAL(opts.amount); err != nil {
			return req, "", err
		}
	}
	if len(args) == 1 {
		if req.Address, err = parseAddress(args[0]); err != nil {
			return req, "", err
		}
	}
	if len(args) == 1 && opts.url != "" {
		return req, opts.url, nil // no configuration is needed
	}
	cfg, err := d.loadConfig()
	if err != nil {
		return req, "", err
	}
	if url = opts.url; url == "" {
		url = cfg.FaucetURL
	}
	if url == "" {
		return req, "", &hinted{err: fmt.Errorf("%s names no faucet_url", cfg.Path), code: "NO_FAUCET", exit: exitFailure, hint: "only test networks give WAL away; name a faucet with --url"}
	}
	if len(args) == 0 {
		req.Address, err = d.ownAddress(cfg)
	}
	return req, url, err
}

// readFaucet reads a faucet's answer, of which it believes little.
func readFaucet(resp *http.Response) (*testnet.FaucetGranted, error) {
	raw, err := io.ReadAll(io.LimitReader(resp.Body, 64<<10))
	if err != nil {
		return nil, fmt.Errorf("faucet: %w", err)
	}
	if resp.StatusCode == http.StatusOK {
		granted := new(testnet.FaucetGranted)
		if err := json.Unmarshal(raw, granted); err != nil {
			return nil, fmt.Errorf("faucet: not an answer of a faucet: %w", err)
		}
		return granted, nil
	}
	var refused struct {
		Error struct {
			Message string `json:"message"`
		} `json:"error"`
	}
	if json.Unmarshal(raw, &refused) != nil || refused.Error.Message == "" {
		refused.Error.Message = resp.Status
	}
	exit := exitFailure
	if resp.StatusCode == http.StatusTooManyRequests || resp.StatusCode >= 500 {
		exit = exitUnavailable
	}
	return nil, &hinted{err: fmt.Errorf("faucet: %q", refused.Error.Message), code: "FAUCET_REFUSED", exit: exit, hint: "ask for less, or later"}
}
