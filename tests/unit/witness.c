/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * tests/unit/witness.c - what ir/witness.c finds, and what it says is not there
 *
 * A witness is one because ir_eval() counts the rule.  A rule said to be
 * shadowed must not be hit by any of many packets made in other ways, and of
 * the rules that those hit nearly all must have been found.
 */
#include <check.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>

#include "ir/boxes.h"
#include "ir/eval.h"
#include "ir/space.h"
#include "ir/witness.h"
#include "tests/unit/rules.h"
#include "tests/unit/run.h"

#define NRESULTS	(IR_WITNESS_UNKNOWN + 1)

struct probes {
	const struct ir_table *t;
	struct ir_counter *count;
	struct ir_boxes	*boxes;
	struct ir_counter *quick;	/* what they count */
	uint32_t	witnesses;
	uint32_t	neighbours;
	uint32_t	inside;		/* neighbours that reach the rule as well */
	uint64_t	sum;		/* of all bytes, to tell runs apart */
};

static uint32_t prepare(struct ir_table *t)
{
	ck_assert_int_eq(ir_table_check(t, &(uint32_t){ 0 }, NULL), 0);
	return ir_table_number(t);
}

static bool is_ipv6(const struct ir_table *t)
{
	return ir_table_family(t) == AF_INET6;
}

static int parse(const struct ir_table *t, struct ir_packet *p,
		 const uint8_t *data, uint32_t len)
{
	return is_ipv6(t) ? ir_packet_parse6(p, data, len) :
	       ir_packet_parse(p, data, len);
}

static int look(void *ctx, const struct ir_probe *p)
{
	struct probes *pr = ctx;
	uint32_t index = p->rule ? p->rule->index : p->chain->index, i;
	uint64_t before = pr->count[index].packets;
	struct ir_packet again;

	ck_assert_int_eq(parse(pr->t, &again, p->data, p->len), 0);
	ck_assert_int_eq(again.kind, p->packet.kind);
	ck_assert_uint_eq(again.bytes, p->len);
	for (i = 0; i < p->len && i < 120; i++)
		pr->sum = pr->sum * 31 + p->data[i];
	ck_assert_int_eq(ir_eval(pr->t, p->hook, &p->packet, pr->count),
			 ir_boxes_eval(pr->boxes, p->hook, &p->packet,
				       pr->quick));
	if (p->witness) {
		pr->witnesses++;
		ck_assert_uint_gt(pr->count[index].packets, before);
	} else {
		pr->neighbours++;
		pr->inside += pr->count[index].packets > before;
	}
	return 0;
}

static void probes_open(struct probes *pr, const struct ir_table *table,
			uint32_t n)
{
	pr->t = table;
	pr->count = calloc(n, sizeof(*pr->count));
	pr->quick = calloc(n, sizeof(*pr->quick));
	pr->boxes = ir_boxes_new(table);
	ck_assert(pr->count && pr->quick && pr->boxes);
}

static void probes_close(struct probes *pr, uint32_t n)
{
	ck_assert_mem_eq(pr->count, pr->quick, n * sizeof(*pr->count));
	free(pr->count);
	free(pr->quick);
	ir_boxes_free(pr->boxes);
}

/* All rules; result[] by counter index. */
static void find_all(struct ir_table *t, uint64_t seed, uint32_t neighbours,
		     struct probes *pr, uint8_t *result)
{
	struct ir_witness *w = ir_witness_new(t, seed);
	struct ir_chain *c;
	uint32_t i, k;
	int res;

	ck_assert_ptr_nonnull(w);
	for (i = 0; i < ir_table_nchains(t); i++) {
		c = ir_table_chain(t, i);
		for (k = 0; k < c->nrules + (c->hook != IR_HOOK_NONE); k++) {
			res = ir_witness_find(w, c, k, neighbours, look, pr,
					      NULL);
			ck_assert_int_ge(res, 0);
			result[k < c->nrules ? c->rule[k]->index : c->index] =
				(uint8_t)res;
		}
	}
	ir_witness_free(w);
}

