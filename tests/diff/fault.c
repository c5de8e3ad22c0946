/* SPDX-License-Identifier: GPL-2.0-or-later */
/* tests/diff/fault.c - a table made wrong in one place */
#include "tests/diff/fault.h"

#include <string.h>

/* Makes one rule wrong; false where it has nothing of the kind. */
typedef bool (*spoil_fn)(struct ir_chain *c, uint32_t at);

static struct ir_term *find_term(struct ir_rule *r,
				 bool (*fits)(const struct ir_term *t))
{
	struct ir_pred *pred;
	uint32_t m, p, i;

	for (m = 0; m < r->nmatches; m++)
		for (p = 0; p < r->match[m].npreds; p++) {
			pred = &r->match[m].pred[p];
			if (pred->kind != IR_PRED_TERMS)
				continue;
			for (i = 0; i < pred->nterms; i++)
				if (fits(&pred->term[i]))
					return &pred->term[i];
		}
	return NULL;
}

static bool is_port(const struct ir_term *t)
{
	return t->field == IR_SPORT || t->field == IR_DPORT;
}

static bool is_range(const struct ir_term *t)
{
	return t->lo < t->hi && t->hi < ir_field_max(t->field);
}

static bool is_swappable(const struct ir_term *t)
{
	return is_port(t) && t->lo == t->hi && (t->lo >> 8) != (t->lo & 0xff);
}

static bool is_masked(const struct ir_term *t)
{
	return ir_field_max(t->field) == UINT32_MAX && t->field != IR_LEN &&
	       t->lo == t->hi && t->mask;
}

static bool is_proto(const struct ir_term *t)
{
	return t->field == IR_PROTO && t->lo == t->hi && t->lo < 255;
}

static bool is_state(const struct ir_term *t)
{
	return t->field == IR_CTSTATE;
}

static bool spoil_upper(struct ir_chain *c, uint32_t at)
{
	struct ir_term *t = find_term(c->rule[at], is_range);

	if (t)
		t->hi++;
	return t;
}

static bool spoil_lower(struct ir_chain *c, uint32_t at)
{
	struct ir_term *t = find_term(c->rule[at], is_range);

	if (t)
		t->lo++;
	return t;
}

static bool spoil_swap(struct ir_chain *c, uint32_t at)
{
	struct ir_term *t = find_term(c->rule[at], is_swappable);

	if (t)
		t->lo = t->hi = (t->lo >> 8 | t->lo << 8) & 0xffff;
	return t;
}

/* One bit less of an address is looked at. */
static bool widen(struct ir_term *t)
{
	if (!t)
		return false;
	t->mask &= t->mask - 1;
	t->lo = t->hi = t->lo & t->mask;
	return true;
}

static bool spoil_mask(struct ir_chain *c, uint32_t at)
{
	return widen(find_term(c->rule[at], is_masked));
}

/* The same of one word of an address. */
static bool spoil_word(struct ir_chain *c, uint32_t at, enum ir_field word)
{
	struct ir_rule *r = c->rule[at];
	struct ir_pred *pred;
	uint32_t m, p;

	for (m = 0; m < r->nmatches; m++)
		for (p = 0; p < r->match[m].npreds; p++) {
			pred = &r->match[m].pred[p];
			if (pred->kind == IR_PRED_TERMS && pred->nterms == 1 &&
			    pred->term->field == word && is_masked(pred->term))
				return widen(pred->term);
		}
	return false;
}

static bool spoil_proto(struct ir_chain *c, uint32_t at)
{
	struct ir_term *t = find_term(c->rule[at], is_proto);

	if (t)
		t->lo = ++t->hi;
	return t;
}

static bool spoil_state(struct ir_chain *c, uint32_t at)
{
	struct ir_term *t = find_term(c->rule[at], is_state);

	if (t)
		t->mask ^= 2;		/* ESTABLISHED */
	return t;
}

static bool spoil_negate(struct ir_chain *c, uint32_t at)
{
	struct ir_rule *r = c->rule[at];
	uint32_t m, p;

	for (m = 0; m < r->nmatches; m++)
		for (p = 0; p < r->match[m].npreds; p++)
			if (r->match[m].pred[p].negate) {
				r->match[m].pred[p].negate = false;
				return true;
			}
	return false;
}

static bool spoil_iface(struct ir_chain *c, uint32_t at)
{
	struct ir_rule *r = c->rule[at];
	struct ir_pred *pred;
	uint32_t m, p;

	for (m = 0; m < r->nmatches; m++)
		for (p = 0; p < r->match[m].npreds; p++) {
			pred = &r->match[m].pred[p];
			if (pred->kind != IR_PRED_IFACE || pred->iface.len < 3)
				continue;
			pred->iface.len -= 2;
			return true;
		}
	return false;
}

