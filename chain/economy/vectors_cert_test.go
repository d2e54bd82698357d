package economy_test

import (
	"encoding/binary"
	"encoding/json"
	"fmt"
	"slices"
	"testing"

	"github.com/walrus-go/walrus/attest"
	"github.com/walrus-go/walrus/blob"
	"github.com/walrus-go/walrus/bls"
	"github.com/walrus-go/walrus/chain/economy/cert"
	"github.com/walrus-go/walrus/chain/economy/storage"
	"github.com/walrus-go/walrus/committee"
)

// testCommittee makes a committee of members with the given weights and keys.
func testCommittee(t *testing.T, e committee.Epoch, ids []committee.NodeID, weights []uint16, keys []bls.PublicKey) *committee.Committee {
	t.Helper()
	next := committee.Shard(0)
	list := make([]committee.Member, len(weights))
	for i, w := range weights {
		list[i] = committee.Member{ID: ids[i], Key: keys[i]}
		for range w {
			list[i].Shards = append(list[i].Shards, next)
			next++
		}
	}
	c, err := committee.New(e, int(next), list)
	if err != nil {
		t.Fatal(err)
	}
	return c
}

func required(t *testing.T, c *committee.Committee, name string) int {
	t.Helper()
	switch name {
	case "quorum":
		return c.Quorum()
	case "one_correct":
		return c.Validity()
	}
	t.Fatalf("unknown requirement %q", name)
	return 0
}

func testBitmap(t *testing.T, entries json.RawMessage) {
	each(t, entries, func(t *testing.T, v struct {
		Weights  []uint16
		Bitmap   octets
		Required string
		Signers  []int
		Weight   int
		Error    string
	}) {
		ids := make([]committee.NodeID, len(v.Weights))
		keys := make([]bls.PublicKey, len(v.Weights))
		secrets := make([]*bls.PrivateKey, len(v.Weights))
		for i := range ids {
			binary.BigEndian.PutUint32(ids[i][:], uint32(i))
			secret := make([]byte, bls.PrivateKeySize)
			binary.BigEndian.PutUint32(secret[len(secret)-4:], uint32(i+1))
			k, err := bls.ParsePrivateKey(secret)
			if err != nil {
				t.Fatal(err)
			}
			secrets[i], keys[i] = k, k.Public()
		}
		c := testCommittee(t, 1, ids, v.Weights, keys)
		message := attest.InvalidBlob(1, blob.ID{7})
		signers := attest.Signers(v.Bitmap)
		var sigs []bls.Signature
		var found []int
		weight := 0
		for i, k := range secrets {
			if signers.Has(i) {
				sigs = append(sigs, k.Sign(message))
				found = append(found, i)
				weight += int(v.Weights[i])
			}
		}
		a := attest.Certificate{Message: message, Signers: signers}
		if len(sigs) > 0 {
			sum, err := bls.AggregateSignatures(sigs)
			if err != nil {
				t.Fatal(err)
			}
			a.Signature = sum.Bytes()
		}
		if wantError(t, cert.Verify(a, c, required(t, c, v.Required)), v.Error) {
			return
		}
		equalSlices(t, "signers", found, v.Signers)
		equal(t, "weight", weight, v.Weight)
	})
}

type messageFields struct {
	Sender   id
	Key      octets `json:"bls_key"`
	BlobID   id     `json:"blob_id"`
	ObjectID id     `json:"object_id"`
	NodeID   id     `json:"node_id"`
	Sequence number
	Size     number
	Root     id
	Start    committee.Epoch `json:"start_epoch"`
	Version  number          `json:"protocol_version"`
}

// encode returns the message of a kind with the given fields.
func (f messageFields) encode(kind string, e committee.Epoch) ([]byte, error) {
	switch kind {
	case "proof_of_possession":
		return f.possession(e), nil
	case "blob_cert_permanent":
		return attest.Confirmation{Epoch: e, Blob: blob.ID(f.BlobID)}.Message(), nil
	case "blob_cert_deletable":
		object := blob.ObjectID(f.ObjectID)
		return attest.Confirmation{Epoch: e, Blob: blob.ID(f.BlobID), Object: &object}.Message(), nil
	case "invalid_blob_id":
		return attest.InvalidBlob(e, blob.ID(f.BlobID)), nil
	case "deny_list_update":
		list := storage.DenyList{Root: f.Root, Sequence: uint64(f.Sequence), Size: uint64(f.Size)}
		return cert.DenyListUpdate{Node: committee.NodeID(f.NodeID), List: list}.Message(e), nil
	case "deny_list_blob_deleted":
		return cert.DenyListDeletedMessage(e, blob.ID(f.BlobID)), nil
	case "protocol_version":
		return cert.ProtocolVersion{Start: f.Start, Version: uint64(f.Version)}.Message(e), nil
	}
	return nil, fmt.Errorf("unknown kind %q", kind)
}

// possession returns the message about a key. What stands in the message need not be a key.
func (f messageFields) possession(e committee.Epoch) []byte {
	key, err := bls.ParsePublicKey(f.Key)
	m := attest.Possession(e, f.Sender, key)
	if err != nil {
		m = append(m[:len(m)-bls.PublicKeySize], f.Key...)
	}
	return m
}

