package main

import (
	"context"
	"fmt"
	"io"
	"text/tabwriter"

	"github.com/cosmos/cosmos-sdk/types/query"
	"github.com/cosmos/gogoproto/proto"

	"github.com/walrus-go/walrus/ledger"
)

// pageSize is how many records of a list are asked for at once: the most that the chain gives.
const pageSize = 1000

// pages reads a list that the chain gives in parts to its end.
func pages[T any](read func(after []byte) (part []T, next []byte, err error)) ([]T, error) {
	var all []T
	var after []byte
	for {
		part, next, err := read(after)
		if err != nil {
			return nil, err
		}
		all = append(all, part...)
		if len(next) == 0 || len(part) == 0 {
			return all, nil
		}
		after = next
	}
}

// pagesOf reads all that belongs to an owner: an account's objects, a pool's blobs.
func pagesOf[O, T any](ctx context.Context, owner O, read func(context.Context, O, ledger.Page) ([]T, []byte, error)) ([]T, error) {
	return pages(func(after []byte) ([]T, []byte, error) {
		return read(ctx, owner, ledger.Page{Cursor: after, Limit: pageSize})
	})
}

// A page is an answer with a part of a list, as query services of the SDK give it.
type page[R any] interface {
	*R
	proto.Message
	GetPagination() *query.PageResponse
}

// askPages reads a list that a query service of the SDK gives in parts to its end.
func askPages[T, R any, P page[R]](ctx context.Context, s *session, method string, request func(*query.PageRequest) proto.Message, list func(P) []T) ([]T, error) {
	return pages(func(after []byte) ([]T, []byte, error) {
		out := P(new(R))
		err := s.reader.Ask(ctx, method, request(&query.PageRequest{Key: after, Limit: 100}), out)
		return list(out), out.GetPagination().GetNextKey(), err
	})
}

// convert makes another list of a list, one by one.
func convert[T, U any](list []T, one func(T) U) []U {
	out := make([]U, len(list))
	for i, v := range list {
		out[i] = one(v)
	}
	return out
}

// tryConvert is convert for what may be refused; the first error ends it.
func tryConvert[T, U any](list []T, one func(T) (U, error)) ([]U, error) {
	out := make([]U, len(list))
	for i, v := range list {
		var err error
		if out[i], err = one(v); err != nil {
			return nil, err
		}
	}
	return out, nil
}

// cells are a row of a table, of anything that has a text.
type cells = []any

// printList is show for a list, as a table with a row for each.
func printList[T any](d *deps, list []T, heading cells, row func(T) cells) error {
	return d.show(append([]T{}, list...), func() error { return printTable(d.stdout, list, heading, row) }) // [], not null
}

// printTable writes a table with a row for each of a list.
func printTable[T any](w io.Writer, list []T, heading cells, row func(T) cells) error {
	t := newTable(w, heading...)
	for _, v := range list {
		t.row(row(v)...)
	}
	return t.flush()
}

// table writes aligned columns; the first row is the heading.
type table struct{ w *tabwriter.Writer }

func newTable(w io.Writer, heading ...any) *table {
	t := &table{tabwriter.NewWriter(w, 0, 0, 2, ' ', 0)}
	t.row(heading...)
	return t
}

func (t *table) row(cells ...any) {
	for i, c := range cells {
		if i > 0 {
			fmt.Fprint(t.w, "\t")
		}
		fmt.Fprint(t.w, printable(fmt.Sprint(c)))
	}
	fmt.Fprintln(t.w)
}

func (t *table) flush() error { return t.w.Flush() }
