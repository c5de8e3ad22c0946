/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * translator/mask4.c - masks of a pair of IPv4 addresses, chosen greedily
 *
 * The best mask takes its boxes away, and the next is chosen for the rest.  All
 * pairs of prefixes are rated by walking neighbours in sorted rows, which takes
 * much less time than to hash each box for each of them.
 */
#include "translator/mask.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "translator/rate.h"

/* Masks in the rules that are no prefixes: so many are tried. */
#define MAX_ODD		8

static const uint8_t lengths[] = {
	0, 8, 12, 14, 16, 18, 20, 22, 24, 26, 28, 30, 31, 32
};

#define NLENGTHS	(sizeof(lengths) / sizeof(*lengths))

/* A box or a packet, for the masks that are prefixes. */
struct point {
	uint64_t	value;		/* saddr << 32 | daddr */
	uint8_t		length[2];	/* of the prefixes that it fixes */
	uint16_t	packet;		/* its number; TR_RATE_PACKETS: a box */
};

/* The boxes not yet served, and packets of theirs. */
struct search {
	struct tr_key	*key;
	uint32_t	n;
	uint64_t	packet[TR_RATE_PACKETS];
	struct point	*point;		/* of the boxes and the packets, by daddr */
	struct point	*row;		/* for one length of saddr */
	struct point	*room;
	uint32_t	npoints;
	struct tr_tally	tally;		/* for masks that are no prefixes */
	uint64_t	odd[MAX_ODD];
	uint32_t	nodd;
	uint64_t	seed;
};

static uint64_t next_random(struct search *s)
{
	s->seed ^= s->seed << 13;
	s->seed ^= s->seed >> 7;
	s->seed ^= s->seed << 17;
	return s->seed;
}

/* --- any mask --- */

/* More is better; 0: useless. */
static double rate(struct search *s, uint64_t mask)
{
	uint32_t i, covered = 0, meets[TR_RATE_PACKETS], *n;
	double gain = 0;

	for (i = 0; i < s->n; i++)
		covered += (s->key[i].mask & mask) == mask;
	if (tr_rate_few(s->n, covered))
		return 0;
	s->tally.stamp++;
	for (i = 0; i < s->n; i++) {
		if ((s->key[i].mask & mask) != mask)
			continue;
		n = tr_tally_at(&s->tally, s->key[i].value & mask);
		if ((*n)++ < TR_RATE_GOOD)
			gain++;
	}
	for (i = 0; i < TR_RATE_PACKETS; i++)
		meets[i] = *tr_tally_at(&s->tally, s->packet[i] & mask);
	return gain / tr_rate_packets(meets);
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

	s->npoints = s->n + TR_RATE_PACKETS;
	for (i = 0; i < s->n; i++)
		*p++ = (struct point){
			.value	= s->key[i].value,
			.length	= { prefix_length(s->key[i].mask >> 32),
				    prefix_length((uint32_t)s->key[i].mask) },
			.packet	= TR_RATE_PACKETS,
		};
	for (i = 0; i < TR_RATE_PACKETS; i++)
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
	uint32_t meets[TR_RATE_PACKETS], packet[TR_RATE_PACKETS];
	const struct point *p;
	uint64_t key = 0;

	for (i = 0; i <= n; i++) {
		p = &s->row[i];
		if (i < n && p->length[1] < length)
			continue;
		if (i == n || (p->value & mask) != key) {
			covered += boxes;
			gain += boxes < TR_RATE_GOOD ? boxes : TR_RATE_GOOD;
			for (k = 0; k < met; k++)
				meets[packet[k]] = boxes;
			boxes = met = 0;
			key = i < n ? p->value & mask : 0;
		}
		if (i < n && p->packet == TR_RATE_PACKETS)
			boxes++;
		else if (i < n)
			packet[met++] = p->packet;
	}
	return tr_rate_few(s->n, covered) ? 0 : gain / tr_rate_packets(meets);
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
		if (tr_rate_few(s->n, n - TR_RATE_PACKETS))
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
	uint32_t i, n = tr_rate_sample(list);
	struct tr_key *k;
	uint64_t any;

	memset(s, 0, sizeof(*s));
	s->seed = 88172645463325252ull;
	s->key = malloc(n * sizeof(*s->key));
	s->point = malloc((n + TR_RATE_PACKETS) * sizeof(*s->point));
	s->row = malloc((n + TR_RATE_PACKETS) * sizeof(*s->row));
	s->room = malloc((n + TR_RATE_PACKETS) * sizeof(*s->room));
	if (tr_tally_start(&s->tally, n) || !s->key || !s->point || !s->row ||
	    !s->room)
		return -ENOMEM;
	for (i = 0; i < n; i++) {
		k = &s->key[i];
		*k = tr_box_key(&list->box[(uint64_t)list->n * i / n],
				TR_HALF_PAIR);
		note_odd(s, k->mask);
	}
	s->n = n;
	for (i = 0; i < TR_RATE_PACKETS; i++) {
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
	tr_tally_stop(&s->tally);
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

int tr_masks_search4(struct tr_masks *m, const struct tr_boxes *list)
{
	struct search s;
	uint64_t mask;
	int err;

	err = start(&s, list);
	while (!err && m->n < TR_MAX_MASKS && s.n >= TR_RATE_MIN) {
		mask = best_mask(&s);
		if (!mask)
			break;
		m->mask[m->n++].mask[0] = mask;
		take(&s, mask);
	}
	stop(&s);
	return err;
}
