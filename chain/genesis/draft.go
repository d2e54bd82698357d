package genesis

import (
	"bytes"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"regexp"
	"time"

	"golang.org/x/crypto/blake2b"

	"github.com/walrus-go/walrus/chain"
	"github.com/walrus-go/walrus/chain/economy"
	"github.com/walrus-go/walrus/ledger"
)

// ErrDraft means that a draft is no description of a chain that could work.
var ErrDraft = errors.New("genesis: invalid draft")

// format counts changes of the files that older programs cannot read.
const format = 1

// Bounds of the files. A draft has a line of some 80 bytes per account, a registration about 3 kB.
const (
	maxDraftSize        = 64 << 20
	maxRegistrationSize = 64 << 10
	maxAccounts         = 500_000
)

// maxVotingPeriod is a year: nobody waits longer, and it is far from the end of what durations count.
const maxVotingPeriod = 365 * 24 * time.Hour

// Draft is what a network is to be, before its operators have registered. Amounts are FROST. In JSON they
// are decimal strings, since they do not fit into other languages' numbers.
type Draft struct {
	Format  int    `json:"format"`
	ChainID string `json:"chainId"`
	// Time is when the chain begins: validators that are started earlier wait for it.
	Time   time.Time `json:"time"`
	Shards int       `json:"shards"`
	// EpochDuration is how long epochs last; negative means that they do not change.
	EpochDuration  Duration `json:"epochDuration"`
	MaxEpochsAhead uint32   `json:"maxEpochsAhead"`
	// StoragePrice, WritePrice and Capacity are in force in the first epoch; then the votes decide.
	StoragePrice uint64 `json:"storagePrice,string"`
	WritePrice   uint64 `json:"writePrice,string"`
	Capacity     uint64 `json:"capacity,string"`
	// DowntimeBlocks is how many blocks in a row a validator may miss before it is set aside.
	DowntimeBlocks uint32 `json:"downtimeBlocks"`
	// VotingPeriod is how long governance votes on a proposal; on an expedited one half as long.
	VotingPeriod Duration `json:"votingPeriod"`
	// SharedOwners allows one account to own several nodes.
	SharedOwners bool `json:"sharedOwners,omitempty"`
	// Accounts have all the WAL that there will be. What operators stake comes out of theirs.
	Accounts []chain.GenesisAccount `json:"accounts"`
	// Seats fix how many shards nodes have in the first committee. Without them the stakes decide.
	Seats []Seat `json:"seats,omitempty"`
}

// A Seat is a node, by its name, and its number of shards.
type Seat struct {
	Node   string `json:"node"`
	Shards int    `json:"shards"`
}

// Duration is a time.Duration that is text such as "24h0m0s" in JSON.
type Duration time.Duration

// MarshalText implements [encoding.TextMarshaler].
func (d Duration) MarshalText() ([]byte, error) { return []byte(time.Duration(d).String()), nil }

// UnmarshalText implements [encoding.TextUnmarshaler].
func (d *Duration) UnmarshalText(text []byte) error {
	v, err := time.ParseDuration(string(text))
	*d = Duration(v)
	return err
}

// NewDraft returns a draft with the defaults of package chain, which begins now and has no accounts yet.
func NewDraft(chainID string, shards int) *Draft {
	return &Draft{
		Format: format, ChainID: chainID, Time: time.Now().UTC().Truncate(time.Second), Shards: shards,
		EpochDuration: Duration(chain.DefaultEpochDuration), MaxEpochsAhead: chain.DefaultMaxEpochsAhead,
		StoragePrice: chain.DefaultStoragePrice, WritePrice: chain.DefaultWritePrice, Capacity: chain.DefaultCapacity,
		DowntimeBlocks: chain.DefaultDowntimeBlocks, VotingPeriod: Duration(chain.DefaultVotingPeriod),
	}
}

var chainIDs = regexp.MustCompile(`^[a-zA-Z0-9][a-zA-Z0-9._-]{2,49}$`)

// Check tells whether a chain could begin like this, as far as that can be said without its nodes.
//
// Errors: [ErrDraft].
func (d *Draft) Check() error {
	bad := func(text string, args ...any) error {
		return fmt.Errorf("%w: %s", ErrDraft, fmt.Sprintf(text, args...))
	}
	switch {
	case d.Format != format:
		return bad("format %d, this program knows %d", d.Format, format)
	case !chainIDs.MatchString(d.ChainID):
		return bad("chainId %q, want 3 to 50 letters, digits, dots, dashes and underscores, the first a letter or digit", d.ChainID)
	case d.Time.IsZero() || d.Time.Year() > 9999 || !d.Time.Equal(d.Time.Truncate(time.Millisecond)):
		return bad("time %v, want one in whole milliseconds", d.Time)
	case d.Shards < 1 || d.Shards > 1<<16-1:
		return bad("%d shards, want 1 to 65535", d.Shards)
	case d.EpochDuration == 0:
		return bad("epochDuration is 0; a negative one means that epochs do not change")
	case d.MaxEpochsAhead == 0 || d.MaxEpochsAhead > economy.MaxEpochsAhead:
		return bad("maxEpochsAhead %d, want 1 to %d", d.MaxEpochsAhead, economy.MaxEpochsAhead)
	case d.Capacity == 0 || d.StoragePrice == 0 || d.WritePrice == 0 || d.DowntimeBlocks == 0:
		return bad("storagePrice, writePrice, capacity and downtimeBlocks must be above 0")
	case time.Duration(d.VotingPeriod) < chain.MinVotingPeriod || time.Duration(d.VotingPeriod) > maxVotingPeriod:
		return bad("votingPeriod %v, want %v to %v", time.Duration(d.VotingPeriod), chain.MinVotingPeriod, maxVotingPeriod)
	case len(d.Accounts) > maxAccounts:
		return bad("%d accounts, want at most %d", len(d.Accounts), maxAccounts)
	}
	return d.checkLists()
}

