package keeper

import (
	"context"
	"errors"
	"fmt"
	"math/bits"

	storetypes "github.com/cosmos/cosmos-sdk/store/v2/types"
	sdk "github.com/cosmos/cosmos-sdk/types"

	blobv1 "github.com/walrus-go/walrus/api/blob/v1"
	"github.com/walrus-go/walrus/attest"
	"github.com/walrus-go/walrus/chain/economy"
	"github.com/walrus-go/walrus/committee"
)

// Gas of a certificate. One verification of an aggregate takes about as long as six checks of an
// account's signature, for which the application charges 1000 each, and adding one key a hundredth of
// that. Consensus.
const (
	gasPairing   = 6_000
	gasPerSigner = 20
	maxMessage   = 256 // bytes; the longest message there is has 87
)

// Requirement is the support that a certificate needs.
type Requirement func(*committee.Committee) int

// The requirements. Source: spec: control-plane.md section 4.3.
var (
	Quorum     Requirement = (*committee.Committee).Quorum
	OneCorrect Requirement = (*committee.Committee).Validity
)

// VerifyCertificate checks that enough members of the current committee signed the certificate's message
// in the current epoch, and charges gas for it. It does not look at what the message says.
//
// Errors: those of section 4.4, in its order. Source: spec: control-plane.md section 4.4.
func (k Keeper) VerifyCertificate(ctx context.Context, cert blobv1.Certificate, need Requirement) error {
	sdkCtx := sdk.UnwrapSDKContext(ctx)
	// The committee is the same for everyone and cached: reading it is not the sender's expense.
	c, err := k.Current(sdkCtx.WithGasMeter(storetypes.NewInfiniteGasMeter()))
	if err != nil {
		return err
	}
	if len(cert.Message) > maxMessage {
		return fmt.Errorf("message of %d bytes: %w", len(cert.Message), economy.ErrMessagesInvalidMsgType)
	}
	sdkCtx.GasMeter().ConsumeGas(gasPairing+gasPerSigner*signers(cert.Signers, len(c.Members())), "certificate")
	checked := attest.Certificate{Message: cert.Message, Signers: cert.Signers, Signature: cert.Signature}
	return Named(checked.Verify(c, need(c)))
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

// named pairs what package attest reports with the rule that it breaks.
var named = []struct {
	from error
	to   *economy.Error
}{
	{attest.ErrBitmap, economy.ErrBlsAggregateInvalidBitmap},
	{attest.ErrWeight, economy.ErrBlsAggregateNotEnoughStake},
	{attest.ErrSignature, economy.ErrBlsAggregateSigVerification},
	{attest.ErrVersion, economy.ErrMessagesIncorrectIntentVersion},
	{attest.ErrAppID, economy.ErrMessagesIncorrectAppId},
	{attest.ErrEpoch, economy.ErrMessagesIncorrectEpoch},
	{attest.ErrType, economy.ErrMessagesInvalidMsgType},
	{attest.ErrPersistence, economy.ErrMessagesInvalidBlobPersistenceType},
	{attest.ErrMessage, economy.ErrBcsOutOfRange},
}

// Named turns an error of package attest into the rule it stands for, and leaves others alone.
func Named(err error) error {
	for _, n := range named {
		if errors.Is(err, n.from) {
			return fmt.Errorf("%s: %w", err.Error(), n.to)
		}
	}
	return err
}
