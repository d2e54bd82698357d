package main

import (
	"fmt"
	"os"
	"runtime"

	"github.com/walrus-go/walrus/internal/chart"
	"github.com/walrus-go/walrus/redstuff"
)

// row is one line of the speed table: an encoding of bytes over shards.
type row struct {
	shards, bytes int
	repeats       int // of each process
}

// rounds is how often the processes of a row take turns.
const rounds = 2

func rows(quick bool) []row {
	var all []row
	for _, n := range []int{10, 100, 1000} {
		code, err := redstuff.New(n)
		if err != nil {
			panic(err)
		}
		for _, size := range []row{{bytes: 1 << 10, repeats: 20}, {bytes: 1 << 20, repeats: 10}, {bytes: 64 << 20, repeats: 3}, {bytes: 512 << 20, repeats: 1}} {
			if uint64(size.bytes) > code.MaxBlobSize() || quick && size.bytes > 1<<20 {
				continue
			}
			size.shards = n
			if size.bytes <= 1<<20 {
				size.repeats *= 1000 / n
			}
			all = append(all, size)
		}
	}
	return all
}

// speed prints the encoder's speed beside the reference's, and draws it.
func speed(o options) error {
	one, err := ours(1, "", "compress")
	if err != nil {
		return err
	}
	lane, register := one.number("seconds"), one.number("register")
	fmt.Printf("\nEncoding with all slivers and commitments, MB/s (one compression in a lane: %.1f ns, %.1f ns of one register)\n", lane*1e9, register*1e9)
	fmt.Println("| n | blob | reference | 1 core | ratio | 2 cores | ratio | 2 cores, a blob each | ratio | AVX2 and GFNI, 1 core | ratio | AVX2 alone, 1 core | ratio | fresh memory, 1 core | ratio | lane bound | of one register |")
	fmt.Println("|--:|--:|--:|--:|--:|--:|--:|--:|--:|--:|--:|--:|--:|--:|--:|--:|--:|")
	lines := map[string]*chart.Series{}
	var order []string
	for _, r := range rows(o.quick) {
		m, err := r.measure(o.reference)
		if err != nil {
			return err
		}
		fmt.Printf("| %d | %s | %s |", r.shards, sizeText(float64(r.bytes)), r.rate(m[0]))
		for _, ours := range m[1:] {
			fmt.Printf(" %s | %s |", r.rate(ours), ratio(m[0], ours))
		}
		hashes := float64(compressions(r.shards, r.bytes)) / m[1].number("seconds")
		fmt.Printf(" %.2f | %.2f |\n", hashes*lane, hashes*register)
		for i, who := range []string{"reference", "1 core", "2 cores"} {
			if m[i] == nil {
				continue
			}
			name := fmt.Sprintf("n = %d, %s", r.shards, who)
			if lines[name] == nil {
				lines[name] = &chart.Series{Name: name, Dashed: i == 0}
				order = append(order, name)
			}
			lines[name].Points = append(lines[name].Points, chart.Point{X: float64(r.bytes), Y: float64(r.bytes) / m[i].number("seconds") / 1e6})
		}
	}
	if o.plot == "" {
		return nil
	}
	c := chart.Chart{Title: "Encoding speed", X: chart.Axis{Label: "blob", Log: true, Text: sizeText10}, Y: chart.Axis{Label: "MB/s", Log: true}}
	for _, name := range order {
		c.Series = append(c.Series, *lines[name])
	}
	f, err := os.Create(o.plot)
	if err != nil {
		return err
	}
	defer f.Close()
	if err := c.WriteSVG(f); err != nil {
		return err
	}
	return f.Close()
}

// sizeText10 names the decades of the plot.
func sizeText10(v float64) string {
	switch {
	case v >= 1e9:
		return fmt.Sprintf("%g GB", v/1e9)
	case v >= 1e6:
		return fmt.Sprintf("%g MB", v/1e6)
	case v >= 1e3:
		return fmt.Sprintf("%g KB", v/1e3)
	}
	return fmt.Sprintf("%g B", v)
}

