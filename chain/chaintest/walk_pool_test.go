package chaintest_test

import (
	"fmt"
	"slices"

	"github.com/cosmos/gogoproto/proto"

	blobv1 "github.com/walrus-go/walrus/api/blob/v1"
	"github.com/walrus-go/walrus/attest"
	"github.com/walrus-go/walrus/blob"
	"github.com/walrus-go/walrus/chain"
	"github.com/walrus-go/walrus/chain/economy/price"
)

// maxWalkPools bounds the storage pools there are at a time, maxWalkPooled the blobs of each.
const (
	maxWalkPools  = 60
	maxWalkPooled = 20
)

// A walkPool is a storage pool, or a blob bucket: then owner is whoever has its capability.
type walkPool struct {
	id          [32]byte
	bucket, cap []byte // nil for a pool of its own
	owner       int
	start, end  uint32
	size, used  uint64
	blobs       []*walkPooled
	busy        bool
}

// A walkPooled is a blob of a pool.
type walkPooled struct {
	object    [32]byte
	id        blob.ID
	encoded   uint64
	deletable bool
	certified bool
	names     []string // of attributes
}

// How the rules refuse what pools and buckets are over for.
const (
	poolOver   = "system_state_inner::EInvalidEpochsAhead"
	bucketOver = "blob_bucket_inner::EBlobBucketStorageExpired"
)

// over names the rule by which the end of the pool refuses most operations, if it has come.
func (w *walk) over(p *walkPool) []string {
	switch {
	case p.end > uint32(w.number):
		return nil
	case p.bucket != nil:
		return []string{bucketOver}
	default:
		return []string{poolOver}
	}
}

func (p *walkPool) blob(id []byte) *walkPooled {
	i := slices.IndexFunc(p.blobs, func(b *walkPooled) bool { return string(b.id[:]) == string(id) })
	if i < 0 {
		return nil
	}
	return p.blobs[i]
}

func (w *walk) putPool(owner int, p *blobv1.StoragePool) *walkPool {
	made := &walkPool{
		id: [32]byte(p.Id), owner: owner, start: p.Storage.StartEpoch, end: p.Storage.EndEpoch, size: p.Storage.Size_,
	}
	w.pools.put(made)
	return made
}

func (w *walk) freePool(fits func(*walkPool) bool) (*walkPool, bool) {
	return w.pools.draw(w.rng, func(p *walkPool) bool { return !p.busy && fits(p) })
}

// live prefers pools that have not expired.
func (w *walk) live(p *walkPool) bool { return p.end > uint32(w.number) || w.one(8) }

func noBucket(p *walkPool) bool { return p.bucket == nil }

// encoded is what a blob takes in its pool, 0 if it is too large for any.
func (w *walk) encoded(size uint64) uint64 {
	n, err := price.EncodedSize(uint16(w.seen.state.Params.NShards), size, 1)
	if err != nil {
		return 0
	}
	return n
}

// onPool is an operation of the owner of a pool, refused by one of rules if there are any.
func (w *walk) onPool(p *walkPool, m proto.Message, rules []string) *operation {
	o := &operation{sender: p.owner, message: m, must: len(rules) > 0, may: rules}
	return o.lock(&p.busy)
}

// retire makes room for new pools: nobody can do anything with the bucket of an expired one.
func (w *walk) retire() bool {
	if len(w.pools.items) < maxWalkPools {
		return true
	}
	for _, p := range w.pools.items {
		if p.bucket != nil && !p.busy && p.end <= uint32(w.number) {
			w.pools.drop(func(o *walkPool) bool { return o == p })
			w.oldPools = append(w.oldPools, p)
			return true
		}
	}
	return false
}

func (w *walk) createPool() *operation {
	if !w.retire() {
		return w.destroyPool()
	}
	owner := w.anyone()
	return &operation{
		sender:  owner,
		message: &blobv1.MsgCreateStoragePool{Owner: w.address(owner), Size_: w.size(), EpochsAhead: w.rng.Uint32N(12)},
		may:     append([]string{"system_state_inner::EInvalidResourceSize"}, soldOut...),
		then: func(response []byte) error {
			var out blobv1.MsgCreateStoragePoolResponse
			err := out.Unmarshal(response)
			w.putPool(owner, &out.Pool)
			return err
		},
	}
}

