/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * tests/unit/backend.c - programs against the evaluator, by test runs
 *
 * Random tables become programs for all types of hooks; random packets go
 * through each of them, and every verdict and counter must be the model's.
 * Needs root for that; exit 77 (skipped) otherwise.
 */
#include "config.h"

#include <check.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

#include <bpf/bpf.h>
#include <linux/bpf.h>
#include <linux/pkt_cls.h>

#include "backend/asm.h"
#include "backend/gen.h"
#include "backend/program.h"
#include "ir/dump.h"
#include "ir/eval.h"
#include "tests/unit/frame6.h"
#include "tests/unit/objects.h"
#include "tests/unit/run.h"
#include "tests/unit/loops.h"
#include "tests/unit/rules.h"
#include "translator/classifier.h"

#define ETH	14
#define ALL	(1u << IR_HOOK_INPUT | 1u << IR_HOOK_FORWARD | \
		 1u << IR_HOOK_OUTPUT)

/* --- the assembler --- */

static struct be_asm a;

static void asm_setup(void)
{
	be_asm_init(&a);
}

static void asm_teardown(void)
{
	be_asm_free(&a);
}

START_TEST(asm_labels)
{
	be_label back = be_label_new(&a), ahead = be_label_new(&a);

	be_label_here(&a, back);
	be_emit(&a, insn_movi(BPF_REG_0, 7));
	be_jump(&a, insn_jumpi(BPF_JEQ, BPF_REG_0, 7), ahead);
	be_jump(&a, insn_ja(), back);
	be_label_here(&a, ahead);
	be_emit(&a, insn_exit());
	ck_assert_int_eq(be_finish(&a), 0);
	ck_assert_uint_eq(a.ninsns, 4);
	ck_assert_int_eq(a.insns[1].off, 1);
	ck_assert_int_eq(a.insns[2].off, -3);
	ck_assert_uint_eq(a.insns[3].code, BPF_JMP | BPF_EXIT);
}
END_TEST

START_TEST(asm_label_nowhere)
{
	be_jump(&a, insn_ja(), be_label_new(&a));
	ck_assert_int_eq(be_finish(&a), -EINVAL);
}
END_TEST

START_TEST(asm_label_twice)
{
	be_label l = be_label_new(&a);

	be_label_here(&a, l);
	be_emit(&a, insn_exit());
	be_label_here(&a, l);
	ck_assert_int_eq(be_finish(&a), -EINVAL);
}
END_TEST

/* A jump over @n instructions, ahead or back. */
static int jump_over(int n, bool back)
{
	be_label to = be_label_new(&a);
	int i;

	if (back)
		be_label_here(&a, to);
	else
		be_jump(&a, insn_ja(), to);
	for (i = 0; i < n; i++)
		be_emit(&a, insn_movi(BPF_REG_0, 0));
	if (back)
		be_jump(&a, insn_ja(), to);
	else
		be_label_here(&a, to);
	be_emit(&a, insn_exit());
	return be_finish(&a);
}

START_TEST(asm_range)
{
	static const struct { int n; bool back; int err; } cases[] = {
		{ 32767, false, 0 }, { 32768, false, -ERANGE },
		{ 32767, true, 0 }, { 32768, true, -ERANGE },
	};

	ck_assert_int_eq(jump_over(cases[_i].n, cases[_i].back),
			 cases[_i].err);
}
END_TEST

START_TEST(asm_too_many)
{
	int i;

	for (i = 0; i < BE_MAX_INSNS; i++)
		be_emit(&a, insn_movi(BPF_REG_0, 0));
	ck_assert_int_eq(a.err, 0);
	be_emit(&a, insn_exit());
	ck_assert_int_eq(be_finish(&a), -E2BIG);
}
END_TEST

/* --- a table with its programs --- */

struct rig {
	const struct ir_table *t;
	struct tr_classifier *c;
	struct ir_counter *want, *have;
	uint32_t	n;
	enum be_flows	flows;
	int		table;
	int		test;
	int		counters[BE_NTYPES];
	int		prog[BE_NTYPES];
	uint32_t	insns[BE_NTYPES];
};

