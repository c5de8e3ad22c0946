/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * backend/walk.c - the program that walks the classifier's block
 *
 * The same as tr_walk() in translator/, which is its specification; that
 * header's essay says what segments, groups, trees and records are.
 *
 * A segment with exactly one group is scanned where it stands: after a rule that
 * continues, or a return, the next record of the same leaf is next, with no new
 * descent.  With several groups each answers its lowest id that matches, the
 * lowest of all is taken, and going on means asking all of them again from the
 * id behind it.
 *
 * Every cycle of jumps goes through be_gen_loop(), where a packet that has looped
 * too long is dropped.  Offsets are cut to the size of the table, which is a
 * power of two with some room behind it.
 */
#include "backend/gen.h"

/* Records between two checks of how long a packet has looped. */
#define STEPS	2

/* Labels shared by the parts of one walk. */
struct walk {
	be_label	enter;		/* R1: the segment */
	be_label	hit;		/* BE_R_REC, BE_R_WORD: what comes next */
	be_label	miss;		/* go on behind them: one group */
	be_label	next;		/* the same after a hit */
	be_label	end;		/* nothing holds: the end record */
	be_label	groups;		/* start with the first of several */
	be_label	multi;		/* the same, from frame.k0 */
	be_label	group;		/* the one at frame.group, if any */
	be_label	judged;		/* BE_R_WORD accepts or drops */
};

void be_gen_at(struct be_gen *g, int dst, int src)
{
	be_emit(&g->a, insn_mov(dst, src));
	be_emit(&g->a, insn_alui(BPF_AND, dst, (int32_t)g->mask));
	be_emit(&g->a, insn_alu(BPF_ADD, dst, BE_R_TABLE));
}

static void load_frame(struct be_gen *g, int reg, int member)
{
	be_emit(&g->a, insn_load(BPF_W, reg, BPF_REG_10, member));
}

static void store_frame(struct be_gen *g, int member, int reg)
{
	be_emit(&g->a, insn_store(BPF_W, BPF_REG_10, member, reg));
}

/* A constant that the verifier is not to know (see forget()).  Clobbers R1. */
static void set_frame(struct be_gen *g, int member, int32_t value)
{
	load_frame(g, BPF_REG_1, BE_FRAME(zero));
	if (value)
		be_emit(&g->a, insn_alu32i(BPF_ADD, BPF_REG_1, value));
	store_frame(g, member, BPF_REG_1);
}

void be_gen_and_addrs(struct be_gen *g, int reg, int tmp)
{
	/* Where loops are calls, R7 is not theirs. */
	if (g->loop.calls)
		be_emit(&g->a, insn_mov(tmp, BE_R_ADDRS));
	be_emit(&g->a, insn_alu(BPF_AND, reg,
				g->loop.calls ? tmp : BE_R_ADDRS));
}

/*
 * @reg = the half of an address that part @i of the key at R0 is of, masked.
 * Clobbers R2.
 */
static void masked_half(struct be_gen *g, int reg, int i)
{
	struct be_asm *a = &g->a;

	be_emit(a, insn_load(BPF_W, reg, BPF_REG_0,
			     (int)offsetof(struct tr_group, half) + 4 * i));
	be_emit(a, insn_alui(BPF_AND, reg, 3));
	be_emit(a, insn_alui(BPF_LSH, reg, 3));
	be_emit(a, insn_alu(BPF_ADD, reg, BPF_REG_10));
	be_emit(a, insn_load(BPF_DW, reg, reg, BE_HALF(0)));
	be_emit(a, insn_load(BPF_DW, BPF_REG_2, BPF_REG_0,
			     (int)offsetof(struct tr_group, mask) + 8 * i));
	be_emit(a, insn_alu(BPF_AND, reg, BPF_REG_2));
}

