package node_test

import (
	"net/http"
	"net/http/httptest"
	"sync/atomic"
	"testing"

	"github.com/cockroachdb/pebble/v2/vfs"

	"github.com/walrus-go/walrus/node"
	"github.com/walrus-go/walrus/wire"
)

// A small disk is full while it is said to be.
type small struct {
	vfs.FS
	full atomic.Bool
}

// GetDiskUsage implements [vfs.FS].
func (s *small) GetDiskUsage(string) (vfs.DiskUsage, error) {
	if s.full.Load() {
		return vfs.DiskUsage{}, nil
	}
	return vfs.DiskUsage{AvailBytes: 1 << 40}, nil
}

// TestFullDisk wants a node whose disk is full not to be ready.
func TestFullDisk(t *testing.T) {
	t.Parallel()
	disk := &small{FS: vfs.NewMem()}
	w := newWorldOn(t, node.Limits{}, disk)
	w.data("GET", "/readyz", nil, http.StatusOK, nil)
	disk.full.Store(true)
	w.refused(httptest.NewRequest("GET", "/readyz", nil), wire.ErrUnavailable)
	disk.full.Store(false)
	w.data("GET", "/readyz", nil, http.StatusOK, nil)
}