/* With several groups to a segment, now and then. */
static void rig_translate(struct rig *r, struct ir_table *t)
{
	const struct tr_options opt = {
		.leaf = rnd(2) ? 0 : 1 + rnd(4),
		.budget = rnd(2) ? 0 : 64 + rnd(2048),
	};
	struct diag diag;

	diag_init(&diag);
	r->t = t;
	r->flows = rnd(3) ? BE_FLOWS_ALWAYS : BE_FLOWS_NEVER;
	r->n = ir_table_number(t);
	ck_assert_int_eq(ir_table_check(t, &(uint32_t){ 0 }, &diag), 0);
	r->c = tr_translate(t, &opt, &diag);
	ck_assert_msg(r->c != NULL, "%s", diag.msg);
	r->want = calloc(r->n, sizeof(*r->want));
	r->have = calloc(r->n, sizeof(*r->have));
}

/* Where programs come from: set_way(). */
static bool as_object, copies;

/* Emitted and loaded here, or in objects; bit 0: copying all headers. */
static void set_way(int way)
{
	as_object = way & 2 && test_objects();
	copies = way & 1;
	be_program_force_copies(copies);
}

static int load_object(const struct rig *r, const struct be_program_opts *o)
{
	const struct object obj = {
		.c = r->c, .type = o->type, .hooks = ALL, .test = true,
		.copies = copies && o->type != BE_XDP, .flows = r->flows,
	};

	return object_load(&obj, o->counter_fd, r->test);
}

static void rig_load(struct rig *r)
{
	struct diag diag;
	int i;

	diag_init(&diag);
	r->table = be_table_create(r->c, &diag);
	r->test = bpf_map_create(BPF_MAP_TYPE_ARRAY, "test_input", 4,
				 sizeof(struct be_test_input), 1, NULL);
	for (i = test_first_type(); i < BE_NTYPES; i++) {
		struct be_program_opts o = {
			.type = (enum be_hook_type)i, .hooks = ALL,
			.table_fd = r->table, .ifindex_fd = -1,
			.test_fd = r->test, .flows = r->flows,
		};

		o.counter_fd = r->counters[i] = be_counter_create(r->n, &diag);
		ck_assert_msg(o.counter_fd >= 0, "%s", diag.msg);
		if (as_object) {
			r->prog[i] = load_object(r, &o);
			continue;
		}
		r->prog[i] = be_program_load(r->c, &o, &r->insns[i], &diag);
		ck_assert_msg(r->prog[i] >= 0, "%s", diag.msg);
	}
}

static void rig_open(struct rig *r, struct ir_table *t)
{
	rig_translate(r, t);
	rig_load(r);
}

static void rig_close(struct rig *r)
{
	int i;

	for (i = test_first_type(); i < BE_NTYPES; i++) {
		close(r->prog[i]);
		close(r->counters[i]);
	}
	close(r->table);
	close(r->test);
	free(r->want);
	free(r->have);
	tr_classifier_free(r->c);
}

/* An accept is 1, a drop is 0. */
static int verdict(int type, uint32_t retval)
{
	static const struct { uint32_t accept, drop; } of[BE_NTYPES] = {
		[BE_NETFILTER]	= { 1, 0 },
		[BE_XDP]	= { XDP_PASS, XDP_DROP },
		[BE_TC]		= { (uint32_t)TC_ACT_UNSPEC, TC_ACT_SHOT },
	};

	ck_assert_msg(retval == of[type].accept || retval == of[type].drop,
		      "type %d returned %u", type, retval);
	return retval == of[type].accept;
}

/*
 * struct nf_hook_state: INPUT, so that the packet comes with its Ethernet header
 * and the kernel knows where its IPv6 header is.
 */
static const uint8_t state6[48] = { IR_HOOK_INPUT, 10 };

