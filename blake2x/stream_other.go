//go:build purego || !amd64

package blake2x

// vectors is nothing where no kernel has lanes.
type vectors struct{}

func (s *Stream) begin() bool { return false }

func (s *Stream) resume(int, bool, bool) bool { return false }
