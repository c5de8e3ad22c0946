/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * backend/flow.c - the flow memo: layout and code
 *
 *	head	0	number << 2 | BUSY | VALID
 *	trace	4	ntrace words: word 0 of records, the last one's action is
 *			TR_ACCEPT or TR_DROP
 *	key		nwords double words
 *
 * An entry is half a cache line where that is enough, else one or two.  Two halves are
 * the two ways of one set: both are compared, and either may have the flow.  Behind all
 * areas each CPU has a line of its own with its counts.  The map's flag BPF_F_MMAPABLE is
 * there since values of such maps start on a page.
 */
#include "backend/flow.h"

#include <bpf/libbpf.h>
#include <stdlib.h>

#include "backend/gen.h"

#define VALID		1
#define BUSY		2
#define NUMBER_ONE	4
#define TRACE		4

/*
 * Bytes for each CPU: so many times what the table has, since walks of a few rules are
 * quick, and such rulesets are many where each container has its own.  Less where there
 * are many CPUs: all have LOG_MAP_MAX together.
 */
#define LOG_TIMES	6
#define LOG_AREA_SMALL	16
#define LOG_AREA_LARGE	20
#define LOG_AREA_MIN	11
#define LOG_MAP_MAX	24

#define LOG_SMALL	5	/* an entry, two of which are a set */
#define LOG_LARGE	7
#define LOG_LINE	6

/* Of a CPU's counts. */
#define COUNT(member)	((int)offsetof(struct be_flow_cpu, member))

_Static_assert(sizeof(struct be_flow_cpu) <= 1 << LOG_LINE, "a line");

/* What the registers hold of a trace, and what is enough of a longer one. */
#define TRACE_MAX	7
#define TRACE_ENOUGH	5

/* So many groups that lead to leaves are asked in no more time than a memo. */
#define CHEAP_GROUPS	2

/* What a recall keeps in registers from the key on; the rest is made twice. */
#define KEY_REGS	4

/* Where there are two ways: the head of the second, which is no key then. */
#define HEAD2		BPF_REG_9

_Static_assert(((1 << LOG_SMALL) - TRACE - 4) / 8 < KEY_REGS, "HEAD2");

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

/* Where packets start: the pairs' segments, each once. */
static uint32_t starts(const struct be_gen *g, uint32_t *start)
{
	const uint32_t variants = g->c->variants ? 2 : 1;
	uint32_t n = 0, i, v;

	for (i = 0; i < IR_NHOOKS; i++)
		for (v = 0; v < variants; v++)
			if (be_gen_judges(g, (enum ir_hook)i))
				start[n++] = g->c->hook[i].segment +
					v * (uint32_t)sizeof(struct tr_segment);
	return n;
}

/* Whether @bits bits of them, from bit @from on, tell all @n apart. */
static bool apart(const uint32_t *start, uint32_t n, uint32_t from,
		  uint32_t bits)
{
	uint32_t i, j;

	for (i = 0; i < n; i++)
		for (j = 0; j < i; j++)
			if (start[i] != start[j] &&
			    !((start[i] ^ start[j]) >> from &
			      ((1u << bits) - 1)))
				return false;
	return true;
}

