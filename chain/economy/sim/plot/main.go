// Command plot draws the figures of docs/economics.md from a simulated network. See [sim.Story] for what
// happens in it. The same code draws the same bytes.
package main

import (
	"flag"
	"fmt"
	"os"
	"path/filepath"

	"github.com/walrus-go/walrus/chain/economy"
	"github.com/walrus-go/walrus/chain/economy/sim"
	"github.com/walrus-go/walrus/internal/chart"
)

//go:generate go run . -o ../../../../docs/economics

// epochs of fourteen days are almost four years.
const epochs = 100

func main() {
	dir := flag.String("o", "docs/economics", "directory to write the figures to")
	flag.Parse()
	if err := run(*dir); err != nil {
		fmt.Fprintln(os.Stderr, "plot:", err)
		os.Exit(1)
	}
}

// run writes all figures into dir.
func run(dir string) error {
	story, err := sim.NewStory(1)
	if err != nil {
		return err
	}
	if err := story.Play(epochs); err != nil {
		return err
	}
	for name, c := range figures(story.Points) {
		if err := write(filepath.Join(dir, name+".svg"), c); err != nil {
			return err
		}
	}
	return nil
}

func write(path string, c *chart.Chart) (err error) {
	f, err := os.Create(path)
	if err != nil {
		return err
	}
	defer func() {
		if e := f.Close(); err == nil {
			err = e
		}
	}()
	return c.WriteSVG(f)
}

// figures returns the charts by the name of their file.
func figures(points []sim.Point) map[string]*chart.Chart {
	time := chart.Axis{Label: "epoch"}
	return map[string]*chart.Chart{
		"price": {
			Title: "Storage price, and what nodes ask for",
			X:     time,
			Y:     chart.Axis{Label: "FROST per MiB and epoch", Log: true, Text: thousands},
			Series: []chart.Series{
				line("price in force", points, func(p sim.Point) float64 { return float64(p.Price) }),
				dashed(line("lowest vote", points, func(p sim.Point) float64 { return float64(p.LowAsk) })),
				dashed(line("highest vote", points, func(p sim.Point) float64 { return float64(p.HighAsk) })),
			},
		},
		"capacity": {
			Title: "Space sold, and space there is",
			X:     time,
			Y:     chart.Axis{Label: "PB, encoded"},
			Series: []chart.Series{
				line("used", points, func(p sim.Point) float64 { return float64(p.Used) / 1e15 }),
				dashed(line("capacity voted", points, func(p sim.Point) float64 { return float64(p.Capacity) / 1e15 })),
			},
		},
		"pot": {
			Title: "Where an epoch's payments go",
			X:     time,
			Y:     chart.Axis{Label: "thousand WAL"},
			Series: []chart.Series{
				line("pot", points, func(p sim.Point) float64 { return kilo(p.Pot) }),
				line("stakers", points, func(p sim.Point) float64 { return kilo(p.Rewards) }),
				line("nodes' commission", points, func(p sim.Point) float64 { return kilo(p.Commission) }),
				dashed(line("burned", points, func(p sim.Point) float64 { return kilo(p.Burned) })),
			},
		},
		"stake": {
			Title: "What has become of 1 WAL staked in epoch 0",
			X:     time,
			Y:     chart.Axis{Label: "growth in percent"},
			Series: []chart.Series{
				line("commission 5 %, then 80 %", points, grown(0)),
				line("commission 5 %", points, grown(5)),
				line("commission 15 %", points, grown(2)),
				line("commission 25 %", points, grown(4)),
			},
		},
		"shards": {
			Title: "Shards of four nodes, as stake moves",
			X:     time,
			Y:     chart.Axis{Label: "shards of 1000"},
			Series: []chart.Series{
				line("commission 5 %, then 80 %", points, held(0)),
				line("commission 5 %", points, held(5)),
				line("commission 15 %", points, held(2)),
				line("commission 25 %", points, held(4)),
			},
		},
	}
}

func line(name string, points []sim.Point, y func(sim.Point) float64) chart.Series {
	s := chart.Series{Name: name}
	for _, p := range points {
		s.Points = append(s.Points, chart.Point{X: float64(p.Epoch), Y: y(p)})
	}
	return s
}

func dashed(s chart.Series) chart.Series {
	s.Dashed = true
	return s
}

func grown(node int) func(sim.Point) float64 {
	return func(p sim.Point) float64 { return float64(p.Growth[node])/float64(economy.Wal)*100 - 100 }
}

func held(node int) func(sim.Point) float64 {
	return func(p sim.Point) float64 { return float64(p.Shards[node]) }
}

func kilo(frost uint64) float64 { return float64(frost) / 1000 / float64(economy.Wal) }

func thousands(v float64) string {
	if v < 1e6 {
		return fmt.Sprintf("%gk", v/1e3)
	}
	return fmt.Sprintf("%gM", v/1e6)
}
