package wire

import (
	"encoding/json"
	"errors"
	"net/http"
	"net/http/httptest"
	"net/url"
	"reflect"
	"testing"
	"time"

	"github.com/walrus-go/walrus/blob"
	"github.com/walrus-go/walrus/redstuff"
)

func TestPaths(t *testing.T) {
	id := blob.ID{1, 2, 3}
	object := blob.ObjectID{9}
	axis := redstuff.Secondary
	base := "/v1/blobs/" + id.String()
	cells := SymbolQuery{Cells: []blob.SymbolID{{Primary: 17, Secondary: 21}, {Secondary: 65535}}, ProofAxis: &axis}
	target := SymbolQuery{Target: &blob.SliverID{Axis: redstuff.Primary, Index: 3}}
	for _, tc := range []struct{ got, want, pattern string }{
		{MetadataPath(id), base + "/metadata", PatternMetadata},
		{MetadataStatusPath(id), base + "/metadata/status", PatternMetadataStatus},
		{SliverPath(id, 42, redstuff.Primary), base + "/slivers/42/primary", PatternSliver},
		{SliverStatusPath(id, 42, redstuff.Secondary), base + "/slivers/42/secondary/status", PatternSliverStatus},
		{Pending(SliverPath(id, 0, redstuff.Primary)), base + "/slivers/0/primary?pending=true", PatternSliver},
		{StatusPath(id), base + "/status", PatternStatus},
		{HealthPath(false), "/v1/health", PatternHealth},
		{HealthPath(true), "/v1/health?detailed=true", PatternHealth},
		{ConfirmationPath(id, nil, 0), base + "/confirmation/permanent", PatternPermanent},
		{ConfirmationPath(id, &object, 1500*time.Millisecond),
			base + "/confirmation/deletable/" + object.String() + "?wait_for_registration=true&wait_millis=1500", PatternDeletable},
		{SymbolsPath(id, cells), base + "/recoverySymbols?id=17-21&id=0-65535&proofAxis=secondary", PatternSymbols},
		{SymbolsPath(id, target), base + "/recoverySymbols?targetSliver=3&targetType=primary", PatternSymbols},
	} {
		if tc.got != tc.want {
			t.Errorf("got %s, want %s", tc.got, tc.want)
		}
		mux := http.NewServeMux()
		mux.HandleFunc("GET "+tc.pattern, func(http.ResponseWriter, *http.Request) {})
		if _, pattern := mux.Handler(httptest.NewRequest("GET", tc.got, nil)); pattern == "" {
			t.Errorf("%s does not match %s", tc.got, tc.pattern)
		}
	}
}

func TestParseQueries(t *testing.T) {
	for _, tc := range []struct {
		query   string
		pending bool
		ok      bool
	}{
		{"", false, true}, {"pending=true", true, true}, {"pending=false", false, true}, {"pending=1", false, false},
		{"pending", false, false}, {"other=1", false, false}, {"pending=true&pending=false", false, false}, {"pending=%zz", false, false},
	} {
		got, err := ParsePending(tc.query)
		if got != tc.pending || (err == nil) != tc.ok || err != nil && !errors.Is(err, ErrQuery) {
			t.Errorf("pending %q: %v, %v", tc.query, got, err)
		}
	}
	for _, tc := range []struct {
		query string
		wait  time.Duration
		ok    bool
	}{
		{"", 0, true}, {"wait_millis=5", 0, true}, {"wait_for_registration=true", -1, true}, {"x=y", 0, true},
		{"wait_for_registration=true&wait_millis=250", 250 * time.Millisecond, true},
		{"wait_for_registration=false&wait_millis=250", 0, true},
		{"wait_for_registration=true&wait_millis=18446744073709551615", 24 * time.Hour, true},
		{"wait_for_registration=true&wait_millis=-1", 0, false}, {"wait_for_registration=yes", 0, false},
	} {
		got, err := ParseWait(tc.query)
		if got != tc.wait || (err == nil) != tc.ok || err != nil && !errors.Is(err, ErrQuery) {
			t.Errorf("wait %q: %v, %v", tc.query, got, err)
		}
	}
}

