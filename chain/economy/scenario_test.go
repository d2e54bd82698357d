package economy_test

import (
	"crypto/sha256"
	"encoding/json"
	"errors"
	"math"
	"reflect"
	"slices"
	"testing"

	"github.com/walrus-go/walrus/blob"
	"github.com/walrus-go/walrus/chain/economy"
	"github.com/walrus-go/walrus/chain/economy/epoch"
	"github.com/walrus-go/walrus/chain/economy/sim"
	"github.com/walrus-go/walrus/chain/economy/storage"
	"github.com/walrus-go/walrus/committee"
)

// A worldOp is one step of a scenario. Which fields count depends on the op.
type worldOp struct {
	Op string
	As string

	Shards        uint16 `json:"n_shards"`
	EpochDuration number `json:"epoch_duration_ms"`
	ZeroDuration  number `json:"epoch_zero_duration_ms"`
	Horizon       int    `json:"max_epochs_ahead"`
	NowMs         number `json:"now_ms"`
	ActiveSetMax  int    `json:"active_set_max"`
	Ms            number

	Node           string
	ID             id
	CommissionRate basisPoints `json:"commission_rate"`
	Rate           *uint32
	StoragePrice   number `json:"storage_price"`
	WritePrice     number `json:"write_price"`
	Price          number
	Capacity       number
	Stake          string
	Other          string
	Amount         number
	Epoch          committee.Epoch

	Budget       *number
	Size         number
	EpochsAhead  uint32 `json:"epochs_ahead"`
	Epochs       uint32
	Start        committee.Epoch
	End          committee.Epoch
	Storage      string
	Root         id    `json:"root_hash"`
	Encoding     uint8 `json:"encoding_type"`
	Deletable    bool
	Override     *id `json:"blob_id_override"`
	Blob         string
	MsgDeletable *bool `json:"msg_deletable"`
	WrongObject  bool  `json:"wrong_object"`
	Shared       string
	Funds        number
	Pool         string
	BlobID       id `json:"blob_id"`
	Bytes        number
	Percent      uint32

	Checkpoint number
	Sequence   number
	ListRoot   *id `json:"root"`
	Voter      string
	Candidate  string
	Candidates []string
	Digest     octets
	Base       *number
	PerShard   *number `json:"per_shard"`

	Fields []string
	Expect map[string]any
	Events []map[string]any
}

type result = map[string]any

// A play is a scenario in progress: the world and the labels by which the ops name things.
type play struct {
	*sim.World
	ids     map[string]committee.NodeID
	names   map[committee.NodeID]string
	handles map[string]sim.Handle
}

func testScenarios(t *testing.T, entries json.RawMessage) {
	each(t, entries, func(t *testing.T, v struct{ Ops []worldOp }) {
		p := &play{
			ids:     make(map[string]committee.NodeID),
			names:   make(map[committee.NodeID]string),
			handles: make(map[string]sim.Handle),
		}
		for i, op := range v.Ops {
			do, ok := ops[op.Op]
			if !ok {
				t.Fatalf("op %d: unknown op %q", i, op.Op)
			}
			got, err := do(p, op)
			if op.beyondSupply(err) {
				got, err = p.forFree(t, i, op)
			}
			compare(t, i, op.Op, got, err, op.Expect)
			if p.World == nil {
				continue
			}
			p.compareEvents(t, i, op)
			if err := p.Check(); err != nil {
				t.Fatalf("op %d, %s: %v", i, op.Op, err)
			}
		}
	})
}

// sales are the ops whose payer has no limit unless the op names one.
var sales = map[string]bool{
	"reserve": true, "reserve_for_epochs": true, "register_blob": true, "extend_blob": true,
	"create_storage_pool": true, "register_pooled_blob": true, "extend_storage_pool": true, "increase_storage_pool": true,
}

// beyondSupply tells whether a sale without a limit failed only because all there is does not pay for it, which
// is not what the scenario is about.
func (op worldOp) beyondSupply(err error) bool {
	short := economy.ErrBalanceNotEnough
	return errors.Is(err, short) && op.Budget == nil && sales[op.Op] && op.Expect["error"] != short.Name()
}

