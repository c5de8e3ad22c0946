/* SPDX-License-Identifier: GPL-2.0-or-later */
/* tests/unit/translator.c - tables become classifiers that do the same */
#include <check.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>

#include "ir/dump.h"
#include "ir/eval.h"
#include "tests/unit/rules.h"
#include "tests/unit/run.h"
#include "translator/classifier.h"
#include "translator/ranges.h"
#include "translator/walk.h"
#include "translator/words.h"

static struct ir_table *t;
static struct tr_classifier *c;
static struct diag diag;

static void setup(void)
{
	t = ir_table_new(AF_INET, "filter");
	ck_assert_ptr_nonnull(t);
	c = NULL;
	diag_init(&diag);
	rnd_seed(1);
}

static void teardown(void)
{
	tr_classifier_free(c);
	ir_table_free(t);
	diag_clear(&diag);
}

static struct ir_chain *base(enum ir_hook hook)
{
	return ir_table_base(t, hook);
}

static struct ir_chain *new_chain(const char *name)
{
	struct ir_chain *chain;

	ck_assert_int_eq(ir_chain_add(t, name, &chain), 0);
	return chain;
}

static void translate_with(const struct tr_options *opt)
{
	uint32_t n = ir_table_number(t);

	tr_classifier_free(c);
	c = tr_translate(t, opt, &diag);
	ck_assert_msg(c != NULL, "%s", diag.msg);
	ck_assert_uint_eq(c->ncounters, n);
	ck_assert_uint_eq(c->size % 64, 0);
}

static void translate(void)
{
	translate_with(NULL);
}

static void expect_error(int err, const char *message)
{
	ir_table_number(t);
	errno = 0;
	c = tr_translate(t, NULL, &diag);
	ck_assert_ptr_null(c);
	ck_assert_int_eq(errno, err);
	ck_assert_str_eq(diag.msg, message);
}

/* Says what went wrong with a packet, for whoever has to look for it. */
static void explain(const struct ir_packet *p, const struct ir_counter *want,
		    const struct ir_counter *got)
{
	uint32_t i;

	ir_dump_table(stderr, t);
	for (i = 0; i < IR_NFIELDS; i++)
		fprintf(stderr, "%s=%#x ", ir_field_name(i), p->field[i]);
	fprintf(stderr, "kind=%d in=%s out=%s\n", p->kind, p->iif, p->oif);
	for (i = 0; i < c->ncounters; i++)
		if (want[i].packets != got[i].packets)
			fprintf(stderr, "counter %u: %d instead of %d\n", i,
				(int)got[i].packets, (int)want[i].packets);
}

/* @n packets: the walk must do what the evaluator does, all counters too. */
static void compare(uint32_t n)
{
	struct ir_counter *want = calloc(c->ncounters, sizeof(*want));
	struct ir_counter *got = calloc(c->ncounters, sizeof(*got));
	enum ir_target verdict, walked;
	struct ir_packet p;
	enum ir_hook hook;

	ck_assert(want && got);
	while (n--) {
		random_packet(t, &p);
		hook = IR_HOOK_INPUT + rnd(3);
		verdict = ir_eval(t, hook, &p, want);
		walked = tr_walk(c, hook, &p, got);
		if (verdict != walked ||
		    memcmp(want, got, c->ncounters * sizeof(*want))) {
			explain(&p, want, got);
			ck_abort_msg("hook %d: %s instead of %s", hook,
				     ir_target_name(walked),
				     ir_target_name(verdict));
		}
	}
	free(want);
	free(got);
}

/* --- against the evaluator --- */

static const int families[] = { AF_INET, AF_INET6 };

START_TEST(random_small)
{
	static const struct tr_options tiny = { .leaf = 1, .budget = 256 };
	static const struct tr_options fine = { .leaf = 1 };
	int i;

	for (i = 0; i < 40; i++) {
		ir_table_free(t);
		rnd_seed(40 * _i + i + 1);
		t = random_table_of(families[i / 4 % 2], rnd(8), rnd(60));
		translate_with(i % 4 == 0 ? &tiny : i % 4 == 1 ? &fine : NULL);
		compare(1500);
	}
}
END_TEST

