package keeper

import (
	"fmt"

	"github.com/cosmos/gogoproto/proto"

	eventv1 "github.com/walrus-go/walrus/api/event/v1"
)

// wrap puts an event into the union that the log keeps.
func wrap(event proto.Message) (*eventv1.Event, error) {
	switch e := event.(type) {
	case *eventv1.BlobRegistered:
		return &eventv1.Event{Kind: &eventv1.Event_BlobRegistered{BlobRegistered: e}}, nil
	case *eventv1.BlobCertified:
		return &eventv1.Event{Kind: &eventv1.Event_BlobCertified{BlobCertified: e}}, nil
	case *eventv1.BlobDeleted:
		return &eventv1.Event{Kind: &eventv1.Event_BlobDeleted{BlobDeleted: e}}, nil
	case *eventv1.InvalidBlobID:
		return &eventv1.Event{Kind: &eventv1.Event_InvalidBlobID{InvalidBlobID: e}}, nil
	case *eventv1.EpochChangeStart:
		return &eventv1.Event{Kind: &eventv1.Event_EpochChangeStart{EpochChangeStart: e}}, nil
	case *eventv1.EpochChangeDone:
		return &eventv1.Event{Kind: &eventv1.Event_EpochChangeDone{EpochChangeDone: e}}, nil
	case *eventv1.ShardsReceived:
		return &eventv1.Event{Kind: &eventv1.Event_ShardsReceived{ShardsReceived: e}}, nil
	case *eventv1.ShardRecoveryStart:
		return &eventv1.Event{Kind: &eventv1.Event_ShardRecoveryStart{ShardRecoveryStart: e}}, nil
	case *eventv1.EpochParametersSelected:
		return &eventv1.Event{Kind: &eventv1.Event_EpochParametersSelected{EpochParametersSelected: e}}, nil
	case *eventv1.ContractUpgraded:
		return &eventv1.Event{Kind: &eventv1.Event_ContractUpgraded{ContractUpgraded: e}}, nil
	case *eventv1.ContractUpgradeProposed:
		return &eventv1.Event{Kind: &eventv1.Event_ContractUpgradeProposed{ContractUpgradeProposed: e}}, nil
	case *eventv1.ContractUpgradeQuorumReached:
		return &eventv1.Event{Kind: &eventv1.Event_ContractUpgradeQuorumReached{ContractUpgradeQuorumReached: e}}, nil
	case *eventv1.RegisterDenyListUpdate:
		return &eventv1.Event{Kind: &eventv1.Event_RegisterDenyListUpdate{RegisterDenyListUpdate: e}}, nil
	case *eventv1.DenyListUpdate:
		return &eventv1.Event{Kind: &eventv1.Event_DenyListUpdate{DenyListUpdate: e}}, nil
	case *eventv1.DenyListBlobDeleted:
		return &eventv1.Event{Kind: &eventv1.Event_DenyListBlobDeleted{DenyListBlobDeleted: e}}, nil
	case *eventv1.ProtocolVersionUpdated:
		return &eventv1.Event{Kind: &eventv1.Event_ProtocolVersionUpdated{ProtocolVersionUpdated: e}}, nil
	case *eventv1.PricesUpdated:
		return &eventv1.Event{Kind: &eventv1.Event_PricesUpdated{PricesUpdated: e}}, nil
	case *eventv1.StoragePoolCreated:
		return &eventv1.Event{Kind: &eventv1.Event_StoragePoolCreated{StoragePoolCreated: e}}, nil
	case *eventv1.PooledBlobRegistered:
		return &eventv1.Event{Kind: &eventv1.Event_PooledBlobRegistered{PooledBlobRegistered: e}}, nil
	case *eventv1.PooledBlobCertified:
		return &eventv1.Event{Kind: &eventv1.Event_PooledBlobCertified{PooledBlobCertified: e}}, nil
	case *eventv1.PooledBlobDeleted:
		return &eventv1.Event{Kind: &eventv1.Event_PooledBlobDeleted{PooledBlobDeleted: e}}, nil
	case *eventv1.StoragePoolExtended:
		return &eventv1.Event{Kind: &eventv1.Event_StoragePoolExtended{StoragePoolExtended: e}}, nil
	case *eventv1.NodeSkipped:
		return &eventv1.Event{Kind: &eventv1.Event_NodeSkipped{NodeSkipped: e}}, nil
	case *eventv1.ValidatorChanged:
		return &eventv1.Event{Kind: &eventv1.Event_ValidatorChanged{ValidatorChanged: e}}, nil
	}
	return nil, fmt.Errorf("event: %T is not an event of the log", event)
}
