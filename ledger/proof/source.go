package proof

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net/http"
	"time"

	"github.com/cometbft/cometbft/light/provider"
	lighthttp "github.com/cometbft/cometbft/light/provider/http"
	rpcclient "github.com/cometbft/cometbft/rpc/client"
	rpchttp "github.com/cometbft/cometbft/rpc/client/http"
	cmttypes "github.com/cometbft/cometbft/types"

	"github.com/walrus-go/walrus/blob"
	"github.com/walrus-go/walrus/ledger"
)

const (
	callTimeout = 10 * time.Second
	maxAnswer   = 16 << 20 // bytes; 10,000 validators in JSON stay below
	headerPoll  = 50 * time.Millisecond
	// provable is the least height whose state a node proves.
	provable = 2
	// forever is a trusting period for whoever makes a proof: its reader decides what is too old.
	forever = 100 * 365 * 24 * time.Hour
)

// Source makes proofs from what a node of the chain answers. The node need not be trusted: one that lies
// gets no further than a proof that does not verify. Safe for concurrent use.
type Source struct {
	chainID string
	node    rpcclient.RemoteClient
	blocks  provider.Provider
}

// Dial returns a source that asks the node whose CometBFT RPC is at url, such as http://127.0.0.1:26657.
//
// Errors: [ledger.ErrUnavailable].
func Dial(ctx context.Context, url string) (*Source, error) {
	node, err := rpchttp.NewWithClient(url, "/websocket", &http.Client{
		Transport: bounded{http.DefaultTransport}, Timeout: callTimeout,
	})
	if err != nil {
		return nil, fmt.Errorf("%w: %s: %w", ledger.ErrUnavailable, url, err)
	}
	status, err := node.Status(ctx)
	if err != nil {
		return nil, fmt.Errorf("%w: %s: %w", ledger.ErrUnavailable, url, err)
	}
	chainID := status.NodeInfo.Network
	return &Source{chainID: chainID, node: node, blocks: lighthttp.NewWithClient(chainID, node)}, nil
}

// bounded cuts answers off that are longer than any honest one.
type bounded struct{ http.RoundTripper }

func (b bounded) RoundTrip(r *http.Request) (*http.Response, error) {
	resp, err := b.RoundTripper.RoundTrip(r)
	if err == nil {
		resp.Body = struct {
			io.Reader
			io.Closer
		}{io.LimitReader(resp.Body, maxAnswer), resp.Body}
	}
	return resp, err
}

// ChainID names the node's chain, as it says.
func (s *Source) ChainID() string { return s.chainID }

// Anchor returns the header of a height, or the newest one for 0, as the node says.
//
// Errors: [ledger.ErrUnavailable].
func (s *Source) Anchor(ctx context.Context, height int64) (Anchor, error) {
	b, err := s.block(ctx, height)
	if err != nil {
		return Anchor{}, err
	}
	return anchorOf(b), nil
}

// Prove returns a proof of what the newest state says of a blob ID. It leads from the header of height
// from, which its reader must trust; 0 leaves it to the reader to trust the newest header itself.
// It waits for that header, a block at most. The proof has been verified.
//
// Errors: [ledger.ErrUnavailable] if the node does not answer, or not with a proof.
func (s *Source) Prove(ctx context.Context, id blob.ID, from int64) (*Certification, error) {
	c := &Certification{id: id}
	height, err := s.height(ctx)
	if err != nil {
		return nil, err
	}
	if c.info, err = s.record(ctx, infoAt(id), height); err != nil {
		return nil, err
	}
	if c.epoch, err = s.record(ctx, epochAt(), height); err != nil {
		return nil, err
	}
	header, err := s.await(ctx, height+1)
	if err != nil {
		return nil, err
	}
	start := header
	if from != 0 && from != header.Height {
		if start, err = s.block(ctx, from); err != nil {
			return nil, err
		}
	}
	if c.blocks, err = s.path(ctx, start, header); err != nil {
		return nil, err
	}
	if _, err := c.Verify(Trust{Anchor: anchorOf(start), Period: forever}, time.Now()); err != nil {
		return nil, fmt.Errorf("%w: %w", ledger.ErrUnavailable, err)
	}
	return c, nil
}

