/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * backend/flow.c - the flow memo: layout and code
 *
 *	head	0	number << 2 | BUSY | VALID
 *	key	8	nwords double words
 *	trace		ntrace words: word 0 of records, the last one's action is
 *			TR_ACCEPT or TR_DROP
 *	misses		one word
 *
 * An entry is one cache line, or two for long keys; the map's flag BPF_F_MMAPABLE
 * is there since values of such maps start on a page.
 */
#include "backend/flow.h"

#include <bpf/libbpf.h>
#include <stdlib.h>

#include "backend/gen.h"

#define VALID		1
#define BUSY		2
#define NUMBER_ONE	4
#define KEY		8

#define LOG_ENTRIES	10	/* for each CPU */
#define LOG_MAP_MAX	24	/* less of them where there are many CPUs */
#define LOG_ENTRIES_MIN	6

/* What a recall keeps in registers from the key on; the rest is made twice. */
#define KEY_REGS	4

/* Odd, else arbitrary. */
static const uint64_t multiplier[BE_FLOW_WORDS] = {
	0x9e3779b97f4a7c15, 0xc2b2ae3d27d4eb4f, 0xd6e8feb86659fd93,
	0xa0761d6478bd642f, 0xe7037ed1a0b428db, 0x8ebc6af09c88c6e3,
	0x589965cc75374cc3, 0x1d8e4e27c47d124f,
};

/* --- what the key is --- */

static uint8_t bits_of(uint32_t max)
{
	uint8_t n = 0;

	for (; max; max >>= 1)
		n++;
	return n;
}

static void add_part(struct be_flow *f, int at, uint8_t bits)
{
	f->part[f->nparts++] = (struct be_flow_part){
		.at = (int16_t)at, .bits = bits,
	};
}

/* The walk may look at both addresses wherever rules ask for one of them. */
static uint32_t add_addresses4(const struct be_gen *g, struct be_flow *f)
{
	const uint32_t both = 1u << IR_SADDR | 1u << IR_DADDR;

	if (g->c->fields & both) {
		add_part(f, BE_FIELD(IR_SADDR), 32);
		add_part(f, BE_FIELD(IR_DADDR), 32);
	}
	return both;
}

static uint32_t add_addresses6(const struct be_gen *g, struct be_flow *f)
{
	uint32_t both, done = 0;
	int i;

	for (i = TR_HALF_SRC; i <= TR_HALF_DST_LOW; i++) {
		both = 1u << tr_half_high((enum tr_half)i) |
		       1u << tr_half_low((enum tr_half)i);
		if (g->c->fields & both)
			add_part(f, BE_HALF(i), 64);
		done |= both;
	}
	return done;
}

/* Whether packets start in several segments. */
static bool starts_differ(const struct be_gen *g)
{
	uint32_t n = 0, i;

	for (i = 0; i < IR_NHOOKS; i++)
		n += be_gen_judges(g, (enum ir_hook)i);
	return n > 1 || g->c->variants;
}

/* All that the walk reads. */
static void collect(const struct be_gen *g, struct be_flow *f)
{
	uint32_t fields = g->c->fields, i;

	fields &= ~(be_gen_v6(g) ? add_addresses6(g, f) :
		    add_addresses4(g, f));
	for (i = 0; i < IR_NFIELDS; i++)
		if (fields >> i & 1)
			add_part(f, BE_FIELD(i),
				 bits_of(ir_field_max((enum ir_field)i)));
	/* A packet's chain and kind are known by where it starts. */
	if (starts_differ(g))
		add_part(f, BE_FRAME(start), bits_of(g->c->size));
}

static int by_bits(const void *a, const void *b)
{
	const struct be_flow_part *x = a, *y = b;

	return x->bits != y->bits ? y->bits - x->bits : x->at - y->at;
}

/* The largest first, each into the first word with room for it. */
static void pack(struct be_flow *f)
{
	uint32_t used[IR_NFIELDS + 1] = { 0 }, i, w;
	struct be_flow_part *p;

	qsort(f->part, f->nparts, sizeof(f->part[0]), by_bits);
	for (i = 0; i < f->nparts; i++) {
		p = &f->part[i];
		for (w = 0; used[w] + p->bits > 64; w++)
			;
		p->word = (uint8_t)w;
		p->shift = (uint8_t)used[w];
		used[w] += p->bits;
		if (f->nwords <= w)
			f->nwords = w + 1;
	}
}