func (d *Draft) checkLists() error {
	var supply uint64
	seen := make(map[ledger.Address]bool, len(d.Accounts))
	for _, a := range d.Accounts {
		sum, err := economy.Add(supply, a.Amount)
		if err != nil {
			return fmt.Errorf("%w: supply above 2^64-1 FROST at account %s", ErrDraft, a.Address)
		}
		supply = sum
		if seen[a.Address] || a.Amount == 0 || a.Address == (ledger.Address{}) {
			return fmt.Errorf("%w: account %s is listed twice, is zero or has nothing", ErrDraft, a.Address)
		}
		seen[a.Address] = true
	}
	total := 0
	names := make(map[string]bool, len(d.Seats))
	for _, s := range d.Seats {
		if s.Shards < 1 || s.Shards > d.Shards || names[s.Node] {
			return fmt.Errorf("%w: seat of %q with %d shards", ErrDraft, s.Node, s.Shards)
		}
		names[s.Node] = true
		total += s.Shards
	}
	if total != d.Shards && len(d.Seats) > 0 {
		return fmt.Errorf("%w: seats with %d shards, want all %d", ErrDraft, total, d.Shards)
	}
	return nil
}

// Digest names the draft: BLAKE2b-256 of its canonical JSON, in hex. Registrations carry it.
func (d *Draft) Digest() (string, error) {
	raw, err := json.Marshal(d)
	if err != nil {
		return "", fmt.Errorf("%w: %w", ErrDraft, err)
	}
	sum := blake2b.Sum256(append([]byte("walrus genesis draft\n"), raw...))
	return hex.EncodeToString(sum[:]), nil
}

// WriteFile writes the draft, which must not exist yet at path, for people to read and edit.
func (d *Draft) WriteFile(path string) error {
	if err := d.Check(); err != nil {
		return err
	}
	return writeNew(path, d)
}

// ReadDraft reads and checks a draft. Errors: [ErrDraft].
func ReadDraft(path string) (*Draft, error) {
	d := new(Draft)
	if err := readJSON(path, maxDraftSize, d); err != nil {
		return nil, fmt.Errorf("%w: %s: %w", ErrDraft, path, err)
	}
	if err := d.Check(); err != nil {
		return nil, fmt.Errorf("%w (%s)", err, path)
	}
	return d, nil
}

// options are those of the genesis but for its nodes.
func (d *Draft) options() chain.GenesisOptions {
	return chain.GenesisOptions{
		ChainID: d.ChainID, Time: d.Time, Shards: d.Shards, MaxEpochsAhead: d.MaxEpochsAhead,
		StoragePrice: d.StoragePrice, WritePrice: d.WritePrice, Capacity: d.Capacity,
		EpochDuration: time.Duration(d.EpochDuration), DowntimeBlocks: d.DowntimeBlocks,
		VotingPeriod: time.Duration(d.VotingPeriod),
	}
}

// writeNew writes a value as JSON to a file that does not exist.
func writeNew(path string, v any) error {
	raw, err := json.MarshalIndent(v, "", "  ")
	if err != nil {
		return fmt.Errorf("genesis: %w", err)
	}
	f, err := os.OpenFile(path, os.O_WRONLY|os.O_CREATE|os.O_EXCL, 0o644)
	if err != nil {
		return fmt.Errorf("genesis: %w", err)
	}
	_, err = f.Write(append(raw, '\n'))
	if err := errors.Join(err, f.Sync(), f.Close()); err != nil {
		return fmt.Errorf("genesis: write %s: %w", path, err)
	}
	return nil
}

// readJSON reads one value from a file of at most limit bytes. Keys that mean nothing are errors.
func readJSON(path string, limit int64, v any) error {
	f, err := os.Open(path)
	if err != nil {
		return err
	}
	defer f.Close()
	raw, err := io.ReadAll(io.LimitReader(f, limit+1))
	if err != nil {
		return err
	}
	if int64(len(raw)) > limit {
		return fmt.Errorf("more than %d bytes", limit)
	}
	dec := json.NewDecoder(bytes.NewReader(raw))
	dec.DisallowUnknownFields()
	if err := dec.Decode(v); err != nil {
		return err
	}
	if _, err := dec.Token(); err != io.EOF {
		return errors.New("more than one JSON value")
	}
	return nil
}
