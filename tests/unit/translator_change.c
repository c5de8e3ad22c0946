/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * tests/unit/translator_change.c - changed classifiers do what new ones do
 *
 * Random tables are edited again and again; after each edit the classifier that
 * was changed is held against the evaluator, as are those translated whole.
 */
#include <check.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>

#include "ir/dump.h"
#include "ir/eval.h"
#include "tests/unit/rules.h"
#include "tests/unit/run.h"
#include "translator/classifier.h"
#include "translator/memo.h"

static struct ir_table *t;
static struct tr_classifier *c;
static struct diag diag;
static const struct tr_options many = { .late = 1000 };

static void setup(void)
{
	t = NULL;
	c = NULL;
	diag_init(&diag);
}

static void teardown(void)
{
	tr_classifier_free(c);
	ir_table_free(t);
	diag_clear(&diag);
}

static void translate(void)
{
	tr_classifier_free(c);
	ir_table_number(t);
	c = tr_translate(t, NULL, &diag);
	ck_assert_msg(c != NULL, "%s", diag.msg);
}

/* As translate(), from what is left of the one before. */
static void translate_like(void)
{
	struct tr_classifier *old = c;

	ir_table_number(t);
	c = tr_translate(t, &(struct tr_options){ .like = old }, &diag);
	ck_assert_msg(c != NULL, "%s", diag.msg);
	tr_classifier_free(old);
}

static void compare(uint32_t n)
{
	struct ir_counter *want = calloc(c->ncounters, sizeof(*want));
	struct ir_counter *got = calloc(c->ncounters, sizeof(*got));
	struct ir_packet p;
	enum ir_hook hook;

	ck_assert(want && got);
	while (n--) {
		random_packet(t, &p);
		hook = IR_HOOK_INPUT + rnd(3);
		ck_assert_int_eq(tr_walk(c, hook, &p, got),
				 ir_eval(t, hook, &p, want));
		ck_assert_mem_eq(want, got, c->ncounters * sizeof(*want));
	}
	free(want);
	free(got);
}

/* The table as it is read from the kernel: every rule is an old one. */
static void load(void)
{
	struct ir_chain *chain;
	uint32_t i, k;

	ir_table_number(t);
	for (i = 0; i < ir_table_nchains(t); i++) {
		chain = ir_table_chain(t, i);
		for (k = 0; k < chain->nrules; k++)
			chain->rule[k]->old_index = chain->rule[k]->index;
		chain->old_index = chain->index;
	}
}

/* Through the bytes that another process would read. */
static void pack_and_unpack(void)
{
	struct tr_classifier *again;
	uint32_t *word = malloc(c->size + 8);
	size_t size;
	void *bytes;

	ck_assert_int_eq(tr_classifier_pack(c, &bytes, &size), 0);
	memcpy(word, c->word, c->size);
	again = tr_classifier_unpack(bytes, size, word, c->size + 8);
	free(bytes);
	ck_assert_ptr_nonnull(again);
	tr_classifier_free(c);
	c = again;
}

/* Changes the classifier; false: it could not be. */
static bool change(const struct tr_options *opt)
{
	if (rnd(2))
		pack_and_unpack();
	ir_table_number(t);
	if (tr_change(c, t, opt))
		return true;
	translate_like();
	return false;
}

static struct ir_chain *any_chain(void)
{
	return ir_table_chain(t, rnd(ir_table_nchains(t)));
}

static void move_last(struct ir_chain *chain, uint32_t to)
{
	struct ir_rule *r = chain->rule[chain->nrules - 1];

	ir_chain_remove(t, chain, chain->nrules - 1);
	ck_assert_int_eq(ir_chain_insert(t, chain, to, r), 0);
}

static void insert_rule(struct ir_chain *chain, enum ir_target target,
			struct ir_chain *to)
{
	uint32_t at = rnd(3) ? rnd(chain->nrules + 1) : chain->nrules;

	add_random_matches(t, add_rule(t, chain, target, to), 4);
	move_last(chain, at);
}