func (w *walk) createPoolWith() *operation {
	s, found := w.freeStorage(anyStorage)
	if !found || !w.retire() {
		return nil
	}
	o := &operation{
		sender: s.owner, message: &blobv1.MsgCreateStoragePoolWithStorage{Owner: w.address(s.owner), StorageId: s.id[:]},
		then: func(response []byte) error {
			var out blobv1.MsgCreateStoragePoolWithStorageResponse
			err := out.Unmarshal(response)
			if p := w.putPool(s.owner, &out.Pool); p.start != s.start || p.end != s.end || p.size != s.size {
				return fmt.Errorf("I-16: %+v of %+v", p, s)
			}
			w.dropStorage(s)
			return err
		},
	}
	switch {
	case s.size == 0:
		o.must, o.may = true, []string{"system_state_inner::EInvalidResourceSize"}
	case s.start > uint32(w.number) || s.end <= uint32(w.number):
		o.must, o.may = true, []string{poolOver}
	}
	return o.lock(&s.busy)
}

func (w *walk) createBucket() *operation {
	if !w.retire() {
		return nil
	}
	owner := w.anyone()
	return &operation{
		sender:  owner,
		message: &blobv1.MsgCreateBlobBucket{Owner: w.address(owner), Size_: w.size(), EpochsAhead: w.rng.Uint32N(12)},
		may:     append([]string{"system_state_inner::EInvalidResourceSize"}, soldOut...),
		then: func(response []byte) error {
			var out blobv1.MsgCreateBlobBucketResponse
			err := out.Unmarshal(response)
			p := w.putPool(owner, &out.Pool)
			p.bucket, p.cap = out.Bucket.Id, out.Cap.Id
			return err
		},
	}
}

// registerPooled registers blobs in a pool or a bucket, now and then one that is there, or is not what its
// ID says.
func (w *walk) registerPooled() *operation {
	p, found := w.freePool(func(p *walkPool) bool { return len(p.blobs) < maxWalkPooled && w.live(p) })
	if !found {
		return nil
	}
	list := make([]blobv1.PooledRegistration, 1+w.rng.IntN(3))
	rules, used := w.over(p), p.used
	for i := range list {
		r := w.registration()
		list[i] = blobv1.PooledRegistration{
			BlobId: r.BlobId, RootHash: r.RootHash, Size_: r.Size_, EncodingType: r.EncodingType, Deletable: r.Deletable,
		}
		again, wrong := i > 0 && w.one(10), w.one(30)
		if again {
			list[i] = list[i-1]
		}
		if wrong {
			list[i].RootHash = slices.Clone(list[i].RootHash)
			list[i].RootHash[0]++
		}
		encoded := w.encoded(list[i].Size_)
		used += encoded
		switch {
		case len(rules) > 0:
		case wrong:
			rules = []string{"storage_pool::EInvalidBlobId"}
		case encoded == 0:
			rules = []string{"arith::EOverflow"}
		case used > p.size:
			rules = []string{"storage_pool::EInsufficientCapacity"}
		case again:
			rules = []string{"dynamic_field::EFieldAlreadyExists"}
		}
	}
	var m proto.Message = &blobv1.MsgRegisterPooledBlobs{Owner: w.address(p.owner), PoolId: p.id[:], Blobs: list}
	if p.bucket != nil {
		m = &blobv1.MsgRegisterBucketBlobs{Owner: w.address(p.owner), BucketId: p.bucket, CapId: p.cap, Blobs: list}
	}
	o := w.onPool(p, m, rules)
	o.may = append(o.may, "balance::ENotEnough", "arith::EOverflow")
	o.then = func(response []byte) error {
		var out blobv1.MsgRegisterPooledBlobsResponse // that of buckets has the same fields
		err := out.Unmarshal(response)
		for i := range out.Blobs {
			b := &out.Blobs[i]
			p.blobs = append(p.blobs, &walkPooled{
				object: [32]byte(b.Id), id: blob.ID(b.BlobId), encoded: w.encoded(b.Size_), deletable: b.Deletable,
			})
		}
		p.used = used
		if len(out.Blobs) != len(list) {
			return fmt.Errorf("%d blobs of %d", len(out.Blobs), len(list))
		}
		return err
	}
	return o
}

