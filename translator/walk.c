/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * translator/walk.c - what the programs of the backends do, in C
 *
 * A packet has a place (segment, k): the first rule with id >= k that holds
 * comes next.  A jump puts the place behind it on a stack; what is below all
 * jumps is the policy.
 */
#include "translator/walk.h"

#include <stdlib.h>
#include <string.h>

static bool test_holds(const struct tr_layout *l, const struct tr_test *t,
		       const uint8_t *at, const uint32_t *field)
{
	uint32_t v = field[t->field], value, mask;
	uint64_t value64, mask64;
	uint16_t lo, more;

	switch (t->kind) {
	case TR_TEST_MASKED32:
		memcpy(&value, at, 4);
		memcpy(&mask, at + 4, 4);
		return (v & mask) == value;
	case TR_TEST_MASKED64:
		memcpy(&value64, at, 8);
		memcpy(&mask64, at + 8, 8);
		return (tr_half(field, tr_half_of(t->field, l->pair)) &
			mask64) == value64;
	case TR_TEST_RANGE16:
		memcpy(&lo, at, 2);
		memcpy(&more, at + 2, 2);
		return v - lo <= more;
	case TR_TEST_MASKED8:
		return (v & at[1]) == at[0];
	case TR_TEST_KIND16:
		memcpy(&lo, at, 2);
		memcpy(&more, at + 2, 2);
		return ((v | field[IR_KIND] << 8) & more) == lo;
	case TR_TEST_BITS16:
		memcpy(&lo, at, 2);
		return v & lo;
	}
	return false;
}

static bool extra_holds(const uint32_t *word, uint32_t offset,
			const uint32_t *field)
{
	const struct tr_term *t = (const void *)(word + offset / 4);
	bool any = false;
	uint32_t v;

	for (;; t++) {
		v = field[t->op & TR_TERM_FIELD] & t->mask;
		any |= v >= t->lo && v <= t->hi;
		if (!(t->op & TR_TERM_LAST))
			continue;
		if (any == !!(t->op & TR_TERM_NEGATE))
			return false;
		if (t->op & TR_TERM_END)
			return true;
		any = false;
	}
}

static bool record_holds(const uint32_t *word, uint32_t offset,
			 const struct tr_layout *l, const uint32_t *field)
{
	const uint32_t *rec = word + offset / 4;
	int i;

	for (i = 0; i < l->ntests; i++)
		if (!test_holds(l, &l->test[i],
				(const uint8_t *)rec + l->test[i].offset, field))
			return false;
	return !l->extra || !rec[l->extra / 4] ||
	       extra_holds(word, rec[l->extra / 4], field);
}

/* Down the tree: the offset of the leaf, 0 when it is empty. */
static uint32_t find_leaf(const uint32_t *word, uint32_t ref,
			  const uint32_t *field, struct tr_visits *v)
{
	const uint32_t *node;
	uint32_t k, i, child, x;

	while ((ref & TR_REF_MASK) >= TR_NODE8) {
		node = word + (ref & ~TR_REF_MASK) / 4;
		k = (ref & TR_REF_MASK) == TR_NODE8 ? 7 : 3;
		x = field[node[0]];
		for (i = 0, child = 0; i < k; i++)
			child += x > node[1 + i];
		ref = node[1 + k + child];
		v->nodes++;
	}
	return (ref & TR_REF_MASK) == TR_LEAF ? ref & ~TR_REF_MASK : 0;
}

/* What the key of the packet gives in a group. */
static uint32_t hash(const struct tr_group *g, const uint32_t *field)
{
	uint64_t key = tr_half(field, (enum tr_half)g->half[0]) & g->mask[0];

	if (g->mask[1])
		key += (tr_half(field, (enum tr_half)g->half[1]) & g->mask[1]) *
		       TR_KEY_MUL;
	return (uint32_t)(key * g->mul >> g->shift);
}

uint32_t tr_find(const uint32_t *word, uint32_t groups,
		 const struct tr_layout *l, const uint32_t *field, uint32_t k,
		 struct tr_visits *v)
{
	const struct tr_group *g = (const void *)(word + groups / 4);
	uint32_t best = UINT32_MAX, found = 0, at, id, h;
	const struct tr_slot *slot;
	struct tr_visits none = { 0 };