/* @frame: an Ethernet frame. */
static int run(struct rig *r, int type, uint8_t *frame, uint32_t len)
{
	LIBBPF_OPTS(bpf_test_run_opts, o, .data_in = frame,
		    .data_size_in = len, .repeat = 1);

	if (type == BE_NETFILTER && r->c->family == AF_INET6) {
		o.ctx_in = state6;
		o.ctx_size_in = sizeof(state6);
	} else if (type == BE_NETFILTER) {
		o.data_in = frame + ETH;
		o.data_size_in = len - ETH;
	}
	ck_assert_msg(!bpf_prog_test_run_opts(r->prog[type], &o),
		      "type %d, %u bytes: %s", type, len, strerror(errno));
	return verdict(type, o.retval);
}

/* --- packets --- */

static void put16(uint8_t *p, uint32_t v)
{
	p[0] = (uint8_t)(v >> 8);
	p[1] = (uint8_t)v;
}

static void put32(uint8_t *p, uint32_t v)
{
	put16(p, v >> 16);
	put16(p + 2, v);
}

/* A header of 40 bytes with options at random, more or less. */
static void put_transport(uint8_t *th, const struct ir_packet *p)
{
	uint32_t i;

	for (i = 0; i < 80; i++)
		th[i] = (uint8_t)(rnd(3) ? rnd(6) : rnd(256));
	if (p->field[IR_PROTO] == 1) {
		put16(th, p->field[IR_ICMP]);
		return;
	}
	put16(th, p->field[IR_SPORT]);
	put16(th + 2, p->field[IR_DPORT]);
	th[12] = (uint8_t)(rnd(4) ? 5 + rnd(11) : rnd(16)) << 4;
	th[13] = (uint8_t)p->field[IR_TCPFLAGS];
}

static uint32_t cut(enum ir_kind kind)
{
	switch (kind) {
	case IR_KIND_NONE:
		return rnd(8);
	case IR_KIND_SHORT:
		return rnd(20);
	case IR_KIND_BADOPT:
		return 20 + rnd(8);
	default:
		return 8 + rnd(100);
	}
}

/*
 * The bytes of a packet with the fields of *p, which is then made from them.
 * Returns its length; @frame has 14 bytes of Ethernet and up to 14 of padding.
 */
static uint32_t build(uint8_t *frame, struct ir_packet *p)
{
	uint8_t *ip = frame + ETH;
	uint32_t ihl = rnd(3) ? 5 : 5 + rnd(11), len, frag = 0;
	struct ir_packet from = *p;

	memset(frame, 0, 256);
	frame[12] = 8;
	len = ihl * 4 + cut(p->kind);
	if (p->kind == IR_KIND_FRAG1)
		frag = 1;
	if (p->kind == IR_KIND_FRAG)
		frag = 2 + rnd(8190);
	if (!rnd(4))
		frag |= 0x2000;
	ip[0] = (uint8_t)(0x40 | ihl);
	ip[1] = (uint8_t)p->field[IR_TOS];
	put16(ip + 2, len);
	put16(ip + 6, frag | rnd(2) << 14);
	ip[8] = (uint8_t)p->field[IR_TTL];
	ip[9] = (uint8_t)p->field[IR_PROTO];
	if (!rnd(8))
		ip[9] = (uint8_t[]){ 33, 132, 136, 17 }[rnd(4)];
	put32(ip + 12, p->field[IR_SADDR]);
	put32(ip + 16, p->field[IR_DADDR]);
	put_transport(ip + ihl * 4, p);
	ck_assert_int_eq(ir_packet_parse(p, ip, len), 0);
	memcpy(p->iif, from.iif, sizeof(p->iif));
	memcpy(p->oif, from.oif, sizeof(p->oif));
	p->field[IR_CTSTATE] = from.field[IR_CTSTATE];
	return len;
}

/* For a failed check. */
static const char *describe(const uint8_t *frame, uint32_t len,
			    const struct ir_packet *p)
{
	static char text[2048];
	int at;
	uint32_t i;

	at = snprintf(text, sizeof(text), "%u bytes, kind %d, '%s' to '%s', state %u:",
		      len, p->kind, p->iif, p->oif, p->field[IR_CTSTATE]);
	for (i = 0; i < len && at < (int)sizeof(text) - 4; i++)
		at += snprintf(text + at, sizeof(text) - (size_t)at, " %02x",
			       frame[ETH + i]);
	return text;
}