START_TEST(random_large)
{
	const struct tr_options opt = { .grouping = (enum tr_grouping)(_i % 3) };

	ir_table_free(t);
	rnd_seed(_i + 1000);
	t = random_table_of(families[_i % 2], 3, 1500);
	translate_with(&opt);
	compare(3000);
}
END_TEST

/* Address pairs as in large sets, with ports and protocols behind. */
static void add_flow_rules(uint32_t n)
{
	static const uint8_t len[] = { 0, 8, 16, 24, 24, 28, 32, 32, 32 };
	struct ir_rule *r;

	while (n--) {
		r = add_rule(t, base(IR_HOOK_FORWARD),
			     rnd(20) ? rnd(2) ? IR_ACCEPT : IR_DROP :
			     IR_CONTINUE, NULL);
		add_prefix(t, r, IR_SADDR, rnd(64) << 24 | rnd(1 << 12),
			   len[rnd(9)]);
		add_prefix(t, r, IR_DADDR, rnd(64) << 24 | rnd(1 << 12),
			   len[rnd(9)]);
		ir_rule_add_range(t, r, IR_PROTO, 6, 6, false);
		if (rnd(2))
			ir_rule_add_match(t, r, IR_NEED_TCP);
		if (rnd(2))
			ir_rule_add_range(t, r, IR_DPORT, rnd(1000), 1000,
					  false);
	}
}

START_TEST(random_flows)
{
	rnd_seed(_i + 2000);
	add_flow_rules(4000);
	translate();
	compare(4000);
	ck_assert_uint_le(c->size, 4000 * 400);
}
END_TEST

/* How many groups of a chain are hashed. */
static uint32_t hashed_groups(enum ir_hook hook)
{
	const struct tr_segment *s = (const void *)(c->word +
						    c->hook[hook].segment / 4);
	const struct tr_group *g = (const void *)(c->word + s->groups / 4);
	uint32_t n = 0;

	for (; g->min0 != UINT32_MAX; g++)
		n += g->mul != 0;
	return n;
}

/*
 * Pairs of IPv6 networks and hosts: of many sites, of one, or of one network
 * only, where the first 64 bits are all the same.
 */
static void add_flow_rules6(uint32_t n, int spread)
{
	static const uint8_t len[] = { 0, 32, 48, 48, 56, 64, 64, 128, 128 };
	uint32_t word[4], k;
	struct ir_rule *r;

	while (n--) {
		r = add_rule(t, base(IR_HOOK_FORWARD),
			     rnd(20) ? rnd(2) ? IR_ACCEPT : IR_DROP :
			     IR_CONTINUE, NULL);
		for (k = 0; k < 2; k++) {
			word[0] = spread ? 0x20010db8 : 0x20010000 + rnd(500);
			word[1] = spread > 1 ? 7 : rnd(200) << 16 | rnd(4);
			word[2] = 0;
			word[3] = 1 + rnd(500);
			add_prefix6(t, r, k ? IR_DADDR : IR_SADDR, word,
				    spread > 1 && rnd(9) ? 128 : len[rnd(9)]);
		}
		ir_rule_add_match(t, r, IR_NEED_PROTO);
		ir_rule_add_range(t, r, IR_PROTO, 6, 6, false);
		if (rnd(2))
			ir_rule_add_match(t, r, IR_NEED_TCP);
		if (rnd(2))
			ir_rule_add_range(t, r, IR_DPORT, rnd(1000), 1000,
					  false);
	}
}

START_TEST(random_flows6)
{
	ir_table_free(t);
	t = ir_table_new(AF_INET6, "filter");
	rnd_seed(_i + 2100);
	add_flow_rules6(4000, _i);
	translate();
	/* In one site a tree is as good. */
	if (_i != 1)
		ck_assert_uint_gt(hashed_groups(IR_HOOK_FORWARD), 0);
	compare(4000);
	ck_assert_uint_le(c->size, 4000 * 500);
}
END_TEST

/* --- chains --- */

