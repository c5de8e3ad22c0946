/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * translator/box.h - a rule as boxes over the fields
 *
 * What the trees cut is the hull: a range per field outside which the rule
 * cannot hold.  What a record tests is exact: the fields that have a place in
 * the record, and extra terms for the rest.  A rule that tests one field for
 * several ranges (multiport, negations) becomes a box for each range, so that
 * a tree can tell them apart; all of them carry the rule's id.
 *
 * For packets whose transport header is not whole a rule may do other things
 * than its target says (ir_need_outcome()): the boxes of the second variant
 * name the kinds they are for.
 */
#ifndef TRANSLATOR_BOX_H
#define TRANSLATOR_BOX_H

#include <stdbool.h>
#include <stdint.h>

#include "ir/ruleset.h"
#include "translator/classifier.h"
#include "translator/iface.h"
#include "translator/words.h"

/* The words of both addresses, by tr_addr(). */
#define TR_NADDR	8

/* Which of them @field is; -1: none. */
static inline int tr_addr(enum ir_field field)
{
	switch (field) {
	case IR_SADDR:
		return 0;
	case IR_SADDR1:
	case IR_SADDR2:
	case IR_SADDR3:
		return 1 + (int)field - IR_SADDR1;
	case IR_DADDR:
		return 4;
	case IR_DADDR1:
	case IR_DADDR2:
	case IR_DADDR3:
		return 5 + (int)field - IR_DADDR1;
	default:
		return -1;
	}
}

/* The field that is word @i. */
static inline enum ir_field tr_addr_field(int i)
{
	static const uint8_t of[TR_NADDR] = {
		IR_SADDR, IR_SADDR1, IR_SADDR2, IR_SADDR3,
		IR_DADDR, IR_DADDR1, IR_DADDR2, IR_DADDR3,
	};

	return (enum ir_field)of[i];
}

struct tr_box {
	uint32_t	lo[IR_NFIELDS];	/* the hull; UINT32_MAX: no limit */
	uint32_t	hi[IR_NFIELDS];
	uint32_t	word0;		/* id << 8 | flags | action */
	uint32_t	target;		/* of a jump: offset of the segments */
	uint32_t	extra;		/* offset of the extra terms; 0: none */
	uint32_t	value[TR_NADDR];	/* of addresses: masked value */
	uint32_t	mask[TR_NADDR];
	uint32_t	state;		/* IR_CTSTATE: bits; 0: not tested */
	uint32_t	kinds;		/* IR_KIND: the same */
	bool		exact;		/* in the hull means that the rule holds */
	bool		final;		/* never comes back to the next rule */
};

struct tr_boxes {
	struct tr_box	*box;
	uint32_t	n;
	uint32_t	cap;
};

/* What is needed to make boxes of the rules of one table. */
struct tr_boxer {
	struct tr_words	*ws;
	struct tr_cons	*cons;		/* for the extra terms */
	const struct tr_ifaces *ifaces;
	uint8_t		tcpopt[256];	/* option -> its bit of IR_TCPOPT */
	const uint32_t	*segment;	/* chain number -> offset of segments */
	uint32_t	fields;		/* grows: fields in extra terms */
	struct tr_term	*term;		/* scratch */
	uint32_t	nterms;
	uint32_t	cap;
};

/* A box without limits that stands for the end of a segment. */
void tr_box_init(struct tr_box *box, uint32_t word0);

/* Whether the kind of a packet changes what @rule does. */
bool tr_rule_has_kinds(const struct ir_rule *rule);

/*
 * Appends the boxes of @rule: for whole packets (@variant 0) or for all other
 * kinds (1).  0 or -errno.
 */
int tr_boxes_add(struct tr_boxes *list, struct tr_boxer *b,
		 const struct ir_rule *rule, int variant);

void tr_boxes_free(struct tr_boxes *list);
void tr_boxer_free(struct tr_boxer *b);

#endif