// measure returns the best results of the reference (nil without one), one core, two cores with one blob, two with a
// blob each, one core with the kernels of 256 bits, with and without GFNI (nil where they do not exist), and one core in fresh
// memory, and checks that all found the same blob ID.
func (r row) measure(reference string) (m [7]result, err error) {
	runs := []func() (result, error){
		func() (result, error) {
			return run(command(reference, "encode", r.shards, r.bytes, max(r.repeats/4, 1)))
		},
		func() (result, error) { return ours(1, "", "encode", r.shards, r.bytes, r.repeats) },
		func() (result, error) { return ours(2, "", "encode", r.shards, r.bytes, r.repeats) },
		func() (result, error) { return ours(2, "", "encode-each", r.shards, r.bytes, r.repeats) },
		func() (result, error) { return ours(1, "gfni", "encode", r.shards, r.bytes, r.repeats) },
		func() (result, error) { return ours(1, "avx2", "encode", r.shards, r.bytes, r.repeats) },
		func() (result, error) { return ours(1, "", "encode-fresh", r.shards, r.bytes, r.repeats) },
	}
	for range rounds {
		for i, f := range runs {
			if i == 0 && reference == "" || (i == 4 || i == 5) && runtime.GOARCH != "amd64" {
				continue
			}
			got, err := f()
			if err != nil {
				return m, err
			}
			m[i] = best(m[i], got)
			if m[1] != nil && m[1]["id"] != got["id"] {
				return m, fmt.Errorf("blob IDs differ for n = %d, %d bytes: %s and %s", r.shards, r.bytes, m[1]["id"], got["id"])
			}
		}
	}
	if m[0] != nil && m[0]["id"] != m[1]["id"] {
		return m, fmt.Errorf("blob IDs differ for n = %d, %d bytes: the reference's is %s, ours %s", r.shards, r.bytes, m[0]["id"], m[1]["id"])
	}
	return m, nil
}

func (r row) rate(m result) string {
	if m == nil {
		return "–"
	}
	mbps := float64(r.bytes) / m.number("seconds") / 1e6
	if mbps < 10 {
		return fmt.Sprintf("%.3f", mbps)
	}
	return fmt.Sprintf("%.0f", mbps)
}

// ratio is how many times quicker b is than a.
func ratio(a, b result) string {
	if a == nil || b == nil {
		return "–"
	}
	return fmt.Sprintf("%.1f", a.number("seconds")/b.number("seconds"))
}

// compressions counts the BLAKE2b compressions that an encoding needs: every symbol with its prefix,
// and the inner nodes of 2n trees of n leaves and of one over the pairs.
func compressions(n, size int) int {
	code, err := redstuff.New(n)
	if err != nil {
		panic(err)
	}
	symbol, err := code.SymbolSize(uint64(size))
	if err != nil {
		panic(err)
	}
	inner := 0
	for level := n; level > 1; level = (level + 1) / 2 {
		inner += (level + 1) / 2
	}
	const block = 128
	return n*n*((1+symbol+block-1)/block) + (2*n+1)*inner + n + 1
}

func decode(o options) error {
	fmt.Println("\nDecoding, MB/s, one core; from primary slivers where nothing else is said")
	fmt.Println("| n | blob | reference, worst case | ours, worst case | ratio | ours, systematic | secondary slivers, worst case | secondary slivers, systematic |")
	fmt.Println("|--:|--:|--:|--:|--:|--:|--:|--:|")
	for _, r := range rows(o.quick) {
		if r.bytes < 1<<20 || r.bytes > 64<<20 {
			continue
		}
		var theirs, mine result
		for range rounds {
			if o.reference != "" {
				got, err := run(command(o.reference, "decode", r.shards, r.bytes, r.repeats))
				if err != nil {
					return err
				}
				theirs = best(theirs, got)
			}
			got, err := ours(1, "", "decode", r.shards, r.bytes, r.repeats)
			if err != nil {
				return err
			}
			mine = best(mine, got)
		}
		other := func(key string) string { return r.rate(result{"seconds": mine[key]}) }
		fmt.Printf("| %d | %s | %s | %s | %s | %s | %s | %s |\n", r.shards, sizeText(float64(r.bytes)), r.rate(theirs), r.rate(mine), ratio(theirs, mine),
			other("systematic"), other("secondary"), other("secondary-systematic"))
	}
	return nil
}

