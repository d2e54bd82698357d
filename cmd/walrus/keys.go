package main

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"

	"github.com/spf13/cobra"

	"github.com/walrus-go/walrus/internal/config"
	"github.com/walrus-go/walrus/ledger/keyring"
)

// newKeys makes the keys command.
func newKeys(d *deps) *cobra.Command {
	var backend string
	cmd := &cobra.Command{
		Use:   "keys",
		Short: "Manage the keys of accounts",
		Long: `Keys manages the keyring of the wallet: the one that --wallet names, or the configuration, or else
~/.walrus/wallet. Backend "file" encrypts keys with a passphrase, which is asked for, or read from
` + passphraseVariable + ` or standard input; "test" protects nothing and is for test networks.` + exits(),
		Args: cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error { return cmd.Help() },
	}
	cmd.PersistentFlags().StringVar(&backend, "backend", "", "file or test (default: as configured, or file)")
	open := func() (*keyring.Keyring, string, error) { return d.openAnyKeys(backend) }
	cmd.AddCommand(newKeysList(d, open), newKeysShow(d, open), newKeysAdd(d, open), newKeysImport(d, open), newKeysExport(d, open), newKeysDelete(d, open))
	return cmd
}

// openKeyring opens the keyring that commands below keys work on, and says which key is the usual one.
type openKeyring func() (*keyring.Keyring, string, error)

// openAnyKeys is openKeys for people who may have no configuration yet.
func (d *deps) openAnyKeys(backend string) (*keyring.Keyring, string, error) {
	cfg, err := d.loadConfig()
	switch {
	case errors.Is(err, config.ErrNotFound) && d.config == "" && d.getenv("WALRUS_CONFIG") == "":
		cfg = &config.Client{Wallet: config.Wallet{Path: config.Expand(d.walletDir, "."), Key: d.key}}
		if cfg.Wallet.Path == "" {
			cfg.Wallet.Path = config.Expand(filepath.Join("~", ".walrus", "wallet"), ".")
		}
	case err != nil:
		return nil, "", err
	}
	if backend != "" {
		cfg.Wallet.Backend = backend
	}
	return d.openKeys(cfg)
}

// chosen returns the name that was given, or the usual one.
func chosen(args []string, usual string) string {
	if len(args) > 0 {
		return args[0]
	}
	return usual
}

func newKeysList(d *deps, open openKeyring) *cobra.Command {
	return &cobra.Command{
		Use:     "list",
		Short:   "List all keys",
		Long:    "List shows the names and addresses of all keys." + exits(),
		Example: "  walrus keys list",
		Args:    cobra.NoArgs,
		RunE: d.does(func(context.Context, []string) error {
			keys, usual, err := open()
			if err != nil {
				return err
			}
			list, err := keys.List()
			if err != nil {
				return err
			}
			return printList(d, list, cells{"Name", "Address", ""}, func(e keyring.Entry) cells {
				if e.Name == usual {
					return cells{e.Name, e.Address, "(used unless --key names another)"}
				}
				return cells{e.Name, e.Address, ""}
			})
		}),
	}
}

func newKeysShow(d *deps, open openKeyring) *cobra.Command {
	var bare bool
	cmd := &cobra.Command{
		Use:     "show [NAME]",
		Short:   "Show one key",
		Long:    "Show shows name and address of a key, by default of the one that commands act as." + exits("3 no such key (with --exit-codes=detailed)"),
		Example: "  walrus keys show --address",
		Args:    cobra.MaximumNArgs(1),
		RunE: d.does(func(_ context.Context, args []string) error {
			keys, usual, err := open()
			if err != nil {
				return err
			}
			e, err := keys.Get(chosen(args, usual))
			if err != nil {
				return err
			}
			if bare && !d.json {
				_, err := fmt.Fprintln(d.stdout, e.Address)
				return err
			}
			return d.printKey(e)
		}),
	}
	cmd.Flags().BoolVarP(&bare, "address", "a", false, "print the address alone")
	return cmd
}

// printKey shows a key without its secret.
func (d *deps) printKey(e keyring.Entry) error {
	return d.printResult(e, "%s  %v\n", e.Name, e.Address)
}