/* R1 = the key for the packet of the group at R0.  Clobbers R2, R3. */
static void key(struct be_gen *g)
{
	struct be_asm *a = &g->a;

	if (!be_gen_v6(g)) {
		be_emit(a, insn_load(BPF_DW, BPF_REG_1, BPF_REG_0,
				     offsetof(struct tr_group, mask)));
		be_gen_and_addrs(g, BPF_REG_1, BPF_REG_2);
		return;
	}
	masked_half(g, BPF_REG_1, 0);
	masked_half(g, BPF_REG_3, 1);
	be_emit_load64(a, BPF_REG_2, 0, TR_KEY_MUL);
	be_emit(a, insn_alu(BPF_MUL, BPF_REG_3, BPF_REG_2));
	be_emit(a, insn_alu(BPF_ADD, BPF_REG_1, BPF_REG_3));
}

/*
 * R1 = the slot for the packet of the group at R0, R4 = the tag.  Clobbers R2,
 * R3.
 */
static void slot(struct be_gen *g)
{
	struct be_asm *a = &g->a;

	key(g);
	be_emit(a, insn_load(BPF_DW, BPF_REG_2, BPF_REG_0,
			     offsetof(struct tr_group, mul)));
	be_emit(a, insn_alu(BPF_MUL, BPF_REG_1, BPF_REG_2));
	be_emit(a, insn_load(BPF_W, BPF_REG_2, BPF_REG_0,
			     offsetof(struct tr_group, shift)));
	be_emit(a, insn_alu(BPF_RSH, BPF_REG_1, BPF_REG_2));
	be_emit(a, insn_mov(BPF_REG_4, BPF_REG_1));
	be_emit(a, insn_alui(BPF_AND, BPF_REG_4, TR_TAG_MASK));
	be_emit(a, insn_load(BPF_W, BPF_REG_2, BPF_REG_0,
			     offsetof(struct tr_group, slots)));
	be_emit(a, insn_alu(BPF_ADD, BPF_REG_1, BPF_REG_2));
	/* Slots are aligned, so what cuts to the table takes the tag off too. */
	_Static_assert(sizeof(struct tr_slot) == 1 << TR_TAG_BITS, "a slot");
	be_emit(a, insn_alui(BPF_AND, BPF_REG_1,
			     (int32_t)g->mask & ~TR_TAG_MASK));
	be_emit(a, insn_alu(BPF_ADD, BPF_REG_1, BE_R_TABLE));
}

/*
 * BE_R_REC = the child of the node at R0 with @n thresholds.
 *
 * In: R2 the field.  Clobbers R1, R3.
 */
static void child(struct be_gen *g, int n)
{
	struct be_asm *a = &g->a;
	int i;

	for (i = 0; i < n; i++) {
		int reg = i ? BPF_REG_3 : BPF_REG_1;

		be_emit(a, insn_load(BPF_W, reg, BPF_REG_0, 4 + 4 * i));
		be_emit(a, insn_alu(BPF_SUB, reg, BPF_REG_2));
		be_emit(a, insn_alui(BPF_RSH, reg, 63));
		if (i)
			be_emit(a, insn_alu(BPF_ADD, BPF_REG_1, reg));
	}
	be_emit(a, insn_alui(BPF_LSH, BPF_REG_1, 2));
	be_emit(a, insn_alu(BPF_ADD, BPF_REG_0, BPF_REG_1));
	be_emit(a, insn_load(BPF_W, BE_R_REC, BPF_REG_0, 4 + 4 * n));
}

/*
 * Down from the reference in BE_R_REC to its leaf; jumps to @empty where there
 * is none.  Clobbers R0 to R3.
 */
