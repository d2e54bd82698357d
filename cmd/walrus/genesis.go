package main

import (
	"context"
	"errors"
	"fmt"
	"os"
	"strconv"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"github.com/walrus-go/walrus/chain"
	"github.com/walrus-go/walrus/chain/genesis"
	"github.com/walrus-go/walrus/internal/config"
)

// newGenesis makes the genesis command.
func newGenesis(d *deps) *cobra.Command {
	cmd := &cobra.Command{
		Use:   "genesis",
		Short: "Begin a network of several operators",
		Long: `Genesis brings the operators of a new network together. One of them writes a draft with the chain's parameters and
accounts ("init"). Each operator answers with a registration that his keys sign on his own machine ("register"). Anybody
puts draft and registrations together ("collect"): the result is the same for everyone, so people compare its hash. All
start from it with "walrus chain run". docs/network.md goes through it step by step.` + exits(),
		Args: cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error { return cmd.Help() },
	}
	cmd.AddCommand(newGenesisInit(d), newGenesisRegister(d), newGenesisCollect(d), newGenesisVerify(d), newGenesisExport(d))
	return cmd
}

// draftOptions are the flags of genesis init.
type draftOptions struct {
	chainID, time   string
	shards          int
	epoch, voting   time.Duration
	ahead, downtime uint32
	storage, write  string
	capacity        string
	accounts, seats []string
	sharedOwners    bool
	fixedEpochs     bool
}

func newGenesisInit(d *deps) *cobra.Command {
	var o draftOptions
	cmd := &cobra.Command{
		Use:   "init FILE --chain-id ID --account ADDRESS=AMOUNT...",
		Short: "Write the draft of a new network",
		Long: `Init writes a draft: a JSON file with the parameters of a new chain and all the WAL that there will be. Operators
register for exactly this file, so edit it before you hand it out. Every operator needs an account in it with at least what
he is to stake. JSON: {"draft","digest","chainId","supply"}.` + exits(),
		Example: "  walrus genesis init draft.json --chain-id my-walrus --account wal1...=1000000WAL",
		Args:    cobra.ExactArgs(1),
		RunE:    d.does(func(_ context.Context, args []string) error { return runGenesisInit(d, args[0], &o) }),
	}
	usual := genesis.NewDraft("", 1000)
	f := cmd.Flags()
	f.StringVar(&o.chainID, "chain-id", "", "`ID` of the chain: 3 to 50 letters, digits, dots, dashes and underscores")
	f.StringVar(&o.time, "time", "", "`MOMENT` when the chain begins, such as 2026-03-01T12:00:00Z (default: now)")
	f.IntVar(&o.shards, "shards", usual.Shards, "`NUMBER` of shards, for ever")
	f.DurationVar(&o.epoch, "epoch-duration", time.Duration(usual.EpochDuration), "length of an epoch, such as 336h")
	f.DurationVar(&o.voting, "voting-period", time.Duration(usual.VotingPeriod), "how long governance votes on a proposal")
	f.BoolVar(&o.fixedEpochs, "no-epochs", false, "stay in the first epoch")
	f.Uint32Var(&o.ahead, "epochs-ahead", usual.MaxEpochsAhead, "`NUMBER` of epochs for which space is sold ahead")
	f.StringVar(&o.storage, "storage-price", fmt.Sprint(usual.StoragePrice), "`AMOUNT` of FROST, or like 0.0001WAL, per MiB and epoch, until nodes have voted")
	f.StringVar(&o.write, "write-price", fmt.Sprint(usual.WritePrice), "`AMOUNT` per MiB written, until nodes have voted")
	f.StringVar(&o.capacity, "capacity", fmt.Sprint(usual.Capacity), "`SIZE` of encoded data in bytes, or like 10TiB, until nodes have voted")
	f.Uint32Var(&o.downtime, "downtime-blocks", usual.DowntimeBlocks, "`NUMBER` of blocks in a row after which an absent validator is set aside")
	f.StringArrayVar(&o.accounts, "account", nil, "`ADDRESS=AMOUNT` of an account and what it has, such as wal1...=5000WAL; may be repeated")
	f.StringArrayVar(&o.seats, "seats", nil, "`NAME=SHARDS` of a node in the first committee; may be repeated (default: by stake)")
	f.BoolVar(&o.sharedOwners, "shared-owners", false, "let one account own several nodes")
	required(cmd, "chain-id")
	return cmd
}

