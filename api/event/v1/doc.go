// Package eventv1 has the protobuf types of the chain's ordered event log: every event, the entries of
// the log, and its query service.
//
// It is generated from proto/walrus/event/v1 by internal/protogen and knows nothing of the application,
// so that clients can link it alone. Programs use package ledger, whose types say the same in Go's terms.
package eventv1
