package wire_test

import (
	"errors"
	"fmt"
	"net/http"
	"net/http/httptest"

	"github.com/walrus-go/walrus/blob"
	"github.com/walrus-go/walrus/wire"
)

// A node refuses, and its caller decides by the same error.
func Example() {
	node := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		_ = wire.WriteError(w, fmt.Errorf("%w: in epoch 7", wire.ErrNotRegistered), "")
	}))
	defer node.Close()

	resp, err := http.Get(node.URL + wire.ConfirmationPath(blob.ID{}, nil, 0))
	if err != nil {
		fmt.Println(err)
		return
	}
	defer resp.Body.Close()
	var confirmation wire.Confirmation
	err = wire.ReadData(resp, &confirmation)
	fmt.Println(resp.StatusCode, errors.Is(err, wire.ErrNotRegistered), wire.Retryable(err))
	// Output: 400 true true
}
