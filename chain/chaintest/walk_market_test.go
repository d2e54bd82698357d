package chaintest_test

import (
	"crypto/sha256"
	"encoding/binary"
	"fmt"
	"math/big"

	"github.com/cosmos/gogoproto/proto"
	"golang.org/x/crypto/blake2b"

	blobv1 "github.com/walrus-go/walrus/api/blob/v1"
	"github.com/walrus-go/walrus/attest"
	"github.com/walrus-go/walrus/blob"
	"github.com/walrus-go/walrus/bls"
	"github.com/walrus-go/walrus/committee"
)

// What there is of blobs and storage resources at a time, at most.
const (
	maxWalkBlobs    = 400
	maxWalkStorages = 200
)

// A walkStorage is a storage resource that somebody owns.
type walkStorage struct {
	id         [32]byte
	owner      int
	start, end uint32
	size       uint64
	busy       bool
}

// A walkBlob is a registration of a blob.
type walkBlob struct {
	id        [32]byte
	blobID    blob.ID
	owner     int
	end       uint32
	storage   uint64 // bytes
	deletable bool
	certified bool
	names     []string // of attributes
	busy      bool
}

func (w *walk) putStorage(owner int, s *blobv1.Storage) {
	w.storages.put(&walkStorage{id: [32]byte(s.Id), owner: owner, start: s.StartEpoch, end: s.EndEpoch, size: s.Size_})
}

func (w *walk) dropStorage(s *walkStorage) {
	w.storages.drop(func(o *walkStorage) bool { return o == s })
}

func (w *walk) dropBlob(b *walkBlob) { w.blobs.drop(func(o *walkBlob) bool { return o == b }) }

func (w *walk) freeStorage(fits func(*walkStorage) bool) (*walkStorage, bool) {
	return w.storages.draw(w.rng, func(s *walkStorage) bool { return !s.busy && fits(s) })
}

func (w *walk) freeBlob(fits func(*walkBlob) bool) (*walkBlob, bool) {
	return w.blobs.draw(w.rng, func(b *walkBlob) bool { return !b.busy && fits(b) })
}

func anyStorage(*walkStorage) bool { return true }

func anyBlob(*walkBlob) bool { return true }

// size is that of a resource, sometimes none.
func (w *walk) size() uint64 { return w.rng.Uint64N(4) * w.rng.Uint64N(1<<32) }

var soldOut = []string{"system_state_inner::EStorageExceeded", "system_state_inner::EInvalidEpochsAhead", "balance::ENotEnough", "arith::EOverflow"}

func (w *walk) reserve() *operation {
	if len(w.storages.items) >= maxWalkStorages {
		return nil
	}
	owner, size := w.anyone(), w.size()
	return &operation{
		sender:  owner,
		message: &blobv1.MsgReserveSpace{Owner: w.address(owner), Size_: size, EpochsAhead: w.rng.Uint32N(56)},
		may:     append([]string{"system_state_inner::EInvalidResourceSize"}, soldOut...),
		then: func(response []byte) error {
			var out blobv1.MsgReserveSpaceResponse
			err := out.Unmarshal(response)
			w.putStorage(owner, &out.Storage)
			return err
		},
	}
}

func (w *walk) reserveForEpochs() *operation {
	if len(w.storages.items) >= maxWalkStorages {
		return nil
	}
	owner, now := w.anyone(), uint32(w.number)
	return &operation{
		sender: owner, message: &blobv1.MsgReserveSpaceForEpochs{
			Owner: w.address(owner), Size_: w.size(), StartEpoch: now + w.rng.Uint32N(8), EndEpoch: now + w.rng.Uint32N(58),
		},
		may: append([]string{"system_state_inner::EInvalidResourceSize"}, soldOut...),
		then: func(response []byte) error {
			var out blobv1.MsgReserveSpaceForEpochsResponse
			err := out.Unmarshal(response)
			w.putStorage(owner, &out.Storage)
			return err
		},
	}
}