// forFree runs a sale that costs more than all there is, to see why it fails for a payer without a limit.
func (p *play) forFree(t *testing.T, i int, op worldOp) (result, error) {
	t.Helper()
	storage, write := p.Market.StoragePrice, p.Market.WritePrice
	p.Market.StoragePrice, p.Market.WritePrice = 0, 0
	got, err := ops[op.Op](p, op)
	if err == nil {
		t.Fatalf("op %d, %s: sold for more than the supply", i, op.Op)
	}
	p.Market.StoragePrice, p.Market.WritePrice = storage, write
	return got, err
}

// node returns the ID of a node by its label, which need not be registered.
func (p *play) node(label string) committee.NodeID {
	n, ok := p.ids[label]
	if !ok {
		n = sha256.Sum256([]byte(label))
		p.ids[label], p.names[n] = n, label
	}
	return n
}

// compareEvents holds the events of the last op against those that the vectors name, if they do. The
// vectors give nodes by name and leave out what they have no name for.
func (p *play) compareEvents(t *testing.T, i int, op worldOp) {
	t.Helper()
	events := p.TakeEvents()
	if op.Events == nil {
		return
	}
	optional := []string{"node", "node_id", "root"}
	var got, want []any
	for k, e := range events {
		fields := result{"event": e.Name}
		for _, f := range e.Fields {
			fields[f.Name] = plain(t, f.Value)
			if n, ok := f.Value.(committee.NodeID); ok {
				fields["node"], fields["node_id"] = p.names[n], p.names[n]
			}
		}
		for _, name := range optional {
			if k < len(op.Events) && op.Events[k][name] == nil {
				delete(fields, name)
			}
		}
		got = append(got, fields)
	}
	for _, e := range op.Events {
		want = append(want, plain(t, e))
	}
	if !reflect.DeepEqual(got, want) {
		t.Fatalf("op %d, %s: events:\n got %v\nwant %v", i, op.Op, got, want)
	}
}

func (op worldOp) budget() uint64 {
	if op.Budget == nil {
		return math.MaxUint64
	}
	return uint64(*op.Budget)
}

func (op worldOp) claim() storage.Claim {
	c := storage.Claim{Root: op.Root, Size: uint64(op.Size), Encoding: op.Encoding, Deletable: op.Deletable}
	c.ID = storage.DeriveID(c.Root, c.Size, c.Encoding)
	if op.Override != nil {
		c.ID = blob.ID(*op.Override)
	}
	return c
}

