package testnet

import "context"

// TB is what [Start] needs of a *testing.T or *testing.B. It is spelt out so that programs that run a
// network do not link the testing package.
type TB interface {
	Helper()
	Context() context.Context
	TempDir() string
	Cleanup(func())
	Errorf(format string, args ...any)
	Fatalf(format string, args ...any)
}

// Start starts a network for a test and stops it at the test's end. Without Options.Dir it lives in a
// directory that goes with the test, and without Options.Nodes and Shards it has 4 nodes and 10 shards,
// which is the smallest where one node of three shards may fail.
func Start(t TB, opts Options) *Network {
	t.Helper()
	if opts.Dir == "" {
		opts.Dir = t.TempDir()
	}
	if opts.Nodes == 0 && opts.Shards == 0 && len(opts.Shares) == 0 {
		opts.Shares = []int{3, 3, 2, 2}
	}
	n, err := Open(t.Context(), opts)
	if err != nil {
		t.Fatalf("%v", err)
	}
	t.Cleanup(func() {
		if err := n.Close(); err != nil {
			t.Errorf("%v", err)
		}
	})
	return n
}
