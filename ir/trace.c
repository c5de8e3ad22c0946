/* SPDX-License-Identifier: GPL-2.0-or-later */
/* ir/trace.c - the walk towards a rule */
#include "ir/trace.h"

#include <stdlib.h>

#include "ir/boxes.h"
#include "ir/eval.h"

struct ir_tracer {
	const struct ir_table *t;
	struct ir_boxes	*boxes;
	uint64_t	work;
};

enum end {
	GO_ON,
	REACHED,
	BLOCKED,		/* it cannot get there any more */
	RETURNED,
};

struct walk {
	const struct ir_goal	*goal;
	const struct ir_packet	*p;
	struct ir_block		*block;
	struct ir_scan		scan;
	uint32_t		at;	/* of the goal in its chain */
};

/* Where a chain was come to. */
struct place {
	uint32_t	way;		/* how far on the way this is ... */
	bool		aside;		/* ... or it has left it */
	uint32_t	depth;		/* in block->at */
};

struct ir_tracer *ir_tracer_new(const struct ir_table *t)
{
	struct ir_tracer *tr = calloc(1, sizeof(*tr));

	if (!tr)
		return NULL;
	tr->t = t;
	tr->boxes = ir_boxes_new(t);
	if (!tr->boxes) {
		free(tr);
		return NULL;
	}
	return tr;
}

void ir_tracer_free(struct ir_tracer *tr)
{
	if (!tr)
		return;
	ir_boxes_free(tr->boxes);
	free(tr);
}

uint64_t ir_tracer_work(const struct ir_tracer *tr)
{
	return tr->work;
}

/* Whether @r holds; *hotdrop is the match that dropped the packet, or -1. */
static bool rule_holds(struct walk *w, const struct ir_rule *r,
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
static void put(struct walk *w, const struct ir_chain *c, uint32_t at,
		const struct place *pl)
{
	if (pl->depth >= IR_TRACE_DEPTH)
		return;
	w->block->at[pl->depth].chain = c;
	w->block->at[pl->depth].at = at;
	w->block->at[pl->depth].aside = pl->aside;
}

/* The last rule that was put ended the walk. */
static enum end block(struct walk *w, const struct place *pl,
		      int32_t hotdrop)
{
	w->block->n = pl->depth < IR_TRACE_DEPTH ? pl->depth + 1 : 0;
	w->block->hotdrop = hotdrop;
	return BLOCKED;
}

static enum end walk_chain(struct walk *w, const struct ir_chain *c,
			   const struct place *pl);

/* A jump or goto that holds. */
static enum end enter(struct walk *w, const struct ir_rule *r,
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
static enum end follow(struct walk *w, const struct ir_rule *r,
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

static enum end visit(struct walk *w, const struct ir_chain *c,
		      uint32_t at, const struct place *pl)
{
	const struct ir_rule *r = c->rule[at];
	int32_t hotdrop;

	if (!rule_holds(w, r, &hotdrop)) {
		if (r == w->goal->rule)
			return BLOCKED;
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

/*
 * Where the goal is passed over it does not hold, and will not later either, should
 * the walk come here again.
 */
static enum end walk_chain(struct walk *w, const struct ir_chain *c,
			   const struct place *pl)
{
	uint32_t at = c == w->goal->chain ? w->at : UINT32_MAX, i;
	enum end e;

	for (i = ir_scan_next(&w->scan, c, 0); i < c->nrules && i <= at;
	     i = ir_scan_next(&w->scan, c, i + 1)) {
		e = visit(w, c, i, pl);
		if (e != GO_ON)
			return e;
	}
	return at == UINT32_MAX ? RETURNED : BLOCKED;
}

/* UINT32_MAX for a policy: nothing is passed over. */
static uint32_t position(const struct ir_goal *goal)
{
	return goal->rule ? goal->rule->index - goal->chain->rule[0]->index :
	       UINT32_MAX;
}

bool ir_trace(struct ir_tracer *tr, const struct ir_goal *goal,
	      const struct ir_packet *p, struct ir_block *blk)
{
	const struct ir_chain *base = ir_table_base(tr->t, goal->hook);
	struct walk w = {
		.goal = goal, .p = p, .block = blk, .at = position(goal),
	};
	enum end e;

	blk->n = 0;
	blk->hotdrop = -1;
	if (!base)
		return false;
	ir_scan_start(&w.scan, tr->boxes, p);
	e = walk_chain(&w, base, &(struct place){ 0 });
	tr->work += w.scan.work;
	return e == REACHED || (e == RETURNED && !goal->rule);
}
