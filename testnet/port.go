package testnet

import (
	"fmt"
	"math/rand/v2"
	"net"
	"strconv"
)

// Free ports are looked for below the range from which systems take the local ports of outgoing
// connections, so that no such connection sits on a node's port while the node is down.
const (
	firstPort = 18000
	lastPort  = 31999
)

// hostPort returns the loopback address of a port.
func hostPort(port int) string { return net.JoinHostPort("127.0.0.1", strconv.Itoa(port)) }

// pickPorts returns n ports on which nobody listens: base and those behind it, or if base is 0 any.
//
// Errors: [ErrPort].
func pickPorts(base, n int) ([]int, error) {
	if base != 0 {
		return fixedPorts(base, n)
	}
	ports := make([]int, 0, n)
	taken := map[int]bool{}
	for tries := 0; len(ports) < n; tries++ {
		if tries == 100*n {
			return nil, fmt.Errorf("%w: no %d free ports in %d-%d", ErrPort, n, firstPort, lastPort)
		}
		port := firstPort + rand.IntN(lastPort-firstPort+1)
		if !taken[port] && portFree(port) == nil {
			ports = append(ports, port)
		}
		taken[port] = true
	}
	return ports, nil
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
