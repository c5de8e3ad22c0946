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

/*
 * For masks that are no prefixes.  Counts per key: open addressing, a stamp
 * instead of clearing.
 */
struct tally {
	struct {
		uint64_t	key;
		uint32_t	stamp;
		uint32_t	n;
	}		*entry;
	uint32_t	size;
	uint32_t	stamp;
};

/* A box or a packet, for the masks that are prefixes. */
struct point {
	uint64_t	value;		/* saddr << 32 | daddr */
	uint8_t		length[2];	/* of the prefixes that it fixes */
	uint16_t	packet;		/* its number; NPACKETS: a box */
};

/* The boxes not yet served, and packets of theirs. */
struct search {
	struct tr_key	*key;
	uint32_t	n;
	uint64_t	packet[NPACKETS];
	struct point	*point;		/* of the boxes and the packets, by daddr */
	struct point	*row;		/* for one length of saddr */
	struct point	*room;
	uint32_t	npoints;
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

static bool serves_few(const struct search *s, uint32_t boxes)
{
	return boxes < MIN_BOXES || boxes < s->n / MIN_PART;
}

/* What the packets cost that meet so many boxes each. */
static double packets_cost(const uint32_t *meets)
{
	double cost = 0;
	uint32_t i;

	for (i = 0; i < NPACKETS; i++)
		cost += GROUP_COST + key_cost(meets[i]);
	return cost;
}

/* --- any mask --- */

/* More is better; 0: useless. */
static double rate(struct search *s, uint64_t mask)
{
	uint32_t i, covered = 0, meets[NPACKETS], *n;
	double gain = 0;

	for (i = 0; i < s->n; i++)
		covered += (s->key[i].mask & mask) == mask;
	if (serves_few(s, covered))
		return 0;
	s->tally.stamp++;
	for (i = 0; i < s->n; i++) {
		if ((s->key[i].mask & mask) != mask)
			continue;
		n = tally_at(&s->tally, s->key[i].value & mask);
		if ((*n)++ < GOOD_BOXES)
			gain++;
	}
	for (i = 0; i < NPACKETS; i++)
		meets[i] = *tally_at(&s->tally, s->packet[i] & mask);
	return gain / packets_cost(meets);
}

/* --- prefixes --- */

static uint64_t prefix(uint32_t length)
{
	return length ? (uint32_t)(UINT32_MAX << (32 - length)) : 0;
}

static uint8_t prefix_length(uint32_t mask)
{
	return mask == UINT32_MAX ? 32 : (uint8_t)__builtin_clz(~mask);
}

/* Sorts the points by eight bits of their values from bit @shift on, stably. */
static void sort_byte(const struct point *from, struct point *to, uint32_t n,
		      int shift)
{
	uint32_t start[257] = { 0 }, i;

	for (i = 0; i < n; i++)
		start[(from[i].value >> shift & 0xff) + 1]++;
	for (i = 1; i < 256; i++)
		start[i] += start[i - 1];
	for (i = 0; i < n; i++)
		to[start[from[i].value >> shift & 0xff]++] = from[i];
}

/* All boxes left and all packets, by daddr. */
static void make_points(struct search *s)
{
	struct point *p = s->point;
	uint32_t i;

	s->npoints = s->n + NPACKETS;
	for (i = 0; i < s->n; i++)
		*p++ = (struct point){
			.value	= s->key[i].value,
			.length	= { prefix_length(s->key[i].mask >> 32),
				    prefix_length((uint32_t)s->key[i].mask) },
			.packet	= NPACKETS,
		};
	for (i = 0; i < NPACKETS; i++)
		*p++ = (struct point){ s->packet[i], { 32, 32 },
				       (uint16_t)i };
	for (i = 0; i < 32; i += 16) {
		sort_byte(s->point, s->row, s->npoints, (int)i);
		sort_byte(s->row, s->point, s->npoints, (int)i + 8);
	}
}

/*
 * The row for @length bits of saddr: those that fix so many, by these bits and
 * by daddr.  Points that agree in leading bits of both are neighbours then.
 */
static uint32_t make_row(struct search *s, uint32_t length, struct point *room)
{
	struct point *from = s->row, *to = room, *swap;
	uint32_t i, n = 0;
	int shift;

	for (i = 0; i < s->npoints; i++)
		if (s->point[i].length[0] >= length)
			s->row[n++] = s->point[i];
	for (shift = 64 - (int)length; shift < 64; shift += 8) {
		sort_byte(from, to, n, shift);
		swap = from;
		from = to;
		to = swap;
	}
	if (from != s->row)
		memcpy(s->row, from, n * sizeof(*from));
	return n;
}

/* As rate(), for the @n points of the row and @length bits of daddr. */
static double rate_row(const struct search *s, uint32_t n, uint64_t mask,
		       uint32_t length)
{
	uint32_t i, k, boxes = 0, gain = 0, covered = 0, met = 0;
	uint32_t meets[NPACKETS], packet[NPACKETS];
	const struct point *p;
	uint64_t key = 0;

	for (i = 0; i <= n; i++) {
		p = &s->row[i];
		if (i < n && p->length[1] < length)
			continue;
		if (i == n || (p->value & mask) != key) {
			covered += boxes;
			gain += boxes < GOOD_BOXES ? boxes : GOOD_BOXES;
			for (k = 0; k < met; k++)
				meets[packet[k]] = boxes;
			boxes = met = 0;
			key = i < n ? p->value & mask : 0;
		}
		if (i < n && p->packet == NPACKETS)
			boxes++;
		else if (i < n)
			packet[met++] = p->packet;
	}
	return serves_few(s, covered) ? 0 : gain / packets_cost(meets);
}

static uint64_t best_mask(struct search *s)
{
	double best = 0, rating;
	uint64_t mask, found = 0;
	uint32_t n;
	size_t i, j;

	make_points(s);
	for (i = 0; i < NLENGTHS; i++) {
		n = make_row(s, lengths[i], s->room);
		if (serves_few(s, n - NPACKETS))
			continue;
		for (j = 0; j < NLENGTHS; j++) {
			mask = prefix(lengths[i]) << 32 | prefix(lengths[j]);
			if (!mask)
				continue;
			rating = rate_row(s, n, mask, lengths[j]);
			if (rating > best) {
				best = rating;
				found = mask;
			}
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
	s->point = malloc((n + NPACKETS) * sizeof(*s->point));
	s->row = malloc((n + NPACKETS) * sizeof(*s->row));
	s->room = malloc((n + NPACKETS) * sizeof(*s->room));
	if (!s->key || !s->tally.entry || !s->point || !s->row || !s->room)
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
	free(s->point);
	free(s->row);
	free(s->room);
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

int tr_masks_take(struct tr_masks *m, const struct tr_boxes *list,
		  const uint64_t *mask, uint32_t n)
{
	memset(m, 0, sizeof(*m));
	m->n = n < TR_MAX_MASKS ? n : TR_MAX_MASKS;
	memcpy(m->mask, mask, m->n * sizeof(*mask));
	return set_levels(m, list);
}

void tr_masks_free(struct tr_masks *m)
{
	free(m->level);
	m->level = NULL;
}
