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
#include <stdlib.h>
#include <string.h>

#include "backend/gen.h"
#include "backend/program.h"
#include "tests/unit/flowrig.h"
#include "tests/unit/loops.h"
#include "tests/unit/rules.h"
#include "tests/unit/run.h"
#include "translator/classifier.h"

/* --- what an entry is good for --- */

/* The memo is what answers: otherwise all the other tests would see nothing. */
START_TEST(is_used)
{
	struct sample s;
	struct rig r;

	poison(warm(&r, &s, _i));
	write_memo(&r);
	ck_assert_int_eq(model(&r, &s), 0);
	ck_assert_int_eq(run(&r, &s), 1);
	rig_close(&r);
}
END_TEST

/* Either place of the set will do. */
START_TEST(each_way_is_used)
{
	uint32_t *entry = NULL, way;
	struct sample s;
	struct rig r;

	warm(&r, &s, 2 * _i);
	for (way = 0; way < 2; way++) {
		ck_assert_uint_eq(entries(&r, &entry), 1);
		entry = move(&r, entry, way);
		poison(entry);
		write_memo(&r);
		ck_assert_int_eq(model(&r, &s), 0);
		ck_assert_int_eq(run(&r, &s), 1);
		*trace(entry) ^= TR_DROP ^ TR_ACCEPT;
		write_memo(&r);
	}
	rig_close(&r);
}
END_TEST

/* A key that differs in any bit, in the set where this flow's entry would be. */
START_TEST(key_is_compared)
{
	struct sample s;
	struct rig r;
	uint32_t *entry = warm(&r, &s, _i);
	uint32_t at = (uint32_t)(entry - r.value) / set_words(&r), bit, way;

	for (bit = 0; bit < r.flow.nwords * 64 * ways(&r); bit++) {
		way = bit / (r.flow.nwords * 64);
		ck_assert_uint_eq(entries(&r, &entry), 1);
		ck_assert_uint_eq((uint32_t)(entry - r.value) / set_words(&r),
				  at);
		entry = move(&r, entry, way);
		poison(entry);
		entry[1 + r.flow.ntrace + bit / 32 % (2 * r.flow.nwords)] ^=
			1u << bit % 32;
		write_memo(&r);
		judge(&r, &s);
		judge(&r, &s);
		/* The wrong one is gone before the next. */
		read_memo(&r);
		r.value[entry - r.value] &= ~VALID;
		write_memo(&r);
		judge(&r, &s);
	}
	rig_close(&r);
}
END_TEST

/* What is being written is neither read nor written to. */
START_TEST(busy_is_left_alone)
{
	uint32_t before[32], at, i, *entry;
	struct sample s;
	struct rig r;

	entry = warm(&r, &s, _i / 2);
	poison(entry);
	*entry = (*entry & ~VALID) | BUSY | (_i % 2 ? 0 : VALID);
	at = (uint32_t)(entry - r.value) / set_words(&r) * set_words(&r);
	for (i = 0; i < set_words(&r); i += entry_words(&r))
		r.value[at + i] |= BUSY;
	memcpy(before, r.value + at, set_words(&r) * 4);
	write_memo(&r);
	for (i = 0; i < 4; i++)
		judge(&r, &s);
	ck_assert_uint_eq(entries(&r, &entry), 0);
	ck_assert_mem_eq(before, r.value + at, set_words(&r) * 4);
	rig_close(&r);
}
END_TEST

