// Package blobv1 has the protobuf types of the storage market: its state, messages and queries.
//
// It is generated from proto/walrus/blob/v1 by internal/protogen and knows nothing of the application, so
// that clients can link it alone. Programs use package ledger, whose types say the same in Go's terms.
package blobv1