// ops maps the name of an op to what it does. A result may have more fields than a scenario looks at.
var ops = map[string]func(*play, worldOp) (result, error){
	"init": func(p *play, op worldOp) (result, error) {
		w, err := sim.New(sim.Genesis{
			Shards:        op.Shards,
			EpochDuration: uint64(op.EpochDuration),
			ZeroDuration:  uint64(op.ZeroDuration),
			Horizon:       op.Horizon,
			Now:           uint64(op.NowMs),
			ActiveSet:     op.ActiveSetMax,
		})
		if err == nil {
			p.World = w
		}
		return nil, err
	},
	"advance_clock": func(p *play, op worldOp) (result, error) {
		p.Now += uint64(op.Ms)
		return nil, nil
	},
	"check": func(p *play, op worldOp) (result, error) { return p.dump(), nil },

	// Nodes and stake: section 5.
	"register_node": func(p *play, op worldOp) (result, error) {
		node := committee.NodeID(op.ID)
		p.ids[op.Node], p.names[node] = node, op.Node
		vote := epoch.PriceVote{Storage: uint64(op.StoragePrice), Write: uint64(op.WritePrice)}
		return nil, p.RegisterNode(node, op.CommissionRate.rate(), vote, uint64(op.Capacity))
	},
	"stake": func(p *play, op worldOp) (result, error) {
		h, activation, err := p.Stake(p.node(op.Node), uint64(op.Amount))
		p.label(op.As, h, err)
		return result{"activation_epoch": activation}, err
	},
	"split_stake": func(p *play, op worldOp) (result, error) {
		h, err := p.SplitStake(p.handles[op.Stake], uint64(op.Amount))
		p.label(op.As, h, err)
		if err != nil {
			return nil, err
		}
		left, err := p.Stakes.Get(p.handles[op.Stake])
		return result{"principal": left.Principal, "amount": uint64(op.Amount)}, err
	},
	"join_stake": func(p *play, op worldOp) (result, error) {
		principal, err := p.JoinStake(p.handles[op.Stake], p.handles[op.Other])
		return result{"principal": principal}, err
	},
	"request_withdraw": func(p *play, op worldOp) (result, error) {
		e, err := p.RequestWithdraw(p.handles[op.Stake])
		return result{"withdraw_epoch": e}, err
	},
	"withdraw": func(p *play, op worldOp) (result, error) {
		amount, err := p.Withdraw(p.handles[op.Stake])
		return result{"amount": amount}, err
	},
	"try_join_active_set": func(p *play, op worldOp) (result, error) {
		err := p.TryJoinActiveSet(p.node(op.Node))
		_, in := p.Active.Stake(p.node(op.Node))
		return result{"in_set": in}, err
	},
	"collect_commission": func(p *play, op worldOp) (result, error) {
		amount, err := p.CollectCommission(p.node(op.Node))
		return result{"amount": amount}, err
	},
	"set_commission": func(p *play, op worldOp) (result, error) {
		rate := op.CommissionRate
		if op.Rate != nil {
			rate = basisPoints(*op.Rate)
		}
		return nil, p.SetCommission(p.node(op.Node), rate.rate())
	},
	"add_commission": func(p *play, op worldOp) (result, error) {
		return nil, p.AddCommission(p.node(op.Node), uint64(op.Amount))
	},
	"set_storage_price_vote": func(p *play, op worldOp) (result, error) {
		return nil, p.change(op, func(n *sim.Node) { n.Price.Storage = uint64(op.Price) })
	},
	"set_write_price_vote": func(p *play, op worldOp) (result, error) {
		return nil, p.change(op, func(n *sim.Node) { n.Price.Write = uint64(op.Price) })
	},
	"set_capacity_vote": func(p *play, op worldOp) (result, error) {
		return nil, p.change(op, func(n *sim.Node) { n.Capacity = uint64(op.Capacity) })
	},

	// Epochs: section 7.
	"update_prices": func(p *play, op worldOp) (result, error) {
		v := p.UpdatePrices()
		return result{"storage_price": v.Storage, "write_price": v.Write}, nil
	},
	"voting_end": func(p *play, op worldOp) (result, error) {
		sel, err := p.VotingEnd()
		next := []any{}
		for _, m := range sel.Committee {
			next = append(next, result{"node": p.names[m.Node], "n_shards": len(m.Shards)})
		}
		return result{"next_capacity": sel.Capacity, "next_committee": next}, errors.Join(err, failed(sel.Failed))
	},
	"initiate_epoch_change": func(p *play, op worldOp) (result, error) {
		done, err := p.InitiateEpochChange()
		rewards := []any{}
		for _, r := range done.Rewards {
			rewards = append(rewards, result{"node": p.names[r.Node], "amount": r.Amount})
		}
		return result{
			"burned": done.Burned, "rewards": rewards, "leftover": done.Leftover,
			"storage_price": p.Market.StoragePrice, "write_price": p.Market.WritePrice,
			"capacity": p.Market.Capacity, "used": p.Market.Used(),
		}, errors.Join(err, failed(done.Failed))
	},
	"epoch_sync_done": func(p *play, op worldOp) (result, error) {
		err := p.EpochSyncDone(p.node(op.Node), op.Epoch)
		return result{"epoch_state": p.state()}, err
	},

	// Storage and blobs: sections 2.2 to 2.5.
	"reserve": func(p *play, op worldOp) (result, error) {
		h, r, cost, err := p.Reserve(uint64(op.Amount), op.EpochsAhead, op.budget())
		p.label(op.As, h, err)
		return result{"cost": cost, "start": r.Start, "end": r.End, "size": r.Size}, err
	},
	"reserve_for_epochs": func(p *play, op worldOp) (result, error) {
		h, r, cost, err := p.ReserveForEpochs(uint64(op.Amount), op.Start, op.End, op.budget())
		p.label(op.As, h, err)
		return result{"cost": cost, "start": r.Start, "end": r.End, "size": r.Size}, err
	},
	"split_by_epoch": func(p *play, op worldOp) (result, error) {
		h, err := p.SplitByEpoch(p.handles[op.Storage], op.Epoch)
		p.label(op.As, h, err)
		return p.rest(h), err
	},
	"split_by_size": func(p *play, op worldOp) (result, error) {
		h, err := p.SplitBySize(p.handles[op.Storage], uint64(op.Size))
		p.label(op.As, h, err)
		return p.rest(h), err
	},
	"fuse": func(p *play, op worldOp) (result, error) {
		return resource(p.Fuse(p.handles[op.Storage], p.handles[op.Other]))
	},
	"fuse_periods": func(p *play, op worldOp) (result, error) {
		return resource(p.FusePeriods(p.handles[op.Storage], p.handles[op.Other]))
	},
	"fuse_amount": func(p *play, op worldOp) (result, error) {
		return resource(p.FuseAmount(p.handles[op.Storage], p.handles[op.Other]))
	},
	"destroy_storage": func(p *play, op worldOp) (result, error) {
		_, err := p.World.Storage.Get(p.handles[op.Storage])
		p.World.Storage.Delete(p.handles[op.Storage])
		return nil, err
	},
	"register_blob": func(p *play, op worldOp) (result, error) {
		h, b, encoded, fee, err := p.RegisterBlob(p.handles[op.Storage], op.claim(), op.budget())
		p.label(op.As, h, err)
		return result{"blob_id": b.ID, "encoded_size": encoded, "write_cost": fee, "end_epoch": b.Storage.End}, err
	},
	"certify_blob": func(p *play, op worldOp) (result, error) {
		h := p.handles[op.Blob]
		b, err := p.Blobs.Get(h)
		if err != nil {
			return nil, err
		}
		err = p.CertifyBlob(h, op.certificate(b.Deletable))
		return result{"certified_epoch": b.Since}, err
	},
	"delete_blob": func(p *play, op worldOp) (result, error) {
		h, r, err := p.DeleteBlob(p.handles[op.Blob])
		p.label(op.As, h, err)
		return resource(r, err)
	},
	"burn_blob": func(p *play, op worldOp) (result, error) { return nil, p.BurnBlob(p.handles[op.Blob]) },
	"extend_blob": func(p *play, op worldOp) (result, error) {
		cost, end, err := p.ExtendBlob(p.handles[op.Blob], op.Epochs, op.budget())
		return result{"cost": cost, "end_epoch": end}, err
	},
	"extend_blob_with_resource": func(p *play, op worldOp) (result, error) {
		end, err := p.ExtendBlobWithResource(p.handles[op.Blob], p.handles[op.Storage])
		return result{"end_epoch": end}, err
	},
	"share_blob": func(p *play, op worldOp) (result, error) {
		h, err := p.ShareBlob(p.handles[op.Blob], uint64(op.Funds))
		p.label(op.As, h, err)
		return result{"funds": uint64(op.Funds)}, err
	},
	"fund_shared": func(p *play, op worldOp) (result, error) {
		funds, err := p.FundShared(p.handles[op.Shared], uint64(op.Amount))
		return result{"funds": funds}, err
	},
	"extend_shared": func(p *play, op worldOp) (result, error) {
		cost, s, err := p.ExtendShared(p.handles[op.Shared], op.Epochs)
		return result{"cost": cost, "end_epoch": s.Blob.Storage.End, "funds": s.Funds}, err
	},

	// Storage pools: section 2.6.
	"create_storage_pool": func(p *play, op worldOp) (result, error) {
		h, s, cost, err := p.CreateStoragePool(uint64(op.Capacity), op.EpochsAhead, op.budget())
		p.label(op.As, h, err)
		return result{"cost": cost, "start": s.Storage.Start, "end": s.Storage.End, "size": s.Storage.Size}, err
	},
	"create_storage_pool_with_storage": func(p *play, op worldOp) (result, error) {
		h, s, err := p.CreateStoragePoolWithStorage(p.handles[op.Storage])
		p.label(op.As, h, err)
		return result{"start": s.Storage.Start, "end": s.Storage.End, "size": s.Storage.Size}, err
	},
	"register_pooled_blob": func(p *play, op worldOp) (result, error) {
		claim := op.claim()
		h := p.handles[op.Pool]
		encoded, fee, err := p.RegisterPooledBlob(h, claim, op.budget())
		return result{"blob_id": claim.ID, "encoded_size": encoded, "write_cost": fee, "used": p.poolUsed(h)}, err
	},
	"certify_pooled_blob": func(p *play, op worldOp) (result, error) {
		deletable := false
		if s, err := p.Pools.Get(p.handles[op.Pool]); err == nil {
			for _, b := range s.Content {
				deletable = deletable || b.ID == blob.ID(op.BlobID) && b.Deletable
			}
		}
		err := p.CertifyPooledBlob(p.handles[op.Pool], blob.ID(op.BlobID), op.certificate(deletable))
		return result{"certified_epoch": p.Epoch()}, err
	},
	"delete_pooled_blob": func(p *play, op worldOp) (result, error) {
		used, err := p.DeletePooledBlob(p.handles[op.Pool], blob.ID(op.BlobID))
		return result{"used": used}, err
	},
	"burn_expired_pooled_blob": func(p *play, op worldOp) (result, error) {
		used, err := p.BurnExpiredPooledBlob(p.handles[op.Pool], blob.ID(op.BlobID))
		return result{"used": used}, err
	},
	"extend_storage_pool": func(p *play, op worldOp) (result, error) {
		cost, end, err := p.ExtendStoragePool(p.handles[op.Pool], op.Epochs, op.budget())
		return result{"cost": cost, "end": end}, err
	},
	"increase_storage_pool": func(p *play, op worldOp) (result, error) {
		cost, size, err := p.IncreaseStoragePool(p.handles[op.Pool], uint64(op.Bytes), op.budget())
		return result{"cost": cost, "size": size}, err
	},
	"increase_storage_pool_with_storage": func(p *play, op worldOp) (result, error) {
		size, err := p.IncreaseStoragePoolWithStorage(p.handles[op.Pool], p.handles[op.Storage])
		return result{"size": size}, err
	},
	"decrease_storage_pool_by_size": func(p *play, op worldOp) (result, error) {
		h, out, size, err := p.DecreaseStoragePoolBySize(p.handles[op.Pool], uint64(op.Size))
		p.label(op.As, h, err)
		return result{"extracted": out, "size": size}, err
	},
	"decrease_storage_pool_by_percent": func(p *play, op worldOp) (result, error) {
		h, out, size, err := p.DecreaseStoragePoolByPercent(p.handles[op.Pool], uint8(min(op.Percent, math.MaxUint8)))
		p.label(op.As, h, err)
		return result{"extracted": out, "size": size}, err
	},
	"destroy_storage_pool": func(p *play, op worldOp) (result, error) {
		h, r, err := p.DestroyStoragePool(p.handles[op.Pool])
		p.label(op.As, h, err)
		return resource(r, err)
	},

	// Votes and subsidies: sections 2.9 to 2.13 and 8.
	"certify_event_blob": func(p *play, op worldOp) (result, error) {
		out, err := p.CertifyEventBlob(p.node(op.Node), op.claim(), uint64(op.Checkpoint), op.Epoch)
		return result{"certified": out.Certified, "already": out.Already, "weight": out.Weight, "encoded_size": out.Encoded}, err
	},
	"update_deny_list": func(p *play, op worldOp) (result, error) {
		root := op.Root
		if op.ListRoot != nil {
			root = *op.ListRoot
		}
		list := storage.DenyList{Root: root, Sequence: uint64(op.Sequence), Size: uint64(op.Size)}
		return nil, p.UpdateDenyList(p.node(op.Node), list)
	},
	"vote_slash": func(p *play, op worldOp) (result, error) {
		weight, err := p.VoteSlash(p.node(op.Voter), p.node(op.Candidate))
		return result{"weight": weight}, err
	},
	"execute_slash": func(p *play, op worldOp) (result, error) {
		burned, err := p.ExecuteSlash(p.node(op.Candidate))
		return result{"burned": burned}, err
	},
	"cleanup_slash": func(p *play, op worldOp) (result, error) {
		var candidates []committee.NodeID
		for _, c := range op.Candidates {
			candidates = append(candidates, p.node(c))
		}
		p.CleanupSlash(candidates)
		var left []string
		for _, s := range p.Slashing {
			left = append(left, p.names[s.Candidate])
		}
		slices.Sort(left)
		remaining := []any{}
		for _, name := range left {
			remaining = append(remaining, name)
		}
		return result{"remaining": remaining}, nil
	},
	"vote_upgrade": func(p *play, op worldOp) (result, error) {
		v, err := p.VoteUpgrade(p.node(op.Voter), op.Digest)
		return result{"weight": v.Proposal.Weight, "quorum": v.Quorum}, err
	},
	"authorize_upgrade": func(p *play, op worldOp) (result, error) {
		version, err := p.AuthorizeUpgrade(op.Digest)
		return result{"version": version}, err
	},
	"add_subsidy": func(p *play, op worldOp) (result, error) {
		each, extra, err := p.AddSubsidy(uint64(op.Amount), op.EpochsAhead)
		return result{"per_epoch": each, "first_extra": extra}, err
	},
	"subsidies_new": func(p *play, op worldOp) (result, error) {
		return nil, p.NewSubsidies(*op.Rate, uint64(*op.Base), uint64(*op.PerShard))
	},
	"subsidies_fund": func(p *play, op worldOp) (result, error) {
		err := p.FundSubsidies(uint64(op.Amount))
		return result{"pool": p.Subsidies.Pool}, err
	},
	"subsidies_set": func(p *play, op worldOp) (result, error) {
		s := p.Subsidies
		rate, base, perShard := s.Rate, s.Base, s.PerShard
		if op.Rate != nil {
			rate = *op.Rate
		}
		if op.Base != nil {
			base = uint64(*op.Base)
		}
		if op.PerShard != nil {
			perShard = uint64(*op.PerShard)
		}
		return nil, s.Set(rate, base, perShard)
	},
	"subsidies_process": func(p *play, op worldOp) (result, error) {
		paid, err := p.ProcessSubsidies()
		return result{"fixed_total": paid.Total, "usage_total": paid.Usage, "pool": p.Subsidies.Pool}, err
	},
}

