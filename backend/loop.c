/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * backend/loop.c - loops, in one of two ways
 *
 * With may_goto (Linux 6.9) a loop is a loop: at its head is an instruction that
 * falls through 8 million times.
 *
 * Without, a function is called by bpf_loop() (Linux 5.17), up to as many times,
 * and no jump in it goes round.  Between be_loop_open() and be_loop_close() there
 * may be any number of heads and any jumps between them: at each head the function
 * notes in the frame at which it is, and returns; called again, it goes on from
 * there.  A jump to somewhere else notes where, and the loop is over.  So the
 * emitters are the same for both ways, but at a head they say what is in R0 to R5
 * that has to stay.
 *
 * The verifier of such kernels looks at a function that is called back only
 * once, with the frame and the registers as they are before the first call, and
 * removes what it does not reach.  What differs later must therefore be unknown
 * to it from the start: where to go on is, and so must be the rest of the
 * frame that the function reads (be_loop_init(), be_parse_forget(), walk.c).
 */
#include <errno.h>

#include "backend/gen.h"

#define SCRATCH_REGS	6	/* R0 to R5 */
#define MAX_CALLS	(1 << 23)	/* BPF_MAX_LOOPS */

/* What stays over a head, R7 excepted: it has the frame. */
static const int saved[] = { BPF_REG_6, BPF_REG_8, BPF_REG_9 };

#define NSAVED		(sizeof(saved) / sizeof(*saved))
#define KEPT(member)	(l->at + (int)offsetof(struct be_kept, member))

/* Of the walk, which keeps numbers only; the table is loaded again. */
static bool is_walk(const struct be_loop *l)
{
	return l->at == BE_KEPT_WALK;
}

/* The place of a register from R6 on. */
static int place(const struct be_loop *l, int reg)
{
	int at = 8 * (reg - BPF_REG_6);

	/* R6 and R7 are pointers: nothing to be forgotten. */
	if (!is_walk(l) && reg < BPF_REG_8)
		return BE_KEPT_POINTERS + at;
	return KEPT(reg) + at;
}

static void transfer(struct be_gen *g, bool store, int reg, int at)
{
	if (store)
		be_emit(&g->a, insn_store(BPF_DW, BPF_REG_10, at, reg));
	else
		be_emit(&g->a, insn_load(BPF_DW, reg, BPF_REG_10, at));
}

static void transfer_saved(struct be_gen *g, bool store)
{
	const struct be_loop *l = &g->loop;
	size_t i;

	for (i = 0; i < NSAVED; i++)
		if (!is_walk(l) || saved[i] != BE_R_TABLE)
			transfer(g, store, saved[i], place(l, saved[i]));
	if (is_walk(l) && !store)
		be_gen_value(g, BE_R_TABLE, BE_MAP_TABLE);
}

static void transfer_scratch(struct be_gen *g, bool store, uint32_t live)
{
	const struct be_loop *l = &g->loop;
	int at = KEPT(scratch), i;

	for (i = 0; i < SCRATCH_REGS; i++) {
		if (!(live >> i & 1))
			continue;
		if (at == KEPT(scratch) + (int)sizeof(((struct be_kept *)0)->scratch))
			g->a.err = g->a.err ? g->a.err : -EINVAL;
		transfer(g, store, i, at);
		at += 8;
	}
}

/*
 * As forget() in walk.c: the byte at @at is stored there again, but to the verifier
 * it could go to any of @n bytes from there on.  Clobbers R1, R2.
 */
static void forget(struct be_gen *g, int at, int32_t n)
{
	struct be_asm *a = &g->a;

	be_emit(a, insn_load(BPF_W, BPF_REG_1, BPF_REG_10, BE_FRAME(zero)));
	be_emit(a, insn_alui(BPF_AND, BPF_REG_1, n - 1));
	be_emit(a, insn_alu(BPF_ADD, BPF_REG_1, BPF_REG_10));
	be_emit(a, insn_load(BPF_B, BPF_REG_2, BPF_REG_10, at));
	be_emit(a, insn_store(BPF_B, BPF_REG_1, at, BPF_REG_2));
}

/*
 * The function returns @end, with R1 noted at @note.  Later verifiers follow it from
 * call to call, and all that it knew would be a state of its own.
 */
static void leave(struct be_gen *g, int note, int32_t end)
{
	struct be_asm *a = &g->a;

	be_emit(a, insn_store(BPF_W, BPF_REG_10, note, BPF_REG_1));
	transfer_saved(g, true);
	forget(g, BE_FRAME(forget), BE_FORGET);
	forget(g, BE_FRAME(nonlinear), BE_FORGET_KEPT);
	be_emit(a, insn_mov32i(BPF_REG_0, (uint32_t)end));
	be_emit(a, insn_exit());
}