/* A packet's chain and kind are known by some bits of where it starts. */
static void add_start(const struct be_gen *g, struct be_flow *f)
{
	uint32_t start[2 * IR_NHOOKS], n = starts(g, start), bits, from;

	for (bits = 0; bits < 32; bits++)
		for (from = 0; from < 32 - bits; from++)
			if (apart(start, n, from, bits))
				goto found;
found:
	if (!bits)
		return;
	add_part(f, BE_FRAME(start), (uint8_t)bits);
	f->part[f->nparts - 1].from = (uint8_t)from;
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
	add_start(g, f);
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

/* How many records there are in the leaf at @offset. */
static uint32_t leaf_length(const struct tr_classifier *c, uint32_t offset)
{
	uint32_t n = 1;

	while (!(c->word[offset / 4] & TR_LAST)) {
		offset += c->layout.size;
		n++;
	}
	return n;
}

/* Whether a group leads to a leaf nearly always, and to a short one. */
static bool is_flat(const struct tr_classifier *c, const struct tr_group *group)
{
	const struct tr_slot *slot = (const void *)&c->word[group->slots / 4];
	const uint64_t n = tr_group_slots(group);
	uint64_t leaves = 0, nodes = 0, records = 0, i;
	uint32_t type;

	for (i = 0; i < n; i++) {
		type = slot[i].ref & TR_REF_MASK;
		if (slot[i].min0 == UINT32_MAX || type == TR_EMPTY)
			continue;
		if (type == TR_LEAF) {
			leaves++;
			records += leaf_length(c, slot[i].ref & ~TR_REF_MASK);
		} else {
			nodes++;
		}
	}
	return nodes * 8 <= leaves && records <= leaves * 2;
}

/*
 * Whether packets that start at @offset are judged at once.  A recall takes as long
 * as a walk that looks at two records or so, and there are more flows than
 * addresses that rules name: the memo would only take from the caches what the
 * table has there.
 */
static bool is_cheap(const struct tr_classifier *c, uint32_t offset)
{
	const struct tr_segment *s = (const void *)&c->word[offset / 4];
	const struct tr_group *group = (const void *)&c->word[s->groups / 4];
	uint32_t n;

	for (n = 0; group->min0 != UINT32_MAX; n++, group++)
		if (n == CHEAP_GROUPS || !is_flat(c, group))
			return false;
	return true;
}

static bool pays(const struct tr_classifier *c)
{
	uint32_t i;

	if (c->depth)
		return true;
	for (i = 0; i < IR_NHOOKS; i++)
		if (c->hook[i].present && !is_cheap(c, c->hook[i].segment))
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

/* The words of a trace in an entry of 1 << @log bytes; 0: it is too small. */
static uint32_t room(const struct be_flow *f, uint32_t log)
{
	const uint32_t taken = TRACE + 8 * f->nwords;
	uint32_t n;

	if (taken >= 1u << log)
		return 0;
	n = ((1u << log) - taken) / 4;
	return n < TRACE_MAX ? n : TRACE_MAX;
}

/* How large an entry is, and how many make a set. */
static void size_entry(const struct be_gen *g, struct be_flow *f)
{
	const uint32_t longest = g->c->counts ? g->c->counts : 1;
	const uint32_t enough = longest < TRACE_ENOUGH ? longest : TRACE_ENOUGH;

	f->log_size = LOG_SMALL;
	while (f->log_size < LOG_LARGE && room(f, f->log_size) < enough)
		f->log_size++;
	f->ntrace = room(f, f->log_size);
	f->fits = longest <= f->ntrace;
	f->log_set = f->log_size < LOG_LINE ? LOG_LINE : f->log_size;
}

static void size_areas(const struct be_gen *g, struct be_flow *f)
{
	const uint32_t cpus = log_cpus(g);

	f->log_area = LOG_AREA_SMALL;
	while (f->log_area < LOG_AREA_LARGE &&
	       g->c->size > 1u << (f->log_area - LOG_TIMES))
		f->log_area++;
	while (f->log_area > LOG_AREA_MIN && f->log_area + cpus > LOG_MAP_MAX)
		f->log_area--;
	f->log_map = f->log_area + cpus;
}

void be_flow_plan(struct be_gen *g)
{
	struct be_flow *f = &g->flow;

	*f = (struct be_flow){ .every = BE_FLOW_EVERY };
	/* What is so deep has traces too long for it. */
	if (!wanted(g) || be_stack_is_deep(g->c))
		return;
	collect(g, f);
	pack(f);
	f->used = f->nwords && f->nwords <= BE_FLOW_WORDS;
	if (!f->used)
		return;
	if (g->opts->flows != BE_FLOWS_AUTO)
		f->every = 1;
	f->pauses = g->opts->flows == BE_FLOWS_AUTO;
	size_entry(g, f);
	size_areas(g, f);
}

struct be_map_def be_flow_def(const struct be_flow *f)
{
	return (struct be_map_def){
		.name = BE_FLOWS_NAME, .type = BPF_MAP_TYPE_ARRAY, .key = 4,
		.value = be_flow_counts(f, 1u << (f->log_map - f->log_area)),
		.entries = 1, .flags = BPF_F_MMAPABLE,
	};
}

/* --- code --- */

static bool two_ways(const struct be_flow *f)
{
	return f->log_set > f->log_size;
}

static int key_at(const struct be_flow *f)
{
	return TRACE + 4 * (int)f->ntrace;
}

/* The bits of an offset in the map without those of one in 1 << @log bytes. */
static int32_t mask_of(const struct be_flow *f, uint32_t log)
{
	return (int32_t)((1u << f->log_map) - (1u << log));
}

/* The register for word @i of the key; R1 is that of many. */
static int key_reg(uint32_t i)
{
	return i < KEY_REGS ? BPF_REG_6 + (int)i : BPF_REG_1;
}

/* Some bits of the word in @reg, where that is what the key has of it. */
static void cut(struct be_asm *a, int reg, const struct be_flow_part *p)
{
	if (p->at != BE_FRAME(start))
		return;
	if (p->from)
		be_emit(a, insn_alui(BPF_RSH, reg, p->from));
	be_emit(a, insn_alui(BPF_AND, reg, (int32_t)((1u << p->bits) - 1)));
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
		cut(a, reg, p);
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

/* R5 = the number of a set.  Clobbers R1 to R4, R6 to R9. */
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
			     64 - (int)(f->log_area - f->log_set)));
}

