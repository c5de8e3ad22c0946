/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * frontend/match/address.c - addresses, of one word or of four
 *
 * All predicates of a match hold, and a predicate holds when one of its terms
 * does.  So that each condition on several words is written as an "and" of
 * "or"s:
 *
 *	x >= a	for each word k: x[0] > a[0] or .. or x[k-1] > a[k-1]
 *		or x[k] >= a[k]
 *
 * If x < a, the clause of the first word that differs does not hold; if x > a,
 * this word makes its own clause and all behind it hold, and those before are
 * held by their last terms.  x <= b is the same turned round, and "x < a or
 * x > b" has one clause for each pair of clauses of the two.
 */
#include "frontend/match.h"

#include <arpa/inet.h>
#include <string.h>

#define WORDS		4
#define CLAUSE_MAX	(2 * WORDS)

/* An "or" of ranges; none: it never holds. */
struct clause {
	struct ir_term	term[CLAUSE_MAX];
	uint32_t	n;
	bool		always;
};

static uint32_t words(const struct fe_into *in)
{
	return fe_family_get(ir_table_family(in->table))->words;
}

static enum ir_field word_field(enum ir_field field, uint32_t i)
{
	if (!i)
		return field;
	return (field == IR_SADDR ? IR_SADDR1 : IR_DADDR1) + i - 1;
}

static uint32_t word(const struct in6_addr *addr, uint32_t i)
{
	return ntohl(addr->s6_addr32[i]);
}

/* lo > hi, which no value is in between, is allowed. */
static void add(struct clause *c, enum ir_field field, uint32_t mask,
		uint64_t lo, uint64_t hi)
{
	if (lo > hi)
		return;
	if (!lo && hi >= mask)
		c->always = true;
	c->term[c->n++] = (struct ir_term){
		.field = field, .mask = mask,
		.lo = (uint32_t)lo, .hi = (uint32_t)hi,
	};
}

static int put(const struct fe_into *in, struct clause *c)
{
	const struct ir_pred pred = {
		.kind = IR_PRED_TERMS, .term = c->term, .nterms = c->n,
	};

	if (c->always)
		return 0;
	return ir_rule_add_pred(in->table, in->rule, &pred);
}

/* Some word of it differs, in those bits. */
static int differs(const struct fe_into *in, enum ir_field field,
		   const struct in6_addr *addr, const struct in6_addr *mask)
{
	struct clause c = { .n = 0 };
	uint32_t i, m, v;

	for (i = 0; i < words(in); i++) {
		m = word(mask, i);
		v = word(addr, i) & m;
		if (v)
			add(&c, word_field(field, i), m, 0, (uint64_t)v - 1);
		if (v < m)
			add(&c, word_field(field, i), m, (uint64_t)v + 1, m);
	}
	return put(in, &c);
}

/*
 * IPv4 compares the masked address with all bits of the other one, IPv6 only
 * under the mask (ip_packet_match(), ipv6_masked_addr_cmp()).
 */
static int masked4(const struct fe_into *in, enum ir_field field,
		   const struct in6_addr *addr, const struct in6_addr *mask,
		   bool negate)
{
	if (!word(mask, 0) && !word(addr, 0) && !negate)
		return 0;
	return ir_rule_add_masked(in->table, in->rule, field, word(mask, 0),
				  word(addr, 0), negate);
}

int fe_match_addr(const struct fe_into *in, enum ir_field field,
		  const struct in6_addr *addr, const struct in6_addr *mask,
		  bool negate)
{
	uint32_t i, m;
	int err = 0;

	if (words(in) == 1)
		return masked4(in, field, addr, mask, negate);
	if (negate)
		return differs(in, field, addr, mask);
	for (i = 0; !err && i < words(in); i++) {
		m = word(mask, i);
		if (m)
			err = ir_rule_add_masked(in->table, in->rule,
						 word_field(field, i), m,
						 word(addr, i) & m, false);
	}
	return err;
}

/* Clause @k of "the address >= @a": of its words from @from on. */
static void at_least(struct clause *c, enum ir_field field, const uint32_t *a,
		     uint32_t from, uint32_t k)
{
	uint32_t i;

	for (i = from; i <= k; i++)
		add(c, word_field(field, i), UINT32_MAX,
		    (uint64_t)a[i] + (i < k), UINT32_MAX);
}

/* Of "the address <= @b". */
static void at_most(struct clause *c, enum ir_field field, const uint32_t *b,
		    uint32_t from, uint32_t k)
{
	uint32_t i;

	for (i = from; i <= k; i++)
		if (i == k || b[i])
			add(c, word_field(field, i), UINT32_MAX, 0,
			    b[i] - (i < k));
}

static int inside(const struct fe_into *in, enum ir_field field,
		  const uint32_t *a, const uint32_t *b)
{
	struct clause lower, upper;
	uint32_t i, k;
	int err = 0;

	/* the words they have in common, and the first that differs */
	for (i = 0; !err && i < WORDS; i++) {
		err = fe_match_range(in, word_field(field, i), a[i], b[i],
				     false);
		if (a[i] != b[i])
			break;
	}
	for (k = i + 1; !err && k < WORDS; k++) {
		lower = (struct clause){ .n = 0 };
		upper = (struct clause){ .n = 0 };
		at_least(&lower, field, a, i, k);
		at_most(&upper, field, b, i, k);
		err = put(in, &lower);
		if (!err)
			err = put(in, &upper);
	}
	return err;
}

/* One less, or (@step 1) one more; false where there is none. */
static bool neighbour(uint32_t *v, uint32_t step)
{
	uint32_t i = WORDS;

	while (i--) {
		v[i] += step;
		if (v[i] != (step == 1 ? 0 : UINT32_MAX))
			return true;
	}
	return false;
}

static int outside(const struct fe_into *in, enum ir_field field, uint32_t *a,
		   uint32_t *b)
{
	bool below = neighbour(a, UINT32_MAX), above = neighbour(b, 1);
	struct clause c;
	uint32_t i, k;
	int err = 0;

	for (i = 0; !err && i < (below ? WORDS : 1); i++) {
		for (k = 0; !err && k < (above ? WORDS : 1); k++) {
			c = (struct clause){ .n = 0 };
			if (below)
				at_most(&c, field, a, 0, i);
			if (above)
				at_least(&c, field, b, 0, k);
			err = put(in, &c);
		}
	}
	return err;
}

static bool reversed(const uint32_t *a, const uint32_t *b)
{
	uint32_t i;

	for (i = 0; i < WORDS; i++)
		if (a[i] != b[i])
			return a[i] > b[i];
	return false;
}

int fe_match_addr_range(const struct fe_into *in, enum ir_field field,
			const struct in6_addr *min, const struct in6_addr *max,
			bool negate)
{
	uint32_t a[WORDS], b[WORDS], i;

	if (words(in) == 1)
		return fe_match_range(in, field, word(min, 0), word(max, 0),
				      negate);
	for (i = 0; i < WORDS; i++) {
		a[i] = word(min, i);
		b[i] = word(max, i);
	}
	if (reversed(a, b))
		return negate ? 0 : fe_match_never(in);
	return negate ? outside(in, field, a, b) : inside(in, field, a, b);
}
