// Package keyring keeps the keys of accounts on disk.
//
// The idea: it is the Cosmos SDK's keyring, in the SDK's format, with the one kind of key that accounts of
// this network have: secp256k1 with the address that Ethereum derives from it, drawn from a BIP-39 phrase
// at m/44'/60'/0'/0/0, where wallets of that world look too. Backend "file" encrypts each key with a
// passphrase; "test" does so with one that everybody knows, for networks whose WAL is worth nothing.
//
// Start with [Open] and [Keyring.Signer]. Source: spec client.md section 5.3.
package keyring

import (
	"cmp"
	"encoding/hex"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"

	store "github.com/99designs/keyring"
	"github.com/cosmos/cosmos-sdk/codec"
	codectypes "github.com/cosmos/cosmos-sdk/codec/types"
	cryptocodec "github.com/cosmos/cosmos-sdk/crypto/codec"
	sdkring "github.com/cosmos/cosmos-sdk/crypto/keyring"
	"github.com/cosmos/cosmos-sdk/crypto/keys/secp256k1eth"
	sdk "github.com/cosmos/cosmos-sdk/types"
	"golang.org/x/crypto/bcrypt"

	"github.com/walrus-go/walrus/ledger"
	"github.com/walrus-go/walrus/ledger/rpc"
)

// Errors that callers decide on.
var (
	// ErrNotFound means that there is no key of that name.
	ErrNotFound = errors.New("keyring: no such key")
	// ErrExists means that there is a key of that name, or of that account, already.
	ErrExists = errors.New("keyring: key exists")
	// ErrName means that a name is not 1 to 64 letters, digits, dots, dashes and underscores.
	ErrName = errors.New("keyring: not a name for a key")
	// ErrSecret means that a phrase or secret is not one.
	ErrSecret = errors.New("keyring: not a valid secret")
	// ErrPassphrase means that a passphrase is not the right one.
	ErrPassphrase = errors.New("keyring: wrong passphrase")
	// ErrBackend means that there is no such backend.
	ErrBackend = errors.New("keyring: unknown backend")
)

// The backends.
const (
	File = "file" // encrypted with a passphrase
	Test = "test" // encrypted with a passphrase that everybody knows
)

// Path is where in the tree of a BIP-39 phrase the key is taken from: the first account of Ethereum
// wallets.
const Path = "m/44'/60'/0'/0/0"

// testPassphrase is the SDK's for its test backend.
const testPassphrase = "test"

// An Entry is a key without its secret.
type Entry struct {
	Name    string         `json:"name"`
	Address ledger.Address `json:"address"`
}

// Keyring is a directory of keys. It is not safe for concurrent use.
type Keyring struct {
	ring sdkring.Keyring
	dir  string // for messages
}

// Open opens the keyring in dir, which need not exist; the first key makes it. ask is called for the passphrase of backend
// [File], with what to ask for; a new keyring asks twice.
//
// Errors: [ErrBackend].
func Open(dir, backend string, ask func(what string) (string, error)) (*Keyring, error) {
	setPrefix()
	passphrase := func(string) (string, error) { return testPassphrase, nil }
	switch backend {
	case Test:
	case File, "":
		backend = File
		guard := &guard{path: filepath.Join(dir, "keyring-file", "keyhash"), ask: ask}
		passphrase = guard.passphrase
	default:
		return nil, fmt.Errorf("%w: %q is neither file nor test", ErrBackend, backend)
	}
	files := filepath.Join(dir, "keyring-"+backend)
	db, err := store.Open(store.Config{
		AllowedBackends:  []store.BackendType{store.FileBackend},
		ServiceName:      "walrus",
		FileDir:          files,
		FilePasswordFunc: passphrase,
	})
	if err != nil {
		return nil, fmt.Errorf("keyring: %s: %w", dir, err)
	}
	registry := codectypes.NewInterfaceRegistry()
	cryptocodec.RegisterInterfaces(registry)
	only := func(o *sdkring.Options) { o.SupportedAlgos = sdkring.SigningAlgoList{ethAlgorithm{}} }
	return &Keyring{sdkring.NewInMemoryWithKeyring(unmade{db, files}, codec.NewProtoCodec(registry), only), dir}, nil
}

