// Command walrus is the whole of Walrus in one program: a client that stores and reads blobs, the keys
// and the WAL that pay for them, a storage node, and a complete network on one machine to try it all on.
//
// Begin with "walrus devnet", which starts such a network and says what to type next. Each subcommand
// is in a file of its own: newX makes the command, an options struct holds what its flags say, and runX
// does the work. [deps.does] and its kin, such as [deps.reads] and [deps.signs], give the work what it
// needs: arguments that are read, and a session with the network. Results go to standard output, by
// [deps.show] and its kin, as JSON or for people; talk goes to standard error. [failures] is the one
// place that turns errors into words, hints and exit codes.
package main

import (
	"context"
	"os"
	"os/signal"
	"syscall"
	"time"

	"golang.org/x/term"
)

func main() { os.Exit(walrus()) }

// walrus runs the command that the process was started with and returns its exit code. The first
// interrupt asks the command to end, the second ends the process.
func walrus() int {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	defer stop()
	context.AfterFunc(ctx, stop)

	d := &deps{
		stdin: os.Stdin, stdout: os.Stdout, stderr: os.Stderr, getenv: os.Getenv, now: time.Now,
		terminal: term.IsTerminal(int(os.Stderr.Fd())), inputTerminal: term.IsTerminal(int(os.Stdin.Fd())),
		columns: func() int {
			columns, _, _ := term.GetSize(int(os.Stderr.Fd())) // 0 if it is not known
			return columns
		},
	}
	return d.run(ctx, os.Args[1:])
}
