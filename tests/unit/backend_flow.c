/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * tests/unit/backend_flow.c - the flow memo: exact, and full of traps
 *
 * Packets that look alike go through programs whose memo takes every flow in at
 * once; verdicts and counters must be the model's.  Entries are also changed
 * behind the program's back, to see what it looks at.
 */
#include "config.h"

#include <check.h>
#include <errno.h>
#include <sched.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <bpf/bpf.h>
#include <linux/pkt_cls.h>

#include "backend/gen.h"
#include "backend/program.h"
#include "ir/eval.h"
#include "tests/unit/run.h"
#include "tests/unit/loops.h"
#include "tests/unit/rules.h"
#include "translator/classifier.h"

#define ETH		14
#define ALL		(1u << IR_HOOK_INPUT | 1u << IR_HOOK_FORWARD | \
			 1u << IR_HOOK_OUTPUT)
#define VALID		1ull
#define BUSY		2ull

static const struct be_hook_ops *const types[BE_NTYPES] = {
	[BE_NETFILTER]	= &be_hook_netfilter,
	[BE_XDP]	= &be_hook_xdp,
	[BE_TC]		= &be_hook_tc,
};

/* One program with its table, and what it should have counted. */
struct rig {
	struct ir_table	*t;
	struct tr_classifier *c;
	enum be_hook_type type;
	struct ir_counter *want, *have;
	uint32_t	n;
	int		table, test, counters, prog;
	struct be_flow	flow;		/* what the memo looks like */
	int		memo;		/* its map; -1: none */
	uint64_t	*value;		/* of the map */
};

/* --- the memo of a program --- */

static int find_memo(int prog)
{
	uint32_t ids[16], len = sizeof(struct bpf_prog_info), i;
	struct bpf_prog_info info = {
		.nr_map_ids = 16, .map_ids = (uint64_t)(uintptr_t)ids,
	};
	struct bpf_map_info map;
	int fd;

	ck_assert(!bpf_obj_get_info_by_fd(prog, &info, &len));
	ck_assert_uint_le(info.nr_map_ids, 16);
	for (i = 0; i < info.nr_map_ids; i++) {
		fd = bpf_map_get_fd_by_id(ids[i]);
		ck_assert_int_ge(fd, 0);
		len = sizeof(map);
		memset(&map, 0, sizeof(map));
		ck_assert(!bpf_obj_get_info_by_fd(fd, &map, &len));
		if (!strcmp(map.name, BE_FLOWS_NAME))
			return fd;
		close(fd);
	}
	return -1;
}

static void read_memo(struct rig *r)
{
	ck_assert(!bpf_map_lookup_elem(r->memo, &(uint32_t){ 0 }, r->value));
}

static void write_memo(struct rig *r)
{
	ck_assert(!bpf_map_update_elem(r->memo, &(uint32_t){ 0 }, r->value, 0));
}

/* How many entries are good; *entry is the last of them. */
static uint32_t entries(struct rig *r, uint64_t **entry)
{
	uint32_t step = (1u << r->flow.log_size) / 8, i, n = 0;

	read_memo(r);
	for (i = 0; i < 1u << r->flow.log_map >> 3; i += step)
		if ((r->value[i] & (VALID | BUSY)) == VALID) {
			*entry = &r->value[i];
			n++;
		}
	return n;
}

/* The words of its trace. */
static uint32_t *trace(const struct rig *r, uint64_t *entry)
{
	return (uint32_t *)(entry + 1 + r->flow.nwords);
}

/* --- a table with its program --- */

static void load(struct rig *r, enum be_flows flows)
{
	struct be_program_opts o = {
		.type = r->type, .hooks = ALL, .table_fd = r->table,
		.counter_fd = r->counters, .ifindex_fd = -1,
		.test_fd = r->test, .flows = flows,
	};
	struct be_gen g = { .c = r->c, .opts = &o, .ops = types[r->type] };
	struct diag diag;

	diag_init(&diag);
	r->prog = be_program_load(r->c, &o, NULL, &diag);
	ck_assert_msg(r->prog >= 0, "%s", diag.msg);
	be_flow_plan(&g);
	r->flow = g.flow;
	r->memo = find_memo(r->prog);
	ck_assert_int_eq(r->memo >= 0, r->flow.used);
	r->value = calloc(1, (size_t)1 << r->flow.log_map);
	ck_assert_ptr_nonnull(r->value);
}