static void insert_any(void)
{
	static const enum ir_target targets[] = {
		IR_ACCEPT, IR_DROP, IR_CONTINUE, IR_RETURN
	};

	insert_rule(any_chain(), targets[rnd(4)], NULL);
}

static bool is_user(const struct ir_chain *chain)
{
	return chain->hook == IR_HOOK_NONE;
}

/* A chain of its own behind all others, and rules that lead there. */
static void add_chain(const char *name)
{
	struct ir_chain *chain;

	if (ir_chain_add(t, name, &chain))
		return;
	insert_rule(chain, IR_DROP, NULL);
	insert_rule(chain, IR_CONTINUE, NULL);
	insert_rule(ir_table_base(t, IR_HOOK_INPUT + rnd(3)),
		    rnd(2) ? IR_JUMP : IR_GOTO, chain);
}

static void remove_late(uint32_t tries)
{
	struct ir_chain *chain;
	uint32_t i;

	while (tries--) {
		chain = any_chain();
		if (!chain->nrules)
			continue;
		i = rnd(chain->nrules);
		if (c->memo->late[chain->rule[i]->old_index])
			ir_chain_remove(t, chain, i);
	}
}

static void remove_base(void)
{
	struct ir_chain *chain = any_chain();

	if (chain->nrules)
		ir_chain_remove(t, chain, rnd(chain->nrules));
}

static void rename_chain(void)
{
	struct ir_chain *chain = any_chain();
	char name[16];

	snprintf(name, sizeof(name), "renamed%u", rnd(100));
	if (is_user(chain))
		ir_chain_rename(t, chain, name);
}

static void set_policy(void)
{
	ir_table_base(t, IR_HOOK_INPUT + rnd(3))->policy =
		rnd(2) ? IR_ACCEPT : IR_DROP;
}

static void edit(void)
{
	char name[16];

	remove_late(rnd(20));
	switch (rnd(12)) {
	case 0:
		snprintf(name, sizeof(name), "zz%u", rnd(1000));
		add_chain(name);
		break;
	case 1:
		set_policy();
		break;
	case 2:
		if (!rnd(4))
			remove_base();
		break;
	case 3:
		rename_chain();
		break;
	case 4:
		break;
	default:
		insert_any();
	}
}

/* Rounds of edits; how many went without a translation. */
static uint32_t edits(uint32_t rounds, uint32_t packets,
		      const struct tr_options *opt)
{
	uint32_t changed = 0;

	translate();
	while (rounds--) {
		load();
		edit();
		changed += change(opt);
		ck_assert_uint_eq(c->ncounters, ir_table_number(t));
		ck_assert_uint_eq(c->size % 64, 0);
		compare(packets);
	}
	return changed;
}

START_TEST(random_edits)
{
	uint32_t changed = 0;
	int i;

	for (i = 0; i < 12; i++) {
		ir_table_free(t);
		rnd_seed(12 * _i + i + 1);
		t = random_table_of(i % 3 ? AF_INET : AF_INET6, rnd(6),
				    20 + rnd(80));
		changed += edits(30, 300, &many);
	}
	ck_assert_uint_gt(changed, 100);
}
END_TEST

START_TEST(random_edits_large)
{
	static const uint8_t len[] = { 8, 16, 24, 24, 28, 32, 32 };
	struct ir_chain *forward;
	struct ir_rule *r;
	uint32_t i;

	rnd_seed(_i + 500);
	t = random_table(3, 40);
	forward = ir_table_base(t, IR_HOOK_FORWARD);
	for (i = 0; i < 3000; i++) {
		r = add_rule(t, forward, rnd(9) ? IR_DROP : IR_CONTINUE, NULL);
		add_prefix(t, r, IR_SADDR, rnd(64) << 24 | rnd(1 << 12),
			   len[rnd(7)]);
		add_prefix(t, r, IR_DADDR, rnd(64) << 24 | rnd(1 << 12),
			   len[rnd(7)]);
	}
	ck_assert_uint_gt(edits(25, 800, NULL), 5);
}
END_TEST