/* --- whether there is one --- */

/* More than one group: each of them is asked. */
static bool has_groups(const struct tr_classifier *c, uint32_t offset)
{
	const struct tr_segment *s = (const void *)&c->word[offset / 4];
	const struct tr_group *group = (const void *)&c->word[s->groups / 4];

	return !s->single && group->min0 != UINT32_MAX;
}

/*
 * A recall takes as long as a walk that looks at two records or so, and a miss
 * half of that.
 */
static bool pays(const struct tr_classifier *c)
{
	uint32_t i;

	if (c->depth || c->stats.max_depth || c->stats.max_leaf > 2)
		return true;
	for (i = 0; i < IR_NHOOKS; i++)
		if (c->hook[i].present && has_groups(c, c->hook[i].segment))
			return true;
	return false;
}

static bool wanted(const struct be_gen *g)
{
	switch (g->opts->flows) {
	case BE_FLOWS_NEVER:
		return false;
	case BE_FLOWS_ALWAYS:
		return true;
	default:
		return pays(g->c);
	}
}

static uint32_t log_cpus(const struct be_gen *g)
{
	int n = g->opts->cpus ? (int)g->opts->cpus :
		libbpf_num_possible_cpus();
	uint32_t log = 0;

	while (log < 16 && 1 << log < n)
		log++;
	return log;
}

void be_flow_plan(struct be_gen *g)
{
	struct be_flow *f = &g->flow;
	uint32_t cpus = log_cpus(g), entries = LOG_ENTRIES;

	*f = (struct be_flow){ .every = BE_FLOW_EVERY };
	/* What is so deep has traces too long for it. */
	if (!wanted(g) || be_stack_is_deep(g->c))
		return;
	collect(g, f);
	pack(f);
	f->used = f->nwords && f->nwords <= BE_FLOW_WORDS;
	if (g->opts->flows != BE_FLOWS_AUTO)
		f->every = 1;
	f->ntrace = f->nwords == 4 ? 5 : 6;
	f->log_size = f->nwords <= 4 ? 6 : 7;
	while (entries > LOG_ENTRIES_MIN &&
	       cpus + entries + f->log_size > LOG_MAP_MAX)
		entries--;
	f->log_area = entries + f->log_size;
	f->log_map = f->log_area + cpus;
}

struct be_map_def be_flow_def(const struct be_flow *f)
{
	return (struct be_map_def){
		.name = BE_FLOWS_NAME, .type = BPF_MAP_TYPE_ARRAY, .key = 4,
		.value = 1u << f->log_map, .entries = 1,
		.flags = BPF_F_MMAPABLE,
	};
}

/* --- code --- */

static int trace_at(const struct be_flow *f)
{
	return KEY + 8 * (int)f->nwords;
}

static int misses_at(const struct be_flow *f)
{
	return trace_at(f) + 4 * (int)f->ntrace;
}

/* The bits of an offset in the map without those of one in an entry. */
static int32_t entry_mask(const struct be_flow *f)
{
	return (int32_t)((1u << f->log_map) - (1u << f->log_size));
}

/* The register for word @i of the key; R1 is that of many. */
static int key_reg(uint32_t i)
{
	return i < KEY_REGS ? BPF_REG_6 + (int)i : BPF_REG_1;
}

/* @dst = word @w of the key.  Clobbers R3. */
static void word(struct be_gen *g, uint32_t w, int dst)
{
	const struct be_flow_part *p;
	struct be_asm *a = &g->a;
	int reg = dst;

	for (p = g->flow.part; p < g->flow.part + g->flow.nparts; p++) {
		if (p->word != w)
			continue;
		be_emit(a, insn_load(p->bits == 64 ? BPF_DW : BPF_W, reg,
				     BPF_REG_10, p->at));
		if (p->shift)
			be_emit(a, insn_alui(BPF_LSH, reg, p->shift));
		if (reg != dst)
			be_emit(a, insn_alu(BPF_OR, dst, reg));
		reg = BPF_REG_3;
	}
}

/* Word @i of the key, where it is not in a register of its own. */
static void word_again(struct be_gen *g, uint32_t i)
{
	if (i >= KEY_REGS)
		word(g, i, key_reg(i));
}

