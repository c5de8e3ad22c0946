/* SPDX-License-Identifier: GPL-2.0-or-later */
/* translator/walk.h - one lookup in a segment, as the programs do it */
#ifndef TRANSLATOR_WALK_H
#define TRANSLATOR_WALK_H

#include <stdint.h>

#include "translator/classifier.h"

/* What lookups have read. */
struct tr_visits {
	uint64_t	lookups;
	uint64_t	groups;
	uint64_t	slots;		/* that had to be searched */
	uint64_t	nodes;
	uint64_t	records;
};

/*
 * The first record with id >= @k that holds for a packet with these field
 * values, in the groups at offset @groups of the block @word.  Returns its
 * offset, 0 when there is none.  @v, when not NULL, is added to.
 */
uint32_t tr_find(const uint32_t *word, uint32_t groups,
		 const struct tr_layout *l, const uint32_t *field, uint32_t k,
		 struct tr_visits *v);

/*
 * The values of the classifier's fields for a packet, interfaces and TCP
 * options included.
 */
void tr_fields_fill(const struct tr_classifier *c, const struct ir_packet *p,
		    uint32_t field[IR_NFIELDS]);

/* tr_walk() that also adds up what it reads. */
enum ir_target tr_walk_visits(const struct tr_classifier *c, enum ir_hook hook,
			      const struct ir_packet *p,
			      struct ir_counter *count, struct tr_visits *v);

#endif
