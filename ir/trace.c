/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * ir/trace.c - the walk towards a rule
 *
 * A rule that can only hold for some addresses and ports has these as a box, and
 * the boxes of a chain lie in a row: most rules cost a few comparisons.  Boxes
 * are used for packets with a whole transport header, which no match drops on
 * the spot.
 */
#include "ir/trace.h"

#include <stdlib.h>
#include <string.h>

#include "ir/eval.h"
#include "ir/set.h"

#define NSIDES	4

static const enum ir_field sides[NSIDES] = {
	IR_SADDR, IR_DADDR, IR_DPORT, IR_SPORT,
};

struct box {
	uint32_t	lo[NSIDES];
	uint32_t	span[NSIDES];	/* hi - lo */
};

struct ir_tracer {
	const struct ir_table *t;
	struct box	**chain;	/* by chain number, then rule */
	uint64_t	work;
};

enum end {
	GO_ON,
	REACHED,
	BLOCKED,		/* it cannot get there any more */
	RETURNED,
};

struct walk {
	struct ir_tracer	*tr;
	const struct ir_goal	*goal;
	const struct ir_packet	*p;
	struct ir_block		*block;
	uint32_t		value[NSIDES];
	bool			boxes;
};

/* Where a chain was come to. */
struct place {
	uint32_t	way;		/* how far on the way this is ... */
	bool		aside;		/* ... or it has left it */
	uint32_t	depth;		/* in block->at */
};