/* R5 = the number of an entry.  Clobbers R1 to R4, R6 to R9. */
static void hash(struct be_gen *g)
{
	const struct be_flow *f = &g->flow;
	struct be_asm *a = &g->a;
	uint32_t i;

	for (i = 0; i < f->nwords; i++) {
		int reg = i ? BPF_REG_4 : BPF_REG_5;

		word(g, i, key_reg(i));
		be_emit_load64(a, reg, 0, multiplier[i]);
		be_emit(a, insn_alu(BPF_MUL, reg, key_reg(i)));
		if (i)
			be_emit(a, insn_alu(BPF_ADD, BPF_REG_5, reg));
	}
	be_emit(a, insn_alui(BPF_RSH, BPF_REG_5,
			     64 - (int)(f->log_area - f->log_size)));
}

/*
 * R0 = the entry, R4 = its offset; the key in its registers.  To @walk on a CPU
 * without an area.  Clobbers R1 to R5.
 */
static void find(struct be_gen *g, be_label walk)
{
	const struct be_flow *f = &g->flow;
	struct be_asm *a = &g->a;

	be_emit(a, insn_call(BPF_FUNC_get_smp_processor_id));
	if (g->opts->alone)
		be_jump(a, insn_jumpi(BPF_JGE, BPF_REG_0,
				      1 << (f->log_map - f->log_area)), walk);
	hash(g);
	be_emit(a, insn_mov(BPF_REG_4, BPF_REG_0));
	be_emit(a, insn_alui(BPF_LSH, BPF_REG_4,
			     (int)(f->log_area - f->log_size)));
	be_emit(a, insn_alu(BPF_OR, BPF_REG_4, BPF_REG_5));
	be_emit(a, insn_alui(BPF_LSH, BPF_REG_4, (int)f->log_size));
	be_emit(a, insn_alui(BPF_AND, BPF_REG_4, entry_mask(f)));
	be_gen_value(g, BPF_REG_0, BE_MAP_FLOWS);
	be_emit(a, insn_alu(BPF_ADD, BPF_REG_0, BPF_REG_4));
}

/* R2 = the head of the entry at R0; to @miss unless it is of this packet. */
static void compare(struct be_gen *g, be_label miss)
{
	const struct be_flow *f = &g->flow;
	struct be_asm *a = &g->a;
	uint32_t i;

	be_emit(a, insn_load(BPF_DW, BPF_REG_2, BPF_REG_0, 0));
	be_emit(a, insn_mov(BPF_REG_5, BPF_REG_2));
	be_emit(a, insn_alui(BPF_AND, BPF_REG_5, VALID | BUSY));
	be_emit(a, insn_alui(BPF_XOR, BPF_REG_5, VALID));
	for (i = 0; i < f->nwords; i++) {
		word_again(g, i);
		be_emit(a, insn_load(BPF_DW, BPF_REG_3, BPF_REG_0,
				     KEY + 8 * (int)i));
		be_emit(a, insn_alu(BPF_XOR, BPF_REG_3, key_reg(i)));
		be_emit(a, insn_alu(BPF_OR, BPF_REG_5, BPF_REG_3));
	}
	be_jump(a, insn_jumpi(BPF_JNE, BPF_REG_5, 0), miss);
}

/* R6, R7, R9 = the trace; to @torn where the entry was written meanwhile. */
static void load_trace(struct be_gen *g, be_label torn)
{
	const struct be_flow *f = &g->flow;
	struct be_asm *a = &g->a;
	int at = trace_at(f);

	be_emit(a, insn_load(BPF_DW, BPF_REG_6, BPF_REG_0, at));
	be_emit(a, insn_load(BPF_DW, BPF_REG_7, BPF_REG_0, at + 8));
	be_emit(a, insn_load(f->ntrace > 5 ? BPF_DW : BPF_W, BPF_REG_9,
			     BPF_REG_0, at + 16));
	be_emit(a, insn_load(BPF_DW, BPF_REG_3, BPF_REG_0, 0));
	be_jump(a, insn_jump(BPF_JNE, BPF_REG_3, BPF_REG_2), torn);
}