/* A packet of bytes near what random_packet() wanted. */
static void real_packet(const struct ir_table *t, struct ir_packet *p)
{
	static const uint8_t protos[] = { 1, 6, 6, 6, 17, 17, 132, 47, 58,
					  255 };
	static uint8_t data[IR_BUILD_MAX + UINT16_MAX];
	struct ir_recipe c = { 0 };

	random_packet(t, p);
	c.build.ipv6 = is_ipv6(t);
	memcpy(c.build.field, p->field, sizeof(c.build.field));
	if (rnd(2))
		c.build.field[IR_PROTO] = protos[rnd(10)];
	c.kind = p->kind;
	if (c.kind == IR_KIND_FRAG1 && is_ipv6(t))
		c.kind = IR_KIND_NOPROTO;
	else if (c.kind == IR_KIND_NOPROTO)
		c.kind = is_ipv6(t) ? c.kind : IR_KIND_FRAG;
	if (c.kind == IR_KIND_NOPROTO)
		c.build.field[IR_PROTO] = 0;
	if (c.kind == IR_KIND_BADOPT)
		c.build.field[IR_PROTO] = 6;
	if (c.kind == IR_KIND_SHORT || c.kind == IR_KIND_NONE)
		c.build.field[IR_PROTO] = rnd(2) ? 6 : 17;
	if (rnd(2))
		ir_recipe_options(&c.build, (const uint8_t[32]){
				  (uint8_t)rnd(64) & ~3u });
	c.build.total = rnd(3) ? 20 + rnd(220) : p->field[IR_LEN];
	c.build.noise = rnd(1000);
	c.ctstate = (const uint32_t[]){ 1, 2, 4, 8, 256 }[rnd(5)];
	memcpy(c.iif, p->iif, sizeof(c.iif));
	memcpy(c.oif, p->oif, sizeof(c.oif));
	ir_recipe_finish(&c);
	ir_recipe_packet(&c, data, p);
}

/* Every way in which a rule can be hit counts in @count. */
static void brute_force(const struct ir_table *t, struct ir_counter *count)
{
	struct ir_packet p;
	uint32_t i;

	for (i = 0; i < 6000; i++) {
		real_packet(t, &p);
		if (!p.iif[0])
			ir_packet_set_iif(&p, "eth0");
		if (!p.oif[0])
			ir_packet_set_oif(&p, "eth1");
		ir_eval(t, IR_HOOK_FORWARD, &p, count);
		ir_packet_set_oif(&p, NULL);
		ir_eval(t, IR_HOOK_INPUT, &p, count);
		ir_packet_set_oif(&p, p.iif);
		ir_packet_set_iif(&p, NULL);
		ir_eval(t, IR_HOOK_OUTPUT, &p, count);
	}
}

/* Every other time of IPv6. */
START_TEST(random_tables)
{
	const int family = _i % 2 ? AF_INET6 : AF_INET;
	uint32_t n, i, k, hit = 0, found = 0, result[NRESULTS] = { 0 };
	struct ir_counter *count;
	struct probes pr = { 0 };
	struct ir_table *t;
	uint8_t *res;

	rnd_seed((uint64_t)_i + 1);
	for (i = 0; i < 12; i++) {
		t = random_table_of(family, rnd(6), 1 + rnd(60));
		n = prepare(t);
		probes_open(&pr, t, n);
		count = calloc(n, sizeof(*count));
		res = calloc(n, 1);
		find_all(t, i, 20, &pr, res);
		brute_force(t, count);
		for (k = 0; k < n; k++) {
			result[res[k]]++;
			if (!count[k].packets && !pr.count[k].packets)
				continue;
			hit++;
			found += res[k] == IR_WITNESS_FOUND;
			ck_assert_msg(res[k] == IR_WITNESS_FOUND ||
				      res[k] == IR_WITNESS_UNKNOWN,
				      "table %u, counter %u: result %u, but hit",
				      i, k, res[k]);
		}
		probes_close(&pr, n);
		free(count);
		free(res);
		ir_table_free(t);
	}
	/* Rules of all results, and at least 99 % of those that can be hit. */
	ck_assert_msg(found * 100 >= hit * 99, "%u found of %u", found, hit);
	ck_assert_uint_gt(result[IR_WITNESS_SHADOWED], 0);
	ck_assert_uint_gt(result[IR_WITNESS_NEVER], 0);
	ck_assert_uint_gt(pr.neighbours, pr.witnesses);
	ck_assert_uint_lt(pr.inside, pr.neighbours);
}
END_TEST

