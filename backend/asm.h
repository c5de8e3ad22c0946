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

typedef uint32_t be_label;

struct be_jump;

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
	uint32_t	*labels;	/* where each is; UINT32_MAX: not yet */
	uint32_t	nlabels;
	uint32_t	labels_size;
	struct be_ref	*refs;		/* in the order of the instructions */
	uint32_t	nrefs;
	uint32_t	refs_size;
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
 * Lets each jump meet its label.  0, or the first error: -ENOMEM, -E2BIG for
 * too many instructions, -EINVAL for a label that is nowhere or was placed
 * twice, -ERANGE for a jump past 16 bits.
 */
int be_finish(struct be_asm *a);

#endif