// certifyPooled certifies a blob; for buckets, anybody does.
func (w *walk) certifyPooled() *operation {
	p, found := w.freePool(func(p *walkPool) bool { return len(p.blobs) > 0 && w.live(p) })
	if !found {
		return nil
	}
	b := p.blobs[w.rng.IntN(len(p.blobs))]
	for _, other := range p.blobs {
		if !other.certified && !w.one(3) {
			b = other
		}
	}
	confirmation := attest.Confirmation{Epoch: w.number, Blob: b.id}
	if b.deletable {
		confirmation.Object = (*blob.ObjectID)(&b.object)
	}
	c, quorum, _ := w.certificate(confirmation.Message())
	list := []blobv1.PooledCertification{{BlobId: b.id[:], Certificate: c}}
	ended := p.end <= uint32(w.number)
	var rules []string
	switch {
	case ended && p.bucket != nil:
		rules = []string{bucketOver}
	case !quorum:
		rules = []string{"bls_aggregate::ENotEnoughStake"}
	case ended:
		rules = []string{"storage_pool::EResourceBounds"}
	case b.certified:
		rules = []string{"storage_pool::EAlreadyCertified"}
	}
	o := w.onPool(p, &blobv1.MsgCertifyPooledBlobs{Owner: w.address(p.owner), PoolId: p.id[:], Blobs: list}, rules)
	if p.bucket != nil {
		o.sender = w.anyone()
		o.message = &blobv1.MsgCertifyBucketBlobs{Sender: w.address(o.sender), BucketId: p.bucket, Blobs: list}
	}
	o.then = func([]byte) error {
		b.certified = true
		return nil
	}
	return o
}

// some draws blobs of a pool, sometimes one that it does not have.
func (w *walk) some(p *walkPool, fits func(*walkPooled) bool) (ids [][]byte, missing bool) {
	for _, b := range p.blobs {
		if len(ids) < 5 && (fits(b) || w.one(20)) {
			ids = append(ids, b.id[:])
		}
	}
	if len(ids) == 0 || w.one(15) {
		ids, missing = append(ids, make([]byte, 32)), true
	}
	return ids, missing
}

// taken is what comes of removing blobs.
func (p *walkPool) taken(ids [][]byte) func([]byte) error {
	return func(response []byte) error {
		var out blobv1.MsgDeletePooledBlobsResponse // all that remove have the same fields
		err := out.Unmarshal(response)
		for _, id := range ids {
			b := p.blob(id)
			p.used -= b.encoded
			p.blobs = slices.DeleteFunc(p.blobs, func(o *walkPooled) bool { return o == b })
		}
		if out.Used != p.used {
			return fmt.Errorf("%d bytes are used, of %d", out.Used, p.used)
		}
		return err
	}
}

func (w *walk) deletePooled() *operation {
	p, found := w.freePool(func(p *walkPool) bool { return w.live(p) && (len(p.blobs) > 0 || w.one(10)) })
	if !found {
		return nil
	}
	ids, missing := w.some(p, func(b *walkPooled) bool { return b.deletable })
	rules := w.over(p)
	for _, id := range ids {
		if b := p.blob(id); len(rules) == 0 && b != nil && !b.deletable {
			rules = []string{"storage_pool::EBlobNotDeletable"}
		}
	}
	if len(rules) == 0 && missing { // the last one
		rules = []string{"dynamic_field::EFieldDoesNotExist"}
	}
	var m proto.Message = &blobv1.MsgDeletePooledBlobs{Owner: w.address(p.owner), PoolId: p.id[:], BlobIds: ids}
	if p.bucket != nil {
		m = &blobv1.MsgDeleteBucketBlobs{Owner: w.address(p.owner), BucketId: p.bucket, CapId: p.cap, BlobIds: ids}
	}
	o := w.onPool(p, m, rules)
	o.then = p.taken(ids)
	return o
}

