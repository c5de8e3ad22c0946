/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * ir/set.c - sets of values of one field
 *
 * A mask of leading bits is a range.  What other masks leave of a small field is
 * found by trying each value; of an address it is left to whoever draws a value
 * (ir/space.c).
 */
#include "ir/set.h"

#include <netinet/in.h>
#include <linux/netfilter/xt_conntrack.h>
#include <string.h>

/* The only values that IR_CTSTATE has. */
static const uint32_t states[] = {
	XT_CONNTRACK_STATE_INVALID,
	XT_CONNTRACK_STATE_BIT(IP_CT_ESTABLISHED),
	XT_CONNTRACK_STATE_BIT(IP_CT_RELATED),
	XT_CONNTRACK_STATE_BIT(IP_CT_NEW),
	XT_CONNTRACK_STATE_UNTRACKED,
};

/* Of a chain of IPv6 headers these are never the last. */
static const uint8_t extensions[] = {
	IPPROTO_ROUTING, IPPROTO_FRAGMENT, IPPROTO_AH, IPPROTO_DSTOPTS,
};

#define NSTATES		(sizeof(states) / sizeof(*states))
#define MAX_LENGTH	65535

static uint32_t field_max(enum ir_field f)
{
	return f == IR_LEN ? MAX_LENGTH : ir_field_max(f);
}

/* Adds a range, joining those it touches. */
static void add(struct ir_set *s, uint32_t lo, uint32_t hi)
{
	uint32_t i = 0, k;

	while (i < s->n && s->r[i].hi < lo && s->r[i].hi + 1 != lo)
		i++;
	for (k = i; k < s->n && (s->r[k].lo <= hi || s->r[k].lo == hi + 1);
	     k++) {
		lo = s->r[k].lo < lo ? s->r[k].lo : lo;
		hi = s->r[k].hi > hi ? s->r[k].hi : hi;
	}
	if (k == i && s->n == IR_SET_MAX) {
		s->exact = false;
		return;
	}
	memmove(&s->r[i + 1], &s->r[k], (s->n - k) * sizeof(s->r[0]));
	s->n = s->n - (k - i) + 1;
	s->r[i] = (struct ir_range){ lo, hi };
}

/* Those of both families. */
static void set_any(struct ir_set *s, enum ir_field field)
{
	uint32_t i;

	s->n = 0;
	s->exact = true;
	switch (field) {
	case IR_CTSTATE:
		for (i = 0; i < NSTATES; i++)
			add(s, states[i], states[i]);
		break;
	case IR_KIND:
		for (i = 0; i < IR_NKINDS; i++)
			add(s, 1u << i, 1u << i);
		break;
	case IR_IIF:
	case IR_OIF:
	case IR_TCPOPT:
		add(s, 0, 0);
		break;
	default:
		add(s, 0, field_max(field));
		break;
	}
}

static void set_range(struct ir_set *s, uint32_t lo, uint32_t hi)
{
	s->n = 1;
	s->exact = true;
	s->r[0] = (struct ir_range){ lo, hi };
}

static void cut_value(struct ir_set *s, uint32_t v)
{
	struct ir_set with;

	set_range(&with, v, v);
	ir_set_cut(s, &with, false);
}

void ir_set_all(struct ir_set *s, bool ipv6, enum ir_field field)
{
	uint32_t i;

	set_any(s, field);
	if (!ipv6 && field >= IR_NFIELDS4)
		ir_set_cut_range(s, 0, 0);
	if (field == IR_KIND)
		cut_value(s, 1u << (ipv6 ? IR_KIND_FRAG1 : IR_KIND_NOPROTO));
	for (i = 0; ipv6 && field == IR_PROTO && i < sizeof(extensions); i++)
		cut_value(s, extensions[i]);
}

const struct ir_range *ir_set_find(const struct ir_set *s, uint32_t value)
{
	uint32_t i;

	for (i = 0; i < s->n; i++)
		if (value >= s->r[i].lo && value <= s->r[i].hi)
			return &s->r[i];
	return NULL;
}

bool ir_set_has(const struct ir_set *s, uint32_t value)
{
	return ir_set_find(s, value) != NULL;
}

static bool holds(const struct ir_term *t, uint32_t v)
{
	v &= t->mask;
	return v >= t->lo && v <= t->hi;
}

static void try_values(struct ir_set *s, const struct ir_term *t)
{
	struct ir_set all;
	uint32_t i, v;

	set_any(&all, t->field);
	for (i = 0; i < all.n; i++)
		for (v = all.r[i].lo; v <= all.r[i].hi; v++)
			if (holds(t, v))
				add(s, v, v);
}

/* A mask of leading bits, @rest being the others. */
static void add_prefix(struct ir_set *s, const struct ir_term *t,
		       uint32_t mask, uint32_t rest)
{
	uint64_t lo = ((uint64_t)t->lo + rest) & ~(uint64_t)rest;
	uint32_t hi = t->hi < (mask | rest) ? t->hi : mask | rest;

	hi &= mask;
	if (lo <= hi)
		add(s, (uint32_t)lo, hi | rest);
}

static void add_term(struct ir_set *s, const struct ir_term *t)
{
	uint32_t max = field_max(t->field), mask = t->mask & max;
	uint32_t rest = max & ~mask;

	if (t->field == IR_CTSTATE || t->field == IR_KIND)
		try_values(s, t);
	else if (!(rest & (rest + 1)))
		add_prefix(s, t, mask, rest);
	else if (max <= MAX_LENGTH)
		try_values(s, t);
	else
		s->exact = false;
}

void ir_set_terms(struct ir_set *s, enum ir_field field,
		  const struct ir_term *term, uint32_t n)
{
	uint32_t i;

	s->n = 0;
	s->exact = true;
	for (i = 0; i < n; i++)
		if (term[i].field == field)
			add_term(s, &term[i]);
}

/* Adds what @s has between @lo and @hi to @out. */
static void add_part(struct ir_set *out, const struct ir_set *s, uint32_t lo,
		     uint32_t hi)
{
	uint32_t i, a, b;

	for (i = 0; i < s->n; i++) {
		a = s->r[i].lo > lo ? s->r[i].lo : lo;
		b = s->r[i].hi < hi ? s->r[i].hi : hi;
		if (a <= b)
			add(out, a, b);
	}
}

void ir_set_cut(struct ir_set *s, const struct ir_set *with, bool inside)
{
	struct ir_set out;
	uint32_t i, from = 0;
	bool end = false;

	out.n = 0;
	out.exact = s->exact && with->exact;
	for (i = 0; i < with->n; i++) {
		if (inside)
			add_part(&out, s, with->r[i].lo, with->r[i].hi);
		else if (with->r[i].lo > from)
			add_part(&out, s, from, with->r[i].lo - 1);
		from = with->r[i].hi + 1;
		end = with->r[i].hi == UINT32_MAX;
	}
	if (!inside && !end)
		add_part(&out, s, from, UINT32_MAX);
	ir_set_copy(s, &out);
}

void ir_set_cut_range(struct ir_set *s, uint32_t lo, uint32_t hi)
{
	struct ir_set with;

	set_range(&with, lo, hi);
	ir_set_cut(s, &with, true);
}

uint32_t ir_set_draw(const struct ir_set *s, struct rng *r)
{
	const struct ir_range *x = &s->r[rng_below(r, s->n)];
	uint32_t how = rng_below(r, 4);

	return how == 0 ? x->lo : how == 1 ? x->hi :
	       rng_range(r, x->lo, x->hi);
}
