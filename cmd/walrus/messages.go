package main

import (
	"bytes"
	"encoding/base64"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"regexp"
	"slices"
	"strings"

	msgv1 "cosmossdk.io/api/cosmos/msg/v1"
	"github.com/cosmos/cosmos-sdk/codec"
	sdk "github.com/cosmos/cosmos-sdk/types"
	"github.com/cosmos/gogoproto/proto"
	protov2 "google.golang.org/protobuf/proto"
	"google.golang.org/protobuf/reflect/protoreflect"

	"github.com/walrus-go/walrus/blob"
	"github.com/walrus-go/walrus/chain"
	"github.com/walrus-go/walrus/ledger"
)

// messages turns the chain's messages into JSON that people read and write, and back. The chain's own JSON
// has all bytes in base64; here identifiers are 0x and 64 hex digits, accounts wal1…, and blob IDs may be
// given as everywhere else.
type messages struct{ codec *codec.ProtoCodec }

func newMessages() (*messages, error) {
	c, err := chain.NewCodec()
	return &messages{c}, err
}

// show makes JSON of anything that the chain's codec knows.
func (m *messages) show(what proto.Message) (any, error) {
	raw, err := m.codec.MarshalJSON(what)
	if err != nil {
		return nil, fmt.Errorf("message %s: %w", proto.MessageName(what), err)
	}
	value, err := decodeJSON(bytes.NewReader(raw))
	if err != nil {
		return nil, err
	}
	m.walk(value, describe(proto.MessageName(what)), legible)
	return value, nil
}

// showAny is show for a message as transactions carry it, with its type.
func (m *messages) showAny(what sdk.Msg) (any, error) {
	raw, err := m.codec.MarshalInterfaceJSON(what)
	if err != nil {
		return nil, fmt.Errorf("message %s: %w", proto.MessageName(what), err)
	}
	value, err := decodeJSON(bytes.NewReader(raw))
	if err != nil {
		return nil, err
	}
	m.walk(value, describe("google.protobuf.Any"), legible)
	return value, nil
}

// read makes a message of JSON with its type in "@type". The fields that say who sends it are filled in
// where they are missing.
func (m *messages) read(value any, sender string) (sdk.Msg, error) {
	object, ok := value.(map[string]any)
	if !ok {
		return nil, usagef(`a message is an object {"@type":"/walrus.committee.v1.MsgStake",…}`)
	}
	name, ok := object["@type"].(string)
	if !ok {
		return nil, usagef(`a message has a type: {"@type":"/walrus.committee.v1.MsgStake",…}`)
	}
	url, err := m.find(name)
	if err != nil {
		return nil, err
	}
	object["@type"] = url
	signers, _ := protov2.GetExtension(describe(url[1:]).Options(), msgv1.E_Signer).([]string)
	for _, field := range signers {
		if _, given := object[field]; !given {
			object[field] = sender
		}
	}
	m.walk(value, describe("google.protobuf.Any"), wireBytes)
	raw, err := json.Marshal(object)
	if err != nil {
		return nil, err
	}
	var out sdk.Msg
	if err := m.codec.UnmarshalInterfaceJSON(raw, &out); err != nil {
		return nil, usagef("message %s: %w", name, err)
	}
	return out, nil
}

// readAll makes messages of a file: one message, a list of them, or an object with "messages".
func (m *messages) readAll(r io.Reader, sender string) ([]sdk.Msg, error) {
	value, err := decodeJSON(io.LimitReader(r, maxMessageFile))
	if err != nil {
		return nil, usagef("not JSON: %w", err)
	}
	list := []any{value}
	switch v := value.(type) {
	case []any:
		list = v
	case map[string]any:
		if inner, ok := v["messages"].([]any); ok && v["@type"] == nil {
			list = inner
		}
	}
	if len(list) == 0 {
		return nil, usagef("no message in it")
	}
	return tryConvert(list, func(value any) (sdk.Msg, error) { return m.read(value, sender) })
}

// maxMessageFile is more than a transaction can be long.
const maxMessageFile = 16 << 20

