/* SPDX-License-Identifier: GPL-2.0-or-later */
/* translator/mask.h - which address masks are worth a hashed group */
#ifndef TRANSLATOR_MASK_H
#define TRANSLATOR_MASK_H

#include <stdint.h>

#include "translator/box.h"

#define TR_MAX_MASKS	4

/* What is hashed, as in struct tr_group; all 0 are equal. */
struct tr_mask {
	uint64_t	mask[2];
	uint32_t	half[2];	/* enum tr_half */
};

struct tr_masks {
	struct tr_mask	mask[TR_MAX_MASKS];
	uint32_t	n;
	uint8_t		*level;		/* of each box: the first mask that it
					 * fixes, n: none.  Owned. */
};

/* The bits of a half that a box fixes. */
struct tr_key {
	uint64_t	mask;
	uint64_t	value;
};

struct tr_key tr_box_key(const struct tr_box *box, enum tr_half half);

/* The key of @box, which fixes the mask. */
uint64_t tr_mask_key(const struct tr_mask *m, const struct tr_box *box);

/* Chooses masks for @list, of a table of @family.  0 or -ENOMEM. */
int tr_masks_choose(struct tr_masks *m, const struct tr_boxes *list,
		    int family);

/* Takes those that are known to be good.  0, -EINVAL or -ENOMEM. */
int tr_masks_take(struct tr_masks *m, const struct tr_boxes *list,
		  const struct tr_mask *mask, uint32_t n);
void tr_masks_free(struct tr_masks *m);

/*
 * The search for them, for IPv4 (mask.c) and for IPv6 (mask6.c): m->mask and
 * m->n.  0 or -ENOMEM.
 */
int tr_masks_search4(struct tr_masks *m, const struct tr_boxes *list);
int tr_masks_search6(struct tr_masks *m, const struct tr_boxes *list);

#endif