func runGenesisInit(d *deps, path string, o *draftOptions) error {
	draft := genesis.NewDraft(o.chainID, o.shards)
	draft.EpochDuration, draft.MaxEpochsAhead, draft.DowntimeBlocks = genesis.Duration(o.epoch), o.ahead, o.downtime
	draft.SharedOwners, draft.VotingPeriod = o.sharedOwners, genesis.Duration(o.voting)
	var err error
	if draft.StoragePrice, draft.WritePrice, draft.Capacity, err = parsePrices(o.storage, o.write, o.capacity); err != nil {
		return err
	}
	if o.epoch < 0 {
		return usagef("--epoch-duration: %v; --no-epochs is for a network that stays in the first epoch", o.epoch)
	}
	if o.fixedEpochs {
		draft.EpochDuration = genesis.Duration(-1)
	}
	if o.time != "" {
		if draft.Time, err = time.Parse(time.RFC3339, o.time); err != nil {
			return usagef("--time: %q is not such as 2026-03-01T12:00:00Z", o.time)
		}
	}
	var supply uint64
	for _, text := range o.accounts {
		address, amount, ok := strings.Cut(text, "=")
		if !ok {
			return usagef("--account: %q is not ADDRESS=AMOUNT", text)
		}
		owner, held, err := parseBoth(address, parseAddress, amount, parseWAL)
		if err != nil {
			return err
		}
		supply += held // checked with the draft
		draft.Accounts = append(draft.Accounts, chain.GenesisAccount{Address: owner, Amount: held})
	}
	for _, text := range o.seats {
		name, number, _ := strings.Cut(text, "=")
		shards, err := strconv.Atoi(number)
		if err != nil {
			return usagef("--seats: %q is not NAME=SHARDS", text)
		}
		draft.Seats = append(draft.Seats, genesis.Seat{Node: name, Shards: shards})
	}
	if err := draft.Check(); err != nil {
		return usagef("%v", err)
	}
	path = config.Expand(path, ".")
	if err := draft.WriteFile(path); errors.Is(err, os.ErrExist) {
		return &hinted{err: fmt.Errorf("%s is there already", path), code: "EXISTS", exit: exitFailure, hint: "name another file, or remove that one"}
	} else if err != nil {
		return err
	}
	digest, err := draft.Digest()
	if err != nil {
		return err
	}
	return d.printResult(fields{"draft": path, "digest": digest, "chainId": draft.ChainID, "supply": fmt.Sprint(supply)},
		"%s describes chain %s with %s and %s\ndigest %s\n", path, draft.ChainID, plural(draft.Shards, "shard"), formatWAL(supply), digest)
}

// parsePrices reads two prices and a capacity.
func parsePrices(storage, write, capacity string) (perEpoch, perWrite, size uint64, err error) {
	if perEpoch, err = parseWAL(storage); err != nil {
		return 0, 0, 0, err
	}
	if perWrite, err = parseWAL(write); err != nil {
		return 0, 0, 0, err
	}
	size, err = parseSize(capacity)
	return perEpoch, perWrite, size, err
}

// collectOptions are the flags of genesis collect.
type collectOptions struct{ out string }

// genesisJSON is what genesis collect and verify print with --json.
type genesisJSON struct {
	*chain.GenesisSummary
	File  string   `json:"file"`
	Peers []string `json:"peers,omitempty"`
}

func newGenesisCollect(d *deps) *cobra.Command {
	var o collectOptions
	cmd := &cobra.Command{
		Use:   "collect DRAFT REGISTRATION... --out FILE",
		Short: "Build the genesis from a draft and its registrations",
		Long: `Collect checks every registration: that its owner signed all of it, for this draft; that its operator has the secrets of
its keys; that no two share a name, an address, a key or an owner; that its owner has what it stakes. The genesis that it
writes depends on nothing else, least of all on the order of the files: everyone who collects the same files gets the same
bytes. What it prints is the same as "genesis verify", and the peers that operators named.` + exits(),
		Example: "  walrus genesis collect draft.json registrations/*.json --out genesis.json",
		Args:    cobra.MinimumNArgs(2),
		RunE:    d.does(func(_ context.Context, args []string) error { return runGenesisCollect(d, args[0], args[1:], o) }),
	}
	cmd.Flags().StringVar(&o.out, "out", "genesis.json", "`FILE` to write")
	return cmd
}