func (w *walk) burnPooled() *operation {
	p, found := w.freePool(func(p *walkPool) bool {
		return noBucket(p) && (p.end <= uint32(w.number) && len(p.blobs) > 0 || w.one(20))
	})
	if !found {
		return nil
	}
	ids, missing := w.some(p, func(*walkPooled) bool { return true })
	var rules []string
	switch {
	case p.end > uint32(w.number):
		rules = []string{poolOver}
	case missing:
		rules = []string{"dynamic_field::EFieldDoesNotExist"}
	}
	o := w.onPool(p, &blobv1.MsgBurnExpiredPooledBlobs{Owner: w.address(p.owner), PoolId: p.id[:], BlobIds: ids}, rules)
	o.then = p.taken(ids)
	return o
}

func (w *walk) extendPool() *operation {
	p, found := w.freePool(w.live)
	if !found {
		return nil
	}
	by := w.rng.Uint32N(10)
	var m proto.Message = &blobv1.MsgExtendStoragePool{Owner: w.address(p.owner), PoolId: p.id[:], Epochs: by}
	if p.bucket != nil {
		m = &blobv1.MsgExtendBlobBucket{Owner: w.address(p.owner), BucketId: p.bucket, CapId: p.cap, Epochs: by}
	}
	o := w.onPool(p, m, w.over(p))
	if !o.must {
		o.may = soldOut
	}
	o.then = func(response []byte) error {
		var out blobv1.MsgExtendStoragePoolResponse // that of buckets has the same fields
		err := out.Unmarshal(response)
		if by == 0 || out.EndEpoch != p.end+by {
			return fmt.Errorf("%d epochs more end in %d", by, out.EndEpoch)
		}
		p.end = out.EndEpoch
		return err
	}
	return o
}

func (w *walk) growPool() *operation {
	p, found := w.freePool(w.live)
	if !found {
		return nil
	}
	by := w.size()
	var m proto.Message = &blobv1.MsgIncreaseStoragePool{Owner: w.address(p.owner), PoolId: p.id[:], Size_: by}
	if p.bucket != nil {
		m = &blobv1.MsgIncreaseBlobBucket{Owner: w.address(p.owner), BucketId: p.bucket, CapId: p.cap, Size_: by}
	}
	rules := w.over(p)
	if by == 0 && (len(rules) == 0 || p.bucket == nil) {
		rules = []string{"system_state_inner::EInvalidResourceSize"}
	}
	o := w.onPool(p, m, rules)
	if !o.must {
		o.may = soldOut
	}
	o.then = func(response []byte) error {
		var out blobv1.MsgIncreaseStoragePoolResponse // that of buckets has the same fields
		err := out.Unmarshal(response)
		return p.resize(p.size+by, out.Size_, err)
	}
	return o
}

// resize notes a new size, which must be what was to be expected.
func (p *walkPool) resize(want, got uint64, err error) error {
	if got != want {
		return fmt.Errorf("I-16: %d bytes instead of %d", got, want)
	}
	p.size = got
	return err
}