/* R1 = the counts of the CPU number @cpu.  Clobbers R5. */
static void counts_of(struct be_gen *g, int cpu)
{
	const struct be_flow *f = &g->flow;
	struct be_asm *a = &g->a;

	be_emit(a, insn_mov(BPF_REG_5, cpu));
	be_emit(a, insn_alui(BPF_LSH, BPF_REG_5, LOG_LINE));
	be_emit(a, insn_alui(BPF_AND, BPF_REG_5, (int32_t)
			     ((1u << (f->log_map - f->log_area + LOG_LINE)) -
			      (1u << LOG_LINE))));
	be_gen_value(g, BPF_REG_1, BE_MAP_FLOWS);
	be_emit(a, insn_alui(BPF_ADD, BPF_REG_1, 1 << f->log_map));
	be_emit(a, insn_alu(BPF_ADD, BPF_REG_1, BPF_REG_5));
}

/* A window is over: how it was says whether there is a pause.  Clobbers R2, R3. */
static void look_back(struct be_asm *a)
{
	be_label set = be_label_new(a), judge = be_label_new(a);

	be_emit(a, insn_load(BPF_W, BPF_REG_2, BPF_REG_1, COUNT(misses)));
	be_emit(a, insn_load(BPF_W, BPF_REG_3, BPF_REG_1, COUNT(before)));
	be_emit(a, insn_store(BPF_W, BPF_REG_1, COUNT(before), BPF_REG_2));
	be_emit(a, insn_alu32(BPF_SUB, BPF_REG_2, BPF_REG_3));
	be_emit(a, insn_load(BPF_W, BPF_REG_3, BPF_REG_1, COUNT(pause)));
	be_jump(a, insn_jumpi(BPF_JEQ, BPF_REG_3, 0), judge);
	be_emit(a, insn_alui(BPF_SUB, BPF_REG_3, 1));
	be_jump(a, insn_ja(), set);
	be_label_here(a, judge);
	be_jump(a, insn_jumpi(BPF_JLE, BPF_REG_2, BE_FLOW_WINDOW / 2), set);
	be_emit(a, insn_movi(BPF_REG_3, BE_FLOW_PAUSE));
	be_label_here(a, set);
	be_emit(a, insn_store(BPF_W, BPF_REG_1, COUNT(pause), BPF_REG_3));
}

