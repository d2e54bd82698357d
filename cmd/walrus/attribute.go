package main

import (
	"context"

	"github.com/spf13/cobra"

	blobv1 "github.com/walrus-go/walrus/api/blob/v1"
	"github.com/walrus-go/walrus/blob"
)

// attributeJSON is a name and a value on a blob.
type attributeJSON struct {
	Key   string `json:"key"`
	Value string `json:"value"`
}

// attributeArg is what the commands about attributes name a blob by.
const attributeArg = " OBJECT_ID is that of a registration, see \"walrus list-blobs\"."

// newGetAttribute makes the get-blob-attribute command.
func newGetAttribute(d *deps) *cobra.Command {
	return &cobra.Command{
		Use:   "get-blob-attribute OBJECT_ID",
		Short: "Show the attributes of a blob",
		Long: `Get-blob-attribute shows the names and values that a blob's owner put on it.` + attributeArg + `
JSON: {"attribute":{"metadata":{"contents":[{"key","value"}]}}}, or {"attribute":null}.` + exits("with --exit-codes=detailed 3 no such object"),
		Example: `  walrus get-blob-attribute "$(walrus list-blobs --json | jq -r '.[0].id')"`,
		Args:    cobra.ExactArgs(1),
		RunE:    readsOne(d, parseObject, showAttributes),
	}
}

func showAttributes(ctx context.Context, s *session, id blob.ObjectID) error {
	var out blobv1.QueryBlobResponse
	if err := s.reader.Ask(ctx, "/walrus.blob.v1.Query/Blob", &blobv1.QueryBlobRequest{ObjectId: id.String()}, &out); err != nil {
		return err
	}
	if s.json && len(out.Attributes) == 0 {
		return s.printJSON(fields{"attribute": nil})
	}
	if s.json {
		list := convert(out.Attributes, func(a blobv1.Attribute) attributeJSON { return attributeJSON{a.Key, a.Value} })
		return s.printJSON(fields{"attribute": fields{"metadata": fields{"contents": list}}})
	}
	return printTable(s.stdout, out.Attributes, cells{"Key", "Value"}, func(a blobv1.Attribute) cells { return cells{a.Key, a.Value} })
}

// newSetAttribute makes the set-blob-attribute command.
func newSetAttribute(d *deps) *cobra.Command {
	var attrs []string
	cmd := &cobra.Command{
		Use:   "set-blob-attribute OBJECT_ID --attr KEY VALUE",
		Short: "Put attributes on a blob",
		Long: `Set-blob-attribute puts names and values on a blob, or changes their values. --attr takes a key and a value, or
KEY=VALUE, and may be repeated.` + attributeArg + ` JSON: {"objectId","txDigest"}.` + exits(),
		Example: `  walrus set-blob-attribute "$(walrus list-blobs --json | jq -r '.[0].id')" --attr content-type text/plain`,
		Args:    cobra.MinimumNArgs(1),
		RunE: d.does(func(ctx context.Context, args []string) error {
			set, err := pairs(attrs, args[1:])
			if err != nil {
				return err
			}
			return changeAttributes(ctx, d, args[0], blobv1.MsgSetAttributes{Set: set}, plural(len(set), "attribute")+" set")
		}),
	}
	cmd.Flags().StringArrayVar(&attrs, "attr", nil, "`KEY` VALUE, or KEY=VALUE")
	required(cmd, "attr")
	return cmd
}

// pairs joins keys with their values: those that stand behind them on the command line, or, if there are
// none, behind a =.
func pairs(keys, values []string) ([]blobv1.Attribute, error) {
	out := make([]blobv1.Attribute, len(keys))
	for i, key := range keys {
		switch {
		case len(values) == len(keys):
			out[i] = blobv1.Attribute{Key: key, Value: values[i]}
		case len(values) == 0 && cutPair(key, &out[i]):
		default:
			return nil, usagef("--attr: %q has no value; want --attr KEY VALUE, or --attr KEY=VALUE for all", key)
		}
	}
	return out, nil
}

func cutPair(text string, to *blobv1.Attribute) bool {
	for i, r := range text {
		if r == '=' && i > 0 {
			to.Key, to.Value = text[:i], text[i+1:]
			return true
		}
	}
	return false
}

// newRemoveAttributeFields makes the remove-blob-attribute-fields command.
func newRemoveAttributeFields(d *deps) *cobra.Command {
	var keys []string
	cmd := &cobra.Command{
		Use:   "remove-blob-attribute-fields OBJECT_ID --keys KEYS",
		Short: "Take some attributes off a blob",
		Long: `Remove-blob-attribute-fields takes attributes off a blob; each must be there.` + attributeArg + `
JSON: {"objectId","txDigest"}.` + exits(),
		Example: `  walrus remove-blob-attribute-fields "$(walrus list-blobs --json | jq -r '.[0].id')" --keys content-type`,
		Args:    cobra.ExactArgs(1),
		RunE: d.does(func(ctx context.Context, args []string) error {
			return changeAttributes(ctx, d, args[0], blobv1.MsgSetAttributes{Remove: keys}, plural(len(keys), "attribute")+" taken off")
		}),
	}
	cmd.Flags().StringSliceVar(&keys, "keys", nil, "`KEYS`, separated by commas")
	required(cmd, "keys")
	return cmd
}

// newRemoveAttribute makes the remove-blob-attribute command.
func newRemoveAttribute(d *deps) *cobra.Command {
	return &cobra.Command{
		Use:     "remove-blob-attribute OBJECT_ID",
		Short:   "Take all attributes off a blob",
		Long:    `Remove-blob-attribute takes all attributes off a blob.` + attributeArg + ` JSON: {"objectId","txDigest"}.` + exits(),
		Example: `  walrus remove-blob-attribute "$(walrus list-blobs --json | jq -r '.[0].id')"`,
		Args:    cobra.ExactArgs(1),
		RunE: d.does(func(ctx context.Context, args []string) error {
			return changeAttributes(ctx, d, args[0], blobv1.MsgSetAttributes{Clear: true}, "all attributes taken off")
		}),
	}
}

func changeAttributes(ctx context.Context, d *deps, object string, m blobv1.MsgSetAttributes, done string) error {
	id, err := parseObject(object)
	if err != nil {
		return err
	}
	return d.withWallet(ctx, func(s *session) error {
		m.Owner, m.ObjectId = s.self(), id[:]
		return s.send(ctx, &m, fields{"objectId": id}, "%s: object %v\n", done, id)
	})
}
