package main

import (
	"bufio"
	"errors"
	"fmt"
	"os"
	"strings"

	"golang.org/x/term"

	"github.com/walrus-go/walrus/internal/config"
	"github.com/walrus-go/walrus/ledger"
	"github.com/walrus-go/walrus/ledger/keyring"
	"github.com/walrus-go/walrus/ledger/rpc"
)

// openWallet returns the wallet of the configured key.
func (d *deps) openWallet(reader *rpc.Client, cfg *config.Client) (*rpc.Wallet, error) {
	keys, name, err := d.openKeys(cfg)
	if err != nil {
		return nil, err
	}
	signer, err := keys.Signer(name)
	if err != nil {
		return nil, err
	}
	opts := &rpc.WalletOptions{}
	if d.feeGranter != "" {
		granter, err := parseAddress(d.feeGranter)
		if err != nil {
			return nil, err
		}
		opts.FeeGranter = &granter
	}
	return reader.Wallet(signer, opts)
}

// ownAddress returns the account of the configured key.
func (d *deps) ownAddress(cfg *config.Client) (ledger.Address, error) {
	keys, name, err := d.openKeys(cfg)
	if err != nil {
		return ledger.Address{}, err
	}
	entry, err := keys.Get(name)
	return entry.Address, err
}

// openKeys opens the configured keyring and says which of its keys to act as.
func (d *deps) openKeys(cfg *config.Client) (keys *keyring.Keyring, name string, err error) {
	if cfg.Wallet.Path == "" {
		return nil, "", &hinted{
			err: errors.New("no wallet is configured"), code: "NO_WALLET", exit: exitFailure,
			hint: "name a keyring with --wallet DIR, or as wallet_config in the configuration",
		}
	}
	keys, err = keyring.Open(cfg.Wallet.Path, cfg.Wallet.Backend, d.askPassphrase)
	if err != nil {
		return nil, "", err
	}
	name = cfg.Wallet.Key
	if name == "" {
		name = defaultKey
	}
	return keys, name, nil
}

// defaultKey is the key that commands act as if none is named.
const defaultKey = "default"

// passphraseVariable holds the keyring's passphrase where nobody can type it.
const passphraseVariable = "WALRUS_KEYRING_PASSPHRASE"

// askPassphrase gets a passphrase from the environment, from a person, or from a line of standard input.
func (d *deps) askPassphrase(what string) (string, error) {
	if p := d.getenv(passphraseVariable); p != "" {
		return p, nil
	}
	if d.inputTerminal {
		fmt.Fprintf(d.stderr, "%s: ", what)
		p, err := term.ReadPassword(int(os.Stdin.Fd()))
		fmt.Fprintln(d.stderr)
		return string(p), err
	}
	line, err := d.readLine()
	if err != nil {
		return "", &hinted{
			err: fmt.Errorf("%s is needed, and there is nobody to ask", what), code: "NO_PASSPHRASE", exit: exitFailure,
			hint: "set " + passphraseVariable + ", or write the passphrase to standard input",
		}
	}
	return line, nil
}

// readLine reads one line of standard input.
func (d *deps) readLine() (string, error) {
	if d.lines == nil {
		d.lines = bufio.NewReader(d.stdin)
	}
	line, err := d.lines.ReadString('\n')
	if line != "" {
		err = nil
	}
	return strings.TrimRight(line, "\r\n"), err
}
