package testnet

import (
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/cockroachdb/pebble/v2/vfs"
)

// The files of a network's directory.
const (
	planFile   = "network.json"       // what the network is; says whether the rest is complete
	lockFile   = "LOCK"               // held while a process runs the network
	pidFile    = "pid"                // of that process, for messages only
	configFile = "client_config.yaml" // for clients
	chainDir   = "chain"
	nodesDir   = "nodes"
	walletDir  = "wallet"
)

// planFormat counts changes of the directory's layout that older programs cannot read.
const planFormat = 1

// A plan is what a network is, fixed when its directory is made.
type plan struct {
	Format        int           `json:"format"`
	Complete      bool          `json:"complete"` // all else has been written
	ChainID       string        `json:"chainId"`
	Shards        int           `json:"shards"`
	Shares        []int         `json:"shares"` // shards of each node
	EpochDuration time.Duration `json:"epochDurationNanos"`
	VotingPeriod  time.Duration `json:"votingPeriodNanos"`
	Ports         ports         `json:"ports"`
}

// ports are those of a network, all on loopback.
type ports struct {
	Guard           int              `json:"guard,omitempty"` // claims the others; 0 if they were given
	validatorPorts                   // of the first validator
	OtherValidators []validatorPorts `json:"otherValidators,omitempty"`
	Faucet          int              `json:"faucet"` // the faucet
	Nodes           []int            `json:"nodes"`  // each storage node's API
}

// validatorPorts are those of one node of the chain.
type validatorPorts struct {
	RPC  int `json:"rpc"`  // CometBFT RPC
	GRPC int `json:"grpc"` // gRPC
	REST int `json:"rest"` // REST gateway
	P2P  int `json:"p2p"`  // peers
}

// validators returns the ports of each validator.
func (p *plan) validators() []validatorPorts {
	return append([]validatorPorts{p.Ports.validatorPorts}, p.Ports.OtherValidators...)
}

// rpcURLs returns where the validators answer, beginning with the given one.
func (p *plan) rpcURLs(first int) []string {
	all := p.validators()
	urls := make([]string, len(all))
	for i := range all {
		urls[i] = "http://" + hostPort(all[(first+i)%len(all)].RPC)
	}
	return urls
}

// newPlan decides what a new network is. opts has its defaults. guard claims its ports, see [pickPorts].
func newPlan(opts Options) (p *plan, guard net.Listener, err error) {
	p = &plan{
		Format: planFormat, Shards: opts.Shards, Shares: opts.Shares, EpochDuration: opts.EpochDuration,
		VotingPeriod: opts.VotingPeriod,
		ChainID:      "walrus-devnet-" + strconv.FormatInt(time.Now().UnixMilli(), 36),
	}
	picked, guard, err := pickPorts(opts.BasePort, 4*opts.Validators+1+opts.Nodes)
	if err != nil {
		return nil, nil, err
	}
	validator := func() (v validatorPorts) {
		v, picked = validatorPorts{RPC: picked[0], GRPC: picked[1], REST: picked[2], P2P: picked[3]}, picked[4:]
		return v
	}
	p.Ports.validatorPorts = validator()
	for range opts.Validators - 1 {
		p.Ports.OtherValidators = append(p.Ports.OtherValidators, validator())
	}
	p.Ports.Faucet, p.Ports.Nodes = picked[0], picked[1:]
	if guard != nil {
		p.Ports.Guard = guard.Addr().(*net.TCPAddr).Port
	}
	return p, guard, nil
}

// fits tells whether the network is what opts, before defaults, asks for.
func (p *plan) fits(opts Options) error {
	differs := func(what string, have, want any) error {
		return fmt.Errorf("%w: it has %v %s, not %v", ErrDiffers, have, what, want)
	}
	switch {
	case opts.Nodes != 0 && opts.Nodes != len(p.Shares):
		return differs("nodes", len(p.Shares), opts.Nodes)
	case opts.Shards != 0 && opts.Shards != p.Shards:
		return differs("shards", p.Shards, opts.Shards)
	case opts.Validators != 0 && opts.Validators != len(p.validators()):
		return differs("validators", len(p.validators()), opts.Validators)
	case len(opts.Shares) != 0 && !slices.Equal(opts.Shares, p.Shares):
		return differs("shards on its nodes", p.Shares, opts.Shares)
	case opts.EpochDuration != 0 && opts.EpochDuration != p.EpochDuration:
		return differs("long epochs", p.EpochDuration, opts.EpochDuration)
	case opts.VotingPeriod != 0 && opts.VotingPeriod != p.VotingPeriod:
		return differs("long votes", p.VotingPeriod, opts.VotingPeriod)
	case opts.BasePort != 0 && opts.BasePort != p.Ports.RPC:
		return differs("as its first port", p.Ports.RPC, opts.BasePort)
	case opts.External > len(p.Shares):
		return differs("nodes", len(p.Shares), opts.External)
	}
	return nil
}

