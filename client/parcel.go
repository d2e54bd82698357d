package client

import (
	"context"
	"fmt"

	"github.com/walrus-go/walrus/blob"
	"github.com/walrus-go/walrus/committee"
	"github.com/walrus-go/walrus/redstuff"
)

// A parcel is an encoded blob, ready to be sent. It is not changed once made.
type parcel struct {
	id       blob.ID
	root     [32]byte
	size     uint64
	encoding *redstuff.Encoding
	metadata []byte // BCS, without the ID
}

// A piece is one sliver of a parcel as it is sent.
type piece struct {
	axis  redstuff.Axis
	pair  int
	index int
	size  int           // of body, in bytes
	body  func() []byte // encodes it, freshly allocated
}

// pack encodes a blob for n shards. The parcel keeps data.
func (c *Client) pack(ctx context.Context, data []byte, n int) (*parcel, error) {
	// The encoder uses every processor by itself, so one at a time is as fast and needs less memory.
	select {
	case c.encoder <- struct{}{}:
	case <-ctx.Done():
		return nil, context.Cause(ctx)
	}
	defer func() { <-c.encoder }()
	encoding, meta, id, err := blob.New(data, n, nil)
	if err != nil {
		return nil, fmt.Errorf("%w: %w", ErrTooLarge, err)
	}
	return &parcel{
		id: id, root: meta.Root(), size: meta.Size, encoding: encoding,
		metadata: meta.AppendBCS(nil),
	}, nil
}

// pieces returns the two slivers that the shard is to hold.
func (p *parcel) pieces(shard committee.Shard) []piece {
	pair := p.id.Pair(blob.Shard(shard), p.encoding.Shards)
	pieces := make([]piece, 0, 2)
	for _, axis := range []redstuff.Axis{redstuff.Primary, redstuff.Secondary} {
		index := pair.Sliver(axis, p.encoding.Shards)
		sliver := blob.NewSliver(p.encoding, axis, index)
		pieces = append(pieces, piece{
			axis: axis, pair: int(pair), index: int(index), size: sliver.SizeBCS(),
			body: func() []byte { return sliver.AppendBCS(make([]byte, 0, sliver.SizeBCS())) },
		})
	}
	return pieces
}

// weight returns the bytes that all nodes of the committee are sent.
func (p *parcel) weight(com *committee.Committee) int64 {
	pair := p.pieces(0)
	return int64(len(com.Members()))*int64(len(p.metadata)) + int64(com.Shards())*int64(pair[0].size+pair[1].size)
}
