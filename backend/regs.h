/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * backend/regs.h - what a program keeps where, written once
 *
 * A program has two phases.  The parser finds the packet and fills the field
 * vector; the walk then knows nothing but the frame and the table.
 *
 * R0 to R5 are scratch in both: every emitter may clobber them, and says so
 * where it leaves something in them on purpose.
 */
#ifndef BACKEND_REGS_H
#define BACKEND_REGS_H

#include <stddef.h>
#include <stdint.h>

#include <linux/bpf.h>

#include "ir/field.h"

enum {
	/* The parser. */
	BE_R_CTX	= BPF_REG_6,	/* the context, or the skb at netfilter */
	BE_R_IP		= BPF_REG_7,	/* the IP header */
	BE_R_AVAIL	= BPF_REG_8,	/* signed: bytes after the IP header */
	BE_R_IHL	= BPF_REG_9,	/* length of the IP header in bytes, in IPv6
					 * with all extension headers walked */

	/* The walk. */
	BE_R_REC	= BPF_REG_6,	/* offset of the current record */
	BE_R_ADDRS	= BPF_REG_7,	/* IPv4: saddr << 32 | daddr */
	BE_R_WORD	= BPF_REG_8,	/* word 0 of the record or lowest yet */
	BE_R_TABLE	= BPF_REG_9,	/* the table */
};

/* Returns in the frame itself (IPv6: less); a deeper stack is in a map. */
#define BE_STACK_DEPTH	14

/* Where a chain goes on after a return. */
struct be_return {
	uint32_t	segment;	/* of the variant at hand */
	uint32_t	k0;		/* word 0 to go on from ... */
	uint32_t	record;		/* ... or, not 0, go on behind this one */
	uint32_t	pad;
};

/*
 * The stack frame, below R10.  Nothing is initialised (but where loops are calls:
 * loop.c): since Linux 6.3 a privileged program may read what it has not written,
 * and no test ever asks for a field that the parser does not fill.  The verifier
 * takes up to 16 bytes of the 512 for itself (may_goto), or 32 for a function that
 * is called back.
 *
 * A field's number in the table is cut to five bits, so that what is read by it
 * may be in the stack of returns, which is of no harm.
 */
struct be_frame {
	/* From here on the verifier forgets what it knows (walk.c). */
	uint32_t	forget;
	uint32_t	variant;	/* to add to a pair's offset: 0 or 16 */
	uint32_t	segment;	/* where the walk is */
	uint32_t	policy;		/* the bottom of the jump stack */
	uint32_t	depth;		/* how many returns are on the stack */
	uint32_t	level;		/* which scratch area is ours (stack.c) */
	uint32_t	zero;		/* 0, and the verifier does not know it */
	uint32_t	flow;		/* 0, or where to note the walk (flow.c) */
	uint32_t	field[16];	/* by enum ir_field */
	struct be_return stack[BE_STACK_DEPTH];

	uint64_t	bytes;		/* what a counter adds */
	/* And from here on, where loops are calls (loop.c). */
	uint32_t	nonlinear;	/* skb->data_len */
	uint32_t	multi;		/* the segment has not just one group ... */
	uint32_t	k0;		/* ... word 0 to go on from, */
	union {
		uint32_t start;		/* before the walk: where it starts, */
		uint32_t group;		/* then the offset of the one at hand, */
	};
	uint32_t	best;		/* and the record with the lowest id yet */
	uint32_t	key;		/* of a map lookup */
	uint64_t	ctx;		/* netfilter: the context */
	uint64_t	offset;		/* arguments kept over a call */
	uint64_t	length;
	uint64_t	dynptr[2];
	uint8_t		header[24];	/* the IPv4 header where it is copied */
	union {
		uint8_t	bytes[40];
		struct bpf_fib_lookup fib;
	} buf;				/* packet bytes that had to be copied */
};

