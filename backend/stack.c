/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * backend/stack.c - the jump stack
 *
 * Up to BE_STACK_DEPTH returns are kept in the BPF stack.  iptables has no limit
 * to the nesting of chains, so deeper ones are kept in a per-CPU array of one
 * struct be_return each.  A program that can be interrupted by itself (a packet
 * sent by a process, and one received meanwhile) needs more than one area of
 * these: which are taken is a bit mask in element 0.  It is a mask and not a
 * depth since processes that the scheduler switches between do not end in the
 * order in which they began.
 */
#include <errno.h>

#include "backend/gen.h"

#define AREAS		8
#define MAX_DEPTH	(1u << 24)

/* Those at the start of frame.stack that are not for returns. */
static uint32_t skipped(const struct tr_classifier *c)
{
	return c->family == AF_INET6 ? BE_STACK_SKIP6 : 0;
}

bool be_stack_is_deep(const struct tr_classifier *c)
{
	return c->depth > BE_STACK_DEPTH - skipped(c);
}

int be_stack_def(const struct tr_classifier *c, struct be_map_def *d)
{
	if (c->depth > MAX_DEPTH)
		return -E2BIG;
	*d = (struct be_map_def){
		.name = "xtbpf_stack", .type = BPF_MAP_TYPE_PERCPU_ARRAY,
		.key = 4, .value = sizeof(struct be_return),
		.entries = 1 + c->depth * AREAS,
	};
	return 0;
}

/* R0 = the element with the number in frame.key. */
static void lookup(struct be_gen *g)
{
	struct be_asm *a = &g->a;

	be_gen_map(g, BPF_REG_1, BE_MAP_STACK);
	be_emit(a, insn_mov(BPF_REG_2, BPF_REG_10));
	be_emit(a, insn_alui(BPF_ADD, BPF_REG_2, BE_FRAME(key)));
	be_emit(a, insn_call(BPF_FUNC_map_lookup_elem));
	be_jump(a, insn_jumpi(BPF_JEQ, BPF_REG_0, 0), g->drop);
}

/* R0 = the mask of areas. */
static void lookup_mask(struct be_gen *g)
{
	be_emit(&g->a, insn_storei(BPF_W, BPF_REG_10, BE_FRAME(key), 0));
	lookup(g);
}

static void claim_area(struct be_gen *g, uint32_t area, be_label got)
{
	struct be_asm *a = &g->a;
	int32_t bit = 1 << area;

	be_emit(a, insn_storei(BPF_W, BPF_REG_10, BE_FRAME(level),
			       (int32_t)area));
	be_emit(a, insn_movi(BPF_REG_1, bit));
	be_emit(a, insn_atomic(BPF_DW, BPF_OR | BPF_FETCH, BPF_REG_0, 0,
			       BPF_REG_1));
	be_emit(a, insn_alui(BPF_AND, BPF_REG_1, bit));
	be_jump(a, insn_jumpi(BPF_JEQ, BPF_REG_1, 0), got);
}

void be_stack_claim(struct be_gen *g)
{
	struct be_asm *a = &g->a;
	be_label got = be_label_new(a);
	uint32_t i;

	be_emit(a, insn_storei(BPF_W, BPF_REG_10, BE_FRAME(depth), 0));
	if (!be_stack_is_deep(g->c))
		return;
	be_emit(a, insn_storei(BPF_W, BPF_REG_10, BE_FRAME(level), 0));
	if (!g->ops->nests)
		return;
	lookup_mask(g);
	for (i = 0; i < AREAS; i++)
		claim_area(g, i, got);
	be_jump(a, insn_ja(), g->drop);
	be_label_here(a, got);
}

void be_stack_release(struct be_gen *g)
{
	struct be_asm *a = &g->a;

	if (!be_stack_is_deep(g->c) || !g->ops->nests)
		return;
	lookup_mask(g);
	be_emit(a, insn_load(BPF_W, BPF_REG_2, BPF_REG_10, BE_FRAME(level)));
	be_emit(a, insn_movi(BPF_REG_1, 1));
	be_emit(a, insn_alu(BPF_LSH, BPF_REG_1, BPF_REG_2));
	be_emit(a, insn_alui(BPF_XOR, BPF_REG_1, -1));
	be_emit(a, insn_atomic(BPF_DW, BPF_AND, BPF_REG_0, 0, BPF_REG_1));
}

