package main

import (
	"bytes"
	"context"
	"fmt"
	"io"
	"slices"
	"strings"
	"time"

	"github.com/spf13/cobra"

	committeev1 "github.com/walrus-go/walrus/api/committee/v1"
	"github.com/walrus-go/walrus/client"
	"github.com/walrus-go/walrus/committee"
	"github.com/walrus-go/walrus/ledger"
	"github.com/walrus-go/walrus/redstuff"
)

// infoOptions are the flags of info.
type infoOptions struct {
	sortBy string
	desc   bool
}

// memberKeys are what the nodes of a committee can be sorted by.
var memberKeys = map[string]func(a, b *memberJSON) int{
	"":     func(*memberJSON, *memberJSON) int { return 0 }, // as the chain lists them
	"id":   func(a, b *memberJSON) int { return bytes.Compare(a.NodeID[:], b.NodeID[:]) },
	"name": func(a, b *memberJSON) int { return strings.Compare(a.Name, b.Name) },
	"url":  func(a, b *memberJSON) int { return strings.Compare(a.NetworkAddress, b.NetworkAddress) },
}

// newInfo makes the info command.
func newInfo(d *deps) *cobra.Command {
	parts := []string{"all", "epoch", "storage", "size", "price", "bft", "committee"}
	var opts infoOptions
	cmd := &cobra.Command{
		Use:   "info [" + strings.Join(parts, "|") + "]",
		Short: "Show epoch, sizes, prices and committee of the network",
		Long: `Info shows what the chain says about the network. Without an argument it shows epoch, storage, size and price;
all adds the committee, with what changes in the next epoch once that is known, and how many shards may fail.` + exits(),
		Example:   "  walrus info committee",
		Args:      cobra.MatchAll(cobra.MaximumNArgs(1), cobra.OnlyValidArgs),
		ValidArgs: parts,
		RunE: d.does(func(ctx context.Context, args []string) error {
			if memberKeys[opts.sortBy] == nil {
				return usagef("--sort-by: %q is not one of id, name, url", opts.sortBy)
			}
			return d.withNetwork(ctx, func(s *session) error { return runInfo(ctx, s, chosen(args, ""), opts) })
		}),
	}
	f := cmd.Flags()
	f.StringVar(&opts.sortBy, "sort-by", "", "sort the committee by id, name or url (default: as the chain lists it)")
	f.BoolVar(&opts.desc, "desc", false, "sort downwards")
	return cmd
}

// An infoPart is one section: a JSON object under a key, and words for people.
type infoPart struct {
	name, key string
	common    bool // shown when nothing is asked for in particular
	make      func(*network) (value any, print func(io.Writer) error)
}

// network is what sections are made from.
type network struct {
	ledger.System
	ledger.Committees
	code   *redstuff.Code
	client *client.Client
	nodes  map[committee.NodeID]*committeev1.Node // empty unless the committee is shown
	infoOptions
}

var infoParts = []infoPart{
	{"epoch", "epochInfo", true, epochInfo},
	{"storage", "storageInfo", true, storageInfo},
	{"size", "sizeInfo", true, sizeInfo},
	{"price", "priceInfo", true, priceInfo},
	{"committee", "committeeInfo", false, committeeInfo},
	{"bft", "bftInfo", false, bftInfo},
}

func runInfo(ctx context.Context, s *session, which string, opts infoOptions) error {
	n, err := s.network(ctx)
	if err != nil {
		return err
	}
	n.infoOptions = opts
	if which == "committee" || which == "all" {
		list, err := s.nodes(ctx)
		if err != nil {
			return err
		}
		for i := range list {
			n.nodes[nodeIDOf(list[i].Id)] = &list[i]
		}
	}
	parts := slices.DeleteFunc(slices.Clone(infoParts), func(p infoPart) bool {
		return p.name != which && which != "all" && (which != "" || !p.common)
	})
	values := fields{}
	var text bytes.Buffer
	for _, p := range parts {
		value, print := p.make(n)
		values[p.key] = value
		if err := print(&text); err != nil {
			return err
		}
	}
	switch {
	case !s.json:
		// Sections begin with an empty line, but for the first.
		_, err := s.stdout.Write(bytes.TrimPrefix(text.Bytes(), []byte("\n")))
		return err
	case which == "" || which == "all":
		return s.printJSON(values)
	}
	return s.printJSON(values[parts[0].key])
}

