package testnet

import (
	"fmt"
	"math/rand/v2"
	"net"
	"strconv"
)

// Free ports are looked for below the range from which systems take the local ports of outgoing
// connections, so that no such connection sits on a node's port while the node is down. They are taken
// in blocks; whoever listens on a block's first port, its guard, has the whole block, so that networks
// that start at the same moment or whose nodes are down do not meet.
const (
	firstPort = 18000
	lastPort  = 31999
	blockSize = 40 // of the default network with room to spare; larger ones get larger blocks
)

// hostPort returns the loopback address of a port.
func hostPort(port int) string { return net.JoinHostPort("127.0.0.1", strconv.Itoa(port)) }

// pickPorts returns n ports on which nobody listens: base and those behind it, or if base is 0 those of
// any free block, behind its guard. guard is nil for a given base; closing it gives up the claim.
//
// Errors: [ErrPort].
func pickPorts(base, n int) (ports []int, guard net.Listener, err error) {
	if base != 0 {
		ports, err = fixedPorts(base, n)
		return ports, nil, err
	}
	size := (n + blockSize) / blockSize * blockSize
	blocks := (lastPort - firstPort + 1) / size
	for _, block := range rand.Perm(blocks) {
		first := firstPort + block*size
		guard, err := listen(hostPort(first))
		if err != nil {
			continue
		}
		if ports, err = fixedPorts(first+1, n); err == nil {
			return ports, guard, nil
		}
		if err := guard.Close(); err != nil {
			return nil, nil, fmt.Errorf("testnet: %w", err)
		}
	}
	return nil, nil, fmt.Errorf("%w: no %d free ports in a row in %d-%d", ErrPort, n, firstPort, lastPort)
}

func fixedPorts(base, n int) ([]int, error) {
	if base < 1024 || base+n > 1<<16 {
		return nil, fmt.Errorf("%w: ports %d to %d, want 1024 to 65535", ErrOptions, base, base+n-1)
	}
	ports := make([]int, n)
	for i := range ports {
		ports[i] = base + i
		if err := portFree(ports[i]); err != nil {
			return nil, err
		}
	}
	return ports, nil
}

// portFree tells whether one can listen on a port.
func portFree(port int) error {
	l, err := net.Listen("tcp", hostPort(port))
	if err != nil {
		return fmt.Errorf("%w: %w", ErrPort, err)
	}
	return l.Close()
}