// growPoolWith adds a resource to a pool: one that fits if there is any.
func (w *walk) growPoolWith() *operation {
	p, found := w.freePool(func(p *walkPool) bool { return noBucket(p) && w.live(p) })
	if !found {
		return nil
	}
	var s *walkStorage
	for _, one := range w.storages.items {
		if one.owner == p.owner && !one.busy && (s == nil || one.end == p.end && s.end != p.end) {
			s = one
		}
	}
	if s == nil || s.end != p.end && !w.one(5) {
		return nil
	}
	rules := w.over(p)
	switch {
	case len(rules) > 0:
	case s.start > uint32(w.number):
		rules = []string{"storage_pool::EResourceBounds"}
	case s.end != p.end:
		rules = []string{"storage_pool::EIncompatibleEndEpoch"}
	}
	o := w.onPool(p, &blobv1.MsgIncreaseStoragePoolWithStorage{Owner: w.address(p.owner), PoolId: p.id[:], StorageId: s.id[:]}, rules)
	o.then = func(response []byte) error {
		var out blobv1.MsgIncreaseStoragePoolWithStorageResponse
		err := out.Unmarshal(response)
		w.dropStorage(s)
		return p.resize(p.size+s.size, out.Size_, err)
	}
	return o.lock(&s.busy)
}

// shrinkPool takes out bytes, or a percentage of what is free.
func (w *walk) shrinkPool() *operation {
	p, found := w.freePool(func(p *walkPool) bool { return noBucket(p) && w.live(p) })
	if !found || len(w.storages.items) >= maxWalkStorages {
		return nil
	}
	free := p.size - p.used
	by := w.rng.Uint64N(free + free/8 + 1)
	rules := w.over(p)
	o := w.onPool(p, &blobv1.MsgDecreaseStoragePool{Owner: w.address(p.owner), PoolId: p.id[:], Size_: by}, rules)
	if w.one(2) {
		percent := w.rng.Uint32N(110)
		by = free/100*uint64(percent) + free%100*uint64(percent)/100
		o.message = &blobv1.MsgDecreaseStoragePoolByPercent{Owner: w.address(p.owner), PoolId: p.id[:], Percent: percent}
		if percent > 100 && len(rules) == 0 {
			rules = []string{"storage_pool::EInvalidPercent"}
		}
	}
	switch {
	case len(rules) > 0:
	case by == 0:
		rules = []string{"system::EZeroExtractSize"}
	case by > free:
		rules = []string{"storage_pool::EInsufficientCapacity"}
	}
	o.must, o.may = len(rules) > 0, rules
	o.then = func(response []byte) error {
		var out blobv1.MsgDecreaseStoragePoolResponse // that by percent has the same fields
		err := out.Unmarshal(response)
		if s := &out.Storage; s.StartEpoch != p.start || s.EndEpoch != p.end || s.Size_ != by {
			return fmt.Errorf("I-16: %+v of %d bytes of %+v", s, by, p)
		}
		p.size -= by
		w.putStorage(p.owner, &out.Storage)
		return err
	}
	return o
}

func (w *walk) destroyPool() *operation {
	p, found := w.freePool(func(p *walkPool) bool {
		return noBucket(p) && (len(p.blobs) == 0 && p.end <= uint32(w.number) || w.one(10))
	})
	if !found {
		return nil
	}
	var rules []string
	if len(p.blobs) > 0 {
		rules = []string{"storage_pool::EPoolNotEmpty"}
	}
	o := w.onPool(p, &blobv1.MsgDestroyStoragePool{Owner: w.address(p.owner), PoolId: p.id[:]}, rules)
	o.then = func(response []byte) error {
		var out blobv1.MsgDestroyStoragePoolResponse
		err := out.Unmarshal(response)
		if s := &out.Storage; s.StartEpoch != p.start || s.EndEpoch != p.end || s.Size_ != p.size {
			return fmt.Errorf("I-16: %+v of %+v", s, p)
		}
		w.pools.drop(func(o *walkPool) bool { return o == p })
		w.putStorage(p.owner, &out.Storage)
		return err
	}
	return o
}

// transferPool gives away a pool, or the capability of a bucket.
func (w *walk) transferPool() *operation {
	p, found := w.freePool(w.live)
	if !found {
		return nil
	}
	id, to := p.id[:], w.anyone()
	if p.bucket != nil {
		id = p.cap
	}
	o := w.onPool(p, &blobv1.MsgTransfer{Owner: w.address(p.owner), ObjectId: id, Recipient: w.address(to)}, nil)
	o.then = func([]byte) error {
		p.owner = to
		return nil
	}
	return o
}

