/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * backend/record.c - one record of a leaf against the field vector
 *
 * Branch-free: what differs is gathered in two registers, bits that should be 0
 * in one, numbers that should not be negative in the other, and there is one
 * branch at the end.  A misprediction costs more than all of the tests.
 */
#include <errno.h>

#include "backend/gen.h"

#define NEGATE_SHIFT	8

_Static_assert(TR_TERM_NEGATE == 1 << NEGATE_SHIFT, "TR_TERM_NEGATE");

/* R1: gathers bits.  R2: gathers signs.  R3: the field.  R4: scratch. */
enum {
	R_BITS = BPF_REG_1,
	R_SIGN = BPF_REG_2,
	R_FIELD = BPF_REG_3,
	R_TMP = BPF_REG_4,
};

/* What has been gathered so far: the first of each is not added but is it. */
struct gathered {
	bool	bits;
	bool	sign;
};

/* @reg, which is R_BITS for the first, is one more to be 0. */
static void gather_bits(struct be_asm *a, struct gathered *so_far, int reg)
{
	if (so_far->bits)
		be_emit(a, insn_alu(BPF_OR, R_BITS, reg));
	so_far->bits = true;
}

/* The same of what must not be negative. */
static void gather_sign(struct be_asm *a, struct gathered *so_far, int reg)
{
	if (so_far->sign)
		be_emit(a, insn_alu(BPF_OR, R_SIGN, reg));
	so_far->sign = true;
}

/* (pair of IPv4 addresses & mask) == value */
static void test_pair(struct be_gen *g, struct gathered *so_far, int value,
		      int mask)
{
	int reg = so_far->bits ? R_FIELD : R_BITS;
	struct be_asm *a = &g->a;

	be_emit(a, insn_load(BPF_DW, reg, BPF_REG_0, mask));
	be_gen_and_addrs(g, reg, R_TMP);
	be_emit(a, insn_load(BPF_DW, R_TMP, BPF_REG_0, value));
	be_emit(a, insn_alu(BPF_XOR, reg, R_TMP));
	gather_bits(a, so_far, reg);
}

/* (f & mask) == value, with @fsize bytes of the field at @field in the frame */
static void test_masked(struct be_asm *a, struct gathered *so_far, int fsize,
			int field, int size, int value, int mask)
{
	int reg = so_far->bits ? R_FIELD : R_BITS;

	be_emit(a, insn_load(fsize, reg, BPF_REG_10, field));
	be_emit(a, insn_load(size, R_TMP, BPF_REG_0, mask));
	be_emit(a, insn_alu(BPF_AND, reg, R_TMP));
	be_emit(a, insn_load(size, R_TMP, BPF_REG_0, value));
	be_emit(a, insn_alu(BPF_XOR, reg, R_TMP));
	gather_bits(a, so_far, reg);
}

/* f - lo <= more, in 32 bits without a sign: a field below lo is far above. */
static void test_range(struct be_asm *a, struct gathered *so_far, int field,
		       int lo, int more)
{
	int reg = so_far->sign ? R_TMP : R_SIGN;

	be_emit(a, insn_load(BPF_W, R_FIELD, BPF_REG_10, field));
	be_emit(a, insn_load(BPF_H, R_TMP, BPF_REG_0, lo));
	be_emit(a, insn_alu32(BPF_SUB, R_FIELD, R_TMP));
	be_emit(a, insn_load(BPF_H, reg, BPF_REG_0, more));
	be_emit(a, insn_alu(BPF_SUB, reg, R_FIELD));
	gather_sign(a, so_far, reg);
}

/* (f & set) != 0 */
static void test_bits(struct be_asm *a, struct gathered *so_far, int field,
		      int set)
{
	int reg = so_far->sign ? R_FIELD : R_SIGN;

	be_emit(a, insn_load(BPF_W, reg, BPF_REG_10, field));
	be_emit(a, insn_load(BPF_H, R_TMP, BPF_REG_0, set));
	be_emit(a, insn_alu(BPF_AND, reg, R_TMP));
	be_emit(a, insn_alui(BPF_SUB, reg, 1));
	gather_sign(a, so_far, reg);
}

static void test_half(struct be_gen *g, struct gathered *so_far,
		      const struct tr_test *t, int at)
{
	enum tr_half half = tr_half_of(t->field, g->c->layout.pair);

	if (half == TR_HALF_PAIR)
		test_pair(g, so_far, at, at + 8);
	else
		test_masked(&g->a, so_far, BPF_DW, BE_HALF(half), BPF_DW, at,
			    at + 8);
}

/* @at: of the record's own place, from R0. */
static void test(struct be_gen *g, struct gathered *so_far,
		 const struct tr_test *t, int at)
{
	const int field = BE_FIELD(t->field);
	struct be_asm *a = &g->a;

	at += t->offset;
	switch (t->kind) {
	case TR_TEST_MASKED64:
		test_half(g, so_far, t, at);
		return;
	case TR_TEST_KIND16:
		test_masked(a, so_far, BPF_W, be_gen_kind_at(g), BPF_H, at,
			    at + 2);
		return;
	case TR_TEST_MASKED32:
		test_masked(a, so_far, BPF_W, field, BPF_W, at, at + 4);
		return;
	case TR_TEST_MASKED8:
		test_masked(a, so_far, BPF_W, field, BPF_B, at, at + 1);
		return;
	case TR_TEST_RANGE16:
		test_range(a, so_far, field, at, at + 2);
		return;
	case TR_TEST_BITS16:
		test_bits(a, so_far, field, at);
		return;
	}
	a->err = a->err ? a->err : -EINVAL;
}

