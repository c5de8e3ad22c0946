/* SPDX-License-Identifier: GPL-2.0-or-later */
/* translator/mask.h - which address masks are worth a hashed group */
#ifndef TRANSLATOR_MASK_H
#define TRANSLATOR_MASK_H

#include <stdint.h>

#include "translator/box.h"

#define TR_MAX_MASKS	4

struct tr_masks {
	uint64_t	mask[TR_MAX_MASKS];
	uint32_t	n;
	uint8_t		*level;		/* of each box: the first mask that it
					 * fixes, n: none.  Owned. */
};

/* Chooses masks for @list.  0 or -ENOMEM. */
int tr_masks_choose(struct tr_masks *m, const struct tr_boxes *list);

/* Takes those that are known to be good.  0 or -ENOMEM. */
int tr_masks_take(struct tr_masks *m, const struct tr_boxes *list,
		  const uint64_t *mask, uint32_t n);
void tr_masks_free(struct tr_masks *m);

#endif
