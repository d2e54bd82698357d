package drive

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"time"
)

// Devnet is a network in processes of its own: one with the chain and most storage nodes, and one for
// each storage node that was left out of it.
type Devnet struct {
	Walrus // with the network's configuration and its funded wallet
	*Process
	Ready Ready
	Nodes []*Process // the external nodes, the last of the network's
}

// Ready is what "walrus devnet --json" prints once it runs.
type Ready struct {
	Dir         string   `json:"dir"`
	Config      string   `json:"config"`
	Shards      int      `json:"nShards"`
	Shares      []int    `json:"shards"`
	Nodes       []string `json:"nodes"` // host:port of each
	NodeConfigs []string `json:"nodeConfigs"`
	External    int      `json:"externalNodes"`
	Millis      int64    `json:"startMillis"`
}

// StartDevnet starts a network in dir with more arguments to "walrus devnet", and the storage nodes that
// these leave to processes of their own. It returns when all serve.
func StartDevnet(ctx context.Context, path, dir string, args ...string) (*Devnet, error) {
	d := &Devnet{Walrus: Walrus{Path: path}}
	var err error
	if d.Process, err = d.start(ctx, &d.Ready, append([]string{"devnet", "--dir", dir}, args...)...); err != nil {
		return nil, err
	}
	d.Config = d.Ready.Config
	for _, config := range d.Ready.NodeConfigs[len(d.Ready.NodeConfigs)-d.Ready.External:] {
		node, err := StartNode(ctx, path, config)
		if err != nil {
			return nil, errors.Join(err, d.Close())
		}
		d.Nodes = append(d.Nodes, node)
	}
	return d, nil
}

// StartNode starts a storage node in a process of its own and returns when it serves.
func StartNode(ctx context.Context, path, config string) (*Process, error) {
	w := Walrus{Path: path}
	var ready struct{ Name string }
	return w.start(ctx, &ready, "node", "run", "--create", "--config", config)
}

// stopTime is how long a process may take to stop.
const stopTime = 30 * time.Second

// Close stops all processes, and fails if one of them does not stop cleanly. Those that were killed
// before do not count.
func (d *Devnet) Close() error {
	var errs []error
	for _, p := range append(d.Nodes, d.Process) {
		select {
		case <-p.done:
		default:
			errs = append(errs, p.Stop(stopTime))
		}
	}
	return errors.Join(errs...)
}

// Shares splits shards over nodes so that the last ones, and only they, hold exactly f = (n-1)/3 of
// them: as many as may fail. It returns how many nodes these are.
func Shares(nodes, shards int) (shares []int, faulty int) {
	f := (shards - 1) / 3
	faulty = max(1, f/max(1, shards/nodes))
	return append(split(nodes-faulty, shards-f), split(faulty, f)...), faulty
}

// split divides a number as evenly as can be.
func split(parts, total int) []int {
	s := make([]int, parts)
	for i := range s {
		s[i] = total / parts
		if i < total%parts {
			s[i]++
		}
	}
	return s
}

// Join writes numbers for a flag that takes several.
func Join(numbers []int) string {
	words := make([]string, len(numbers))
	for i, n := range numbers {
		words[i] = strconv.Itoa(n)
	}
	return strings.Join(words, ",")
}

// Memory returns the process's resident set and its peak in bytes, on systems that tell.
func (p *Process) Memory() (now, peak int64, err error) {
	f, err := os.Open(filepath.Join("/proc", strconv.Itoa(p.PID()), "status"))
	if err != nil {
		return 0, 0, fmt.Errorf("drive: memory: %w", err)
	}
	defer f.Close()
	lines := bufio.NewScanner(f)
	for lines.Scan() {
		name, rest, _ := strings.Cut(lines.Text(), ":")
		kib, _ := strconv.ParseInt(strings.TrimSuffix(strings.TrimSpace(rest), " kB"), 10, 64) // other lines have no number
		switch name {
		case "VmRSS":
			now = kib << 10
		case "VmHWM":
			peak = kib << 10
		}
	}
	return now, peak, lines.Err()
}
