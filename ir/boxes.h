/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * ir/boxes.h - the sequential walk, but quicker
 *
 * Most rules can only hold for some addresses and ports.  These ranges, in a row
 * for each chain, tell most rules off with a few comparisons; what they do not
 * tell off is evaluated.  So ten times as many packets can be walked, and what
 * comes out is the same as with ir_eval().
 */
#ifndef IR_BOXES_H
#define IR_BOXES_H

#include <stdbool.h>
#include <stdint.h>

#include "ir/packet.h"
#include "ir/ruleset.h"

#define IR_BOX_SIDES	4

struct ir_box {
	uint32_t	lo[IR_BOX_SIDES];
	uint32_t	span[IR_BOX_SIDES];	/* highest - lo */
};

/* What of a packet is looked at. */
struct ir_spot {
	uint32_t	value[IR_BOX_SIDES];
	bool		used;	/* else any rule may hold, or drop it on the spot */
};

struct ir_boxes;

/* @t is borrowed, must be numbered and checked.  NULL: out of memory. */
struct ir_boxes *ir_boxes_new(const struct ir_table *t);
void ir_boxes_free(struct ir_boxes *b);

/* A box for each rule of @c, in order. */
const struct ir_box *ir_boxes_chain(const struct ir_boxes *b,
				    const struct ir_chain *c);

struct ir_spot ir_spot_of(const struct ir_packet *p);

/* False where the box's rule does not hold, and does nothing else either. */
static inline bool ir_box_has(const struct ir_box *b, const struct ir_spot *s)
{
	uint32_t i;

	for (i = 0; i < IR_BOX_SIDES; i++)
		if (s->value[i] - b->lo[i] > b->span[i])
			return !s->used;
	return true;
}

/* As ir_eval(). */
enum ir_target ir_boxes_eval(const struct ir_boxes *b, enum ir_hook hook,
			     const struct ir_packet *p,
			     struct ir_counter *count);

#endif
