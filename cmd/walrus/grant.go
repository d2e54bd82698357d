package main

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"time"

	codectypes "github.com/cosmos/cosmos-sdk/codec/types"
	"github.com/cosmos/cosmos-sdk/types/query"
	"github.com/cosmos/cosmos-sdk/x/authz"
	"github.com/cosmos/cosmos-sdk/x/feegrant"
	"github.com/cosmos/gogoproto/proto"
	"github.com/spf13/cobra"

	"github.com/walrus-go/walrus/ledger"
)

// uploadMessages are what storing, extending and deleting blobs sends, in storage pools and buckets too.
var uploadMessages = []string{
	"/walrus.blob.v1.MsgRegisterBlobs", "/walrus.blob.v1.MsgCertifyBlobs", "/walrus.blob.v1.MsgDeleteBlobs", "/walrus.blob.v1.MsgExtendBlob",
	"/walrus.blob.v1.MsgSplitStorageBySize",
	"/walrus.blob.v1.MsgRegisterPooledBlobs", "/walrus.blob.v1.MsgCertifyPooledBlobs", "/walrus.blob.v1.MsgDeletePooledBlobs",
	"/walrus.blob.v1.MsgRegisterBucketBlobs", "/walrus.blob.v1.MsgCertifyBucketBlobs", "/walrus.blob.v1.MsgDeleteBucketBlobs",
}

// newGrant makes the grant command and those below it.
func newGrant(d *deps) *cobra.Command {
	cmd := &cobra.Command{
		Use:   "grant",
		Short: "Pay fees for another account, or let it act for this one",
		Long: `Grant lets another account use this one: for the fees of its transactions, or to send messages in its name. "walrus
grants" lists what was granted, "walrus revoke" ends it.` + exits(),
		Args: cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error { return cmd.Help() },
	}
	cmd.AddCommand(newGrantFees(d), newGrantAct(d))
	return cmd
}

// grantOptions are the flags of grant fees and grant act.
type grantOptions struct {
	limit    string
	expires  time.Duration
	messages []string
	uploads  bool
}

// end is when a grant ends, nil for never.
func (o *grantOptions) end(now time.Time) (*time.Time, error) {
	if o.expires == 0 {
		return nil, nil
	}
	if o.expires < 0 {
		return nil, usagef("--expires: %v is over already", o.expires)
	}
	t := now.Add(o.expires).UTC()
	return &t, nil
}

// types are the full names of the messages of a grant.
func (o *grantOptions) types() ([]string, error) {
	m, err := newMessages()
	if err != nil {
		return nil, err
	}
	named, err := tryConvert(o.messages, m.find)
	if o.uploads {
		named = slices.Concat(uploadMessages, named)
	}
	return named, err
}

func newGrantFees(d *deps) *cobra.Command {
	var o grantOptions
	cmd := &cobra.Command{
		Use:   "fees ADDRESS",
		Short: "Pay the fees of another account's transactions",
		Long: `Fees lets another account charge the fees of its transactions to this one, which it names with --fee-granter. What it
buys and stakes it still pays for itself. With --uploads only storing, extending and deleting blobs is paid for. A grant
replaces none: revoke the old one first. JSON: {"granter","grantee","limit","expiration","messages","txDigest"}.` + exits(),
		Example: `  walrus grant fees --uploads --limit 1WAL --expires 720h "$(walrus keys show --address operator)"`,
		Args:    cobra.ExactArgs(1),
		RunE:    d.does(func(ctx context.Context, args []string) error { return runGrantFees(ctx, d, args[0], o) }),
	}
	f := cmd.Flags()
	f.StringVar(&o.limit, "limit", "", "`AMOUNT` of FROST, or like 1WAL, that is paid at most (default: no limit)")
	f.DurationVar(&o.expires, "expires", 0, "how long it holds, such as 720h (default: until it is revoked)")
	f.StringSliceVar(&o.messages, "messages", nil, "`NAMES` of the messages that are paid for, separated by commas (default: all)")
	f.BoolVar(&o.uploads, "uploads", false, "pay for the messages that store, extend and delete blobs")
	return cmd
}

