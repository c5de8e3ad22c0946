/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * translator/tree.h - boxes become a tree of nodes and leaves
 */
#ifndef TRANSLATOR_TREE_H
#define TRANSLATOR_TREE_H

#include <stdbool.h>
#include <stdint.h>

#include "translator/box.h"
#include "translator/classifier.h"
#include "translator/cut.h"
#include "translator/layout.h"
#include "translator/words.h"

/* Where trees are written, and how large they may get. */
struct tr_forest {
	struct tr_words	*ws;
	struct tr_cons	*cons;
	const struct tr_layout *layout;
	const struct tr_box *box;
	const struct tr_spans *spans;	/* of the same boxes */
	uint32_t	leaf;		/* records in a leaf that is not cut */

	uint32_t	limit;		/* of ws->n, in words */
	uint64_t	work;		/* what is left: boxes looked at */
	bool		over;		/* limit or work ran out: tree is void */

	uint32_t	used;		/* grows: fields cut */
	struct tr_stats	stats;		/* grows: records, nodes, leaves, max_* */
	uint32_t	*record;	/* scratch */
	uint32_t	cap;
	struct tr_cut_room room;
};

/*
 * Builds the tree for the boxes list[0..n-1] (ascending) for packets in @cell
 * and returns its reference.  Nothing is worth anything once forest->over or
 * ws->err is set.
 */
uint32_t tr_tree_build(struct tr_forest *f, const uint32_t *list, uint32_t n,
		       const struct tr_cell *cell);

#endif
