package wire

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"strconv"
	"strings"
	"unicode"
	"unicode/utf8"
)

type successJSON struct {
	Success *successBody `json:"success"`
}

type successBody struct {
	Code int             `json:"code"`
	Data json.RawMessage `json:"data"`
}

type errorJSON struct {
	Error *errorBody `json:"error"`
}

type errorBody struct {
	Status  string            `json:"status"`
	Code    int               `json:"code"`
	Message string            `json:"message"`
	Details []json.RawMessage `json:"details"`
}

type errorInfo struct {
	Type     string            `json:"@type"`
	Reason   string            `json:"reason"`
	Domain   string            `json:"domain"`
	Metadata map[string]string `json:"metadata"`
}

type debugInfo struct {
	Type    string   `json:"@type"`
	Entries []string `json:"stackEntries"`
	Detail  string   `json:"detail"`
}

// AppendData appends the JSON of a success, data in its envelope.
func AppendData(b []byte, status int, data any) ([]byte, error) {
	raw, err := json.Marshal(data)
	if err != nil {
		return b, fmt.Errorf("wire: answer: %w", err)
	}
	out, err := json.Marshal(successJSON{&successBody{status, raw}})
	if err != nil {
		return b, fmt.Errorf("wire: answer: %w", err)
	}
	return append(b, out...), nil
}

// WriteData answers with data in the envelope of success. The error is a bug in data's type, before
// anything was written, or the connection's.
func WriteData(w http.ResponseWriter, status int, data any) error {
	body, err := AppendData(nil, status, data)
	if err != nil {
		return err
	}
	return write(w, ContentJSON, status, body)
}

// WriteBCS answers 200 with raw bytes.
func WriteBCS(w http.ResponseWriter, body []byte) error {
	return write(w, ContentBCS, http.StatusOK, body)
}

// WriteError answers with err in the envelope of errors. An error that is not of the API becomes
// [ErrInternal], and trace, if not empty, is all that the caller learns: the node logs the error
// under it.
func WriteError(w http.ResponseWriter, err error, trace string) error {
	c := codeOf(err)
	info := errorInfo{"ErrorInfo", c.reason, c.domain, map[string]string{}}
	var m *metadataError
	if errors.As(err, &m) {
		info.Metadata = m.metadata
	}
	message := strings.ToValidUTF8(err.Error(), "�")
	details := []any{info}
	if c.err == ErrInternal {
		message = ErrInternal.Error()
		if trace != "" {
			details = append(details, debugInfo{"DebugInfo", []string{}, "TraceID: " + trace})
		}
	}
	body := errorBody{Status: c.status, Code: c.http, Message: message}
	for _, d := range details {
		raw, err := json.Marshal(d)
		if err != nil {
			return fmt.Errorf("wire: answer: %w", err)
		}
		body.Details = append(body.Details, raw)
	}
	raw, merr := json.Marshal(errorJSON{&body})
	if merr != nil {
		return fmt.Errorf("wire: answer: %w", merr)
	}
	return write(w, ContentJSON, c.http, raw)
}

func write(w http.ResponseWriter, contentType string, status int, body []byte) error {
	h := w.Header()
	h.Set("Content-Type", contentType)
	h.Set("Content-Length", strconv.Itoa(len(body)))
	h.Set("X-Content-Type-Options", "nosniff")
	w.WriteHeader(status)
	_, err := w.Write(body)
	return err
}

// ReadData reads a JSON answer: into data, which is a pointer or nil, if it is a success, else as an
// error. It reads at most [MaxJSON] bytes and leaves closing the body to the caller.
//
// Errors: an [*Error]; [ErrAnswer] for anything that is not an answer of the API; the connection's.
func ReadData(resp *http.Response, data any) error {
	if err := CheckStatus(resp); err != nil {
		return err
	}
	body, err := readAll(resp, MaxJSON)
	if err != nil {
		return err
	}
	var env successJSON
	if err := json.Unmarshal(body, &env); err != nil {
		return fmt.Errorf("%w: %w", ErrAnswer, err)
	}
	if env.Success == nil || env.Success.Data == nil {
		return fmt.Errorf("%w: no data", ErrAnswer)
	}
	if data == nil {
		return nil
	}
	if err := json.Unmarshal(env.Success.Data, data); err != nil {
		return fmt.Errorf("%w: %w", ErrAnswer, err)
	}
	return nil
}

// ReadBCS reads a raw answer of at most limit bytes. Errors are those of [ReadData]; a longer answer
// is [ErrAnswer], found out without reading much more than limit.
func ReadBCS(resp *http.Response, limit int) ([]byte, error) {
	if err := CheckStatus(resp); err != nil {
		return nil, err
	}
	return readAll(resp, limit)
}

// CheckStatus returns nil if resp is a success, else the [*Error] it stands for, whose body it reads.
func CheckStatus(resp *http.Response) error {
	if resp.StatusCode >= 200 && resp.StatusCode < 300 {
		return nil
	}
	e := &Error{HTTP: resp.StatusCode}
	body, _ := io.ReadAll(io.LimitReader(resp.Body, MaxError)) // the status alone is an answer
	var env errorJSON
	if json.Unmarshal(body, &env) != nil || env.Error == nil {
		e.Message = printable(string(body))
		return e
	}
	e.Status, e.Message = printable(env.Error.Status), printable(env.Error.Message)
	if len(env.Error.Details) == 0 {
		return e
	}
	var info errorInfo
	if json.Unmarshal(env.Error.Details[0], &info) == nil {
		e.Reason, e.Domain, e.Metadata = printable(info.Reason), printable(info.Domain), printableMap(info.Metadata)
	}
	return e
}

// printable makes a stranger's text fit for one line of a log or terminal.
func printable(s string) string {
	const longest = 300
	s = strings.Map(func(r rune) rune {
		if r == utf8.RuneError || !unicode.IsPrint(r) { // such as escapes, and what turns the direction
			return ' '
		}
		return r
	}, s)
	if len(s) > longest {
		s = strings.ToValidUTF8(s[:longest], "") + "…"
	}
	return strings.TrimSpace(s)
}

// printableMap is printable for keys and values.
func printableMap(m map[string]string) map[string]string {
	if m == nil {
		return nil
	}
	clean := make(map[string]string, len(m))
	for k, v := range m {
		clean[printable(k)] = printable(v)
	}
	return clean
}

// readAll reads the body, growing with what arrives rather than with what Content-Length claims.
func readAll(resp *http.Response, limit int) ([]byte, error) {
	if resp.ContentLength > int64(limit) {
		return nil, fmt.Errorf("%w: %d bytes, want at most %d", ErrAnswer, resp.ContentLength, limit)
	}
	var body bytes.Buffer
	if resp.ContentLength > 0 {
		body.Grow(int(resp.ContentLength) + bytes.MinRead) // or a sliver would be copied again and again as it grows
	}
	if _, err := body.ReadFrom(io.LimitReader(resp.Body, int64(limit)+1)); err != nil {
		return nil, fmt.Errorf("wire: reading an answer: %w", err)
	}
	if body.Len() > limit {
		return nil, fmt.Errorf("%w: more than %d bytes", ErrAnswer, limit)
	}
	return body.Bytes(), nil
}
