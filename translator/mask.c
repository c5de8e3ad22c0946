/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * translator/mask.c - masks chosen greedily
 *
 * A mask is good when many boxes fix all its bits, when few of them share a
 * key, and when packets seldom meet a key with many boxes.  The best one takes
 * its boxes away, and the next is chosen for the rest.
 */
#include "translator/mask.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "translator/group.h"
#include "translator/log2.h"

/* Boxes and packets looked at when masks are rated. */
#define MAX_SAMPLE	8192
#define NPACKETS	256
/* A mask must serve this part of the boxes left (1/32), and so many. */
#define MIN_PART	32
#define MIN_BOXES	16
/* Boxes of one key beyond this many count less. */
#define GOOD_BOXES	16
/* Cost of looking at a group; of a key with n boxes: key_cost(). */
#define GROUP_COST	4.0
/* Masks in the rules that are no prefixes: so many are tried. */
#define MAX_ODD		8

static const uint8_t lengths[] = {
	0, 8, 12, 14, 16, 18, 20, 22, 24, 26, 28, 30, 31, 32
};

#define NLENGTHS	(sizeof(lengths) / sizeof(*lengths))

/* Counts per key: open addressing, a stamp instead of clearing. */
struct tally {
	struct {
		uint64_t	key;
		uint32_t	stamp;
		uint32_t	n;
	}		*entry;
	uint32_t	size;
	uint32_t	stamp;
};

/* The boxes not yet served, and packets of theirs. */
struct search {
	struct tr_key	*key;
	uint32_t	n;
	uint64_t	packet[NPACKETS];
	struct tally	tally;
	uint64_t	odd[MAX_ODD];
	uint32_t	nodd;
	uint64_t	seed;
};

static uint32_t *tally_at(struct tally *t, uint64_t key)
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

static uint64_t next_random(struct search *s)
{
	s->seed ^= s->seed << 13;
	s->seed ^= s->seed >> 7;
	s->seed ^= s->seed << 17;
	return s->seed;
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

/* More is better; 0: useless. */
static double rate(struct search *s, uint64_t mask)
{
	double gain = 0, cost = 0;
	uint32_t i, covered = 0, *n;

	for (i = 0; i < s->n; i++)
		covered += (s->key[i].mask & mask) == mask;
	if (covered < MIN_BOXES || covered < s->n / MIN_PART)
		return 0;
	s->tally.stamp++;
	for (i = 0; i < s->n; i++) {
		if ((s->key[i].mask & mask) != mask)
			continue;
		n = tally_at(&s->tally, s->key[i].value & mask);
		if ((*n)++ < GOOD_BOXES)
			gain++;
	}
	for (i = 0; i < NPACKETS; i++) {
		n = tally_at(&s->tally, s->packet[i] & mask);
		cost += GROUP_COST + key_cost(*n);
	}
	return gain / cost;
}

static uint64_t prefix(uint32_t length)
{
	return length ? (uint32_t)(UINT32_MAX << (32 - length)) : 0;
}

static uint64_t best_mask(struct search *s)
{
	double best = 0, rating;
	uint64_t mask, found = 0;
	size_t i, j;

	for (i = 0; i < NLENGTHS; i++)
		for (j = 0; j < NLENGTHS; j++) {
			mask = prefix(lengths[i]) << 32 | prefix(lengths[j]);
			if (!mask)
				continue;
			rating = rate(s, mask);
			if (rating > best) {
				best = rating;
				found = mask;
			}
		}
	for (i = 0; i < s->nodd; i++) {
		rating = rate(s, s->odd[i]);
		if (rating > best) {
			best = rating;
			found = s->odd[i];
		}
	}
	return found;
}

static bool is_odd(uint64_t mask)
{
	uint32_t s = ~(uint32_t)(mask >> 32), d = ~(uint32_t)mask;

	return s & (s + 1) || d & (d + 1);
}

static void note_odd(struct search *s, uint64_t mask)
{
	uint32_t i;

	if (!is_odd(mask) || s->nodd == MAX_ODD)
		return;
	for (i = 0; i < s->nodd; i++)
		if (s->odd[i] == mask)
			return;
	s->odd[s->nodd++] = mask;
}

static int start(struct search *s, const struct tr_boxes *list)
{
	uint32_t i, n = list->n < MAX_SAMPLE ? list->n : MAX_SAMPLE, size = 64;
	struct tr_key *k;
	uint64_t any;

	memset(s, 0, sizeof(*s));
	s->seed = 88172645463325252ull;
	while (size < 2 * (n + NPACKETS))
		size *= 2;
	s->tally.size = size;
	s->tally.entry = calloc(size, sizeof(*s->tally.entry));
	s->key = malloc(n * sizeof(*s->key));
	if (!s->key || !s->tally.entry)
		return -ENOMEM;
	for (i = 0; i < n; i++) {
		k = &s->key[i];
		*k = tr_box_key(&list->box[(uint64_t)list->n * i / n]);
		note_odd(s, k->mask);
	}
	s->n = n;
	for (i = 0; i < NPACKETS; i++) {
		k = &s->key[next_random(s) % n];
		any = next_random(s);
		s->packet[i] = k->value | (any & ~k->mask);
	}
	return 0;
}

static void stop(struct search *s)
{
	free(s->key);
	free(s->tally.entry);
}

/* Takes the boxes away that @mask serves. */
static void take(struct search *s, uint64_t mask)
{
	uint32_t i, n = 0;

	for (i = 0; i < s->n; i++)
		if ((s->key[i].mask & mask) != mask)
			s->key[n++] = s->key[i];
	s->n = n;
}

static int set_levels(struct tr_masks *m, const struct tr_boxes *list)
{
	uint32_t i, j;
	uint64_t fixed;

	m->level = malloc(list->n);
	if (!m->level)
		return -ENOMEM;
	for (i = 0; i < list->n; i++) {
		fixed = tr_box_key(&list->box[i]).mask;
		for (j = 0; j < m->n; j++)
			if ((fixed & m->mask[j]) == m->mask[j])
				break;
		m->level[i] = j;
	}
	return 0;
}

int tr_masks_choose(struct tr_masks *m, const struct tr_boxes *list)
{
	struct search s;
	uint64_t mask;
	int err;

	memset(m, 0, sizeof(*m));
	err = start(&s, list);
	while (!err && m->n < TR_MAX_MASKS && s.n >= MIN_BOXES) {
		mask = best_mask(&s);
		if (!mask)
			break;
		m->mask[m->n++] = mask;
		take(&s, mask);
	}
	if (!err)
		err = set_levels(m, list);
	stop(&s);
	return err;
}

void tr_masks_free(struct tr_masks *m)
{
	free(m->level);
	m->level = NULL;
}