// splitByEpoch and splitBySize keep bytes times epochs: invariant I-16.
func (w *walk) splitByEpoch() *operation {
	s, found := w.freeStorage(anyStorage)
	if !found || len(w.storages.items) >= maxWalkStorages {
		return nil
	}
	at := s.start + w.rng.Uint32N(s.end-s.start+1)
	o := &operation{
		sender: s.owner, message: &blobv1.MsgSplitStorageByEpoch{Owner: w.address(s.owner), StorageId: s.id[:], Epoch: at},
		must: at == s.start || at == s.end,
		then: func(response []byte) error {
			var out blobv1.MsgSplitStorageByEpochResponse
			err := out.Unmarshal(response)
			if p := out.Storage; p.StartEpoch != at || p.EndEpoch != s.end || p.Size_ != s.size {
				return fmt.Errorf("I-16: %+v of %+v", p, s)
			}
			s.end = at
			w.putStorage(s.owner, &out.Storage)
			return err
		},
	}
	if o.must {
		o.may = []string{"storage_resource::EInvalidEpoch"}
	}
	return o.lock(&s.busy)
}

func (w *walk) splitBySize() *operation {
	s, found := w.freeStorage(anyStorage)
	if !found || len(w.storages.items) >= maxWalkStorages {
		return nil
	}
	keep := w.rng.Uint64N(s.size + s.size/8 + 1)
	o := &operation{
		sender: s.owner, message: &blobv1.MsgSplitStorageBySize{Owner: w.address(s.owner), StorageId: s.id[:], Size_: keep},
		must: keep > s.size,
		then: func(response []byte) error {
			var out blobv1.MsgSplitStorageBySizeResponse
			err := out.Unmarshal(response)
			if p := out.Storage; p.StartEpoch != s.start || p.EndEpoch != s.end || p.Size_ != s.size-keep {
				return fmt.Errorf("I-16: %+v of %+v", p, s)
			}
			s.size = keep
			w.putStorage(s.owner, &out.Storage)
			return err
		},
	}
	if o.must {
		o.may = []string{"storage_resource::EIncompatibleAmount"}
	}
	return o.lock(&s.busy)
}

func (w *walk) fuse() *operation {
	s, found := w.freeStorage(anyStorage)
	if !found {
		return nil
	}
	matches := func(o *walkStorage) bool {
		return s.size == o.size && (s.end == o.start || o.end == s.start) || s.start == o.start && s.end == o.end
	}
	var other *walkStorage
	for _, o := range w.storages.items {
		if o != s && o.owner == s.owner && !o.busy && (matches(o) || w.one(50)) {
			other = o
			break
		}
	}
	if other == nil {
		return nil
	}
	o := &operation{
		sender: s.owner, message: &blobv1.MsgFuseStorage{Owner: w.address(s.owner), StorageId: s.id[:], OtherId: other.id[:]},
		then: func(response []byte) error {
			var out blobv1.MsgFuseStorageResponse
			err := out.Unmarshal(response)
			area := func(start, end uint32, size uint64) *big.Int {
				return new(big.Int).Mul(new(big.Int).SetUint64(size), big.NewInt(int64(end)-int64(start)))
			}
			sum := area(s.start, s.end, s.size)
			sum.Add(sum, area(other.start, other.end, other.size))
			if area(out.Storage.StartEpoch, out.Storage.EndEpoch, out.Storage.Size_).Cmp(sum) != 0 {
				return fmt.Errorf("I-16: %+v of %+v and %+v", out.Storage, s, other)
			}
			s.start, s.end, s.size = out.Storage.StartEpoch, out.Storage.EndEpoch, out.Storage.Size_
			w.dropStorage(other)
			return err
		},
	}
	if !matches(other) {
		o.must, o.may = true, []string{"storage_resource::EIncompatibleAmount", "storage_resource::EIncompatibleEpochs"}
	}
	return o.lock(&s.busy).lock(&other.busy)
}

func (w *walk) destroyStorage() *operation {
	s, found := w.freeStorage(func(s *walkStorage) bool { return w.one(4) || s.end <= uint32(w.number) })
	if !found {
		return nil
	}
	o := &operation{
		sender: s.owner, message: &blobv1.MsgDestroyStorage{Owner: w.address(s.owner), StorageId: s.id[:]},
		then: func([]byte) error {
			w.dropStorage(s)
			return nil
		},
	}
	return o.lock(&s.busy)
}

