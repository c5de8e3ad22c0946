/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * ir/boxes.h - the sequential walk, but past the rules that cannot hold
 *
 * Most rules can only hold for some addresses, ports and lengths.  For each chain
 * and each of these fields the values are cut into intervals, and each interval
 * has a row of bits: one for each rule that may hold somewhere in it.  What of a
 * packet's rows has a bit in all is a rule to be looked at; all others
 * have no effect on the packet, whatever else they ask.  Nothing is decided here:
 * who walks evaluates the rules that are left, in their order.
 */
#ifndef IR_BOXES_H
#define IR_BOXES_H

#include <stdbool.h>
#include <stdint.h>

#include "ir/packet.h"
#include "ir/ruleset.h"

/* Fields that are cut: no rule is told off by others. */
#define IR_BOX_SIDES	18

struct ir_boxes;

/* @t is borrowed, must be numbered and checked.  NULL: out of memory. */
struct ir_boxes *ir_boxes_new(const struct ir_table *t);
void ir_boxes_free(struct ir_boxes *b);

/* One packet on its way through the chains. */
struct ir_scan {
	const struct ir_boxes *boxes;
	const struct ir_packet *p;
	uint64_t	work;		/* what was looked at so far, rules about */

	/* Of the chain that was asked for last. */
	const struct ir_chain *chain;
	const uint64_t	*row[IR_BOX_SIDES + 1];
	uint32_t	nrows;
};

/* Both are borrowed. */
void ir_scan_start(struct ir_scan *s, const struct ir_boxes *b,
		   const struct ir_packet *p);

/*
 * The first rule of @c at @at or behind it that may hold for the packet, or drop it
 * on the spot; c->nrules where there is none.
 */
uint32_t ir_scan_next(struct ir_scan *s, const struct ir_chain *c, uint32_t at);

/* As ir_eval(). */
enum ir_target ir_boxes_eval(const struct ir_boxes *b, enum ir_hook hook,
			     const struct ir_packet *p,
			     struct ir_counter *count);

#endif
