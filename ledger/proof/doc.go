// Package proof shows that a blob is certified to somebody who trusts no node: a [Certification] carries
// the chain's record of the blob together with everything that ties it to one block hash.
//
// The idea: the header of block h+1 carries the hash of the state after block h. From the record, a Merkle
// path (ICS 23) leads to the hash of its module's store, another one from there to the state's hash, and
// the signatures of more than two thirds of the validators lead from a header that the reader trusts to
// that header. The chain's record of the current epoch comes along in the same way, since "certified until
// epoch E" says little without it. What is not there can be proved as well: Merkle trees with ordered keys
// show two neighbours with nothing between them.
//
// What a proof does not say: a record is the state of one block and not a promise by itself. It is one as
// far as permanent registrations go, because nobody can take those back; deletable ones are their owner's
// to delete in the next block, and are reported but never counted. Registrations in storage pools last as long
// as their pools, of which the record says nothing; they are reported apart. Nor does it say that the bytes can be
// read: certification says that a quorum of the nodes signed for them.
//
// Start with [Source.Prove] on one side and [Parse] and [Certification.Verify] on the other. Verifying
// needs no network. Source: spec: control-plane.md sections 2.3 and 2.8, storage-node.md section 4.6.
package proof