START_TEST(empty_table)
{
	struct ir_packet p;

	translate();
	ck_assert(!c->variants);
	ck_assert(!c->hook[IR_HOOK_PREROUTING].present);
	ck_assert(c->hook[IR_HOOK_INPUT].present);
	ck_assert_uint_eq(c->fields, 0);
	ck_assert_uint_eq(c->layout.size, 8);
	random_packet(t, &p);
	ck_assert_int_eq(tr_walk(c, IR_HOOK_PREROUTING, &p, NULL), IR_ACCEPT);
	base(IR_HOOK_INPUT)->policy = IR_DROP;
	translate();
	ck_assert_int_eq(tr_walk(c, IR_HOOK_INPUT, &p, NULL), IR_DROP);
	ck_assert_int_eq(tr_walk(c, IR_HOOK_OUTPUT, &p, NULL), IR_ACCEPT);
	compare(10);
}
END_TEST

START_TEST(chain_dag)
{
	struct ir_chain *chain = base(IR_HOOK_FORWARD), *next;
	struct ir_counter *count;
	struct ir_packet p;
	char name[16];
	int i;

	for (i = 0; i < 20; i++) {
		snprintf(name, sizeof(name), "d%02d", i);
		next = new_chain(name);
		add_rule(t, chain, IR_JUMP, next);
		add_rule(t, chain, IR_JUMP, next);
		chain = next;
	}
	add_rule(t, chain, IR_CONTINUE, NULL);
	translate();
	ck_assert_uint_le(c->size, 8192);
	ck_assert_uint_eq(c->stats.segments, 26);
	ir_table_check(t, &c->depth, &diag);
	ck_assert_uint_eq(c->depth, 20);
	random_packet(t, &p);
	count = calloc(c->ncounters, sizeof(*count));
	tr_walk(c, IR_HOOK_FORWARD, &p, count);
	ck_assert_uint_eq(count[chain->rule[0]->index].packets, 1 << 20);
	free(count);
}
END_TEST

START_TEST(unreached_chains_cost_nothing)
{
	struct ir_chain *loose = new_chain("loose");
	uint32_t size;
	int i;

	translate();
	size = c->size;
	for (i = 0; i < 1000; i++)
		add_prefix(t, add_rule(t, loose, IR_DROP, NULL), IR_SADDR, i,
			   32);
	translate();
	ck_assert_uint_eq(c->size, size);
	ck_assert_uint_eq(c->stats.rules, 1000);
	ck_assert_uint_eq(c->fields, 0);
}
END_TEST

/* --- variants --- */

START_TEST(kinds_make_variants)
{
	struct ir_rule *r = add_rule(t, base(IR_HOOK_INPUT), IR_ACCEPT, NULL);
	const struct tr_segment *s;

	ir_rule_add_range(t, r, IR_PROTO, 6, 6, false);
	translate();
	ck_assert(!c->variants);
	s = (const void *)(c->word + c->hook[IR_HOOK_INPUT].segment / 4);
	ck_assert_int_eq(memcmp(&s[0], &s[1], sizeof(*s)), 0);
	ck_assert(!c->layout.extra);
	ir_rule_add_match(t, r, IR_NEED_TCP);
	translate();
	ck_assert(c->variants);
	ck_assert(!c->layout.extra);
	ck_assert(c->fields & 1u << IR_KIND);
	compare(2000);
}
END_TEST

START_TEST(record_places)
{
	struct ir_rule *r = add_rule(t, base(IR_HOOK_INPUT), IR_ACCEPT, NULL);
	uint32_t i, fields = 0;

	add_prefix(t, r, IR_SADDR, 0x0a000000, 8);
	ir_rule_add_range(t, r, IR_PROTO, 17, 17, false);
	ir_rule_add_range(t, r, IR_DPORT, 0, 1023, true);
	ir_rule_add_range(t, r, IR_CTSTATE, 2, 2, true);
	add_iface(t, r, IR_IIF, "eth+", false);
	translate();
	for (i = 0; i < c->layout.ntests; i++)
		fields |= 1u << c->layout.test[i].field;
	ck_assert_uint_eq(fields, 1u << IR_SADDR | 1u << IR_PROTO |
			  1u << IR_DPORT | 1u << IR_CTSTATE | 1u << IR_IIF);
	ck_assert_uint_eq(c->fields, fields);
	ck_assert(!c->layout.extra && !c->layout.target);
	ck_assert_uint_eq(c->layout.size, 24);
	compare(2000);
}
END_TEST