_Static_assert(IR_NFIELDS4 + 1 <= 16,
	       "each field has its place in the frame, and one more");

/* What a loop keeps in the frame (loop.c): where that has nothing else. */
struct be_kept {
	uint64_t	reg[4];		/* R6 to R9 */
	uint64_t	scratch[3];	/* of R0 to R5, what a head says */
	uint32_t	head;		/* where to go on */
	uint32_t	exit;		/* where to when it is over */
};

/* The parser's, when there are no returns, and the walk's. */
#define BE_KEPT_PARSER	BE_FRAME(stack[BE_STACK_SKIP6])
#define BE_KEPT_WALK	BE_FRAME(ctx)

/* The parser's R6 and R7: behind what is copied into frame.buf. */
#define BE_KEPT_POINTERS \
	(BE_FRAME(buf) + (int)sizeof(((struct be_frame *)0)->buf.bytes))

/* How many bytes from frame.nonlinear on, BE_KEPT_WALK among them. */
#define BE_FORGET_KEPT	128

/* How many bytes from frame.forget on are forgotten: a power of two. */
#define BE_FORGET	256

_Static_assert(offsetof(struct be_frame, stack) <= BE_FORGET, "BE_FORGET");
_Static_assert(offsetof(struct be_frame, bytes) > BE_FORGET, "BE_FORGET");
_Static_assert(sizeof(struct be_frame) <= 480, "BPF stack");
_Static_assert(sizeof(struct be_frame) % 8 == 0, "BPF stack");

#define BE_HEADER6_SIZE	40

/* Offset of a member of the frame from R10. */
#define BE_FRAME(member) \
	((int)offsetof(struct be_frame, member) - (int)sizeof(struct be_frame))

/*
 * IPv6 has more fields than there is room for, and 64-bit halves of addresses
 * that the walk wants whole (enum tr_half, in two bits).  They are where IPv4 has
 * its first returns.
 */
#define BE_FIELDS6	32
#define BE_HALF(half)	(BE_FRAME(field) + 4 * BE_FIELDS6 + 8 * ((int)(half) & 3))
#define BE_STACK_SKIP6	6

_Static_assert(IR_NFIELDS + 1 <= BE_FIELDS6,
	       "each field has its place, and one more");
_Static_assert(offsetof(struct be_frame, field) + 4 * BE_FIELDS6 + 4 * 8 ==
	       offsetof(struct be_frame, stack[BE_STACK_SKIP6]), "BE_HALF");
_Static_assert((offsetof(struct be_frame, field) + 4 * BE_FIELDS6) % 8 == 0,
	       "BE_HALF");

/* Stack accesses must be aligned, and the addresses are read as one. */
#define BE_HEADER	(BE_FRAME(header) + 4)

/* A copied IPv6 header is where returns will be: nothing jumps before the walk. */
#define BE_HEADER6	BE_FRAME(stack[BE_STACK_DEPTH - 3])

_Static_assert(sizeof(struct be_kept) <= 4 * sizeof(struct be_return) &&
	       BE_STACK_SKIP6 + 4 <= BE_STACK_DEPTH - 3, "BE_KEPT_PARSER");
_Static_assert(BE_KEPT_POINTERS + 16 <= 0 &&
	       offsetof(struct be_frame, buf.bytes) + 40 >=
	       offsetof(struct be_frame, nonlinear) + BE_FORGET_KEPT,
	       "BE_KEPT_POINTERS");
_Static_assert(offsetof(struct be_frame, ctx) + sizeof(struct be_kept) <=
	       offsetof(struct be_frame, nonlinear) + BE_FORGET_KEPT,
	       "BE_KEPT_WALK");
_Static_assert(offsetof(struct be_frame, nonlinear) + BE_FORGET_KEPT <=
	       sizeof(struct be_frame), "BE_FORGET_KEPT");

#define BE_FIELD(f)	(BE_FRAME(field) + 4 * (int)(f))

#endif
