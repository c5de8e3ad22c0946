/* SPDX-License-Identifier: GPL-2.0-or-later */
/* translator/cut.h - which field to cut at a node, and where */
#ifndef TRANSLATOR_CUT_H
#define TRANSLATOR_CUT_H

#include <stdbool.h>
#include <stdint.h>

#include "translator/box.h"

#define TR_MAX_CUTS	7

/* A part of the space: what is known of a packet at some node. */
struct tr_cell {
	uint32_t	lo[IR_NFIELDS];
	uint32_t	hi[IR_NFIELDS];
};

struct tr_cut {
	enum ir_field	field;
	uint32_t	n;		/* thresholds, 1..TR_MAX_CUTS */
	uint32_t	at[TR_MAX_CUTS];	/* ascending, inside the cell */
};

/* Which child of @cut a value belongs to. */
static inline uint32_t tr_cut_child(const struct tr_cut *cut, uint32_t value)
{
	uint32_t i, child = 0;

	for (i = 0; i < cut->n; i++)
		child += value > cut->at[i];
	return child;
}

/* Room for tr_cut_choose(), one for a whole tree. */
#define TR_CUT_SAMPLE	2048

struct tr_cut_room {
	uint32_t	list[TR_CUT_SAMPLE];
	uint32_t	end[2 * TR_CUT_SAMPLE];
};

/*
 * Chooses a cut of @cell among the @fields (bit set) for the boxes
 * box[list[0..n-1]].  False when none tells the boxes apart, or none is worth
 * a node.
 */
bool tr_cut_choose(const struct tr_box *box, const uint32_t *list, uint32_t n,
		   const struct tr_cell *cell, uint32_t fields,
		   struct tr_cut_room *room, struct tr_cut *cut);

#endif
