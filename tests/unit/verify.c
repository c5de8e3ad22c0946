/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * tests/unit/verify.c - does be_verify() see what is wrong with a classifier
 *
 * Faults are planted in the block one at a time.  Those that change what becomes
 * of any of many random packets must be found, nearly all.  The programs are
 * looked at where root lets us.
 */
#include <check.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "backend/program.h"
#include "backend/verify.h"
#include "ir/boxes.h"
#include "ir/space.h"
#include "tests/unit/faults.h"
#include "tests/unit/loops.h"
#include "tests/unit/run.h"
#include "tests/unit/rules.h"

static const struct be_attach automatic = { .automatic = true };

static struct tr_classifier *translate(struct ir_table *t)
{
	struct tr_classifier *c;
	struct diag diag;

	diag_init(&diag);
	ck_assert_int_eq(ir_table_check(t, &(uint32_t){ 0 }, NULL), 0);
	ir_table_number(t);
	c = tr_translate(t, NULL, &diag);
	ck_assert_msg(c != NULL, "%s", diag.msg);
	return c;
}

static int verify(const struct ir_table *t, const struct tr_classifier *c,
		  bool walk, struct be_verified *out, struct diag *diag)
{
	const struct be_verify v = {
		.table = t, .classifier = c, .attach = &automatic,
		.walk = walk,
	};

	return be_verify(&v, out, diag);
}

/* --- planted faults --- */

#define NPACKETS	4000

struct sample {
	struct ir_packet p;
	enum ir_hook	hook;
};

/* A packet that hosts can see: fields that are not there are 0. */
static void make_sample(const struct ir_table *t, struct sample *s)
{
	static const char eth[IR_IFNAMSIZ] = "eth0";
	static uint8_t data[IR_BUILD_MAX + UINT16_MAX];
	struct ir_recipe c = { 0 };

	random_packet(t, &s->p);
	c.build.ipv6 = ir_table_family(t) == AF_INET6;
	memcpy(c.build.field, s->p.field, sizeof(c.build.field));
	c.kind = s->p.kind;
	if (c.kind == IR_KIND_BADOPT || rnd(2))
		c.build.field[IR_PROTO] = 6;
	else if (c.kind == IR_KIND_SHORT || c.kind == IR_KIND_NONE || rnd(2))
		c.build.field[IR_PROTO] = 17;
	if (c.build.ipv6 && (c.kind == IR_KIND_NOPROTO || !rnd(20))) {
		c.kind = IR_KIND_NOPROTO;
		c.build.field[IR_PROTO] = 0;
	}
	c.build.total = 20 + rnd(200);
	c.ctstate = (const uint32_t[]){ 1, 2, 4, 8, 256 }[rnd(5)];
	s->hook = (enum ir_hook)(IR_HOOK_INPUT + rnd(3));
	if (s->hook != IR_HOOK_OUTPUT)
		memcpy(c.iif, s->p.iif[0] ? s->p.iif : eth, sizeof(c.iif));
	if (s->hook != IR_HOOK_INPUT)
		memcpy(c.oif, s->p.oif[0] ? s->p.oif : eth, sizeof(c.oif));
	ir_recipe_finish(&c);
	ir_recipe_packet(&c, data, &s->p);
}

/* Whether any sample is judged or counted in another way. */
static bool changed(const struct tr_classifier *a, const struct tr_classifier *b,
		    const struct sample *s)
{
	const size_t size = (a->ncounters + 1) * sizeof(struct ir_counter);
	struct ir_counter *x = calloc(1, size), *y = calloc(1, size);
	bool differs = false;
	uint32_t i;

	for (i = 0; i < NPACKETS && !differs; i++) {
		differs = tr_walk(a, s[i].hook, &s[i].p, x) !=
			  tr_walk(b, s[i].hook, &s[i].p, y);
		if (i % 256 == 255 || i + 1 == NPACKETS)
			differs |= memcmp(x, y, size) != 0;
	}
	free(x);
	free(y);
	return differs;
}

struct tally {
	uint32_t	planted;
	uint32_t	changed;
	uint32_t	found;
};

static void try_fault(const struct ir_table *t, const struct tr_classifier *good,
		      struct tr_classifier *bad, const struct sample *s,
		      enum fault_type type, struct tally *tally)
{
	struct be_verified out;
	struct diag diag;
	bool differs;
	int err;

