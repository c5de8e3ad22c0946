/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * ir/neighbour.c - one field of a packet moved over a boundary of a rule
 *
 * Four sorts: below what a predicate allows, above it, the lowest and the
 * highest that it allows.  What is no number has other values instead.
 */
#include "ir/neighbour.h"

#include <netinet/in.h>
#include <string.h>

enum sort { BELOW, ABOVE, LOWEST, HIGHEST, NSORTS };

static bool needs_header(const struct ir_rule *rule)
{
	uint32_t i;

	for (i = 0; i < rule->nmatches; i++)
		if (rule->match[i].need != IR_NEED_NOTHING)
			return true;
	return false;
}

static uint32_t count_preds(const struct ir_rule *rule)
{
	uint32_t i, n = 0;

	for (i = 0; i < rule->nmatches; i++)
		n += rule->match[i].npreds;
	return n;
}

uint32_t ir_neighbours(const struct ir_rule *rule)
{
	return NSORTS * (count_preds(rule) + needs_header(rule));
}

static uint32_t value_of(const struct ir_recipe *c, enum ir_field f)
{
	switch (f) {
	case IR_KIND:
		return 1u << c->kind;
	case IR_CTSTATE:
		return c->ctstate;
	case IR_LEN:
		return c->build.total;
	default:
		return c->build.field[f];
	}
}

static void set_value(struct ir_recipe *c, enum ir_field f, uint32_t v)
{
	enum ir_kind k;

	switch (f) {
	case IR_KIND:
		for (k = 0; k < IR_NKINDS; k++)
			if (v == 1u << k)
				c->kind = k;
		break;
	case IR_CTSTATE:
		c->ctstate = v;
		break;
	case IR_LEN:
		c->build.total = v;
		break;
	default:
		c->build.field[f] = v;
		break;
	}
}

/* Kinds and states are no numbers: any other, inside or not. */
static bool move_bit(const struct ir_set *inside, enum ir_field f,
		     enum sort sort, struct rng *r, struct ir_recipe *c)
{
	struct ir_set set;

	ir_set_all(&set, c->build.ipv6, f);
	ir_set_cut(&set, inside, sort == LOWEST || sort == HIGHEST);
	if (!set.n)
		return false;
	set_value(c, f, set.r[rng_below(r, set.n)].lo);
	return true;
}

/* Another protocol with the same ports tells whether it is looked at. */
static bool move_proto(const struct ir_set *inside, enum sort sort,
		       struct ir_recipe *c)
{
	uint32_t *proto = &c->build.field[IR_PROTO], other;

	if (sort != BELOW || (*proto != IPPROTO_TCP && *proto != IPPROTO_UDP))
		return false;
	other = *proto == IPPROTO_TCP ? IPPROTO_UDP : IPPROTO_TCP;
	if (ir_set_has(inside, other))
		return false;
	*proto = other;
	return true;
}

static bool move_number(const struct ir_set *inside, enum ir_field f,
			enum sort sort, struct ir_recipe *c)
{
	const struct ir_range *x = ir_set_find(inside, value_of(c, f));
	uint32_t max = f == IR_LEN ? 65535 : ir_field_max(f);

	if (!x)
		return false;
	if (sort == BELOW && !x->lo)
		sort = ABOVE;
	if (sort == ABOVE && x->hi >= max)
		return false;
	set_value(c, f, sort == BELOW ? x->lo - 1 : sort == ABOVE ? x->hi + 1 :
		  sort == LOWEST ? x->lo : x->hi);
	return true;
}

/* An address under a mask that is no prefix: one bit of it. */
static bool move_masked(const struct ir_term *t, enum sort sort,
			struct ir_recipe *c)
{
	uint32_t mask = sort == LOWEST || sort == HIGHEST ? ~t->mask : t->mask;
	uint32_t low = mask & -mask;

	if (!mask)
		return false;
	if (sort == ABOVE || sort == HIGHEST)
		while (mask & (mask - 1))
			mask &= mask - 1;
	else
		mask = low;
	set_value(c, t->field, value_of(c, t->field) ^ mask);
	return true;
}