static void descend(struct be_gen *g, be_label empty)
{
	struct be_asm *a = &g->a;
	be_label node = be_label_new(a), node8 = be_label_new(a);
	be_label leaf = be_label_new(a);

	be_label_here(a, node);
	be_gen_loop(g);
	be_emit(a, insn_mov(BPF_REG_1, BE_R_REC));
	be_emit(a, insn_alui(BPF_AND, BPF_REG_1, TR_NODE8));
	be_jump(a, insn_jumpi(BPF_JEQ, BPF_REG_1, 0), leaf);
	be_gen_at(g, BPF_REG_0, BE_R_REC);
	be_emit(a, insn_load(BPF_W, BPF_REG_1, BPF_REG_0, 0));
	be_emit(a, insn_alui(BPF_AND, BPF_REG_1, TR_TERM_FIELD));
	be_emit(a, insn_alui(BPF_LSH, BPF_REG_1, 2));
	be_emit(a, insn_alu(BPF_ADD, BPF_REG_1, BPF_REG_10));
	be_emit(a, insn_load(BPF_W, BPF_REG_2, BPF_REG_1, BE_FRAME(field)));
	be_emit(a, insn_alui(BPF_AND, BE_R_REC, 1));
	be_jump(a, insn_jumpi(BPF_JEQ, BE_R_REC, 0), node8);
	child(g, 3);
	be_jump(a, insn_ja(), node);
	be_label_here(a, node8);
	child(g, 7);
	be_jump(a, insn_ja(), node);
	be_label_here(a, leaf);
	be_jump(a, insn_jumpi(BPF_JEQ, BE_R_REC, 0), empty);
}

/* A segment: its first group, or on to groups where there is not just one. */
static void walk_enter(struct be_gen *g, const struct walk *w)
{
	struct be_asm *a = &g->a;

	be_label_here(a, w->enter);
	be_gen_loop_with(g, 1u << BPF_REG_1);
	store_frame(g, BE_FRAME(segment), BPF_REG_1);
	be_gen_at(g, BPF_REG_0, BPF_REG_1);
	be_emit(a, insn_load(BPF_W, BE_R_REC, BPF_REG_0,
			     offsetof(struct tr_segment, groups)));
	be_emit(a, insn_load(BPF_W, BPF_REG_1, BPF_REG_0,
			     offsetof(struct tr_segment, single)));
	be_jump(a, insn_jumpi(BPF_JEQ, BPF_REG_1, 0), w->groups);
	set_frame(g, BE_FRAME(multi), 0);
	be_gen_at(g, BPF_REG_0, BE_R_REC);
	slot(g);
	be_emit(a, insn_load(BPF_W, BE_R_REC, BPF_REG_1,
			     offsetof(struct tr_slot, ref)));
}

/* Past the rest of the rule that was a hit, which may have several records. */
static void walk_next(struct be_gen *g, const struct walk *w, be_label scan)
{
	struct be_asm *a = &g->a;

	be_label_here(a, w->next);
	be_gen_loop(g);
	be_emit(a, insn_mov(BPF_REG_1, BE_R_WORD));
	be_emit(a, insn_alui(BPF_AND, BPF_REG_1, TR_LAST));
	be_jump(a, insn_jumpi(BPF_JNE, BPF_REG_1, 0), w->end);
	be_emit(a, insn_alu32i(BPF_ADD, BE_R_REC, (int32_t)g->c->layout.size));
	be_gen_at(g, BPF_REG_0, BE_R_REC);
	be_emit(a, insn_mov(BPF_REG_1, BE_R_WORD));
	be_emit(a, insn_load(BPF_W, BE_R_WORD, BPF_REG_0, 0));
	be_emit(a, insn_alu(BPF_XOR, BPF_REG_1, BE_R_WORD));
	be_jump(a, insn_jumpi(BPF_JLT, BPF_REG_1, 1 << TR_ID_SHIFT), w->next);
	be_jump(a, insn_ja(), scan);
}

/* The record of a segment's end. */
static void walk_end(struct be_gen *g, const struct walk *w)
{
	struct be_asm *a = &g->a;

	be_label_here(a, w->end);
	be_gen_loop(g);
	load_frame(g, BPF_REG_1, BE_FRAME(segment));
	be_gen_at(g, BPF_REG_0, BPF_REG_1);
	be_emit(a, insn_load(BPF_W, BE_R_REC, BPF_REG_0,
			     offsetof(struct tr_segment, end)));
	be_gen_at(g, BPF_REG_0, BE_R_REC);
	be_emit(a, insn_load(BPF_W, BE_R_WORD, BPF_REG_0, 0));
	be_jump(a, insn_ja(), w->hit);
}