// guard remembers a passphrase, and makes sure that all keys of a keyring have the same one.
type guard struct {
	path  string // of a hash of it
	ask   func(what string) (string, error)
	known string
}

func (g *guard) passphrase(string) (string, error) {
	if g.known != "" {
		return g.known, nil
	}
	hash, err := os.ReadFile(g.path)
	if errors.Is(err, os.ErrNotExist) {
		return g.choose()
	}
	if err != nil {
		return "", fmt.Errorf("keyring: %w", err)
	}
	given, err := g.ask("passphrase of the keyring")
	if err != nil {
		return "", err
	}
	if bcrypt.CompareHashAndPassword(hash, []byte(given)) != nil {
		return "", ErrPassphrase
	}
	g.known = given
	return given, nil
}

// minPassphrase is what other programs with this format ask for too.
const minPassphrase = 8

func (g *guard) choose() (string, error) {
	first, err := g.ask("new passphrase for the keyring")
	if err != nil {
		return "", err
	}
	if len(first) < minPassphrase {
		return "", fmt.Errorf("%w: %d characters, want at least %d", ErrPassphrase, len(first), minPassphrase)
	}
	second, err := g.ask("the same passphrase again")
	if err != nil {
		return "", err
	}
	if first != second {
		return "", fmt.Errorf("%w: the two differ", ErrPassphrase)
	}
	hash, err := bcrypt.GenerateFromPassword([]byte(first), bcrypt.DefaultCost)
	if err == nil {
		err = os.MkdirAll(filepath.Dir(g.path), 0o700)
	}
	if err == nil {
		err = os.WriteFile(g.path, hash, 0o600)
	}
	if err != nil {
		return "", fmt.Errorf("keyring: %w", err)
	}
	g.known = first
	return first, nil
}

// List returns all keys, by name.
func (k *Keyring) List() ([]Entry, error) {
	records, err := k.ring.List()
	if errors.Is(err, os.ErrNotExist) {
		return nil, nil
	}
	if err != nil {
		return nil, wrap("", err)
	}
	entries := make([]Entry, 0, len(records))
	for _, r := range records {
		e, err := entry(r)
		if err != nil {
			return nil, err
		}
		entries = append(entries, e)
	}
	slices.SortFunc(entries, func(a, b Entry) int { return cmp.Compare(a.Name, b.Name) })
	return entries, nil
}

// Get returns one key. Errors: [ErrNotFound].
func (k *Keyring) Get(name string) (Entry, error) {
	r, err := k.record(name)
	if err != nil {
		return Entry{}, err
	}
	return entry(r)
}

// Signer returns a key to sign with, in memory. Errors: [ErrNotFound], [ErrPassphrase].
func (k *Keyring) Signer(name string) (*rpc.Key, error) {
	r, err := k.record(name)
	if err != nil {
		return nil, err
	}
	local := r.GetLocal()
	if local == nil {
		return nil, fmt.Errorf("%w: %q has no secret here", ErrSecret, name)
	}
	secret, ok := local.PrivKey.GetCachedValue().(*secp256k1eth.PrivKey)
	if !ok {
		return nil, fmt.Errorf("%w: %q is a %s, want secp256k1eth", ErrSecret, name, local.PrivKey.TypeUrl)
	}
	key, err := rpc.ParseKey(secret.Bytes())
	if err != nil {
		return nil, fmt.Errorf("%w: %q: %w", ErrSecret, name, err)
	}
	return key, nil
}

// Generate draws a new key and returns the phrase of 24 words that it can be restored from.
//
// Errors: [ErrName], [ErrExists].
func (k *Keyring) Generate(name string) (e Entry, phrase string, err error) {
	if err := k.free(name); err != nil {
		return Entry{}, "", err
	}
	r, phrase, err := k.ring.NewMnemonic(name, sdkring.English, Path, "", ethAlgorithm{})
	if err != nil {
		return Entry{}, "", wrap(name, err)
	}
	e, err = entry(r)
	return e, phrase, err
}