/* To @walk in a pause.  In: R0 the CPU, which stays.  Clobbers R1 to R3, R5. */
static void pause(struct be_gen *g, be_label walk)
{
	struct be_asm *a = &g->a;
	be_label same = be_label_new(a);

	if (!g->flow.pauses)
		return;
	counts_of(g, BPF_REG_0);
	be_emit(a, insn_load(BPF_W, BPF_REG_2, BPF_REG_1, COUNT(packets)));
	be_emit(a, insn_mov(BPF_REG_3, BPF_REG_2));
	be_emit(a, insn_alui(BPF_ADD, BPF_REG_3, 1));
	be_emit(a, insn_store(BPF_W, BPF_REG_1, COUNT(packets), BPF_REG_3));
	be_emit(a, insn_alui(BPF_AND, BPF_REG_2, BE_FLOW_WINDOW - 1));
	be_jump(a, insn_jumpi(BPF_JNE, BPF_REG_2, 0), same);
	look_back(a);
	be_label_here(a, same);
	be_emit(a, insn_load(BPF_W, BPF_REG_2, BPF_REG_1, COUNT(pause)));
	be_jump(a, insn_jumpi(BPF_JNE, BPF_REG_2, 0), walk);
}

/*
 * R0 = the set, R4 = its offset; the key in its registers.  To @walk on a CPU
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
	pause(g, walk);
	hash(g);
	be_emit(a, insn_mov(BPF_REG_4, BPF_REG_0));
	be_emit(a, insn_alui(BPF_LSH, BPF_REG_4,
			     (int)(f->log_area - f->log_set)));
	be_emit(a, insn_alu(BPF_OR, BPF_REG_4, BPF_REG_5));
	be_emit(a, insn_alui(BPF_LSH, BPF_REG_4, (int)f->log_set));
	be_emit(a, insn_alui(BPF_AND, BPF_REG_4, mask_of(f, f->log_set)));
	be_gen_value(g, BPF_REG_0, BE_MAP_FLOWS);
	be_emit(a, insn_alu(BPF_ADD, BPF_REG_0, BPF_REG_4));
}

/*
 * @dst is 0 if the entry at R0 + @at, whose head is in @head, is of this packet.
 * Clobbers R3.
 */
static void differs(struct be_gen *g, int dst, int head, int at)
{
	const struct be_flow *f = &g->flow;
	struct be_asm *a = &g->a;
	uint32_t i;

	be_emit(a, insn_mov(dst, head));
	be_emit(a, insn_alui(BPF_AND, dst, VALID | BUSY));
	be_emit(a, insn_alui(BPF_XOR, dst, VALID));
	for (i = 0; i < f->nwords; i++) {
		word_again(g, i);
		be_emit(a, insn_load(BPF_DW, BPF_REG_3, BPF_REG_0,
				     at + key_at(f) + 8 * (int)i));
		be_emit(a, insn_alu(BPF_XOR, BPF_REG_3, key_reg(i)));
		be_emit(a, insn_alu(BPF_OR, dst, BPF_REG_3));
	}
}

/*
 * R0 = the entry of this packet in the set there, R2 = its head as it was before; to
 * @miss, with R0 as it was and all heads, where there is none.  Which way it is can
 * hardly be foreseen: no branch.  Clobbers R1, R3, R5.
 */
