/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * translator/cut.c - the heuristics of the trees
 *
 * Every field is tried with up to 3 and up to 7 thresholds, put at quantiles of
 * the boxes' ends.  A cut is rated by the work that is left below it, in
 * doublings of the number of boxes: the expected logarithm of a child's size,
 * plus what the copies of boxes that lie across thresholds will cost.
 */
#include "translator/cut.h"

#include <math.h>
#include <stdlib.h>

#include "translator/log2.h"

/* A box in more than one child costs memory: weight of each doubling. */
#define COPY_WEIGHT	1.5
/* A node of 64 bytes must be better than one of 32 by this much. */
#define WIDE_PENALTY	0.3
/* Some child keeps all boxes, and there are more copies besides. */
#define STUCK_PENALTY	3.0
#define STUCK_COPIES	1.5
/* Lists this short are not worth a node that leaves one child as it was. */
#define STUCK_LEAF	8
/* Boxes that cost nothing to search. */
#define FREE_BOXES	2

static int compare_u32(const void *a, const void *b)
{
	uint32_t x = *(const uint32_t *)a, y = *(const uint32_t *)b;

	return x < y ? -1 : x > y;
}

/* The last values before a box begins or ends inside the cell, sorted. */
static uint32_t gather_ends(const struct tr_box *box, const uint32_t *list,
			    uint32_t n, const struct tr_cell *cell,
			    enum ir_field f, uint32_t *end)
{
	uint32_t lo = cell->lo[f], hi = cell->hi[f], i, m = 0;
	const struct tr_box *b;

	for (i = 0; i < n; i++) {
		b = &box[list[i]];
		if (b->lo[f] > lo)
			end[m++] = b->lo[f] - 1;
		if (b->hi[f] < hi)
			end[m++] = b->hi[f];
	}
	if (m > 1)
		qsort(end, m, sizeof(*end), compare_u32);
	return m;
}

/* Up to @k thresholds: all distinct ends, or quantiles of them. */
static void place(struct tr_cut *cut, const uint32_t *end, uint32_t m,
		  uint32_t k)
{
	uint32_t i, v;

	cut->n = 0;
	for (i = 0; i < m && cut->n <= k; i++)
		if (!i || end[i] != end[i - 1]) {
			if (cut->n < k)
				cut->at[cut->n] = end[i];
			cut->n++;
		}
	if (cut->n <= k)
		return;
	cut->n = 0;
	for (i = 1; i <= k; i++) {
		v = end[(uint64_t)m * i / (k + 1)];
		if (!cut->n || v > cut->at[cut->n - 1])
			cut->at[cut->n++] = v;
	}
}

struct rating {
	double		score;		/* less is better */
	bool		stuck;		/* a child has all the boxes */
};

static struct rating rate(const struct tr_box *box, const uint32_t *list,
			  uint32_t n, const struct tr_cut *cut)
{
	uint32_t count[TR_MAX_CUTS + 1] = { 0 }, sum = 0, i, c, last;
	struct rating r = { 0, false };

	for (i = 0; i < n; i++) {
		last = tr_cut_child(cut, box[list[i]].hi[cut->field]);
		c = tr_cut_child(cut, box[list[i]].lo[cut->field]);
		for (; c <= last; c++)
			count[c]++;
	}
	for (i = 0; i <= cut->n; i++) {
		sum += count[i];
		r.stuck |= count[i] == n;
	}
	for (i = 0; i <= cut->n; i++)
		if (count[i] > FREE_BOXES)
			r.score += (double)count[i] / sum *
				   tr_log2(count[i], FREE_BOXES);
	r.score += COPY_WEIGHT * tr_log2(sum, n);
	if (r.stuck && sum >= n * STUCK_COPIES)
		r.score += STUCK_PENALTY;
	return r;
}

static bool ends_inside(const struct tr_box *b, const struct tr_cell *cell,
			uint32_t fields)
{
	uint32_t f;

	for (; fields; fields &= fields - 1) {
		f = __builtin_ctz(fields);
		if (b->lo[f] > cell->lo[f] || b->hi[f] < cell->hi[f])
			return true;
	}
	return false;
}

/* Of a long list: boxes that end in the cell, evenly spread over it. */
static uint32_t sample(const struct tr_box *box, const uint32_t *list,
		       uint32_t n, const struct tr_cell *cell, uint32_t fields,
		       uint32_t *room)
{
	uint32_t i, seen = 0, m = 0, inside = 0;

	for (i = 0; i < n; i++)
		inside += ends_inside(&box[list[i]], cell, fields);
	for (i = 0; i < n; i++) {
		if (!ends_inside(&box[list[i]], cell, fields))
			continue;
		if ((uint64_t)seen++ * TR_CUT_SAMPLE / inside >= m &&
		    m < TR_CUT_SAMPLE)
			room[m++] = list[i];
	}
	return m;
}

bool tr_cut_choose(const struct tr_box *box, const uint32_t *list, uint32_t n,
		   const struct tr_cell *cell, uint32_t fields,
		   struct tr_cut_room *room, struct tr_cut *cut)
{
	struct rating best = { HUGE_VAL, false }, r;
	struct tr_cut try;
	uint32_t m, k, f;

	if (n > TR_CUT_SAMPLE) {
		n = sample(box, list, n, cell, fields, room->list);
		list = room->list;
	}
	for (f = 0; f < IR_NFIELDS; f++) {
		if (!(fields & 1u << f))
			continue;
		try.field = f;
		m = gather_ends(box, list, n, cell, f, room->end);
		if (!m)
			continue;
		for (k = 3; k <= TR_MAX_CUTS; k += 4) {
			place(&try, room->end, m, k);
			r = rate(box, list, n, &try);
			if (try.n > 3)
				r.score += WIDE_PENALTY;
			if (r.score < best.score) {
				best = r;
				*cut = try;
			}
			if (try.n <= 3 && k == 3 && m <= 3)
				break;
		}
	}
	return best.score < HUGE_VAL && !(best.stuck && n <= STUCK_LEAF);
}
