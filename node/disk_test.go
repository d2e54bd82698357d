package node_test

import (
	"net/http"
	"net/http/httptest"
	"strings"
	"sync"
	"sync/atomic"
	"testing"

	"github.com/cockroachdb/pebble/v2/vfs"
	"github.com/cockroachdb/pebble/v2/vfs/errorfs"

	"github.com/walrus-go/walrus/node"
	"github.com/walrus-go/walrus/wire"
)

// TestNoConfirmationBeforeDisk holds up the sync of a blob's last sliver, asks for a confirmation
// meanwhile, and lets the sync fail in the end: nothing may have been vouched for.
func TestNoConfirmationBeforeDisk(t *testing.T) {
	t.Parallel()
	var armed atomic.Bool
	reached, release := make(chan struct{}), make(chan struct{})
	reach := sync.OnceFunc(func() { close(reached) })
	w := newWorldOn(t, node.Limits{}, errorfs.Wrap(vfs.NewMem(), errorfs.InjectorFunc(func(op errorfs.Op) error {
		if !armed.Load() || !strings.HasSuffix(op.Path, ".log") ||
			op.Kind != errorfs.OpFileSync && op.Kind != errorfs.OpFileSyncData && op.Kind != errorfs.OpFileSyncTo {
			return nil
		}
		reach()
		<-release
		return errorfs.ErrInjected
	})))
	w.broken = true
	f := newFile(t, 1, 500)
	w.register(f, false)
	w.caughtUp()
	w.data("PUT", wire.MetadataPath(f.id), f.metadata.AppendBCS(nil), http.StatusCreated, nil)
	type piece struct {
		path string
		body []byte
	}
	var pieces []piece
	pairs, _ := w.mine(f)
	for _, pair := range pairs {
		for _, axis := range axes {
			pieces = append(pieces, piece{wire.SliverPath(f.id, pair, axis), f.sliver(pair, axis)})
		}
	}
	last := pieces[len(pieces)-1]
	for _, p := range pieces[:len(pieces)-1] {
		w.data("PUT", p.path, p.body, http.StatusCreated, nil)
	}
	put := func() {
		w.refused(httptest.NewRequest("PUT", last.path, strings.NewReader(string(last.body))), wire.ErrUnavailable)
	}
	confirm := func() {
		w.refused(httptest.NewRequest("GET", wire.ConfirmationPath(f.id, nil, 0), nil), wire.ErrUnavailable)
	}
	armed.Store(true)
	var asking sync.WaitGroup
	asking.Go(put)
	<-reached
	asking.Go(put)
	asking.Go(confirm)
	close(release)
	asking.Wait()
	put()
	confirm()
}