func (w *walk) transferObject() *operation {
	to := w.anyone()
	if s, found := w.freeStorage(anyStorage); found && w.one(2) {
		o := &operation{
			sender: s.owner, message: &blobv1.MsgTransfer{Owner: w.address(s.owner), ObjectId: s.id[:], Recipient: w.address(to)},
			then: func([]byte) error {
				s.owner = to
				return nil
			},
		}
		return o.lock(&s.busy)
	}
	b, found := w.freeBlob(anyBlob)
	if !found {
		return nil
	}
	o := &operation{
		sender: b.owner, message: &blobv1.MsgTransfer{Owner: w.address(b.owner), ObjectId: b.id[:], Recipient: w.address(to)},
		then: func([]byte) error {
			b.owner = to
			return nil
		},
	}
	return o.lock(&b.busy)
}

// registration makes up a blob.
func (w *walk) registration() blobv1.Registration {
	size := w.rng.Uint64N(1 << (10 + w.rng.IntN(19)))
	root := sha256.Sum256(binary.BigEndian.AppendUint64([]byte("root"), w.rng.Uint64()))
	id := blake2b.Sum256(append(binary.LittleEndian.AppendUint64([]byte{1}, size), root[:]...))
	return blobv1.Registration{BlobId: id[:], RootHash: root[:], Size_: size, EncodingType: 1, Deletable: w.one(2)}
}

func (w *walk) putBlob(owner int, b *blobv1.Blob) {
	w.blobs.put(&walkBlob{
		id: [32]byte(b.Id), blobID: blob.ID(b.BlobId), owner: owner, end: b.Storage.EndEpoch, storage: b.Storage.Size_, deletable: b.Deletable,
	})
}

func (w *walk) registerBlobs() *operation {
	if len(w.blobs.items) >= maxWalkBlobs {
		return w.burnBlob()
	}
	owner := w.anyone()
	m := &blobv1.MsgRegisterBlobs{Owner: w.address(owner)}
	for range 1 + w.rng.IntN(3) {
		r := w.registration()
		r.EpochsAhead = 1 + w.rng.Uint32N(20)
		m.Blobs = append(m.Blobs, r)
	}
	may := soldOut
	if w.one(20) {
		m.Blobs[0].RootHash[0]++
		may = append([]string{"blob::EInvalidBlobId"}, soldOut...)
	}
	return &operation{sender: owner, message: m, may: may, then: func(response []byte) error {
		var out blobv1.MsgRegisterBlobsResponse
		err := out.Unmarshal(response)
		for i := range out.Blobs {
			w.putBlob(owner, &out.Blobs[i])
		}
		return err
	}}
}

func (w *walk) registerInResource() *operation {
	s, found := w.freeStorage(anyStorage)
	if !found || len(w.blobs.items) >= maxWalkBlobs {
		return nil
	}
	r := w.registration()
	r.Size_ %= 1 << 20
	id := blake2b.Sum256(append(binary.LittleEndian.AppendUint64([]byte{1}, r.Size_), r.RootHash...))
	r.BlobId, r.StorageId = id[:], s.id[:]
	o := &operation{
		sender: s.owner, message: &blobv1.MsgRegisterBlobs{Owner: w.address(s.owner), Blobs: []blobv1.Registration{r}},
		may: []string{"blob::EResourceSize", "balance::ENotEnough", "arith::EOverflow"},
		then: func(response []byte) error {
			var out blobv1.MsgRegisterBlobsResponse
			err := out.Unmarshal(response)
			w.dropStorage(s)
			w.putBlob(s.owner, &out.Blobs[0])
			return err
		},
	}
	if now := uint32(w.number); s.start > now || s.end <= now {
		o.must, o.may = true, []string{"blob::EResourceBounds"}
	}
	return o.lock(&s.busy)
}

// order is the number of elements of the group of BLS12-381.
var order, _ = new(big.Int).SetString("73eda753299d7d483339d80809a1d80553bda402fffe5bfeffffffff00000001", 16)