/* One packet through the model and all programs. */
static void judge(struct rig *r, enum ir_hook hook, uint8_t *frame,
		  uint32_t len, const struct ir_packet *p)
{
	struct be_test_input in = {
		.hook = hook, .ctstate = p->field[IR_CTSTATE],
		.iif = tr_iface_class(r->c, p->iif),
		.oif = tr_iface_class(r->c, p->oif),
	};
	int want, type, have;

	ck_assert(!bpf_map_update_elem(r->test, &(uint32_t){ 0 }, &in, 0));
	want = ir_eval(r->t, hook, p, r->want) == IR_ACCEPT;
	for (type = test_first_type(); type < BE_NTYPES; type++) {
		uint32_t pad = type == BE_XDP ||
			(type == BE_TC && hook == IR_HOOK_INPUT) ? rnd(14) : 0;

		have = run(r, type, frame, ETH + len + pad);
		ck_assert_msg(have == want, "%s at %s: %d, not %d: %s",
			      be_hook_type_name((enum be_hook_type)type),
			      ir_hook_name(hook), have, want,
			      describe(frame, len, p));
	}
}

static void compare_counters(struct rig *r)
{
	uint32_t i;
	int type;

	for (type = test_first_type(); type < BE_NTYPES; type++) {
		memset(r->have, 0xff, r->n * sizeof(*r->have));
		ck_assert_int_eq(be_counter_read(r->counters[type], r->have,
						 r->n), 0);
		for (i = 0; i < r->n; i++) {
			ck_assert_msg(r->have[i].packets == r->want[i].packets,
				      "type %d, counter %u: %lu packets, not %lu",
				      type, i,
				      (unsigned long)r->have[i].packets,
				      (unsigned long)r->want[i].packets);
			ck_assert_uint_eq(r->have[i].bytes, r->want[i].bytes);
		}
	}
}

static void random_flood(struct rig *r, uint32_t npackets)
{
	static const enum ir_hook hooks[] = {
		IR_HOOK_INPUT, IR_HOOK_FORWARD, IR_HOOK_OUTPUT,
	};
	uint8_t frame[FRAME_MAX] = { 0 };
	struct ir_packet p;
	enum ir_hook hook;
	uint32_t len;

	while (npackets--) {
		random_packet(r->t, &p);
		len = r->c->family == AF_INET6 ? frame6_build(frame, &p) :
		      build(frame, &p);
		hook = hooks[rnd(3)];
		/* Walked, then from the flow memo. */
		judge(r, hook, frame, len, &p);
		if (r->flows == BE_FLOWS_ALWAYS)
			judge(r, hook, frame, len, &p);
	}
	compare_counters(r);
}

/* The last few go the other ways. */
static void run_random_tables(int family, int seed)
{
	struct ir_table *t;
	struct rig r;
	int i;

	rnd_seed((uint64_t)seed + 1);
	set_way(seed < 6 ? 0 : seed - 6);
	for (i = 0; i < 8; i++) {
		t = random_table_of(family, rnd(8), 1 + rnd(60));
		rig_open(&r, t);
		random_flood(&r, 400);
		rig_close(&r);
		ir_table_free(t);
	}
	set_way(0);
}

START_TEST(random_tables)
{
	run_random_tables(AF_INET, _i);
}
END_TEST

START_TEST(random_tables6)
{
	run_random_tables(AF_INET6, _i);
}
END_TEST

/* --- extension headers --- */

/* @n headers of @type at @h, @next behind them; returns their length. */
static uint32_t put_headers(uint8_t *h, uint32_t n, uint8_t type, uint8_t next)
{
	uint32_t i, at = 0, size = type == 51 ? 12 : 8;

	for (i = 0; i < n; i++, at += size) {
		memset(h + at, 0, size);
		h[at] = i + 1 < n ? type : next;
		h[at + 1] = type == 51;
	}
	return at;
}

