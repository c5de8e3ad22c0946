/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * backend/routes.c - the route memo: layout and code
 *
 * Each CPU has an area of its own: a line with the cookie of the namespace whose
 * routes these are (0: nobody's yet), and the entries.  The map is read by direct
 * value, as the flow memo is (flow.c).
 */
#include "backend/routes.h"

#include <linux/ip.h>
#include <string.h>

#include <bpf/libbpf.h>

#include "backend/gen.h"

#define LOG_ENTRIES	12	/* for each CPU */
#define LOG_ENTRIES_MIN	8
#define MAP_MAX		(1u << 24)	/* less of them where there are many CPUs */
#define OWNER_SIZE	64

/* An entry has 24 bits for what its place does not say of the destination. */
_Static_assert(32 - LOG_ENTRIES_MIN <= 24, "entries of two destinations differ");

/* Ticks in which the clock goes on by one: 64 ms to 640 ms, as HZ is. */
#define LOG_TICKS	6

/* Kept over calls: first the clock and the CPU, then the entry and its word. */
#define FRAME_CLOCK	BE_FRAME(length)
#define FRAME_CPU	BE_FRAME(offset)
#define FRAME_WORD	BE_FRAME(length)
#define FRAME_ENTRY	BE_FRAME(offset)

static uint32_t area_size(const struct be_routes *r)
{
	return OWNER_SIZE + (8u << r->log_entries);
}

/* --- whether there is one --- */

static bool knows(const struct be_gen *g, enum be_member m)
{
	return g->kernel.member[m] >= 0;
}

/* The way from the context to the device. */
static bool knows_device(const struct be_gen *g)
{
	if (g->kernel.kfunc[BE_CAST_TO_KERN_CTX] < 0)
		return false;
	if (g->opts->type == BE_TC)
		return knows(g, BE_SKB_DEV);
	return knows(g, BE_XDP_RXQ) && knows(g, BE_RXQ_DEV);
}

/* And from there to whether it forwards. */
static bool knows_forwarding(const struct be_gen *g)
{
	if (be_gen_v6(g))
		return knows(g, BE_DEV_IP6) && knows(g, BE_INET6_FORWARDING);
	return knows(g, BE_DEV_IP) && knows(g, BE_IN_DEV_CONF);
}

/* Most of what comes is forwarded, and rules want to know where to. */
static bool wants_device(const struct be_gen *g)
{
	return g->opts->type == BE_XDP && be_gen_uses(g, IR_OIF) &&
	       be_gen_judges(g, IR_HOOK_FORWARD);
}

void be_routes_plan(struct be_gen *g)
{
	struct be_routes *r = &g->routes;
	int ncpus = libbpf_num_possible_cpus();

	*r = (struct be_routes){ .log_entries = LOG_ENTRIES };
	r->ncpus = ncpus > 0 ? (uint32_t)ncpus : 1;
	if (g->opts->type == BE_NETFILTER || g->opts->test_fd >= 0 ||
	    g->opts->alone || g->opts->routes == BE_ROUTES_NEVER)
		return;
	r->peeks = knows_device(g) && knows_forwarding(g);
	r->used = r->peeks && !be_gen_v6(g) && !wants_device(g) &&
		  knows(g, BE_DEV_NET) && knows(g, BE_NET_COOKIE) &&
		  knows(g, BE_NET_RULES) && knows(g, BE_NET_NEXTHOPS) &&
		  knows(g, BE_NET_ROUTES);
	while (r->log_entries > LOG_ENTRIES_MIN &&
	       area_size(r) > MAP_MAX / r->ncpus)
		r->log_entries--;
}

struct be_map_def be_routes_def(const struct be_routes *r)
{
	return (struct be_map_def){
		.name = BE_ROUTES_NAME, .type = BPF_MAP_TYPE_ARRAY, .key = 4,
		.value = area_size(r) * r->ncpus, .entries = 1,
		.flags = BPF_F_MMAPABLE,
	};
}

/* --- code --- */

/* R0 = the device the packet came in by.  Clobbers R1 to R5. */
static void load_device(struct be_gen *g)
{
	be_emit(&g->a, insn_mov(BPF_REG_1, BE_R_CTX));
	be_gen_kfunc(g, BE_CAST_TO_KERN_CTX);
	if (g->opts->type == BE_TC) {
		be_gen_member(g, BPF_DW, BPF_REG_0, BPF_REG_0, BE_SKB_DEV);
		return;
	}
	be_gen_member(g, BPF_DW, BPF_REG_0, BPF_REG_0, BE_XDP_RXQ);
	be_gen_member(g, BPF_DW, BPF_REG_0, BPF_REG_0, BE_RXQ_DEV);
}

/* To @input where the device R0 does not forward: so says the lookup, too. */
static void peek(struct be_gen *g, be_label input)
{
	struct be_asm *a = &g->a;

	be_gen_member(g, BPF_DW, BPF_REG_1, BPF_REG_0,
		      be_gen_v6(g) ? BE_DEV_IP6 : BE_DEV_IP);
	be_jump(a, insn_jumpi(BPF_JEQ, BPF_REG_1, 0), input);
	if (be_gen_v6(g))
		be_gen_member(g, BPF_W, BPF_REG_1, BPF_REG_1,
			      BE_INET6_FORWARDING);
	else
		be_gen_member_at(g, BPF_W, BPF_REG_1, BPF_REG_1, BE_IN_DEV_CONF,
				 4 * (IPV4_DEVCONF_FORWARDING - 1));
	be_jump(a, insn_jumpi(BPF_JEQ, BPF_REG_1, 0), input);
}

/* The clock and the CPU into the frame.  Clobbers R0 to R5. */
static void ask_time_and_place(struct be_gen *g)
{
	struct be_asm *a = &g->a;

	be_emit(a, insn_call(BPF_FUNC_jiffies64));
	be_emit(a, insn_alui(BPF_RSH, BPF_REG_0, LOG_TICKS));
	be_emit(a, insn_store(BPF_DW, BPF_REG_10, FRAME_CLOCK, BPF_REG_0));
	be_emit(a, insn_call(BPF_FUNC_get_smp_processor_id));
	be_emit(a, insn_store(BPF_DW, BPF_REG_10, FRAME_CPU, BPF_REG_0));
}

/*
 * R2 = the state of the routes of the device R0, R0 = the cookie of its namespace;
 * to @lookup where more than the memo has may decide.  Clobbers R1, R3.
 */
static void load_state(struct be_gen *g, be_label lookup)
{
	struct be_asm *a = &g->a;

	be_gen_member(g, BPF_DW, BPF_REG_3, BPF_REG_0, BE_DEV_NET);
	be_gen_member(g, BPF_B, BPF_REG_1, BPF_REG_3, BE_NET_RULES);
	be_jump(a, insn_jumpi(BPF_JNE, BPF_REG_1, 0), lookup);
	be_gen_member(g, BPF_DW, BPF_REG_1, BPF_REG_3, BE_NET_NEXTHOPS);
	be_jump(a, insn_jumpi(BPF_JNE, BPF_REG_1, 0), lookup);
	be_gen_member(g, BPF_W, BPF_REG_2, BPF_REG_3, BE_NET_ROUTES);
	be_emit(a, insn_load(BPF_DW, BPF_REG_1, BPF_REG_10, FRAME_CLOCK));
	be_emit(a, insn_alu32(BPF_ADD, BPF_REG_2, BPF_REG_1));
	be_gen_member(g, BPF_DW, BPF_REG_0, BPF_REG_3, BE_NET_COOKIE);
}

/*
 * R4 = this CPU's area; to @lookup unless it is that of the namespace with the cookie
 * R0.  Who comes first has it.  Clobbers R0, R1.
 */
static void load_area(struct be_gen *g, be_label lookup)
{
	const struct be_routes *r = &g->routes;
	struct be_asm *a = &g->a;
	be_label ours = be_label_new(a);

	be_emit(a, insn_load(BPF_DW, BPF_REG_1, BPF_REG_10, FRAME_CPU));
	be_jump(a, insn_jumpi(BPF_JGE, BPF_REG_1, (int32_t)r->ncpus), lookup);
	be_emit(a, insn_alui(BPF_MUL, BPF_REG_1, (int32_t)area_size(r)));
	be_gen_value(g, BPF_REG_4, BE_MAP_ROUTES);
	be_emit(a, insn_alu(BPF_ADD, BPF_REG_4, BPF_REG_1));
	be_emit(a, insn_load(BPF_DW, BPF_REG_1, BPF_REG_4, 0));
	be_jump(a, insn_jump(BPF_JEQ, BPF_REG_1, BPF_REG_0), ours);
	be_jump(a, insn_jumpi(BPF_JNE, BPF_REG_1, 0), lookup);
	be_emit(a, insn_mov(BPF_REG_1, BPF_REG_0));
	be_emit(a, insn_movi(BPF_REG_0, 0));
	be_emit(a, insn_atomic(BPF_DW, BPF_CMPXCHG, BPF_REG_4, 0, BPF_REG_1));
	be_jump(a, insn_ja(), lookup);
	be_label_here(a, ours);
}

/*
 * R4 = the entry of the packet's destination in the area R4, R2 = its word but for the
 * answer, with the state R2.  Clobbers R1, R3.
 */
static void find(struct be_gen *g)
{
	const int tag = 32 - (int)g->routes.log_entries;
	struct be_asm *a = &g->a;

	be_emit(a, insn_load(BPF_W, BPF_REG_1, BE_R_IP, 16));
	be_emit(a, insn_ntoh(BPF_REG_1, 32));
	be_emit(a, insn_alu32i(BPF_MUL, BPF_REG_1,
			       (int32_t)BE_ROUTES_MULTIPLIER));
	be_emit(a, insn_mov32(BPF_REG_3, BPF_REG_1));
	be_emit(a, insn_alui(BPF_RSH, BPF_REG_3, tag));
	be_emit(a, insn_alui(BPF_LSH, BPF_REG_3, 3));
	be_emit(a, insn_alui(BPF_ADD, BPF_REG_3, OWNER_SIZE));
	be_emit(a, insn_alu(BPF_ADD, BPF_REG_4, BPF_REG_3));
	be_emit(a, insn_alu32i(BPF_AND, BPF_REG_1, (int32_t)((1u << tag) - 1)));
	be_emit(a, insn_alu32i(BPF_LSH, BPF_REG_1, 8));
	be_emit(a, insn_load(BPF_B, BPF_REG_3, BE_R_IP, 1));
	be_emit(a, insn_alu32i(BPF_AND, BPF_REG_3, 0xfc));
	be_emit(a, insn_alui(BPF_LSH, BPF_REG_2, 32));
	be_emit(a, insn_alu(BPF_OR, BPF_REG_2, BPF_REG_1));
	be_emit(a, insn_alu(BPF_OR, BPF_REG_2, BPF_REG_3));
}

void be_gen_routes_recall(struct be_gen *g, const struct be_route *r)
{
	struct be_asm *a = &g->a;
	be_label lookup = be_label_new(a), noted = be_label_new(a);

	if (g->routes.used)
		ask_time_and_place(g);
	if (g->routes.peeks) {
		load_device(g);
		peek(g, r->input);
	}
	if (!g->routes.used)
		return;
	load_state(g, lookup);
	load_area(g, lookup);
	find(g);
	be_emit(a, insn_load(BPF_DW, BPF_REG_1, BPF_REG_4, 0));
	be_emit(a, insn_alu(BPF_XOR, BPF_REG_1, BPF_REG_2));
	be_jump(a, insn_jumpi(BPF_JEQ, BPF_REG_1, BE_ROUTES_FORWARD),
		r->forward);
	be_jump(a, insn_jumpi(BPF_JEQ, BPF_REG_1, BE_ROUTES_INPUT), r->input);
	be_emit(a, insn_store(BPF_DW, BPF_REG_10, FRAME_ENTRY, BPF_REG_4));
	be_emit(a, insn_store(BPF_DW, BPF_REG_10, FRAME_WORD, BPF_REG_2));
	be_jump(a, insn_ja(), noted);
	be_label_here(a, lookup);
	be_emit(a, insn_storei(BPF_DW, BPF_REG_10, FRAME_ENTRY, 0));
	be_label_here(a, noted);
}

void be_gen_routes_note(struct be_gen *g, enum be_routes_answer answer)
{
	struct be_asm *a = &g->a;
	be_label done = be_label_new(a);

	if (!g->routes.used)
		return;
	be_emit(a, insn_load(BPF_DW, BPF_REG_1, BPF_REG_10, FRAME_ENTRY));
	be_jump(a, insn_jumpi(BPF_JEQ, BPF_REG_1, 0), done);
	be_emit(a, insn_load(BPF_DW, BPF_REG_2, BPF_REG_10, FRAME_WORD));
	be_emit(a, insn_alui(BPF_OR, BPF_REG_2, (int32_t)answer));
	be_emit(a, insn_store(BPF_DW, BPF_REG_1, 0, BPF_REG_2));
	be_label_here(a, done);
}