static void compare(struct be_gen *g, be_label miss)
{
	const int second = 1 << g->flow.log_size;
	struct be_asm *a = &g->a;

	be_emit(a, insn_load(BPF_W, BPF_REG_2, BPF_REG_0, 0));
	if (!two_ways(&g->flow)) {
		differs(g, BPF_REG_5, BPF_REG_2, 0);
		be_jump(a, insn_jumpi(BPF_JNE, BPF_REG_5, 0), miss);
		return;
	}
	be_emit(a, insn_load(BPF_W, HEAD2, BPF_REG_0, second));
	differs(g, BPF_REG_5, BPF_REG_2, 0);
	differs(g, BPF_REG_1, HEAD2, second);
	/* All ones where it is not the first. */
	be_emit(a, insn_mov(BPF_REG_3, BPF_REG_5));
	be_emit(a, insn_alui(BPF_NEG, BPF_REG_3, 0));
	be_emit(a, insn_alu(BPF_OR, BPF_REG_3, BPF_REG_5));
	be_emit(a, insn_alui(BPF_ARSH, BPF_REG_3, 63));
	be_emit(a, insn_alu(BPF_AND, BPF_REG_1, BPF_REG_3));
	be_jump(a, insn_jumpi(BPF_JNE, BPF_REG_1, 0), miss);
	be_emit(a, insn_alu(BPF_XOR, HEAD2, BPF_REG_2));
	be_emit(a, insn_alu(BPF_AND, HEAD2, BPF_REG_3));
	be_emit(a, insn_alu(BPF_XOR, BPF_REG_2, HEAD2));
	be_emit(a, insn_alui(BPF_AND, BPF_REG_3, second));
	be_emit(a, insn_alu(BPF_ADD, BPF_REG_0, BPF_REG_3));
}

/*
 * BE_R_WORD, R6, R7, R9 = the trace; to @torn where the entry was written meanwhile.
 */
static void load_trace(struct be_gen *g, be_label torn)
{
	static const int regs[] = { BPF_REG_6, BPF_REG_7, BPF_REG_9 };
	struct be_asm *a = &g->a;
	uint32_t i;

	be_emit(a, insn_load(BPF_W, BE_R_WORD, BPF_REG_0, TRACE));
	for (i = 1; i < g->flow.ntrace; i += 2)
		be_emit(a, insn_load(BPF_DW, regs[i / 2], BPF_REG_0,
				     TRACE + 4 * (int)i));
	be_emit(a, insn_load(BPF_W, BPF_REG_3, BPF_REG_0, 0));
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
	const uint32_t ntrace = g->flow.ntrace;
	const uint32_t times = g->loop.calls ? ntrace : 1;
	struct be_asm *a = &g->a;
	be_label next = be_label_new(a);
	uint32_t i;

	be_label_here(a, next);
	for (i = 0; i < times; i++) {
		be_gen_count(g, false);
		be_gen_verdict_to(g, g->judged);
		if (ntrace == 1)
			break;
		be_emit(a, insn_mov32(BE_R_WORD, BPF_REG_6));
		shift(a, BPF_REG_6, ntrace > 3 ? BPF_REG_7 : 0);
		if (ntrace > 3)
			shift(a, BPF_REG_7, ntrace > 5 ? BPF_REG_9 : 0);
		if (ntrace > 5)
			shift(a, BPF_REG_9, 0);
	}
	if (g->loop.calls || ntrace == 1) {
		be_jump(a, insn_ja(), g->drop);
		return;
	}
	be_gen_loop(g);
	be_jump(a, insn_ja(), next);
}

/*
 * To @walk unless this miss of the CPU is one to be put in.  R3 = how many there were
 * before.  Clobbers R1, R5.
 */
static void count_miss(struct be_gen *g, be_label walk)
{
	const struct be_flow *f = &g->flow;
	struct be_asm *a = &g->a;

	be_emit(a, insn_mov(BPF_REG_3, BPF_REG_4));
	be_emit(a, insn_alui(BPF_RSH, BPF_REG_3, (int)f->log_area));
	counts_of(g, BPF_REG_3);
	be_emit(a, insn_load(BPF_W, BPF_REG_3, BPF_REG_1, COUNT(misses)));
	be_emit(a, insn_mov(BPF_REG_5, BPF_REG_3));
	be_emit(a, insn_alui(BPF_ADD, BPF_REG_5, 1));
	be_emit(a, insn_store(BPF_W, BPF_REG_1, COUNT(misses), BPF_REG_5));
	be_emit(a, insn_mov(BPF_REG_5, BPF_REG_3));
	be_emit(a, insn_alui(BPF_AND, BPF_REG_5, (int32_t)f->every - 1));
	be_jump(a, insn_jumpi(BPF_JNE, BPF_REG_5, 0), walk);
}

