/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * ir/trace.h - does a packet get to a rule, and if not, what keeps it
 *
 * A sequential walk as ir_eval() makes it, towards one rule, past the rules that
 * cannot hold (ir/boxes.h), so that it can be done for many packets.
 */
#ifndef IR_TRACE_H
#define IR_TRACE_H

#include <stdbool.h>
#include <stdint.h>

#include "ir/packet.h"
#include "ir/ruleset.h"

#define IR_TRACE_DEPTH	64

/* A rule, or with rule NULL the policy of a base chain, and a way there. */
struct ir_goal {
	enum ir_hook	hook;
	const struct ir_chain *chain;
	const struct ir_rule *rule;
	const struct ir_rule *const *way;	/* jumps and gotos from the base chain */
	uint32_t	nway;
};

/* Where a walk was when it could not get to its goal any more. */
struct ir_block {
	struct {
		const struct ir_chain *chain;
		uint32_t at;		/* of the rule in it */
		bool	aside;		/* the chain is not on the way */
	} at[IR_TRACE_DEPTH];		/* rules that lead there; the last ended it */
	uint32_t	n;		/* 0: not known, or the goal did not hold */
	int32_t		hotdrop;	/* the match of the last that did; -1: none */
};

struct ir_tracer;

/* @t is borrowed, must be numbered and checked.  NULL: out of memory. */
struct ir_tracer *ir_tracer_new(const struct ir_table *t);
void ir_tracer_free(struct ir_tracer *tr);

/* Whether @p gets to the goal; if not, *block says why. */
bool ir_trace(struct ir_tracer *tr, const struct ir_goal *goal,
	      const struct ir_packet *p, struct ir_block *block);

/* What was looked at so far (struct ir_scan), for budgets. */
uint64_t ir_tracer_work(const struct ir_tracer *tr);

#endif
