/* SPDX-License-Identifier: GPL-2.0-or-later */
/* translator/segment.h - the boxes of a chain become one segment */
#ifndef TRANSLATOR_SEGMENT_H
#define TRANSLATOR_SEGMENT_H

#include <stdbool.h>
#include <stdint.h>

#include "translator/box.h"
#include "translator/classifier.h"
#include "translator/mask.h"
#include "translator/words.h"

/* Which way a chain was grouped best: it need not be looked for again. */
struct tr_way {
	struct tr_mask	mask[TR_MAX_MASKS];
	uint32_t	nmasks;		/* those that were tried */
	uint32_t	best;		/* so many of them were hashed; one more
					 * than there are: split by width */
	uint32_t	edits;		/* rules come and gone since */
	bool		known;
};

/* What all segments of a classifier share. */
struct tr_segments {
	struct tr_words	*ws;
	const struct tr_layout *layout;
	int		family;
	const struct tr_options *opt;
	uint32_t	nifaces;
	uint32_t	fields;		/* grows: fields that are looked at */
	struct tr_way	*way;		/* of the next chain: taken where it is
					 * known, else set; NULL: neither */
	struct tr_stats	stats;		/* grows */
};

/*
 * Writes the groups for the boxes of a chain (ascending) and fills out->groups
 * and out->single.  @variant 0 is for whole packets and made to be quick, 1
 * for the rest and made small.  The groups at the offset @from, unless that is
 * 0, are kept, and the boxes put beside them.  0, -errno, or 1 when there would
 * be too many groups: it takes fewer rules then.
 */
int tr_segment_build(struct tr_segments *s, const struct tr_boxes *list,
		     int variant, uint32_t from, struct tr_segment *out);

#endif