START_TEST(random_edits_large6)
{
	static const uint8_t len[] = { 32, 48, 56, 64, 64, 128, 128 };
	uint32_t word[4] = { 0x20010db8, 0, 0, 0 }, i, k;
	struct ir_rule *r;

	rnd_seed(_i + 600);
	t = random_table_of(AF_INET6, 3, 40);
	for (i = 0; i < 3000; i++) {
		r = add_rule(t, ir_table_base(t, IR_HOOK_FORWARD),
			     rnd(9) ? IR_DROP : IR_CONTINUE, NULL);
		for (k = 0; k < 2; k++) {
			word[1] = rnd(100) << 16 | rnd(3);
			word[3] = rnd(50);
			add_prefix6(t, r, k ? IR_SADDR : IR_DADDR, word,
				    len[rnd(7)]);
		}
	}
	ck_assert_uint_gt(edits(25, 800, NULL), 5);
}
END_TEST

/* A table of the other family is never a small change. */
START_TEST(other_family)
{
	t = random_table_of(AF_INET, 2, 20);
	translate();
	ir_table_free(t);
	t = ir_table_new(AF_INET6, "filter");
	ir_table_number(t);
	ck_assert(!tr_change(c, t, &many));
}
END_TEST

static void drop_from(struct ir_chain *chain, uint32_t addr, uint32_t at)
{
	add_prefix(t, add_rule(t, chain, IR_DROP, NULL), IR_SADDR, addr, 32);
	move_last(chain, at);
}

/* Host rules and nothing else. */
static struct ir_chain *hosts(uint32_t n)
{
	struct ir_chain *chain;
	uint32_t i;

	t = ir_table_new(AF_INET, "filter");
	chain = ir_table_base(t, IR_HOOK_FORWARD);
	for (i = 0; i < n; i++)
		drop_from(chain, 0x0a000000 + i, i);
	translate();
	load();
	return chain;
}

/* What was there stays where it is, and late rules come and go behind it. */
START_TEST(base_stays)
{
	struct ir_chain *chain = hosts(2000);
	uint32_t base = c->size, size = 0, i;

	for (i = 0; i < 40; i++) {
		drop_from(chain, 0x0b000000 + i, i * 7);
		ck_assert(change(NULL));
		load();
		ck_assert_uint_gt(c->size, base);
		if (i == 20)
			size = c->size;
		if (i >= 20)
			ir_chain_remove(t, chain, i * 7);
	}
	ck_assert_uint_eq(c->size, size);
	ck_assert_uint_eq(c->memo->base, base);
	ck_assert(change(NULL));
	compare(3000);
}
END_TEST

START_TEST(too_many_late_rules)
{
	struct ir_chain *chain = hosts(1280);
	uint32_t i, changed;

	for (i = 0; i < 32 + 1280 / 64; i++)
		drop_from(chain, 0x0b000000 + i, rnd(1000));
	ck_assert(change(NULL));
	load();
	drop_from(chain, 0x0c000000, 5);
	ck_assert(!change(NULL));
	compare(1000);
	for (changed = 0, i = 0; i < 2; i++) {
		load();
		drop_from(chain, 0x0d000000 + i, 5);
		changed += change(NULL);
	}
	ck_assert_uint_eq(changed, 2);
}
END_TEST

/* Each of these is for a translation. */
START_TEST(not_a_small_change)
{
	struct ir_chain *chain = hosts(1100);
	struct ir_rule *r;

	ir_chain_remove(t, chain, 500);		/* one of the base */
	ck_assert(!change(NULL));
	load();
	r = add_rule(t, chain, IR_DROP, NULL);	/* no place for a port */
	ir_rule_add_range(t, r, IR_DPORT, 1, 5, false);
	ck_assert(!change(NULL));
	load();
	r = add_rule(t, chain, IR_DROP, NULL);	/* no such interface */
	add_iface(t, r, IR_IIF, "eth0", false);
	ck_assert(!change(NULL));
	load();
	r = add_rule(t, chain, IR_DROP, NULL);
	add_iface(t, r, IR_IIF, "eth0", false);
	add_prefix(t, r, IR_SADDR, 0x01020304, 32);
	ck_assert(change(NULL));
	load();
	r = add_rule(t, chain, IR_DROP, NULL);
	add_iface(t, r, IR_IIF, "eth+", false);
	ck_assert(!change(NULL));
	load();
	chain->rule[3]->old_index = UINT32_MAX;	/* another rule there */
	ck_assert(!change(NULL));
	compare(2000);
}
END_TEST

