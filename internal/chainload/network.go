package main

import (
	"bufio"
	"context"
	"crypto/ecdh"
	"crypto/rand"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"math/big"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"syscall"
	"time"

	"github.com/cometbft/cometbft/p2p"

	"github.com/walrus-go/walrus/attest"
	"github.com/walrus-go/walrus/bls"
	"github.com/walrus-go/walrus/chain"
	"github.com/walrus-go/walrus/committee"
	"github.com/walrus-go/walrus/ledger"
	"github.com/walrus-go/walrus/ledger/rpc"
)

// network is a chain whose validators run in processes of their own.
type network struct {
	nodes   []*process
	clients []*rpc.Client
	senders []*rpc.Key
	all     *bls.PrivateKey // signs for the whole committee at once
	signers []byte          // bitmap of the whole committee
}

// process is one validator.
type process struct {
	cmd   *exec.Cmd
	stdin io.Closer
	url   string
}

// senders is how many accounts there are.
const senders = 400

// startNetwork starts validators of the given program on fresh directories below dir.
func startNetwork(ctx context.Context, program, dir string, validators int, o options) (n *network, err error) {
	n = &network{}
	defer func() {
		if err != nil {
			err = errors.Join(err, n.stop())
		}
	}()
	dirs, peers, addrs, err := n.prepare(dir, validators, o)
	if err != nil {
		return n, err
	}
	for i, d := range dirs {
		args := []string{"-node-dir", d, "-node-p2p", addrs[i], "-node-block-time", o.blockTime.String(),
			"-node-peers", strings.Join(without(peers, i), ",")}
		if i == 0 && o.profile != "" {
			args = append(args, "-node-profile", o.profile)
		}
		p, err := startProcess(program, args)
		if err != nil {
			return n, err
		}
		n.nodes = append(n.nodes, p)
	}
	for _, p := range n.nodes {
		client, err := rpc.Dial(ctx, p.url, nil)
		if err != nil {
			return n, err
		}
		n.clients = append(n.clients, client)
	}
	return n, nil
}

// prepare makes the directories with keys and genesis, and returns how the nodes reach each other.
func (n *network) prepare(dir string, validators int, o options) (dirs, peers, addrs []string, err error) {
	genesis := chain.GenesisOptions{ChainID: "walrus-load", Shards: o.shards, EpochDuration: -1}
	if genesis.Nodes, err = n.committee(o.nodes); err != nil {
		return nil, nil, nil, err
	}
	if validators > o.nodes {
		return nil, nil, nil, fmt.Errorf("%d validators, but only %d storage nodes", validators, o.nodes)
	}
	for i := range validators {
		d := filepath.Join(dir, strconv.Itoa(i))
		if genesis.Nodes[i].ConsensusKey, err = chain.Prepare(d); err != nil {
			return nil, nil, nil, err
		}
		addr, err := freeAddress()
		if err != nil {
			return nil, nil, nil, err
		}
		key, err := p2p.LoadNodeKey(filepath.Join(d, "node_key.json"))
		if err != nil {
			return nil, nil, nil, err
		}
		dirs, addrs = append(dirs, d), append(addrs, addr)
		peers = append(peers, p2p.IDAddressString(key.ID(), addr))
	}
	for range senders {
		key, err := rpc.GenerateKey(rand.Reader)
		if err != nil {
			return nil, nil, nil, err
		}
		n.senders = append(n.senders, key)
		genesis.Accounts = append(genesis.Accounts, chain.GenesisAccount{Address: key.Address(), Amount: 1000 * ledger.FrostPerWAL})
	}
	g, err := chain.NewGenesis(genesis)
	for _, d := range dirs {
		if err == nil {
			err = g.WriteFile(filepath.Join(d, "genesis.json"))
		}
	}
	return dirs, peers, addrs, err
}

// groupOrder is the number of scalars of BLS12-381.
var groupOrder, _ = new(big.Int).SetString("73eda753299d7d483339d80809a1d80553bda402fffe5bfeffffffff00000001", 16)