/* The leaf of the only group, record by record. */
static void walk_single(struct be_gen *g, const struct walk *w)
{
	struct be_asm *a = &g->a;
	be_label scan = be_label_new(a), holds = be_label_new(a);

	descend(g, w->end);
	be_label_here(a, scan);
	be_gen_loop(g);
	be_gen_at(g, BPF_REG_0, BE_R_REC);
	be_emit(a, insn_load(BPF_W, BE_R_WORD, BPF_REG_0, 0));
	be_gen_tests(g, 0);
	be_jump(a, insn_jumpi(BPF_JEQ, BPF_REG_1, 0), holds);
	be_label_here(a, w->miss);
	be_jump(a, insn_jumpi(BPF_JSET, BE_R_WORD, TR_LAST), w->end);
	be_emit(a, insn_alu32i(BPF_ADD, BE_R_REC, (int32_t)g->c->layout.size));
	be_jump(a, insn_ja(), scan);

	be_label_here(a, holds);
	be_gen_extra(g, w->miss);
	be_jump(a, insn_ja(), w->hit);

	walk_next(g, w, scan);
	walk_end(g, w);
}

/*
 * Jumps to @no unless the slot at R1 may have a record below BE_R_WORD for the
 * tag in R4.  One branch: each of the two could hardly be foreseen.  Clobbers
 * R2, R3.
 */
static void slot_serves(struct be_gen *g, be_label no)
{
	struct be_asm *a = &g->a;

	be_emit(a, insn_load(BPF_W, BPF_REG_2, BPF_REG_1,
			     offsetof(struct tr_slot, min0)));
	be_emit(a, insn_mov(BPF_REG_3, BPF_REG_2));
	be_emit(a, insn_alu(BPF_SUB, BPF_REG_3, BE_R_WORD));
	be_emit(a, insn_alui(BPF_RSH, BPF_REG_3, 63));
	be_emit(a, insn_alu(BPF_RSH, BPF_REG_2, BPF_REG_4));
	be_emit(a, insn_alu(BPF_AND, BPF_REG_2, BPF_REG_3));
	be_jump(a, insn_jumpi(BPF_JEQ, BPF_REG_2, 0), no);
}

/*
 * The record at R0 + @at, with word 0 in R5, holds in its own places: whether it is
 * the lowest yet.  To @miss if it is not, to @again if R0 and R5 are lost too.
 */
static void holds(struct be_gen *g, const struct walk *w, int at,
		  be_label miss, be_label again)
{
	struct be_asm *a = &g->a;

	load_frame(g, BPF_REG_1, BE_FRAME(k0));
	be_jump(a, insn_jump(BPF_JLT, BPF_REG_5, BPF_REG_1), miss);
	if (g->c->layout.extra) {
		be_gen_extra(g, again);
		be_gen_at(g, BPF_REG_0, BE_R_REC);
		be_emit(a, insn_load(BPF_W, BPF_REG_5, BPF_REG_0, 0));
	}
	be_emit(a, insn_mov(BE_R_WORD, BPF_REG_5));
	if (at)
		be_emit(a, insn_alu32i(BPF_ADD, BE_R_REC, at));
	store_frame(g, BE_FRAME(best), BE_R_REC);
	be_jump(a, insn_ja(), w->group);
}

/*
 * The leaf of one group of several: BE_R_WORD is the lowest so far.  Some records
 * are read without asking how long this has been going on, and that in one row:
 * what seldom happens is behind.  Extra terms need R0, so there it is one.
 */
