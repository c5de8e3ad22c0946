/* SPDX-License-Identifier: GPL-2.0-or-later */
/* backend/asm.c - the assembler under all emitters of this stage */
#include "backend/asm.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#define NOWHERE		UINT32_MAX

/* The frame in a function that is called back; in the program, something else. */
#define R_FRAME		BPF_REG_7

struct be_jump {
	uint32_t	at;
	be_label	to;
};

struct be_place {
	uint32_t	at;		/* NOWHERE: not yet */
	uint32_t	part;
};

void be_asm_init(struct be_asm *a)
{
	memset(a, 0, sizeof(*a));
}

void be_asm_free(struct be_asm *a)
{
	free(a->insns);
	free(a->jumps);
	free(a->labels);
	free(a->refs);
	free(a->part_of);
	be_asm_init(a);
}

/* Room for one more element at *array; the error sticks. */
static int grow(struct be_asm *a, void **array, uint32_t n, uint32_t *size,
		size_t elem)
{
	uint32_t want = *size ? *size * 2 : 256;
	void *p;

	if (a->err)
		return a->err;
	if (n < *size)
		return 0;
	p = realloc(*array, want * elem);
	if (!p)
		return a->err = -ENOMEM;
	*array = p;
	*size = want;
	return 0;
}

static void put(struct be_asm *a, struct bpf_insn insn)
{
	void *p = a->insns, *q = a->part_of;

	if (!a->err && a->ninsns == BE_MAX_INSNS)
		a->err = -E2BIG;
	if (grow(a, &p, a->ninsns, &a->insns_size, sizeof(*a->insns)))
		return;
	a->insns = p;
	if (grow(a, &q, a->ninsns, &a->part_of_size, sizeof(*a->part_of)))
		return;
	a->part_of = q;
	a->part_of[a->ninsns] = (uint8_t)a->part;
	a->insns[a->ninsns++] = insn;
}

/* Whether @insn reads the register src: in others it says what is meant. */
static bool reads_src(const struct bpf_insn *insn)
{
	switch (BPF_CLASS(insn->code)) {
	case BPF_LDX:
	case BPF_STX:
		return true;
	case BPF_ALU:
	case BPF_ALU64:
	case BPF_JMP:
	case BPF_JMP32:
		return BPF_SRC(insn->code) == BPF_X;
	default:
		return false;
	}
}

/* @insn as it is in a function that is called back. */
static void put_called(struct be_asm *a, struct bpf_insn insn)
{
	const uint8_t mov = BPF_ALU64 | BPF_MOV | BPF_X;

	if (insn.dst_reg == R_FRAME)
		a->err = a->err ? a->err : -EINVAL;
	if (insn.dst_reg == BPF_REG_10)
		insn.dst_reg = R_FRAME;
	if (!reads_src(&insn) || insn.src_reg != R_FRAME) {
		if (reads_src(&insn) && insn.src_reg == BPF_REG_10)
			insn.src_reg = R_FRAME;
		put(a, insn);
		return;
	}
	if (insn.code != mov && BPF_CLASS(insn.code) != BPF_LDX)
		a->err = a->err ? a->err : -EINVAL;
	put(a, insn_load(BPF_DW, insn.dst_reg, R_FRAME, a->kept));
	insn.src_reg = insn.dst_reg;
	if (insn.code != mov)
		put(a, insn);
}

void be_emit(struct be_asm *a, struct bpf_insn insn)
{
	if (a->part)
		put_called(a, insn);
	else
		put(a, insn);
}

void be_emit_load64(struct be_asm *a, int dst, int src, uint64_t imm)
{
	be_emit(a, insn_make(BPF_LD | BPF_DW | BPF_IMM, dst, src, 0,
			     (int32_t)(uint32_t)imm));
	be_emit(a, insn_make(0, 0, 0, 0, (int32_t)(imm >> 32)));
}

void be_refer(struct be_asm *a, enum be_ref_kind kind, int what, int32_t add)
{
	void *p = a->refs;

	if (grow(a, &p, a->nrefs, &a->refs_size, sizeof(*a->refs)))
		return;
	a->refs = p;
	a->refs[a->nrefs++] = (struct be_ref){
		a->ninsns, (uint16_t)kind, (uint16_t)what, add,
	};
}

be_label be_label_new(struct be_asm *a)
{
	void *p = a->labels;

	if (grow(a, &p, a->nlabels, &a->labels_size, sizeof(*a->labels)))
		return 0;
	a->labels = p;
	a->labels[a->nlabels] = (struct be_place){ NOWHERE, 0 };
	return a->nlabels++;
}

void be_label_here(struct be_asm *a, be_label label)
{
	if (a->err)
		return;
	if (label >= a->nlabels || a->labels[label].at != NOWHERE)
		a->err = -EINVAL;
	else
		a->labels[label] = (struct be_place){ a->ninsns, a->part };
}

