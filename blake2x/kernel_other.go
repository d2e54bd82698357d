//go:build purego || !amd64

package blake2x

// available lists the kernels that run here, slowest first.
func available() []kernel { return []kernel{generic} }
