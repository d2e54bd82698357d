package main

import (
	"encoding/base64"
	"encoding/json"
	"fmt"
	"strings"
	"testing"

	sdk "github.com/cosmos/cosmos-sdk/types"

	committeev1 "github.com/walrus-go/walrus/api/committee/v1"
	"github.com/walrus-go/walrus/blob"
	"github.com/walrus-go/walrus/ledger"
)

// What is shown of a message is read back as the same message, and says bytes as people know them.
func TestMessagesReadWhatTheyShow(t *testing.T) {
	t.Parallel()
	m, err := newMessages()
	if err != nil {
		t.Fatal(err)
	}
	id, key := [32]byte{1, 2, 31: 3}, make([]byte, 48)
	owner := ledger.Address{7}
	for _, msg := range []sdk.Msg{
		&committeev1.MsgStake{Owner: owner.String(), NodeId: id[:], Amount: 1<<64 - 1},
		&committeev1.MsgRegisterNode{Owner: owner.String(), Name: "0x12", NetworkAddress: "[::1]:9", BlsPublicKey: key, Possession: make([]byte, 96)},
		&committeev1.MsgCleanupVotes{Sender: owner.String(), Candidates: [][]byte{id[:], id[:]}},
		&committeev1.MsgSetConsensusKey{},
	} {
		shown, err := m.showAny(msg)
		if err != nil {
			t.Fatal(err)
		}
		raw, err := json.Marshal(shown)
		if err != nil {
			t.Fatal(err)
		}
		back, err := m.readAll(strings.NewReader(string(raw)), "")
		if err != nil || len(back) != 1 || fmt.Sprint(back[0]) != fmt.Sprint(msg) {
			t.Errorf("%s read back as %v, %v", raw, back, err)
		}
		if strings.Contains(string(raw), base64.StdEncoding.EncodeToString(id[:])) {
			t.Errorf("an identifier in base64: %s", raw)
		}
	}
}

func TestMessagesFillInTheSender(t *testing.T) {
	t.Parallel()
	m, err := newMessages()
	if err != nil {
		t.Fatal(err)
	}
	owner, id := ledger.Address{7}.String(), blob.ID{9, 31: 1}
	list, err := m.readAll(strings.NewReader(`{"messages":[
		{"@type":"walrus.committee.v1.MsgTransferNode","nodeId":"`+id.String()+`"},
		{"@type":"/walrus.committee.v1.MsgTransferNode","owner":"wal1other"}]}`), owner)
	if err != nil {
		t.Fatal(err)
	}
	first, second := list[0].(*committeev1.MsgTransferNode), list[1].(*committeev1.MsgTransferNode)
	if first.Owner != owner || string(first.NodeId) != string(id[:]) || second.Owner != "wal1other" {
		t.Errorf("%v, %v", first, second)
	}
	for _, bad := range []string{
		``, `[]`, `7`, `{}`, `{"@type":7}`, `{"@type":"x"}`, `{"messages":[{}]}`, `{"@type":"google.protobuf.Any"}`, `[[]]`, `{} {}`,
		`{"@type":"walrus.committee.v1.MsgStake","amount":"-1"}`, `{"@type":"walrus.committee.v1.Node"}`,
		`{"@type":"walrus.committee.v1.MsgStake","owner":7}`, `{"@type":"walrus.committee.v1.MsgStake","node_id":"%"}`,
	} {
		if list, err := m.readAll(strings.NewReader(bad), owner); err == nil {
			t.Errorf("%s read as %v", bad, list)
		}
	}
}

func TestBytesHaveForms(t *testing.T) {
	t.Parallel()
	account, id := ledger.Address{1, 19: 2}, blob.ID{3, 31: 4}
	for text, want := range map[string]string{
		"": "", "0x": "", "0x0001ff": "AAH/", account.String(): base64.StdEncoding.EncodeToString(account[:]), id.String(): base64.StdEncoding.EncodeToString(id[:]),
		"AAH/": "AAH/", "0xabc": "0xabc", "wal1": "wal1",
	} {
		if got := wireBytes(text); got != want {
			t.Errorf("wireBytes(%q) = %q, want %q", text, got, want)
		}
	}
	for text, want := range map[string]string{
		"": "", "AAH/": "AAH/", "%": "%", base64.StdEncoding.EncodeToString(account[:]): account.String(),
		base64.StdEncoding.EncodeToString(id[:]): blob.ObjectID(id).String(),
	} {
		if got := legible(text); got != want {
			t.Errorf("legible(%q) = %q, want %q", text, got, want)
		}
	}
}
