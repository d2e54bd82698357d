// Command encode measures the encoder and prints it beside the reference libraries, in one run.
//
// The idea: every figure comes from a process of its own, so that processors, kernel and memory are
// set for that figure alone: this program starts itself with GOMAXPROCS and WALRUS_KERNEL in the
// environment, and the reference encoder of bench/reference-encoder in turn. Runs alternate, the best
// of each is kept, and what is reported are ratios, since machines are noisy.
//
//	go run ./bench/encode [-reference FILE] [-plot FILE.svg] [-quick] [-only SECTION]
//
// Sections are speed, decode, rows, check, recover and memory.
package main

import (
	"flag"
	"fmt"
	"os"
	"os/exec"
	"strconv"
	"strings"

	"golang.org/x/sys/cpu"

	"github.com/walrus-go/walrus/blake2x"
	"github.com/walrus-go/walrus/gf"
	"github.com/walrus-go/walrus/internal/machine"
)

func main() {
	if len(os.Args) > 1 && os.Args[1] == "measure" {
		if err := measure(os.Args[2:]); err != nil {
			fmt.Fprintln(os.Stderr, "encode:", err)
			os.Exit(1)
		}
		return
	}
	var o options
	flag.StringVar(&o.reference, "reference", "", "reference encoder to run beside ours; none if empty")
	flag.StringVar(&o.plot, "plot", "", "draw MB/s against size into this SVG file")
	flag.BoolVar(&o.quick, "quick", false, "only blobs up to 1 MB, for a look")
	only := flag.String("only", "", "one section: speed, decode, rows, check, recover, memory")
	flag.Parse()
	if err := report(o, *only); err != nil {
		fmt.Fprintln(os.Stderr, "encode:", err)
		os.Exit(1)
	}
}

type options struct {
	reference string
	plot      string
	quick     bool
}

func report(o options, only string) error {
	fmt.Printf("cpu      %s\nkernels  gf %s, blake2x %s\n", cpuName(), gf.Active().Name, blake2x.Kernel())
	if o.reference == "" {
		fmt.Println("reference encoder: not run (needs cargo and its crates)")
	}
	for _, section := range []struct {
		name string
		run  func(options) error
	}{{"speed", speed}, {"decode", decode}, {"rows", readRows}, {"check", check}, {"recover", recoverSlivers}, {"memory", memory}} {
		if only != "" && only != section.name {
			continue
		}
		if err := section.run(o); err != nil {
			return fmt.Errorf("%s: %w", section.name, err)
		}
	}
	return nil
}

// result is what a measuring process printed: figures and words by name.
type result map[string]string

func (r result) number(key string) float64 {
	v, err := strconv.ParseFloat(r[key], 64)
	if err != nil {
		panic(fmt.Sprintf("encode: %q is no number in %v", key, r))
	}
	return v
}

// ours runs one measurement in a process of its own. An empty kernel means the fastest.
func ours(procs int, kernel string, args ...any) (result, error) {
	self, err := os.Executable()
	if err != nil {
		return nil, err
	}
	cmd := command(self, append([]any{"measure"}, args...)...)
	cmd.Env = append(os.Environ(), fmt.Sprintf("GOMAXPROCS=%d", procs))
	if kernel != "" {
		cmd.Env = append(cmd.Env, "WALRUS_KERNEL="+kernel)
	}
	return run(cmd)
}

func command(name string, args ...any) *exec.Cmd {
	words := make([]string, len(args))
	for i, a := range args {
		words[i] = fmt.Sprint(a)
	}
	return exec.Command(name, words...)
}

// run reads the last line of a program's output as words of the form key=value.
func run(cmd *exec.Cmd) (result, error) {
	cmd.Stderr = os.Stderr
	out, err := cmd.Output()
	if err != nil {
		return nil, fmt.Errorf("%v: %w", cmd.Args, err)
	}
	r := result{}
	for word := range strings.FieldsSeq(string(out)) {
		if key, value, ok := strings.Cut(word, "="); ok {
			r[key] = value
		}
	}
	return r, nil
}

// best is the quicker of two results; nil is slower than all.
func best(a, b result) result {
	if a == nil || b.number("seconds") < a.number("seconds") {
		return b
	}
	return a
}

func cpuName() string {
	name := machine.Processor()
	if cpu.X86.HasAVX512F {
		return name + " (AVX-512)"
	}
	return name
}

// sizeText writes bytes the way the table's rows are named.
func sizeText(n float64) string {
	switch {
	case n >= 1<<30:
		return fmt.Sprintf("%g GB", n/(1<<30))
	case n >= 1<<20:
		return fmt.Sprintf("%g MB", n/(1<<20))
	case n >= 1<<10:
		return fmt.Sprintf("%g KB", n/(1<<10))
	}
	return fmt.Sprintf("%g B", n)
}