/*
 * R0 = the element with the number in R1; jumps to @out where that is not below
 * c->depth.  What is compared is not R1 itself: the verifier would carry its
 * bounds through the loops of the walk.
 */
static void element(struct be_gen *g, be_label out)
{
	struct be_asm *a = &g->a;

	be_emit(a, insn_mov(BPF_REG_2, BPF_REG_1));
	be_emit(a, insn_alui(BPF_LSH, BPF_REG_2, 4));
	be_jump(a, insn_jumpi(BPF_JGE, BPF_REG_2,
			      (int32_t)g->c->depth * 16), out);
	if (be_stack_is_deep(g->c)) {
		be_emit(a, insn_load(BPF_W, BPF_REG_2, BPF_REG_10,
				     BE_FRAME(level)));
		be_emit(a, insn_alui(BPF_MUL, BPF_REG_2,
				     (int32_t)g->c->depth));
		be_emit(a, insn_alu(BPF_ADD, BPF_REG_1, BPF_REG_2));
		be_emit(a, insn_alui(BPF_ADD, BPF_REG_1, 1));
		be_emit(a, insn_store(BPF_W, BPF_REG_10, BE_FRAME(key),
				      BPF_REG_1));
		lookup(g);
		return;
	}
	be_emit(a, insn_mov(BPF_REG_0, BPF_REG_10));
	be_emit(a, insn_alu(BPF_ADD, BPF_REG_0, BPF_REG_2));
	be_emit(a, insn_alui(BPF_ADD, BPF_REG_0, BE_FRAME(stack) +
			     (int)(skipped(g->c) * sizeof(struct be_return))));
}

/* A member of the struct be_return at R0.  Clobbers R1. */
static void put(struct be_gen *g, int member, int from)
{
	struct be_asm *a = &g->a;

	be_emit(a, insn_load(BPF_W, BPF_REG_1, BPF_REG_10, from));
	be_emit(a, insn_store(BPF_W, BPF_REG_0, member, BPF_REG_1));
}

void be_stack_push(struct be_gen *g)
{
	struct be_asm *a = &g->a;
	be_label single = be_label_new(a), done = be_label_new(a);

	if (!g->c->depth) {
		be_jump(a, insn_ja(), g->drop);
		return;
	}
	be_emit(a, insn_load(BPF_W, BPF_REG_1, BPF_REG_10, BE_FRAME(depth)));
	be_emit(a, insn_mov(BPF_REG_2, BPF_REG_1));
	be_emit(a, insn_alu32i(BPF_ADD, BPF_REG_2, 1));
	be_emit(a, insn_store(BPF_W, BPF_REG_10, BE_FRAME(depth), BPF_REG_2));
	element(g, g->drop);
	put(g, offsetof(struct be_return, segment), BE_FRAME(segment));
	be_emit(a, insn_load(BPF_W, BPF_REG_1, BPF_REG_10, BE_FRAME(multi)));
	be_jump(a, insn_jumpi(BPF_JEQ, BPF_REG_1, 0), single);
	be_emit(a, insn_mov(BPF_REG_1, BE_R_WORD));
	be_emit(a, insn_alui(BPF_OR, BPF_REG_1, 0xff));
	be_emit(a, insn_alui(BPF_ADD, BPF_REG_1, 1));
	be_emit(a, insn_store(BPF_W, BPF_REG_0,
			      offsetof(struct be_return, k0), BPF_REG_1));
	be_emit(a, insn_mov32i(BPF_REG_1, 0));
	be_emit(a, insn_store(BPF_W, BPF_REG_0,
			      offsetof(struct be_return, record), BPF_REG_1));
	be_jump(a, insn_ja(), done);
	be_label_here(a, single);
	be_emit(a, insn_store(BPF_W, BPF_REG_0,
			      offsetof(struct be_return, record), BE_R_REC));
	be_label_here(a, done);
}

void be_stack_pop(struct be_gen *g, be_label empty)
{
	struct be_asm *a = &g->a;

	be_emit(a, insn_load(BPF_W, BPF_REG_1, BPF_REG_10, BE_FRAME(depth)));
	be_emit(a, insn_alu32i(BPF_SUB, BPF_REG_1, 1));
	be_emit(a, insn_store(BPF_W, BPF_REG_10, BE_FRAME(depth), BPF_REG_1));
	element(g, empty);
}
