package proof

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"

	cmtproto "github.com/cometbft/cometbft/proto/tendermint/types"
	cmttypes "github.com/cometbft/cometbft/types"

	"github.com/walrus-go/walrus/blob"
)

// Errors of proofs.
var (
	// ErrFormat is returned for bytes that are no proof at all.
	ErrFormat = errors.New("proof: malformed")
	// ErrTrust is returned when the proof does not lead from the trusted header to its own.
	ErrTrust = errors.New("proof: not from a trusted header")
	// ErrStale is returned when the trusted header is older than the trusting period.
	ErrStale = errors.New("proof: trusted header is too old")
	// ErrInvalid is returned when the header is fine and what is said of its state is not.
	ErrInvalid = errors.New("proof: does not fit its header")
)

// Bounds of a proof. A block with 150 validators takes some 35 KB in text, so that both leave room.
const (
	MaxSize   = 4 << 20 // bytes of an encoded proof
	maxBlocks = 64      // headers on the way from the trusted one
)

// format names the encoding, so that another one can follow.
const format = "walrus-certification-1"

// A Certification is what the chain says of a blob ID, with the evidence. The zero value is not valid; get
// one from [Source.Prove] or [Parse]. It is not changed after that and safe for concurrent use.
type Certification struct {
	id     blob.ID
	blocks []*cmttypes.LightBlock // at least one; in ascending order, the last has the state's hash
	info   record
	epoch  record
}

// BlobID is what the proof is about.
func (c *Certification) BlobID() blob.ID { return c.id }

// Anchors are the headers that [Certification.Verify] can start from, in ascending order of heights. They
// are what the proof says and not to be trusted for that: compare one with what another source says.
func (c *Certification) Anchors() []Anchor {
	out := make([]Anchor, len(c.blocks))
	for i, b := range c.blocks {
		out[i] = anchorOf(b)
	}
	return out
}

// file is the encoding of a proof.
type file struct {
	Format string   `json:"format"`
	BlobID blob.ID  `json:"blobId"`
	Blocks [][]byte `json:"blocks"` // CometBFT's LightBlock messages
	Info   record   `json:"info"`
	Epoch  record   `json:"epoch"`
}

// Encode returns the form that [Parse] reads: JSON with binary parts in base64.
func (c *Certification) Encode() ([]byte, error) {
	f := file{Format: format, BlobID: c.id, Info: c.info, Epoch: c.epoch}
	for _, b := range c.blocks {
		pb, err := b.ToProto()
		if err != nil {
			return nil, fmt.Errorf("proof: block %d: %w", b.Height, err)
		}
		raw, err := pb.Marshal()
		if err != nil {
			return nil, fmt.Errorf("proof: block %d: %w", b.Height, err)
		}
		f.Blocks = append(f.Blocks, raw)
	}
	out, err := json.MarshalIndent(f, "", " ")
	if err == nil && len(out) > MaxSize {
		err = fmt.Errorf("proof: takes %d bytes, above %d; prove it from a later trusted height", len(out), MaxSize)
	}
	return out, err
}

// Parse reads what [Certification.Encode] wrote. What it returns is well formed and nothing more.
//
// Errors: [ErrFormat].
func Parse(data []byte) (*Certification, error) {
	if len(data) > MaxSize {
		return nil, fmt.Errorf("%w: %d bytes, above %d", ErrFormat, len(data), MaxSize)
	}
	var f file
	d := json.NewDecoder(bytes.NewReader(data))
	d.DisallowUnknownFields()
	if err := d.Decode(&f); err != nil {
		return nil, fmt.Errorf("%w: %w", ErrFormat, err)
	}
	switch {
	case d.More():
		return nil, fmt.Errorf("%w: something follows it", ErrFormat)
	case f.Format != format:
		return nil, fmt.Errorf("%w: format %q, want %q", ErrFormat, f.Format, format)
	case len(f.Blocks) == 0 || len(f.Blocks) > maxBlocks:
		return nil, fmt.Errorf("%w: %d headers, want 1 to %d", ErrFormat, len(f.Blocks), maxBlocks)
	}
	c := &Certification{id: f.BlobID, info: f.Info, epoch: f.Epoch}
	for i, raw := range f.Blocks {
		b, err := parseBlock(raw)
		if err != nil {
			return nil, fmt.Errorf("%w: header %d: %w", ErrFormat, i, err)
		}
		if i > 0 && b.Height <= c.blocks[i-1].Height {
			return nil, fmt.Errorf("%w: height %d after %d", ErrFormat, b.Height, c.blocks[i-1].Height)
		}
		c.blocks = append(c.blocks, b)
	}
	return c, nil
}

// parseBlock reads a header with its validators and their signatures, whose hashes fit each other.
func parseBlock(raw []byte) (*cmttypes.LightBlock, error) {
	var pb cmtproto.LightBlock
	if err := pb.Unmarshal(raw); err != nil {
		return nil, err
	}
	if pb.SignedHeader == nil || pb.SignedHeader.Header == nil || pb.SignedHeader.Commit == nil || pb.ValidatorSet == nil {
		return nil, errors.New("lacks a header, signatures or validators")
	}
	b, err := cmttypes.LightBlockFromProto(&pb)
	if err != nil {
		return nil, err
	}
	return b, b.ValidateBasic(b.ChainID)
}
