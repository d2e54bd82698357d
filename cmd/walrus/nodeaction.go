package main

import (
	"context"
	"fmt"
	"maps"
	"strings"

	"github.com/cosmos/gogoproto/proto"
	"github.com/spf13/cobra"

	committeev1 "github.com/walrus-go/walrus/api/committee/v1"
	"github.com/walrus-go/walrus/ledger/rpc"
)

// A nodeAction is a command that sends one message about one storage node: the one that is named by ID or
// name, or else the one that the wallet's account owns.
type nodeAction struct {
	use     string // name and arguments, the node aside
	aliases []string
	short   string
	long    string // what it does; its JSON
	example string
	args    int // besides the node
	// anyone tells that not the node's owner sends it, so that there is no node to mean by default.
	anyone bool
	flags  func(cmd *cobra.Command)
	// message makes what is sent.
	message func(ctx context.Context, s *session, n *committeev1.Node, args []string) (proto.Message, error)
	// done says what came of it: words, and more of the JSON than the node and the transaction.
	done func(n *committeev1.Node, r *rpc.Receipt) (text string, more fields, err error)
}

// command makes the command.
func (a nodeAction) command(d *deps) *cobra.Command {
	var id string
	which, note := "[NODE]", "\nNODE is an ID or a name; without one it is the node that the account owns."
	if a.anyone {
		which, note = "NODE", "\nNODE is an ID or a name."
	}
	name, rest, _ := strings.Cut(a.use, " ")
	cmd := &cobra.Command{
		Use: strings.TrimSpace(name + " " + which + " " + rest), Aliases: a.aliases, Short: a.short, Long: a.long + note + exits(), Example: a.example,
		Args: cobra.RangeArgs(a.args, a.args+1),
		RunE: d.does(func(ctx context.Context, args []string) error {
			if len(args) > a.args {
				if id != "" {
					return usagef("name the node once, as an argument or with --node-id")
				}
				id, args = args[0], args[1:]
			}
			if id == "" && a.anyone {
				return usagef(`name the node; "walrus nodes" lists them`)
			}
			return d.withWallet(ctx, func(s *session) error { return a.run(ctx, s, id, args) })
		}),
	}
	cmd.Flags().StringVar(&id, "node-id", "", "`ID` or name of the node, instead of an argument")
	if a.flags != nil {
		a.flags(cmd)
	}
	return cmd
}

func (a nodeAction) run(ctx context.Context, s *session, id string, args []string) error {
	n, err := s.nodeOrOwn(ctx, id)
	if err != nil {
		return err
	}
	message, err := a.message(ctx, s, n, args)
	if err != nil {
		return err
	}
	receipt, err := s.deliver(ctx, message)
	if err != nil {
		return err
	}
	text, more, err := a.done(n, receipt)
	if err != nil {
		return err
	}
	result := fields{"nodeId": nodeIDOf(n.Id)}
	maps.Copy(result, more)
	return s.printSent(receipt, result, "%s\n", text)
}

// say is a done that needs no answer.
func say(format string) func(*committeev1.Node, *rpc.Receipt) (string, fields, error) {
	return func(n *committeev1.Node, _ *rpc.Receipt) (string, fields, error) {
		return fmt.Sprintf(format, nodeText(n)), nil, nil
	}
}

// nodeText names a node to people.
func nodeText(n *committeev1.Node) string {
	return fmt.Sprintf("%s (%v)", printable(n.Name), nodeIDOf(n.Id))
}