/* To one of these if that way is not good.  In: the heads, which are lost. */
static void find_useless(struct be_gen *g, be_label first, be_label second)
{
	struct be_asm *a = &g->a;

	be_emit(a, insn_alui(BPF_AND, BPF_REG_2, VALID | BUSY));
	be_jump(a, insn_jumpi(BPF_JEQ, BPF_REG_2, 0), first);
	if (!two_ways(&g->flow))
		return;
	be_emit(a, insn_alui(BPF_AND, HEAD2, VALID | BUSY));
	be_jump(a, insn_jumpi(BPF_JEQ, HEAD2, 0), second);
}

/*
 * R0, R4 = the entry of the set there that is to be replaced: one that is not good,
 * or each of the two in turn; to @walk where it is not worth it.  What could come again
 * and again to no avail never has a place for nothing.
 */
static void choose(struct be_gen *g, be_label walk)
{
	const struct be_flow *f = &g->flow;
	struct be_asm *a = &g->a;
	be_label first = be_label_new(a), second = be_label_new(a);
	be_label chosen = be_label_new(a);

	if (f->fits)
		find_useless(g, first, second);
	count_miss(g, walk);
	if (!f->fits)
		find_useless(g, first, second);
	if (two_ways(f)) {
		be_jump(a, insn_jumpi(BPF_JSET, BPF_REG_3, (int32_t)f->every),
			first);
		be_label_here(a, second);
		be_emit(a, insn_movi(BPF_REG_3, 1 << f->log_size));
		be_jump(a, insn_ja(), chosen);
	}
	be_label_here(a, first);
	be_emit(a, insn_movi(BPF_REG_3, 0));
	be_label_here(a, chosen);
	be_emit(a, insn_alu(BPF_ADD, BPF_REG_0, BPF_REG_3));
	be_emit(a, insn_alu(BPF_ADD, BPF_REG_4, BPF_REG_3));
}

/* To @walk where the entry at R0 is being written. */
static void claim(struct be_gen *g, be_label walk)
{
	struct be_asm *a = &g->a;

	be_emit(a, insn_movi(BPF_REG_1, BUSY));
	be_emit(a, insn_atomic(BPF_W, BPF_OR | BPF_FETCH, BPF_REG_0, 0,
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
	be_emit(a, insn_alui(BPF_ADD, BPF_REG_4, TRACE));
	be_emit(a, insn_store(BPF_W, BPF_REG_10, BE_FRAME(flow), BPF_REG_4));
	for (i = 0; i < f->nwords; i++) {
		word_again(g, i);
		be_emit(a, insn_store(BPF_DW, BPF_REG_0,
				      key_at(f) + 8 * (int)i, key_reg(i)));
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
	choose(g, walk);
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
	be_jump(a, insn_jumpi(BPF_JGE, BPF_REG_2, key_at(f)), full);
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
	be_emit(a, insn_alui(BPF_AND, BPF_REG_2, mask_of(f, f->log_size)));
	be_gen_value(g, BPF_REG_0, BE_MAP_FLOWS);
	be_emit(a, insn_alu(BPF_ADD, BPF_REG_0, BPF_REG_2));
	be_emit(a, insn_load(BPF_W, BPF_REG_3, BPF_REG_0, 0));
	be_emit(a, insn_alui(BPF_AND, BPF_REG_3, ~(VALID | BUSY)));
	be_emit(a, insn_alui(BPF_ADD, BPF_REG_3, NUMBER_ONE));
	if (judged)
		valid_if_whole(a);
	be_emit(a, insn_store(BPF_W, BPF_REG_0, 0, BPF_REG_3));
	be_label_here(a, done);
}