static void scan_lowest(struct be_gen *g, const struct walk *w)
{
	const int size = (int)g->c->layout.size;
	const int n = g->c->layout.extra || size * STEPS > BE_TABLE_ROOM ?
		      1 : STEPS;
	be_label hit[STEPS], miss[STEPS], scan, again;
	struct be_asm *a = &g->a;
	int i;

	scan = be_label_new(a);
	again = be_label_new(a);
	be_label_here(a, scan);
	be_gen_at(g, BPF_REG_0, BE_R_REC);
	for (i = 0; i < n; i++) {
		hit[i] = be_label_new(a);
		miss[i] = be_label_new(a);
		be_emit(a, insn_load(BPF_W, BPF_REG_5, BPF_REG_0, i * size));
		be_jump(a, insn_jump(BPF_JGE, BPF_REG_5, BE_R_WORD),
			w->group);
		be_gen_tests(g, i * size);
		be_jump(a, insn_jumpi(BPF_JEQ, BPF_REG_1, 0), hit[i]);
		be_label_here(a, miss[i]);
		be_jump(a, insn_jumpi(BPF_JSET, BPF_REG_5, TR_LAST),
			w->group);
	}
	be_emit(a, insn_alu32i(BPF_ADD, BE_R_REC, n * size));
	be_gen_loop(g);
	be_jump(a, insn_ja(), scan);

	for (i = 0; i < n; i++) {
		be_label_here(a, hit[i]);
		holds(g, w, i * size, miss[i], again);
	}
	if (!g->c->layout.extra)
		return;
	be_label_here(a, again);
	be_gen_at(g, BPF_REG_0, BE_R_REC);
	be_emit(a, insn_load(BPF_W, BPF_REG_5, BPF_REG_0, 0));
	be_jump(a, insn_ja(), miss[0]);
}

/* Where several groups are started with, and gone on with behind a record. */
static void multi_start(struct be_gen *g, const struct walk *w)
{
	struct be_asm *a = &g->a;
	be_label start = be_label_new(a);

	be_label_here(a, w->multi);
	load_frame(g, BPF_REG_1, BE_FRAME(segment));
	be_gen_at(g, BPF_REG_0, BPF_REG_1);
	be_emit(a, insn_load(BPF_W, BE_R_REC, BPF_REG_0,
			     offsetof(struct tr_segment, groups)));
	be_jump(a, insn_ja(), start);

	be_label_here(a, w->groups);
	load_frame(g, BPF_REG_1, BE_FRAME(zero));
	store_frame(g, BE_FRAME(k0), BPF_REG_1);
	be_label_here(a, start);
	load_frame(g, BPF_REG_1, BE_FRAME(zero));
	store_frame(g, BE_FRAME(best), BPF_REG_1);
	be_emit(a, insn_mov(BE_R_WORD, BPF_REG_1));
	be_emit(a, insn_alu32i(BPF_SUB, BE_R_WORD, 1));
	be_emit(a, insn_alu32i(BPF_ADD, BPF_REG_1, 1));
	store_frame(g, BE_FRAME(multi), BPF_REG_1);
	store_frame(g, BE_FRAME(group), BE_R_REC);
}

static void walk_multi(struct be_gen *g, const struct walk *w)
{
	struct be_asm *a = &g->a;
	be_label done = be_label_new(a);

	multi_start(g, w);
	be_label_here(a, w->group);
	be_gen_loop(g);
	load_frame(g, BPF_REG_1, BE_FRAME(group));
	be_gen_at(g, BPF_REG_0, BPF_REG_1);
	be_emit(a, insn_alu32i(BPF_ADD, BPF_REG_1, sizeof(struct tr_group)));
	store_frame(g, BE_FRAME(group), BPF_REG_1);
	be_emit(a, insn_load(BPF_W, BPF_REG_1, BPF_REG_0,
			     offsetof(struct tr_group, min0)));
	be_jump(a, insn_jump(BPF_JGE, BPF_REG_1, BE_R_WORD), done);
	be_emit(a, insn_load(BPF_W, BPF_REG_1, BPF_REG_0,
			     offsetof(struct tr_group, max0)));
	load_frame(g, BPF_REG_2, BE_FRAME(k0));
	be_jump(a, insn_jump(BPF_JLT, BPF_REG_1, BPF_REG_2), w->group);
	slot(g);
	slot_serves(g, w->group);
	be_emit(a, insn_load(BPF_W, BE_R_REC, BPF_REG_1,
			     offsetof(struct tr_slot, ref)));
	descend(g, w->group);
	scan_lowest(g, w);

	be_label_here(a, done);
	load_frame(g, BE_R_REC, BE_FRAME(best));
	be_jump(a, insn_jumpi(BPF_JEQ, BE_R_REC, 0), w->end);
	be_jump(a, insn_ja(), w->hit);
}