// certificate lets random members sign a message and tells whether they are a quorum, and more than f:
// invariant I-15 is that the chain sees it the same way. Knowing all secrets, one signature with their sum
// is that of all.
func (w *walk) certificate(message []byte) (c blobv1.Certificate, quorum, someone bool) {
	sum, weight, all := new(big.Int), 0, 0
	share := w.rng.IntN(4)
	c.Message, c.Signers = message, make([]byte, (len(w.members)+7)/8)
	for i, m := range w.members {
		all += m.weight
		if share < 3 && w.rng.IntN(3) > share {
			continue
		}
		weight += m.weight
		c.Signers[i/8] |= 1 << (i % 8)
		sum.Add(sum, new(big.Int).SetBytes(m.secret.Bytes()))
	}
	if sum.Mod(sum, order); sum.Sign() == 0 {
		sum.SetUint64(1)
	}
	secret, err := bls.ParsePrivateKey(sum.FillBytes(make([]byte, 32)))
	if err != nil {
		panic(err) // a bug of the test
	}
	c.Signature = secret.Sign(message).Bytes()
	return c, 3*weight >= 2*all+1, 3*weight >= all+1
}

func (w *walk) certify() *operation {
	b, found := w.freeBlob(func(b *walkBlob) bool { return !b.certified && b.end > uint32(w.number) || w.one(10) })
	if !found {
		return nil
	}
	confirmation := attest.Confirmation{Epoch: w.number, Blob: b.blobID}
	if b.deletable {
		confirmation.Object = (*blob.ObjectID)(&b.id)
	}
	late := w.one(20)
	if late {
		confirmation.Epoch = w.number - 1
	}
	c, quorum, _ := w.certificate(confirmation.Message())
	o := &operation{
		sender: b.owner, message: &blobv1.MsgCertifyBlobs{
			Owner: w.address(b.owner), Blobs: []blobv1.Certification{{ObjectId: b.id[:], Certificate: c}},
		},
		then: func([]byte) error {
			b.certified = true
			return nil
		},
	}
	switch {
	case !quorum:
		o.must, o.may = true, []string{"bls_aggregate::ENotEnoughStake"}
	case late:
		o.must, o.may = true, []string{"messages::EIncorrectEpoch"}
	case b.certified:
		o.must, o.may = true, []string{"blob::EAlreadyCertified"}
	case b.end <= uint32(w.number):
		o.must, o.may = true, []string{"blob::EResourceBounds"}
	}
	return o.lock(&b.busy)
}

func (w *walk) deleteBlob() *operation {
	b, found := w.freeBlob(func(b *walkBlob) bool { return b.deletable && b.end > uint32(w.number) || w.one(10) })
	if !found {
		return nil
	}
	o := &operation{
		sender: b.owner, message: &blobv1.MsgDeleteBlobs{Owner: w.address(b.owner), ObjectIds: [][]byte{b.id[:]}},
		then: func(response []byte) error {
			var out blobv1.MsgDeleteBlobsResponse
			err := out.Unmarshal(response)
			if out.Storages[0].EndEpoch != b.end || out.Storages[0].Size_ != b.storage {
				return fmt.Errorf("%+v came back of %+v", out.Storages[0], b)
			}
			w.dropBlob(b)
			w.putStorage(b.owner, &out.Storages[0])
			return err
		},
	}
	switch {
	case !b.deletable:
		o.must, o.may = true, []string{"blob::EBlobNotDeletable"}
	case b.end <= uint32(w.number):
		o.must, o.may = true, []string{"blob::EResourceBounds"}
	}
	return o.lock(&b.busy)
}

func burnMessage(owner string, b *walkBlob) proto.Message {
	return &blobv1.MsgBurnBlob{Owner: owner, ObjectId: b.id[:]}
}

func (w *walk) burnBlob() *operation {
	b, found := w.freeBlob(func(b *walkBlob) bool { return b.end <= uint32(w.number) || w.one(10) })
	if !found {
		return nil
	}
	o := &operation{sender: b.owner, message: burnMessage(w.address(b.owner), b), then: func([]byte) error {
		w.dropBlob(b)
		return nil
	}}
	return o.lock(&b.busy)
}

