package main

import (
	"context"

	"github.com/spf13/cobra"
)

// newPrice makes the price command.
func newPrice(d *deps) *cobra.Command {
	var epochs uint32
	cmd := &cobra.Command{
		Use:     "price [SIZE...]",
		Aliases: []string{"cost"},
		Short:   "Show what storage costs",
		Long: `Price shows the prices of the current epoch, as "walrus info price" does. With sizes of blobs, in bytes or like 10MiB, it
shows what storing each of them would cost, fees aside.
JSON: as "walrus info price"; with sizes [{"unencodedSize","encodedSize","epochs","storageCost","writeCost","totalCost"}].` + exits(),
		Example: "  walrus price 10MiB 1GiB --epochs 5",
		RunE: d.does(func(ctx context.Context, args []string) error {
			if len(args) == 0 {
				return d.withNetwork(ctx, func(s *session) error { return runInfo(ctx, s, "price", infoOptions{}) })
			}
			return runPrice(ctx, d, args, epochs)
		}),
	}
	cmd.Flags().Uint32Var(&epochs, "epochs", 1, "`NUMBER` of epochs that the blobs are to be kept")
	return cmd
}

// priceJSON is what a blob of some size costs, in FROST.
type priceJSON struct {
	Size        uint64 `json:"unencodedSize"`
	EncodedSize uint64 `json:"encodedSize"`
	Epochs      uint32 `json:"epochs"`
	Storage     uint64 `json:"storageCost"`
	Write       uint64 `json:"writeCost"`
	Total       uint64 `json:"totalCost"`
}

func runPrice(ctx context.Context, d *deps, args []string, epochs uint32) error {
	if epochs == 0 {
		return usagef("--epochs: want at least 1")
	}
	sizes, err := tryConvert(args, parseSize)
	if err != nil {
		return err
	}
	return d.withNetwork(ctx, func(s *session) error {
		list := make([]priceJSON, len(sizes))
		for i, size := range sizes {
			cost, err := s.client.Cost(ctx, size, epochs)
			if err != nil {
				return err
			}
			list[i] = priceJSON{size, cost.EncodedSize, epochs, cost.Storage, cost.Write, cost.Total()}
		}
		heading := cells{"Size", "Encoded", "Storage for " + plural(int(epochs), "epoch"), "Writing", "Together"}
		return printList(d, list, heading, func(p priceJSON) cells {
			return cells{formatSize(p.Size), formatSize(p.EncodedSize), formatWAL(p.Storage), formatWAL(p.Write), formatWAL(p.Total)}
		})
	})
}