/* @reg, two words of the trace, moves on by one of them, from @next. */
static void shift(struct be_asm *a, int reg, int next)
{
	be_emit(a, insn_alui(BPF_RSH, reg, 32));
	if (!next)
		return;
	be_emit(a, insn_mov(BPF_REG_1, next));
	be_emit(a, insn_alui(BPF_LSH, BPF_REG_1, 32));
	be_emit(a, insn_alu(BPF_OR, reg, BPF_REG_1));
}

/* What the walk did with the packet before. */
static void replay(struct be_gen *g)
{
	/* Where loops are calls, there is none: R7 is not theirs. */
	uint32_t times = g->loop.calls ? g->flow.ntrace : 1, i;
	struct be_asm *a = &g->a;
	be_label next = be_label_new(a);

	be_label_here(a, next);
	for (i = 0; i < times; i++) {
		be_emit(a, insn_mov32(BE_R_WORD, BPF_REG_6));
		be_gen_count(g, false);
		be_gen_verdict_to(g, g->judged);
		shift(a, BPF_REG_6, BPF_REG_7);
		shift(a, BPF_REG_7, BPF_REG_9);
		shift(a, BPF_REG_9, 0);
	}
	if (g->loop.calls) {
		be_jump(a, insn_ja(), g->drop);
		return;
	}
	be_gen_loop(g);
	be_jump(a, insn_ja(), next);
}

/* To @walk unless this miss of the entry at R0 is one to be put there. */
static void claim(struct be_gen *g, be_label walk)
{
	const struct be_flow *f = &g->flow;
	struct be_asm *a = &g->a;

	be_emit(a, insn_load(BPF_W, BPF_REG_1, BPF_REG_0, misses_at(f)));
	be_emit(a, insn_mov(BPF_REG_2, BPF_REG_1));
	be_emit(a, insn_alui(BPF_ADD, BPF_REG_2, 1));
	be_emit(a, insn_store(BPF_W, BPF_REG_0, misses_at(f), BPF_REG_2));
	be_emit(a, insn_alui(BPF_AND, BPF_REG_1, (int32_t)f->every - 1));
	be_jump(a, insn_jumpi(BPF_JNE, BPF_REG_1, 0), walk);
	be_emit(a, insn_movi(BPF_REG_1, BUSY));
	be_emit(a, insn_atomic(BPF_DW, BPF_OR | BPF_FETCH, BPF_REG_0, 0,
			       BPF_REG_1));
	be_jump(a, insn_jumpi(BPF_JSET, BPF_REG_1, BUSY), walk);
}

/*
 * The entry at R0, R4 gets the key; frame.flow is where its trace starts, with
 * frame.zero so that the verifier knows as little of it as where there is none.
 */
static void begin(struct be_gen *g)
{
	const struct be_flow *f = &g->flow;
	struct be_asm *a = &g->a;
	uint32_t i;

	be_emit(a, insn_load(BPF_W, BPF_REG_3, BPF_REG_10, BE_FRAME(zero)));
	be_emit(a, insn_alu(BPF_ADD, BPF_REG_4, BPF_REG_3));
	be_emit(a, insn_alui(BPF_ADD, BPF_REG_4, trace_at(f)));
	be_emit(a, insn_store(BPF_W, BPF_REG_10, BE_FRAME(flow), BPF_REG_4));
	for (i = 0; i < f->nwords; i++) {
		word_again(g, i);
		be_emit(a, insn_store(BPF_DW, BPF_REG_0, KEY + 8 * (int)i,
				      key_reg(i)));
	}
}

void be_gen_flow_recall(struct be_gen *g)
{
	struct be_asm *a = &g->a;
	be_label miss = be_label_new(a), walk = be_label_new(a);

	if (!g->flow.used)
		return;
	be_emit(a, insn_load(BPF_W, BPF_REG_1, BPF_REG_10, BE_FRAME(zero)));
	be_emit(a, insn_store(BPF_W, BPF_REG_10, BE_FRAME(flow), BPF_REG_1));
	be_emit(a, insn_load(BPF_W, BPF_REG_1, BPF_REG_10, BE_FRAME(segment)));
	be_emit(a, insn_load(BPF_W, BPF_REG_2, BPF_REG_10, BE_FRAME(variant)));
	be_emit(a, insn_alu32(BPF_ADD, BPF_REG_1, BPF_REG_2));
	be_emit(a, insn_store(BPF_W, BPF_REG_10, BE_FRAME(start), BPF_REG_1));
	find(g, walk);
	compare(g, miss);
	load_trace(g, walk);
	replay(g);
	be_label_here(a, miss);
	claim(g, walk);
	begin(g);
	be_label_here(a, walk);
}