	diag_init(&diag);
	err = verify(t, bad, true, &out, &diag);
	ck_assert_msg(!err || err == -EILSEQ, "%s: %s", fault_names[type],
		      diag.msg);
	ck_assert_int_eq(err != 0, diag.set);
	ck_assert_int_eq(err != 0, out.differences != 0);
	differs = err || changed(good, bad, s);
	tally[type].planted++;
	tally[type].changed += differs;
	tally[type].found += err != 0;
	diag_clear(&diag);
}

static void faulty_table(int family, uint32_t rules, uint32_t faults,
			 struct tally *tally)
{
	struct ir_table *t = random_table_of(family, rnd(4), rules);
	struct tr_classifier *good = translate(t), *bad = translate(t);
	struct sample *s = calloc(NPACKETS, sizeof(*s));
	struct fault_sites sites = faults_find(good);
	struct rng r = { rnd(1000000) };
	struct fault_undo undo;
	enum fault_type type;
	uint32_t i;

	for (i = 0; i < NPACKETS; i++)
		make_sample(t, &s[i]);
	for (i = 0; i < faults; i++) {
		type = faults_plant(bad, &sites, &r, &undo);
		try_fault(t, good, bad, s, type, tally);
		faults_undo(bad, &undo);
	}
	ck_assert_mem_eq(good->word, bad->word, good->size);
	faults_free(&sites);
	free(s);
	tr_classifier_free(good);
	tr_classifier_free(bad);
	ir_table_free(t);
}

static const int families[] = { AF_INET, AF_INET6 };

START_TEST(planted_faults)
{
	struct tally tally[FAULT_NTYPES] = { 0 };
	uint32_t i, nchanged = 0, found = 0;

	rnd_seed(1);
	for (i = 0; i < 9; i++)
		faulty_table(families[_i], 5 + rnd(20), 14, tally);
	for (i = 0; i < FAULT_NTYPES; i++) {
		nchanged += tally[i].changed;
		found += tally[i].found;
	}
	ck_assert_uint_gt(nchanged, 50);
	ck_assert_msg(found * 100 >= nchanged * 95, "%u found of %u", found,
		      nchanged);
}
END_TEST

START_TEST(nothing_wrong)
{
	struct tr_classifier *c;
	struct be_verified out;
	struct ir_table *t;
	struct diag diag;

	rnd_seed((uint64_t)_i + 100);
	diag_init(&diag);
	t = random_table_of(families[_i % 2], rnd(6), 1 + rnd(40));
	c = translate(t);
	ck_assert_msg(!verify(t, c, true, &out, &diag), "%s", diag.msg);
	ck_assert(!diag.set && !out.programs && !out.differences);
	ck_assert_uint_gt(out.packets, out.rules);
	tr_classifier_free(c);
	ir_table_free(t);
}
END_TEST

/* --- a quick evaluation that is wrong --- */

static enum { HONEST, VERDICT, COUNTER } lie;
static uint32_t liar_index;		/* the counter he lies about */

enum ir_target __wrap_ir_boxes_eval(const struct ir_boxes *b,
				    enum ir_hook hook,
				    const struct ir_packet *p,
				    struct ir_counter *count);
enum ir_target __real_ir_boxes_eval(const struct ir_boxes *b,
				    enum ir_hook hook,
				    const struct ir_packet *p,
				    struct ir_counter *count);

/* In the place of ir_boxes_eval(), by the linker. */
enum ir_target __wrap_ir_boxes_eval(const struct ir_boxes *b,
				    enum ir_hook hook,
				    const struct ir_packet *p,
				    struct ir_counter *count)
{
	enum ir_target got = __real_ir_boxes_eval(b, hook, p, count);
	const bool chosen = p->field[IR_TTL] == 17;

	if (lie == VERDICT && chosen)
		return got == IR_ACCEPT ? IR_DROP : IR_ACCEPT;
	if (lie == COUNTER && chosen && count)
		count[liar_index].packets++;
	return got;
}