func testMessages(t *testing.T, entries json.RawMessage) {
	each(t, entries, func(t *testing.T, v struct {
		Kind   string
		Epoch  committee.Epoch
		Fields messageFields
		Bytes  octets
	}) {
		got, err := v.Fields.encode(v.Kind, v.Epoch)
		if err != nil {
			t.Fatal(err)
		}
		if !slices.Equal(got, v.Bytes) {
			t.Errorf("%s: got %x, want %x", v.Kind, got, v.Bytes)
		}
	})
}

type certificateCase struct {
	Name      string
	ParseAs   string `json:"parse_as"`
	Required  string
	Message   octets
	Bitmap    octets
	Signature octets
	Weight    int
	Error     string
}

func testCertificates(t *testing.T, entries json.RawMessage) {
	each(t, entries, func(t *testing.T, v struct {
		Epoch   committee.Epoch
		Members []struct {
			ID     id `json:"node_id"`
			Weight uint16
			Key    octets `json:"public_key"`
			Secret octets `json:"secret_key_test_only"`
		}
		BlobID   id `json:"blob_id"`
		ObjectID id `json:"object_id"`
		Cases    []certificateCase
	}) {
		var ids []committee.NodeID
		var weights []uint16
		var keys []bls.PublicKey
		for _, m := range v.Members {
			key, err := bls.ParsePublicKey(m.Key)
			if err != nil {
				t.Fatal(err)
			}
			secret, err := bls.ParsePrivateKey(m.Secret)
			if err != nil {
				t.Fatal(err)
			}
			equal(t, "public key", secret.Public(), key)
			ids, weights, keys = append(ids, committee.NodeID(m.ID)), append(weights, m.Weight), append(keys, key)
		}
		c := testCommittee(t, v.Epoch, ids, weights, keys)
		for _, tc := range v.Cases {
			t.Run(tc.Name, func(t *testing.T) {
				testCertificate(t, c, tc, blob.ID(v.BlobID), blob.ObjectID(v.ObjectID))
			})
		}
	})
}

func testCertificate(t *testing.T, c *committee.Committee, tc certificateCase, wantID blob.ID, object blob.ObjectID) {
	a := attest.Certificate{Message: tc.Message, Signers: attest.Signers(tc.Bitmap), Signature: tc.Signature}
	got, err := verifyAs(t, tc.ParseAs, a, c, wantID, object)
	if tc.Required != requirements[tc.ParseAs] {
		// The kind's own function asks for another weight: take it apart.
		if err = cert.Verify(a, c, required(t, c, tc.Required)); err == nil {
			got, err = parseAs(t, tc.ParseAs, tc.Message, wantID, object)
		}
	}
	if wantError(t, err, tc.Error) {
		return
	}
	equal(t, "blob ID", got, wantID)
	weight := 0
	for i, m := range c.Members() {
		if a.Signers.Has(i) {
			weight += m.Weight()
		}
	}
	equal(t, "weight", weight, tc.Weight)
	equal(t, "enough", weight >= required(t, c, tc.Required), true)
}

// requirements is the support that each kind of certificate needs. Source: spec: control-plane.md section 4.3.
var requirements = map[string]string{
	"blob_cert": "quorum", "invalid_blob_id": "one_correct", "deny_list_update": "quorum",
	"deny_list_blob_deleted": "one_correct", "protocol_version": "quorum",
}

// verifyAs verifies and reads a certificate of a kind and returns the blob ID it names, or wantID if the kind
// names none.
func verifyAs(t *testing.T, kind string, a attest.Certificate, c *committee.Committee, wantID blob.ID, object blob.ObjectID) (blob.ID, error) {
	t.Helper()
	switch kind {
	case "blob_cert":
		content, err := cert.Blob(a, c)
		if content.Deletable {
			equal(t, "object", content.Object, object)
		}
		return content.ID, err
	case "invalid_blob_id":
		return cert.InvalidBlob(a, c)
	case "deny_list_blob_deleted":
		return cert.DenyListDeleted(a, c)
	case "deny_list_update":
		_, err := cert.DenyList(a, c)
		return wantID, err
	case "protocol_version":
		_, err := cert.Protocol(a, c)
		return wantID, err
	}
	t.Fatalf("unknown parse_as %q", kind)
	return blob.ID{}, nil
}

// parseAs is verifyAs for a message that has been verified.
func parseAs(t *testing.T, kind string, message []byte, wantID blob.ID, object blob.ObjectID) (blob.ID, error) {
	t.Helper()
	switch kind {
	case "blob_cert":
		content, err := cert.ParseBlob(message)
		if content.Deletable {
			equal(t, "object", content.Object, object)
		}
		return content.ID, err
	case "invalid_blob_id":
		return cert.ParseInvalidBlob(message)
	case "deny_list_blob_deleted":
		return cert.ParseDenyListDeleted(message)
	case "deny_list_update":
		_, err := cert.ParseDenyList(message)
		return wantID, err
	}
	_, err := cert.ParseProtocol(message)
	return wantID, err
}

func testPossession(t *testing.T, entries json.RawMessage) {
	each(t, entries, func(t *testing.T, v struct {
		Epoch     committee.Epoch
		Sender    id
		Key       octets `json:"public_key"`
		Signature octets
		Message   octets `json:"signed_message"`
		Valid     bool
		Error     string
	}) {
		key, err := cert.CheckPossession(v.Epoch, v.Sender, v.Key, v.Signature)
		if wantError(t, err, v.Error) {
			return
		}
		equal(t, "valid", true, v.Valid)
		if got := attest.Possession(v.Epoch, v.Sender, key); !slices.Equal(got, v.Message) {
			t.Errorf("message: got %x, want %x", got, v.Message)
		}
	})
}
