package wire

import (
	"errors"
	"net/http"
)

// Errors of the API, in the order of spec storage-node.md section 1.3.
var (
	ErrMetadataNotFound = errors.New("wire: metadata not found")
	ErrForbidden        = errors.New("wire: blob is blocked here")
	ErrSliverNotFound   = errors.New("wire: sliver not found")
	ErrIndexOutOfRange  = errors.New("wire: sliver pair index out of range")
	ErrShardNotAssigned = errors.New("wire: shard is not assigned to this node")
	ErrNotRegistered    = errors.New("wire: blob is not registered")
	ErrCacheSaturated   = errors.New("wire: no room for uploads before their registration")
	ErrInvalidBlob      = errors.New("wire: blob was proved invalid")
	ErrInvalidMetadata  = errors.New("wire: metadata does not belong to the blob ID")
	ErrEncodingType     = errors.New("wire: encoding type is not supported")
	// ErrMetadataFirst refuses a sliver of a registered blob whose metadata has not been sent.
	ErrMetadataFirst    = errors.New("wire: metadata must be stored before slivers")
	ErrSliverIndex      = errors.New("wire: sliver index does not belong to the pair")
	ErrInvalidSliver    = errors.New("wire: sliver does not match its metadata")
	ErrMissingSlivers   = errors.New("wire: slivers are missing")
	ErrNoSymbols        = errors.New("wire: no symbols asked for")
	ErrSymbolFilter     = errors.New("wire: ways of naming symbols are mixed")
	ErrNoTargets        = errors.New("wire: no target slivers asked for")
	ErrSymbolOutOfRange = errors.New("wire: symbol index out of range")
	ErrSymbolNotHere    = errors.New("wire: symbol crosses no shard of this node")
	ErrInvalidProof     = errors.New("wire: inconsistency proof does not hold")
	ErrUnauthorized     = errors.New("wire: request is not authorized")
	ErrMessage          = errors.New("wire: signed message does not verify")
	ErrSliverCount      = errors.New("wire: too many slivers asked for")
	ErrEpoch            = errors.New("wire: request is of another epoch")
	ErrContentType      = errors.New("wire: body is not what the route takes")
	ErrInternal         = errors.New("wire: internal error of the node")
	ErrUnavailable      = errors.New("wire: node is overloaded")
)

// Errors that the API frames in JSON here and leaves to the HTTP library elsewhere.
var (
	ErrPath     = errors.New("wire: malformed path")
	ErrQuery    = errors.New("wire: malformed query")
	ErrRoute    = errors.New("wire: no such route")
	ErrMethod   = errors.New("wire: method not allowed")
	ErrTooLarge = errors.New("wire: body too large")
	ErrThrottle = errors.New("wire: too many requests")
	ErrTimeout  = errors.New("wire: request took too long")
)

// ErrAnswer means that what came back is not an answer of this API. No node sends it.
var ErrAnswer = errors.New("wire: not an answer of the storage-node API")

const (
	domainNode   = "storage.walrus.space"
	domainGlobal = "global"
)

// A code is how one error travels. Its http and status are a pair that reference clients insist on
// where they insist on anything; 405 and 413 have no such pair and are read by their HTTP status.
type code struct {
	err    error
	http   int
	status string
	reason string
	domain string
	retry  bool // the same request to the same node may succeed later
}

