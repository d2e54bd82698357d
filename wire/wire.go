// Package wire has what both ends of the storage-node API share: routes, bodies, error codes and
// the identity of a node on the network.
//
// The idea: the API is spoken by programs we do not control, so its paths, JSON shapes and numbers
// are fixed here once, and the node and the client are written against Go types. Above all one table
// pairs each error with its status, code and reason, so that errors.Is gives the same answer on both
// sides of a connection: a handler returns [ErrNotRegistered], and the caller's error matches it.
//
// A node is known by its network key, whatever certificate it shows; see [ClientTLS]. It answers
// HTTP/1.1 and HTTP/2 on one port, also to clients that start HTTP/2 inside TLS without having
// negotiated it; see [NewListener].
//
// Start with the paths in route.go, [WriteData] and [WriteError] on the node's side and [ReadData] on
// the client's. Source: spec storage-node.md sections 1 and 2.
package wire

// Content types of the API. Everything that is not JSON is BCS.
const (
	ContentJSON = "application/json"
	ContentBCS  = "application/octet-stream"
)

// Limits on what is read from the other side.
const (
	// MaxJSON bounds a JSON answer in bytes. The largest is detailed health, about 35 bytes a shard.
	MaxJSON = 4 << 20
	// MaxError bounds the part of an error answer that is looked at.
	MaxError = 64 << 10
	// MaxMetadata bounds the body of routes 3, 12 and 15; metadata takes 66 bytes a shard, so it also
	// bounds the number of shards near 31 000. Part of the protocol (spec section 1.9).
	MaxMetadata = 2 << 20
	// SliverOverhead is what a sliver's encoding may add to its symbols. Part of the protocol.
	SliverOverhead = 128
)
