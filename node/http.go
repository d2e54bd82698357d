package node

import (
	"context"
	"crypto/rand"
	"encoding/hex"
	"errors"
	"fmt"
	"io"
	"net/http"
	"os"
	"runtime/debug"
	"strconv"
	"strings"
	"time"

	"github.com/walrus-go/walrus/store"
	"github.com/walrus-go/walrus/wire"
)

// Patience with one request. A body must arrive, and an answer be taken, at slowest bytes a second
// after a grace; someone slower holds memory that others need.
const (
	patience = 15 * time.Second
	slowest  = 128 << 10
)

// within is how long size bytes may take.
func within(size int64) time.Duration {
	return patience + time.Duration(size/slowest)*time.Second
}

// errBusy refuses a request for which there is no room in its lane.
var errBusy = fmt.Errorf("%w: too many requests of this sort", wire.ErrUnavailable)

// A handler answers a request or returns why not; [Node.serve] then says so.
type handler func(w http.ResponseWriter, r *http.Request) error

// A route is a pattern of package wire and what answers it.
type route struct {
	method  string // GET answers HEAD too
	pattern string
	lane    lane // nil if handle sees to it, or need not
	handle  handler
}

func (n *Node) routes() http.Handler {
	reads, writes := n.lanes.reads, n.lanes.writes
	mux := http.NewServeMux()
	allowed := map[string][]string{}
	for _, r := range []route{
		{http.MethodGet, wire.PatternMetadata, reads, n.getMetadata},
		{http.MethodPut, wire.PatternMetadata, writes, n.putMetadata},
		{http.MethodGet, wire.PatternMetadataStatus, reads, n.metadataStatus},
		{http.MethodGet, wire.PatternSliver, reads, n.getSliver},
		{http.MethodPut, wire.PatternSliver, writes, n.putSliver},
		{http.MethodGet, wire.PatternSliverStatus, reads, n.sliverStatus},
		{http.MethodGet, wire.PatternPermanent, nil, n.confirmPermanent},
		{http.MethodGet, wire.PatternDeletable, nil, n.confirmDeletable},
		{http.MethodGet, wire.PatternSymbols, n.lanes.symbols, n.getSymbols},
		{http.MethodGet, wire.PatternStatus, reads, n.blobStatus},
		{http.MethodGet, wire.PatternHealth, nil, n.health},
		{http.MethodGet, patternLive, nil, n.live},
		{http.MethodGet, patternReady, nil, n.readiness},
	} {
		mux.Handle(r.method+" "+r.pattern, n.serve(r))
		allowed[r.pattern] = append(allowed[r.pattern], r.method)
		if r.method == http.MethodGet {
			allowed[r.pattern] = append(allowed[r.pattern], http.MethodHead)
		}
	}
	for pattern, methods := range allowed {
		allow := strings.Join(append(methods, http.MethodOptions), ", ")
		mux.Handle(pattern, n.serve(route{pattern: pattern, handle: func(w http.ResponseWriter, r *http.Request) error {
			w.Header().Set("Allow", allow)
			return fmt.Errorf("%w: %.20q, want one of %s", wire.ErrMethod, r.Method, allow)
		}}))
	}
	mux.Handle("/", n.serve(route{pattern: "other", handle: noRoute}))
	// Browsers talk to nodes directly and ask first; and the mux would redirect strange paths.
	preflight := n.serve(route{pattern: "preflight", handle: func(w http.ResponseWriter, _ *http.Request) error {
		w.WriteHeader(http.StatusNoContent)
		return nil
	}})
	strange := n.serve(route{pattern: "other", handle: noRoute})
	return n.bounded(func(w http.ResponseWriter, r *http.Request) {
		switch {
		case r.Method == http.MethodOptions:
			preflight.ServeHTTP(w, r)
		case !strings.HasPrefix(r.URL.Path, "/") || strings.Contains(r.URL.Path, "//") || strings.Contains(r.URL.Path, "/."):
			strange.ServeHTTP(w, r)
		default:
			mux.ServeHTTP(w, r)
		}
	})
}

// bounded admits [Limits.Requests] requests at once. Beyond, not even a refusal is written, since
// that would wait for its reader.
func (n *Node) bounded(h http.HandlerFunc) http.Handler {
	all := make(lane, n.limits.Requests)
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if !all.enter() {
			panic(http.ErrAbortHandler)
		}
		defer all.leave()
		h(w, r)
	})
}

func noRoute(_ http.ResponseWriter, r *http.Request) error {
	return fmt.Errorf("%w: %.200q", wire.ErrRoute, r.URL.Path)
}

// serve frames a handler: who may ask, how many at once, for how long, and what becomes of errors.
func (n *Node) serve(rt route) http.Handler {
	return http.HandlerFunc(func(inner http.ResponseWriter, r *http.Request) {
		w := &answer{ResponseWriter: inner, control: http.NewResponseController(inner)}
		begun := time.Now()
		n.metrics.active.Inc()
		defer func() {
			n.metrics.active.Dec()
			n.metrics.requests.WithLabelValues(methodLabel(r.Method), rt.pattern, strconv.Itoa(w.status)).
				Observe(time.Since(begun).Seconds())
		}()
		h := w.Header()
		h.Set("Access-Control-Allow-Origin", "*")
		h.Set("Access-Control-Allow-Methods", "*")
		h.Set("Access-Control-Allow-Headers", "*")
		h.Set("Access-Control-Expose-Headers", "*")
		h.Set("Access-Control-Max-Age", "86400")
		if r.ContentLength != 0 {
			w.readBefore(patience) // whoever reads the body allows more
		}
		if rt.lane != nil {
			if !rt.lane.enter() {
				n.refuse(w, r, errBusy)
				return
			}
			defer rt.lane.leave()
		}
		defer n.recover(w, r)
		if err := rt.handle(w, r); err != nil {
			n.refuse(w, r, err)
		}
	})
}