/* Every packet that is the start of one with all kinds of headers. */
START_TEST(cut_anywhere6)
{
	static const uint8_t type[] = { 0, 60, 43, 44, 51, 60, 6 };
	uint8_t frame[FRAME_MAX] = { 0 }, whole[FRAME_MAX] = { 0 };
	uint32_t at = 40, len, i;
	struct ir_table *t;
	struct ir_packet p;
	struct rig r;

	rnd_seed((uint64_t)_i + 30);
	set_way(_i);
	for (i = 0; i < 6; i++)
		at += put_headers(whole + ETH + at, 1, type[i], type[i + 1]);
	for (i = 0; i < 32; i++)
		whole[ETH + at + i] = (uint8_t)rnd(256);
	whole[ETH + at + 12] = 0x80;
	at += 32;
	t = random_table_of(AF_INET6, 3, 80);
	rig_open(&r, t);
	for (len = 41; len <= at; len++) {
		random_packet(t, &p);
		memcpy(frame, whole, sizeof(frame));
		frame6_finish(frame, &p, type[0], len);
		judge(&r, IR_HOOK_INPUT + rnd(3), frame, len, &p);
	}
	compare_counters(&r);
	rig_close(&r);
	ir_table_free(t);
	set_way(0);
}
END_TEST

/* As many headers as a packet can have. */
START_TEST(long_chains6)
{
	static const uint8_t types[] = { 60, 43, 51, 0, 44 };
	uint8_t frame[FRAME_MAX] = { 0 };
	struct ir_table *t;
	struct ir_packet p;
	struct rig r;
	uint32_t n, len;

	rnd_seed((uint64_t)_i + 40);
	set_way(_i);
	t = random_table_of(AF_INET6, 3, 80);
	rig_open(&r, t);
	for (n = 1; n <= 150; n += 1 + rnd(20)) {
		random_packet(t, &p);
		p.field[IR_PROTO] = rnd(2) ? 6 : 17;
		memset(frame, 0, sizeof(frame));
		len = 40 + put_headers(frame + ETH + 40, n, types[n % 5],
				       (uint8_t)p.field[IR_PROTO]);
		frame[ETH + len + 3] = 80;
		frame[ETH + len + 12] = 0x50;
		frame6_finish(frame, &p, types[n % 5], len + 20);
		judge(&r, IR_HOOK_INPUT + rnd(3), frame, len + 20, &p);
	}
	compare_counters(&r);
	rig_close(&r);
	ir_table_free(t);
	set_way(0);
}
END_TEST

static uint64_t now(void)
{
	struct timespec ts;

	clock_gettime(CLOCK_MONOTONIC, &ts);
	return (uint64_t)ts.tv_sec * 1000000000u + (uint64_t)ts.tv_nsec;
}

/* --- records that share an id --- */

/*
 * The records of @id, which does nothing but count, are of @to from now on.
 * Its word 0 is larger than any offset in the block: nothing else is like it.
 */
static void change_id(struct tr_classifier *c, uint32_t id, uint32_t to)
{
	uint32_t i, n = 0;

	ck_assert_uint_gt(id << TR_ID_SHIFT, c->size);
	for (i = 0; i < c->size / 4; i++)
		if ((c->word[i] & ~(uint32_t)TR_LAST) == id << TR_ID_SHIFT) {
			c->word[i] += (to - id) << TR_ID_SHIFT;
			n++;
		}
	ck_assert_uint_gt(n, 0);
}