/* The counter member at R0 + @off grows by R1.  Clobbers R2. */
static void add(struct be_gen *g, int off)
{
	struct be_asm *a = &g->a;

	if (g->ops->nests) {
		be_emit(a, insn_atomic(BPF_DW, BPF_ADD, BPF_REG_0, off,
				       BPF_REG_1));
		return;
	}
	be_emit(a, insn_load(BPF_DW, BPF_REG_2, BPF_REG_0, off));
	be_emit(a, insn_alu(BPF_ADD, BPF_REG_2, BPF_REG_1));
	be_emit(a, insn_store(BPF_DW, BPF_REG_0, off, BPF_REG_2));
}

void be_gen_count(struct be_gen *g, bool note)
{
	struct be_asm *a = &g->a;
	be_label done = be_label_new(a);

	be_emit(a, insn_mov(BPF_REG_1, BE_R_WORD));
	be_emit(a, insn_alui(BPF_AND, BPF_REG_1, TR_UNCOUNTED));
	be_jump(a, insn_jumpi(BPF_JNE, BPF_REG_1, 0), done);
	be_emit(a, insn_mov(BPF_REG_1, BE_R_WORD));
	be_emit(a, insn_alui(BPF_RSH, BPF_REG_1, TR_ID_SHIFT));
	store_frame(g, BE_FRAME(key), BPF_REG_1);
	be_gen_map(g, BPF_REG_1, BE_MAP_COUNTERS);
	be_emit(a, insn_mov(BPF_REG_2, BPF_REG_10));
	be_emit(a, insn_alui(BPF_ADD, BPF_REG_2, BE_FRAME(key)));
	be_emit(a, insn_call(BPF_FUNC_map_lookup_elem));
	be_jump(a, insn_jumpi(BPF_JEQ, BPF_REG_0, 0), g->drop);
	be_emit(a, insn_load(BPF_DW, BPF_REG_1, BPF_REG_10, BE_FRAME(bytes)));
	add(g, offsetof(struct ir_counter, bytes));
	be_emit(a, insn_movi(BPF_REG_1, 1));
	add(g, offsetof(struct ir_counter, packets));
	if (note)
		be_gen_flow_note(g);
	be_label_here(a, done);
}

void be_gen_verdict_to(struct be_gen *g, be_label to)
{
	struct be_asm *a = &g->a;

	be_emit(a, insn_mov(BPF_REG_1, BE_R_WORD));
	be_emit(a, insn_alui(BPF_AND, BPF_REG_1, TR_ACTION_MASK));
	be_emit(a, insn_mov(BPF_REG_2, BPF_REG_1));
	be_emit(a, insn_alui(BPF_SUB, BPF_REG_2, TR_ACCEPT));
	be_jump(a, insn_jumpi(BPF_JLE, BPF_REG_2, TR_DROP - TR_ACCEPT), to);
}

/* Back to where the last jump was made. */
static void walk_pop(struct be_gen *g, const struct walk *w, be_label bottom)
{
	struct be_asm *a = &g->a;
	be_label single = be_label_new(a);

	be_gen_loop(g);
	be_stack_pop(g, bottom);
	be_emit(a, insn_load(BPF_W, BPF_REG_1, BPF_REG_0,
			     offsetof(struct be_return, segment)));
	store_frame(g, BE_FRAME(segment), BPF_REG_1);
	be_emit(a, insn_load(BPF_W, BE_R_REC, BPF_REG_0,
			     offsetof(struct be_return, record)));
	be_jump(a, insn_jumpi(BPF_JNE, BE_R_REC, 0), single);
	be_emit(a, insn_load(BPF_W, BPF_REG_1, BPF_REG_0,
			     offsetof(struct be_return, k0)));
	store_frame(g, BE_FRAME(k0), BPF_REG_1);
	be_jump(a, insn_ja(), w->multi);

	be_label_here(a, single);
	set_frame(g, BE_FRAME(multi), 0);
	be_gen_at(g, BPF_REG_0, BE_R_REC);
	be_emit(a, insn_load(BPF_W, BE_R_WORD, BPF_REG_0, 0));
	be_jump(a, insn_ja(), w->next);
}

