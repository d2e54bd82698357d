// Command _asm writes the assembly of package blake2x; run it with go generate in that package.
package main

import . "github.com/mmcloughlin/avo/build"

func main() {
	ConstraintExpr("!purego")
	tables()
	hashAVX2()
	hashAVX512()
	compressOne()
	Generate()
}