// decodeJSON reads one JSON value and leaves numbers as they are written.
func decodeJSON(r io.Reader) (value any, err error) {
	dec := json.NewDecoder(r)
	dec.UseNumber()
	if err := dec.Decode(&value); err != nil {
		return nil, err
	}
	if _, err := dec.Token(); !errors.Is(err, io.EOF) {
		return nil, errors.New("more than one value")
	}
	return value, nil
}

// describe finds the description of a type of message; nil if there is none.
func describe(name string) protoreflect.MessageDescriptor {
	d, err := proto.HybridResolver.FindDescriptorByName(protoreflect.FullName(name))
	if err != nil {
		return nil
	}
	desc, _ := d.(protoreflect.MessageDescriptor)
	return desc
}

// walk changes every field of bytes in a JSON object of a described type.
func (m *messages) walk(value any, desc protoreflect.MessageDescriptor, change func(string) string) {
	object, ok := value.(map[string]any)
	if !ok || desc == nil {
		return
	}
	if desc.FullName() == "google.protobuf.Any" {
		name, _ := object["@type"].(string)
		if desc = describe(strings.TrimPrefix(name, "/")); desc == nil {
			return
		}
	}
	for key, v := range object {
		fd := desc.Fields().ByTextName(key)
		if fd == nil {
			fd = desc.Fields().ByJSONName(key)
		}
		if fd == nil || fd.IsMap() {
			continue
		}
		if list, ok := v.([]any); ok && fd.IsList() {
			for i := range list {
				list[i] = m.field(list[i], fd, change)
			}
			continue
		}
		object[key] = m.field(v, fd, change)
	}
}

func (m *messages) field(v any, fd protoreflect.FieldDescriptor, change func(string) string) any {
	switch fd.Kind() {
	case protoreflect.BytesKind:
		if text, ok := v.(string); ok {
			return change(text)
		}
	case protoreflect.MessageKind:
		m.walk(v, fd.Message(), change)
	}
	return v
}

// legible gives identifiers and accounts, which the chain writes in base64, the form that people know.
func legible(text string) string {
	raw, err := base64.StdEncoding.DecodeString(text)
	switch {
	case err != nil:
		return text
	case len(raw) == 32:
		return "0x" + hex.EncodeToString(raw)
	case len(raw) == len(ledger.Address{}):
		return ledger.Address(raw).String()
	}
	return text
}

var hexText = regexp.MustCompile(`^0x([0-9a-fA-F]{2})*$`)

// wireBytes gives the forms that people know the one that the chain reads.
func wireBytes(text string) string {
	if hexText.MatchString(text) {
		raw, _ := hex.DecodeString(text[2:]) // it matched
		return base64.StdEncoding.EncodeToString(raw)
	}
	if a, err := ledger.ParseAddress(text); err == nil {
		return base64.StdEncoding.EncodeToString(a[:])
	}
	if id, err := blob.ParseID(text); err == nil {
		return base64.StdEncoding.EncodeToString(id[:])
	}
	return text
}

// find returns the full name of a message that the chain takes, "/walrus.committee.v1.MsgStake". MsgStake will do
// where only one is called so.
func (m *messages) find(name string) (string, error) {
	var found []string
	for _, url := range m.codec.InterfaceRegistry().ListImplementations(sdk.MsgInterfaceProtoName) {
		if strings.TrimPrefix(name, "/") == url[1:] {
			return url, nil
		}
		if name == shortType(url) {
			found = append(found, url)
		}
	}
	switch len(found) {
	case 0:
		return "", usagef(`the chain has no message %q; they are named like MsgStake, or in full "/walrus.committee.v1.MsgStake"`, name)
	case 1:
		return found[0], nil
	}
	slices.Sort(found)
	return "", usagef("message %q: several are called so, say which: %s", name, strings.Join(found, ", "))
}

// shortType is a type's name without its package, MsgStake.
func shortType(name string) string { return name[strings.LastIndexAny(name, "./")+1:] }

// typesOf names the types of messages in words.
func typesOf(list []any) string {
	var names []string
	for _, m := range list {
		object, _ := m.(map[string]any)
		name, _ := object["@type"].(string)
		names = append(names, shortType(name))
	}
	return strings.Join(slices.Compact(names), ", ")
}