/* A rule with two records that hold is one rule. */
START_TEST(shared_id)
{
	struct ir_table *t = ir_table_new(AF_INET, "filter");
	struct ir_chain *output = ir_table_base(t, IR_HOOK_OUTPUT);
	uint8_t frame[ETH + 20] = { [12] = 8, [14] = 0x45, [17] = 20 };
	struct ir_rule *r[4];
	struct ir_packet p;
	struct rig rig;
	uint32_t i;

	for (i = 0; i < 500; i++)
		add_rule(t, ir_table_base(t, IR_HOOK_INPUT), IR_DROP, NULL);
	for (i = 0; i < 4; i++) {
		r[i] = add_rule(t, output, IR_CONTINUE, NULL);
		ck_assert_int_eq(ir_rule_add_range(t, r[i], IR_TTL, 0, i,
						   false), 0);
	}
	rig_translate(&rig, t);
	change_id(rig.c, r[2]->index, r[1]->index);
	rig_load(&rig);
	ck_assert_int_eq(ir_packet_parse(&p, frame + ETH, 20), 0);
	judge(&rig, IR_HOOK_OUTPUT, frame, 20, &p);
	ck_assert_uint_eq(rig.want[r[2]->index].packets, 1);
	rig.want[r[2]->index] = (struct ir_counter){ 0, 0 };
	compare_counters(&rig);
	rig_close(&rig);
	ir_table_free(t);
}
END_TEST

/* Long lists in several groups, with jumps, and nothing but addresses tested. */
static struct ir_table *list_table(uint32_t n)
{
	struct ir_table *t = ir_table_new(AF_INET, "filter");
	struct ir_chain *from = ir_table_base(t, IR_HOOK_INPUT), *to[4];
	struct ir_rule *r;
	char name[16];
	uint32_t i;

	for (i = 0; i < 4; i++) {
		snprintf(name, sizeof(name), "to%u", i);
		ck_assert_int_eq(ir_chain_add(t, name, &to[i]), 0);
		add_rule(t, to[i], IR_CONTINUE, NULL);
		r = add_rule(t, to[i], IR_RETURN, NULL);
		add_prefix(t, r, IR_SADDR, 0x0a000000, 8 + i);
	}
	for (i = 0; i < n; i++) {
		r = rnd(2) ? add_rule(t, from, IR_JUMP, to[rnd(4)]) :
		    add_rule(t, from, rnd(9) ? IR_CONTINUE : IR_DROP, NULL);
		add_prefix(t, r, IR_SADDR, 0x0a000000 + rnd(4096), 18 + rnd(15));
		add_prefix(t, r, IR_DADDR, 0x0a000000 + rnd(4096), 18 + rnd(15));
	}
	return t;
}

START_TEST(lists)
{
	struct ir_table *t;
	struct rig r;
	uint32_t i, several = 0;

	rnd_seed((uint64_t)_i + 1);
	for (i = 0; i < 6; i++) {
		t = list_table(100 + rnd(400));
		rig_open(&r, t);
		ck_assert_uint_eq(r.c->layout.extra, 0);
		several += r.c->stats.groups > r.c->stats.segments;
		random_flood(&r, 400);
		rig_close(&r);
		ir_table_free(t);
	}
	ck_assert_uint_gt(several, 0);
}
END_TEST

/* --- depth --- */

/*
 * A chain per level, each with a rule that counts before and behind the jump to
 * the next, and one that tests the source so that returns are of all kinds.
 */
static struct ir_table *deep_table(uint32_t depth)
{
	struct ir_table *t = ir_table_new(AF_INET, "filter");
	struct ir_chain *from, *to = NULL;
	struct ir_rule *r;
	char name[16];
	uint32_t i;

	ck_assert_ptr_nonnull(t);
	from = ir_table_base(t, IR_HOOK_INPUT);
	for (i = 0; i < depth; i++) {
		snprintf(name, sizeof(name), "d%05u", i);
		ck_assert_int_eq(ir_chain_add(t, name, &to), 0);
		add_rule(t, from, IR_CONTINUE, NULL);
		r = add_rule(t, from, IR_JUMP, to);
		add_random_matches(t, r, rnd(2));
		r = add_rule(t, from, rnd(3) ? IR_CONTINUE : IR_RETURN, NULL);
		add_prefix(t, r, IR_SADDR, 0x0a000000, rnd(10));
		add_rule(t, from, IR_CONTINUE, NULL);
		from = to;
	}
	r = add_rule(t, from, rnd(2) ? IR_RETURN : IR_DROP, NULL);
	add_prefix(t, r, IR_SADDR, 0x0a000000, 8);
	return t;
}