/* The same seed finds the same packets, another seed others. */
START_TEST(seeds)
{
	struct probes pr[3] = { 0 };
	uint8_t res[200] = { 0 };
	struct ir_table *t;
	uint32_t i, n;

	rnd_seed(5);
	t = random_table(4, 40);
	n = prepare(t);
	ck_assert_uint_lt(n, sizeof(res));
	for (i = 0; i < 3; i++) {
		probes_open(&pr[i], t, n);
		find_all(t, i / 2, 5, &pr[i], res);
		probes_close(&pr[i], n);
	}
	ck_assert(pr[0].sum == pr[1].sum);
	ck_assert(pr[0].sum != pr[2].sum);
	ir_table_free(t);
}
END_TEST

/* --- made by hand --- */

static struct ir_table *t;
static struct ir_chain *input;

static void setup(void)
{
	t = ir_table_new(AF_INET, "filter");
	ck_assert_ptr_nonnull(t);
	input = ir_table_base(t, IR_HOOK_INPUT);
}

static void teardown(void)
{
	ir_table_free(t);
}

static int find(struct ir_chain *c, uint32_t at, const struct ir_rule **by)
{
	struct probes pr = { 0 };
	uint32_t n = prepare(t);
	struct ir_witness *w = ir_witness_new(t, 1);
	int res;

	ck_assert_ptr_nonnull(w);
	probes_open(&pr, t, n);
	res = ir_witness_find(w, c, at, 30, look, &pr, by);
	probes_close(&pr, n);
	ir_witness_free(w);
	return res;
}

static struct ir_rule *source(struct ir_chain *c, enum ir_target target,
			      uint32_t addr, uint32_t len)
{
	struct ir_rule *r = add_rule(t, c, target, NULL);

	add_prefix(t, r, IR_SADDR, addr, len);
	return r;
}

START_TEST(shadowed_by_one)
{
	const struct ir_rule *by, *first;

	source(input, IR_DROP, 0xc0a80000, 16);
	first = source(input, IR_DROP, 0x0a000000, 8);
	source(input, IR_ACCEPT, 0x0a010000, 16);
	ck_assert_int_eq(find(input, 2, &by), IR_WITNESS_SHADOWED);
	ck_assert_ptr_eq(by, first);
}
END_TEST

START_TEST(shadowed_by_two)
{
	const struct ir_rule *by;

	source(input, IR_DROP, 0x0a000000, 9);
	source(input, IR_DROP, 0x0a800000, 9);
	source(input, IR_ACCEPT, 0x0a000000, 8);
	ck_assert_int_eq(find(input, 2, &by), IR_WITNESS_SHADOWED);
	ck_assert_ptr_null(by);
}
END_TEST

/* All but one address of sixty-four is taken, each by a rule of its own. */
START_TEST(one_hole)
{
	uint32_t i;

	for (i = 0; i < 64; i++)
		if (i != 37)
			source(input, i % 2 ? IR_DROP : IR_ACCEPT,
			       0x0a000000 + i, 32);
	source(input, IR_ACCEPT, 0x0a000000, 26);
	ck_assert_int_eq(find(input, 63, NULL), IR_WITNESS_FOUND);
}
END_TEST

START_TEST(never_true)
{
	struct ir_rule *r = source(input, IR_DROP, 0x0a000000, 8);

	add_prefix(t, r, IR_SADDR, 0x0b000000, 8);
	ck_assert_int_eq(find(input, 0, NULL), IR_WITNESS_NEVER);
	/* No packet for INPUT has an output interface. */
	r = add_rule(t, input, IR_DROP, NULL);
	add_iface(t, r, IR_OIF, "eth0", false);
	ck_assert_int_eq(find(input, 1, NULL), IR_WITNESS_NEVER);
}
END_TEST

/* Only what returns from the first chain comes to the second. */
START_TEST(past_a_return)
{
	struct ir_chain *a, *b, *lost;

	ck_assert_int_eq(ir_chain_add(t, "a", &a), 0);
	ck_assert_int_eq(ir_chain_add(t, "b", &b), 0);
	ck_assert_int_eq(ir_chain_add(t, "lost", &lost), 0);
	add_rule(t, input, IR_JUMP, a);
	add_rule(t, input, IR_JUMP, b);
	source(a, IR_RETURN, 0x0a0b0c0d, 32);
	add_rule(t, a, IR_DROP, NULL);
	source(b, IR_ACCEPT, 0x0a000000, 8);
	source(b, IR_ACCEPT, 0x0b000000, 8);
	source(lost, IR_ACCEPT, 0x0b000000, 8);
	ck_assert_int_eq(find(b, 0, NULL), IR_WITNESS_FOUND);
	ck_assert_int_eq(find(b, 1, NULL), IR_WITNESS_SHADOWED);
	ck_assert_int_eq(find(lost, 0, NULL), IR_WITNESS_UNREACHABLE);
	ck_assert_int_eq(find(input, 2, NULL), IR_WITNESS_SHADOWED);
}
END_TEST

