/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * tests/unit/boxes.c - what ir/boxes.c leaves out must have no effect
 *
 * For each packet, chain and rule: one that is passed over neither holds nor drops
 * the packet, whatever comes before it in its chain.  Then whole walks are
 * compared with ir_eval(), verdicts and counters.
 */
#include <check.h>
#include <stdlib.h>
#include <sys/socket.h>

#include "ir/boxes.h"
#include "ir/eval.h"
#include "tests/unit/rules.h"
#include "tests/unit/run.h"

static const int families[] = { AF_INET, AF_INET6 };

struct bench {
	struct ir_table	*t;
	struct ir_boxes	*boxes;
	struct ir_counter *quick;
	struct ir_counter *plain;
	uint32_t	n;		/* counters */
	uint64_t	looked;		/* rules that were not passed over */
	uint64_t	effects;	/* of these, with one */
};

/* @t is owned from here on. */
static void set_up(struct bench *b, struct ir_table *t)
{
	ck_assert_int_eq(ir_table_check(t, &(uint32_t){ 0 }, NULL), 0);
	*b = (struct bench){ .t = t, .n = ir_table_number(t) };
	b->boxes = ir_boxes_new(t);
	b->quick = calloc(b->n, sizeof(*b->quick));
	b->plain = calloc(b->n, sizeof(*b->plain));
	ck_assert(b->boxes && b->quick && b->plain);
}

static void tear_down(struct bench *b)
{
	ck_assert_mem_eq(b->quick, b->plain, b->n * sizeof(*b->quick));
	ir_boxes_free(b->boxes);
	free(b->quick);
	free(b->plain);
	ir_table_free(b->t);
}

static void look_at_chain(struct bench *b, struct ir_scan *scan,
			  const struct ir_chain *c)
{
	uint32_t i, next = ir_scan_next(scan, c, 0);
	bool hotdrop, holds;

	for (i = 0; i < c->nrules; i++) {
		hotdrop = false;
		holds = ir_eval_rule(c->rule[i], scan->p, &hotdrop);
		b->effects += holds || hotdrop;
		if (i == next) {
			b->looked++;
			next = ir_scan_next(scan, c, i + 1);
			continue;
		}
		if (holds || hotdrop)
			ck_abort_msg("%s: rule %u is left out", c->name, i + 1);
	}
	ck_assert_uint_eq(next, c->nrules);
}

static void look_at(struct bench *b, const struct ir_packet *p)
{
	struct ir_scan scan;
	enum ir_hook hook;
	uint32_t i;

	ir_scan_start(&scan, b->boxes, p);
	for (i = 0; i < ir_table_nchains(b->t); i++)
		look_at_chain(b, &scan, ir_table_chain(b->t, i));
	for (hook = IR_HOOK_INPUT; hook <= IR_HOOK_OUTPUT; hook++)
		ck_assert_int_eq(ir_boxes_eval(b->boxes, hook, p, b->quick),
				 ir_eval(b->t, hook, p, b->plain));
}

static void look_at_many(struct bench *b, uint32_t n)
{
	struct ir_packet p;

	while (n--) {
		random_packet(b->t, &p);
		look_at(b, &p);
	}
}

START_TEST(random_tables)
{
	struct bench b;
	uint32_t i;

	rnd_seed((uint64_t)_i + 1);
	for (i = 0; i < 20; i++) {
		set_up(&b, random_table_of(families[_i % 2], rnd(6),
					   1 + rnd(150)));
		look_at_many(&b, 400);
		ck_assert_uint_gt(b.effects, 0);
		tear_down(&b);
	}
}
END_TEST

static void add_address(struct ir_table *t, struct ir_rule *r, bool ipv6,
			enum ir_field f)
{
	const uint32_t word[4] = { 0x20010db8, rnd(4), rnd(1000) << 16,
				   rnd(100000) };

	if (ipv6)
		add_prefix6(t, r, f, word, 40 + rnd(89));
	else
		add_prefix(t, r, f, 0x0a000000 + rnd(100000) * 16, 14 + rnd(19));
}

/* More values than there are intervals, in addresses and in ports. */
static struct ir_table *large_table(int family, uint32_t rules)
{
	struct ir_table *t = ir_table_new(family, "filter");
	struct ir_chain *user, *c = ir_table_base(t, IR_HOOK_FORWARD);
	uint32_t i, port, k;
	struct ir_rule *r;

	ck_assert_int_eq(ir_chain_add(t, "user", &user), 0);
	for (i = 0; i < rules; i++) {
		k = i % 2 ? rnd(12) : 99;
		r = add_rule(t, k == 99 ? c : user, k == 0 ? IR_ACCEPT :
			     k == 1 ? IR_DROP : IR_CONTINUE, NULL);
		if (rnd(4))
			add_address(t, r, family == AF_INET6, IR_SADDR);
		if (rnd(4))
			add_address(t, r, family == AF_INET6, IR_DADDR);
		port = rnd(65000);
		ck_assert_ptr_nonnull(ir_rule_add_match(t, r, IR_NEED_TCP));
		ck_assert_int_eq(ir_rule_add_range(t, r, IR_DPORT, port,
						   port + rnd(400),
						   !rnd(50)), 0);
		if (!rnd(20))
			add_random_matches(t, r, 2);
	}
	add_rule(t, c, IR_JUMP, user);
	return t;
}

START_TEST(large_tables)
{
	struct bench b;

	rnd_seed((uint64_t)_i + 100);
	set_up(&b, large_table(families[_i % 2], 4000));
	look_at_many(&b, 150);
	ck_assert_uint_gt(b.effects, 150);
	/* Most are passed over. */
	ck_assert_msg(b.looked < 150 * 4000 / 4, "%llu looked at, %llu effects",
		      (unsigned long long)b.looked,
		      (unsigned long long)b.effects);
	tear_down(&b);
}
END_TEST

/* So many hosts that intervals are coarse: still only one rule is left. */
START_TEST(one_of_many)
{
	const uint32_t n = 20000;
	struct ir_table *t = ir_table_new(AF_INET, "filter");
	struct ir_packet p = { .kind = IR_KIND_WHOLE };
	struct ir_scan scan;
	struct bench b;
	uint32_t i;

	for (i = 0; i < n; i++)
		add_prefix(t, add_rule(t, ir_table_base(t, IR_HOOK_INPUT),
				       IR_DROP, NULL),
			   IR_DADDR, 0x0a000000 + 3 * i, 32);
	set_up(&b, t);
	for (i = 0; i < n; i += 61) {
		p.field[IR_DADDR] = 0x0a000000 + 3 * i;
		ir_scan_start(&scan, b.boxes, &p);
		look_at_chain(&b, &scan, ir_table_base(t, IR_HOOK_INPUT));
		ck_assert_uint_lt(scan.work, n / 20);
	}
	ck_assert_uint_eq(b.looked, b.effects);
	tear_down(&b);
}
END_TEST

START_TEST(no_rules)
{
	struct bench b;

	set_up(&b, ir_table_new(families[_i], "filter"));
	look_at_many(&b, 10);
	tear_down(&b);
}
END_TEST

static Suite *suite(void)
{
	Suite *s = suite_create("boxes");
	TCase *tc = tcase_create("left out");

	tcase_set_timeout(tc, 120);
	tcase_add_loop_test(tc, random_tables, 0, 6);
	tcase_add_loop_test(tc, large_tables, 0, 2);
	tcase_add_test(tc, one_of_many);
	tcase_add_loop_test(tc, no_rules, 0, 2);
	suite_add_tcase(s, tc);
	return s;
}

int main(void)
{
	return test_run(suite(), true);
}
