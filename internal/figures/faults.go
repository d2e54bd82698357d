package main

import (
	"context"
	"crypto/rand"
	"errors"
	"fmt"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strings"
	"sync/atomic"
	"time"

	"github.com/walrus-go/walrus/blob"
	"github.com/walrus-go/walrus/client"
	"github.com/walrus-go/walrus/testnet"
)

// faultSize is the size of the blob that is read while a node misbehaves.
const faultSize = 10e6

// A fault is one way for a node to misbehave.
type fault struct {
	name  string
	front func(honest http.Handler) http.Handler // nil for an honest node
}

var misdeeds = []fault{
	{"nothing", nil},
	{"sends slivers with a flipped bit", func(h http.Handler) http.Handler {
		return tamper(h, "/slivers/")
	}},
	{"sends metadata with a flipped bit", func(h http.Handler) http.Handler {
		return tamper(h, "/metadata")
	}},
	{"never answers", func(http.Handler) http.Handler {
		return http.HandlerFunc(func(_ http.ResponseWriter, r *http.Request) { <-r.Context().Done() })
	}},
}

// tamper flips a bit in answers to GET requests whose path contains part.
func tamper(honest http.Handler, part string) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if r.Method != http.MethodGet || !strings.Contains(r.URL.Path, part) {
			honest.ServeHTTP(w, r)
			return
		}
		rec := httptest.NewRecorder()
		honest.ServeHTTP(rec, r)
		body := rec.Body.Bytes()
		if rec.Code == http.StatusOK && len(body) > 0 {
			body[len(body)/2] ^= 1
		}
		w.Header().Set("Content-Type", rec.Header().Get("Content-Type"))
		w.WriteHeader(rec.Code)
		_, _ = w.Write(body) // a reader that is gone is no concern of a liar
	})
}

// faults measures reads from a network of which one node misbehaves.
func (f *figures) faults(ctx context.Context) (err error) {
	dir, err := os.MkdirTemp("", "walrus-figures-*")
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, os.RemoveAll(dir)) }()
	var front atomic.Pointer[fault]
	net, err := testnet.Open(ctx, testnet.Options{Dir: filepath.Join(dir, "net"), Wrap: func(i int, honest http.Handler) http.Handler {
		return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
			if p := front.Load(); i == 0 && p != nil && p.front != nil {
				p.front(honest).ServeHTTP(w, r)
				return
			}
			honest.ServeHTTP(w, r)
		})
	}})
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, net.Close()) }()
	data := make([]byte, faultSize)
	rand.Read(data)
	writer, err := net.Client(nil)
	if err != nil {
		return err
	}
	id, err := storeBlob(ctx, writer, data)
	writer.Close()
	if err != nil {
		return err
	}
	var rows [][]string
	var honest time.Duration
	for i := range misdeeds {
		front.Store(&misdeeds[i])
		first, later, err := f.readTimes(ctx, net, id, data)
		if err != nil {
			return fmt.Errorf("one node %s: %w", misdeeds[i].name, err)
		}
		if i == 0 {
			honest = later
		}
		rows = append(rows, []string{misdeeds[i].name, ms(first), ms(later), fmt.Sprintf("%.2f", later.Seconds()/honest.Seconds())})
	}
	table([]string{"what one of 10 nodes does", "first read of a client, 10 MB", "later reads", "against honest nodes"}, rows)
	return nil
}

// readTimes returns how long the first and later reads of new clients take.
func (f *figures) readTimes(ctx context.Context, net *testnet.Network, id blob.ID, want []byte) (first, later time.Duration, err error) {
	var firsts, laters []time.Duration
	for range f.reps {
		c, err := net.Client(&client.Options{})
		if err != nil {
			return 0, 0, err
		}
		for i := range 4 {
			took, err := timed(func() error { return readBlob(ctx, c, id, want, blob.Default) })
			if err != nil {
				c.Close()
				return 0, 0, err
			}
			if i == 0 {
				firsts = append(firsts, took)
			} else {
				laters = append(laters, took)
			}
		}
		c.Close()
	}
	return median(firsts), median(laters), nil
}
