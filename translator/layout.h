/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * translator/layout.h - what a record holds, and where
 *
 * Only what some rule of the table tests has a place.
 */
#ifndef TRANSLATOR_LAYOUT_H
#define TRANSLATOR_LAYOUT_H

#include <stdbool.h>
#include <stdint.h>

#include "translator/box.h"
#include "translator/classifier.h"

/* The longest record, in words: of IPv6, with all tests. */
#define TR_RECORD_MAX	26

/* What is needed, gathered over all boxes. */
struct tr_need {
	int		family;
	uint32_t	fields;		/* bit set of enum ir_field; of the halves of
					 * an IPv6 address the first */
	bool		target;
	bool		extra;
};

void tr_need_add(struct tr_need *need, const struct tr_box *box);
void tr_layout_make(struct tr_layout *l, const struct tr_need *need);

/* What a test of a record reads: a bit set of fields. */
uint32_t tr_test_fields(const struct tr_layout *l, const struct tr_test *t);

/* Whether it has a place for all of @need. */
bool tr_layout_holds(const struct tr_layout *l, const struct tr_need *need);

/* Writes the record of @box: l->size / 4 words. */
void tr_record_write(const struct tr_layout *l, const struct tr_box *box,
		     uint32_t *record);

#endif
