/* SPDX-License-Identifier: GPL-2.0-or-later */
/* translator/mask.c - the masks of a chain, and which boxes each serves */
#include "translator/mask.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>

/* The mask of the leading bits that all values from lo to hi share. */
static uint32_t common_bits(uint32_t lo, uint32_t hi)
{
	return lo == hi ? UINT32_MAX : ~(UINT32_MAX >> __builtin_clz(lo ^ hi));
}

/* The same for one word of an address. */
static struct tr_key word_key(const struct tr_box *b, enum ir_field f)
{
	uint32_t bits = common_bits(b->lo[f], b->hi[f]);
	int i = tr_addr(f);

	return (struct tr_key){
		.mask	= bits | b->mask[i],
		.value	= (b->lo[f] & bits) | b->value[i],
	};
}

struct tr_key tr_box_key(const struct tr_box *b, enum tr_half half)
{
	struct tr_key high = word_key(b, tr_half_high(half));
	struct tr_key low = word_key(b, tr_half_low(half));

	return (struct tr_key){
		.mask	= high.mask << 32 | low.mask,
		.value	= high.value << 32 | low.value,
	};
}

uint64_t tr_mask_key(const struct tr_mask *m, const struct tr_box *box)
{
	uint64_t key = tr_box_key(box, (enum tr_half)m->half[0]).value &
		       m->mask[0];

	if (!m->mask[1])
		return key;
	return key + (tr_box_key(box, (enum tr_half)m->half[1]).value &
		      m->mask[1]) * TR_KEY_MUL;
}

static bool fixes(const struct tr_box *box, const struct tr_mask *m)
{
	int i;

	for (i = 0; i < 2; i++)
		if (m->mask[i] & ~tr_box_key(box,
					     (enum tr_half)m->half[i]).mask)
			return false;
	return true;
}

static int set_levels(struct tr_masks *m, const struct tr_boxes *list)
{
	uint32_t i, j;

	m->level = malloc((size_t)list->n + 1);
	if (!m->level)
		return -ENOMEM;
	for (i = 0; i < list->n; i++) {
		for (j = 0; j < m->n; j++)
			if (fixes(&list->box[i], &m->mask[j]))
				break;
		m->level[i] = (uint8_t)j;
	}
	return 0;
}

int tr_masks_choose(struct tr_masks *m, const struct tr_boxes *list, int family)
{
	int err;

	memset(m, 0, sizeof(*m));
	err = family == AF_INET6 ? tr_masks_search6(m, list) :
	      tr_masks_search4(m, list);
	return err ? err : set_levels(m, list);
}

int tr_masks_take(struct tr_masks *m, const struct tr_boxes *list,
		  const struct tr_mask *mask, uint32_t n)
{
	uint32_t i;

	memset(m, 0, sizeof(*m));
	for (i = 0; i < n && i < TR_MAX_MASKS; i++) {
		if (mask[i].half[0] >= TR_NHALVES ||
		    mask[i].half[1] >= TR_NHALVES)
			return -EINVAL;
		m->mask[m->n++] = mask[i];
	}
	return set_levels(m, list);
}

void tr_masks_free(struct tr_masks *m)
{
	free(m->level);
	m->level = NULL;
}