/* What most large rulesets ask for is half a cache line. */
START_TEST(record_of_five_fields)
{
	struct ir_rule *r = add_rule(t, base(IR_HOOK_INPUT), IR_ACCEPT, NULL);

	add_prefix(t, r, IR_SADDR, 0x0a000000, 8);
	add_prefix(t, r, IR_DADDR, 0x0a000000, 24);
	ir_rule_add_range(t, r, IR_PROTO, 6, 6, false);
	ir_rule_add_match(t, r, IR_NEED_TCP);
	ir_rule_add_range(t, r, IR_SPORT, 1024, 65535, false);
	ir_rule_add_range(t, r, IR_DPORT, 80, 81, false);
	translate();
	ck_assert(c->variants);
	ck_assert(!c->layout.extra && !c->layout.target);
	ck_assert_uint_eq(c->layout.ntests, 4);
	ck_assert_uint_eq(c->layout.size, 32);
	ck_assert_uint_eq(c->fields, 1u << IR_SADDR | 1u << IR_DADDR |
			  1u << IR_PROTO | 1u << IR_KIND | 1u << IR_SPORT |
			  1u << IR_DPORT);
	compare(4000);
}
END_TEST

START_TEST(equal_terms_are_shared)
{
	struct ir_rule *r;
	uint32_t size[2];
	int i, j;

	for (j = 0; j < 2; j++) {
		for (i = 0; i < 6; i++) {
			r = add_rule(t, base(IR_HOOK_OUTPUT), IR_CONTINUE,
				     NULL);
			ir_rule_add_range(t, r, IR_LEN, 100, 200 + j * i,
					  false);
		}
		translate();
		size[j] = c->size;
		compare(200);
		ir_chain_flush(t, base(IR_HOOK_OUTPUT));
	}
	ck_assert_uint_ge(size[1], size[0] + 5 * sizeof(struct tr_term) - 63);
}
END_TEST

/* --- interfaces --- */

START_TEST(iface_classes)
{
	struct ir_chain *in = base(IR_HOOK_INPUT);

	add_iface(t, add_rule(t, in, IR_CONTINUE, NULL), IR_IIF, "eth0", false);
	add_iface(t, add_rule(t, in, IR_CONTINUE, NULL), IR_IIF, "eth+", false);
	add_iface(t, add_rule(t, in, IR_CONTINUE, NULL), IR_OIF, "+", false);
	translate();
	ck_assert_uint_eq(c->nifaces, 4);
	ck_assert_uint_eq(tr_iface_class(c, NULL), 0);
	ck_assert_uint_eq(tr_iface_class(c, ""), 0);
	ck_assert_uint_eq(tr_iface_class(c, "eth"), 1);
	ck_assert_uint_eq(tr_iface_class(c, "eth0"), 2);
	ck_assert_uint_eq(tr_iface_class(c, "eth00"), 3);
	ck_assert_uint_eq(tr_iface_class(c, "eth1"), 3);
	ck_assert_uint_eq(tr_iface_class(c, "eti"), 4);
	ck_assert_uint_eq(c->layout.ntests, 1);
	compare(2000);
}
END_TEST

START_TEST(too_many_ifaces)
{
	struct ir_chain *in = base(IR_HOOK_INPUT);
	char name[16];
	int i;

	for (i = 0; i < 33000; i++) {
		snprintf(name, sizeof(name), "i%d", i);
		add_iface(t, add_rule(t, in, IR_ACCEPT, NULL), IR_IIF, name,
			  false);
	}
	expect_error(E2BIG, "rules name too many different interfaces");
}
END_TEST

START_TEST(many_ifaces)
{
	struct ir_chain *in = base(IR_HOOK_INPUT);
	char name[16];
	int i;

	for (i = 0; i < 20000; i++) {
		snprintf(name, sizeof(name), "i%d", i);
		add_iface(t, add_rule(t, in, IR_ACCEPT, NULL), IR_IIF, name,
			  false);
	}
	translate();
	ck_assert_uint_gt(c->nifaces, 20000);
	compare(1000);
}
END_TEST

/* --- limits --- */

