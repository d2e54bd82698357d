package client_test

import (
	"crypto/rand"
	"io"
	"log"
	"net"
	"net/http"
	"slices"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/walrus-go/walrus/attest"
	"github.com/walrus-go/walrus/blob"
	"github.com/walrus-go/walrus/bls"
	"github.com/walrus-go/walrus/client"
	"github.com/walrus-go/walrus/committee"
	"github.com/walrus-go/walrus/redstuff"
	"github.com/walrus-go/walrus/wire"
)

// memoryNode is a storage node that keeps everything in memory: the routes a client uses, with the
// checks and errors they have. It serves over real TLS, and whatever stands in front of it can lie.
type memoryNode struct {
	index  int
	chain  *memoryChain
	key    *bls.PrivateKey
	member committee.Member
	server *http.Server
	front  atomic.Pointer[func(http.Handler) http.Handler] // what requests pass first, if set
	served atomic.Int64                                    // requests

	mu       sync.Mutex
	metadata map[blob.ID]*blob.Metadata
	slivers  map[sliverKey]*blob.Sliver
}

type sliverKey struct {
	id   blob.ID
	axis redstuff.Axis
	pair int
}

// memoryNetwork is a committee of memory nodes.
type memoryNetwork struct {
	chain *memoryChain
	nodes []*memoryNode
}

// newNetwork starts nodes that share the given shards as evenly as can be.
func newNetwork(t testing.TB, nodes, shards int) *memoryNetwork {
	t.Helper()
	net := new(memoryNetwork)
	var members []committee.Member
	for i := range nodes {
		node := startNode(t, i)
		for s := i; s < shards; s += nodes {
			node.member.Shards = append(node.member.Shards, committee.Shard(s))
		}
		net.nodes, members = append(net.nodes, node), append(members, node.member)
	}
	com, err := committee.New(7, shards, members)
	if err != nil {
		t.Fatal(err)
	}
	net.chain = newMemoryChain(com)
	for _, n := range net.nodes {
		n.chain = net.chain
	}
	return net
}

func startNode(t testing.TB, i int) *memoryNode {
	t.Helper()
	n := &memoryNode{index: i, metadata: make(map[blob.ID]*blob.Metadata), slivers: make(map[sliverKey]*blob.Sliver)}
	var err error
	if n.key, err = bls.GenerateKey(rand.Reader); err != nil {
		t.Fatal(err)
	}
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	network, err := wire.GenerateNetworkKey()
	if err != nil {
		t.Fatal(err)
	}
	cert, err := wire.NewCertificate(network, "127.0.0.1")
	if err != nil {
		t.Fatal(err)
	}
	n.member = committee.Member{
		ID: committee.NodeID{byte(i >> 8), byte(i)}, Name: "node-" + string(rune('a'+i%26)), Address: listener.Addr().String(),
		Key: n.key.Public(), NetworkKey: wire.NetworkKeyOf(&network.PublicKey),
	}
	honest := n.routes()
	n.server = &http.Server{Protocols: wire.Protocols(), ErrorLog: log.New(io.Discard, "", 0), Handler: http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		n.served.Add(1)
		if front := n.front.Load(); front != nil {
			(*front)(honest).ServeHTTP(w, r)
			return
		}
		honest.ServeHTTP(w, r)
	})}
	stopped := make(chan struct{})
	go func() {
		defer close(stopped)
		_ = n.server.Serve(wire.NewListener(listener, wire.ServerTLS(cert))) // always ends with an error: closed
	}()
	t.Cleanup(func() {
		_ = n.server.Close()
		<-stopped
	})
	return n
}

// stop makes the node refuse connections.
func (n *memoryNode) stop() { _ = n.server.Close() }

// put sets what stands in front of the node; nil for nothing.
func (n *memoryNode) put(front func(http.Handler) http.Handler) {
	if front == nil {
		n.front.Store(nil)
		return
	}
	n.front.Store(&front)
}