// Restore makes the key of a BIP-39 phrase. Errors: [ErrName], [ErrExists], [ErrSecret].
func (k *Keyring) Restore(name, phrase string) (Entry, error) {
	if err := k.free(name); err != nil {
		return Entry{}, err
	}
	phrase = strings.Join(strings.Fields(phrase), " ")
	secret, err := ethAlgorithm{}.Derive()(phrase, "", Path)
	if err != nil {
		return Entry{}, fmt.Errorf("%w: the phrase is not a BIP-39 phrase: %w", ErrSecret, err)
	}
	return k.add(name, secret)
}

// Import takes a secret of 64 hex digits, with or without 0x. Errors: [ErrName], [ErrExists],
// [ErrSecret].
func (k *Keyring) Import(name, secret string) (Entry, error) {
	if err := k.free(name); err != nil {
		return Entry{}, err
	}
	raw, err := hex.DecodeString(strings.TrimPrefix(strings.TrimSpace(secret), "0x"))
	if err != nil {
		return Entry{}, fmt.Errorf("%w: not hex digits", ErrSecret) // without quoting them
	}
	return k.add(name, raw)
}

// add puts a secret under a name that is free.
func (k *Keyring) add(name string, secret []byte) (Entry, error) {
	key, err := rpc.ParseKey(secret)
	if err != nil {
		return Entry{}, fmt.Errorf("%w: %w", ErrSecret, err)
	}
	address := key.Address()
	if r, err := k.ring.KeyByAddress(sdk.AccAddress(address[:])); err == nil {
		return Entry{}, fmt.Errorf("%w: %v is %q", ErrExists, address, r.Name)
	} else if !isMissing(err) {
		return Entry{}, wrap(name, err)
	}
	if err := k.ring.ImportPrivKeyHex(name, hex.EncodeToString(secret), string(ethAlgorithm{}.Name())); err != nil {
		return Entry{}, wrap(name, err)
	}
	return k.Get(name)
}

// Export returns a secret as 64 hex digits. Whoever has it has the account's money.
//
// Errors: [ErrNotFound], [ErrPassphrase].
func (k *Keyring) Export(name string) (string, error) {
	key, err := k.Signer(name)
	if err != nil {
		return "", err
	}
	return hex.EncodeToString(key.Bytes()), nil
}

// Delete removes a key. Errors: [ErrNotFound].
func (k *Keyring) Delete(name string) error {
	if _, err := k.record(name); err != nil {
		return err
	}
	if err := k.ring.Delete(name); err != nil {
		return wrap(name, err)
	}
	return nil
}

var validName = regexp.MustCompile(`^[A-Za-z0-9][A-Za-z0-9._-]{0,63}$`)

// free tells whether a new key may have this name.
func (k *Keyring) free(name string) error {
	if !validName.MatchString(name) {
		return fmt.Errorf("%w: %.80q", ErrName, name)
	}
	_, err := k.record(name)
	switch {
	case err == nil:
		return fmt.Errorf("%w: %q", ErrExists, name)
	case errors.Is(err, ErrNotFound):
		return nil
	}
	return err
}

func (k *Keyring) record(name string) (*sdkring.Record, error) {
	if !validName.MatchString(name) {
		return nil, fmt.Errorf("%w: %.80q", ErrName, name)
	}
	r, err := k.ring.Key(name)
	if isMissing(err) {
		return nil, fmt.Errorf("%w: %q in %s", ErrNotFound, name, k.dir)
	}
	if err != nil {
		return nil, wrap(name, err)
	}
	return r, nil
}

// wrap translates the SDK's errors.
func wrap(name string, err error) error {
	switch {
	case errors.Is(err, ErrPassphrase):
		return err
	case isMissing(err):
		return fmt.Errorf("%w: %q", ErrNotFound, name)
	}
	return fmt.Errorf("keyring: key %q: %w", name, err)
}

func entry(r *sdkring.Record) (Entry, error) {
	public, err := r.GetPubKey()
	if err != nil {
		return Entry{}, wrap(r.Name, err)
	}
	return Entry{r.Name, ledger.Address(public.Address())}, nil
}