START_TEST(too_many_tcpopts)
{
	struct ir_pred p = { .kind = IR_PRED_TCPOPT };
	struct ir_rule *r;

	for (p.tcpopt = 1; p.tcpopt <= 32; p.tcpopt++) {
		r = add_rule(t, base(IR_HOOK_INPUT), IR_DROP, NULL);
		ir_rule_add_match(t, r, IR_NEED_TCPOPT);
		ir_rule_add_pred(t, r, &p);
	}
	translate();
	ck_assert_uint_eq(c->ntcpopts, 32);
	compare(500);
	tr_classifier_free(c);
	r = add_rule(t, base(IR_HOOK_INPUT), IR_DROP, NULL);
	ir_rule_add_pred(t, r, &p);
	expect_error(E2BIG, "rules ask for more than 32 different TCP options");
}
END_TEST

START_TEST(too_many_ids)
{
	struct ir_rule *r = add_rule(t, base(IR_HOOK_INPUT), IR_DROP, NULL);

	ir_table_number(t);
	r->index = TR_ID_MAX;
	c = tr_translate(t, NULL, &diag);
	ck_assert_ptr_nonnull(c);
	tr_classifier_free(c);
	r->index = TR_ID_MAX + 1;
	c = tr_translate(t, NULL, &diag);
	ck_assert_ptr_null(c);
	ck_assert_int_eq(errno, E2BIG);
	ck_assert_str_eq(diag.msg, "too many rules");
}
END_TEST

START_TEST(refused_rule)
{
	struct ir_loc loc = { .text = "-A INPUT -m u32", .line = 7, .col = 9 };
	struct ir_rule *r = add_rule(t, base(IR_HOOK_INPUT), IR_DROP, NULL);

	ir_rule_refuse(t, r, &loc, "match '%s' is not supported", "u32");
	expect_error(EOPNOTSUPP, "match 'u32' is not supported");
	ck_assert_uint_eq(diag.loc.line, 7);
}
END_TEST

START_TEST(block_limit)
{
	struct tr_words ws = { 0 };
	uint32_t w[4] = { 1, 2, 3, 4 };

	ck_assert_uint_eq(tr_words_reserve(&ws, 16, 64), 0);
	ck_assert_uint_eq(tr_words_add(&ws, w, 4, 16), 64);
	ck_assert_uint_eq(tr_words_add(&ws, w, 1, 4), 80);
	ck_assert_uint_eq(tr_words_add(&ws, w, 4, 64), 128);
	ck_assert_uint_eq(ws.word[21], 0);
	ck_assert_uint_eq(tr_words_reserve(&ws, TR_WORDS_MAX, 4), 0);
	ck_assert_int_eq(ws.err, -E2BIG);
	ck_assert_uint_eq(tr_words_add(&ws, w, 4, 16), 0);
	tr_words_free(&ws);
}
END_TEST

/* --- hostile sets: memory stays within bytes per rule --- */

static const struct tr_group *groups_of(uint32_t segment, int variant)
{
	const struct tr_segment *s = (const void *)(c->word + segment / 4);

	return (const void *)(c->word + s[variant].groups / 4);
}

/* Sorted, bounded, and ended. */
static void check_groups(uint32_t segment, int variant)
{
	const struct tr_segment *s = (const void *)(c->word + segment / 4);
	const struct tr_group *g = groups_of(segment, variant);
	uint32_t n;

	for (n = 0; g[n].min0 != UINT32_MAX; n++) {
		ck_assert_uint_lt(n, TR_GROUPS_MAX);
		ck_assert_uint_le(g[n].min0, g[n].max0);
		ck_assert(!n || g[n - 1].min0 <= g[n].min0);
	}
	ck_assert_uint_eq(s[variant].single, n == 1);
}

/* All segments of a base chain; returns how many. */
static uint32_t check_segments(enum ir_hook hook)
{
	uint32_t at = c->hook[hook].segment, n = 0;
	const struct tr_segment *s;
	const uint32_t *end;

	do {
		n++;
		check_groups(at, 0);
		check_groups(at, 1);
		s = (const void *)(c->word + at / 4);
		end = c->word + s->end / 4;
		if (c->layout.target)
			at = end[c->layout.target / 4];
	} while ((*end & TR_ACTION_MASK) == TR_GOTO);
	ck_assert(*end & TR_LAST);
	return n;
}