func runGrantFees(ctx context.Context, d *deps, to string, o grantOptions) error {
	grantee, err := parseAddress(to)
	if err != nil {
		return err
	}
	end, err := o.end(d.now())
	if err != nil {
		return err
	}
	basic := &feegrant.BasicAllowance{Expiration: end}
	var limit *uint64
	if o.limit != "" {
		frost, err := parseWAL(o.limit)
		if err != nil {
			return err
		}
		if frost == 0 {
			return usagef("--limit: nothing would be paid")
		}
		basic.SpendLimit, limit = frostCoins(frost), &frost
	}
	types, err := o.types()
	if err != nil {
		return err
	}
	var allowance proto.Message = basic
	if len(types) > 0 {
		packed, err := codectypes.NewAnyWithValue(basic)
		if err != nil {
			return err
		}
		allowance = &feegrant.AllowedMsgAllowance{Allowance: packed, AllowedMessages: types}
	}
	packed, err := codectypes.NewAnyWithValue(allowance)
	if err != nil {
		return err
	}
	return d.withWallet(ctx, func(s *session) error {
		receipt, err := s.deliver(ctx, &feegrant.MsgGrantAllowance{Granter: s.self(), Grantee: grantee.String(), Allowance: packed})
		if r := (*ledger.RejectedError)(nil); errors.As(err, &r) && r.Codespace == "sdk" && r.Code == 18 { // invalid request
			return &hinted{err: err, code: "TRANSACTION_REJECTED", exit: exitFailure, hint: fmt.Sprintf("end an earlier grant first: walrus revoke %v", grantee), details: detailsOf(err)}
		}
		if err != nil {
			return err
		}
		return d.printSent(receipt, fields{"granter": s.self(), "grantee": grantee, "limit": limit, "expiration": basic.Expiration, "messages": types},
			"fees of %v are paid; it says --fee-granter %s\n", grantee, s.self())
	})
}

func newGrantAct(d *deps) *cobra.Command {
	var o grantOptions
	cmd := &cobra.Command{
		Use:   "act ADDRESS --messages NAMES",
		Short: "Let another account send messages in this one's name",
		Long: `Act lets another account send messages of some types in the name of this one, which pays for what they do. It does so with
"walrus tx send --as". JSON: {"granter","grantee","expiration","messages","txDigest"}.` + exits(),
		Example: `  walrus grant act --messages MsgCollectCommission --expires 720h "$(walrus keys show --address operator)"`,
		Args:    cobra.ExactArgs(1),
		RunE:    d.does(func(ctx context.Context, args []string) error { return runGrantAct(ctx, d, args[0], o) }),
	}
	f := cmd.Flags()
	f.DurationVar(&o.expires, "expires", 0, "how long it holds, such as 720h (default: until it is revoked)")
	f.StringSliceVar(&o.messages, "messages", nil, "`NAMES` of the messages, separated by commas")
	required(cmd, "messages")
	return cmd
}

func runGrantAct(ctx context.Context, d *deps, to string, o grantOptions) error {
	grantee, err := parseAddress(to)
	if err != nil {
		return err
	}
	types, err := o.types()
	if err != nil {
		return err
	}
	end, err := o.end(d.now())
	if err != nil {
		return err
	}
	return d.withWallet(ctx, func(s *session) error {
		list := make([]proto.Message, len(types))
		for i, name := range types {
			packed, err := codectypes.NewAnyWithValue(&authz.GenericAuthorization{Msg: name})
			if err != nil {
				return err
			}
			list[i] = &authz.MsgGrant{Granter: s.self(), Grantee: grantee.String(), Grant: authz.Grant{Authorization: packed, Expiration: end}}
		}
		receipt, err := s.deliver(ctx, list...)
		if err != nil {
			return err
		}
		return d.printSent(receipt, fields{"granter": s.self(), "grantee": grantee, "expiration": end, "messages": types},
			"%v may send %s in the name of %s\n", grantee, strings.Join(types, ", "), s.self())
	})
}

