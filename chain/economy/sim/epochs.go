package sim

import (
	"github.com/walrus-go/walrus/chain/economy/epoch"
	"github.com/walrus-go/walrus/chain/economy/stake"
	"github.com/walrus-go/walrus/committee"
)

// UpdatePrices makes the votes of the current committee the prices in force.
func (w *World) UpdatePrices() epoch.PriceVote {
	force := epoch.PriceVote{Storage: w.Market.StoragePrice, Write: w.Market.WritePrice}
	p := epoch.Prices(w.Current, w.Machine.Shards, force, func(id committee.NodeID) (epoch.PriceVote, error) {
		n, err := w.Node(id)
		if err != nil {
			return epoch.PriceVote{}, err
		}
		return n.Price, nil
	})
	w.Market.StoragePrice, w.Market.WritePrice = p.Storage, p.Write
	w.emit("PricesUpdated", "epoch", w.Epoch(), "storage_price", p.Storage, "write_price", p.Write)
	return p
}

// VotingEnd selects the next committee and capacity. Errors are those of [epoch.Machine.CheckVotingEnd]
// and [epoch.Select].
func (w *World) VotingEnd() (epoch.Selection, error) {
	if err := w.Machine.CheckVotingEnd(w.Now); err != nil {
		return epoch.Selection{}, err
	}
	sel, err := epoch.Select(w.Active, w.Current, w.Machine.Shards, func(id committee.NodeID) (uint64, error) {
		n, err := w.Node(id)
		if err != nil {
			return 0, err
		}
		return n.Capacity, nil
	})
	if err != nil {
		return epoch.Selection{}, err
	}
	for _, m := range w.Previous {
		if n, err := w.Node(m.Node); err == nil {
			n.Pool.ClearBlocked()
		}
	}
	w.Next, w.NextCapacity = sel.Committee, sel.Capacity
	w.Machine.EndVoting()
	w.emit("EpochParametersSelected", "next_epoch", w.Epoch()+1)
	return sel, nil
}

// InitiateEpochChange begins the next epoch. Errors are those of [epoch.Machine.CheckChange].
func (w *World) InitiateEpochChange() (epoch.Changed, error) {
	if err := w.Machine.CheckChange(w.Now); err != nil {
		return epoch.Changed{}, err
	}
	done := epoch.Change(epoch.Turn{
		Epoch:    w.Epoch() + 1,
		Old:      w.Current,
		New:      w.Next,
		Market:   w.Market,
		Capacity: w.NextCapacity,
		Active:   w.Active,
		Denied:   w.denied,
		Pool: func(id committee.NodeID) (stake.Pool, stake.Rates, error) {
			n, err := w.Node(id)
			if err != nil {
				return stake.Pool{}, nil, err
			}
			return n.Pool, n.Rates, nil
		},
	})
	w.Machine.BeginEpoch()
	w.burn(done.Burned)
	w.Market, w.Active = done.Market, done.Active
	for _, p := range done.Pools {
		n := w.nodes[p.Pool.Node]
		n.Pool = p.Pool
		n.Rates.Add(w.Epoch(), p.Rate)
	}
	w.EventBlobs.EndEpoch()
	w.Previous, w.Current, w.Next, w.NextCapacity = w.Current, w.Next, nil, 0
	w.emit("EpochChangeStart", "epoch", w.Epoch())
	w.UpdatePrices()
	return done, nil
}

func (w *World) denied(id committee.NodeID) (uint64, error) {
	n, err := w.Node(id)
	if err != nil {
		return 0, err
	}
	return n.DenyList.Size, nil
}

// EpochSyncDone reports that a node has its shards. Errors are those of [epoch.Machine.SyncDone].
func (w *World) EpochSyncDone(node committee.NodeID, e committee.Epoch) error {
	n, err := w.Node(node)
	if err != nil {
		return err
	}
	shards, _ := w.Current.Find(node)
	done, err := w.Machine.SyncDone(e, n.LastSync, uint16(len(shards)), w.Now)
	if err != nil {
		return err
	}
	n.LastSync = e
	if done {
		w.emit("EpochChangeDone", "epoch", e)
	}
	w.emit("ShardsReceived", "epoch", e, "shards", shards)
	return nil
}