/*
 * The packets that get past the rule say nothing of those it holds for, of which
 * none is found: more ranges than a set has.
 */
START_TEST(hard_to_find)
{
	struct ir_rule *r = add_rule(t, input, IR_CONTINUE, NULL);
	struct ir_pred p = { .kind = IR_PRED_TERMS, .negate = true };
	struct ir_term term[60];
	uint32_t i;

	for (i = 0; i < 60; i++)
		term[i] = (struct ir_term){ IR_DPORT, UINT32_MAX, i * 1000,
					    i < 59 ? i * 1000 + 998 : 65535 };
	p.term = term;
	p.nterms = 60;
	ck_assert_ptr_nonnull(ir_rule_add_match(t, r, IR_NEED_PORTS));
	ck_assert_int_eq(ir_rule_add_pred(t, r, &p), 0);
	add_rule(t, input, IR_DROP, NULL);
	ck_assert_int_eq(find(input, 0, NULL), IR_WITNESS_UNKNOWN);
}
END_TEST

/* --- the same of IPv6 --- */

static void setup6(void)
{
	t = ir_table_new(AF_INET6, "filter");
	ck_assert_ptr_nonnull(t);
	input = ir_table_base(t, IR_HOOK_INPUT);
}

static struct ir_rule *proto6(enum ir_target target, uint32_t lo, uint32_t hi)
{
	struct ir_rule *r = add_rule(t, input, target, NULL);

	ck_assert_ptr_nonnull(ir_rule_add_match(t, r, IR_NEED_PROTO));
	ck_assert_int_eq(ir_rule_add_range(t, r, IR_PROTO, lo, hi, false), 0);
	return r;
}

/* All but one address of sixty-four, apart in their last words. */
START_TEST(one_hole6)
{
	uint32_t word[4] = { 0x20010db8, 0, 0xfedcba98, 0 };
	uint32_t i;

	for (i = 0; i < 64; i++) {
		word[3] = 0x76543200 + i;
		if (i != 41)
			add_prefix6(t, add_rule(t, input, IR_DROP, NULL),
				    IR_DADDR, word, 128);
	}
	add_prefix6(t, add_rule(t, input, IR_DROP, NULL), IR_DADDR, word, 122);
	ck_assert_int_eq(find(input, 63, NULL), IR_WITNESS_FOUND);
}
END_TEST

/* What has a protocol is dropped by the rule, what has none by its hotdrop. */
START_TEST(no_protocol)
{
	const struct ir_rule *by, *first = proto6(IR_DROP, 0, 255);

	add_rule(t, input, IR_ACCEPT, NULL);
	ck_assert_int_eq(find(input, 1, &by), IR_WITNESS_SHADOWED);
	ck_assert_ptr_eq(by, first);
}
END_TEST

/* Only packets without a protocol get past the first rule. */
START_TEST(only_without_protocol)
{
	struct ir_rule *r = add_rule(t, input, IR_DROP, NULL);

	ck_assert_int_eq(ir_rule_add_masked(t, r, IR_KIND, IR_KINDS_ALL,
					    1u << IR_KIND_NOPROTO, true), 0);
	add_rule(t, input, IR_ACCEPT, NULL);
	proto6(IR_ACCEPT, 0, 255);
	ck_assert_int_eq(find(input, 1, NULL), IR_WITNESS_FOUND);
	ck_assert_int_eq(find(input, 2, NULL), IR_WITNESS_SHADOWED);
}
END_TEST

/* No chain of headers ends with a routing header. */
START_TEST(never_true6)
{
	proto6(IR_DROP, 43, 44);
	proto6(IR_DROP, 43, 45);
	ck_assert_int_eq(find(input, 0, NULL), IR_WITNESS_NEVER);
	ck_assert_int_eq(find(input, 1, NULL), IR_WITNESS_FOUND);
}
END_TEST