static void expect_size(uint32_t limit, uint32_t longest)
{
	translate();
	ck_assert_uint_le(c->size, limit);
	ck_assert_uint_le(c->stats.max_leaf, longest);
	ck_assert_uint_le(c->stats.max_depth, TR_DEPTH_MAX);
	check_segments(IR_HOOK_FORWARD);
	compare(1000);
}

START_TEST(wild_against_wild)
{
	struct ir_rule *r;
	uint32_t i;

	for (i = 0; i < 2000; i++) {
		r = add_rule(t, base(IR_HOOK_FORWARD), i % 3 ? IR_ACCEPT :
			     IR_DROP, NULL);
		add_prefix(t, r, i % 2 ? IR_SADDR : IR_DADDR, i << 12, 24);
		ir_rule_add_range(t, r, IR_DPORT, i % 77, 1000 + i, false);
	}
	expect_size(2000 * 100, 16);
}
END_TEST

START_TEST(all_lengths_and_ranges)
{
	struct ir_rule *r;
	uint32_t i, a, b;

	for (i = 0; i < 2000; i++) {
		r = add_rule(t, base(IR_HOOK_FORWARD), rnd(2) ? IR_ACCEPT :
			     IR_DROP, NULL);
		add_prefix(t, r, IR_SADDR, rnd(1 << 30) * 4, rnd(33));
		add_prefix(t, r, IR_DADDR, rnd(1 << 30) * 4, rnd(33));
		a = rnd(65536);
		b = rnd(65536);
		ir_rule_add_range(t, r, IR_SPORT, a < b ? a : b, a < b ? b : a,
				  false);
		a = rnd(65536);
		b = rnd(65536);
		ir_rule_add_range(t, r, IR_DPORT, a < b ? a : b, a < b ? b : a,
				  false);
		a = rnd(256);
		b = rnd(256);
		ir_rule_add_range(t, r, IR_TTL, a < b ? a : b, a < b ? b : a,
				  false);
	}
	expect_size(2000 * 800, 32);
}
END_TEST

/* Random boxes in five fields, none of them narrow. */
START_TEST(thick_boxes)
{
	static const enum ir_field field[] = {
		IR_SPORT, IR_DPORT, IR_LEN, IR_ICMP, IR_TTL
	};
	struct ir_rule *r;
	uint32_t i, j, a, b, max;

	for (i = 0; i < 2000; i++) {
		r = add_rule(t, base(IR_HOOK_FORWARD), rnd(2) ? IR_ACCEPT :
			     IR_DROP, NULL);
		for (j = 0; j < 5; j++) {
			max = ir_field_max(field[j]) & 0xffff;
			a = rnd(max);
			b = rnd(max);
			ir_rule_add_range(t, r, field[j], a < b ? a : b,
					  a < b ? b : a, false);
		}
	}
	expect_size(2000 * 900, 32);
}
END_TEST

START_TEST(counts_against_verdicts)
{
	struct ir_rule *r;
	uint32_t i;

	for (i = 0; i < 500; i++) {
		r = add_rule(t, base(IR_HOOK_FORWARD), IR_CONTINUE, NULL);
		add_prefix(t, r, IR_SADDR, i << 16, 20);
	}
	for (i = 0; i < 50; i++) {
		r = add_rule(t, base(IR_HOOK_FORWARD), IR_ACCEPT, NULL);
		add_prefix(t, r, IR_DADDR, i << 16, 20);
		ir_rule_add_range(t, r, IR_DPORT, i, 2 * i, false);
	}
	expect_size(550 * 100, 16);
}
END_TEST

/* Each packet hits very many of them: the chain becomes several segments. */
START_TEST(counts_that_overlap)
{
	struct ir_rule *r;
	uint32_t i, a, b;

	for (i = 0; i < 1000; i++) {
		r = add_rule(t, base(IR_HOOK_FORWARD), IR_CONTINUE, NULL);
		a = rnd(65536);
		b = rnd(65536);
		ir_rule_add_range(t, r, IR_SPORT, a < b ? a : b, a < b ? b : a,
				  false);
		a = rnd(65536);
		b = rnd(65536);
		ir_rule_add_range(t, r, IR_DPORT, a < b ? a : b, a < b ? b : a,
				  false);
	}
	expect_size(1000 * 300, TR_LEAF_MAX);
	ck_assert_uint_gt(check_segments(IR_HOOK_FORWARD), 1);
	ck_assert(c->layout.target);
}
END_TEST

