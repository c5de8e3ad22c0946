/* SPDX-License-Identifier: GPL-2.0-or-later */
/* translator/ranges.h - a predicate on one field as a sorted set of ranges */
#ifndef TRANSLATOR_RANGES_H
#define TRANSLATOR_RANGES_H

#include <stdbool.h>
#include <stdint.h>

#include "ir/ruleset.h"

#define TR_MAX_RANGES	16

struct tr_range {
	uint32_t	lo;
	uint32_t	hi;
};

/* Disjoint, not adjacent, ascending. */
struct tr_ranges {
	enum ir_field	field;
	uint32_t	n;
	struct tr_range	range[TR_MAX_RANGES + 1];
};

/*
 * The values of the field for which any of the predicate's terms holds, its
 * negation left out.  False when the terms are of several fields or are not
 * ranges, or are too many.
 */
bool tr_ranges_from_terms(struct tr_ranges *r, const struct ir_pred *pred);

/* All values from 0 to the field's largest that are not in @r. */
void tr_ranges_invert(struct tr_ranges *r);

/* The mask of a range that is one address prefix; false if it is none. */
bool tr_range_prefix(struct tr_range range, uint32_t *mask);

#endif
