/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * translator/memo.h - what a classifier has to remember to be changed
 *
 * The base is what was translated whole; it is the first part of the block and
 * its groups stay as they are while changes come and go.  Rules that came later
 * are in groups behind the base, which every change makes anew.
 */
#ifndef TRANSLATOR_MEMO_H
#define TRANSLATOR_MEMO_H

#include <stdbool.h>
#include <stdint.h>

#include "ir/ruleset.h"
#include "translator/classifier.h"
#include "translator/segment.h"

struct tr_memo_chain {
	char		name[IR_CHAIN_NAME_MAX + 3];
	uint32_t	segment;	/* offset of its pair, in the base */
	uint32_t	policy;		/* of a base chain: that of its policy */
	uint32_t	groups[2];	/* of the base, by variant */
	uint32_t	first;		/* counter index of its first rule */
	uint32_t	nrules;		/* with the late ones */
	struct tr_way	way;
};

struct tr_memo {
	uint32_t	base;		/* bytes; 0: cannot be changed */
	uint32_t	nchains;
	struct tr_memo_chain *chain;	/* owned */
	uint8_t		*late;		/* by counter index: 1; owned */
	uint32_t	ncounters;
	struct tr_stats	stats;		/* of the base */
};

/* NULL: out of memory. */
struct tr_memo *tr_memo_new(uint32_t nchains, uint32_t ncounters);
void tr_memo_free(struct tr_memo *m);

/* After the last chain was put in: by name. */
void tr_memo_sort(struct tr_memo *m);

/* How many rules of @chain were not in @m's chain, or the other way round. */
uint32_t tr_memo_edits(const struct tr_memo_chain *m,
		       const struct ir_chain *chain);

/* NULL where there is none of that name. */
const struct tr_memo_chain *tr_memo_find(const struct tr_memo *m,
					 const char *name);

#endif