static void rig_open(struct rig *r, struct ir_table *t, int type,
		     enum be_flows flows)
{
	struct diag diag;

	diag_init(&diag);
	r->t = t;
	r->type = (enum be_hook_type)type;
	r->n = ir_table_number(t);
	ck_assert_int_eq(ir_table_check(t, &(uint32_t){ 0 }, &diag), 0);
	r->c = tr_translate(t, NULL, &diag);
	ck_assert_msg(r->c != NULL, "%s", diag.msg);
	r->want = calloc(r->n, sizeof(*r->want));
	r->have = calloc(r->n, sizeof(*r->have));
	r->table = be_table_create(r->c, &diag);
	r->counters = be_counter_create(r->n, &diag);
	r->test = bpf_map_create(BPF_MAP_TYPE_ARRAY, "test_input", 4,
				 sizeof(struct be_test_input), 1, NULL);
	load(r, flows);
}

static void rig_close(struct rig *r)
{
	uint32_t i;

	ck_assert(!be_counter_read(r->counters, r->have, r->n));
	for (i = 0; i < r->n; i++) {
		ck_assert_uint_eq(r->have[i].packets, r->want[i].packets);
		ck_assert_uint_eq(r->have[i].bytes, r->want[i].bytes);
	}
	close(r->prog);
	close(r->table);
	close(r->test);
	close(r->counters);
	if (r->memo >= 0)
		close(r->memo);
	free(r->value);
	free(r->want);
	free(r->have);
	tr_classifier_free(r->c);
	ir_table_free(r->t);
}

/* --- packets --- */

/* What is sent, and by which way. */
struct sample {
	enum ir_hook	hook;
	const char	*iif, *oif;
	uint32_t	ctstate;
	uint32_t	len;
	uint8_t		ip[120];
};

static void put32(uint8_t *p, uint32_t v)
{
	p[0] = (uint8_t)(v >> 24);
	p[1] = (uint8_t)(v >> 16);
	p[2] = (uint8_t)(v >> 8);
	p[3] = (uint8_t)v;
}

/* TCP, with a maximum segment size. */
static struct sample tcp(uint32_t saddr, uint32_t daddr, uint32_t ports)
{
	struct sample s = {
		.hook = IR_HOOK_INPUT, .iif = "eth0", .oif = "", .ctstate = 8,
		.len = 44, .ip = { 0x45, [3] = 44, [8] = 64, 6 },
	};

	put32(s.ip + 12, saddr);
	put32(s.ip + 16, daddr);
	put32(s.ip + 20, ports);
	memcpy(s.ip + 32, (uint8_t[]){ 0x60, 2 }, 2);
	memcpy(s.ip + 40, (uint8_t[]){ 2, 4, 5, 0xb4 }, 4);
	return s;
}

static int accepted(const struct rig *r, uint32_t retval)
{
	const struct be_hook_ops *ops = types[r->type];

	ck_assert(retval == (uint32_t)ops->accept ||
		  retval == (uint32_t)ops->drop);
	return retval == (uint32_t)ops->accept;
}

/* The program's verdict alone. */
static int run(struct rig *r, const struct sample *s)
{
	struct be_test_input in = {
		.hook = s->hook, .ctstate = s->ctstate,
		.iif = tr_iface_class(r->c, s->iif),
		.oif = tr_iface_class(r->c, s->oif),
	};
	uint8_t frame[ETH + sizeof(s->ip)] = { [12] = 8 };
	LIBBPF_OPTS(bpf_test_run_opts, o, .data_in = frame,
		    .data_size_in = ETH + s->len, .repeat = 1);

	memcpy(frame + ETH, s->ip, s->len);
	if (r->type == BE_NETFILTER) {
		o.data_in = frame + ETH;
		o.data_size_in = s->len;
	}
	ck_assert(!bpf_map_update_elem(r->test, &(uint32_t){ 0 }, &in, 0));
	ck_assert_msg(!bpf_prog_test_run_opts(r->prog, &o), "%s",
		      strerror(errno));
	return accepted(r, o.retval);
}

static int model(struct rig *r, const struct sample *s)
{
	struct ir_packet p;

	ck_assert(!ir_packet_parse(&p, s->ip, s->len));
	ir_packet_set_iif(&p, s->iif);
	ir_packet_set_oif(&p, s->oif);
	p.field[IR_CTSTATE] = s->ctstate;
	return ir_eval(r->t, s->hook, &p, r->want) == IR_ACCEPT;
}