int be_gen_kind_at(const struct be_gen *g)
{
	return BE_FIELD(be_gen_v6(g) ? IR_NFIELDS : IR_NFIELDS4);
}

void be_gen_tests(struct be_gen *g, int at)
{
	const struct tr_layout *l = &g->c->layout;
	struct gathered so_far = { false, false };
	struct be_asm *a = &g->a;
	int i;

	for (i = 0; i < l->ntests; i++)
		test(g, &so_far, &l->test[i], at);
	if (so_far.sign)
		be_emit(a, insn_alui(BPF_RSH, R_SIGN, 63));
	if (!so_far.bits)
		be_emit(a, insn_mov32i(R_BITS, 0));
	if (so_far.sign)
		be_emit(a, insn_alu(BPF_OR, R_BITS, R_SIGN));
}

/* R1 |= the term at R0 holds; R2 = its word op.  Clobbers R3, R4. */
static void term(struct be_gen *g)
{
	struct be_asm *a = &g->a;

	be_emit(a, insn_load(BPF_W, BPF_REG_2, BPF_REG_0,
			     offsetof(struct tr_term, op)));
	be_emit(a, insn_mov(BPF_REG_3, BPF_REG_2));
	be_emit(a, insn_alui(BPF_AND, BPF_REG_3, TR_TERM_FIELD));
	be_emit(a, insn_alui(BPF_LSH, BPF_REG_3, 2));
	be_emit(a, insn_alu(BPF_ADD, BPF_REG_3, BPF_REG_10));
	be_emit(a, insn_load(BPF_W, BPF_REG_3, BPF_REG_3, BE_FRAME(field)));
	be_emit(a, insn_load(BPF_W, BPF_REG_4, BPF_REG_0,
			     offsetof(struct tr_term, mask)));
	be_emit(a, insn_alu(BPF_AND, BPF_REG_3, BPF_REG_4));
	be_emit(a, insn_load(BPF_W, BPF_REG_4, BPF_REG_0,
			     offsetof(struct tr_term, hi)));
	be_emit(a, insn_alu(BPF_SUB, BPF_REG_4, BPF_REG_3));
	be_emit(a, insn_load(BPF_W, BPF_REG_0, BPF_REG_0,
			     offsetof(struct tr_term, lo)));
	be_emit(a, insn_alu(BPF_SUB, BPF_REG_3, BPF_REG_0));
	be_emit(a, insn_alu(BPF_OR, BPF_REG_3, BPF_REG_4));
	be_emit(a, insn_alui(BPF_RSH, BPF_REG_3, 63));
	be_emit(a, insn_alui(BPF_XOR, BPF_REG_3, 1));
	be_emit(a, insn_alu(BPF_OR, BPF_REG_1, BPF_REG_3));
}

void be_gen_extra(struct be_gen *g, be_label miss)
{
	struct be_asm *a = &g->a;
	be_label pred, next, last, done;

	if (!g->c->layout.extra)
		return;
	pred = be_label_new(a);
	next = be_label_new(a);
	last = be_label_new(a);
	done = be_label_new(a);
	be_emit(a, insn_load(BPF_W, BPF_REG_5, BPF_REG_0,
			     g->c->layout.extra));
	be_jump(a, insn_jumpi(BPF_JEQ, BPF_REG_5, 0), done);
	be_label_here(a, pred);
	be_emit(a, insn_mov32i(BPF_REG_1, 0));
	be_label_here(a, next);
	be_gen_loop_with(g, 1u << BPF_REG_1 | 1u << BPF_REG_5);
	be_gen_at(g, BPF_REG_0, BPF_REG_5);
	term(g);
	be_emit(a, insn_alu32i(BPF_ADD, BPF_REG_5, sizeof(struct tr_term)));
	be_jump(a, insn_jumpi(BPF_JSET, BPF_REG_2, TR_TERM_LAST), last);
	be_jump(a, insn_ja(), next);
	be_label_here(a, last);
	/* It holds when just one of "any term" and "negated" is so. */
	be_emit(a, insn_mov(BPF_REG_3, BPF_REG_2));
	be_emit(a, insn_alui(BPF_RSH, BPF_REG_3, NEGATE_SHIFT));
	be_emit(a, insn_alui(BPF_AND, BPF_REG_3, 1));
	be_jump(a, insn_jump(BPF_JEQ, BPF_REG_1, BPF_REG_3), miss);
	be_jump(a, insn_jumpi(BPF_JSET, BPF_REG_2, TR_TERM_END), done);
	be_jump(a, insn_ja(), pred);
	be_label_here(a, done);
}
