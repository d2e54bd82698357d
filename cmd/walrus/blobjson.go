package main

import (
	"fmt"

	"github.com/mr-tron/base58"

	"github.com/walrus-go/walrus/blob"
	"github.com/walrus-go/walrus/committee"
	"github.com/walrus-go/walrus/ledger"
)

// blobJSON is a registration as every command prints it. Source: spec client.md section 1.7.
type blobJSON struct {
	ID              blob.ObjectID    `json:"id"`
	RegisteredEpoch committee.Epoch  `json:"registeredEpoch"`
	BlobID          blob.ID          `json:"blobId"`
	Size            uint64           `json:"size"`
	EncodingType    string           `json:"encodingType"`
	CertifiedEpoch  *committee.Epoch `json:"certifiedEpoch"`
	Storage         storageJSON      `json:"storage"`
	Deletable       bool             `json:"deletable"`
}

// storageJSON is a storage resource.
type storageJSON struct {
	ID          blob.ObjectID   `json:"id"`
	StartEpoch  committee.Epoch `json:"startEpoch"`
	EndEpoch    committee.Epoch `json:"endEpoch"`
	StorageSize uint64          `json:"storageSize"`
}

func newBlobJSON(b ledger.Blob) blobJSON {
	return blobJSON{
		ID: b.ID, RegisteredEpoch: b.Registered, BlobID: b.BlobID, Size: b.Size, EncodingType: "RS2",
		CertifiedEpoch: b.Certified, Storage: newStorageJSON(b.Storage), Deletable: b.Deletable,
	}
}

func newStorageJSON(s ledger.Storage) storageJSON {
	return storageJSON{s.ID, s.Start, s.End, s.Size}
}

// kindOf says in a word what the owner of a blob may do.
func kindOf(deletable bool) string {
	if deletable {
		return "deletable"
	}
	return "permanent"
}

// eventText names an event for people: its transaction and its number there.
func eventText(e blob.EventRef) string {
	return fmt.Sprintf("%s, event %d", base58.Encode(e.Tx[:]), e.Seq)
}
