package bls

import (
	"crypto/sha256"
	"encoding/binary"
	"math/big"
	"runtime"
	"sync"

	"github.com/consensys/gnark-crypto/ecc"
	bls12381 "github.com/consensys/gnark-crypto/ecc/bls12-381"
	"github.com/consensys/gnark-crypto/ecc/bls12-381/fr"
)

// A Signed is a message with a key's signature of it, to be verified.
type Signed struct {
	Key       PublicKey
	Message   []byte
	Signature Signature
}

// batchDST separates the hashes that coefficients come from.
const batchDST = "walrus bls batch verification"

// VerifyBatch checks that every signature is its key's of its message, for less than checking each
// costs if keys repeat: three quarters with ten signatures, half with a hundred. Hashing the messages, which
// is most of the rest, is spread over the processors. It tells only whether all verify; which do not is for
// [PublicKey.Verify] to find out.
//
// Each equation is multiplied by a coefficient of 128 bits before they are added up, so that errors do not
// cancel out. The coefficients come from a hash of everything that is verified: the answer is a function of
// the input alone, and whoever wants a false one has to try 2^128 inputs. Equations of equal keys share a
// pairing. Errors: [ErrVerify].
func VerifyBatch(list []Signed) error {
	if len(list) == 0 {
		return nil
	}
	for i := range list {
		if list[i].Key.IsZero() || list[i].Signature == (Signature{}) {
			return ErrVerify
		}
	}
	coefficients := batchCoefficients(list)
	sigs := make([]bls12381.G2Affine, len(list))
	var order []PublicKey // keys as they come up
	of := map[PublicKey][]int{}
	for i, s := range list {
		sigs[i] = s.Signature.point
		if of[s.Key] == nil {
			order = append(order, s.Key)
		}
		of[s.Key] = append(of[s.Key], i)
	}
	_, _, g1, _ := bls12381.Generators()
	left, right := make([]bls12381.G1Affine, 1, len(order)+1), make([]bls12381.G2Affine, 1, len(order)+1)
	left[0].Neg(&g1)
	if !combine(&right[0], sigs, coefficients) {
		return ErrVerify
	}
	hashed := hashAll(list)
	for _, key := range order {
		points, some := make([]bls12381.G2Affine, 0, len(list)), make([]fr.Element, 0, len(list))
		for _, i := range of[key] {
			points, some = append(points, hashed[i]), append(some, coefficients[i])
		}
		var sum bls12381.G2Affine
		if !combine(&sum, points, some) {
			return ErrVerify
		}
		left, right = append(left, key.point), append(right, sum)
	}
	if ok, err := bls12381.PairingCheck(left, right); err != nil || !ok {
		return ErrVerify
	}
	return nil
}

// hashAll hashes the messages.
func hashAll(list []Signed) []bls12381.G2Affine {
	out := make([]bls12381.G2Affine, len(list))
	workers := min(len(list), runtime.GOMAXPROCS(0))
	var wg sync.WaitGroup
	for w := range workers {
		wg.Go(func() {
			for i := w; i < len(list); i += workers {
				out[i] = hashToG2(list[i].Message)
			}
		})
	}
	wg.Wait()
	return out
}

// fewPoints is how many points are multiplied one by one: for fewer, sorting them into buckets costs more.
const fewPoints = 8

// combine adds up points multiplied by coefficients.
func combine(out *bls12381.G2Affine, points []bls12381.G2Affine, coefficients []fr.Element) bool {
	if len(points) > fewPoints {
		_, err := out.MultiExp(points, coefficients, ecc.MultiExpConfig{})
		return err == nil
	}
	var sum, one bls12381.G2Jac
	var scalar big.Int
	for i := range points {
		one.FromAffine(&points[i])
		sum.AddAssign(one.ScalarMultiplication(&one, coefficients[i].BigInt(&scalar)))
	}
	out.FromJacobian(&sum)
	return true
}

// batchCoefficients draws a coefficient for each signature.
func batchCoefficients(list []Signed) []fr.Element {
	h := sha256.New()
	h.Write([]byte(batchDST))
	var length [8]byte
	for i := range list {
		key, sig := list[i].Key.point.RawBytes(), list[i].Signature.point.RawBytes()
		h.Write(key[:])
		h.Write(sig[:])
		binary.LittleEndian.PutUint64(length[:], uint64(len(list[i].Message)))
		h.Write(length[:])
		h.Write(list[i].Message)
	}
	seed := h.Sum(nil)
	out := make([]fr.Element, len(list))
	for i := range out {
		d := sha256.Sum256(binary.LittleEndian.AppendUint64(seed[:len(seed):len(seed)], uint64(i)))
		out[i].SetBytes(d[:16])
	}
	return out
}