START_TEST(invalid_is_replaced)
{
	struct sample s;
	struct rig r;
	uint32_t *entry = warm(&r, &s, _i), head = *entry, *same = NULL;

	poison(entry);
	*entry &= ~VALID;
	write_memo(&r);
	judge(&r, &s);
	ck_assert_uint_eq(entries(&r, &same), 1);
	ck_assert_ptr_eq(same, entry);
	ck_assert_uint_gt(*entry, head);
	ck_assert_uint_eq(*trace(entry) & TR_ACTION_MASK, TR_DROP);
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

	warm(&r, &s, 2 * _i);
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
	uint32_t *entry;
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
		for (i = 0; i < 1u << r.flow.log_map >> 2; i += entry_words(&r))
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

	warm(&r, &s, 2 * _i);
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

/*
 * One rule; many that ask for one field; many for addresses, each with one rule, and
 * each with more than a leaf has.
 */
static struct ir_table *pays_or_not(int which)
{
	const uint32_t n[] = { 1, 30, 3000, 3000 };
	struct ir_table *t = table();
	struct ir_rule *rule;
	uint32_t i;

	for (i = 0; i < n[which]; i++) {
		rule = add_rule(t, input(t), IR_DROP, NULL);
		if (which < 2) {
			add_value(t, rule, IR_TTL, 200 - i);
			continue;
		}
		add_value(t, rule, IR_SADDR, 10 + i / (which == 2 ? 1 : 50));
		add_value(t, rule, IR_DPORT, 1 + i);
	}
	return t;
}

START_TEST(where_it_pays)
{
	struct ir_table *t = pays_or_not(_i);
	struct sample s = tcp(1, 2, 3);
	uint32_t *entry;
	struct rig r;
	uint32_t i;

	rig_open(&r, t, BE_XDP, BE_FLOWS_AUTO);
	ck_assert_int_eq(r.memo >= 0, _i % 2);
	for (i = 0; i < 3; i++)
		judge(&r, &s);
	if (_i % 2)
		ck_assert_uint_eq(entries(&r, &entry), 1);
	rig_close(&r);

	rig_open(&r, fields_table(), BE_XDP, BE_FLOWS_NEVER);
	ck_assert_int_eq(r.memo, -1);
	rig_close(&r);
}
END_TEST

/* Where packets start is told apart by what the key has of it. */
static void check_starts(const struct be_gen *g, uint32_t variants)
{
	const struct be_flow_part *p = g->flow.part, *start = NULL;
	uint32_t at[2 * IR_NHOOKS], n = 0, i, j;

	for (; p < g->flow.part + g->flow.nparts; p++)
		if (p->at == BE_FRAME(start))
			start = p;
	for (i = 0; i < IR_NHOOKS; i++)
		for (j = 0; j < variants && be_gen_judges(g, i); j++)
			at[n++] = g->c->hook[i].segment + 16 * j;
	for (i = 0; i < n; i++)
		for (j = 0; j < i; j++)
			ck_assert((at[i] == at[j]) ==
				  !(start && (at[i] ^ at[j]) >> start->from &
				    ((1u << start->bits) - 1)));
}

static void check_layout(const struct be_flow *f, uint32_t counts)
{
	const uint32_t size = 1u << f->log_size;
	const uint32_t key = 4 + 4 * f->ntrace;

	ck_assert_uint_le(key + 8 * f->nwords, size);
	ck_assert_uint_eq(key % 8, 0);
	ck_assert_uint_ge(f->ntrace, counts < 5 ? counts : 5);
	ck_assert_uint_le(f->ntrace, 7);
	ck_assert_uint_eq(f->log_set, size < 64 ? 6 : f->log_size);
	/* Half of it would not have done. */
	if (size > 32)
		ck_assert_uint_lt(size / 2, 4 + 8 * f->nwords +
				  4 * (counts < 5 ? counts : 5));
	ck_assert_uint_le(f->log_map, 24);
}

/* The key has room for all that can be asked, each in its place. */
START_TEST(keys)
{
	struct tr_classifier c = {
		.family = _i ? AF_INET6 : AF_INET, .size = 1u << 29,
	};
	struct be_program_opts o = {
		.type = BE_TC, .hooks = ALL, .test_fd = 1,
		.flows = BE_FLOWS_ALWAYS,
	};
	struct be_gen g = { .c = &c, .opts = &o, .ops = &be_hook_tc };
	uint64_t used[BE_FLOW_WORDS], mask;
	const struct be_flow_part *p;
	uint32_t i, j;

	rnd_seed(1);
	for (i = 0; i < 3000; i++) {
		c.fields = rnd(1u << 31) & rnd(1u << 31) &
			   (_i ? UINT32_MAX : (1u << IR_NFIELDS4) - 1);
		c.variants = rnd(2);
		c.counts = 1 + rnd(9);
		o.cpus = 1 + rnd(8192);
		for (j = 0; j < IR_NHOOKS; j++)
			c.hook[j] = (struct tr_hook){
				.present = true,
				.segment = rnd(4) ? rnd(1u << 24) * 32 :
					   c.hook[0].segment + j * 32,
			};
		memset(used, 0, sizeof(used));
		be_flow_plan(&g);
		if (!g.flow.used) {
			ck_assert_uint_gt(g.flow.nwords, BE_FLOW_WORDS);
			continue;
		}
		check_layout(&g.flow, c.counts);
		check_starts(&g, c.variants ? 2 : 1);
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
	tcase_add_loop_test(tc, is_used, 2 * first, 2 * BE_NTYPES);
	tcase_add_loop_test(tc, each_way_is_used, first, BE_NTYPES);
	tcase_add_loop_test(tc, key_is_compared, 2 * first, 2 * BE_NTYPES);
	tcase_add_loop_test(tc, busy_is_left_alone, 4 * first, 4 * BE_NTYPES);
	tcase_add_loop_test(tc, invalid_is_replaced, 2 * first, 2 * BE_NTYPES);
	tcase_add_loop_test(tc, every_field, first, BE_NTYPES);
	tcase_add_loop_test(tc, each_field, first, BE_NTYPES);
	tcase_add_loop_test(tc, kinds_differ, first, BE_NTYPES);
	tcase_add_loop_test(tc, bytes_are_of_the_packet, first, BE_NTYPES);
	tcase_add_loop_test(tc, flows_take_turns, 2 * first, 2 * BE_NTYPES);
	tcase_add_loop_test(tc, long_traces, 0, 20);
	tcase_add_loop_test(tc, rulesets_change, first, BE_NTYPES);
	tcase_add_loop_test(tc, where_it_pays, 0, 4);
	suite_add_tcase(s, tc);
	return s;
}

int main(void)
{
	bool root = test_privileged();

	stay_here();
	test_loops();
	return test_run(suite(root), root);
}