// newRevoke makes the revoke command.
func newRevoke(d *deps) *cobra.Command {
	var messages []string
	cmd := &cobra.Command{
		Use:   "revoke ADDRESS [--messages NAMES]",
		Short: "End what was granted to another account",
		Long: `Revoke ends the payment of another account's fees, or, with --messages, its right to send them in this one's name.
JSON: {"granter","grantee","txDigest"}.` + exits(),
		Example: `  walrus revoke "$(walrus keys show --address operator)"`,
		Args:    cobra.ExactArgs(1),
		RunE: d.does(func(ctx context.Context, args []string) error {
			grantee, err := parseAddress(args[0])
			if err != nil {
				return err
			}
			types, err := (&grantOptions{messages: messages}).types()
			if err != nil {
				return err
			}
			return d.withWallet(ctx, func(s *session) error {
				list := convert(types, func(name string) proto.Message {
					return &authz.MsgRevoke{Granter: s.self(), Grantee: grantee.String(), MsgTypeUrl: name}
				})
				if len(list) == 0 {
					list = append(list, &feegrant.MsgRevokeAllowance{Granter: s.self(), Grantee: grantee.String()})
				}
				receipt, err := s.deliver(ctx, list...)
				if err != nil {
					return err
				}
				return d.printSent(receipt, fields{"granter": s.self(), "grantee": grantee}, "revoked from %v\n", grantee)
			})
		}),
	}
	cmd.Flags().StringSliceVar(&messages, "messages", nil, "`NAMES` of messages that it may not send any more, separated by commas")
	return cmd
}

// grantJSON is something that one account granted another.
type grantJSON struct {
	Kind       string   `json:"kind"` // fees, act
	Granter    string   `json:"granter"`
	Grantee    string   `json:"grantee"`
	Messages   []string `json:"messages"` // null for all
	Limit      *uint64  `json:"limit"`    // FROST left; null for no limit
	Expiration *string  `json:"expiration"`
}

// newGrants makes the grants command.
func newGrants(d *deps) *cobra.Command {
	return &cobra.Command{
		Use:   "grants [ADDRESS]",
		Short: "List what was granted by and to an account",
		Long: `Grants lists whose fees the wallet's account, or another one, pays, who acts for it, and who does so for it.
JSON: [{"kind":"fees"|"act","granter","grantee","messages","limit","expiration"}].` + exits(),
		Example: "  walrus grants",
		Args:    cobra.MaximumNArgs(1),
		RunE:    d.readsAccount(runGrants),
	}
}

func runGrants(ctx context.Context, s *session, owner ledger.Address) error {
	list, err := s.grants(ctx, owner.String())
	if err != nil {
		return err
	}
	if err := printList(s.deps, list, cells{"What", "By", "To", "Messages", "Left", "Until"}, grantJSON.cells); err != nil {
		return err
	}
	return s.remark("%s\n", plural(len(list), "grant"))
}