static void judge(struct rig *r, const struct sample *s)
{
	int want = model(r, s);

	ck_assert_int_eq(run(r, s), want);
}

static struct ir_table *table(void)
{
	struct ir_table *t = ir_table_new(AF_INET, "filter");

	ck_assert_ptr_nonnull(t);
	return t;
}

static struct ir_chain *input(struct ir_table *t)
{
	return ir_table_base(t, IR_HOOK_INPUT);
}

static void add_value(struct ir_table *t, struct ir_rule *r, enum ir_field f,
		      uint32_t v)
{
	ck_assert_int_eq(ir_rule_add_range(t, r, f, v, v, false), 0);
}

/* --- what an entry is good for --- */

/* One flow in the memo: its packets are dropped. */
static uint64_t *warm(struct rig *r, struct sample *s, int type)
{
	struct ir_table *t = table();
	struct ir_rule *rule = add_rule(t, input(t), IR_DROP, NULL);
	uint64_t *entry = NULL;

	add_value(t, rule, IR_SADDR, 0x0a000001);
	add_value(t, rule, IR_DADDR, 0x0a000002);
	add_value(t, rule, IR_SPORT, 1000);
	add_value(t, rule, IR_TTL, 64);
	rig_open(r, t, type, BE_FLOWS_ALWAYS);
	*s = tcp(0x0a000001, 0x0a000002, 1000 << 16 | 80);
	judge(r, s);
	ck_assert_uint_eq(entries(r, &entry), 1);
	judge(r, s);
	ck_assert_uint_eq(entries(r, &entry), 1);
	return entry;
}

/* The other verdict, in an entry. */
static void poison(struct rig *r, uint64_t *entry)
{
	ck_assert_uint_eq(*trace(r, entry) & TR_ACTION_MASK, TR_DROP);
	*trace(r, entry) ^= TR_DROP ^ TR_ACCEPT;
}

/* The memo is what answers: otherwise all the other tests would see nothing. */
START_TEST(is_used)
{
	struct sample s;
	struct rig r;

	poison(&r, warm(&r, &s, _i));
	write_memo(&r);
	ck_assert_int_eq(model(&r, &s), 0);
	ck_assert_int_eq(run(&r, &s), 1);
	rig_close(&r);
}
END_TEST

/* An entry whose key differs in any bit, though it is where this flow's is. */
START_TEST(key_is_compared)
{
	struct sample s;
	struct rig r;
	uint64_t *entry = warm(&r, &s, _i);
	uint32_t at = (uint32_t)(entry - r.value), bit;

	for (bit = 0; bit < r.flow.nwords * 64; bit++) {
		ck_assert_uint_eq(entries(&r, &entry), 1);
		ck_assert_uint_eq((uint32_t)(entry - r.value), at);
		poison(&r, entry);
		entry[1 + bit / 64] ^= 1ull << bit % 64;
		write_memo(&r);
		judge(&r, &s);
		judge(&r, &s);
	}
	rig_close(&r);
}
END_TEST

/* One that is being written is neither read nor written to. */
START_TEST(busy_is_left_alone)
{
	struct sample s;
	struct rig r;
	uint64_t *entry = warm(&r, &s, _i), before[8], bits = _i % 2 ? 0 : VALID;
	uint32_t at = (uint32_t)(entry - r.value);

	poison(&r, entry);
	*entry = (*entry & ~VALID) | BUSY | bits;
	memcpy(before, entry, sizeof(before));
	write_memo(&r);
	judge(&r, &s);
	judge(&r, &s);
	ck_assert_uint_eq(entries(&r, &entry), 0);
	/* All but how often it was missed. */
	ck_assert_mem_eq(before, r.value + at,
			 (1 + r.flow.nwords + r.flow.ntrace / 2) * 8);
	rig_close(&r);
}
END_TEST

START_TEST(invalid_is_replaced)
{
	struct sample s;
	struct rig r;
	uint64_t *entry = warm(&r, &s, _i), head = *entry;

	poison(&r, entry);
	*entry &= ~VALID;
	write_memo(&r);
	judge(&r, &s);
	ck_assert_uint_eq(entries(&r, &entry), 1);
	ck_assert_uint_gt(*entry, head);
	ck_assert_uint_eq(*trace(&r, entry) & TR_ACTION_MASK, TR_DROP);
	rig_close(&r);
}
END_TEST

/* --- packets that are nearly the same --- */

