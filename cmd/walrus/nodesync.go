package main

import (
	"context"

	"github.com/cosmos/gogoproto/proto"
	"github.com/spf13/cobra"

	committeev1 "github.com/walrus-go/walrus/api/committee/v1"
)

func newNodeSyncDone(d *deps) *cobra.Command {
	return nodeAction{
		use: "sync-done", short: "Report that a node has its shards of this epoch",
		long: `Sync-done tells the chain that a node has the shards it was given for the current epoch. With a quorum of shards reported
the change of epochs is done; without it no next one comes. A devnet reports by itself. JSON: {"nodeId","txDigest"}.`,
		example: "  walrus node sync-done --key operator node-00",
		message: func(ctx context.Context, s *session, n *committeev1.Node, _ []string) (proto.Message, error) {
			system, err := s.reader.System(ctx)
			if err != nil {
				return nil, err
			}
			return &committeev1.MsgSyncDone{Owner: s.self(), NodeId: n.Id, Epoch: uint32(system.Epoch)}, nil
		},
		done: say("%s has its shards"),
	}.command(d)
}