func check(o options) error {
	fmt.Println("\nConsistency checks as a share of the time to encode, one core")
	fmt.Println("| n | blob | encode, ms | default check | strict check |")
	fmt.Println("|--:|--:|--:|--:|--:|")
	for _, r := range rows(o.quick) {
		if r.bytes > 64<<20 {
			continue
		}
		m, err := ours(1, "", "check", r.shards, r.bytes, r.repeats)
		if err != nil {
			return err
		}
		t := m.number("seconds")
		fmt.Printf("| %d | %s | %.3f | %.0f %% | %.0f %% |\n", r.shards, sizeText(float64(r.bytes)), t*1e3, 100*m.number("default")/t, 100*m.number("strict")/t)
	}
	return nil
}

func recoverSlivers(o options) error {
	fmt.Println("\nRecovery at n = 1000, per second and core")
	fmt.Println("| blob | symbols with proof, one per sliver | symbols with proof, all of a sliver | primary slivers rebuilt | secondary slivers rebuilt |")
	fmt.Println("|--:|--:|--:|--:|--:|")
	for _, r := range rows(o.quick) {
		if r.shards != 1000 || r.bytes < 1<<20 || r.bytes > 64<<20 {
			continue
		}
		m, err := ours(1, "", "recover", r.shards, r.bytes, 30)
		if err != nil {
			return err
		}
		fmt.Printf("| %s | %.0f | %.0f | %.0f | %.0f |\n", sizeText(float64(r.bytes)), m.number("single"), m.number("many"), m.number("primary"), m.number("secondary"))
	}
	return nil
}

func memory(o options) error {
	fmt.Println("\nPeak memory, MB")
	fmt.Println("| n | blob | what | peak | allowed |")
	fmt.Println("|--:|--:|---|--:|--:|")
	const mb = 1 << 20
	for _, r := range rows(o.quick) {
		if r.bytes < 1<<20 {
			continue
		}
		m, err := ours(2, "", "peak-encode", r.shards, r.bytes, 1)
		if err != nil {
			return err
		}
		code, err := redstuff.New(r.shards)
		if err != nil {
			return err
		}
		s, err := code.SymbolSize(uint64(r.bytes))
		if err != nil {
			return err
		}
		slivers := r.shards * (code.SliverSize(redstuff.Primary, s) + code.SliverSize(redstuff.Secondary, s))
		fmt.Printf("| %d | %s | encode | %.0f | blob + slivers + 64: %d |\n", r.shards, sizeText(float64(r.bytes)), m.number("peak")/mb, (r.bytes+slivers)/mb+64)
	}
	if !o.quick {
		const n = 1000
		m, err := ours(2, "", "peak-commit", n, 1<<30, 1)
		if err != nil {
			return err
		}
		fmt.Printf("| %d | 1 GB | commit a mapped file | %.0f | 32 n² + 64: %d |\n", n, m.number("peak")/mb, n*n*32/mb+64)
	}
	fmt.Println("\nAllocations per encoding, two cores")
	fmt.Println("| n | blob | allocations |")
	fmt.Println("|--:|--:|--:|")
	for _, r := range rows(o.quick) {
		if r.bytes > 64<<20 {
			continue
		}
		m, err := ours(2, "", "allocs", r.shards, r.bytes, 5)
		if err != nil {
			return err
		}
		fmt.Printf("| %d | %s | %s |\n", r.shards, sizeText(float64(r.bytes)), m["allocs"])
	}
	return nil
}
