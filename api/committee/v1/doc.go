// Package committeev1 has the protobuf types of the registry of storage nodes and of the committees: state,
// messages and queries.
//
// It is generated from proto/walrus/committee/v1 by internal/protogen and knows nothing of the application,
// so that clients can link it alone. Programs use package ledger, whose types say the same in Go's terms.
package committeev1