/* The term that makes @pred hold, or else any. */
static const struct ir_term *pick_term(const struct ir_pred *pred,
				       const struct ir_recipe *c,
				       struct rng *r)
{
	const struct ir_term *t;
	uint32_t i, v;

	for (i = 0; i < pred->nterms; i++) {
		t = &pred->term[i];
		v = value_of(c, t->field) & t->mask;
		if (v >= t->lo && v <= t->hi)
			return t;
	}
	return pred->nterms ? &pred->term[rng_below(r, pred->nterms)] : NULL;
}

static bool move_terms(const struct ir_pred *pred, enum sort sort,
		       struct rng *r, struct ir_recipe *c)
{
	const struct ir_term *t = pick_term(pred, c, r);
	struct ir_set inside, with;

	if (!t || t->field >= IR_NFIELDS)
		return false;
	ir_set_terms(&with, t->field, pred->term, pred->nterms);
	if (!with.exact)
		return move_masked(t, sort, c);
	ir_set_all(&inside, c->build.ipv6, t->field);
	ir_set_cut(&inside, &with, !pred->negate);
	if (t->field == IR_KIND || t->field == IR_CTSTATE)
		return move_bit(&inside, t->field, sort, r, c);
	if (t->field == IR_PROTO && move_proto(&inside, sort, c))
		return true;
	return move_number(&inside, t->field, sort, c);
}

/* The name itself, one letter changed, one more, or one less. */
static bool move_iface(const struct ir_iface *p, enum ir_hook hook,
		       enum sort sort, struct rng *r, struct ir_recipe *c)
{
	char *name = p->field == IR_IIF ? c->iif : c->oif;
	size_t len;

	if (!name[0] || hook >= IR_NHOOKS)
		return false;
	len = strnlen(p->name, p->len < IR_IFNAMSIZ ? p->len : IR_IFNAMSIZ - 1);
	if (len) {
		memset(name, 0, IR_IFNAMSIZ);
		memcpy(name, p->name, len);
	}
	len = strlen(name);
	switch (sort) {
	case BELOW:
		name[len - 1] = (char)(name[len - 1] ^ 1);
		break;
	case ABOVE:
		if (len + 1 < IR_IFNAMSIZ)
			name[len] = "0aZ~"[rng_below(r, 4)];
		break;
	case LOWEST:
		break;
	default:
		if (len > 1)
			name[len - 1] = '\0';
		break;
	}
	return name[0];
}

static bool move_option(uint8_t opt, enum sort sort, struct ir_recipe *c)
{
	uint8_t opts[32] = { 0 };
	struct ir_packet p;
	uint8_t data[IR_BUILD_MAX];

	if (sort != BELOW || !ir_recipe_has(c, IR_TCPOPT))
		return false;
	ir_recipe_packet(c, data, &p);
	memcpy(opts, p.tcpopt, sizeof(opts));
	opts[opt / 8] ^= (uint8_t)(1u << opt % 8);
	return ir_recipe_options(&c->build, opts);
}

/* What happens to packets whose header is not all there. */
static bool move_kind(enum sort sort, struct rng *r, struct ir_recipe *c)
{
	static const enum ir_kind kinds[NSORTS] = {
		IR_KIND_FRAG, IR_KIND_SHORT, IR_KIND_FRAG1, IR_KIND_BADOPT,
	};
	uint32_t proto = c->build.field[IR_PROTO];

	c->kind = kinds[sort];
	if (c->build.ipv6 && c->kind == IR_KIND_FRAG1) {
		c->kind = IR_KIND_NOPROTO;
		c->build.field[IR_PROTO] = 0;
		return true;
	}
	if ((c->kind == IR_KIND_SHORT && proto != IPPROTO_TCP &&
	     proto != IPPROTO_UDP) || (sort == ABOVE && rng_one_in(r, 2)))
		c->kind = IR_KIND_NONE;
	return c->kind != IR_KIND_BADOPT || proto == IPPROTO_TCP;
}

static const struct ir_pred *find_pred(const struct ir_rule *rule, uint32_t n)
{
	uint32_t i;

	for (i = 0; i < rule->nmatches; i++) {
		if (n < rule->match[i].npreds)
			return &rule->match[i].pred[n];
		n -= rule->match[i].npreds;
	}
	return NULL;
}