START_TEST(counts_that_are_equal)
{
	int i;

	for (i = 0; i < 1500; i++)
		add_rule(t, base(IR_HOOK_FORWARD), IR_CONTINUE, NULL);
	expect_size(1500 * 16, TR_LEAF_MAX);
	ck_assert_uint_gt(check_segments(IR_HOOK_FORWARD), 1);
}
END_TEST

START_TEST(odd_masks)
{
	struct ir_rule *r;
	uint32_t i;

	for (i = 0; i < 2000; i++) {
		r = add_rule(t, base(IR_HOOK_FORWARD), IR_ACCEPT, NULL);
		ir_rule_add_masked(t, r, IR_SADDR, 0x000fffff, i * 77, false);
	}
	expect_size(2000 * 100, 16);
}
END_TEST

START_TEST(scattered_ports)
{
	struct ir_term term[15];
	struct ir_pred p = { .kind = IR_PRED_TERMS, .term = term };
	struct ir_rule *r;
	uint32_t i, j;

	p.nterms = 15;
	for (i = 0; i < 500; i++) {
		r = add_rule(t, base(IR_HOOK_FORWARD), IR_ACCEPT, NULL);
		ir_rule_add_match(t, r, IR_NEED_PORTS);
		for (j = 0; j < 15; j++)
			term[j] = (struct ir_term){ IR_DPORT, UINT32_MAX,
				j * 4001 + i * 8, j * 4001 + i * 8 + 3 };
		ir_rule_add_pred(t, r, &p);
	}
	expect_size(500 * 15 * 60, 16);
}
END_TEST

/* Packets of none of the pairs hardly ever get beyond a slot. */
START_TEST(tags)
{
	uint32_t field[IR_NFIELDS] = { 0 }, i;
	struct tr_visits v = { 0 };
	const struct tr_segment *s;
	struct ir_rule *r;

	for (i = 0; i < 2000; i++) {
		r = add_rule(t, base(IR_HOOK_FORWARD), IR_DROP, NULL);
		add_prefix(t, r, IR_SADDR, rnd(UINT32_MAX), 32);
		add_prefix(t, r, IR_DADDR, rnd(UINT32_MAX), 32);
	}
	translate();
	ck_assert_uint_eq(hashed_groups(IR_HOOK_FORWARD), 1);
	s = (const void *)(c->word + c->hook[IR_HOOK_FORWARD].segment / 4);
	for (i = 0; i < 4000; i++) {
		field[IR_SADDR] = rnd(UINT32_MAX);
		field[IR_DADDR] = rnd(UINT32_MAX);
		tr_find(c->word, s->groups, &c->layout, field, 0, &v);
	}
	/* Two slots of five are not empty. */
	ck_assert_uint_lt(v.slots, 4000 / 10);
	compare(4000);
}
END_TEST

START_TEST(hundred_thousand)
{
	struct ir_rule *r;
	uint32_t i;

	for (i = 0; i < 100000; i++) {
		r = add_rule(t, base(IR_HOOK_INPUT), IR_DROP, NULL);
		add_prefix(t, r, IR_SADDR, 0xac100000 + i, 32);
		ir_rule_add_range(t, r, IR_PROTO, 6, 6, false);
		ir_rule_add_match(t, r, IR_NEED_TCP);
		ir_rule_add_range(t, r, IR_DPORT, 7000, 7000, false);
	}
	translate();
	ck_assert_uint_le(c->size, 100000 * 120);
	compare(20);
}
END_TEST

/* --- ranges --- */

/* Whether value @v is in the ranges just when the terms say so. */
static bool ranges_agree(const struct tr_ranges *r, const struct ir_pred *p,
			 uint32_t v)
{
	bool want = false, got = false;
	uint32_t i;

	for (i = 0; i < p->nterms; i++)
		want |= (v & p->term[i].mask) >= p->term[i].lo &&
			(v & p->term[i].mask) <= p->term[i].hi;
	for (i = 0; i < r->n; i++)
		got |= v >= r->range[i].lo && v <= r->range[i].hi;
	return got == (want != p->negate);
}