/* A rule for each field; a packet with one field changed is another's. */
static struct ir_table *fields_table(void)
{
	const struct ir_pred option = { .kind = IR_PRED_TCPOPT, .tcpopt = 2 };
	struct ir_table *t = table();
	struct ir_rule *r = add_rule(t, input(t), IR_DROP, NULL);

	add_value(t, r, IR_SADDR, 0x0a000001);
	add_value(t, r, IR_DADDR, 0x0a000002);
	add_value(t, r, IR_PROTO, 6);
	add_value(t, r, IR_SPORT, 1000);
	add_value(t, r, IR_DPORT, 80);
	add_value(t, r, IR_CTSTATE, 8);
	add_value(t, r, IR_TCPFLAGS, 2);
	add_value(t, r, IR_LEN, 44);
	add_value(t, r, IR_TTL, 64);
	add_value(t, r, IR_TOS, 0);
	ck_assert_ptr_nonnull(ir_rule_add_match(t, r, IR_NEED_TCPOPT));
	ck_assert_int_eq(ir_rule_add_pred(t, r, &option), 0);
	add_iface(t, r, IR_IIF, "eth0", false);
	add_iface(t, r, IR_OIF, "eth+", true);
	add_rule(t, ir_table_base(t, IR_HOOK_FORWARD), IR_CONTINUE, NULL);
	return t;
}

static const struct sample *vary(const struct sample *base, int i)
{
	static const struct { uint32_t at; uint8_t bits; } change[] = {
		{ 12, 1 }, { 15, 2 }, { 16, 0x80 }, { 19, 1 }, { 20, 1 },
		{ 21, 1 }, { 22, 1 }, { 23, 1 }, { 33, 1 }, { 8, 1 },
		{ 1, 4 }, { 40, 1 }, { 32, 0x10 }, { 9, 17 ^ 6 }, { 7, 1 },
		{ 7, 2 }, { 32, 0x80 },
	};
	static struct sample s;
	const int n = (int)(sizeof(change) / sizeof(*change));

	s = *base;
	if (i < n) {
		s.ip[change[i].at] ^= change[i].bits;
		return &s;
	}
	switch (i - n) {
	case 0:
		s.iif = "eth1";
		return &s;
	case 1:
		s.oif = "eth1";
		return &s;
	case 2:
		s.ctstate = 2;
		return &s;
	case 3:
		s.hook = IR_HOOK_FORWARD;
		return &s;
	case 4:
		s.hook = IR_HOOK_OUTPUT;
		return &s;
	case 5:
		s.len = s.ip[3] = 50;
		return &s;
	case 6:
		s.len = s.ip[3] = 30;
		return &s;
	}
	return NULL;
}

/* One packet and its variations, over and over again. */
static void judge_variations(struct ir_table *t, int type)
{
	const struct sample base = tcp(0x0a000001, 0x0a000002, 1000 << 16 | 80);
	const struct sample *s;
	struct rig r;
	int i;

	rig_open(&r, t, type, BE_FLOWS_ALWAYS);
	judge(&r, &base);
	for (i = 0; (s = vary(&base, i)); i++) {
		ck_assert_int_eq(model(&r, &base), 0);
		ck_assert_int_eq(run(&r, &base), 0);
		judge(&r, s);
		judge(&r, s);
	}
	ck_assert_int_gt(i, 20);
	rig_close(&r);
}

START_TEST(every_field)
{
	judge_variations(fields_table(), _i);
}
END_TEST

/* Rules that ask for no other: the key has little else in it. */
START_TEST(each_field)
{
	static const struct { enum ir_field f; uint32_t v; } fields[] = {
		{ IR_SADDR, 0x0a000001 }, { IR_DADDR, 0x0a000002 },
		{ IR_PROTO, 6 }, { IR_SPORT, 1000 }, { IR_DPORT, 80 },
		{ IR_CTSTATE, 8 }, { IR_TCPFLAGS, 2 }, { IR_LEN, 44 },
		{ IR_TTL, 64 }, { IR_TOS, 0 },
	};
	struct ir_table *t;
	uint32_t i;

	for (i = 0; i < sizeof(fields) / sizeof(*fields); i++) {
		t = table();
		add_value(t, add_rule(t, input(t), IR_DROP, NULL), fields[i].f,
			  fields[i].v);
		judge_variations(t, _i);
	}
}
END_TEST

