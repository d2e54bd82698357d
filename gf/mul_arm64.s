//go:build !purego

#include "textflag.h"

// Written by hand: the generator knows amd64 only.
//
// An element is four nibbles, and the product of each with the factor has a table of 16 low bytes and
// one of 16 high bytes, which VTBL indexes 16 times at once. Registers: V16 to V23 the tables, low and
// high of each nibble in turn; V24 the mask of a nibble; V0 to V3 the block that is multiplied, V4 to V7
// the one that is added to, each as 32 low bytes then 32 high bytes; V8 to V12 scratch. R0 and R1
// walk the slices, R2 counts bytes down.
// Source: J. S. Plank, K. M. Greenan, E. L. Miller, Screaming Fast Galois Field Arithmetic Using Intel
// SIMD Instructions, FAST 2013.

// TABLES reads the tables at R3.
#define TABLES \
	VLD1.P 64(R3), [V16.B16, V17.B16, V18.B16, V19.B16] \
	VLD1   (R3), [V20.B16, V21.B16, V22.B16, V23.B16]   \
	VMOVI  $15, V24.B16

// NIBBLE adds the products of the nibbles in n to 16 low and high bytes.
#define NIBBLE(n, tableLow, tableHigh, toLow, toHigh) \
	VTBL n.B16, [tableLow.B16], V11.B16  \
	VTBL n.B16, [tableHigh.B16], V12.B16 \
	VEOR V11.B16, toLow.B16, toLow.B16   \
	VEOR V12.B16, toHigh.B16, toHigh.B16

// ELEMENTS adds the products of 16 elements.
#define ELEMENTS(low, high, toLow, toHigh) \
	VAND  V24.B16, low.B16, V8.B16         \
	VUSHR $4, low.B16, V9.B16              \
	VAND  V24.B16, high.B16, V10.B16       \
	NIBBLE(V8, V16, V17, toLow, toHigh)    \
	VUSHR $4, high.B16, V8.B16             \
	NIBBLE(V9, V18, V19, toLow, toHigh)    \
	NIBBLE(V10, V20, V21, toLow, toHigh)   \
	NIBBLE(V8, V22, V23, toLow, toHigh)

// MULADD adds the product of a block.
#define MULADD \
	ELEMENTS(V0, V2, V4, V6) \
	ELEMENTS(V1, V3, V5, V7)

// BLOCKS reads both blocks.
#define BLOCKS \
	VLD1 (R1), [V0.B16, V1.B16, V2.B16, V3.B16] \
	VLD1 (R0), [V4.B16, V5.B16, V6.B16, V7.B16]

// ADDBLOCK adds the second block to the first, as the other half of a butterfly does.
#define ADDBLOCK \
	VEOR V4.B16, V0.B16, V0.B16 \
	VEOR V5.B16, V1.B16, V1.B16 \
	VEOR V6.B16, V2.B16, V2.B16 \
	VEOR V7.B16, V3.B16, V3.B16

// func scaleNEON(dst, src []byte, f *[16]uint64)
TEXT ·scaleNEON(SB), NOSPLIT, $0-56
	MOVD dst_base+0(FP), R0
	MOVD dst_len+8(FP), R2
	MOVD src_base+24(FP), R1
	MOVD f+48(FP), R3
	TABLES
	CBZ  R2, done

block:
	VLD1.P 64(R1), [V0.B16, V1.B16, V2.B16, V3.B16]
	VEOR   V4.B16, V4.B16, V4.B16
	VEOR   V5.B16, V5.B16, V5.B16
	VEOR   V6.B16, V6.B16, V6.B16
	VEOR   V7.B16, V7.B16, V7.B16
	MULADD
	VST1.P [V4.B16, V5.B16, V6.B16, V7.B16], 64(R0)
	SUB    $64, R2
	CBNZ   R2, block

done:
	RET

// func mulAddNEON(dst, src []byte, f *[16]uint64)
TEXT ·mulAddNEON(SB), NOSPLIT, $0-56
	MOVD dst_base+0(FP), R0
	MOVD dst_len+8(FP), R2
	MOVD src_base+24(FP), R1
	MOVD f+48(FP), R3
	TABLES
	CBZ  R2, done

block:
	BLOCKS
	MULADD
	VST1.P [V4.B16, V5.B16, V6.B16, V7.B16], 64(R0)
	ADD    $64, R1
	SUB    $64, R2
	CBNZ   R2, block

done:
	RET

// func fft2NEON(x, y []byte, f *[16]uint64)
TEXT ·fft2NEON(SB), NOSPLIT, $0-56
	MOVD x_base+0(FP), R0
	MOVD x_len+8(FP), R2
	MOVD y_base+24(FP), R1
	MOVD f+48(FP), R3
	TABLES
	CBZ  R2, done

block:
	BLOCKS
	MULADD
	ADDBLOCK
	VST1.P [V4.B16, V5.B16, V6.B16, V7.B16], 64(R0)
	VST1.P [V0.B16, V1.B16, V2.B16, V3.B16], 64(R1)
	SUB    $64, R2
	CBNZ   R2, block

done:
	RET

// func ifft2NEON(x, y []byte, f *[16]uint64)
TEXT ·ifft2NEON(SB), NOSPLIT, $0-56
	MOVD x_base+0(FP), R0
	MOVD x_len+8(FP), R2
	MOVD y_base+24(FP), R1
	MOVD f+48(FP), R3
	TABLES
	CBZ  R2, done

block:
	BLOCKS
	ADDBLOCK
	MULADD
	VST1.P [V4.B16, V5.B16, V6.B16, V7.B16], 64(R0)
	VST1.P [V0.B16, V1.B16, V2.B16, V3.B16], 64(R1)
	SUB    $64, R2
	CBNZ   R2, block

done:
	RET