func (p *play) label(as string, h sim.Handle, err error) {
	if err == nil {
		p.handles[as] = h
	}
}

func (p *play) change(op worldOp, f func(*sim.Node)) error {
	n, err := p.World.Node(p.node(op.Node))
	if err == nil {
		f(n)
	}
	return err
}

func (op worldOp) certificate(deletable bool) sim.CertifyOptions {
	if op.MsgDeletable != nil {
		deletable = *op.MsgDeletable
	}
	return sim.CertifyOptions{Deletable: deletable, WrongObject: op.WrongObject}
}

func (p *play) rest(h sim.Handle) result {
	r, err := p.World.Storage.Get(h)
	if err != nil {
		return nil
	}
	out, _ := resource(*r, nil)
	return out
}

func resource(r storage.Resource, err error) (result, error) {
	return result{"start": r.Start, "end": r.End, "size": r.Size}, err
}

func (p *play) poolUsed(h sim.Handle) uint64 {
	s, err := p.Pools.Get(h)
	if err != nil {
		return 0
	}
	return s.Used
}

func (p *play) state() result {
	m := p.Machine
	value := any(m.Since)
	if m.Phase == epoch.Sync {
		value = m.Reported
	}
	return result{"name": m.Phase.String(), "value": value}
}

// failed turns nodes that a step left out into an error: scenarios have none.
func failed(list []epoch.Failure) error {
	for _, f := range list {
		return f.Err
	}
	return nil
}

