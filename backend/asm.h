/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * backend/asm.h - a growing row of instructions with labels
 *
 * Emitting never fails: the first error sticks, and be_finish() returns it.
 */
#ifndef BACKEND_ASM_H
#define BACKEND_ASM_H

#include <stdbool.h>
#include <stdint.h>

#include "backend/insn.h"

#define BE_MAX_INSNS	1000000		/* BPF_COMPLEXITY_LIMIT_INSNS */
#define BE_MAX_PARTS	8

typedef uint32_t be_label;

struct be_jump;
struct be_place;

/* What an instruction names that is known only where the program is loaded. */
enum be_ref_kind {
	BE_REF_MAP,		/* the two-slot load of a map */
	BE_REF_VALUE,		/* that of the address of its first value */
	BE_REF_MEMBER,		/* the offset of a member of a kernel structure */
	BE_REF_KFUNC,		/* the call of a function of the kernel */
	/* For a kernel that is not known yet: */
	BE_REF_LSHIFT,		/* what brings a member of one bit, loaded with */
	BE_REF_RSHIFT,		/* what is around it, to the top and down again */
	BE_REF_READS,		/* 1 where bpf_rdonly_cast() gives any memory */
};

struct be_ref {
	uint32_t	at;		/* the instruction */
	uint16_t	kind;		/* enum be_ref_kind */
	uint16_t	what;		/* of that kind: the emitter's business */
	int32_t		add;		/* BE_REF_MEMBER: bytes behind its start */
};

struct be_asm {
	struct bpf_insn	*insns;		/* owned, as are the others */
	uint32_t	ninsns;
	uint32_t	insns_size;
	struct be_jump	*jumps;
	uint32_t	njumps;
	uint32_t	jumps_size;
	struct be_place	*labels;
	uint32_t	nlabels;
	uint32_t	labels_size;
	struct be_ref	*refs;		/* in the order of the instructions,
					 * but of one part after the other */
	uint32_t	nrefs;
	uint32_t	refs_size;
	/*
	 * Part 0 is the program itself, behind it are functions.  Where each
	 * starts is known from be_finish() on.
	 */
	uint32_t	start[BE_MAX_PARTS];
	uint32_t	nfuncs;		/* not counting part 0 */
	uint32_t	part;		/* the one that is written now */
	uint8_t		*part_of;	/* by instruction */
	uint32_t	part_of_size;
	int		kept;		/* where the frame has what R7 had */
	int		err;
};

void be_asm_init(struct be_asm *a);
void be_asm_free(struct be_asm *a);

void be_emit(struct be_asm *a, struct bpf_insn insn);

/* The two-slot load: a constant, or with @src a map (BPF_PSEUDO_MAP_*). */
void be_emit_load64(struct be_asm *a, int dst, int src, uint64_t imm);

/*
 * Notes that the next instruction refers to something.  What it says there itself
 * is good for the kernel at hand; who loads it elsewhere goes by this.
 */
void be_refer(struct be_asm *a, enum be_ref_kind kind, int what, int32_t add);

/* A label that is nowhere yet. */
be_label be_label_new(struct be_asm *a);

/* Puts @label before the next instruction.  Only once per label. */
void be_label_here(struct be_asm *a, be_label label);

/* Whether anything emitted so far jumps to @label. */
bool be_label_used(const struct be_asm *a, be_label label);

/* Emits a jump whose offset is filled in by be_finish(). */
void be_jump(struct be_asm *a, struct bpf_insn insn, be_label label);

/*
 * What follows, up to be_part_end(), is a function that bpf_loop() calls back with
 * the program's R10 for a context.  It has no frame of its own: R7 has that
 * context.  So that emitters need not know in which function their code is, R10
 * is taken for R7 here, and what R7 is in the program is read from the frame at
 * @kept: it can be loaded by and moved, but nothing else (-EINVAL).
 *
 * @start is put before the function's first instruction.  Parts do not nest.
 */
void be_part_begin(struct be_asm *a, be_label start, int kept);
void be_part_end(struct be_asm *a);

/* @dst = the address of the function at @start. */
void be_emit_function(struct be_asm *a, int dst, be_label start);

/*
 * A jump cannot leave a function.  True: the one at hand jumps to *out, which is
 * not in it; all these jumps go to *in now, a new label for the caller to place.
 */
bool be_part_leaves(struct be_asm *a, be_label *out, be_label *in);

/*
 * Lets each jump meet its label.  0, or the first error: -ENOMEM, -E2BIG for
 * too many instructions, -EINVAL for a label that is nowhere or was placed
 * twice, -ERANGE for a jump past 16 bits.
 */
int be_finish(struct be_asm *a);

#endif