// network asks the chain for everything that info shows.
func (s *session) network(ctx context.Context) (*network, error) {
	n := &network{client: s.client, nodes: map[committee.NodeID]*committeev1.Node{}}
	var err error
	if n.System, err = s.reader.System(ctx); err != nil {
		return nil, err
	}
	if n.Committees, err = s.reader.Committees(ctx); err != nil {
		return nil, err
	}
	n.code, err = redstuff.New(n.Shards)
	return n, err
}

// durationJSON is how durations are written.
type durationJSON struct {
	Secs  int64 `json:"secs"`
	Nanos int64 `json:"nanos"`
}

func epochInfo(n *network) (any, func(io.Writer) error) {
	start := map[string]string{"DateTime": n.EpochStart.UTC().Format(time.RFC3339Nano)}
	if n.Transition {
		start = map[string]string{"Message": "the committee is changing; the epoch began " + n.EpochStart.UTC().Format(time.RFC3339)}
	}
	value := struct {
		CurrentEpoch        uint32            `json:"currentEpoch"`
		StartOfCurrentEpoch map[string]string `json:"startOfCurrentEpoch"`
		EpochDuration       durationJSON      `json:"epochDuration"`
		MaxEpochsAhead      uint32            `json:"maxEpochsAhead"`
	}{uint32(n.Epoch), start, durationJSON{int64(n.EpochDuration / time.Second), int64(n.EpochDuration % time.Second)}, n.MaxEpochsAhead}
	return value, func(w io.Writer) error {
		fmt.Fprintln(w, "Epochs and storage duration")
		return labels(w, "Current epoch", fmt.Sprint(n.Epoch), "Start of current epoch", n.EpochStart.UTC().Format(time.RFC3339),
			"Epoch duration", formatDuration(n.EpochDuration), "Blobs can be stored for at most", plural(int(n.MaxEpochsAhead), "epoch"))
	}
}

func storageInfo(n *network) (any, func(io.Writer) error) {
	value := struct {
		NShards       int    `json:"nShards"`
		NNodes        int    `json:"nNodes"`
		TotalCapacity uint64 `json:"totalCapacity"`
		UsedCapacity  uint64 `json:"usedCapacity"`
	}{n.Shards, len(n.Current.Members()), n.TotalCapacity, n.UsedCapacity}
	return value, func(w io.Writer) error {
		fmt.Fprintln(w, "\nStorage nodes")
		return labels(w, "Storage nodes", fmt.Sprint(value.NNodes), "Shards", fmt.Sprint(value.NShards),
			"In use", formatSize(n.UsedCapacity)+" of "+formatSize(n.TotalCapacity))
	}
}

func sizeInfo(n *network) (any, func(io.Writer) error) {
	value := struct {
		StorageUnitSize uint64 `json:"storageUnitSize"`
		MaxBlobSize     uint64 `json:"maxBlobSize"`
	}{ledger.StorageUnit, n.code.MaxBlobSize()}
	return value, func(w io.Writer) error {
		fmt.Fprintln(w, "\nBlob size")
		return labels(w, "Largest blob", fmt.Sprintf("%s (%d bytes)", formatSize(value.MaxBlobSize), value.MaxBlobSize),
			"Storage unit", formatSize(value.StorageUnitSize))
	}
}

func bftInfo(n *network) (any, func(io.Writer) error) {
	c := n.Current
	nodes, above := minNodesAbove(n, c.Quorum())
	value := struct {
		MaxFaultyShards  int `json:"maxFaultyShards"`
		MinCorrectShards int `json:"minCorrectShards"`
		QuorumThreshold  int `json:"quorumThreshold"`
		MinNodesAbove    int `json:"minNodesAbove"`
		ShardsAbove      int `json:"shardsAbove"`
	}{c.Faulty(), c.Correct(), c.Quorum(), nodes, above}
	return value, func(w io.Writer) error {
		fmt.Fprintln(w, "\nByzantine fault tolerance")
		return labels(w, "Shards that may fail", fmt.Sprint(value.MaxFaultyShards), "Shards that are correct at least", fmt.Sprint(value.MinCorrectShards),
			"Quorum", fmt.Sprintf("%d shards", value.QuorumThreshold),
			"Fewest nodes that are a quorum", fmt.Sprintf("%d, with %d shards", nodes, above))
	}
}