/* Neither the walk nor a program is blamed for it. */
START_TEST(wrong_evaluation)
{
	struct ir_table *t = ir_table_new(AF_INET, "filter");
	struct tr_classifier *c;
	struct be_verified out;
	struct ir_rule *r;
	struct diag diag;
	uint32_t i;

	diag_init(&diag);
	for (i = 0; i < (_i % 2 ? 3000 : 30); i++) {
		r = add_rule(t, ir_table_base(t, IR_HOOK_INPUT), IR_DROP, NULL);
		add_prefix(t, r, IR_SADDR, i << 8, 24);
		ck_assert_int_eq(ir_rule_add_range(t, r, IR_TTL, 10, 17, false),
				 0);
	}
	c = translate(t);
	liar_index = ir_table_base(t, IR_HOOK_OUTPUT)->index;
	lie = HONEST;
	ck_assert_int_eq(verify(t, c, true, &out, &diag), 0);
	ck_assert_uint_gt(out.plain, 100);
	ck_assert(_i % 2 ? out.plain < out.packets :
		  out.plain == out.packets);
	lie = _i / 2 ? COUNTER : VERDICT;
	ck_assert_int_eq(verify(t, c, true, &out, &diag), -EILSEQ);
	ck_assert_uint_gt(out.differences, 0);
	ck_assert_msg(strstr(diag.msg, "the quick evaluation of the rules"),
		      "%s", diag.msg);
	lie = HONEST;
	diag_clear(&diag);
	tr_classifier_free(c);
	ir_table_free(t);
}
END_TEST

/* --- the programs --- */

START_TEST(programs)
{
	struct tr_classifier *c;
	struct be_verified out;
	struct ir_table *t;
	struct diag diag;

	rnd_seed((uint64_t)_i + 200);
	diag_init(&diag);
	t = random_table(rnd(6), 1 + rnd(40));
	c = translate(t);
	ck_assert_msg(!verify(t, c, false, &out, &diag), "%s", diag.msg);
	ck_assert(out.programs && !out.differences);
	tr_classifier_free(c);
	ir_table_free(t);
}
END_TEST

/* The walk is right, but the program does not look at a field. */
START_TEST(program_without_field)
{
	static const enum ir_field fields[] = { IR_TTL, IR_DADDR, IR_TOS };
	struct ir_table *t = ir_table_new(AF_INET, "filter");
	struct ir_rule *r = add_rule(t, ir_table_base(t, IR_HOOK_INPUT),
				     _i % 2 ? IR_CONTINUE : IR_DROP, NULL);
	enum ir_field f = fields[_i / 2];
	struct tr_classifier *c;
	struct be_verified out;
	struct diag diag;

	diag_init(&diag);
	ck_assert_int_eq(ir_rule_add_range(t, r, f, 17, 17, false), 0);
	c = translate(t);
	ck_assert_int_eq(verify(t, c, false, &out, &diag), 0);
	c->fields &= ~(1u << f);
	ck_assert_int_eq(verify(t, c, true, &out, &diag), 0);
	ck_assert_int_eq(verify(t, c, false, &out, &diag), -EILSEQ);
	ck_assert_uint_gt(out.differences, 0);
	ck_assert_ptr_nonnull(strstr(diag.msg, "of chain 'INPUT': "));
	ck_assert_ptr_nonnull(strstr(diag.msg, be_hook_type_name(
				     be_attach_resolve(&automatic))));
	diag_clear(&diag);
	tr_classifier_free(c);
	ir_table_free(t);
}
END_TEST

static Suite *suite(bool run)
{
	Suite *s = suite_create("verify");
	TCase *tc = tcase_create("faults");

	tcase_set_tags(tc, "long");	/* left out under valgrind */
	tcase_set_timeout(tc, 240);
	tcase_add_loop_test(tc, planted_faults, 0, 2);
	suite_add_tcase(s, tc);
	tc = tcase_create("walk");
	tcase_set_timeout(tc, 240);
	tcase_add_loop_test(tc, nothing_wrong, 0, 8);
	tcase_add_loop_test(tc, wrong_evaluation, 0, 4);
	suite_add_tcase(s, tc);
	if (!run)
		return s;
	tc = tcase_create("programs");
	tcase_set_timeout(tc, 240);
	tcase_add_loop_test(tc, programs, 0, 6);
	tcase_add_loop_test(tc, program_without_field, 0, 6);
	suite_add_tcase(s, tc);
	return s;
}

int main(void)
{
	bool run = test_privileged() && (be_type_supported(BE_NETFILTER) ||
				      be_type_supported(BE_TC));
	int status;

	test_loops();
	status = test_run(suite(run), run);
	if (status == TEST_SKIPPED)
		puts("needs root: no program was run");
	return status;
}
