/* SPDX-License-Identifier: GPL-2.0-or-later */
/* translator/rate.c - costs and counts, for the choice of masks */
#include "translator/rate.h"

#include <errno.h>
#include <stdlib.h>

#include "translator/log2.h"

/* A mask must serve this part of the boxes left (1/32). */
#define MIN_PART	32
/* Cost of looking at a group; of a key with n boxes: key_cost(). */
#define GROUP_COST	4.0

int tr_tally_start(struct tr_tally *t, uint32_t n)
{
	uint32_t size = 64;

	while (size < 2 * (n + TR_RATE_PACKETS))
		size *= 2;
	t->size = size;
	t->stamp = 0;
	t->entry = calloc(size, sizeof(*t->entry));
	return t->entry ? 0 : -ENOMEM;
}

void tr_tally_stop(struct tr_tally *t)
{
	free(t->entry);
	t->entry = NULL;
}

uint32_t *tr_tally_at(struct tr_tally *t, uint64_t key)
{
	uint32_t at = key * 0x9e3779b97f4a7c15ull >> 32;

	for (at &= t->size - 1; t->entry[at].stamp == t->stamp;
	     at = (at + 1) & (t->size - 1))
		if (t->entry[at].key == key)
			return &t->entry[at].n;
	t->entry[at].key = key;
	t->entry[at].stamp = t->stamp;
	t->entry[at].n = 0;
	return &t->entry[at].n;
}

uint32_t tr_rate_sample(const struct tr_boxes *list)
{
	return list->n < TR_RATE_SAMPLE ? list->n : TR_RATE_SAMPLE;
}

bool tr_rate_few(uint32_t n, uint32_t boxes)
{
	return boxes < TR_RATE_MIN || boxes < n / MIN_PART;
}

/* What it costs to search a key with @n boxes, roughly in nanoseconds. */
static double key_cost(uint32_t n)
{
	if (!n)
		return 0;
	if (n <= 6)
		return 5 + 2.0 * n;
	return 17 + 3.5 * tr_log2(n, 6);
}

double tr_rate_packets(const uint32_t meets[TR_RATE_PACKETS])
{
	double cost = 0;
	uint32_t i;

	for (i = 0; i < TR_RATE_PACKETS; i++)
		cost += GROUP_COST + key_cost(meets[i]);
	return cost;
}
