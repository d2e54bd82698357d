package chain

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"strings"

	cmttypes "github.com/cometbft/cometbft/types"

	"github.com/walrus-go/walrus/chain/records"
)

// recordsKey is where a genesis has the digest of the records beside it, among the names of modules.
const recordsKey = "records"

// A source opens the records of a genesis.
type source func() (io.ReadCloser, error)

func fromMemory(raw []byte) source {
	return func() (io.ReadCloser, error) { return io.NopCloser(bytes.NewReader(raw)), nil }
}

func fromFile(path string) source {
	return func() (io.ReadCloser, error) { return os.Open(path) }
}

// RecordsFile is where the records of the genesis in the given file are: beside it, under its name with
// ".records" in place of ".json".
func RecordsFile(genesis string) string { return strings.TrimSuffix(genesis, ".json") + ".records" }

// digest says what records the genesis has, nil if none.
func (g *Genesis) digest() (*records.Digest, error) {
	var state struct {
		Records *records.Digest `json:"records"`
	}
	if err := json.Unmarshal(g.doc.AppState, &state); err != nil {
		return nil, fmt.Errorf("%w: state: %w", ErrGenesis, err)
	}
	return state.Records, nil
}

// Records opens the records of the genesis, in the form of package records; nil if it has none. The caller
// closes them. Errors: [ErrGenesis].
func (g *Genesis) Records() (io.ReadCloser, error) {
	digest, err := g.digest()
	if digest == nil || err != nil {
		return nil, err
	}
	return g.openRecords()
}

func (g *Genesis) openRecords() (io.ReadCloser, error) {
	if g == nil || g.records == nil {
		return nil, fmt.Errorf("%w: its records are not there", ErrGenesis)
	}
	in, err := g.records()
	if err != nil {
		return nil, fmt.Errorf("%w: its records: %w", ErrGenesis, err)
	}
	return in, nil
}

// WriteFile writes the genesis as JSON and its records, if it has any, to [RecordsFile].
func (g *Genesis) WriteFile(path string) error {
	in, err := g.Records()
	if err != nil {
		return err
	}
	if in != nil {
		defer in.Close()
		if err := replaceFile(RecordsFile(path), func(w io.Writer) error { _, err := io.Copy(w, in); return err }); err != nil {
			return fmt.Errorf("chain: write genesis: %w", err)
		}
	}
	if err := g.doc.SaveAs(path); err != nil {
		return fmt.Errorf("chain: write genesis: %w", err)
	}
	return nil
}

// ReadGenesis reads the form of [Genesis.WriteFile]. Its records are read, and checked, when a chain begins
// with it; they must be there. Errors: [ErrGenesis].
func ReadGenesis(path string) (*Genesis, error) {
	raw, err := os.ReadFile(path)
	if err != nil {
		return nil, fmt.Errorf("chain: read genesis: %w", err)
	}
	doc, err := cmttypes.GenesisDocFromJSON(raw)
	if err != nil {
		return nil, fmt.Errorf("%w: %s: %w", ErrGenesis, path, err)
	}
	beside := RecordsFile(path)
	g := &Genesis{doc: doc, records: fromFile(beside)}
	digest, err := g.digest()
	if digest == nil || err != nil {
		return g, err
	}
	if info, err := os.Stat(beside); err != nil || info.Size() != digest.Size {
		return nil, errors.Join(fmt.Errorf("%w: %s has records of %d bytes, which belong into %s", ErrGenesis, path, digest.Size, beside), err)
	}
	return g, nil
}

// replaceFile writes a file as a whole or not at all.
func replaceFile(path string, write func(io.Writer) error) (err error) {
	tmp, err := os.CreateTemp(filepath.Dir(path), "."+filepath.Base(path)+"-*")
	if err != nil {
		return err
	}
	err = errors.Join(write(tmp), tmp.Chmod(0o644), tmp.Sync(), tmp.Close())
	if err == nil {
		err = os.Rename(tmp.Name(), path)
	}
	if err != nil {
		err = errors.Join(err, os.Remove(tmp.Name()))
	}
	return err
}

// State returns the modules' part of the genesis, as JSON by module. Records are not in it, but their digest
// is.
func (g *Genesis) State() json.RawMessage { return g.doc.AppState }

// WithState returns a genesis of the same chain with another modules' part. It is checked when a chain
// begins with it.
func (g *Genesis) WithState(state json.RawMessage) *Genesis {
	doc := *g.doc
	doc.AppState = state
	return &Genesis{doc: &doc, records: g.records}
}