/* frame.flow is odd from the first word on for which there is no room. */
void be_gen_flow_note(struct be_gen *g)
{
	const struct be_flow *f = &g->flow;
	struct be_asm *a = &g->a;
	be_label done = be_label_new(a), full = be_label_new(a);

	if (!f->used)
		return;
	be_emit(a, insn_load(BPF_W, BPF_REG_1, BPF_REG_10, BE_FRAME(flow)));
	be_jump(a, insn_jumpi(BPF_JEQ, BPF_REG_1, 0), done);
	be_emit(a, insn_mov(BPF_REG_2, BPF_REG_1));
	be_emit(a, insn_mov(BPF_REG_3, BPF_REG_1));
	be_emit(a, insn_alui(BPF_OR, BPF_REG_1, 1));
	be_emit(a, insn_alui(BPF_AND, BPF_REG_2, (1 << f->log_size) - 1));
	be_jump(a, insn_jumpi(BPF_JGE, BPF_REG_2, misses_at(f)), full);
	be_emit(a, insn_mov(BPF_REG_1, BPF_REG_3));
	be_gen_value(g, BPF_REG_0, BE_MAP_FLOWS);
	be_emit(a, insn_alui(BPF_AND, BPF_REG_3, (1 << f->log_map) - 4));
	be_emit(a, insn_alu(BPF_ADD, BPF_REG_0, BPF_REG_3));
	be_emit(a, insn_store(BPF_W, BPF_REG_0, 0, BE_R_WORD));
	be_emit(a, insn_alui(BPF_ADD, BPF_REG_1, 4));
	be_label_here(a, full);
	be_emit(a, insn_store(BPF_W, BPF_REG_10, BE_FRAME(flow), BPF_REG_1));
	be_label_here(a, done);
}

/*
 * R3 |= VALID, where the trace in R1 is whole: every word had room, and the
 * verdict is of one that was counted.  Clobbers R2.
 */
static void valid_if_whole(struct be_asm *a)
{
	_Static_assert(TR_UNCOUNTED == 1 << 6 && VALID == 1, "shifted");

	be_emit(a, insn_mov(BPF_REG_2, BE_R_WORD));
	be_emit(a, insn_alui(BPF_RSH, BPF_REG_2, 6));
	be_emit(a, insn_alu(BPF_OR, BPF_REG_2, BPF_REG_1));
	be_emit(a, insn_alui(BPF_XOR, BPF_REG_2, VALID));
	be_emit(a, insn_alui(BPF_AND, BPF_REG_2, VALID));
	be_emit(a, insn_alu(BPF_OR, BPF_REG_3, BPF_REG_2));
}

void be_gen_flow_end(struct be_gen *g, bool judged)
{
	const struct be_flow *f = &g->flow;
	struct be_asm *a = &g->a;
	be_label done = be_label_new(a);

	if (!f->used)
		return;
	be_emit(a, insn_load(BPF_W, BPF_REG_1, BPF_REG_10, BE_FRAME(flow)));
	be_jump(a, insn_jumpi(BPF_JEQ, BPF_REG_1, 0), done);
	be_emit(a, insn_mov(BPF_REG_2, BPF_REG_1));
	be_emit(a, insn_alui(BPF_AND, BPF_REG_2, entry_mask(f)));
	be_gen_value(g, BPF_REG_0, BE_MAP_FLOWS);
	be_emit(a, insn_alu(BPF_ADD, BPF_REG_0, BPF_REG_2));
	be_emit(a, insn_load(BPF_DW, BPF_REG_3, BPF_REG_0, 0));
	be_emit(a, insn_alui(BPF_AND, BPF_REG_3, ~(VALID | BUSY)));
	be_emit(a, insn_alui(BPF_ADD, BPF_REG_3, NUMBER_ONE));
	if (judged)
		valid_if_whole(a);
	be_emit(a, insn_store(BPF_DW, BPF_REG_0, 0, BPF_REG_3));
	be_label_here(a, done);
}
