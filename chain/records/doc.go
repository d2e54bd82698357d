// Package records carries the records of an exported state, millions of them, beside its genesis. They are
// written and read a part at a time, so that no step of an export or import holds all of them.
//
// The idea: what modules keep one record of per object or event is not in the genesis but in a file of its
// own, of which the genesis has the hash. A part of that file is a piece of one module's genesis in
// protobuf. Merging a module's parts in their order, which appends their lists to each other, gives all of
// its records. The file is a line that names the format, and then for each part
//
//	1 byte      length of the module's name
//	            the module's name
//	4 bytes     length of the part, big-endian, at most 1 MiB
//	            the part
//
// with the parts of each module next to each other, in the order in which modules take up their genesis.
//
// Start with [Writer] and [Reader]; modules use [Export] and [Import].
package records