// codes is the one table from error to status and reason, and back.
var codes = []code{
	{ErrMetadataNotFound, http.StatusNotFound, "NOT_FOUND", "METADATA_NOT_FOUND", domainNode, false},
	{ErrForbidden, http.StatusUnavailableForLegalReasons, "UNAVAILABLE_FOR_LEGAL_REASONS", "FORBIDDEN_BLOB", domainNode, false},
	{ErrSliverNotFound, http.StatusNotFound, "NOT_FOUND", "SLIVER_NOT_FOUND", domainNode, false},
	{ErrIndexOutOfRange, http.StatusBadRequest, "INVALID_ARGUMENT", "INDEX_OUT_OF_RANGE", domainNode, false},
	{ErrShardNotAssigned, http.StatusBadRequest, "FAILED_PRECONDITION", "SHARD_NOT_ASSIGNED", domainNode, false},
	{ErrNotRegistered, http.StatusBadRequest, "FAILED_PRECONDITION", "NOT_REGISTERED", domainNode, true},
	{ErrCacheSaturated, http.StatusBadRequest, "FAILED_PRECONDITION", "CACHE_SATURATED", domainNode, true},
	{ErrInvalidBlob, http.StatusBadRequest, "FAILED_PRECONDITION", "INVALID_BLOB", domainNode, false},
	{ErrInvalidMetadata, http.StatusBadRequest, "INVALID_ARGUMENT", "INVALID_METADATA", domainNode, false},
	{ErrEncodingType, http.StatusBadRequest, "INVALID_ARGUMENT", "UNSUPPORTED_ENCODING_TYPE", domainNode, false},
	{ErrMetadataFirst, http.StatusBadRequest, "FAILED_PRECONDITION", "METADATA_NOT_FOUND", domainNode, false},
	{ErrSliverIndex, http.StatusBadRequest, "INVALID_ARGUMENT", "SLIVER_INDEX_MISMATCH", domainNode, false},
	{ErrInvalidSliver, http.StatusBadRequest, "INVALID_ARGUMENT", "INVALID_SLIVER", domainNode, false},
	{ErrMissingSlivers, http.StatusBadRequest, "FAILED_PRECONDITION", "MISSING_SLIVERS", domainNode, false},
	{ErrNoSymbols, http.StatusBadRequest, "INVALID_ARGUMENT", "NO_SYMBOLS_SPECIFIED", domainNode, false},
	{ErrSymbolFilter, http.StatusBadRequest, "INVALID_ARGUMENT", "INVALID_FILTER", domainNode, false},
	{ErrNoTargets, http.StatusBadRequest, "INVALID_ARGUMENT", "NO_TARGET_SLIVERS_SPECIFIED", domainNode, false},
	{ErrSymbolOutOfRange, http.StatusBadRequest, "INVALID_ARGUMENT", "RECOVERY_SYMBOL_OUT_OF_RANGE", domainNode, false},
	{ErrSymbolNotHere, http.StatusBadRequest, "FAILED_PRECONDITION", "SYMBOL_NOT_PRESENT_AT_SHARDS", domainNode, false},
	{ErrInvalidProof, http.StatusBadRequest, "INVALID_ARGUMENT", "INVALID_PROOF", domainNode, false},
	{ErrUnauthorized, http.StatusForbidden, "PERMISSION_DENIED", "REQUEST_UNAUTHORIZED", domainNode, false},
	{ErrMessage, http.StatusBadRequest, "INVALID_ARGUMENT", "MESSAGE_VERIFICATION_FAILED", domainNode, false},
	{ErrSliverCount, http.StatusBadRequest, "INVALID_ARGUMENT", "SLIVER_COUNT_EXCEEDS_LIMIT", domainNode, false},
	{ErrEpoch, http.StatusBadRequest, "INVALID_ARGUMENT", "INVALID_EPOCH", domainNode, false},
	{ErrContentType, http.StatusBadRequest, "INVALID_ARGUMENT", "INVALID_CONTENT_TYPE", domainNode, false},
	{ErrInternal, http.StatusInternalServerError, "INTERNAL", "INTERNAL_ERROR", domainGlobal, true},
	{ErrUnavailable, http.StatusServiceUnavailable, "UNAVAILABLE", "UNAVAILABLE", domainGlobal, true},
	{ErrPath, http.StatusBadRequest, "INVALID_ARGUMENT", "INVALID_PATH", domainNode, false},
	{ErrQuery, http.StatusBadRequest, "INVALID_ARGUMENT", "INVALID_QUERY", domainNode, false},
	{ErrRoute, http.StatusNotFound, "NOT_FOUND", "ROUTE_NOT_FOUND", domainGlobal, false},
	{ErrMethod, http.StatusMethodNotAllowed, "INVALID_ARGUMENT", "METHOD_NOT_ALLOWED", domainGlobal, false},
	{ErrTooLarge, http.StatusRequestEntityTooLarge, "SIZE_EXCEEDED", "BODY_TOO_LARGE", domainNode, false},
	{ErrThrottle, http.StatusTooManyRequests, "RESOURCE_EXHAUSTED", "RATE_LIMITED", domainGlobal, true},
	{ErrTimeout, http.StatusGatewayTimeout, "DEADLINE_EXCEEDED", "DEADLINE_EXCEEDED", domainGlobal, true},
}

// codeOf finds how err travels; an error that is not of the API is internal.
func codeOf(err error) *code {
	internal := 0
	for i := range codes {
		if errors.Is(err, codes[i].err) {
			return &codes[i]
		}
		if codes[i].err == ErrInternal {
			internal = i
		}
	}
	return &codes[internal]
}

// codeFor finds the error that an answer stands for: by status and reason, else by the status where
// that alone says it, else nil.
func codeFor(status int, reason string) *code {
	for i := range codes {
		if codes[i].http == status && codes[i].reason == reason {
			return &codes[i]
		}
	}
	if status == http.StatusBadRequest || status == http.StatusForbidden {
		return nil
	}
	for i := len(codes) - 1; i >= 0; i-- {
		if codes[i].http == status {
			return &codes[i]
		}
	}
	return nil
}

// An Error is a node's refusal as the caller sees it. It matches the sentinel of this package that
// the node meant, or [ErrAnswer] if it meant none that is known here.
type Error struct {
	HTTP     int    // the answer's status
	Status   string // such as FAILED_PRECONDITION; empty if the answer had no envelope
	Reason   string // such as NOT_REGISTERED; likewise
	Domain   string
	Message  string // the node's words; never a reason to decide anything
	Metadata map[string]string
}

// Error implements error.
func (e *Error) Error() string {
	s := e.sentinel().Error()
	if e.Message == "" {
		return s
	}
	return s + ": node says: " + e.Message
}

// Unwrap returns the sentinel.
func (e *Error) Unwrap() error { return e.sentinel() }

func (e *Error) sentinel() error {
	if c := codeFor(e.HTTP, e.Reason); c != nil {
		return c.err
	}
	return ErrAnswer
}

// Retryable tells whether the same request to the same node may succeed later. Errors that are not
// a node's answer, such as a broken connection, are for the caller to judge; here they are not.
func Retryable(err error) bool {
	var e *Error
	if !errors.As(err, &e) {
		return false
	}
	c := codeFor(e.HTTP, e.Reason)
	if c == nil {
		return e.HTTP >= 500
	}
	return c.retry
}

// Status returns the HTTP status with which [WriteError] sends err.
func Status(err error) int { return codeOf(err).http }

// Reason returns the reason with which [WriteError] sends err, such as NOT_REGISTERED.
func Reason(err error) string { return codeOf(err).reason }

// WithMetadata adds figures to an error; they travel in the answer and come back in [Error].
func WithMetadata(err error, metadata map[string]string) error {
	return &metadataError{err, metadata}
}

type metadataError struct {
	error
	metadata map[string]string
}

func (e *metadataError) Unwrap() error { return e.error }
