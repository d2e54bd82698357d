package keeper

import (
	"context"
	"fmt"
	"math/bits"

	storetypes "github.com/cosmos/cosmos-sdk/store/v2/types"
	sdk "github.com/cosmos/cosmos-sdk/types"

	"github.com/walrus-go/walrus/attest"
	"github.com/walrus-go/walrus/blob"
	"github.com/walrus-go/walrus/chain/economy"
	"github.com/walrus-go/walrus/chain/economy/cert"
	"github.com/walrus-go/walrus/chain/economy/storage"
	"github.com/walrus-go/walrus/committee"
)

// Gas of certificates, at a hundred for each microsecond, which is the least that other messages pay. One
// with signers of its own takes a pairing and the sum of their keys; all take a signature to read and a message
// to hash. "make chain-costs" measures both. Consensus.
const (
	gasCertificate = 30_000
	gasPairing     = 30_000
	gasPerSigner   = 50
	maxMessage     = 256 // bytes; the longest message there is has 87
)

// InvalidBlobCertificate verifies a certificate of at least one correct node of the current committee that
// a blob is inconsistent. Errors: those of [cert.InvalidBlob].
func (k Keeper) InvalidBlobCertificate(ctx context.Context, a attest.Certificate) (blob.ID, error) {
	return verified(ctx, k, a, cert.InvalidBlob)
}

// DenyListCertificate verifies a certificate of a quorum of the current committee about a node's deny list.
// Errors: those of [cert.DenyList].
func (k Keeper) DenyListCertificate(ctx context.Context, a attest.Certificate) (cert.DenyListUpdate, error) {
	return verified(ctx, k, a, cert.DenyList)
}

// DenyListDeletedCertificate verifies a certificate of at least one correct node of the current committee
// that a denied blob was dropped. Errors: those of [cert.DenyListDeleted].
func (k Keeper) DenyListDeletedCertificate(ctx context.Context, a attest.Certificate) (blob.ID, error) {
	return verified(ctx, k, a, cert.DenyListDeleted)
}

// BlobCertificates verifies certificates of quorums of the current committee that blobs are stored, many for
// less time each than one. Errors: those of [cert.Blob], of the first wrong one.
func (k Keeper) BlobCertificates(ctx context.Context, list []attest.Certificate) ([]storage.Certificate, error) {
	c, err := k.charged(ctx, list...)
	if err != nil {
		return nil, err
	}
	return cert.Blobs(list, c)
}

// verified charges for a certificate and has it verified against the current committee.
func verified[M any](
	ctx context.Context, k Keeper, a attest.Certificate, verify func(attest.Certificate, *committee.Committee) (M, error),
) (M, error) {
	c, err := k.charged(ctx, a)
	if err != nil {
		var none M
		return none, err
	}
	return verify(a, c)
}

// charged charges for certificates before anything is done with them and returns the current committee.
func (k Keeper) charged(ctx context.Context, list ...attest.Certificate) (*committee.Committee, error) {
	for _, a := range list {
		if len(a.Message) > maxMessage {
			return nil, fmt.Errorf("committee: message of %d bytes: %w", len(a.Message), economy.ErrMessagesInvalidMsgType)
		}
	}
	sdkCtx := sdk.UnwrapSDKContext(ctx)
	// The committee is the same for everyone and cached: reading it is not the sender's expense.
	c, err := k.Current(sdkCtx.WithGasMeter(storetypes.NewInfiniteGasMeter()))
	if err != nil {
		return nil, err
	}
	sdkCtx.GasMeter().ConsumeGas(gasOf(list, len(c.Members())), "certificates")
	return c, nil
}

// gasOf is the price of verifying certificates in a committee of so many members.
func gasOf(list []attest.Certificate, members int) uint64 {
	gas := gasCertificate * uint64(len(list))
	seen := map[string]bool{} // only asked, never walked through
	for _, a := range list {
		if !seen[string(a.Signers)] {
			seen[string(a.Signers)] = true
			gas += gasPairing + gasPerSigner*signers(a.Signers, members)
		}
	}
	return gas
}

// signers counts the bits of a bitmap, up to the number of members.
func signers(bitmap []byte, members int) uint64 {
	n := 0
	for _, b := range bitmap {
		if n += bits.OnesCount8(b); n >= members {
			return uint64(members)
		}
	}
	return uint64(n)
}
