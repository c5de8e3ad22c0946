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

/* (pair of IPv4 addresses & mask) == value */
static void test_pair(struct be_asm *a, int value, int mask)
{
	be_emit(a, insn_mov(R_FIELD, BE_R_ADDRS));
	be_emit(a, insn_load(BPF_DW, R_TMP, BPF_REG_0, mask));
	be_emit(a, insn_alu(BPF_AND, R_TMP, R_FIELD));
	be_emit(a, insn_load(BPF_DW, R_FIELD, BPF_REG_0, value));
	be_emit(a, insn_alu(BPF_XOR, R_FIELD, R_TMP));
	be_emit(a, insn_alu(BPF_OR, R_BITS, R_FIELD));
}

/* (f & mask) == value */
static void test_masked(struct be_asm *a, int size, int value, int mask)
{
	be_emit(a, insn_load(size, R_TMP, BPF_REG_0, mask));
	be_emit(a, insn_alu(BPF_AND, R_FIELD, R_TMP));
	be_emit(a, insn_load(size, R_TMP, BPF_REG_0, value));
	be_emit(a, insn_alu(BPF_XOR, R_FIELD, R_TMP));
	be_emit(a, insn_alu(BPF_OR, R_BITS, R_FIELD));
}

/* f - lo <= more, in 32 bits without a sign: a field below lo is far above. */
static void test_range(struct be_asm *a, int lo, int more)
{
	be_emit(a, insn_load(BPF_H, R_TMP, BPF_REG_0, lo));
	be_emit(a, insn_alu32(BPF_SUB, R_FIELD, R_TMP));
	be_emit(a, insn_load(BPF_H, R_TMP, BPF_REG_0, more));
	be_emit(a, insn_alu(BPF_SUB, R_TMP, R_FIELD));
	be_emit(a, insn_alu(BPF_OR, R_SIGN, R_TMP));
}

/* (f & set) != 0 */
static void test_bits(struct be_asm *a, int set)
{
	be_emit(a, insn_load(BPF_H, R_TMP, BPF_REG_0, set));
	be_emit(a, insn_alu(BPF_AND, R_FIELD, R_TMP));
	be_emit(a, insn_alui(BPF_SUB, R_FIELD, 1));
	be_emit(a, insn_alu(BPF_OR, R_SIGN, R_FIELD));
}

static void test(struct be_gen *g, const struct tr_test *t)
{
	const struct tr_layout *l = &g->c->layout;
	struct be_asm *a = &g->a;
	int at = t->offset;
	enum tr_half half;

	if (t->kind == TR_TEST_MASKED64) {
		half = tr_half_of(t->field, l->pair);
		if (half == TR_HALF_PAIR) {
			test_pair(a, at, at + 8);
			return;
		}
		be_emit(a, insn_load(BPF_DW, R_FIELD, BPF_REG_10,
				     BE_HALF(half)));
		test_masked(a, BPF_DW, at, at + 8);
		return;
	}
	if (t->kind == TR_TEST_KIND16) {
		be_emit(a, insn_load(BPF_W, R_FIELD, BPF_REG_10,
				     be_gen_kind_at(g)));
		test_masked(a, BPF_H, at, at + 2);
		return;
	}
	be_emit(a, insn_load(BPF_W, R_FIELD, BPF_REG_10, BE_FIELD(t->field)));
	switch (t->kind) {
	case TR_TEST_MASKED32:
		test_masked(a, BPF_W, at, at + 4);
		return;
	case TR_TEST_MASKED8:
		test_masked(a, BPF_B, at, at + 1);
		return;
	case TR_TEST_RANGE16:
		test_range(a, at, at + 2);
		return;
	case TR_TEST_BITS16:
		test_bits(a, at);
		return;
	case TR_TEST_MASKED64:
	case TR_TEST_KIND16:
		break;
	}
	a->err = a->err ? a->err : -EINVAL;
}

int be_gen_kind_at(const struct be_gen *g)
{
	return BE_FIELD(be_gen_v6(g) ? IR_NFIELDS : IR_NFIELDS4);
}

void be_gen_tests(struct be_gen *g, bool k0)
{
	const struct tr_layout *l = &g->c->layout;
	struct be_asm *a = &g->a;
	int i;

	be_emit(a, insn_mov32i(R_BITS, 0));
	be_emit(a, insn_mov32i(R_SIGN, 0));
	if (k0) {
		be_emit(a, insn_mov(R_SIGN, BPF_REG_5));
		be_emit(a, insn_load(BPF_W, R_TMP, BPF_REG_10, BE_FRAME(k0)));
		be_emit(a, insn_alu(BPF_SUB, R_SIGN, R_TMP));
	}
	for (i = 0; i < l->ntests; i++)
		test(g, &l->test[i]);
	be_emit(a, insn_alui(BPF_RSH, R_SIGN, 63));
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