/* What matches ask of a header: that it is there, not cut off, and values. */
static struct ir_rule *header6(enum ir_ext ext)
{
	const uint32_t bad = IR_EXT_BAD << ext, there = 1u << ext;
	struct ir_rule *r = add_rule(t, input, IR_CONTINUE, NULL);

	ck_assert_ptr_nonnull(ir_rule_add_match(t, r, IR_NEED_GUARD));
	ck_assert_int_eq(ir_rule_add_masked(t, r, IR_EXT, bad, bad, false), 0);
	ck_assert_ptr_nonnull(ir_rule_add_match(t, r, IR_NEED_NOTHING));
	ck_assert_int_eq(ir_rule_add_masked(t, r, IR_EXT, there, there, false),
			 0);
	return r;
}

static void value6(struct ir_rule *r, enum ir_field f, uint32_t mask,
		   uint32_t value, bool negate)
{
	ck_assert_int_eq(ir_rule_add_masked(t, r, f, mask, value, negate), 0);
}

START_TEST(extension_headers)
{
	struct ir_rule *r = header6(IR_EXT_FRAG);
	uint32_t i;

	value6(r, IR_FRAGID, UINT32_MAX, 12345, false);
	value6(r, IR_FRAG, 0xfff8, 0, false);
	value6(header6(IR_EXT_FRAG), IR_FRAG, 0xfff8, 0, true);
	value6(header6(IR_EXT_RT), IR_RT, 0xff00, 0x300, false);
	value6(header6(IR_EXT_RT), IR_RT, 0xff0000, 0x20000, false);
	value6(header6(IR_EXT_HOP), IR_OPTLEN, 0xff00, 0x200, false);
	value6(header6(IR_EXT_DST), IR_OPTLEN, 0x00ff, 0, true);
	value6(header6(IR_EXT_AH), IR_AHSPI, UINT32_MAX, 7, false);
	value6(header6(IR_EXT_AH), IR_AH, 0xff0000, 0x10000, true);
	r = add_rule(t, input, IR_CONTINUE, NULL);
	value6(r, IR_HEADERS, 0x1ff, 0x91, false);	/* hop, frag, proto */
	r = proto6(IR_CONTINUE, 50, 50);
	ck_assert_ptr_nonnull(ir_rule_add_match(t, r, IR_NEED_ESP));
	value6(r, IR_ESPSPI, UINT32_MAX, 99, false);
	r = proto6(IR_CONTINUE, 135, 135);
	ck_assert_ptr_nonnull(ir_rule_add_match(t, r, IR_NEED_MH));
	value6(r, IR_ICMP, 0xff00, 0x500, false);
	for (i = 0; i < input->nrules; i++)
		ck_assert_msg(find(input, i, NULL) == IR_WITNESS_FOUND,
			      "rule %u", i + 1);
	value6(header6(IR_EXT_AH), IR_EXT, 1u << IR_EXT_AH, 0, false);
	ck_assert_int_eq(find(input, i, NULL), IR_WITNESS_NEVER);
}
END_TEST

static Suite *suite(void)
{
	Suite *s = suite_create("witness");
	TCase *tc = tcase_create("random");

	tcase_set_timeout(tc, 120);
	tcase_add_loop_test(tc, random_tables, 0, 12);
	tcase_add_test(tc, seeds);
	suite_add_tcase(s, tc);
	tc = tcase_create("by hand");
	tcase_add_checked_fixture(tc, setup, teardown);
	tcase_add_test(tc, shadowed_by_one);
	tcase_add_test(tc, shadowed_by_two);
	tcase_add_test(tc, one_hole);
	tcase_add_test(tc, never_true);
	tcase_add_test(tc, past_a_return);
	tcase_add_test(tc, hard_to_find);
	suite_add_tcase(s, tc);
	tc = tcase_create("IPv6 by hand");
	tcase_add_checked_fixture(tc, setup6, teardown);
	tcase_add_test(tc, one_hole6);
	tcase_add_test(tc, no_protocol);
	tcase_add_test(tc, only_without_protocol);
	tcase_add_test(tc, never_true6);
	tcase_add_test(tc, extension_headers);
	suite_add_tcase(s, tc);
	return s;
}

int main(void)
{
	return test_run(suite(), true);
}