func (n *memoryNode) routes() http.Handler {
	mux := http.NewServeMux()
	handle := func(method, pattern string, f func(w http.ResponseWriter, r *http.Request, id blob.ID) error) {
		mux.HandleFunc(method+" "+pattern, func(w http.ResponseWriter, r *http.Request) {
			id, err := wire.PathBlob(r)
			if err == nil {
				err = f(w, r, id)
			}
			if err != nil {
				_ = wire.WriteError(w, err, "")
			}
		})
	}
	handle("GET", wire.PatternMetadata, n.getMetadata)
	handle("PUT", wire.PatternMetadata, n.putMetadata)
	handle("GET", wire.PatternSliver, n.getSliver)
	handle("PUT", wire.PatternSliver, n.putSliver)
	handle("GET", wire.PatternSliverStatus, n.sliverStatus)
	handle("GET", wire.PatternPermanent, n.confirm)
	handle("GET", wire.PatternDeletable, n.confirm)
	handle("GET", wire.PatternStatus, func(w http.ResponseWriter, _ *http.Request, id blob.ID) error {
		n.chain.mu.Lock()
		defer n.chain.mu.Unlock()
		return wire.WriteData(w, http.StatusOK, n.chain.status(id))
	})
	mux.HandleFunc("GET "+wire.PatternHealth, func(w http.ResponseWriter, _ *http.Request) {
		_ = wire.WriteData(w, http.StatusOK, wire.Health{Epoch: n.chain.members().Epoch(), PublicKey: n.key.Public(), NodeStatus: "Active"})
	})
	return mux
}

func (n *memoryNode) registered(id blob.ID) bool {
	n.chain.mu.Lock()
	defer n.chain.mu.Unlock()
	return n.chain.status(id).Kind != blob.Nonexistent
}

func (n *memoryNode) getMetadata(w http.ResponseWriter, _ *http.Request, id blob.ID) error {
	n.mu.Lock()
	meta := n.metadata[id]
	n.mu.Unlock()
	if meta == nil || !n.registered(id) {
		return wire.ErrMetadataNotFound
	}
	return wire.WriteBCS(w, meta.AppendBCSWithID(nil, id))
}

func (n *memoryNode) putMetadata(w http.ResponseWriter, r *http.Request, id blob.ID) error {
	pending, err := wire.ParsePending(r.URL.RawQuery)
	if err != nil {
		return err
	}
	body, err := io.ReadAll(http.MaxBytesReader(w, r.Body, wire.MaxMetadata))
	if err != nil {
		return wire.ErrTooLarge
	}
	meta, err := blob.ParseMetadata(body)
	if err != nil {
		return wire.ErrContentType
	}
	if meta.Verify(id, n.chain.members().Shards()) != nil {
		return wire.ErrInvalidMetadata
	}
	if !pending && !n.registered(id) {
		return wire.ErrNotRegistered
	}
	n.mu.Lock()
	defer n.mu.Unlock()
	if n.metadata[id] != nil {
		return wire.WriteData(w, http.StatusOK, wire.MetadataPresent)
	}
	n.metadata[id] = meta
	return wire.WriteData(w, http.StatusCreated, wire.MetadataStored)
}

// sliver reads the path of a sliver that this node is to hold.
func (n *memoryNode) sliver(r *http.Request, id blob.ID) (sliverKey, *blob.Metadata, error) {
	pair, axis, err := wire.PathSliver(r)
	if err != nil {
		return sliverKey{}, nil, err
	}
	shards := n.chain.members().Shards()
	if pair >= shards {
		return sliverKey{}, nil, wire.ErrIndexOutOfRange
	}
	if !slices.Contains(n.member.Shards, committee.Shard(id.Shard(blob.PairIndex(pair), shards))) {
		return sliverKey{}, nil, wire.ErrShardNotAssigned
	}
	n.mu.Lock()
	defer n.mu.Unlock()
	return sliverKey{id, axis, pair}, n.metadata[id], nil
}

