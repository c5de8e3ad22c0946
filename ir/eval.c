/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * ir/eval.c - the sequential walk
 *
 * Follows ipt_do_table() step by step.  A match that needs a transport header
 * that is not there either does not hold or sets hotdrop, which ends the walk
 * with a drop before anything of this rule is counted.  RETURN (or the end of
 * a user chain) goes back to the rule after the jump; with nothing to go back
 * to it goes to the policy.  A goto leaves no trace to come back to.
 *
 * The jump stack is C's own: ir_table_check() has refused loops, so it is at
 * most as deep as there are chains.
 */
#include "ir/eval.h"

#include <string.h>

struct walk {
	const struct ir_packet	*p;
	struct ir_counter	*count;
	ir_next_fn		*next;
	void			*ctx;
};

static bool term_holds(const struct ir_term *t, const struct ir_packet *p)
{
	uint32_t v = p->field[t->field] & t->mask;

	return v >= t->lo && v <= t->hi;
}

static bool any_term(const struct ir_pred *pred, const struct ir_packet *p)
{
	uint32_t i;

	for (i = 0; i < pred->nterms; i++)
		if (term_holds(&pred->term[i], p))
			return true;
	return false;
}

static bool pred_holds(const struct ir_pred *pred, const struct ir_packet *p)
{
	bool holds = false;

	switch (pred->kind) {
	case IR_PRED_TERMS:
		holds = any_term(pred, p);
		break;
	case IR_PRED_IFACE:
		holds = !memcmp(pred->iface.field == IR_IIF ? p->iif : p->oif,
				pred->iface.name, pred->iface.len);
		break;
	case IR_PRED_TCPOPT:
		holds = p->tcpopt[pred->tcpopt / 8] >> pred->tcpopt % 8 & 1;
		break;
	}
	return holds != pred->negate;
}

bool ir_eval_match(const struct ir_match *m, const struct ir_packet *p,
		   bool *hotdrop)
{
	enum ir_outcome out = ir_need_outcome(m->need, p->kind);
	uint32_t i;

	if (out == IR_OUT_HOTDROP)
		*hotdrop = true;
	if (out != IR_OUT_TEST)
		return false;
	if (m->need == IR_NEED_GUARD) {
		*hotdrop = pred_holds(m->pred, p);
		return !*hotdrop;
	}
	for (i = 0; i < m->npreds; i++)
		if (!pred_holds(&m->pred[i], p))
			return false;
	return true;
}

bool ir_eval_rule(const struct ir_rule *r, const struct ir_packet *p,
		  bool *hotdrop)
{
	uint32_t i;

	for (i = 0; i < r->nmatches; i++)
		if (!ir_eval_match(&r->match[i], p, hotdrop))
			return false;
	return true;
}

static void count(const struct walk *w, uint32_t index)
{
	if (!w->count)
		return;
	w->count[index].packets++;
	w->count[index].bytes += w->p->bytes;
}

/* Walks @chain; IR_RETURN when it ends without a verdict. */
static enum ir_target walk_chain(const struct walk *w,
				 const struct ir_chain *chain)
{
	enum ir_target verdict;
	const struct ir_rule *r;
	bool hotdrop = false;
	uint32_t i;

	for (i = w->next(w->ctx, chain, 0); i < chain->nrules;
	     i = w->next(w->ctx, chain, i + 1)) {
		r = chain->rule[i];
		if (!ir_eval_rule(r, w->p, &hotdrop)) {
			if (hotdrop)
				return IR_DROP;
			continue;
		}
		count(w, r->index);
		switch (r->target) {
		case IR_CONTINUE:
			continue;
		case IR_JUMP:
			verdict = walk_chain(w, r->to);
			if (verdict != IR_RETURN)
				return verdict;
			continue;
		case IR_GOTO:
			return walk_chain(w, r->to);
		case IR_ACCEPT:
		case IR_RETURN:
			return r->target;
		case IR_DROP:
		case IR_EXTENSION:
			return IR_DROP;
		}
	}
	return IR_RETURN;
}

enum ir_target ir_eval_some(const struct ir_table *t, enum ir_hook hook,
			    const struct ir_packet *p,
			    struct ir_counter *counters, ir_next_fn *next,
			    void *ctx)
{
	const struct ir_chain *base = ir_table_base(t, hook);
	const struct walk w = {
		.p = p, .count = counters, .next = next, .ctx = ctx,
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

/* One rule after the other. */
static uint32_t every(void *ctx, const struct ir_chain *c, uint32_t at)
{
	(void)ctx;
	(void)c;
	return at;
}

enum ir_target ir_eval(const struct ir_table *t, enum ir_hook hook,
		       const struct ir_packet *p, struct ir_counter *counters)
{
	return ir_eval_some(t, hook, p, counters, every, NULL);
}
