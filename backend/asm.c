/* SPDX-License-Identifier: GPL-2.0-or-later */
/* backend/asm.c - the assembler under all emitters of this stage */
#include "backend/asm.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#define NOWHERE		UINT32_MAX

struct be_jump {
	uint32_t	at;
	be_label	to;
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

void be_emit(struct be_asm *a, struct bpf_insn insn)
{
	void *p = a->insns;

	if (!a->err && a->ninsns == BE_MAX_INSNS)
		a->err = -E2BIG;
	if (grow(a, &p, a->ninsns, &a->insns_size, sizeof(*a->insns)))
		return;
	a->insns = p;
	a->insns[a->ninsns++] = insn;
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
	a->labels[a->nlabels] = NOWHERE;
	return a->nlabels++;
}

void be_label_here(struct be_asm *a, be_label label)
{
	if (a->err)
		return;
	if (label >= a->nlabels || a->labels[label] != NOWHERE)
		a->err = -EINVAL;
	else
		a->labels[label] = a->ninsns;
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

int be_finish(struct be_asm *a)
{
	uint32_t i, to;
	int64_t off;

	for (i = 0; i < a->njumps && !a->err; i++) {
		const struct be_jump *j = &a->jumps[i];

		to = j->to < a->nlabels ? a->labels[j->to] : NOWHERE;
		off = (int64_t)to - j->at - 1;
		if (to == NOWHERE)
			a->err = -EINVAL;
		else if (off != (int16_t)off)
			a->err = -ERANGE;
		else
			a->insns[j->at].off = (int16_t)off;
	}
	return a->err;
}
