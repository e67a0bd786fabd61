#include "textflag.h"

// func mixBlocks(row *uint64, src *int16, strideBytes int, weights *pairWeights, pairs, blocks int)
//
// SSE2, which every amd64 has. Of a block of 8 columns, voxels of two source
// rows are interleaved, so that one PMADDWD multiplies both and adds: X10 and
// X12 are the sums of the even target row, X11 and X13 those of the odd one.
TEXT ·mixBlocks(SB), NOSPLIT, $0-48
	MOVQ row+0(FP), DI
	MOVQ src+8(FP), SI
	MOVQ strideBytes+16(FP), R8
	MOVQ weights+24(FP), R9
	MOVQ pairs+32(FP), R10
	MOVQ blocks+40(FP), R11

	MOVL $512, AX       // 1<<(shift-1)
	MOVQ AX, X14
	PSHUFD $0, X14, X14
	MOVL $262144, AX    // bias<<fracBits
	MOVQ AX, X15
	PSHUFD $0, X15, X15

block:
	MOVO X14, X10
	MOVO X14, X11
	MOVO X14, X12
	MOVO X14, X13
	MOVQ SI, BX
	MOVQ R9, DX
	MOVQ R10, CX

pair:
	MOVOU (BX), X0
	MOVOU (BX)(R8*1), X1
	MOVO X0, X2
	PUNPCKLWL X1, X0
	PUNPCKHWL X1, X2
	MOVOU (DX), X8
	MOVOU 16(DX), X9
	MOVO X0, X3
	MOVO X2, X4
	PMADDWL X8, X0
	PMADDWL X9, X3
	PMADDWL X8, X2
	PMADDWL X9, X4
	PADDL X0, X10
	PADDL X3, X11
	PADDL X2, X12
	PADDL X4, X13
	LEAQ (BX)(R8*2), BX
	ADDQ $32, DX
	DECQ CX
	JNZ pair

	PSRAL $10, X10      // weightBits-fracBits
	PSRAL $10, X11
	PSRAL $10, X12
	PSRAL $10, X13
	PADDL X15, X10
	PADDL X15, X11
	PADDL X15, X12
	PADDL X15, X13
	MOVO X10, X0
	MOVO X12, X1
	PUNPCKLLQ X11, X10
	PUNPCKHLQ X11, X0
	PUNPCKLLQ X13, X12
	PUNPCKHLQ X13, X1
	MOVOU X10, (DI)
	MOVOU X0, 16(DI)
	MOVOU X12, 32(DI)
	MOVOU X1, 48(DI)

	ADDQ $16, SI
	ADDQ $64, DI
	DECQ R11
	JNZ block
	RET
