/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * ir/witness.h - packets that reach a rule, and packets just outside it
 *
 * For every rule a packet is looked for that gets to it, past all rules before
 * it; then neighbours of that packet, which miss one of the rule's predicates by
 * one.  Nothing but the rules is asked, so that a classifier made of them can be
 * held against what is found.
 */
#ifndef IR_WITNESS_H
#define IR_WITNESS_H

#include <stdbool.h>
#include <stdint.h>

#include "ir/packet.h"
#include "ir/ruleset.h"

enum ir_witness_result {
	IR_WITNESS_FOUND,
	IR_WITNESS_UNREACHABLE,	/* no way leads there from a base chain */
	IR_WITNESS_NEVER,	/* its predicates, and those on the way, disagree */
	IR_WITNESS_SHADOWED,	/* rules before it take all of its packets */
	IR_WITNESS_UNKNOWN,	/* not found; it may be shadowed */
};

/* A packet for a test.  The bytes are good until the next one is made. */
struct ir_probe {
	enum ir_hook	hook;
	bool		witness;	/* else a neighbour of one */
	const struct ir_chain *chain;	/* for the sake of this rule ... */
	const struct ir_rule *rule;	/* ... or (NULL) the policy */
	struct ir_packet packet;
	uint32_t	len;
	const uint8_t	*data;		/* the IP header and what follows */
};

/* Not 0 ends the search with that. */
typedef int ir_probe_fn(void *ctx, const struct ir_probe *probe);

struct ir_witness;

/*
 * @t is borrowed; it must be numbered and checked, without refused rules.  The
 * same @seed gives the same packets.  NULL: out of memory.
 */
struct ir_witness *ir_witness_new(const struct ir_table *t, uint64_t seed);
void ir_witness_free(struct ir_witness *w);

/*
 * From now on only packets of these kinds (bits 1 << enum ir_kind) are witnesses.
 * At first all are.
 */
void ir_witness_kinds(struct ir_witness *w, uint32_t kinds);

/*
 * Looks for a packet that reaches the rule @at of @chain, or where @at is
 * nrules the policy of a base chain, and gives it to @probe with up to
 * @neighbours others.  For a shadowed rule *by is the one before it that takes
 * all of its packets; NULL: it takes several.
 * A result, or what @probe said if that was negative.
 */
int ir_witness_find(struct ir_witness *w, const struct ir_chain *chain,
		    uint32_t at, uint32_t neighbours, ir_probe_fn *probe,
		    void *ctx, const struct ir_rule **by);

#endif