func (n *memoryNode) getSliver(w http.ResponseWriter, r *http.Request, id blob.ID) error {
	key, _, err := n.sliver(r, id)
	if err != nil {
		return err
	}
	n.mu.Lock()
	s := n.slivers[key]
	n.mu.Unlock()
	if s == nil || !n.registered(id) {
		return wire.ErrSliverNotFound
	}
	return wire.WriteBCS(w, s.AppendBCS(nil))
}

func (n *memoryNode) putSliver(w http.ResponseWriter, r *http.Request, id blob.ID) error {
	if _, err := wire.ParsePending(r.URL.RawQuery); err != nil {
		return err
	}
	key, meta, err := n.sliver(r, id)
	if err != nil {
		return err
	}
	if meta == nil {
		return wire.ErrMetadataFirst
	}
	body, err := io.ReadAll(r.Body)
	if err != nil {
		return wire.ErrTooLarge
	}
	s, err := blob.ParseSliver(key.axis, body)
	if err != nil {
		return wire.ErrContentType
	}
	if pair, err := s.Pair(n.chain.members().Shards()); err != nil || int(pair) != key.pair {
		return wire.ErrSliverIndex
	}
	if s.Verify(meta) != nil {
		return wire.ErrInvalidSliver
	}
	n.mu.Lock()
	defer n.mu.Unlock()
	n.slivers[key] = s
	return wire.WriteData(w, http.StatusCreated, wire.SliverStored)
}

func (n *memoryNode) sliverStatus(w http.ResponseWriter, r *http.Request, id blob.ID) error {
	key, _, err := n.sliver(r, id)
	if err != nil {
		return err
	}
	n.mu.Lock()
	defer n.mu.Unlock()
	if n.slivers[key] != nil {
		return wire.WriteData(w, http.StatusOK, wire.Stored)
	}
	return wire.WriteData(w, http.StatusOK, wire.Nonexistent)
}

// complete tells whether the node has both slivers of each of its shards.
func (n *memoryNode) complete(id blob.ID) bool {
	n.mu.Lock()
	defer n.mu.Unlock()
	for _, s := range n.member.Shards {
		pair := int(id.Pair(blob.Shard(s), n.chain.members().Shards()))
		for _, axis := range []redstuff.Axis{redstuff.Primary, redstuff.Secondary} {
			if n.slivers[sliverKey{id, axis, pair}] == nil {
				return false
			}
		}
	}
	return true
}

func (n *memoryNode) confirm(w http.ResponseWriter, r *http.Request, id blob.ID) error {
	confirmation := attest.Confirmation{Epoch: n.chain.members().Epoch(), Blob: id}
	if r.PathValue("object") != "" {
		object, err := wire.PathObject(r)
		if err != nil {
			return err
		}
		confirmation.Object = &object
	}
	if !n.registered(id) {
		return wire.ErrNotRegistered
	}
	if !n.complete(id) {
		return wire.ErrMissingSlivers
	}
	return wire.WriteData(w, http.StatusOK, wire.NewConfirmation(confirmation.Message(), n.key))
}

// hasty gives up soon on nodes that are silent, for tests in which some are.
func hasty(o *client.Options) { o.StallTimeout, o.RequestTimeout = 2*time.Second, 6*time.Second }

// newClient makes a client of the network that repeats what failed soon enough for tests.
func (net *memoryNetwork) newClient(t testing.TB, change func(*client.Options)) *client.Client {
	t.Helper()
	o := &client.Options{
		Wallet:           net.chain,
		RegistrationWait: time.Second,
		TailBase:         10 * time.Second, // so that good nodes are done however slow the machine is
		Backoff:          client.Backoff{Min: 10 * time.Millisecond, Max: 100 * time.Millisecond, Retries: 3},
	}
	if change != nil {
		change(o)
	}
	c, err := client.New(net.chain, o)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(c.Close)
	return c
}