/* A return; to the policy where there was no jump. */
static void walk_return(struct be_gen *g, const struct walk *w)
{
	struct be_asm *a = &g->a;
	be_label bottom = be_label_new(a);

	if (g->c->depth)
		walk_pop(g, w, bottom);
	be_label_here(a, bottom);
	load_frame(g, BPF_REG_1, BE_FRAME(policy));
	load_frame(g, BPF_REG_2, BE_FRAME(variant));
	be_emit(a, insn_alu32(BPF_ADD, BPF_REG_1, BPF_REG_2));
	be_jump(a, insn_ja(), w->enter);
}

/* Counts the record and does what it says. */
static void walk_hit(struct be_gen *g, const struct walk *w)
{
	struct be_asm *a = &g->a;
	be_label jump = be_label_new(a), go = be_label_new(a);
	be_label ret = be_label_new(a);

	be_label_here(a, w->hit);
	be_gen_count(g, true);
	be_gen_verdict_to(g, w->judged);
	be_jump(a, insn_jumpi(BPF_JEQ, BPF_REG_1, TR_JUMP), jump);
	be_jump(a, insn_jumpi(BPF_JEQ, BPF_REG_1, TR_RETURN), ret);
	be_jump(a, insn_jumpi(BPF_JEQ, BPF_REG_1, TR_GOTO), go);
	be_jump(a, insn_jumpi(BPF_JNE, BPF_REG_1, TR_CONTINUE), g->drop);
	load_frame(g, BPF_REG_1, BE_FRAME(multi));
	be_jump(a, insn_jumpi(BPF_JEQ, BPF_REG_1, 0), w->next);
	be_emit(a, insn_mov(BPF_REG_1, BE_R_WORD));
	be_emit(a, insn_alui(BPF_OR, BPF_REG_1, 0xff));
	be_emit(a, insn_alui(BPF_ADD, BPF_REG_1, 1));
	store_frame(g, BE_FRAME(k0), BPF_REG_1);
	be_jump(a, insn_ja(), w->multi);

	be_label_here(a, jump);
	be_stack_push(g);
	be_label_here(a, go);
	be_gen_at(g, BPF_REG_0, BE_R_REC);
	be_emit(a, insn_load(BPF_W, BPF_REG_1, BPF_REG_0,
			     g->c->layout.target));
	load_frame(g, BPF_REG_2, BE_FRAME(variant));
	be_emit(a, insn_alu32(BPF_ADD, BPF_REG_1, BPF_REG_2));
	be_jump(a, insn_ja(), w->enter);

	be_label_here(a, ret);
	walk_return(g, w);
}

/*
 * The verifier follows a constant on the stack as a state of its own: every
 * hook, kind of packet and depth of jumps would be a walk of its own to verify.
 * A store of one byte, which goes to frame.forget but to the verifier could be
 * anywhere in BE_FORGET bytes, makes it give them all up.  Clobbers R1, R2.
 */
static void forget(struct be_gen *g)
{
	struct be_asm *a = &g->a;

	be_emit(a, insn_storei(BPF_W, BPF_REG_10, BE_FRAME(zero), 0));
	/* R1 = 0, which the verifier cannot know. */
	be_emit(a, insn_load(BPF_DW, BPF_REG_1, BPF_REG_10, BE_FRAME(bytes)));
	be_emit(a, insn_load(BPF_DW, BPF_REG_2, BPF_REG_10, BE_FRAME(bytes)));
	be_emit(a, insn_alu(BPF_SUB, BPF_REG_1, BPF_REG_2));
	be_emit(a, insn_alui(BPF_AND, BPF_REG_1, BE_FORGET - 1));
	be_emit(a, insn_alu(BPF_ADD, BPF_REG_1, BPF_REG_10));
	be_emit(a, insn_store(BPF_B, BPF_REG_1, BE_FRAME(forget), BPF_REG_2));
}