void be_loop_init(struct be_gen *g)
{
	struct be_asm *a = &g->a;
	int i;

	if (!g->loop.calls)
		return;
	be_gen_value(g, BPF_REG_3, BE_MAP_TABLE);
	be_emit(a, insn_load(BPF_W, BPF_REG_2, BPF_REG_3, 0));
	be_emit(a, insn_load(BPF_W, BPF_REG_3, BPF_REG_3, 0));
	be_emit(a, insn_alu(BPF_SUB, BPF_REG_2, BPF_REG_3));
	for (i = 0; i < (int)sizeof(struct be_frame); i += 8)
		be_emit(a, insn_store(BPF_DW, BPF_REG_10,
				      i - (int)sizeof(struct be_frame),
				      BPF_REG_2));
}

/* Where the function goes on: R1 = its number, which is 0 for the start. */
static void open_function(struct be_gen *g, uint32_t live)
{
	struct be_loop *l = &g->loop;
	struct be_asm *a = &g->a;

	l->open = true;
	l->n = 0;
	l->where = be_label_new(a);
	l->again = be_label_new(a);
	transfer_saved(g, false);
	be_emit(a, insn_load(BPF_W, BPF_REG_1, BPF_REG_10, KEPT(head)));
	be_jump(a, insn_jumpi(BPF_JNE, BPF_REG_1, 0), l->where);
	transfer_scratch(g, false, live);
}

void be_loop_open(struct be_gen *g, int at, uint32_t live)
{
	struct be_loop *l = &g->loop;
	struct be_asm *a = &g->a;

	if (!l->calls)
		return;
	l->at = at;
	l->resume = be_label_new(a);
	transfer_saved(g, true);
	transfer(g, true, BPF_REG_7, place(l, BPF_REG_7));
	transfer_scratch(g, true, live);
	be_emit(a, insn_load(BPF_W, BPF_REG_1, BPF_REG_10, BE_FRAME(zero)));
	be_emit(a, insn_store(BPF_W, BPF_REG_10, KEPT(head), BPF_REG_1));
	be_emit(a, insn_store(BPF_W, BPF_REG_10, KEPT(exit), BPF_REG_1));
	be_emit(a, insn_movi(BPF_REG_1, MAX_CALLS));
	l->function = be_label_new(a);
	be_emit_function(a, BPF_REG_2, l->function);
	be_emit(a, insn_mov(BPF_REG_3, BPF_REG_10));
	be_emit(a, insn_movi(BPF_REG_4, 0));
	be_emit(a, insn_call(BPF_FUNC_loop));
	be_jump(a, insn_ja(), l->resume);
	be_part_begin(a, l->function, place(l, BPF_REG_7));
	open_function(g, live);
}

void be_gen_loop_with(struct be_gen *g, uint32_t live)
{
	struct be_loop *l = &g->loop;
	struct be_asm *a = &g->a;

	if (!l->calls) {
		be_jump(a, insn_may_goto(), g->drop);
		return;
	}
	if (!l->open || l->n == BE_MAX_HEADS) {
		a->err = a->err ? a->err : -EINVAL;
		return;
	}
	transfer_scratch(g, true, live);
	be_emit(a, insn_mov32i(BPF_REG_1, l->n + 1));
	be_jump(a, insn_ja(), l->again);
	l->head[l->n] = be_label_new(a);
	be_label_here(a, l->head[l->n]);
	transfer_scratch(g, false, live);
	l->n++;
}

void be_gen_loop(struct be_gen *g)
{
	be_gen_loop_with(g, 0);
}

/* The end of the function: what all of its heads and jumps share. */
static uint32_t close_function(struct be_gen *g, be_label *out)
{
	struct be_loop *l = &g->loop;
	struct be_asm *a = &g->a;
	be_label over = be_label_new(a), in;
	uint32_t i, n = 0;

	be_label_here(a, l->where);
	for (i = 0; i < l->n; i++)
		be_jump(a, insn_jumpi(BPF_JEQ, BPF_REG_1, (int32_t)i + 1),
			l->head[i]);
	/* No such head: that is none of the exits either, so it is dropped. */
	be_emit(a, insn_mov32i(BPF_REG_1, 0));
	be_label_here(a, over);
	leave(g, KEPT(exit), 1);
	be_label_here(a, l->again);
	leave(g, KEPT(head), 0);
	while (n < BE_MAX_EXITS && be_part_leaves(a, &out[n], &in)) {
		be_label_here(a, in);
		be_emit(a, insn_mov32i(BPF_REG_1, ++n));
		be_jump(a, insn_ja(), over);
	}
	be_part_end(a);
	return n;
}

void be_loop_close(struct be_gen *g)
{
	be_label out[BE_MAX_EXITS];
	struct be_loop *l = &g->loop;
	struct be_asm *a = &g->a;
	uint32_t i, n;

	if (!l->calls)
		return;
	n = close_function(g, out);
	l->open = false;
	be_label_here(a, l->resume);
	transfer_saved(g, false);
	be_emit(a, insn_load(BPF_W, BPF_REG_1, BPF_REG_10, KEPT(exit)));
	for (i = 0; i < n; i++)
		be_jump(a, insn_jumpi(BPF_JEQ, BPF_REG_1, (int32_t)i + 1),
			out[i]);
	be_jump(a, insn_ja(), g->drop);
}