// height returns the height of the newest state that the node proves.
func (s *Source) height(ctx context.Context) (int64, error) {
	var height int64
	err := poll(ctx, func() (bool, error) {
		info, err := s.node.ABCIInfo(ctx)
		if err != nil {
			return false, fmt.Errorf("%w: %w", ledger.ErrUnavailable, err)
		}
		height = info.Response.LastBlockHeight
		return height >= provable, nil
	})
	return height, err
}

// record asks for one key of the state after the block of a height.
func (s *Source) record(ctx context.Context, at location, height int64) (record, error) {
	fail := func(err error) (record, error) {
		return record{}, fmt.Errorf("%w: store %q at height %d: %w", ledger.ErrUnavailable, at.store, height, err)
	}
	res, err := s.node.ABCIQueryWithOptions(ctx, "/store/"+at.store+"/key", at.key,
		rpcclient.ABCIQueryOptions{Height: height, Prove: true})
	if err != nil {
		return fail(err)
	}
	r := res.Response
	switch {
	case r.Code != 0:
		return fail(fmt.Errorf("code %d: %s", r.Code, r.Log))
	case r.Height != height:
		return fail(fmt.Errorf("the answer is of height %d", r.Height))
	case r.ProofOps == nil || len(r.ProofOps.Ops) != 2:
		return fail(errors.New("the answer has no proof"))
	}
	out := record{Value: r.Value, Inner: r.ProofOps.Ops[0].Data, Outer: r.ProofOps.Ops[1].Data}
	if out.Root, err = rootOf(out.Outer, at.store); err != nil {
		return fail(err)
	}
	return out, nil
}

func (s *Source) block(ctx context.Context, height int64) (*cmttypes.LightBlock, error) {
	b, err := s.blocks.LightBlock(ctx, height)
	if err != nil {
		return nil, fmt.Errorf("%w: header %d: %w", ledger.ErrUnavailable, height, err)
	}
	return b, nil
}

// await returns the header of a height once the chain has it. After a change of the state the engine adds
// a block at once.
func (s *Source) await(ctx context.Context, height int64) (b *cmttypes.LightBlock, err error) {
	err = poll(ctx, func() (bool, error) {
		b, err = s.block(ctx, height)
		if errors.Is(err, provider.ErrHeightTooHigh) {
			return false, nil
		}
		return true, err
	})
	return b, err
}

func poll(ctx context.Context, done func() (bool, error)) error {
	tick := time.NewTicker(headerPoll)
	defer tick.Stop()
	for {
		if ok, err := done(); ok || err != nil {
			return err
		}
		select {
		case <-tick.C:
		case <-ctx.Done():
			return fmt.Errorf("%w: no such block yet: %w", ledger.ErrUnavailable, ctx.Err())
		}
	}
}

// path returns the headers that lead from one to another, both included. Where too many validators have
// changed in between it goes through the one half-way, and so on.
func (s *Source) path(ctx context.Context, from, to *cmttypes.LightBlock) ([]*cmttypes.LightBlock, error) {
	path := []*cmttypes.LightBlock{from}
	var ahead []*cmttypes.LightBlock // further and further back
	if to.Height != from.Height {
		ahead = append(ahead, to)
	}
	for len(ahead) > 0 {
		last, next := path[len(path)-1], ahead[len(ahead)-1]
		err := step(last, next, forever, time.Now())
		switch {
		case err == nil:
			path, ahead = append(path, next), ahead[:len(ahead)-1]
		case !needsStep(err):
			return nil, fmt.Errorf("%w: header %d: %w", ledger.ErrUnavailable, next.Height, err)
		default:
			between, err := s.block(ctx, last.Height+(next.Height-last.Height)/2)
			if err != nil {
				return nil, err
			}
			ahead = append(ahead, between)
		}
		if len(path)+len(ahead) > maxBlocks {
			return nil, fmt.Errorf("proof: more than %d headers lead from height %d to %d; start from a later one",
				maxBlocks, from.Height, to.Height)
		}
	}
	return path, nil
}
