package redstuff_test

import (
	"fmt"
	"os"
	"slices"

	"github.com/walrus-go/walrus/redstuff"
)

func Example() {
	code, err := redstuff.New(7) // two shards may fail
	if err != nil {
		fmt.Println(err)
		return
	}
	blob := []byte("the walrus and the carpenter")
	encoding, err := code.Encode(blob, nil)
	if err != nil {
		fmt.Println(err)
		return
	}

	// Three primary slivers, or five secondary ones, are enough.
	var slivers []redstuff.Sliver
	for _, i := range []int{6, 1, 4} {
		slivers = append(slivers, redstuff.Sliver{Index: i, Data: encoding.Sliver(redstuff.Primary, i)})
	}
	again, err := code.Decode(nil, redstuff.Primary, uint64(len(blob)), slivers)
	fmt.Printf("%s %v\n", again, err)

	// A lost sliver comes back from one symbol of each of enough others.
	var symbols []redstuff.Symbol
	for _, i := range []int{0, 3, 5} {
		source, err := code.Expand(redstuff.Primary, encoding.Sliver(redstuff.Primary, i))
		if err != nil {
			fmt.Println(err)
			return
		}
		data, err := source.Symbol(2)
		if err != nil {
			fmt.Println(err)
			return
		}
		symbols = append(symbols, redstuff.Symbol{Index: i, Data: data})
	}
	sliver, err := code.Recover(redstuff.Secondary, symbols)
	fmt.Printf("%q %v\n", sliver, err)
	fmt.Printf("%q\n", encoding.Sliver(redstuff.Secondary, 2))

	// Output:
	// the walrus and the carpenter <nil>
	// "wa tnt" <nil>
	// "wa tnt"
}

// A reader writes out the rows as they come, and keeps no second copy of the blob.
func ExampleCode_Rows() {
	code, err := redstuff.New(7)
	if err != nil {
		fmt.Println(err)
		return
	}
	blob := []byte("the walrus and the carpenter\n")
	encoding, err := code.Encode(blob, nil)
	if err != nil {
		fmt.Println(err)
		return
	}
	var slivers []redstuff.Sliver
	for _, i := range []int{0, 5, 2} { // row 1 is missing
		slivers = append(slivers, redstuff.Sliver{Index: i, Data: slices.Clone(encoding.Sliver(redstuff.Primary, i))})
	}
	rows, err := code.Rows(redstuff.Primary, uint64(len(blob)), slivers)
	if err != nil {
		fmt.Println(err)
		return
	}
	for run := range rows {
		for _, row := range run {
			if _, err := os.Stdout.Write(row); err != nil {
				fmt.Println(err)
				return
			}
		}
	}

	// Output:
	// the walrus and the carpenter
}
