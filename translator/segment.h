/* SPDX-License-Identifier: GPL-2.0-or-later */
/* translator/segment.h - the boxes of a chain become one segment */
#ifndef TRANSLATOR_SEGMENT_H
#define TRANSLATOR_SEGMENT_H

#include <stdbool.h>
#include <stdint.h>

#include "translator/box.h"
#include "translator/classifier.h"
#include "translator/words.h"

/* What all segments of a classifier share. */
struct tr_segments {
	struct tr_words	*ws;
	const struct tr_layout *layout;
	const struct tr_options *opt;
	uint32_t	nifaces;
	uint32_t	fields;		/* grows: fields that are looked at */
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