bool ir_neighbour(const struct ir_rule *rule, enum ir_hook hook, uint32_t n,
		  const struct ir_recipe *from, struct rng *r,
		  struct ir_recipe *out)
{
	uint32_t per = ir_neighbours(rule) / NSORTS;
	const struct ir_pred *pred;
	enum sort sort;
	bool ok = false;

	if (!per)
		return false;
	*out = *from;
	sort = (enum sort)(n / per % NSORTS);
	pred = find_pred(rule, (n + rule->index) % per);
	if (!pred)
		ok = move_kind(sort, r, out);
	else if (pred->kind == IR_PRED_TERMS)
		ok = move_terms(pred, sort, r, out);
	else if (pred->kind == IR_PRED_IFACE)
		ok = move_iface(&pred->iface, hook, sort, r, out);
	else
		ok = move_option(pred->tcpopt, sort, out);
	ir_recipe_finish(out);
	return ok && memcmp(out, from, sizeof(*out));
}

/* --- between two rules --- */

/* Whether @rule asks no more of a field than that it may be @v. */
static bool allows(const struct ir_rule *rule, enum ir_field f, uint32_t v)
{
	const struct ir_pred *pred;
	uint32_t i, k, n = rule ? count_preds(rule) : 0;
	bool any;

	for (i = 0; i < n; i++) {
		pred = find_pred(rule, i);
		if (pred->kind != IR_PRED_TERMS)
			continue;
		any = false;
		for (k = 0; k < pred->nterms; k++)
			any |= pred->term[k].field != f ||
			       ((v & pred->term[k].mask) >= pred->term[k].lo &&
				(v & pred->term[k].mask) <= pred->term[k].hi);
		if (pred->nterms && pred->term->field == f &&
		    any == pred->negate)
			return false;
	}
	return true;
}

/* A value for which @t holds: one of its ends, or any. */
static uint32_t value_in(const struct ir_term *t, struct rng *r)
{
	const uint32_t max = ir_field_max(t->field), rest = ~t->mask & max;
	const uint32_t hi = t->hi < max ? t->hi : max;

	switch (rng_below(r, 4)) {
	case 0:
		return t->lo;
	case 1:
		return hi | rest;
	default:
		return rng_range(r, t->lo, hi) | (rng_u32(r) & rest);
	}
}

/* Fields that are numbers in any packet; which headers it has stays as it is. */
static bool can_mix(const struct ir_recipe *c, enum ir_field f, uint32_t v)
{
	struct ir_set all;

	if (f == IR_KIND || f == IR_CTSTATE || f >= IR_EXT)
		return false;
	if (f != IR_PROTO || !c->build.ipv6)
		return true;
	ir_set_all(&all, true, f);
	return c->kind != IR_KIND_NOPROTO && v && ir_set_has(&all, v);
}

/* Words of one address have one bit, so that all are taken or none. */
static uint32_t bit_of(enum ir_field f)
{
	if (f >= IR_SADDR1 && f <= IR_SADDR3)
		f = IR_SADDR;
	else if (f >= IR_DADDR1 && f <= IR_DADDR3)
		f = IR_DADDR;
	return 1u << f;
}

void ir_neighbour_cut(struct rng *r, struct ir_recipe *c)
{
	const struct ir_recipe old = *c;

	if (!move_kind((enum sort)rng_below(r, NSORTS), r, c))
		*c = old;
}

void ir_neighbour_mix(const struct ir_rule *rule, const struct ir_rule *other,
		      struct rng *r, struct ir_recipe *c)
{
	const uint32_t take = rng_u32(r) | rng_u32(r);
	const bool stay = !rng_one_in(r, 8);
	uint32_t i, v, n = count_preds(other);
	const struct ir_pred *pred;
	const struct ir_term *t;

	for (i = 0; i < n; i++) {
		pred = find_pred(other, i);
		if (pred->kind != IR_PRED_TERMS || pred->negate ||
		    !pred->nterms)
			continue;
		t = &pred->term[rng_below(r, pred->nterms)];
		if (!(take & bit_of(t->field)))
			continue;
		v = value_in(t, r);
		if (can_mix(c, t->field, v) &&
		    (!stay || allows(rule, t->field, v)))
			set_value(c, t->field, v);
	}
}