	v = v ? v : &none;
	v->lookups++;
	for (; g->min0 < best; g++) {
		v->groups++;
		if (g->max0 >> TR_ID_SHIFT < k)
			continue;
		h = hash(g, field);
		slot = (const void *)(word + g->slots / 4);
		slot += h >> TR_TAG_BITS;
		if (slot->min0 >= best ||
		    !(slot->min0 >> (h & TR_TAG_MASK) & 1))
			continue;
		v->slots++;
		at = find_leaf(word, slot->ref, field, v);
		for (; at; at += l->size) {
			v->records++;
			id = word[at / 4] >> TR_ID_SHIFT;
			if (id << TR_ID_SHIFT >= best)
				break;
			if (id >= k && record_holds(word, at, l, field)) {
				best = id << TR_ID_SHIFT;
				found = at;
				break;
			}
			if (word[at / 4] & TR_LAST)
				break;
		}
	}
	return found;
}

void tr_fields_fill(const struct tr_classifier *c, const struct ir_packet *p,
		    uint32_t field[IR_NFIELDS])
{
	char name[IR_IFNAMSIZ + 1] = { 0 };
	uint32_t i;

	memcpy(field, p->field, IR_NFIELDS * sizeof(*field));
	memcpy(name, p->iif, IR_IFNAMSIZ);
	field[IR_IIF] = tr_iface_class(c, name);
	memcpy(name, p->oif, IR_IFNAMSIZ);
	field[IR_OIF] = tr_iface_class(c, name);
	field[IR_KIND] = 1u << p->kind;
	field[IR_TCPOPT] = 0;
	for (i = 0; i < c->ntcpopts; i++)
		if (p->tcpopt[c->tcpopt[i] / 8] >> c->tcpopt[i] % 8 & 1)
			field[IR_TCPOPT] |= 1u << i;
}

/* A packet on its way. */
struct walk {
	const struct tr_classifier *c;
	uint32_t	field[IR_NFIELDS];
	uint32_t	variant;
	uint32_t	bytes;
	struct ir_counter *count;
	struct tr_visits *visits;
};

struct place {
	uint32_t	segment;
	uint32_t	k;
};

/* The record that comes next at @at: a rule's or the segment's end. */
static const uint32_t *next_record(const struct walk *w, const struct place *at)
{
	const struct tr_segment *s;
	uint32_t offset;

	s = (const void *)(w->c->word + at->segment / 4);
	s += w->variant;
	offset = tr_find(w->c->word, s->groups, &w->c->layout, w->field, at->k,
			 w->visits);
	return w->c->word + (offset ? offset : s->end) / 4;
}

static void count(const struct walk *w, uint32_t word0)
{
	struct ir_counter *c;

	if (!w->count || word0 & TR_UNCOUNTED)
		return;
	c = &w->count[word0 >> TR_ID_SHIFT];
	c->packets++;
	c->bytes += w->bytes;
}

/* @stack has the policy at its bottom and room for all jumps. */
static enum ir_target follow(const struct walk *w, struct place at,
			     struct place *stack)
{
	const struct tr_layout *l = &w->c->layout;
	const uint32_t *rec;
	uint32_t top = 1;

	for (;;) {
		rec = next_record(w, &at);
		count(w, *rec);
		switch (*rec & TR_ACTION_MASK) {
		case TR_CONTINUE:
			at.k = (*rec >> TR_ID_SHIFT) + 1;
			break;
		case TR_ACCEPT:
			return IR_ACCEPT;
		case TR_RETURN:
			at = stack[--top];
			break;
		case TR_JUMP:
			at.k = (*rec >> TR_ID_SHIFT) + 1;
			stack[top++] = at;
			at = (struct place){ rec[l->target / 4], 0 };
			break;
		case TR_GOTO:
			at = (struct place){ rec[l->target / 4], 0 };
			break;
		default:
			return IR_DROP;
		}
	}
}

enum ir_target tr_walk_visits(const struct tr_classifier *c, enum ir_hook hook,
			      const struct ir_packet *p,
			      struct ir_counter *counters, struct tr_visits *v)
{
	const struct tr_hook *h = &c->hook[hook];
	enum ir_target verdict;
	struct place *stack;
	struct walk w;

	if (!h->present)
		return IR_ACCEPT;
	stack = calloc(c->depth + 1, sizeof(*stack));
	if (!stack)
		return IR_DROP;
	w.c = c;
	w.variant = p->kind != IR_KIND_WHOLE;
	w.bytes = p->bytes;
	w.count = counters;
	w.visits = v;
	tr_fields_fill(c, p, w.field);
	stack[0].segment = h->policy;
	verdict = follow(&w, (struct place){ h->segment, 0 }, stack);
	free(stack);
	return verdict;
}

enum ir_target tr_walk(const struct tr_classifier *c, enum ir_hook hook,
		       const struct ir_packet *p, struct ir_counter *counters)
{
	return tr_walk_visits(c, hook, p, counters, NULL);
}
