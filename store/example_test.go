package store_test

import (
	"fmt"

	"github.com/cockroachdb/pebble/v2/vfs"

	"github.com/walrus-go/walrus/blob"
	"github.com/walrus-go/walrus/store"
)

// A store learns of a blob from the chain, and takes its metadata and slivers then.
func Example() {
	s, err := store.Open("data", store.Identity{Chain: "example"}, &store.Options{FS: vfs.NewMem(), Create: true})
	if err != nil {
		fmt.Println(err)
		return
	}
	defer s.Close()
	id := blob.ID{1}
	key := store.SliverKey{Blob: id, Shard: 3}
	fmt.Println(s.SetShards(store.ShardActive, 3))
	_, err = s.PutSliver(key, []byte("too early"))
	fmt.Println(err)
	fmt.Println(s.Apply(0, store.Register{Blob: id, Epoch: 1, End: 5, Size: 100}))
	fmt.Println(s.PutMetadata(id, []byte("metadata")))
	fmt.Println(s.PutSliver(key, []byte("sliver")))
	data, err := s.Sliver(key)
	fmt.Printf("%s %v\n", data, err)
	// Output:
	// <nil>
	// store: no metadata for the blob: primary sliver of blob AQAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA on shard 3
	// <nil>
	// true <nil>
	// true <nil>
	// sliver <nil>
}
