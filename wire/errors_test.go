package wire

import (
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
)

// statusCodes are the pairs that reference clients insist on.
var statusCodes = map[string]int{
	"INVALID_ARGUMENT": 400, "FAILED_PRECONDITION": 400, "UNAUTHENTICATED": 401, "PERMISSION_DENIED": 403,
	"SIZE_EXCEEDED": 403, "NOT_FOUND": 404, "RANGE_NOT_SATISFIABLE": 416, "RESOURCE_EXHAUSTED": 429,
	"UNAVAILABLE_FOR_LEGAL_REASONS": 451, "INTERNAL": 500, "UNAVAILABLE": 503, "DEADLINE_EXCEEDED": 504,
}

func TestCodes(t *testing.T) {
	seen := map[string]bool{}
	for _, c := range codes {
		key := fmt.Sprint(c.http, c.reason)
		if seen[key] {
			t.Errorf("%s stands for two errors", key)
		}
		seen[key] = true
		exempt := c.http == http.StatusMethodNotAllowed || c.http == http.StatusRequestEntityTooLarge
		if statusCodes[c.status] != c.http && !exempt {
			t.Errorf("%v: %s goes with %d, not %d", c.err, c.status, statusCodes[c.status], c.http)
		}
	}
}

func TestErrorsTravel(t *testing.T) {
	for _, c := range codes {
		rec := httptest.NewRecorder()
		if err := WriteError(rec, fmt.Errorf("while testing: %w", c.err), "abc"); err != nil {
			t.Fatal(err)
		}
		resp := rec.Result()
		err := ReadData(resp, nil)
		if !errors.Is(err, c.err) || resp.StatusCode != c.http || resp.Header.Get("Content-Type") != ContentJSON {
			t.Errorf("%v comes back as %v with status %d, want %d", c.err, err, resp.StatusCode, c.http)
		}
		if Retryable(err) != c.retry || Retryable(c.err) {
			t.Errorf("%v: retryable is %v, want %v", c.err, Retryable(err), c.retry)
		}
		for _, other := range codes {
			if other.err != c.err && errors.Is(err, other.err) {
				t.Errorf("%v comes back as %v too", c.err, other.err)
			}
		}
	}
}

func TestErrorEnvelope(t *testing.T) {
	rec := httptest.NewRecorder()
	err := fmt.Errorf("%w: epochs differ", WithMetadata(ErrEpoch, map[string]string{"request_epoch": "7", "server_epoch": "6"}))
	if err := WriteError(rec, err, ""); err != nil {
		t.Fatal(err)
	}
	const want = `{"error":{"status":"INVALID_ARGUMENT","code":400,"message":"wire: request is of another epoch: epochs differ",` +
		`"details":[{"@type":"ErrorInfo","reason":"INVALID_EPOCH","domain":"storage.walrus.space",` +
		`"metadata":{"request_epoch":"7","server_epoch":"6"}}]}}`
	if rec.Body.String() != want {
		t.Errorf("got  %s\nwant %s", rec.Body, want)
	}
	var e *Error
	if err := ReadData(rec.Result(), nil); !errors.As(err, &e) || e.Metadata["server_epoch"] != "6" {
		t.Errorf("figures are lost: %+v", e)
	}
}

func TestInternalErrorsTellNothing(t *testing.T) {
	rec := httptest.NewRecorder()
	if err := WriteError(rec, errors.New("disk /secret is full"), "00ff"); err != nil {
		t.Fatal(err)
	}
	const want = `{"error":{"status":"INTERNAL","code":500,"message":"wire: internal error of the node",` +
		`"details":[{"@type":"ErrorInfo","reason":"INTERNAL_ERROR","domain":"global","metadata":{}},` +
		`{"@type":"DebugInfo","stackEntries":[],"detail":"TraceID: 00ff"}]}}`
	if rec.Body.String() != want {
		t.Errorf("got  %s\nwant %s", rec.Body, want)
	}
}

func TestSuccess(t *testing.T) {
	rec := httptest.NewRecorder()
	if err := WriteData(rec, http.StatusCreated, Buffered); err != nil {
		t.Fatal(err)
	}
	if got, want := rec.Body.String(), `{"success":{"code":201,"data":"buffered"}}`; got != want {
		t.Errorf("got %s, want %s", got, want)
	}
	var s StoredOnNode
	if err := ReadData(rec.Result(), &s); err != nil || s != Buffered {
		t.Errorf("comes back as %v, %v", s, err)
	}
}

