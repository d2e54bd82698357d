package main

import (
	"encoding/base64"
	"fmt"
	"io"
	"slices"

	"github.com/walrus-go/walrus/committee"
	"github.com/walrus-go/walrus/ledger"
	"github.com/walrus-go/walrus/redstuff"
)

// exampleBlob shows what a blob of some size takes and costs.
type exampleBlob struct {
	UnencodedSize uint64 `json:"unencodedSize"`
	EncodedSize   uint64 `json:"encodedSize"`
	Price         uint64 `json:"price"` // FROST per epoch
	EncodingType  string `json:"encodingType"`
}

// encodingPrice is what storage costs with one encoding.
type encodingPrice struct {
	MarginalSize  uint64        `json:"marginalSize"`  // bytes of which MarginalPrice speaks
	MetadataPrice uint64        `json:"metadataPrice"` // FROST per epoch that every blob costs
	MarginalPrice uint64        `json:"marginalPrice"` // FROST per epoch and MarginalSize more
	ExampleBlobs  []exampleBlob `json:"exampleBlobs"`
	EncodingType  string        `json:"encodingType"`
}

func priceInfo(n *network) (any, func(io.Writer) error) {
	price := func(size uint64) (uint64, uint64) {
		units, err := n.code.StorageUnits(size)
		if err != nil {
			return 0, 0
		}
		length, err := n.code.EncodedLength(size)
		if err != nil {
			return 0, 0
		}
		return length, units * n.StoragePrice
	}
	const marginal = 1 << 20
	metadata := ceilUnits(uint64(n.Shards)*n.code.MetadataLength()) * n.StoragePrice
	enc := encodingPrice{MarginalSize: marginal, MetadataPrice: metadata, MarginalPrice: marginalUnits(n.code) * n.StoragePrice, EncodingType: "RS2"}
	for _, size := range []uint64{16 << 20, 512 << 20, n.code.MaxBlobSize()} {
		if size <= n.code.MaxBlobSize() {
			length, cost := price(size)
			enc.ExampleBlobs = append(enc.ExampleBlobs, exampleBlob{size, length, cost, "RS2"})
		}
	}
	value := struct {
		Storage  uint64          `json:"storagePricePerUnitSize"`
		Write    uint64          `json:"writePricePerUnitSize"`
		Encoding []encodingPrice `json:"encodingDependentPriceInfo"`
	}{n.StoragePrice, n.WritePrice, []encodingPrice{enc}}
	return value, func(w io.Writer) error {
		fmt.Fprintln(w, "\nPrices per epoch")
		err := labels(w, "Storage", formatWAL(value.Storage)+" per encoded MiB", "Writing", formatWAL(value.Write)+" per encoded MiB, once",
			"Metadata", formatWAL(enc.MetadataPrice)+" per blob", "Each further MiB", formatWAL(enc.MarginalPrice)+" (before encoding)")
		if err != nil {
			return err
		}
		t := newTable(w, "  Example", "Encoded", "Per epoch")
		for _, e := range enc.ExampleBlobs {
			t.row("  "+formatSize(e.UnencodedSize), formatSize(e.EncodedSize), formatWAL(e.Price))
		}
		return t.flush()
	}
}

func ceilUnits(bytes uint64) uint64 {
	return (bytes + ledger.StorageUnit - 1) / ledger.StorageUnit
}

// marginalUnits returns how many storage units one more MiB of a large blob takes.
func marginalUnits(code *redstuff.Code) uint64 {
	k1, k2, n := uint64(code.Source(redstuff.Primary)), uint64(code.Source(redstuff.Secondary)), uint64(code.Shards())
	return (n*(k1+k2) + k1*k2 - 1) / (k1 * k2)
}

// memberJSON is a storage node of a committee.
type memberJSON struct {
	index              int               // in the committee
	Name               string            `json:"name"`
	NetworkAddress     string            `json:"networkAddress"`
	PublicKey          string            `json:"publicKey"`
	NextEpochPublicKey string            `json:"nextEpochPublicKey,omitempty"` // announced, if another
	NetworkPublicKey   string            `json:"networkPublicKey"`
	NShards            int               `json:"nShards"`
	ShardIDs           []committee.Shard `json:"shardIds"`
	NodeID             committee.NodeID  `json:"nodeId"`
	Stake              uint64            `json:"stake"`
	VotingParams       *votingJSON       `json:"votingParams,omitempty"`
}