// recover turns a panic, which is a bug of ours, into an answer.
func (n *Node) recover(w *answer, r *http.Request) {
	switch v := recover(); v {
	case nil:
	case http.ErrAbortHandler:
		panic(v)
	default:
		n.refuse(w, r, fmt.Errorf("panic: %v\n%s", v, debug.Stack()))
	}
}

// refuse answers with an error, unless the answer has begun.
func (n *Node) refuse(w *answer, r *http.Request, err error) {
	if w.status != 0 {
		n.log.Debug("node: answer broken off", "path", r.URL.Path, "err", err)
		return
	}
	switch {
	case errors.Is(err, context.Canceled): // the caller is gone, or the node stops
		err = fmt.Errorf("%w: stopping", wire.ErrUnavailable)
	case errors.Is(err, store.ErrFull), errors.Is(err, store.ErrFailed), errors.Is(err, store.ErrClosed):
		n.log.Error("node: disk", "err", err)
		err = fmt.Errorf("%w: it cannot write at the moment", wire.ErrUnavailable)
	}
	trace := ""
	status := wire.Status(err)
	switch status {
	case http.StatusInternalServerError:
		trace = traceID(r)
		n.log.Error("node: request failed", "method", r.Method, "path", r.URL.Path, "trace", trace, "err", err)
	case http.StatusServiceUnavailable, http.StatusTooManyRequests:
		w.Header().Set("Retry-After", "1")
	}
	_ = wire.WriteError(w, err, trace) // the caller is gone
}

// traceID is the caller's, if it sends one that is well formed, or a new one.
func traceID(r *http.Request) string {
	const size = 16
	if parts := strings.Split(r.Header.Get("traceparent"), "-"); len(parts) == 4 && len(parts[1]) == 2*size {
		if _, err := hex.DecodeString(parts[1]); err == nil {
			return parts[1]
		}
	}
	var id [size]byte
	_, _ = rand.Read(id[:]) // never fails
	return hex.EncodeToString(id[:])
}

// methodLabel keeps strangers' words out of the metrics.
func methodLabel(method string) string {
	switch method {
	case http.MethodGet, http.MethodHead, http.MethodPut, http.MethodPost, http.MethodOptions, http.MethodDelete:
		return method
	}
	return "other"
}

// An answer notes its status, and gives the caller a limited time to take it.
type answer struct {
	http.ResponseWriter
	control *http.ResponseController
	status  int // 0 until it has begun
}

// Unwrap is for [http.ResponseController].
func (w *answer) Unwrap() http.ResponseWriter { return w.ResponseWriter }

// WriteHeader implements [http.ResponseWriter].
func (w *answer) WriteHeader(status int) {
	if w.status == 0 {
		w.status = status
		size, _ := strconv.ParseInt(w.Header().Get("Content-Length"), 10, 64) // 0 if there is none
		// Not every writer knows deadlines, such as those of tests; all of servers do.
		_ = w.control.SetWriteDeadline(time.Now().Add(within(size)))
	}
	w.ResponseWriter.WriteHeader(status)
}

// Write implements [http.ResponseWriter].
func (w *answer) Write(b []byte) (int, error) {
	if w.status == 0 {
		w.WriteHeader(http.StatusOK)
	}
	return w.ResponseWriter.Write(b)
}

func (w *answer) readBefore(d time.Duration) { _ = w.control.SetReadDeadline(time.Now().Add(d)) }

// body reads the body of a request, of at most limit bytes, into memory of a budget that release gives
// back. A
// caller that says nothing of the length is taken to send limit bytes.
//
// Errors: [wire.ErrTooLarge], [wire.ErrContentType] if it ends early, [wire.ErrTimeout],
// [wire.ErrUnavailable].
func (n *Node) body(w http.ResponseWriter, r *http.Request, from *budget, limit int) (body []byte, release func(), err error) {
	size := int64(limit)
	if r.ContentLength > size {
		return nil, nil, fmt.Errorf("%w: %d bytes, want at most %d", wire.ErrTooLarge, r.ContentLength, limit)
	}
	if r.ContentLength >= 0 {
		size = r.ContentLength
	}
	control := http.NewResponseController(w)
	// Waiting for memory is no fault of the caller's.
	_ = control.SetReadDeadline(time.Now().Add(budgetWait + within(size)))
	release, err = from.take(r.Context(), size+1)
	if err != nil {
		return nil, nil, err
	}
	_ = control.SetReadDeadline(time.Now().Add(within(size)))
	body = make([]byte, size+1) // one more to see the end, or that there is none
	read, err := readBody(r.Body, body)
	if err == nil && read > limit {
		err = fmt.Errorf("%w: more than %d bytes", wire.ErrTooLarge, limit)
	}
	if err != nil {
		release()
		return nil, nil, err
	}
	_ = control.SetReadDeadline(time.Time{})
	return body[:read], release, nil
}

// readBody reads until the end of a body or of b.
func readBody(r io.Reader, b []byte) (read int, err error) {
	for read < len(b) {
		k, err := r.Read(b[read:])
		read += k
		switch {
		case err == nil:
		case errors.Is(err, io.EOF): // unlike io.ErrUnexpectedEOF the end that was announced
			return read, nil
		case errors.Is(err, os.ErrDeadlineExceeded):
			return read, fmt.Errorf("%w: %d bytes of the body came", wire.ErrTimeout, read)
		default:
			return read, fmt.Errorf("%w: the body breaks off after %d bytes: %w", wire.ErrContentType, read, err)
		}
	}
	return read, nil
}
