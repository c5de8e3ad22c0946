/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * translator/work.h - a translation under way: whole, or of a change only
 */
#ifndef TRANSLATOR_WORK_H
#define TRANSLATOR_WORK_H

#include <stdbool.h>
#include <stdint.h>

#include "translator/box.h"
#include "translator/classifier.h"
#include "translator/iface.h"
#include "translator/layout.h"
#include "translator/segment.h"
#include "translator/words.h"

struct tr_work {
	const struct ir_table *t;
	struct diag	*diag;
	struct tr_classifier *c;
	struct tr_words	ws;
	struct tr_cons	cons;		/* extra terms */
	struct tr_ifaces ifaces;
	struct tr_boxer	boxer;
	struct tr_boxes	boxes;		/* of one chain and variant */
	struct tr_need	need;
	struct tr_segments segments;
	struct tr_memo	*memo;		/* noted for the next change; owned */
	bool		many;		/* a chain needs several segments */

	/* By chain number, of all chains; by position, of those reached. */
	uint32_t	nchains;
	uint32_t	*segment;	/* offset of its pair; 0: not reached */
	uint32_t	*policy;	/* offset of the pair of its policy */
	const struct ir_chain **chain;
	uint32_t	nreached;

	/* Of a change only; NULL otherwise. */
	const struct tr_memo_chain **known;	/* by chain number; may be NULL */
	uint8_t		*late;		/* by counter index */
	const struct ir_rule **rule;	/* by counter index of old */
};

/* What must hold for a table; fills in counters and depth.  0 or -errno. */
int tr_work_check(struct tr_work *w);

/* Finds all chains that hooks lead to, and gives them segments. */
int tr_work_reach(struct tr_work *w);

/* Whether the kind of a packet changes what some late (or any) rule does. */
bool tr_work_has_kinds(const struct tr_work *w, const struct ir_chain *chain);

/* Makes the boxes of the chain's late rules, into w->boxes.  0 or -errno. */
int tr_work_box_late(struct tr_work *w, const struct ir_chain *chain,
		     int variant);

/* Adds what the boxes of the chain's rules need to w->need.  0 or -errno. */
int tr_work_survey(struct tr_work *w, const struct ir_chain *chain,
		   int variant);

/* Segments for all chains reached. */
int tr_work_write(struct tr_work *w);

struct tr_segment *tr_work_pair(struct tr_work *w, uint32_t offset);

/* The classifier from what was written. */
int tr_work_finish(struct tr_work *w);
void tr_work_free(struct tr_work *w);

/*
 * A chain that is known: what it had, and its late rules (change.c).  0, or
 * -errno.
 */
int tr_change_chain(struct tr_work *w, const struct ir_chain *chain,
		    uint32_t end);

#endif
