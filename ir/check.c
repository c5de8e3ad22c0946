/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * ir/check.c - what iptables leaves to the kernel: loops; how far a packet goes
 *
 * A depth-first walk over the chains with a stack of its own, since a ruleset
 * may nest as deep as it has chains.  As in mark_source_chains()
 * (net/ipv4/netfilter/ip_tables.c) only what a hook can reach is looked at, and
 * nothing behind a rule without any match that ends the chain.
 */
#include "ir/ruleset.h"

#include <errno.h>
#include <stdlib.h>

enum color { WHITE, GREY, BLACK };

struct frame {
	const struct ir_chain	*chain;
	uint32_t		next;
};

struct search {
	struct frame	*stack;
	uint32_t	top;
	uint8_t		*color;		/* by chain number */
	uint32_t	*depth;		/* frames pushed below the chain */
	uint32_t	*counts;	/* rules in it and below that do not judge */
};

static bool ends_chain(const struct ir_rule *r)
{
	return r->always && (r->target == IR_ACCEPT || r->target == IR_DROP ||
			     r->target == IR_RETURN);
}

static void push(struct search *s, const struct ir_chain *c)
{
	s->color[c->number] = GREY;
	s->stack[s->top].chain = c;
	s->stack[s->top++].next = 0;
}

static void reach(struct search *s, const struct ir_chain *from,
		  const struct ir_rule *r)
{
	uint32_t d = s->depth[r->to->number] + (r->target == IR_JUMP);

	if (d > s->depth[from->number])
		s->depth[from->number] = d;
}

/* Every rule may match, and a chain is as long each time it is entered. */
static void count(struct search *s, const struct ir_chain *in,
		  const struct ir_rule *r)
{
	uint32_t *sum = &s->counts[in->number];

	if (r->target == IR_ACCEPT || r->target == IR_DROP)
		return;
	*sum += 1 + (r->to ? s->counts[r->to->number] : 0);
	if (*sum > IR_COUNTS_MANY)
		*sum = IR_COUNTS_MANY;
}

/* Goes on in the chain on top; the rule that closes a loop, or NULL. */
static const struct ir_rule *step(struct search *s)
{
	struct frame *f = &s->stack[s->top - 1];
	const struct ir_rule *r;

	if (f->next >= f->chain->nrules) {
		s->color[f->chain->number] = BLACK;
		s->top--;
		return NULL;
	}
	r = f->chain->rule[f->next];
	if (r->to && s->color[r->to->number] == GREY)
		return r;
	if (r->to && s->color[r->to->number] == WHITE) {
		push(s, r->to);		/* @r is looked at again afterwards */
		return NULL;
	}
	if (r->to)
		reach(s, f->chain, r);
	count(s, f->chain, r);
	f->next = ends_chain(r) ? f->chain->nrules : f->next + 1;
	return NULL;
}

static int search_from(struct search *s, const struct ir_chain *base,
		       struct diag *diag)
{
	const struct ir_rule *r;

	push(s, base);
	while (s->top) {
		r = step(s);
		if (!r)
			continue;
		diag_error(diag, &r->loc,
			   "chain '%s' reaches itself through chain '%s'",
			   r->to->name, s->stack[s->top - 1].chain->name);
		return -ELOOP;
	}
	return 0;
}

static uint32_t larger(uint32_t a, uint32_t b)
{
	return a > b ? a : b;
}

int ir_table_measure(struct ir_table *t, struct ir_extent *e,
		     struct diag *diag)
{
	uint32_t i, n = ir_table_nchains(t);
	struct search s = {
		.stack = calloc(n + 1, sizeof(*s.stack)),
		.color = calloc(n + 1, 1),
		.depth = calloc(n + 1, sizeof(*s.depth)),
		.counts = calloc(n + 1, sizeof(*s.counts)),
	};
	int err = -ENOMEM;

	*e = (struct ir_extent){ 0, 0 };
	if (!s.stack || !s.color || !s.depth || !s.counts)
		goto out;
	ir_table_number(t);
	for (i = 0; i < n; i++) {
		const struct ir_chain *c = ir_table_chain(t, i);

		if (c->hook == IR_HOOK_NONE)
			continue;
		err = search_from(&s, c, diag);
		if (err)
			goto out;
		e->depth = larger(e->depth, s.depth[i]);
		/* And the rule that judges, or the policy. */
		e->counts = larger(e->counts, s.counts[i] + 1);
	}
	err = 0;
out:
	free(s.stack);
	free(s.color);
	free(s.depth);
	free(s.counts);
	return err;
}

int ir_table_check(struct ir_table *t, uint32_t *depth, struct diag *diag)
{
	struct ir_extent e;
	int err = ir_table_measure(t, &e, diag);

	if (!err && depth)
		*depth = e.depth;
	return err;
}