// claim locks a network's directory, which it makes if need be, and reads its plan; nil means that
// there is no complete network yet. Closing lock lets go.
//
// Errors: [ErrForeign], [ErrInUse].
func claim(dir string) (p *plan, lock io.Closer, err error) {
	if err := os.MkdirAll(dir, 0o700); err != nil {
		return nil, nil, fmt.Errorf("testnet: %w", err)
	}
	if err := checkOurs(dir); err != nil {
		return nil, nil, err
	}
	lock, err = vfs.Default.Lock(filepath.Join(dir, lockFile))
	if err != nil {
		return nil, nil, fmt.Errorf("%w: %s is run by %s: %w", ErrInUse, dir, holder(dir), err)
	}
	p, err = readPlan(dir)
	if err == nil {
		err = os.WriteFile(filepath.Join(dir, pidFile), []byte(strconv.Itoa(os.Getpid())+"\n"), 0o600)
	}
	if err != nil {
		return nil, nil, errors.Join(err, lock.Close())
	}
	return p, lock, nil
}

// checkOurs refuses a directory that holds something else.
func checkOurs(dir string) error {
	entries, err := os.ReadDir(dir)
	if err != nil {
		return fmt.Errorf("testnet: %w", err)
	}
	var names []string
	for _, e := range entries {
		switch e.Name() {
		case planFile:
			return nil
		case lockFile, pidFile: // left by a start that got no further
		default:
			names = append(names, e.Name())
		}
	}
	if len(names) > 0 {
		return fmt.Errorf("%w: %s has no %s but %s", ErrForeign, dir, planFile, strings.Join(names[:min(len(names), 3)], ", "))
	}
	return nil
}

// holder names the process that runs a network.
func holder(dir string) string {
	raw, err := os.ReadFile(filepath.Join(dir, pidFile))
	if err != nil {
		return "another process"
	}
	return "process " + strings.TrimSpace(string(raw))
}

// readPlan returns the plan of a locked directory, or nil if there is none or it was not finished.
func readPlan(dir string) (*plan, error) {
	raw, err := os.ReadFile(filepath.Join(dir, planFile))
	if errors.Is(err, os.ErrNotExist) {
		return nil, nil
	}
	if err != nil {
		return nil, fmt.Errorf("testnet: %w", err)
	}
	p := new(plan)
	if err := json.Unmarshal(raw, p); err != nil {
		return nil, fmt.Errorf("%w: %s: %w", ErrForeign, filepath.Join(dir, planFile), err)
	}
	if p.Format != planFormat {
		return nil, fmt.Errorf("%w: %s has layout %d, this program knows %d", ErrForeign, dir, p.Format, planFormat)
	}
	if !p.Complete {
		return nil, nil
	}
	err = checkShares(p.Shares, len(p.Ports.Nodes), p.Shards)
	if err == nil {
		err = checkValidators(len(p.validators()), len(p.Shares))
	}
	if err != nil {
		return nil, fmt.Errorf("%w: %s: %w", ErrForeign, filepath.Join(dir, planFile), err)
	}
	return p, nil
}

// write puts the plan in place.
func (p *plan) write(dir string) error {
	raw, err := json.MarshalIndent(p, "", "  ")
	if err != nil {
		return fmt.Errorf("testnet: %w", err)
	}
	return writeFile(filepath.Join(dir, planFile), append(raw, '\n'))
}

// wipe takes away what an unfinished creation left.
func wipe(dir string) error {
	paths := []string{filepath.Join(dir, nodesDir), filepath.Join(dir, walletDir), filepath.Join(dir, configFile)}
	for i := range maxValidators {
		paths = append(paths, validatorDir(dir, i))
	}
	for _, path := range paths {
		if err := os.RemoveAll(path); err != nil {
			return fmt.Errorf("testnet: %w", err)
		}
	}
	return nil
}

// writeFile puts a file in place whole and on disk, readable by its owner alone.
func writeFile(path string, raw []byte) error {
	tmp, err := os.CreateTemp(filepath.Dir(path), ".tmp-*")
	if err != nil {
		return fmt.Errorf("testnet: %w", err)
	}
	defer os.Remove(tmp.Name()) // gone after the rename
	_, err = tmp.Write(raw)
	err = errors.Join(err, tmp.Sync(), tmp.Close())
	if err == nil {
		err = os.Rename(tmp.Name(), path)
	}
	if err != nil {
		return fmt.Errorf("testnet: %w", err)
	}
	return nil
}