/* A truncated header has the fields of one that is all zeros. */
START_TEST(kinds_differ)
{
	struct sample whole = tcp(1, 2, 0), cut = tcp(1, 2, 0);
	struct ir_table *t = table();
	struct ir_rule *rule = add_rule(t, input(t), IR_ACCEPT, NULL);
	struct rig r;
	int i;

	ck_assert_ptr_nonnull(ir_rule_add_match(t, rule, IR_NEED_TCP));
	add_value(t, rule, IR_DPORT, 0);
	rig_open(&r, t, _i, BE_FLOWS_ALWAYS);
	ck_assert(r.c->variants);
	cut.len = cut.ip[3] = 22;
	for (i = 0; i < 3; i++) {
		judge(&r, &whole);
		judge(&r, &cut);
	}
	rig_close(&r);
}
END_TEST

/* A counter grows by this packet's bytes, not by those of the first. */
START_TEST(bytes_are_of_the_packet)
{
	struct sample s;
	struct rig r;
	uint32_t i;

	warm(&r, &s, _i);
	for (i = 0; i < 40; i++) {
		s.len = s.ip[3] = (uint8_t)(44 + i * 7 % 60);
		judge(&r, &s);
	}
	rig_close(&r);
}
END_TEST

/* Many more flows than entries, in any order, so that they take turns. */
START_TEST(flows_take_turns)
{
	struct ir_table *t = table();
	struct ir_rule *rule;
	struct sample s;
	struct rig r;
	uint32_t i, x;

	rnd_seed(5);
	for (i = 0; i < 60; i++) {
		rule = add_rule(t, input(t), i % 3 ? IR_DROP : IR_CONTINUE,
				NULL);
		add_value(t, rule, IR_DPORT, i);
	}
	rig_open(&r, t, _i / 2, _i % 2 ? BE_FLOWS_ALWAYS : BE_FLOWS_AUTO);
	ck_assert_int_ge(r.memo, 0);
	for (i = 0; i < 20000; i++) {
		x = rnd(1 << (1 + rnd(13)));
		s = tcp(x * 2654435761u, 1, x % 64);
		judge(&r, &s);
	}
	rig_close(&r);
}
END_TEST

/* --- traces --- */

/* Rules that count, over two chains, and a verdict: @n counters in all. */
static struct ir_table *counting_table(uint32_t n, enum ir_target verdict)
{
	struct ir_table *t = table();
	struct ir_chain *user, *at = input(t);
	struct ir_rule *r;
	uint32_t i;

	ck_assert_int_eq(ir_chain_add(t, "user", &user), 0);
	for (i = 1; i < n; i++) {
		if (i == 3) {
			add_rule(t, at, IR_JUMP, user);
			at = user;
			continue;
		}
		r = add_rule(t, at, IR_CONTINUE, NULL);
		add_value(t, r, IR_PROTO, 6);
	}
	r = add_rule(t, at, verdict, NULL);
	add_value(t, r, IR_PROTO, 6);
	return t;
}

START_TEST(long_traces)
{
	struct sample s = tcp(1, 2, 3);
	uint32_t n = (uint32_t)_i / 2 + 1, i;
	uint64_t *entry;
	struct rig r;
	int type;

	for (type = test_first_type(); type < BE_NTYPES; type++) {
		rig_open(&r, counting_table(n, _i % 2 ? IR_DROP : IR_ACCEPT),
			 type, BE_FLOWS_ALWAYS);
		for (i = 0; i < 5; i++)
			judge(&r, &s);
		ck_assert_uint_eq(entries(&r, &entry), n <= r.flow.ntrace);
		/* The entry was given back. */
		read_memo(&r);
		for (i = 0; i < 1u << r.flow.log_map >> 3; i += 8)
			ck_assert(!(r.value[i] & BUSY));
		rig_close(&r);
	}
}
END_TEST

/* A new program knows nothing of what the old one kept. */
START_TEST(rulesets_change)
{
	struct sample s;
	struct rig r, other;
	struct ir_table *t = table();
	int i;

	warm(&r, &s, _i);
	add_rule(t, input(t), IR_CONTINUE, NULL);
	add_value(t, add_rule(t, input(t), IR_ACCEPT, NULL), IR_TTL, 64);
	rig_open(&other, t, _i, BE_FLOWS_ALWAYS);
	for (i = 0; i < 3; i++) {
		judge(&r, &s);
		judge(&other, &s);
	}
	rig_close(&other);
	rig_close(&r);
}
END_TEST

/* --- which programs have one --- */

