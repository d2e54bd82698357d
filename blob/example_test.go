package blob_test

import (
	"fmt"

	"github.com/walrus-go/walrus/blob"
	"github.com/walrus-go/walrus/redstuff"
)

// The worked example of spec: encoding.md section 5: twelve bytes over four shards.
func Example() {
	data := []byte{1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12}
	encoding, metadata, id, err := blob.New(data, 4, nil)
	if err != nil {
		fmt.Println(err)
		return
	}
	fmt.Println(id)
	for i := range 4 {
		fmt.Printf("primary %x  secondary %x\n", encoding.Sliver(redstuff.Primary, i), encoding.Sliver(redstuff.Secondary, i))
	}

	// Any two primary slivers bring the blob back.
	var slivers []*blob.Sliver
	for _, i := range []blob.SliverIndex{3, 2} {
		slivers = append(slivers, blob.NewSliver(encoding, redstuff.Primary, i))
	}
	again, err := metadata.Decode(nil, redstuff.Primary, slivers, blob.Strict)
	fmt.Printf("%x %v\n", again, err)
	fmt.Println("pair 0 is on shard", id.Shard(0, 4))

	// Output:
	// 4y-eA8WOOSeDQPTfQS46rxrqcTXX9eNcc1pprDS9K2o
	// primary 010203040506  secondary 01020708
	// primary 0708090a0b0c  secondary 0304090a
	// primary e80fd002e20b  secondary 05060b0c
	// primary ee05da0cec01  secondary 0700050e
	// 0102030405060708090a0b0c <nil>
	// pair 0 is on shard 2
}

// A lost sliver is rebuilt from one symbol each of enough others, each proven by itself.
func ExampleMetadata_Recover() {
	encoding, metadata, _, err := blob.New([]byte("walrus"), 7, nil)
	if err != nil {
		fmt.Println(err)
		return
	}
	lost := blob.SliverID{Axis: redstuff.Secondary, Index: 6}
	var symbols []blob.DecodingSymbol
	for _, i := range []blob.SliverIndex{5, 0, 3} {
		source, err := blob.NewSliver(encoding, redstuff.Primary, i).Expand(7)
		if err != nil {
			fmt.Println(err)
			return
		}
		symbol, err := source.Recovery(lost.Index)
		if err != nil {
			fmt.Println(err)
			return
		}
		if err := symbol.Verify(metadata, lost); err != nil {
			fmt.Println(err)
			return
		}
		symbols = append(symbols, symbol.For(lost.Axis))
	}
	sliver, err := metadata.Recover(lost, symbols)
	fmt.Printf("%x %v\n", sliver.Data, err)
	fmt.Printf("%x\n", encoding.Sliver(lost.Axis, int(lost.Index)))

	// Output:
	// 06cf00000000 <nil>
	// 06cf00000000
}