func answer(status int, body string) *http.Response {
	return &http.Response{StatusCode: status, ContentLength: -1, Body: io.NopCloser(strings.NewReader(body))}
}

func TestStrangeAnswers(t *testing.T) {
	for _, tc := range []struct {
		name string
		resp *http.Response
		want error
	}{
		{"garbage success", answer(200, "<html>"), ErrAnswer},
		{"empty success", answer(200, ""), ErrAnswer},
		{"success without data", answer(200, `{"success":{"code":200}}`), ErrAnswer},
		{"success of another type", answer(200, `{"success":{"code":200,"data":{}}}`), ErrAnswer},
		{"error inside a success", answer(200, `{"error":{"status":"INTERNAL","code":500}}`), ErrAnswer},
		{"endless success", answer(200, strings.Repeat(" ", MaxJSON+1)), ErrAnswer},
		{"plain 404", answer(404, "not found"), ErrRoute},
		{"plain 503", answer(503, ""), ErrUnavailable},
		{"plain 400", answer(400, "Failed to deserialize"), ErrAnswer},
		{"unknown reason", answer(400, `{"error":{"status":"X","code":400,"details":[{"reason":"NEW"}]}}`), ErrAnswer},
		{"details of another shape", answer(400, `{"error":{"details":["x",7]}}`), ErrAnswer},
		{"redirect", answer(302, ""), ErrAnswer},
		{"teapot", answer(418, ""), ErrAnswer},
		{"reason with the wrong status", answer(500, `{"error":{"details":[{"reason":"NOT_REGISTERED"}]}}`), ErrInternal},
	} {
		var s StoredOnNode
		if err := ReadData(tc.resp, &s); !errors.Is(err, tc.want) {
			t.Errorf("%s: got %v, want %v", tc.name, err, tc.want)
		}
	}
	if _, err := ReadBCS(answer(200, "123456"), 5); !errors.Is(err, ErrAnswer) {
		t.Errorf("a body above the limit: %v", err)
	}
	if b, err := ReadBCS(answer(200, "12345"), 5); err != nil || string(b) != "12345" {
		t.Errorf("a body at the limit: %q, %v", b, err)
	}
}

func TestHostileText(t *testing.T) {
	long := answer(404, "\x1b[31mred\x07\n"+strings.Repeat("é", 5000))
	err := ReadData(long, nil)
	if s := err.Error(); strings.ContainsAny(s, "\x1b\x07\n") || len(s) > 500 {
		t.Errorf("error text passes control bytes or %d bytes: %q", len(s), s)
	}
}

// TestHostileWords looks at every text that a node may put into an answer.
func TestHostileWords(t *testing.T) {
	const evil = `"\u001b[31m\u202ered"`
	body := fmt.Sprintf(`{"error":{"status":%[1]s,"code":404,"message":%[1]s,"details":[{"reason":%[1]s,"domain":%[1]s,"metadata":{%[1]s:%[1]s}}]}}`, evil)
	var e *Error
	if err := ReadData(answer(404, body), nil); !errors.As(err, &e) {
		t.Fatalf("got %v", err)
	}
	body = fmt.Sprintf(`{"success":{"code":200,"data":{"nodeStatus":%[1]s,"shardDetail":{"owned":[{"shard":1,"status":%[1]s}],"other":[{"shard":2,"status":%[1]s}]}}}}`, evil)
	var h Health
	if err := ReadData(answer(200, body), &h); err != nil || h.ShardDetail == nil || len(h.ShardDetail.Owned) != 1 {
		t.Fatalf("got %v, %v", h, err)
	}
	said := fmt.Sprint(*e, h.NodeStatus, *h.ShardDetail)
	if strings.ContainsAny(said, "\x1b\u202e") || strings.Count(said, "red") != 9 {
		t.Errorf("got %q", said)
	}
}

func FuzzReadData(f *testing.F) {
	f.Add(200, `{"success":{"code":200,"data":"stored"}}`)
	f.Add(400, `{"error":{"status":"FAILED_PRECONDITION","code":400,"message":"m","details":[{"@type":"ErrorInfo","reason":"NOT_REGISTERED","domain":"d","metadata":{}}]}}`)
	f.Fuzz(func(t *testing.T, status int, body string) {
		var raw json.RawMessage
		err := ReadData(answer(status, body), &raw)
		if err == nil && !json.Valid(raw) {
			t.Errorf("data is not JSON: %q", raw)
		}
		if err != nil && strings.ContainsAny(err.Error(), "\x1b\n") {
			t.Errorf("error passes control bytes: %q", err)
		}
	})
}