START_TEST(ranges_hold_what_terms_hold)
{
	struct ir_term term[8];
	struct ir_pred p = { .kind = IR_PRED_TERMS, .term = term };
	struct tr_ranges r;
	uint32_t i, j, v, tried = 0, wrong = 0;

	for (i = 0; i < 5000; i++) {
		p.nterms = 1 + rnd(8);
		for (j = 0; j < p.nterms; j++)
			term[j] = (struct ir_term){ IR_TTL,
				0xffu << rnd(6), rnd(256), rnd(260) };
		if (!tr_ranges_from_terms(&r, &p))
			continue;
		tried++;
		p.negate = rnd(2);
		if (p.negate)
			tr_ranges_invert(&r);
		for (v = 0; v < 256; v++)
			wrong += !ranges_agree(&r, &p, v);
		for (j = 1; j < r.n; j++)
			wrong += r.range[j].lo <= r.range[j - 1].hi + 1;
	}
	ck_assert_uint_eq(wrong, 0);
	ck_assert_uint_gt(tried, 2500);
}
END_TEST

START_TEST(range_as_prefix)
{
	uint32_t mask;

	ck_assert(tr_range_prefix((struct tr_range){ 7, 7 }, &mask));
	ck_assert_uint_eq(mask, UINT32_MAX);
	ck_assert(tr_range_prefix((struct tr_range){ 0, UINT32_MAX }, &mask));
	ck_assert_uint_eq(mask, 0);
	ck_assert(tr_range_prefix((struct tr_range){ 0x0a00, 0x0aff }, &mask));
	ck_assert_uint_eq(mask, 0xffffff00);
	ck_assert(!tr_range_prefix((struct tr_range){ 1, 2 }, &mask));
	ck_assert(!tr_range_prefix((struct tr_range){ 2, 5 }, &mask));
	ck_assert(!tr_range_prefix((struct tr_range){ 0, 6 }, &mask));
}
END_TEST

static void add_tests(TCase *tc)
{
	tcase_add_test(tc, empty_table);
	tcase_add_test(tc, chain_dag);
	tcase_add_test(tc, unreached_chains_cost_nothing);
	tcase_add_test(tc, kinds_make_variants);
	tcase_add_test(tc, record_places);
	tcase_add_test(tc, record_of_five_fields);
	tcase_add_test(tc, equal_terms_are_shared);
	tcase_add_test(tc, iface_classes);
	tcase_add_test(tc, too_many_ifaces);
	tcase_add_test(tc, many_ifaces);
	tcase_add_test(tc, too_many_tcpopts);
	tcase_add_test(tc, too_many_ids);
	tcase_add_test(tc, refused_rule);
	tcase_add_test(tc, block_limit);
	tcase_add_test(tc, ranges_hold_what_terms_hold);
	tcase_add_test(tc, range_as_prefix);
}

static void add_large_tests(TCase *tc)
{
	tcase_add_loop_test(tc, random_small, 0, 8);
	tcase_add_loop_test(tc, random_large, 0, 6);
	tcase_add_loop_test(tc, random_flows, 0, 2);
	tcase_add_loop_test(tc, random_flows6, 0, 3);
	tcase_add_test(tc, wild_against_wild);
	tcase_add_test(tc, all_lengths_and_ranges);
	tcase_add_test(tc, thick_boxes);
	tcase_add_test(tc, counts_against_verdicts);
	tcase_add_test(tc, counts_that_overlap);
	tcase_add_test(tc, counts_that_are_equal);
	tcase_add_test(tc, odd_masks);
	tcase_add_test(tc, scattered_ports);
	tcase_add_test(tc, tags);
	tcase_add_test(tc, hundred_thousand);
}

int main(void)
{
	Suite *s = suite_create("translator");
	TCase *small = tcase_create("small"), *large = tcase_create("large");

	tcase_add_checked_fixture(small, setup, teardown);
	tcase_add_checked_fixture(large, setup, teardown);
	tcase_set_timeout(small, 60);
	tcase_set_timeout(large, 120);
	add_tests(small);
	add_large_tests(large);
	suite_add_tcase(s, small);
	suite_add_tcase(s, large);
	return test_run(s, true);
}