/* The same words as from nothing, until too much has changed. */
START_TEST(ways_are_taken_over)
{
	struct ir_chain *chain = hosts(1600);
	const struct tr_way *way = &tr_memo_find(c->memo, "FORWARD")->way;
	struct tr_classifier *like;
	uint32_t i, edits = 0;

	ck_assert(way->known);
	for (i = 0; i < 110; i++) {
		load();
		ir_chain_remove(t, chain, i * 13);
		ck_assert(!change(NULL));
		way = &tr_memo_find(c->memo, "FORWARD")->way;
		ck_assert(way->known);
		ck_assert(way->edits == edits + 1 ||
			  (!way->edits && edits >= chain->nrules / 16 - 1));
		edits = way->edits;
	}
	like = c;
	c = NULL;
	translate();
	ck_assert_uint_eq(c->size, like->size);
	ck_assert_mem_eq(c->word, like->word, c->size);
	tr_classifier_free(like);
	ck_assert_uint_lt(edits, 20);
	compare(1000);
}
END_TEST

START_TEST(small_tables_are_translated)
{
	struct ir_chain *chain = hosts(900);

	drop_from(chain, 0x0b000000, 5);
	ck_assert(!change(NULL));
}
END_TEST

/* Whatever is read back: no crash, and no classifier from half of one. */
START_TEST(damaged)
{
	struct tr_classifier *again;
	size_t size, i;
	uint32_t *word;
	void *bytes;
	int round;

	rnd_seed(_i + 1);
	t = random_table(4, 60);
	translate();
	load();
	insert_any();
	ir_table_number(t);
	ck_assert_int_eq(tr_classifier_pack(c, &bytes, &size), 0);
	for (i = 0; i < size; i += 13)
		ck_assert_ptr_null(tr_classifier_unpack(bytes, i, malloc(8),
							8));
	ck_assert_ptr_null(tr_classifier_unpack(bytes, size, malloc(8), 8));
	/* Of another build, and of another format. */
	for (i = 0; i < 2; i++) {
		((uint32_t *)bytes)[i]++;
		ck_assert_ptr_null(tr_classifier_unpack(bytes, size,
							malloc(c->size),
							c->size));
		((uint32_t *)bytes)[i]--;
	}
	for (round = 0; round < 600; round++) {
		word = malloc(c->size);
		memcpy(word, c->word, c->size);
		for (i = rnd(4) + 1; i; i--)
			word[rnd(c->size / 4)] = rnd(3) ? rnd(c->size) :
						 1u << rnd(32);
		again = tr_classifier_unpack(bytes, size, word, c->size);
		ck_assert_ptr_nonnull(again);
		for (i = rnd(3); i && again->memo->nchains; i--)
			((uint32_t *)again->memo->chain)[rnd(
				again->memo->nchains *
				sizeof(*again->memo->chain) / 4)] =
					rnd(2) ? rnd(c->size) : ~rnd(9);
		tr_change(again, t, &many);
		tr_classifier_free(again);
	}
	free(bytes);
}
END_TEST

int main(void)
{
	Suite *s = suite_create("translator change");
	TCase *tc = tcase_create("change");

	tcase_add_checked_fixture(tc, setup, teardown);
	tcase_set_timeout(tc, 120);
	tcase_add_loop_test(tc, random_edits, 0, 8);
	tcase_add_test(tc, other_family);
	tcase_add_loop_test(tc, random_edits_large6, 0, 2);
	tcase_add_loop_test(tc, random_edits_large, 0, 2);
	tcase_add_test(tc, base_stays);
	tcase_add_test(tc, too_many_late_rules);
	tcase_add_test(tc, not_a_small_change);
	tcase_add_test(tc, ways_are_taken_over);
	tcase_add_test(tc, small_tables_are_translated);
	tcase_add_loop_test(tc, damaged, 0, 3);
	suite_add_tcase(s, tc);
	return test_run(s, true);
}
