package rs_test

import (
	"fmt"

	"github.com/walrus-go/walrus/rs"
)

func Example() {
	code, err := rs.New(3, 2)
	if err != nil {
		fmt.Println(err)
		return
	}
	word := [][]byte{[]byte("reed"), []byte("solo"), []byte("mon!")}
	recovery, err := code.Encode(word)
	if err != nil {
		fmt.Println(err)
		return
	}
	word = append(word, recovery...)

	word[0], word[2] = nil, nil // lost
	err = code.Reconstruct(word)
	fmt.Printf("%s%s%s %v\n", word[0], word[1], word[2], err)

	// Output: reedsolomon! <nil>
}