// committee makes storage nodes. The signature with the sum of their secrets is the aggregate of their
// signatures, so that the load generator signs once for all of them.
func (n *network) committee(size int) ([]chain.GenesisNode, error) {
	sum := new(big.Int)
	out := make([]chain.GenesisNode, size)
	n.signers = make([]byte, (size+7)/8)
	for i := range out {
		secret, err := bls.GenerateKey(rand.Reader)
		if err != nil {
			return nil, err
		}
		network, err := ecdh.P256().GenerateKey(rand.Reader)
		if err != nil {
			return nil, err
		}
		owner, err := rpc.GenerateKey(rand.Reader)
		if err != nil {
			return nil, err
		}
		point := network.PublicKey().Bytes() // 4, x, y
		compressed := append([]byte{2 + point[64]&1}, point[1:33]...)
		out[i] = chain.GenesisNode{
			Owner: owner.Address(), Name: fmt.Sprintf("node-%d", i), NetworkAddress: fmt.Sprintf("127.0.0.1:%d", 9000+i),
			NetworkKey: committee.NetworkKey(compressed), Key: secret.Public(), Stake: 1000 * ledger.FrostPerWAL,
			Possession: secret.Sign(chain.PossessionMessage(owner.Address(), secret.Public())),
		}
		sum.Add(sum, new(big.Int).SetBytes(secret.Bytes()))
		n.signers[i/8] |= 1 << (i % 8)
	}
	var err error
	n.all, err = bls.ParsePrivateKey(sum.Mod(sum, groupOrder).FillBytes(make([]byte, bls.PrivateKeySize)))
	return out, err
}

// certify signs for the whole committee.
func (n *network) certify(message []byte) attest.Certificate {
	return attest.Certificate{Signers: n.signers, Message: message, Signature: n.all.Sign(message).Bytes()}
}

func freeAddress() (string, error) {
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		return "", err
	}
	defer l.Close()
	return l.Addr().String(), nil
}

func without(list []string, i int) []string {
	return append(append([]string{}, list[:i]...), list[i+1:]...)
}

func startProcess(program string, args []string) (*process, error) {
	p := &process{cmd: exec.Command(program, args...)}
	p.cmd.Stderr = os.Stderr
	stdin, err := p.cmd.StdinPipe()
	if err != nil {
		return nil, err
	}
	p.stdin = stdin
	stdout, err := p.cmd.StdoutPipe()
	if err != nil {
		return nil, err
	}
	if err := p.cmd.Start(); err != nil {
		return nil, err
	}
	line, err := bufio.NewReader(stdout).ReadBytes('\n')
	var r ready
	if err == nil {
		err = json.Unmarshal(line, &r)
	}
	if err != nil {
		return nil, errors.Join(fmt.Errorf("validator did not start: %w", err), p.stop())
	}
	p.url = r.RPC
	return p, nil
}

func (p *process) stop() error { return errors.Join(p.stdin.Close(), p.cmd.Wait()) }

func (n *network) stop() error {
	var errs []error
	for _, c := range n.clients {
		c.Close()
	}
	for _, p := range n.nodes {
		errs = append(errs, p.stop())
	}
	return errors.Join(errs...)
}

// cpu returns the processor's time that all validators have used.
func (n *network) cpu() (time.Duration, error) {
	var sum time.Duration
	for _, p := range n.nodes {
		data, err := os.ReadFile(fmt.Sprintf("/proc/%d/stat", p.cmd.Process.Pid))
		if err != nil {
			return 0, err
		}
		_, rest, _ := strings.Cut(string(data), ") ")
		fields := strings.Fields(rest)
		if len(fields) < 13 {
			return 0, fmt.Errorf("stat of a process: %q", data)
		}
		for _, f := range fields[11:13] { // user and system, in hundredths of a second
			ticks, err := strconv.ParseInt(f, 10, 64)
			if err != nil {
				return 0, err
			}
			sum += time.Duration(ticks) * time.Second / 100
		}
	}
	return sum, nil
}

// ownCPU returns the processor's time that this process has used.
func ownCPU() time.Duration {
	var u syscall.Rusage
	if syscall.Getrusage(syscall.RUSAGE_SELF, &u) != nil {
		return 0
	}
	return time.Duration(u.Utime.Nano() + u.Stime.Nano())
}
