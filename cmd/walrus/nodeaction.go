package main

import (
	"context"
	"fmt"

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
	// done says what came of it: words, and fields of JSON besides the node and the transaction.
	done func(n *committeev1.Node, r *rpc.Receipt) (text string, fields map[string]any, err error)
}

// command makes the command.
func (a nodeAction) command(d *deps) *cobra.Command {
	var id string
	use := " [NODE]"
	if a.anyone {
		use = " NODE"
	}
	name, rest := a.use, ""
	for i, r := range a.use {
		if r == ' ' {
			name, rest = a.use[:i], a.use[i:]
			break
		}
	}
	which := "\nNODE is an ID or a name; without one it is the node that the account owns."
	if a.anyone {
		which = "\nNODE is an ID or a name."
	}
	cmd := &cobra.Command{
		Use: name + use + rest, Aliases: a.aliases, Short: a.short, Long: a.long + which + exits(), Example: a.example,
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
			return a.run(ctx, d, id, args)
		}),
	}
	cmd.Flags().StringVar(&id, "node-id", "", "`ID` or name of the node, instead of an argument")
	if a.flags != nil {
		a.flags(cmd)
	}
	return cmd
}

func (a nodeAction) run(ctx context.Context, d *deps, id string, args []string) error {
	s, err := d.connect(ctx, true)
	if err != nil {
		return err
	}
	defer s.close()
	var n *committeev1.Node
	if id != "" {
		n, err = s.node(ctx, id)
	} else {
		n, err = s.ownNode(ctx)
	}
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
	text, fields, err := a.done(n, receipt)
	if err != nil {
		return err
	}
	if d.json {
		out := map[string]any{"nodeId": nodeIDOf(n.Id), "txDigest": txDigest(receipt.Tx)}
		for k, v := range fields {
			out[k] = v
		}
		return d.printJSON(out)
	}
	_, err = fmt.Fprintln(d.stdout, text)
	return err
}

// say is a done that needs no answer.
func say(format string, fields map[string]any) func(*committeev1.Node, *rpc.Receipt) (string, map[string]any, error) {
	return func(n *committeev1.Node, _ *rpc.Receipt) (string, map[string]any, error) {
		return fmt.Sprintf(format, nodeText(n)), fields, nil
	}
}

// nodeText names a node to people.
func nodeText(n *committeev1.Node) string {
	return fmt.Sprintf("%s (%v)", printable(n.Name), nodeIDOf(n.Id))
}