static void box_cut(struct box *b, const struct ir_pred *pred)
{
	struct ir_set set;
	uint32_t i, k;

	if (pred->kind != IR_PRED_TERMS || pred->negate || !pred->nterms)
		return;
	for (i = 0; i < NSIDES; i++)
		if (pred->term[0].field == sides[i])
			break;
	for (k = 1; k < pred->nterms; k++)
		if (pred->term[k].field != pred->term[0].field)
			return;
	if (i == NSIDES)
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

static void box_make(struct box *b, const struct ir_rule *r)
{
	uint32_t i, k;

	for (i = 0; i < NSIDES; i++) {
		b->lo[i] = 0;
		b->span[i] = UINT32_MAX;
	}
	for (i = 0; i < r->nmatches; i++)
		for (k = 0; k < r->match[i].npreds; k++)
			box_cut(b, &r->match[i].pred[k]);
}

struct ir_tracer *ir_tracer_new(const struct ir_table *t)
{
	uint32_t n = ir_table_nchains(t), i, k;
	struct ir_tracer *tr = calloc(1, sizeof(*tr));
	const struct ir_chain *c;

	if (!tr)
		return NULL;
	tr->t = t;
	tr->chain = calloc(n + 1, sizeof(*tr->chain));
	for (i = 0; tr->chain && i < n; i++) {
		c = ir_table_chain(t, i);
		tr->chain[i] = calloc((size_t)c->nrules + 1,
				      sizeof(*tr->chain[i]));
		if (!tr->chain[i])
			break;
		for (k = 0; k < c->nrules; k++)
			box_make(&tr->chain[i][k], c->rule[k]);
	}
	if (!tr->chain || i < n) {
		ir_tracer_free(tr);
		return NULL;
	}
	return tr;
}

void ir_tracer_free(struct ir_tracer *tr)
{
	uint32_t i;

	if (!tr)
		return;
	for (i = 0; tr->chain && i < ir_table_nchains(tr->t); i++)
		free(tr->chain[i]);
	free(tr->chain);
	free(tr);
}

uint64_t ir_tracer_work(const struct ir_tracer *tr)
{
	return tr->work;
}

static bool in_box(const struct walk *w, const struct box *b)
{
	uint32_t i;

	for (i = 0; i < NSIDES; i++)
		if (w->value[i] - b->lo[i] > b->span[i])
			return false;
	return true;
}

/* Whether @r holds; *hotdrop is the match that dropped the packet, or -1. */
static bool rule_holds(const struct walk *w, const struct ir_rule *r,
		       int32_t *hotdrop)
{
	bool drop = false;
	uint32_t i;

	*hotdrop = -1;
	for (i = 0; i < r->nmatches; i++) {
		if (ir_eval_match(&r->match[i], w->p, &drop))
			continue;
		if (drop)
			*hotdrop = (int32_t)i;
		return false;
	}
	return true;
}

/* The rule at @at holds, or ends the walk. */
static void put(const struct walk *w, const struct ir_chain *c, uint32_t at,
		const struct place *pl)
{
	if (pl->depth >= IR_TRACE_DEPTH)
		return;
	w->block->at[pl->depth].chain = c;
	w->block->at[pl->depth].at = at;
	w->block->at[pl->depth].aside = pl->aside;
}

/* The last rule that was put ended the walk. */
static enum end block(const struct walk *w, const struct place *pl,
		      int32_t hotdrop)
{
	w->block->n = pl->depth < IR_TRACE_DEPTH ? pl->depth + 1 : 0;
	w->block->hotdrop = hotdrop;
	return BLOCKED;
}

static enum end walk_chain(const struct walk *w, const struct ir_chain *c,
			   const struct place *pl);

/* A jump or goto that holds. */
static enum end enter(const struct walk *w, const struct ir_rule *r,
		      const struct place *pl)
{
	bool next = !pl->aside && pl->way < w->goal->nway &&
		    w->goal->way[pl->way] == r;
	const struct place to = {
		.way = pl->way + next, .aside = !next,
		.depth = pl->depth + 1,
	};
	enum end e = walk_chain(w, r->to, &to);

	if (e != RETURNED)
		return e;
	if (next)
		return BLOCKED;		/* the goal was there, and does not hold */
	if (r->target == IR_JUMP)
		return GO_ON;
	return pl->aside || !w->goal->rule ? RETURNED : block(w, pl, -1);
}

/* A rule that holds and is not the goal. */
static enum end follow(const struct walk *w, const struct ir_rule *r,
		       const struct place *pl)
{
	switch (r->target) {
	case IR_CONTINUE:
		return GO_ON;
	case IR_RETURN:
		return pl->aside || !w->goal->rule ? RETURNED :
		       block(w, pl, -1);
	case IR_JUMP:
	case IR_GOTO:
		return enter(w, r, pl);
	default:
		return block(w, pl, -1);
	}
}

static enum end visit(const struct walk *w, const struct ir_chain *c,
		      uint32_t at, const struct place *pl)
{
	const struct ir_rule *r = c->rule[at];
	int32_t hotdrop;

	if (!rule_holds(w, r, &hotdrop)) {
		if (hotdrop < 0)
			return GO_ON;
		put(w, c, at, pl);
		return block(w, pl, hotdrop);
	}
	if (r == w->goal->rule)
		return REACHED;
	put(w, c, at, pl);
	return follow(w, r, pl);
}

static enum end walk_chain(const struct walk *w, const struct ir_chain *c,
			   const struct place *pl)
{
	const struct box *box = w->tr->chain[c->number];
	enum end e = GO_ON;
	uint32_t i;

	for (i = 0; i < c->nrules && e == GO_ON; i++)
		if (!w->boxes || in_box(w, &box[i]))
			e = visit(w, c, i, pl);
	w->tr->work += i;
	return e == GO_ON ? RETURNED : e;
}

bool ir_trace(struct ir_tracer *tr, const struct ir_goal *goal,
	      const struct ir_packet *p, struct ir_block *blk)
{
	const struct ir_chain *base = ir_table_base(tr->t, goal->hook);
	struct walk w = {
		.tr = tr, .goal = goal, .p = p, .block = blk,
		.boxes = p->kind == IR_KIND_WHOLE,
	};
	enum end e;
	uint32_t i;

	blk->n = 0;
	blk->hotdrop = -1;
	if (!base)
		return false;
	for (i = 0; i < NSIDES; i++)
		w.value[i] = p->field[sides[i]];
	e = walk_chain(&w, base, &(struct place){ 0 });
	return e == REACHED || (e == RETURNED && !goal->rule);
}