func (w *walk) setPooledAttributes() *operation {
	p, found := w.freePool(func(p *walkPool) bool { return noBucket(p) && len(p.blobs) > 0 })
	if !found {
		return nil
	}
	b := p.blobs[w.rng.IntN(len(p.blobs))]
	name := fmt.Sprintf("name %d", w.rng.IntN(3))
	has := slices.Contains(b.names, name)
	names := slices.DeleteFunc(slices.Clone(b.names), func(n string) bool { return n == name })
	m := &blobv1.MsgSetPooledAttributes{Owner: w.address(p.owner), PoolId: p.id[:], BlobId: b.id[:]}
	var rules []string
	if w.one(3) {
		m.Remove = []string{name}
		if !has {
			rules = []string{"vec_map::EKeyDoesNotExist", "storage_pool::EMissingMetadata"}
		}
	} else {
		m.Set = []blobv1.Attribute{{Key: name, Value: fmt.Sprint(w.done)}}
		names = append(names, name)
	}
	o := w.onPool(p, m, rules)
	o.then = func([]byte) error {
		b.names = names
		return nil
	}
	return o
}

// intrudePool tries to use the pool, or the bucket, of somebody else.
func (w *walk) intrudePool() *operation {
	p, found := w.freePool(w.live)
	if !found {
		return nil
	}
	sender := w.other(p.owner)
	me := w.address(sender)
	messages := []proto.Message{
		&blobv1.MsgDecreaseStoragePool{Owner: me, PoolId: p.id[:], Size_: 1},
		&blobv1.MsgDestroyStoragePool{Owner: me, PoolId: p.id[:]},
		&blobv1.MsgTransfer{Owner: me, ObjectId: p.id[:], Recipient: me},
		&blobv1.MsgExtendStoragePool{Owner: me, PoolId: p.id[:], Epochs: 1},
	}
	if p.bucket != nil {
		messages = append(messages,
			&blobv1.MsgTransfer{Owner: me, ObjectId: p.cap, Recipient: me},
			&blobv1.MsgIncreaseBlobBucket{Owner: me, BucketId: p.bucket, CapId: p.cap, Size_: 1})
	}
	o := w.onPool(p, messages[w.rng.IntN(len(messages))], []string{notOwner})
	o.sender = sender
	return o
}

// countPools holds all pools and their blobs against what the walk knows.
func (w *walk) countPools(a *chain.Audit) error {
	pools := map[[32]byte]*walkPool{}
	for _, p := range slices.Concat(w.pools.items, w.oldPools) {
		pools[p.id] = p
	}
	blobs, pooled, found := 0, 0, 0
	if err := a.EachPool(func(r blobv1.StoragePool) error {
		p := pools[[32]byte(r.Id)]
		if p == nil || r.Storage.StartEpoch != p.start || r.Storage.EndEpoch != p.end || r.Storage.Size_ != p.size ||
			r.Used != p.used || r.Blobs != uint64(len(p.blobs)) || r.Used > r.Storage.Size_ {
			return fmt.Errorf("I-16: pool %+v is known as %+v", r, p)
		}
		found++
		pooled += len(p.blobs)
		return nil
	}); err != nil {
		return err
	}
	if err := a.EachPooled(func(r blobv1.PooledBlob) error {
		blobs++
		p := pools[[32]byte(r.PoolId)]
		if p == nil {
			return fmt.Errorf("blob %+v of no pool", r)
		}
		if b := p.blob(r.BlobId); b == nil || string(b.object[:]) != string(r.Id) || b.certified != (r.CertifiedEpoch != 0) {
			return fmt.Errorf("pooled blob %+v is known as %+v", r, b)
		}
		return nil
	}); err != nil {
		return err
	}
	if found != len(pools) || blobs != pooled {
		return fmt.Errorf("%d pools of %d, %d blobs of %d", found, len(pools), blobs, pooled)
	}
	return nil
}