START_TEST(where_it_pays)
{
	struct ir_table *t = table();
	struct sample s = tcp(1, 2, 3);
	uint64_t *entry;
	struct rig r;
	uint32_t i;

	for (i = 0; i < (_i ? 30u : 1u); i++)
		add_value(t, add_rule(t, input(t), IR_DROP, NULL), IR_TTL,
			  200 - i);
	rig_open(&r, t, BE_XDP, BE_FLOWS_AUTO);
	ck_assert_int_eq(r.memo >= 0, _i);
	for (i = 0; i < 3; i++)
		judge(&r, &s);
	if (_i)
		ck_assert_uint_eq(entries(&r, &entry), 1);
	rig_close(&r);

	rig_open(&r, fields_table(), BE_XDP, BE_FLOWS_NEVER);
	ck_assert_int_eq(r.memo, -1);
	rig_close(&r);
}
END_TEST

/* The key has room for all that can be asked, each in its place. */
START_TEST(keys)
{
	struct tr_classifier c = {
		.family = _i ? AF_INET6 : AF_INET, .size = 1u << 29,
		.variants = true,
	};
	struct be_program_opts o = {
		.type = BE_TC, .hooks = ALL, .test_fd = -1,
		.flows = BE_FLOWS_ALWAYS,
	};
	struct be_gen g = { .c = &c, .opts = &o, .ops = &be_hook_tc };
	uint64_t used[BE_FLOW_WORDS], mask;
	const struct be_flow_part *p;
	uint32_t i;

	rnd_seed(1);
	for (i = 0; i < 3000; i++) {
		c.fields = rnd(1u << 31) & rnd(1u << 31) &
			   (_i ? UINT32_MAX : (1u << IR_NFIELDS4) - 1);
		memset(used, 0, sizeof(used));
		be_flow_plan(&g);
		if (!g.flow.used) {
			ck_assert_uint_gt(g.flow.nwords, BE_FLOW_WORDS);
			continue;
		}
		ck_assert_uint_le(8 + 8 * g.flow.nwords + 4 * g.flow.ntrace + 4,
				  1u << g.flow.log_size);
		for (p = g.flow.part; p < g.flow.part + g.flow.nparts; p++) {
			ck_assert_uint_lt(p->word, g.flow.nwords);
			ck_assert_uint_le(p->shift + p->bits, 64);
			mask = (p->bits == 64 ? 0 : 1ull << p->bits) - 1;
			ck_assert(!(used[p->word] & mask << p->shift));
			used[p->word] |= mask << p->shift;
		}
	}
}
END_TEST

static Suite *suite(bool root)
{
	Suite *s = suite_create("flow memo");
	TCase *tc = tcase_create("layout");
	int first;

	tcase_add_loop_test(tc, keys, 0, 2);
	suite_add_tcase(s, tc);
	if (!root)
		return s;
	first = test_first_type();
	tc = tcase_create("programs");
	tcase_set_timeout(tc, 120);
	tcase_add_loop_test(tc, is_used, first, BE_NTYPES);
	tcase_add_loop_test(tc, key_is_compared, first, BE_NTYPES);
	tcase_add_loop_test(tc, busy_is_left_alone, first, BE_NTYPES);
	tcase_add_loop_test(tc, invalid_is_replaced, first, BE_NTYPES);
	tcase_add_loop_test(tc, every_field, first, BE_NTYPES);
	tcase_add_loop_test(tc, each_field, first, BE_NTYPES);
	tcase_add_loop_test(tc, kinds_differ, first, BE_NTYPES);
	tcase_add_loop_test(tc, bytes_are_of_the_packet, first, BE_NTYPES);
	tcase_add_loop_test(tc, flows_take_turns, 2 * first, 2 * BE_NTYPES);
	tcase_add_loop_test(tc, long_traces, 0, 20);
	tcase_add_loop_test(tc, rulesets_change, first, BE_NTYPES);
	tcase_add_loop_test(tc, where_it_pays, 0, 2);
	suite_add_tcase(s, tc);
	return s;
}

/* Each CPU has a memo of its own. */
static void stay_here(void)
{
	cpu_set_t cpus;

	CPU_ZERO(&cpus);
	CPU_SET(sched_getcpu(), &cpus);
	if (sched_setaffinity(0, sizeof(cpus), &cpus))
		perror("sched_setaffinity");
}

int main(void)
{
	bool root = test_privileged();

	stay_here();
	test_loops();
	return test_run(suite(root), root);
}
