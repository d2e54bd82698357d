package rpc

import (
	"fmt"
	"strconv"
	"time"

	basev1beta1 "cosmossdk.io/api/cosmos/base/v1beta1"
	signingv1beta1 "cosmossdk.io/api/cosmos/tx/signing/v1beta1"
	txv1beta1 "cosmossdk.io/api/cosmos/tx/v1beta1"
	gogoproto "github.com/cosmos/gogoproto/proto"
	"google.golang.org/protobuf/proto"
	"google.golang.org/protobuf/types/known/anypb"
	"google.golang.org/protobuf/types/known/timestamppb"

	"github.com/walrus-go/walrus/ledger"
)

// A draft is a transaction before it is signed.
type draft struct {
	messages      []*anypb.Any
	deadline      time.Time // unique among the account's unordered transactions
	gas           uint64
	fee           uint64 // FROST
	chainID       string
	accountNumber uint64
	granter       *ledger.Address // pays the fee; nil for the signer
}

// sign returns the bytes of the transaction. What is signed names the chain and the account, so that it
// means nothing elsewhere.
func (d *draft) sign(s Signer) ([]byte, error) {
	body, err := proto.Marshal(&txv1beta1.TxBody{
		Messages:         d.messages,
		Unordered:        true,
		TimeoutTimestamp: timestamppb.New(d.deadline),
	})
	if err != nil {
		return nil, fmt.Errorf("ledger: transaction: %w", err)
	}
	key, err := s.PublicKey()
	if err != nil {
		return nil, err
	}
	fee := &txv1beta1.Fee{Amount: coins(d.fee), GasLimit: d.gas}
	if d.granter != nil {
		fee.Granter = d.granter.String()
	}
	auth, err := proto.Marshal(&txv1beta1.AuthInfo{
		SignerInfos: []*txv1beta1.SignerInfo{{
			PublicKey: key,
			ModeInfo: &txv1beta1.ModeInfo{Sum: &txv1beta1.ModeInfo_Single_{Single: &txv1beta1.ModeInfo_Single{
				Mode: signingv1beta1.SignMode_SIGN_MODE_DIRECT,
			}}},
		}},
		Fee: fee,
	})
	if err != nil {
		return nil, fmt.Errorf("ledger: transaction: %w", err)
	}
	doc, err := proto.Marshal(&txv1beta1.SignDoc{
		BodyBytes: body, AuthInfoBytes: auth, ChainId: d.chainID, AccountNumber: d.accountNumber,
	})
	if err != nil {
		return nil, fmt.Errorf("ledger: transaction: %w", err)
	}
	signature, err := s.Sign(doc)
	if err != nil {
		return nil, fmt.Errorf("ledger: sign transaction: %w", err)
	}
	return proto.Marshal(&txv1beta1.TxRaw{BodyBytes: body, AuthInfoBytes: auth, Signatures: [][]byte{signature}})
}

// coins is an amount of FROST; nothing for zero, which is not a valid amount.
func coins(amount uint64) []*basev1beta1.Coin {
	if amount == 0 {
		return nil
	}
	return []*basev1beta1.Coin{{Denom: denom, Amount: strconv.FormatUint(amount, 10)}}
}

// pack wraps one of our messages for a transaction.
func pack(m gogoproto.Message) (*anypb.Any, error) {
	value, err := gogoproto.Marshal(m)
	if err != nil {
		return nil, fmt.Errorf("ledger: %T: %w", m, err)
	}
	return &anypb.Any{TypeUrl: "/" + gogoproto.MessageName(m), Value: value}, nil
}