func newKeysAdd(d *deps, open openKeyring) *cobra.Command {
	return &cobra.Command{
		Use:   "add NAME",
		Short: "Draw a new key",
		Long: `Add draws a new key and shows, this once, the phrase of 24 words that it can be restored from with
"walrus keys import". Write it down: whoever has it has the account, and without it a lost keyring is lost.` + exits(),
		Example: "  walrus keys add --backend test --wallet ./keys alice",
		Args:    cobra.ExactArgs(1),
		RunE: d.does(func(_ context.Context, args []string) error {
			keys, _, err := open()
			if err != nil {
				return err
			}
			e, phrase, err := keys.Generate(args[0])
			if err != nil {
				return err
			}
			err = d.printResult(fields{"name": e.Name, "address": e.Address, "mnemonic": phrase}, "%s  %v\n", e.Name, e.Address)
			if err != nil {
				return err
			}
			return d.remark("\nWrite this phrase down and keep it secret. It is not shown again:\n\n  %s\n", phrase)
		}),
	}
}

func newKeysImport(d *deps, open openKeyring) *cobra.Command {
	var file string
	cmd := &cobra.Command{
		Use:   "import NAME",
		Short: "Take in a key by its phrase or secret",
		Long: `Import reads a phrase of 12 to 24 words (BIP-39), or a secret of 64 hex digits, from standard input or a
file. Words give the first account that Ethereum wallets show for them, at ` + keyring.Path + `.` + exits(),
		Example: "  walrus keys import --file phrase.txt alice",
		Args:    cobra.ExactArgs(1),
		RunE: d.does(func(_ context.Context, args []string) error {
			keys, _, err := open()
			if err != nil {
				return err
			}
			secret, err := d.readSecret(file)
			if err != nil {
				return err
			}
			var e keyring.Entry
			if len(strings.Fields(secret)) > 1 {
				e, err = keys.Restore(args[0], secret)
			} else {
				e, err = keys.Import(args[0], secret)
			}
			if err != nil {
				return err
			}
			return d.printKey(e)
		}),
	}
	cmd.Flags().StringVar(&file, "file", "-", "`FILE` to read; - is standard input")
	return cmd
}

// readSecret reads a phrase or secret.
func (d *deps) readSecret(file string) (string, error) {
	if file != "-" {
		raw, err := os.ReadFile(file)
		return string(raw), err
	}
	if d.inputTerminal {
		fmt.Fprint(d.stderr, "phrase or secret: ")
	}
	line, err := d.readLine()
	if err != nil {
		return "", usagef("nothing on standard input: want a phrase or a secret on one line")
	}
	return line, nil
}

func newKeysExport(d *deps, open openKeyring) *cobra.Command {
	var yes bool
	cmd := &cobra.Command{
		Use:     "export [NAME] --yes",
		Short:   "Print the secret of a key",
		Long:    "Export prints the secret of a key as 64 hex digits. Whoever sees it has the account; therefore --yes." + exits(),
		Example: "  walrus keys export --yes default",
		Args:    cobra.MaximumNArgs(1),
		RunE: d.does(func(_ context.Context, args []string) error {
			keys, usual, err := open()
			if err != nil {
				return err
			}
			name := chosen(args, usual)
			if !yes {
				return usagef("the secret of %q gives away its account; say --yes to print it", name)
			}
			secret, err := keys.Export(name)
			if err != nil {
				return err
			}
			return d.printResult(fields{"name": name, "secret": secret}, "%s\n", secret)
		}),
	}
	cmd.Flags().BoolVar(&yes, "yes", false, "print it")
	return cmd
}

func newKeysDelete(d *deps, open openKeyring) *cobra.Command {
	var yes bool
	cmd := &cobra.Command{
		Use:     "delete NAME",
		Short:   "Remove a key",
		Long:    "Delete removes a key from the keyring. Without its phrase or secret the account is lost. Asks first unless --yes is given." + exits(),
		Example: "  walrus keys delete --yes alice",
		Args:    cobra.ExactArgs(1),
		RunE: d.does(func(_ context.Context, args []string) error {
			keys, _, err := open()
			if err != nil {
				return err
			}
			e, err := keys.Get(args[0])
			if err != nil {
				return err
			}
			if !yes && !d.confirm(fmt.Sprintf("Remove key %s of %v?", e.Name, e.Address)) {
				return &hinted{err: fmt.Errorf("key %q not removed", e.Name), code: "ABORTED", exit: exitFailure, hint: "--yes removes without asking"}
			}
			return keys.Delete(e.Name)
		}),
	}
	cmd.Flags().BoolVarP(&yes, "yes", "y", false, "do not ask")
	return cmd
}