static const uint32_t depths[] = {
	0, 1, 2, 3, 5, 8, 13, 14, 15, 16, 17, 20, 30, 40, 1000,
};

START_TEST(deep_chains)
{
	struct ir_table *t;
	struct rig r;

	rnd_seed(depths[_i] + 1);
	set_way(_i % 2 ? 2 : 0);
	t = deep_table(depths[_i]);
	rig_open(&r, t);
	ck_assert_uint_eq(r.c->depth, depths[_i]);
	random_flood(&r, 500);
	rig_close(&r);
	ir_table_free(t);
	set_way(0);
}
END_TEST

/* --- many rules --- */

START_TEST(ten_thousand_rules)
{
	const uint64_t limit = 2000000000;	/* of a slow, busy machine */
	struct ir_table *t;
	struct rig r;
	uint64_t start;

	rnd_seed(7);
	t = random_table(20, 10000);
	start = now();
	rig_open(&r, t);
	start = now() - start;
	random_flood(&r, 3000);
	ck_assert_msg(start < 3 * limit, "%lu ms to translate and load",
		      (unsigned long)(start / 1000000));
	rig_close(&r);
	ir_table_free(t);
}
END_TEST

/* The size of a program depends on the fields, not on the rules. */
START_TEST(size_does_not_grow)
{
	uint32_t insns[2][BE_NTYPES], i;
	struct ir_table *t;
	struct ir_rule *rule;
	struct rig r;
	int many;

	for (many = 0; many < 2; many++) {
		t = ir_table_new(AF_INET, "filter");
		for (i = 0; i < (many ? 5000u : 5u); i++) {
			rule = add_rule(t, ir_table_base(t, IR_HOOK_FORWARD),
					IR_DROP, NULL);
			add_prefix(t, rule, IR_SADDR, i * 7919 << 8, 24);
			add_prefix(t, rule, IR_DADDR, i * 104729 << 8, 24);
		}
		rig_translate(&r, t);
		r.flows = _i ? BE_FLOWS_ALWAYS : BE_FLOWS_NEVER;
		rig_load(&r);
		memcpy(insns[many], r.insns, sizeof(r.insns));
		rig_close(&r);
		ir_table_free(t);
	}
	ck_assert_mem_eq(insns[0], insns[1], sizeof(insns[0]));
}
END_TEST

static void add_asm(Suite *s)
{
	TCase *tc = tcase_create("assembler");

	tcase_add_checked_fixture(tc, asm_setup, asm_teardown);
	tcase_add_test(tc, asm_labels);
	tcase_add_test(tc, asm_label_nowhere);
	tcase_add_test(tc, asm_label_twice);
	tcase_add_loop_test(tc, asm_range, 0, 4);
	tcase_add_test(tc, asm_too_many);
	suite_add_tcase(s, tc);
}

static void add_programs(Suite *s)
{
	TCase *tc = tcase_create("random");

	tcase_set_timeout(tc, 120);
	tcase_add_loop_test(tc, random_tables, 0, 10);
	tcase_add_loop_test(tc, random_tables6, 0, 10);
	tcase_add_loop_test(tc, cut_anywhere6, 0, 4);
	tcase_add_loop_test(tc, long_chains6, 0, 4);
	tcase_add_test(tc, shared_id);
	tcase_add_loop_test(tc, lists, 0, 3);
	suite_add_tcase(s, tc);
	tc = tcase_create("size");
	tcase_set_timeout(tc, 120);
	tcase_add_loop_test(tc, deep_chains, 0,
			    (int)(sizeof(depths) / sizeof(*depths)));
	tcase_add_test(tc, ten_thousand_rules);
	tcase_add_loop_test(tc, size_does_not_grow, 0, 2);
	suite_add_tcase(s, tc);
}

int main(void)
{
	const bool root = test_privileged();
	Suite *s = suite_create("backend");

	test_loops();
	add_asm(s);
	if (root)
		add_programs(s);
	return test_run(s, root);
}
