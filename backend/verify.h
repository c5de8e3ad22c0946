/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * backend/verify.h - a classifier proves itself before it is in force
 *
 * For every rule a packet that reaches it and some just outside it
 * (ir/witness.h) go through ir_boxes_eval(), through the classifier walked in C,
 * and through the programs that are to judge, loaded for test runs.  All must come
 * to the same verdicts and the same counters.  So must ir_eval(), for a sample of
 * the packets, and for those that there is no agreement about.  Nothing is
 * attached.
 *
 * How much is seen was tried with single faults in the tables.  Of those known to
 * change anything, 95 % and more are found in small random rulesets
 * (tests/unit/verify.c), and 82 of 89 were in five of ten thousand rules that the
 * choice of packets was not tuned with.
 */
#ifndef BACKEND_VERIFY_H
#define BACKEND_VERIFY_H

#include <stdbool.h>
#include <stdint.h>

#include "backend/attach.h"
#include "ir/diag.h"
#include "ir/ruleset.h"
#include "ir/witness.h"
#include "translator/classifier.h"

struct be_verify {
	const struct ir_table *table;	/* numbered and checked */
	const struct tr_classifier *classifier;	/* of that table */
	const struct be_attach *attach;
	bool		alone;		/* the programs of an object (object.h) */
	bool		walk;		/* load no programs, walk in C alone */
	bool		optional;	/* the same without the right to load them */
	/* Told of each rule without a witness; may be NULL. */
	void		(*without)(void *ctx, const struct ir_chain *chain,
				   const struct ir_rule *rule,
				   enum ir_witness_result why,
				   const struct ir_rule *by);
	/* Told how far it is, every some thousand rules; may be NULL. */
	void		(*progress)(void *ctx, uint32_t done, uint32_t all);
	void		*ctx;
};

struct be_verified {
	bool		programs;	/* were run, not just the walk in C */
	uint32_t	rules;
	uint32_t	result[IR_WITNESS_UNKNOWN + 1];	/* rules by it */
	uint64_t	packets;
	uint64_t	plain;		/* of these, for which ir_eval() was asked */
	/*
	 * Of these, walked in C alone: too long for a test run, or (in large
	 * rulesets) every other one.
	 */
	uint64_t	walked;
	uint64_t	differences;	/* packets, or else counters */
};

/*
 * 0 with *out filled; -EILSEQ told in @diag, with the rule and the packet, when
 * there are differences; or another -errno told there.
 */
int be_verify(const struct be_verify *v, struct be_verified *out,
	      struct diag *diag);

/* "9698 rules, 9651 with a witness, 47 shadowed, ..." */
void be_verified_print(const struct be_verified *r, char *buf, size_t size);

#endif
