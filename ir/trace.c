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
	struct ir_tracer	*tr;
	const struct ir_goal	*goal;
	const struct ir_packet	*p;
	struct ir_block		*block;
	struct ir_spot		spot;
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

static enum end walk_chain(const struct walk *w, const struct ir_chain *c,
			   const struct place *pl)
{
	const struct ir_box *box = ir_boxes_chain(w->tr->boxes, c);
	enum end e = GO_ON;
	uint32_t i;

	for (i = 0; i < c->nrules && e == GO_ON; i++)
		if (ir_box_has(&box[i], &w->spot))
			e = visit(w, c, i, pl);
		else if (c->rule[i] == w->goal->rule)
			e = BLOCKED;	/* it will not hold later either */
	w->tr->work += i;
	return e == GO_ON ? RETURNED : e;
}

bool ir_trace(struct ir_tracer *tr, const struct ir_goal *goal,
	      const struct ir_packet *p, struct ir_block *blk)
{
	const struct ir_chain *base = ir_table_base(tr->t, goal->hook);
	const struct walk w = {
		.tr = tr, .goal = goal, .p = p, .block = blk,
		.spot = ir_spot_of(p),
	};
	enum end e;

	blk->n = 0;
	blk->hotdrop = -1;
	if (!base)
		return false;
	e = walk_chain(&w, base, &(struct place){ 0 });
	return e == REACHED || (e == RETURNED && !goal->rule);
}
