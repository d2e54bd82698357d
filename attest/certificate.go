package attest

import (
	"errors"
	"fmt"
	"slices"

	"github.com/walrus-go/walrus/bls"
	"github.com/walrus-go/walrus/committee"
)

// Errors about certificates.
var (
	ErrBitmap    = errors.New("attest: signer bitmap does not fit the committee")
	ErrWeight    = errors.New("attest: signers weigh too little")
	ErrSignature = errors.New("attest: signature does not verify")
)

// Signers is the bitmap of a certificate: bit i mod 8, least significant first, of byte i div 8 is
// the committee's member i. Missing bytes are zeros.
type Signers []byte

// Has tells whether member i signed.
func (s Signers) Has(i int) bool { return i/8 < len(s) && s[i/8]>>(i%8)&1 == 1 }

// Certificate is one message and the aggregate of some members' signatures over it.
type Certificate struct {
	Message   []byte
	Signers   Signers
	Signature []byte // compressed, [bls.SignatureSize] bytes once verified
}

// Verify checks in this order: the bitmap against the committee, that the signers own at least need
// shards, the signature, and that the message is of the committee's epoch. It does not look at what
// the message says; see [ParseConfirmation] and its peers.
//
// Errors: [ErrBitmap], [ErrWeight], [ErrSignature], those of [Header], [ErrEpoch]. Source: spec
// control-plane.md section 4.4.
func (cert Certificate) Verify(c *committee.Committee, need int) error {
	signed, err := cert.signed(c, need, map[string]signerSum{})
	if err != nil {
		return err
	}
	if err := signed.Key.Verify(signed.Message, signed.Signature); err != nil {
		return fmt.Errorf("%w: %w", ErrSignature, err)
	}
	return cert.checkEpoch(c)
}

// VerifyAll checks what [Certificate.Verify] checks of each, for less. Its errors are of the same kinds, but
// not always of the first certificate that is wrong.
func VerifyAll(certs []Certificate, c *committee.Committee, need int) error {
	list := make([]bls.Signed, len(certs))
	known := map[string]signerSum{}
	for i, cert := range certs {
		var err error
		if list[i], err = cert.signed(c, need, known); err != nil {
			return err
		}
	}
	if err := bls.VerifyBatch(list); err != nil {
		return fmt.Errorf("%w: %w", ErrSignature, err)
	}
	for _, cert := range certs {
		if err := cert.checkEpoch(c); err != nil {
			return err
		}
	}
	return nil
}

// signerSum is what some signers amount to together.
type signerSum struct {
	key    bls.PublicKey
	weight int
}

// signed returns what is to be verified, once the signers are enough. What they amount to is taken from
// known, by bitmap, or put there.
func (cert Certificate) signed(c *committee.Committee, need int, known map[string]signerSum) (s bls.Signed, err error) {
	sum, found := known[string(cert.Signers)]
	var keys []bls.PublicKey
	if !found {
		if keys, sum.weight, err = cert.signers(c); err != nil {
			return s, err
		}
	}
	if sum.weight < need {
		return s, fmt.Errorf("%w: %d shards, %d needed", ErrWeight, sum.weight, need)
	}
	s.Message = cert.Message
	if s.Signature, err = bls.ParseSignature(cert.Signature); err != nil {
		return s, fmt.Errorf("%w: %w", ErrSignature, err)
	}
	if !found {
		if sum.key, err = bls.AggregateKeys(keys); err != nil {
			return s, fmt.Errorf("%w: %w", ErrSignature, err)
		}
		known[string(cert.Signers)] = sum
	}
	s.Key = sum.key
	return s, nil
}

func (cert Certificate) checkEpoch(c *committee.Committee) error {
	_, epoch, err := Header(cert.Message)
	if err != nil {
		return err
	}
	if epoch != c.Epoch() {
		return fmt.Errorf("%w: %d, the committee's is %d", ErrEpoch, epoch, c.Epoch())
	}
	return nil
}

func (cert Certificate) signers(c *committee.Committee) (keys []bls.PublicKey, weight int, err error) {
	members := c.Members()
	if len(cert.Signers) > (len(members)+7)/8 {
		return nil, 0, fmt.Errorf("%w: %d bytes for %d members", ErrBitmap, len(cert.Signers), len(members))
	}
	for i := range 8 * len(cert.Signers) {
		if !cert.Signers.Has(i) {
			continue
		}
		if i >= len(members) {
			return nil, 0, fmt.Errorf("%w: bit %d of %d members", ErrBitmap, i, len(members))
		}
		keys = append(keys, members[i].Key)
		weight += members[i].Weight()
	}
	return keys, weight, nil
}

// Collector gathers members' signatures over one message. Not safe for concurrent use.
type Collector struct {
	committee *committee.Committee
	message   []byte
	signers   Signers
	sigs      []bls.Signature
	weight    int
}

// NewCollector collects signatures of c's members over message.
func NewCollector(c *committee.Committee, message []byte) *Collector {
	return &Collector{committee: c, message: message, signers: make(Signers, (len(c.Members())+7)/8)}
}

// Add counts the signature of member i, which must already verify under the member's key: one bad
// signature spoils the certificate. A second one of the same member changes nothing.
func (c *Collector) Add(i int, sig bls.Signature) {
	if c.signers.Has(i) {
		return
	}
	c.signers[i/8] |= 1 << (i % 8)
	c.sigs = append(c.sigs, sig)
	c.weight += c.committee.Member(i).Weight()
}

// Weight returns the number of shards whose owners have signed.
func (c *Collector) Weight() int { return c.weight }

// Certificate aggregates what was collected; signatures added later do not change it. Errors:
// [bls.ErrEmpty].
func (c *Collector) Certificate() (Certificate, error) {
	sig, err := bls.AggregateSignatures(c.sigs)
	if err != nil {
		return Certificate{}, fmt.Errorf("attest: certificate: %w", err)
	}
	return Certificate{Message: c.message, Signers: slices.Clone(c.signers), Signature: sig.Bytes()}, nil
}