bool be_label_used(const struct be_asm *a, be_label label)
{
	uint32_t i;

	for (i = 0; i < a->njumps; i++)
		if (a->jumps[i].to == label)
			return true;
	return false;
}

void be_jump(struct be_asm *a, struct bpf_insn insn, be_label label)
{
	void *p = a->jumps;

	if (grow(a, &p, a->njumps, &a->jumps_size, sizeof(*a->jumps)))
		return;
	a->jumps = p;
	a->jumps[a->njumps++] = (struct be_jump){ a->ninsns, label };
	be_emit(a, insn);
}

void be_part_begin(struct be_asm *a, be_label start, int kept)
{
	if (!a->err && (a->part || a->nfuncs + 1 == BE_MAX_PARTS))
		a->err = -E2BIG;
	if (a->err)
		return;
	a->part = ++a->nfuncs;
	a->kept = kept;
	be_label_here(a, start);
	put(a, insn_mov(R_FRAME, BPF_REG_2));
}

void be_part_end(struct be_asm *a)
{
	a->part = 0;
}

void be_emit_function(struct be_asm *a, int dst, be_label start)
{
	be_jump(a, insn_make(BPF_LD | BPF_DW | BPF_IMM, dst, BPF_PSEUDO_FUNC,
			     0, 0), start);
	be_emit(a, insn_make(0, 0, 0, 0, 0));
}

/* Whether @label is in the part at hand. */
static bool is_here(const struct be_asm *a, be_label label)
{
	return label < a->nlabels && a->labels[label].at != NOWHERE &&
	       a->labels[label].part == a->part;
}

bool be_part_leaves(struct be_asm *a, be_label *out, be_label *in)
{
	bool leaves = false;
	struct be_jump *j;

	if (a->err)
		return false;
	for (j = a->jumps; j < a->jumps + a->njumps; j++) {
		if (a->part_of[j->at] != a->part || is_here(a, j->to))
			continue;
		if (!leaves) {
			*out = j->to;
			*in = be_label_new(a);
		} else if (j->to != *out) {
			continue;
		}
		leaves = true;
		j->to = *in;
	}
	return leaves;
}

/* Where instruction @at of the part goes when each part is in one piece. */
static uint32_t moved(const struct be_asm *a, uint32_t at, uint32_t part)
{
	uint32_t to = a->start[part], i;

	for (i = 0; i < at; i++)
		to += a->part_of[i] == part;
	return to;
}

/* The parts one behind the other. */
static int gather(struct be_asm *a)
{
	uint32_t next[BE_MAX_PARTS] = { 0 }, i;
	struct bpf_insn *insns;

	insns = calloc(a->ninsns, sizeof(*insns));
	if (!insns)
		return -ENOMEM;
	for (i = 0; i < a->ninsns; i++)
		next[a->part_of[i]]++;
	for (i = 1; i <= a->nfuncs; i++)
		a->start[i] = a->start[i - 1] + next[i - 1];
	memcpy(next, a->start, sizeof(next));
	for (i = 0; i < a->njumps; i++)
		a->jumps[i].at = moved(a, a->jumps[i].at,
				       a->part_of[a->jumps[i].at]);
	for (i = 0; i < a->nrefs; i++)
		a->refs[i].at = moved(a, a->refs[i].at,
				      a->part_of[a->refs[i].at]);
	for (i = 0; i < a->nlabels; i++)
		if (a->labels[i].at != NOWHERE)
			a->labels[i].at = moved(a, a->labels[i].at,
						a->labels[i].part);
	for (i = 0; i < a->ninsns; i++)
		insns[next[a->part_of[i]]++] = a->insns[i];
	free(a->insns);
	a->insns = insns;
	return 0;
}

/* The part that instruction @at is in, after gather(). */
static uint32_t part_at(const struct be_asm *a, uint32_t at)
{
	uint32_t part = a->nfuncs;

	while (part && a->start[part] > at)
		part--;
	return part;
}

static int resolve(struct be_asm *a, const struct be_jump *j)
{
	const struct be_place *to;
	struct bpf_insn *insn = &a->insns[j->at];
	int64_t off;

	if (j->to >= a->nlabels || a->labels[j->to].at == NOWHERE)
		return -EINVAL;
	to = &a->labels[j->to];
	off = (int64_t)to->at - j->at - 1;
	if (BPF_CLASS(insn->code) == BPF_LD) {
		insn->imm = (int32_t)off;
		return 0;
	}
	if (to->part != part_at(a, j->at))
		return -EINVAL;
	if (off != (int16_t)off)
		return -ERANGE;
	insn->off = (int16_t)off;
	return 0;
}

int be_finish(struct be_asm *a)
{
	uint32_t i;

	if (!a->err && a->nfuncs)
		a->err = gather(a);
	for (i = 0; i < a->njumps && !a->err; i++)
		a->err = resolve(a, &a->jumps[i]);
	return a->err;
}
