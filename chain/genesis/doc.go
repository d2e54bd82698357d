// Package genesis brings the operators of a new network together: it turns what each of them signed on
// a machine of his own into the one file that all of them start from.
//
// The idea: whoever calls for a network writes a [Draft], which has the chain's parameters and says who has
// how much WAL. Each operator answers with a [Registration], made by [Register]: the public halves of his
// keys with proof of possession of each, his address, and the stake that he takes out of what the draft
// gives his account; his account signs all of it, the draft's digest included. [Collect] checks every
// registration as a stranger would and builds the genesis. It needs no secret, and the same draft and
// registrations give the same bytes in whatever order they come, so every operator can collect for himself
// and compare hashes.
//
// The first committee is selected by stake, as every later one is. Source: spec: control-plane.md sections
// 5.2, 6.2 and 6.3.
package genesis