func (n *network) members(c *committee.Committee) []memberJSON {
	if c == nil {
		return []memberJSON{}
	}
	list := make([]memberJSON, len(c.Members()))
	for i := range list {
		m := c.Member(i)
		key, _ := m.Key.MarshalText() // a checked point always has text
		list[i] = memberJSON{
			index: i, Name: m.Name, NetworkAddress: m.Address, PublicKey: string(key), NetworkPublicKey: fmt.Sprintf("0x%x", m.NetworkKey[:]),
			NShards: m.Weight(), ShardIDs: sorted(m.Shards), NodeID: m.ID, Stake: m.Stake,
		}
		if node := n.nodes[m.ID]; node != nil {
			list[i].NextEpochPublicKey = base64.StdEncoding.EncodeToString(node.NextBlsPublicKey)
			list[i].VotingParams = &votingJSON{node.Votes.StoragePrice, node.Votes.WritePrice, node.Votes.Capacity}
		}
	}
	slices.SortStableFunc(list, func(a, b memberJSON) int { return memberKeys[n.sortBy](&a, &b) })
	if n.desc {
		slices.Reverse(list)
	}
	return list
}

func sorted(shards []committee.Shard) []committee.Shard {
	s := slices.Clone(shards)
	slices.Sort(s)
	return s
}

func committeeInfo(n *network) (any, func(io.Writer) error) {
	code := n.code
	sliver := uint64(code.SliverSize(redstuff.Primary, redstuff.MaxSymbolSize))
	encoded, _ := code.EncodedLength(code.MaxBlobSize()) // the largest blob is not too large
	value := struct {
		NShards                 int          `json:"nShards"`
		NPrimarySourceSymbols   int          `json:"nPrimarySourceSymbols"`
		NSecondarySourceSymbols int          `json:"nSecondarySourceSymbols"`
		MaxSliverSize           uint64       `json:"maxSliverSize"`
		MetadataStorageSize     uint64       `json:"metadataStorageSize"`
		MaxEncodedBlobSize      uint64       `json:"maxEncodedBlobSize"`
		CurrentStorageNodes     []memberJSON `json:"currentStorageNodes"`
		NextStorageNodes        []memberJSON `json:"nextStorageNodes"`
	}{n.Shards, code.Source(redstuff.Primary), code.Source(redstuff.Secondary), sliver, uint64(n.Shards) * code.MetadataLength(), encoded,
		n.members(n.Current), n.members(n.Next)}
	return value, func(w io.Writer) error {
		fmt.Fprintln(w, "\nCommittee")
		err := labels(w, "Shards", fmt.Sprint(value.NShards), "Primary slivers that hold a blob", fmt.Sprint(value.NPrimarySourceSymbols),
			"Secondary slivers that hold a blob", fmt.Sprint(value.NSecondarySourceSymbols), "Largest sliver", formatSize(sliver),
			"Largest encoded blob", formatSize(encoded))
		if err != nil {
			return err
		}
		t := newTable(w, "  Idx", "Name", "# Shards", "Stake", "Address", "Node ID")
		for _, m := range value.CurrentStorageNodes {
			share := 100 * float64(m.NShards) / float64(n.Shards)
			t.row(fmt.Sprintf("  %d", m.index), m.Name, fmt.Sprintf("%d (%.1f%%)", m.NShards, share), formatWAL(m.Stake), m.NetworkAddress, m.NodeID.String())
		}
		if err := t.flush(); err != nil || n.Next == nil {
			return err
		}
		return printChanges(w, value.CurrentStorageNodes, value.NextStorageNodes)
	}
}

// printChanges says what the next epoch changes for each node.
func printChanges(w io.Writer, current, next []memberJSON) error {
	shards := func(list []memberJSON, id committee.NodeID) []committee.Shard {
		if i := slices.IndexFunc(list, func(m memberJSON) bool { return m.NodeID == id }); i >= 0 {
			return list[i].ShardIDs
		}
		return nil
	}
	without := func(a, b []committee.Shard) int {
		return len(slices.DeleteFunc(slices.Clone(a), func(s committee.Shard) bool { return slices.Contains(b, s) }))
	}
	var pairs []string
	for _, m := range current {
		after := shards(next, m.NodeID)
		switch lost, gained := without(m.ShardIDs, after), without(after, m.ShardIDs); {
		case after == nil:
			pairs = append(pairs, m.Name, fmt.Sprintf("leaves, with %s", plural(lost, "shard")))
		case lost+gained > 0:
			pairs = append(pairs, m.Name, fmt.Sprintf("gains %s, loses %d", plural(gained, "shard"), lost))
		}
	}
	for _, m := range next {
		if shards(current, m.NodeID) == nil {
			pairs = append(pairs, m.Name, fmt.Sprintf("joins, with %s", plural(m.NShards, "shard")))
		}
	}
	if len(pairs) == 0 {
		pairs = []string{"Committee", "the same nodes with the same shards"}
	}
	fmt.Fprintln(w, "\nIn the next epoch")
	return labels(w, pairs...)
}

// minNodesAbove returns the least number of nodes that own at least threshold shards together, and how
// many they own.
func minNodesAbove(n *network, threshold int) (nodes, shards int) {
	var weights []int
	for i := range n.Current.Members() {
		weights = append(weights, n.Current.Member(i).Weight())
	}
	slices.Sort(weights)
	for _, w := range slices.Backward(weights) {
		if shards >= threshold {
			break
		}
		nodes, shards = nodes+1, shards+w
	}
	return nodes, shards
}