func (w *walk) extendBlob() *operation {
	b, found := w.freeBlob(func(b *walkBlob) bool { return b.certified && b.end > uint32(w.number) || w.one(10) })
	if !found {
		return nil
	}
	by := w.rng.Uint32N(20)
	o := &operation{
		sender: b.owner, message: &blobv1.MsgExtendBlob{Owner: w.address(b.owner), ObjectId: b.id[:], Epochs: by},
		may: soldOut,
		then: func(response []byte) error {
			var out blobv1.MsgExtendBlobResponse
			err := out.Unmarshal(response)
			if out.EndEpoch != b.end+by {
				return fmt.Errorf("%d epochs more end in %d", by, out.EndEpoch)
			}
			b.end = out.EndEpoch
			return err
		},
	}
	switch {
	case !b.certified:
		o.must, o.may = true, []string{"blob::ENotCertified"}
	case b.end <= uint32(w.number):
		o.must, o.may = true, []string{"blob::EResourceBounds"}
	}
	return o.lock(&b.busy)
}

// extendWithResource buys what fits behind a blob in one operation and uses it in another.
func (w *walk) extendWithResource() *operation {
	b, found := w.freeBlob(func(b *walkBlob) bool { return b.certified && b.end > uint32(w.number) })
	if !found {
		return nil
	}
	for _, s := range w.storages.items {
		if s.owner == b.owner && !s.busy && s.start == b.end && s.size == b.storage {
			o := &operation{
				sender: b.owner, message: &blobv1.MsgExtendBlobWithResource{Owner: w.address(b.owner), ObjectId: b.id[:], StorageId: s.id[:]},
				then: func([]byte) error {
					b.end = s.end
					w.dropStorage(s)
					return nil
				},
			}
			return o.lock(&b.busy).lock(&s.busy)
		}
	}
	if len(w.storages.items) >= maxWalkStorages {
		return nil
	}
	owner := b.owner
	return &operation{
		sender: owner, message: &blobv1.MsgReserveSpaceForEpochs{
			Owner: w.address(owner), Size_: b.storage, StartEpoch: b.end, EndEpoch: b.end + 1 + w.rng.Uint32N(3),
		},
		may: soldOut,
		then: func(response []byte) error {
			var out blobv1.MsgReserveSpaceForEpochsResponse
			err := out.Unmarshal(response)
			w.putStorage(owner, &out.Storage)
			return err
		},
	}
}

func (w *walk) setAttributes() *operation {
	b, found := w.freeBlob(anyBlob)
	if !found {
		return nil
	}
	m := &blobv1.MsgSetAttributes{Owner: w.address(b.owner), ObjectId: b.id[:]}
	name := fmt.Sprintf("name %d", w.rng.IntN(5))
	has := false
	for _, n := range b.names {
		has = has || n == name
	}
	names := append([]string(nil), b.names...)
	o := &operation{sender: b.owner, message: m, then: func([]byte) error {
		b.names = names
		return nil
	}}
	if w.one(3) {
		m.Remove = []string{name}
		o.must = !has
		if o.must {
			o.may = []string{"vec_map::EKeyDoesNotExist", "blob::EMissingMetadata"}
		}
		kept := names[:0]
		for _, n := range names {
			if n != name {
				kept = append(kept, n)
			}
		}
		names = kept
		return o.lock(&b.busy)
	}
	m.Set = []blobv1.Attribute{{Key: name, Value: fmt.Sprint(w.done)}}
	if !has {
		names = append(names, name)
	}
	return o.lock(&b.busy)
}

func (w *walk) invalidate() *operation {
	sender := w.anyone()
	c, _, someone := w.certificate(attest.InvalidBlob(w.number, sha256.Sum256(fmt.Append(nil, w.done))))
	o := &operation{sender: sender, message: &blobv1.MsgInvalidateBlobID{Sender: w.address(sender), Certificate: c}}
	if !someone {
		o.must, o.may = true, []string{"bls_aggregate::ENotEnoughStake"}
	}
	return o
}

// A walkMember is a member of the current committee with the secret of the key that it has there.
type walkMember struct {
	id     committee.NodeID
	weight int
	secret *bls.PrivateKey
}