/* The protocol and the kind of a packet as one, where records test them so. */
static void start_kind(struct be_gen *g)
{
	const struct tr_layout *l = &g->c->layout;
	uint32_t i;

	for (i = 0; i < l->ntests; i++) {
		if (l->test[i].kind != TR_TEST_KIND16)
			continue;
		load_frame(g, BPF_REG_1, BE_FIELD(IR_KIND));
		be_emit(&g->a, insn_alui(BPF_LSH, BPF_REG_1, 8));
		load_frame(g, BPF_REG_2, BE_FIELD(l->test[i].field));
		be_emit(&g->a, insn_alu(BPF_OR, BPF_REG_1, BPF_REG_2));
		store_frame(g, be_gen_kind_at(g), BPF_REG_1);
	}
}

/* The table, the address pair and the first segment (R1). */
static void walk_start(struct be_gen *g)
{
	struct be_asm *a = &g->a;

	be_stack_claim(g);
	forget(g);
	be_gen_flow_recall(g);
	be_gen_value(g, BE_R_TABLE, BE_MAP_TABLE);
	start_kind(g);
	be_emit(a, insn_movi(BE_R_ADDRS, 0));
	if (!be_gen_v6(g) &&
	    (be_gen_uses(g, IR_SADDR) || be_gen_uses(g, IR_DADDR))) {
		load_frame(g, BE_R_ADDRS, BE_FIELD(IR_SADDR));
		be_emit(a, insn_alui(BPF_LSH, BE_R_ADDRS, 32));
		load_frame(g, BPF_REG_1, BE_FIELD(IR_DADDR));
		be_emit(a, insn_alu(BPF_OR, BE_R_ADDRS, BPF_REG_1));
	}
	if (g->loop.calls) {
		/* Nothing yet, and the verifier does not know. */
		load_frame(g, BE_R_REC, BE_FRAME(zero));
		load_frame(g, BE_R_WORD, BE_FRAME(zero));
	}
	load_frame(g, BPF_REG_1, BE_FRAME(segment));
	load_frame(g, BPF_REG_2, BE_FRAME(variant));
	be_emit(a, insn_alu32(BPF_ADD, BPF_REG_1, BPF_REG_2));
}

/* The verdict of BE_R_WORD.  No branch: which it is can hardly be foreseen. */
static void verdict(struct be_gen *g)
{
	const int32_t accept = g->ops->accept, drop = g->ops->drop;
	struct be_asm *a = &g->a;

	_Static_assert((TR_ACCEPT & 1) && !(TR_DROP & 1), "the lowest bit");
	be_emit(a, insn_mov32(BPF_REG_0, BE_R_WORD));
	be_emit(a, insn_alu32i(BPF_AND, BPF_REG_0, 1));
	be_emit(a, insn_alu32i(BPF_MUL, BPF_REG_0, accept - drop));
	be_emit(a, insn_alu32i(BPF_ADD, BPF_REG_0, drop));
	be_emit(a, insn_exit());
}

/* The ends of the walk; @drop is where packets are dropped uncounted. */
static void walk_over(struct be_gen *g, const struct walk *w, be_label drop)
{
	struct be_asm *a = &g->a;

	be_label_here(a, w->judged);
	be_gen_flow_end(g, true);
	be_stack_release(g);
	be_label_here(a, g->judged);
	verdict(g);

	be_label_here(a, g->drop);
	g->drop = drop;
	be_gen_flow_end(g, false);
	be_stack_release(g);
	be_jump(a, insn_ja(), drop);
}

void be_gen_walk(struct be_gen *g)
{
	struct be_asm *a = &g->a;
	be_label drop = g->drop;
	struct walk w;

	be_label_here(a, g->walk);
	g->judged = be_label_new(a);
	walk_start(g);
	w.enter = be_label_new(a);
	w.hit = be_label_new(a);
	w.miss = be_label_new(a);
	w.next = be_label_new(a);
	w.end = be_label_new(a);
	w.groups = be_label_new(a);
	w.multi = be_label_new(a);
	w.group = be_label_new(a);
	w.judged = be_label_new(a);
	g->drop = be_label_new(a);
	be_loop_open(g, BE_KEPT_WALK, 1u << BPF_REG_1);
	walk_enter(g, &w);
	walk_single(g, &w);
	walk_multi(g, &w);
	walk_hit(g, &w);
	be_loop_close(g);
	walk_over(g, &w, drop);
}