func runGenesisCollect(d *deps, draftPath string, paths []string, o collectOptions) error {
	draft, err := genesis.ReadDraft(config.Expand(draftPath, "."))
	if err != nil {
		return err
	}
	if len(paths) > genesis.MaxRegistrations {
		return usagef("%d registrations, want at most %d", len(paths), genesis.MaxRegistrations)
	}
	list, err := tryConvert(paths, func(path string) (*genesis.Registration, error) {
		return genesis.ReadRegistration(config.Expand(path, "."))
	})
	if err != nil {
		return err
	}
	g, err := genesis.Collect(draft, list)
	if err != nil {
		return err
	}
	out := config.Expand(o.out, ".")
	if err := refuseExisting(out); err != nil {
		return err
	}
	if err := g.WriteFile(out); err != nil {
		return err
	}
	return d.printGenesis(g, out, genesis.Peers(list))
}

// refuseExisting keeps a file that others may have been told the hash of.
func refuseExisting(path string) error {
	_, err := os.Lstat(path)
	if errors.Is(err, os.ErrNotExist) {
		return nil
	}
	if err == nil {
		err = &hinted{err: fmt.Errorf("%s is there already", path), code: "EXISTS", exit: exitFailure, hint: "name another file with --out, or remove that one"}
	}
	return err
}

func newGenesisVerify(d *deps) *cobra.Command {
	return &cobra.Command{
		Use:   "verify FILE",
		Short: "Check a genesis as a node would, and show what is in it",
		Long: `Verify begins a chain with a genesis, in memory, and shows supply, stake, nodes, shards and the hash of the file's
content. Operators compare the hash before they start.` + exits(),
		Example: "  walrus genesis verify genesis.json",
		Args:    cobra.ExactArgs(1),
		RunE: d.does(func(_ context.Context, args []string) error {
			path := config.Expand(args[0], ".")
			g, err := chain.ReadGenesis(path)
			if err != nil {
				return err
			}
			return d.printGenesis(g, path, nil)
		}),
	}
}

// printGenesis checks a genesis and shows what is in it.
func (d *deps) printGenesis(g *chain.Genesis, path string, peers []string) error {
	s, err := g.Verify()
	if err != nil {
		return err
	}
	if d.json {
		return d.printJSON(genesisJSON{s, path, peers})
	}
	epochs := fmt.Sprintf("%d, each %s", s.Epoch, formatDuration(s.EpochDuration))
	if s.EpochDuration == 0 {
		epochs = fmt.Sprintf("%d, for ever", s.Epoch)
	}
	err = labels(d.stdout, "Genesis", path, "Chain", s.ChainID, "Begins", fmt.Sprintf("%s at height %d", s.Time.Format(time.RFC3339), s.Height),
		"Epoch", epochs, "Supply", formatWAL(s.Supply), "Staked", formatWAL(s.Staked),
		"Nodes", fmt.Sprintf("%d, of which %d have the %d shards", s.Nodes, s.Members, s.Shards),
		"Validators", fmt.Sprintf("%d with a power of %d", s.Validators, s.Power), "Hash", s.Hash)
	if err == nil && len(peers) > 0 {
		_, err = fmt.Fprintf(d.stdout, "\nPeers, for \"walrus chain init --peers\":\n%s\n", strings.Join(peers, ","))
	}
	return err
}

func newGenesisExport(d *deps) *cobra.Command {
	var home, chainID, out string
	cmd := &cobra.Command{
		Use:   "export --home DIR --chain-id ID",
		Short: "Turn the state of a stopped chain into a genesis",
		Long: `Export writes a genesis that continues the chain in a chain node's directory, which must not be running: the same
accounts, nodes, stakes, objects and events, one height later, under a new ID, so that what was signed for the old chain
means nothing on the new one. Objects and events go to a second file beside it, FILE with .records in place of .json, of
which the genesis has the hash; whoever is given one needs both. Nodes that stopped at the same height export the same.` + exits(),
		Example: "  walrus genesis export --home ./chain --chain-id my-walrus-2 --out next.json",
		Args:    cobra.NoArgs,
		RunE: d.does(func(context.Context, []string) error {
			path := config.Expand(out, ".")
			for _, file := range []string{path, chain.RecordsFile(path)} {
				if err := refuseExisting(file); err != nil {
					return err
				}
			}
			g, _, err := chain.ExportHome(config.Expand(home, "."), path, chainID)
			if err != nil {
				return err
			}
			return d.printGenesis(g, path, nil)
		}),
	}
	f := cmd.Flags()
	f.StringVar(&home, "home", "", "`DIR` of the chain node")
	f.StringVar(&chainID, "chain-id", "", "`ID` of the chain that goes on")
	f.StringVar(&out, "out", "genesis.json", "`FILE` to write")
	required(cmd, "home", "chain-id")
	return cmd
}
