package wire

import (
	"fmt"
	"net/http"
	"net/url"
	"strconv"
	"time"

	"github.com/walrus-go/walrus/blob"
	"github.com/walrus-go/walrus/redstuff"
)

// Patterns of the routes for [http.ServeMux], without the method. [PathBlob] and its peers read their
// wildcards. Source: spec storage-node.md section 1.2.
const (
	PatternMetadata       = "/v1/blobs/{blob}/metadata"
	PatternMetadataStatus = "/v1/blobs/{blob}/metadata/status"
	PatternSliver         = "/v1/blobs/{blob}/slivers/{pair}/{axis}"
	PatternSliverStatus   = "/v1/blobs/{blob}/slivers/{pair}/{axis}/status"
	PatternPermanent      = "/v1/blobs/{blob}/confirmation/permanent"
	PatternDeletable      = "/v1/blobs/{blob}/confirmation/deletable/{object}"
	PatternSymbols        = "/v1/blobs/{blob}/recoverySymbols"
	PatternStatus         = "/v1/blobs/{blob}/status"
	PatternHealth         = "/v1/health"
)

// MetadataPath is where a blob's metadata is read (routes 2) and written (3).
func MetadataPath(id blob.ID) string { return "/v1/blobs/" + id.String() + "/metadata" }

// MetadataStatusPath is route 4; see [StoredOnNode].
func MetadataStatusPath(id blob.ID) string { return MetadataPath(id) + "/status" }

// SliverPath is where the sliver of the given axis of a sliver pair is read (route 5) and written (6).
func SliverPath(id blob.ID, pair int, axis redstuff.Axis) string {
	return "/v1/blobs/" + id.String() + "/slivers/" + strconv.Itoa(pair) + "/" + axis.String()
}

// SliverStatusPath is route 7; see [StoredOnNode].
func SliverStatusPath(id blob.ID, pair int, axis redstuff.Axis) string {
	return SliverPath(id, pair, axis) + "/status"
}

// StatusPath is route 13; its data is a [blob.Status].
func StatusPath(id blob.ID) string { return "/v1/blobs/" + id.String() + "/status" }

// HealthPath is route 14; its data is a [Health].
func HealthPath(detailed bool) string {
	if detailed {
		return PatternHealth + "?detailed=true"
	}
	return PatternHealth
}

// ConfirmationPath asks for a [Confirmation]: route 8 for a permanent blob, route 9 if object names a
// deletable registration. With a positive wait, in whole milliseconds, the node may hold the answer
// back that long while it has not seen the registration.
func ConfirmationPath(id blob.ID, object *blob.ObjectID, wait time.Duration) string {
	path := "/v1/blobs/" + id.String() + "/confirmation/permanent"
	if object != nil {
		path = "/v1/blobs/" + id.String() + "/confirmation/deletable/" + object.String()
	}
	if wait > 0 {
		path += "?wait_for_registration=true&wait_millis=" + strconv.FormatInt(wait.Milliseconds(), 10)
	}
	return path
}

// SymbolsPath is route 10; its answer is a vector of recovery symbols of package blob.
func SymbolsPath(id blob.ID, q SymbolQuery) string {
	return "/v1/blobs/" + id.String() + "/recoverySymbols?" + q.values().Encode()
}

// Pending adds to the path of route 3 or 6 that the node may hold the upload until the blob is
// registered.
func Pending(path string) string { return path + "?pending=true" }

// PathBlob reads the blob ID of a matched request. Errors: [ErrPath].
func PathBlob(r *http.Request) (blob.ID, error) {
	id, err := blob.ParseID(r.PathValue("blob"))
	if err != nil {
		return id, fmt.Errorf("%w: %w", ErrPath, err)
	}
	return id, nil
}

// PathSliver reads the sliver pair's index and the axis of a matched request. Errors: [ErrPath];
// whether such a pair exists is for the caller to see.
func PathSliver(r *http.Request) (pair int, axis redstuff.Axis, err error) {
	p, err := strconv.ParseUint(r.PathValue("pair"), 10, 16)
	if err != nil {
		return 0, 0, fmt.Errorf("%w: sliver pair %q is not a number below 65536", ErrPath, r.PathValue("pair"))
	}
	axis, err = redstuff.ParseAxis(r.PathValue("axis"))
	if err != nil {
		return 0, 0, fmt.Errorf("%w: %w", ErrPath, err)
	}
	return int(p), axis, nil
}

// PathObject reads the object ID of a matched request of route 9. Errors: [ErrPath].
func PathObject(r *http.Request) (blob.ObjectID, error) {
	id, err := blob.ParseObjectID(r.PathValue("object"))
	if err != nil {
		return id, fmt.Errorf("%w: %w", ErrPath, err)
	}
	return id, nil
}

// ParsePending reads the query of routes 3 and 6, which know no other key than pending. Errors:
// [ErrQuery].
func ParsePending(query string) (bool, error) {
	values, err := parseQuery(query)
	if err != nil {
		return false, err
	}
	for key := range values {
		if key != "pending" {
			return false, fmt.Errorf("%w: unknown key %q", ErrQuery, key)
		}
	}
	return boolean(values, "pending")
}

// ParseWait reads the query of routes 8 and 9: how long the caller would wait for the registration.
// wait is negative if the caller leaves that to the node, and 0 if it would not wait. Unknown keys
// are stepped over. Errors: [ErrQuery].
func ParseWait(query string) (wait time.Duration, err error) {
	values, err := parseQuery(query)
	if err != nil {
		return 0, err
	}
	millis := uint64(0)
	if values.Has("wait_millis") {
		if millis, err = strconv.ParseUint(values.Get("wait_millis"), 10, 64); err != nil {
			return 0, fmt.Errorf("%w: wait_millis: not a number of milliseconds", ErrQuery)
		}
	}
	asked, err := boolean(values, "wait_for_registration")
	switch {
	case err != nil || !asked:
		return 0, err
	case !values.Has("wait_millis"):
		return -1, nil
	}
	const longest = 24 * time.Hour // so that the product cannot overflow; nodes wait seconds
	return time.Duration(min(millis, uint64(longest.Milliseconds()))) * time.Millisecond, nil
}

// ParseDetailed reads the query of route 14. Unknown keys are stepped over. Errors: [ErrQuery].
func ParseDetailed(query string) (bool, error) {
	values, err := parseQuery(query)
	if err != nil {
		return false, err
	}
	return boolean(values, "detailed")
}

func parseQuery(query string) (url.Values, error) {
	values, err := url.ParseQuery(query)
	if err != nil {
		return nil, fmt.Errorf("%w: %w", ErrQuery, err)
	}
	return values, nil
}

// boolean reads a key that is literally true or false; absent is false.
func boolean(values url.Values, key string) (bool, error) {
	if !values.Has(key) {
		return false, nil
	}
	switch v := values[key]; {
	case len(v) > 1:
		return false, fmt.Errorf("%w: %s: given %d times", ErrQuery, key, len(v))
	case v[0] == "true":
		return true, nil
	case v[0] == "false":
		return false, nil
	}
	return false, fmt.Errorf("%w: %s: neither true nor false", ErrQuery, key)
}
