/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * translator/group.h - boxes spread over groups, each with its trees
 *
 * One tree over rules that are wide in different fields multiplies them.  Two
 * things keep it small: a hash of masked addresses in front of many small
 * trees, and several groups of rules that are alike.
 */
#ifndef TRANSLATOR_GROUP_H
#define TRANSLATOR_GROUP_H

#include <stdbool.h>
#include <stdint.h>

#include "translator/classifier.h"
#include "translator/cut.h"
#include "translator/mask.h"
#include "translator/tree.h"

/* The groups of one segment under way. */
struct tr_groups {
	struct tr_forest *forest;
	int		family;
	const struct tr_cell *cell;	/* what packets there can be */
	uint32_t	budget;		/* bytes for a tree; 0: by its boxes */
	uint32_t	quarters;	/* of the usual budget: up to 4 */
	struct tr_group	group[TR_GROUPS_MAX + 1];
	uint32_t	n;
	bool		many;		/* more than a segment can have: void */
};

/*
 * Adds groups of one slot for the boxes list[0..n-1] (ascending): one if its
 * tree fits the budget, else as many as it takes.  Errors are in ws->err.
 * Does nothing any more once g->many is set.
 */
void tr_groups_add(struct tr_groups *g, const uint32_t *list, uint32_t n);

/*
 * Adds one group hashed with @mask, which every box of the list must fix.
 * False when it is over the budget; nothing is added then.
 */
bool tr_groups_add_hashed(struct tr_groups *g, const uint32_t *list, uint32_t n,
			  const struct tr_mask *mask);

/*
 * Writes the groups in order with the sentinel; returns their offset.  Not
 * after g->many.
 */
uint32_t tr_groups_write(struct tr_groups *g);

/* A place to come back to. */
struct tr_mark {
	uint32_t	words;
	uint32_t	used;
	uint32_t	ngroups;
	struct tr_stats	stats;
};

struct tr_mark tr_groups_mark(const struct tr_groups *g);
void tr_groups_back(struct tr_groups *g, const struct tr_mark *mark);

#endif