static bool spoil_target(struct ir_chain *c, uint32_t at)
{
	struct ir_rule *r = c->rule[at];

	if (r->target != IR_ACCEPT && r->target != IR_DROP)
		return false;
	r->target = r->target == IR_ACCEPT ? IR_DROP : IR_ACCEPT;
	return true;
}

static bool spoil_return(struct ir_chain *c, uint32_t at)
{
	if (c->rule[at]->target != IR_RETURN)
		return false;
	c->rule[at]->target = IR_CONTINUE;
	return true;
}

static bool spoil_jump(struct ir_chain *c, uint32_t at)
{
	struct ir_rule *r = c->rule[at];

	if (r->target != IR_JUMP && r->target != IR_GOTO)
		return false;
	r->target = r->target == IR_JUMP ? IR_GOTO : IR_JUMP;
	return true;
}

static bool spoil_order(struct ir_chain *c, uint32_t at)
{
	struct ir_rule *r = c->rule[at];

	if (at + 1 >= c->nrules || r->target == c->rule[at + 1]->target)
		return false;
	c->rule[at] = c->rule[at + 1];
	c->rule[at + 1] = r;
	return true;
}

/* Truncated headers no longer matter to the rule. */
static bool spoil_hotdrop(struct ir_chain *c, uint32_t at)
{
	struct ir_rule *r = c->rule[at];
	uint32_t m;
	bool any = false;

	for (m = 0; m < r->nmatches; m++) {
		any |= r->match[m].need != IR_NEED_NOTHING;
		r->match[m].need = IR_NEED_NOTHING;
	}
	return any;
}

/* The same of packets in which no protocol is found. */
static bool spoil_noproto(struct ir_chain *c, uint32_t at)
{
	struct ir_rule *r = c->rule[at];
	uint32_t m;

	for (m = 0; m < r->nmatches; m++)
		if (r->match[m].need == IR_NEED_PROTO) {
			r->match[m].need = IR_NEED_NOTHING;
			return true;
		}
	return false;
}

/* Nothing of the table; the caller loses the counter. */
static bool spoil_count(struct ir_chain *c, uint32_t at)
{
	(void)c;
	(void)at;
	return true;
}

static const struct {
	const char	*name;
	spoil_fn	spoil;
} faults[] = {
	{ "range", spoil_upper },
	{ "lower", spoil_lower },
	{ "swap", spoil_swap },
	{ "negate", spoil_negate },
	{ "mask", spoil_mask },
	{ "proto", spoil_proto },
	{ "iface", spoil_iface },
	{ "target", spoil_target },
	{ "return", spoil_return },
	{ "jump", spoil_jump },
	{ "order", spoil_order },
	{ "hotdrop", spoil_hotdrop },
	{ "count", spoil_count },
	{ "state", spoil_state },
	{ "noproto", spoil_noproto },
};

/* And one for each word of an address. */
static const enum ir_field words[] = {
	IR_SADDR, IR_SADDR1, IR_SADDR2, IR_SADDR3, IR_DADDR, IR_DADDR1,
	IR_DADDR2, IR_DADDR3,
};

#define NFAULTS		(int)(sizeof(faults) / sizeof(*faults))
#define NALL		(NFAULTS + (int)(sizeof(words) / sizeof(*words)))

const char *fault_name(int fault)
{
	if (fault < 0 || fault >= NALL)
		return NULL;
	return fault < NFAULTS ? faults[fault].name :
	       ir_field_name(words[fault - NFAULTS]);
}

bool fault_is_ipv6(int fault)
{
	return fault < NFAULTS ? faults[fault].spoil == spoil_noproto :
	       words[fault - NFAULTS] >= IR_NFIELDS4;
}

int fault_find(const char *name)
{
	int i;

	for (i = 0; i < NALL; i++)
		if (!strcmp(fault_name(i), name))
			return i;
	return FAULT_NONE;
}

static bool spoil(int fault, struct ir_chain *c, uint32_t at)
{
	return fault < NFAULTS ? faults[fault].spoil(c, at) :
	       spoil_word(c, at, words[fault - NFAULTS]);
}

int fault_plant(struct ir_table *t, int fault, uint32_t *nth, uint32_t *lost)
{
	struct ir_chain *c;
	uint32_t i, k, rule = 0;

	*lost = UINT32_MAX;
	for (i = 0; i < ir_table_nchains(t); i++) {
		c = ir_table_chain(t, i);
		for (k = 0; k < c->nrules; k++, rule++) {
			if (rule < *nth || !spoil(fault, c, k))
				continue;
			if (fault < NFAULTS && faults[fault].spoil == spoil_count)
				*lost = c->rule[k]->index;
			ir_table_number(t);
			*nth = rule;
			return 1;
		}
	}
	return 0;
}
