/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * ir/boxes.c - ranges that tell most rules off
 *
 * They are used for packets with a whole transport header, which no match drops
 * on the spot but for an IR_NEED_GUARD: a rule that is out of its box, made of
 * the matches before such a one, has no effect at all.
 */
#include "ir/boxes.h"

#include <stdlib.h>

#include "ir/eval.h"
#include "ir/set.h"

static const enum ir_field sides[IR_BOX_SIDES] = {
	IR_SADDR, IR_DADDR, IR_DPORT, IR_SPORT,
};

struct ir_boxes {
	const struct ir_table *t;
	struct ir_box	**chain;	/* by chain number, then rule */
};

static void box_cut(struct ir_box *b, const struct ir_pred *pred)
{
	struct ir_set set;
	uint32_t i, k;

	if (pred->kind != IR_PRED_TERMS || pred->negate || !pred->nterms)
		return;
	for (i = 0; i < IR_BOX_SIDES; i++)
		if (pred->term[0].field == sides[i])
			break;
	for (k = 1; k < pred->nterms; k++)
		if (pred->term[k].field != pred->term[0].field)
			return;
	if (i == IR_BOX_SIDES)
		return;
	ir_set_terms(&set, sides[i], pred->term, pred->nterms);
	if (!set.exact || !set.n)
		return;
	if (set.r[0].lo > b->lo[i]) {
		k = set.r[0].lo - b->lo[i];
		b->span[i] = k < b->span[i] ? b->span[i] - k : 0;
		b->lo[i] = set.r[0].lo;
	}
	k = set.r[set.n - 1].hi - b->lo[i];
	if (set.r[set.n - 1].hi >= b->lo[i] && k < b->span[i])
		b->span[i] = k;
}

static void box_make(struct ir_box *b, const struct ir_rule *r)
{
	uint32_t i, k;

	for (i = 0; i < IR_BOX_SIDES; i++) {
		b->lo[i] = 0;
		b->span[i] = UINT32_MAX;
	}
	for (i = 0; i < r->nmatches && r->match[i].need != IR_NEED_GUARD; i++)
		for (k = 0; k < r->match[i].npreds; k++)
			box_cut(b, &r->match[i].pred[k]);
}

struct ir_boxes *ir_boxes_new(const struct ir_table *t)
{
	uint32_t n = ir_table_nchains(t), i, k;
	struct ir_boxes *b = calloc(1, sizeof(*b));
	const struct ir_chain *c;

	if (!b)
		return NULL;
	b->t = t;
	b->chain = calloc(n + 1, sizeof(*b->chain));
	for (i = 0; b->chain && i < n; i++) {
		c = ir_table_chain(t, i);
		b->chain[i] = calloc((size_t)c->nrules + 1,
				     sizeof(*b->chain[i]));
		if (!b->chain[i])
			break;
		for (k = 0; k < c->nrules; k++)
			box_make(&b->chain[i][k], c->rule[k]);
	}
	if (!b->chain || i < n) {
		ir_boxes_free(b);
		return NULL;
	}
	return b;
}

void ir_boxes_free(struct ir_boxes *b)
{
	uint32_t i;

	if (!b)
		return;
	for (i = 0; b->chain && i < ir_table_nchains(b->t); i++)
		free(b->chain[i]);
	free(b->chain);
	free(b);
}

const struct ir_box *ir_boxes_chain(const struct ir_boxes *b,
				    const struct ir_chain *c)
{
	return b->chain[c->number];
}

struct ir_spot ir_spot_of(const struct ir_packet *p)
{
	struct ir_spot s = { .used = p->kind == IR_KIND_WHOLE };
	uint32_t i;

	for (i = 0; i < IR_BOX_SIDES; i++)
		s.value[i] = p->field[sides[i]];
	return s;
}

struct walk {
	const struct ir_boxes	*b;
	const struct ir_packet	*p;
	struct ir_spot		spot;
	struct ir_counter	*count;
};

static void count(const struct walk *w, uint32_t index)
{
	if (!w->count)
		return;
	w->count[index].packets++;
	w->count[index].bytes += w->p->bytes;
}

static bool rule_holds(const struct walk *w, const struct ir_rule *r,
		       bool *hotdrop)
{
	uint32_t i;

	for (i = 0; i < r->nmatches; i++)
		if (!ir_eval_match(&r->match[i], w->p, hotdrop))
			return false;
	return true;
}

/* A verdict, or IR_RETURN at the end of the chain. */
static enum ir_target walk_chain(const struct walk *w, const struct ir_chain *c)
{
	const struct ir_box *box = w->b->chain[c->number];
	const struct ir_rule *r;
	enum ir_target verdict;
	bool hotdrop = false;
	uint32_t i;

	for (i = 0; i < c->nrules; i++) {
		if (!ir_box_has(&box[i], &w->spot))
			continue;
		r = c->rule[i];
		if (!rule_holds(w, r, &hotdrop)) {
			if (hotdrop)
				return IR_DROP;
			continue;
		}
		count(w, r->index);
		if (r->target == IR_GOTO)
			return walk_chain(w, r->to);
		if (r->target == IR_JUMP) {
			verdict = walk_chain(w, r->to);
			if (verdict != IR_RETURN)
				return verdict;
		} else if (r->target != IR_CONTINUE) {
			return r->target == IR_EXTENSION ? IR_DROP : r->target;
		}
	}
	return IR_RETURN;
}

enum ir_target ir_boxes_eval(const struct ir_boxes *b, enum ir_hook hook,
			     const struct ir_packet *p,
			     struct ir_counter *counters)
{
	const struct ir_chain *base = ir_table_base(b->t, hook);
	const struct walk w = {
		.b = b, .p = p, .spot = ir_spot_of(p), .count = counters,
	};
	enum ir_target verdict;

	if (!base)
		return IR_ACCEPT;
	verdict = walk_chain(&w, base);
	if (verdict != IR_RETURN)
		return verdict;
	count(&w, base->index);
	return base->policy;
}
