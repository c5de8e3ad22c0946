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

/* What the trees need of the boxes, close together. */
struct tr_span {
	uint32_t	lo;
	uint32_t	hi;
};

struct tr_spans {
	struct tr_span	*of[IR_NFIELDS];	/* by box; NULL: no box is limited
						 * in the field.  Owned. */
	uint8_t		*solid;		/* by box: exact and final.  Owned. */
	uint32_t	fields;		/* bit set: not NULL */
};

/* Those of all boxes, of @fields.  0 or -ENOMEM. */
int tr_spans_make(struct tr_spans *s, const struct tr_boxes *list,
		  uint32_t fields);
void tr_spans_free(struct tr_spans *s);

/* Whether a box has all of the cell inside; else it ends somewhere in it. */
bool tr_spans_cover(const struct tr_spans *s, uint32_t box,
		    const struct tr_cell *cell);

/* Room for tr_cut_choose(), one for a whole tree. */
#define TR_CUT_SAMPLE	2048

struct tr_cut_room {
	uint32_t	list[TR_CUT_SAMPLE];
	uint64_t	end[2 * TR_CUT_SAMPLE];
	uint64_t	sort[2 * TR_CUT_SAMPLE];
};

/*
 * Chooses a cut of @cell for the boxes list[0..n-1], all of which reach into
 * the cell.  False when no field tells the boxes apart, or none is worth a
 * node.
 */
bool tr_cut_choose(const struct tr_spans *s, const uint32_t *list, uint32_t n,
		   const struct tr_cell *cell, struct tr_cut_room *room,
		   struct tr_cut *cut);

#endif