// dump returns the state in the form of the op "check".
func (p *play) dump() result {
	members := []any{}
	for _, m := range p.Current {
		members = append(members, result{"node": p.names[m.Node], "shards": m.Shards})
	}
	ring := p.Market.Ring.Clone()
	for len(ring) > 0 && ring[len(ring)-1].Used == 0 && ring[len(ring)-1].Rewards == 0 {
		ring = ring[:len(ring)-1]
	}
	entries := []any{}
	for _, e := range ring {
		entries = append(entries, result{"epoch": e.Epoch, "used": e.Used, "rewards": e.Rewards})
	}
	active := []any{}
	for _, c := range p.Active.Entries {
		active = append(active, result{"node": p.names[c.Node], "stake": c.Stake})
	}
	pools := []any{}
	for _, n := range p.Nodes {
		pools = append(pools, result{
			"node": p.names[n.ID], "wal_balance": n.Pool.Balance, "num_shares": n.Pool.Shares,
			"rewards_pool": n.Pool.RewardsPool, "commission": n.Pool.Commission, "blocked": n.Pool.Blocked,
			"commission_rate": n.Pool.CommissionRate, "latest_epoch": n.Pool.Latest,
		})
	}
	held, err := p.Held()
	if err != nil {
		held = 0
	}
	subsidies := uint64(0)
	if p.Subsidies != nil {
		subsidies = p.Subsidies.Pool
	}
	return result{
		"committee": members, "epoch": p.Epoch(), "epoch_state": p.state(),
		"capacity": p.Market.Capacity, "used": p.Market.Used(),
		"prices": result{"storage": p.Market.StoragePrice, "write": p.Market.WritePrice},
		"ring":   entries, "active_set": active, "pools": pools,
		"supply": p.Supply, "external": p.External, "sum_of_buckets": p.External + held,
		"subsidy_pool": subsidies,
	}
}