func TestParseSymbolQuery(t *testing.T) {
	secondary := redstuff.Secondary
	for _, tc := range []struct {
		query string
		want  SymbolQuery
		err   error
	}{
		{"id=3-2&id=1-9&id=3-2", SymbolQuery{Cells: []blob.SymbolID{{Primary: 1, Secondary: 9}, {Primary: 3, Secondary: 2}}}, nil},
		{"id=3-2&proofAxis=secondary", SymbolQuery{Cells: []blob.SymbolID{{Primary: 3, Secondary: 2}}, ProofAxis: &secondary}, nil},
		{"targetSliver=4&targetType=primary", SymbolQuery{Target: &blob.SliverID{Axis: redstuff.Primary, Index: 4}}, nil},
		{"", SymbolQuery{}, ErrNoSymbols},
		{"id=1-1&targetSliver=4&targetType=primary", SymbolQuery{}, ErrSymbolFilter},
		{"targetSliver=4", SymbolQuery{}, ErrSymbolFilter},
		{"targetType=primary", SymbolQuery{}, ErrSymbolFilter},
		{"targetSliver=10&targetType=primary", SymbolQuery{}, ErrSymbolOutOfRange},
		{"id=10-0", SymbolQuery{}, ErrSymbolOutOfRange}, {"id=0-10", SymbolQuery{}, ErrSymbolOutOfRange},
		{"id=1", SymbolQuery{}, ErrQuery}, {"id=1-", SymbolQuery{}, ErrQuery}, {"id=1-2-3", SymbolQuery{}, ErrQuery},
		{"id=-1-2", SymbolQuery{}, ErrQuery}, {"id=65536-0", SymbolQuery{}, ErrQuery},
		{"id=1-1&proofAxis=Primary", SymbolQuery{}, ErrQuery}, {"targetSliver=x&targetType=primary", SymbolQuery{}, ErrQuery},
	} {
		got, err := ParseSymbolQuery(tc.query, 10)
		if !errors.Is(err, tc.err) || err == nil && !reflect.DeepEqual(got, tc.want) {
			t.Errorf("%q: %+v, %v; want %+v, %v", tc.query, got, err, tc.want, tc.err)
		}
	}
}

func FuzzParseSymbolQuery(f *testing.F) {
	f.Add("id=3-2&id=1-9&proofAxis=primary")
	f.Add("targetSliver=4&targetType=secondary")
	f.Fuzz(func(t *testing.T, query string) {
		q, err := ParseSymbolQuery(query, 1000)
		if err != nil {
			return
		}
		again, err := ParseSymbolQuery(q.values().Encode(), 1000)
		if err != nil || !reflect.DeepEqual(q, again) {
			t.Errorf("%q: %+v comes back as %+v, %v", query, q, again, err)
		}
	})
}

func FuzzPaths(f *testing.F) {
	f.Add(MetadataPath(blob.ID{7}))
	f.Add(SliverPath(blob.ID{7}, 3, redstuff.Secondary))
	f.Fuzz(func(t *testing.T, path string) {
		u, err := url.ParseRequestURI(path)
		if err != nil || u.Host != "" {
			return
		}
		mux := http.NewServeMux()
		mux.HandleFunc(PatternSliver, func(_ http.ResponseWriter, r *http.Request) {
			id, err1 := PathBlob(r)
			pair, axis, err2 := PathSliver(r)
			if err1 == nil && err2 == nil && (pair > 65535 || axis > redstuff.Secondary) {
				t.Errorf("%q reads as %v %d %v", path, id, pair, axis)
			}
		})
		mux.ServeHTTP(httptest.NewRecorder(), &http.Request{Method: "GET", URL: u})
	})
}

func TestHealthJSON(t *testing.T) {
	finished := uint64(9)
	h := Health{Uptime: Uptime{1, 2}, Epoch: 30, NodeStatus: "Active", Events: EventProgress{10, 0, &finished},
		ShardSummary: ShardSummary{Owned: 12, ByStatus: ShardCounts{Ready: 12}},
		ShardDetail:  &ShardDetail{Owned: []ShardHealth{{3, "ready"}}}}
	raw, err := json.Marshal(struct {
		Health
		PublicKey string `json:"publicKey"` // a key cannot be made up
	}{h, "x"})
	const want = `{"uptime":{"secs":1,"nanos":2},"epoch":30,"nodeStatus":"Active",` +
		`"eventProgress":{"persisted":10,"pending":0,"highestFinishedEventIndex":9},` +
		`"shardSummary":{"owned":12,"ownedShardStatus":{"unknown":0,"ready":12,"inTransfer":0,"inRecovery":0},"readOnly":0},` +
		`"shardDetail":{"owned":[{"shard":3,"status":"ready"}],"other":[]},"publicKey":"x"}`
	if err != nil || string(raw) != want {
		t.Errorf("got  %s (%v)\nwant %s", raw, err, want)
	}
}
