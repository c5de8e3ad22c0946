/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * translator/mask6.c - masks of IPv6 addresses, chosen greedily
 *
 * A mask is of one or two halves of the addresses: the prefixes of networks are
 * in the upper halves, and in one site it is the lower ones that tell hosts
 * apart.  Only lengths that the rules have are tried, so that most rulesets leave
 * some tens of masks, each rated by hashing a sample of the boxes.
 */
#include "translator/mask.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "translator/rate.h"

static const uint8_t lengths[] = {
	16, 20, 24, 28, 32, 36, 40, 44, 48, 52, 56, 60, 64
};

#define NLENGTHS	(sizeof(lengths) / sizeof(*lengths))

/* One half, masked. */
struct part {
	uint64_t	mask;
	enum tr_half	half;
};

/* Those of an address, the one that is nothing first. */
struct parts {
	struct part	part[2 * NLENGTHS + 1];
	uint32_t	n;
};

/* A box's halves, or a packet's. */
struct point {
	struct tr_key	half[TR_NHALVES];
};

/* The boxes not yet served, and packets of theirs. */
struct search {
	struct point	*box;
	uint32_t	n;
	struct point	packet[TR_RATE_PACKETS];
	struct tr_tally	tally;
	struct parts	src, dst;
	struct tr_mask	best;
	double		rating;		/* of the best */
	uint64_t	seed;
};

static uint64_t next_random(struct search *s)
{
	s->seed ^= s->seed << 13;
	s->seed ^= s->seed >> 7;
	s->seed ^= s->seed << 17;
	return s->seed;
}

static bool fixes(const struct point *p, const struct tr_mask *m)
{
	return !(m->mask[0] & ~p->half[m->half[0]].mask) &&
	       !(m->mask[1] & ~p->half[m->half[1]].mask);
}

static uint64_t key_of(const struct point *p, const struct tr_mask *m)
{
	return (p->half[m->half[0]].value & m->mask[0]) +
	       (p->half[m->half[1]].value & m->mask[1]) * TR_KEY_MUL;
}

/* More is better; 0: useless. */
static double rate(struct search *s, const struct tr_mask *m)
{
	uint32_t i, covered = 0, meets[TR_RATE_PACKETS], *n;
	double gain = 0;

	for (i = 0; i < s->n; i++)
		covered += fixes(&s->box[i], m);
	if (tr_rate_few(s->n, covered))
		return 0;
	s->tally.stamp++;
	for (i = 0; i < s->n; i++) {
		if (!fixes(&s->box[i], m))
			continue;
		n = tr_tally_at(&s->tally, key_of(&s->box[i], m));
		if ((*n)++ < TR_RATE_GOOD)
			gain++;
	}
	for (i = 0; i < TR_RATE_PACKETS; i++)
		meets[i] = *tr_tally_at(&s->tally, key_of(&s->packet[i], m));
	return gain / tr_rate_packets(meets);
}

static void try(struct search *s, const struct part *a, const struct part *b)
{
	const struct tr_mask m = {
		.mask = { a->mask, b->mask }, .half = { a->half, b->half },
	};
	double rating = rate(s, &m);

	if (rating > s->rating) {
		s->rating = rating;
		s->best = m;
	}
}

static uint64_t prefix(uint32_t length)
{
	return length ? UINT64_MAX << (64 - length) : 0;
}

static uint32_t prefix_length(uint64_t mask)
{
	return mask == UINT64_MAX ? 64 : (uint32_t)__builtin_clzll(~mask);
}

/* The lengths that make a difference: some box has it, but not the next one. */
static void add_parts(const struct search *s, struct parts *p,
		      enum tr_half half)
{
	uint32_t has[65] = { 0 }, i, boxes;
	size_t k;

	for (i = 0; i < s->n; i++)
		has[prefix_length(s->box[i].half[half].mask)]++;
	for (k = 0; k < NLENGTHS; k++) {
		i = lengths[k];
		boxes = has[i];
		while (k + 1 < NLENGTHS && ++i < lengths[k + 1])
			boxes += has[i];
		if (boxes)
			p->part[p->n++] = (struct part){
				prefix(lengths[k]), half
			};
	}
}

static void find_parts(const struct search *s, struct parts *p,
		       enum tr_half high, enum tr_half low)
{
	p->part[0] = (struct part){ 0, high };
	p->n = 1;
	add_parts(s, p, high);
	add_parts(s, p, low);
}

/* Both halves of one address: all of the upper one. */
static void try_whole(struct search *s, const struct parts *p)
{
	uint32_t i, j;

	for (i = 1; i < p->n; i++)
		for (j = i + 1; j < p->n; j++)
			if (p->part[i].mask == UINT64_MAX &&
			    p->part[i].half != p->part[j].half)
				try(s, &p->part[i], &p->part[j]);
}

static bool find_best(struct search *s)
{
	uint32_t i, j;

	s->rating = 0;
	find_parts(s, &s->src, TR_HALF_SRC, TR_HALF_SRC_LOW);
	find_parts(s, &s->dst, TR_HALF_DST, TR_HALF_DST_LOW);
	for (i = 0; i < s->src.n; i++)
		for (j = !i; j < s->dst.n; j++)
			try(s, &s->src.part[i], &s->dst.part[j]);
	try_whole(s, &s->src);
	try_whole(s, &s->dst);
	return s->rating > 0;
}

/* Takes the boxes away that the mask serves. */
static void take(struct search *s)
{
	uint32_t i, n = 0;

	for (i = 0; i < s->n; i++)
		if (!fixes(&s->box[i], &s->best))
			s->box[n++] = s->box[i];
	s->n = n;
}

static int start(struct search *s, const struct tr_boxes *list)
{
	uint32_t i, h, n = tr_rate_sample(list);
	struct tr_key *k;

	s->seed = 88172645463325252ull;
	s->box = calloc((size_t)n + 1, sizeof(*s->box));
	if (tr_tally_start(&s->tally, n) || !s->box)
		return -ENOMEM;
	for (i = 0; i < n; i++)
		for (h = TR_HALF_SRC; h < TR_NHALVES; h++)
			s->box[i].half[h] = tr_box_key(
				&list->box[(uint64_t)list->n * i / n],
				(enum tr_half)h);
	s->n = n;
	for (i = 0; i < TR_RATE_PACKETS; i++) {
		s->packet[i] = s->box[next_random(s) % n];
		for (h = TR_HALF_SRC; h < TR_NHALVES; h++) {
			k = &s->packet[i].half[h];
			k->value |= next_random(s) & ~k->mask;
		}
	}
	return 0;
}

/* The second part is not set where there is none. */
static void add_mask(struct tr_masks *m, struct tr_mask found)
{
	if (!found.mask[0]) {
		found.mask[0] = found.mask[1];
		found.half[0] = found.half[1];
		found.mask[1] = 0;
	}
	if (!found.mask[1])
		found.half[1] = found.half[0];
	m->mask[m->n++] = found;
}

int tr_masks_search6(struct tr_masks *m, const struct tr_boxes *list)
{
	struct search *s = calloc(1, sizeof(*s));
	int err;

	if (!s)
		return -ENOMEM;
	err = start(s, list);
	while (!err && m->n < TR_MAX_MASKS && s->n >= TR_RATE_MIN &&
	       find_best(s)) {
		take(s);
		add_mask(m, s->best);
	}
	free(s->box);
	tr_tally_stop(&s->tally);
	free(s);
	return err;
}