func (s *session) grants(ctx context.Context, owner string) ([]grantJSON, error) {
	byGranter, err := askPages(ctx, s, "/cosmos.feegrant.v1beta1.Query/AllowancesByGranter", func(p *query.PageRequest) proto.Message {
		return &feegrant.QueryAllowancesByGranterRequest{Granter: owner, Pagination: p}
	}, (*feegrant.QueryAllowancesByGranterResponse).GetAllowances)
	if err != nil {
		return nil, err
	}
	byGrantee, err := askPages(ctx, s, "/cosmos.feegrant.v1beta1.Query/Allowances", func(p *query.PageRequest) proto.Message {
		return &feegrant.QueryAllowancesRequest{Grantee: owner, Pagination: p}
	}, (*feegrant.QueryAllowancesResponse).GetAllowances)
	if err != nil {
		return nil, err
	}
	acts, err := askPages(ctx, s, "/cosmos.authz.v1beta1.Query/GranterGrants", func(p *query.PageRequest) proto.Message {
		return &authz.QueryGranterGrantsRequest{Granter: owner, Pagination: p}
	}, (*authz.QueryGranterGrantsResponse).GetGrants)
	if err != nil {
		return nil, err
	}
	acting, err := askPages(ctx, s, "/cosmos.authz.v1beta1.Query/GranteeGrants", func(p *query.PageRequest) proto.Message {
		return &authz.QueryGranteeGrantsRequest{Grantee: owner, Pagination: p}
	}, (*authz.QueryGranteeGrantsResponse).GetGrants)
	if err != nil {
		return nil, err
	}
	m, err := newMessages()
	if err != nil {
		return nil, err
	}
	fees, err := tryConvert(append(byGranter, byGrantee...), m.feeGrant)
	if err != nil {
		return nil, err
	}
	rights, err := tryConvert(append(acts, acting...), m.actGrant)
	return append(fees, rights...), err
}

// feeGrant makes JSON of an allowance. Kinds that this program does not make are shown without limit.
func (m *messages) feeGrant(g *feegrant.Grant) (grantJSON, error) {
	out := grantJSON{Kind: "fees", Granter: g.Granter, Grantee: g.Grantee}
	if err := g.UnpackInterfaces(m.codec.InterfaceRegistry()); err != nil {
		return out, fmt.Errorf("grant to %s: %w", g.Grantee, err)
	}
	inner := g.Allowance.GetCachedValue()
	if filtered, ok := inner.(*feegrant.AllowedMsgAllowance); ok {
		out.Messages = filtered.AllowedMessages
		inner = filtered.Allowance.GetCachedValue()
	}
	if basic, ok := inner.(*feegrant.BasicAllowance); ok {
		out.Expiration = timeJSON(basic.Expiration)
		if len(basic.SpendLimit) == 1 && basic.SpendLimit[0].Amount.IsUint64() {
			left := basic.SpendLimit[0].Amount.Uint64()
			out.Limit = &left
		}
	}
	return out, nil
}

func (m *messages) actGrant(g *authz.GrantAuthorization) (grantJSON, error) {
	out := grantJSON{Kind: "act", Granter: g.Granter, Grantee: g.Grantee, Expiration: timeJSON(g.Expiration)}
	if err := g.UnpackInterfaces(m.codec.InterfaceRegistry()); err != nil {
		return out, fmt.Errorf("grant to %s: %w", g.Grantee, err)
	}
	if a, ok := g.Authorization.GetCachedValue().(authz.Authorization); ok {
		out.Messages = []string{a.MsgTypeURL()}
	}
	return out, nil
}

func timeJSON(t *time.Time) *string {
	if t == nil {
		return nil
	}
	text := timeText(t)
	return &text
}

// cells are its row in a table.
func (g grantJSON) cells() cells {
	types, limit, until := "all", "no limit", "no end"
	if g.Messages != nil {
		types = typesInWords(g.Messages)
	}
	if g.Kind == "act" {
		limit = "-"
	}
	if g.Limit != nil {
		limit = formatWAL(*g.Limit)
	}
	if g.Expiration != nil {
		until = *g.Expiration
	}
	return cells{g.Kind, g.Granter, g.Grantee, types, limit, until}
}

// typesInWords names messages as grant takes them, those of uploads together.
func typesInWords(messages []string) string {
	isUpload := func(name string) bool { return slices.Contains(uploadMessages, name) }
	var names []string
	uploads := !slices.ContainsFunc(uploadMessages, func(name string) bool { return !slices.Contains(messages, name) })
	if uploads {
		names = append(names, "uploads")
	}
	for _, name := range messages {
		if !uploads || !isUpload(name) {
			names = append(names, shortType(name))
		}
	}
	return strings.Join(names, ", ")
}
