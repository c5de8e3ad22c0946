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

#include <errno.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "translator/log2.h"
#include "translator/sort.h"

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

void tr_spans_free(struct tr_spans *s)
{
	int f;

	for (f = 0; f < IR_NFIELDS; f++)
		free(s->of[f]);
	free(s->solid);
	memset(s, 0, sizeof(*s));
}

int tr_spans_make(struct tr_spans *s, const struct tr_boxes *list,
		  uint32_t fields)
{
	uint32_t f, i;

	memset(s, 0, sizeof(*s));
	s->fields = fields;
	s->solid = malloc((size_t)list->n + 1);
	if (!s->solid)
		return -ENOMEM;
	for (i = 0; i < list->n; i++)
		s->solid[i] = list->box[i].final && list->box[i].exact;
	for (; fields; fields &= fields - 1) {
		f = (uint32_t)__builtin_ctz(fields);
		s->of[f] = malloc(((size_t)list->n + 1) * sizeof(*s->of[f]));
		if (!s->of[f])
			return -ENOMEM;
		for (i = 0; i < list->n; i++)
			s->of[f][i] = (struct tr_span){ list->box[i].lo[f],
							list->box[i].hi[f] };
	}
	return 0;
}

bool tr_spans_cover(const struct tr_spans *s, uint32_t box,
		    const struct tr_cell *cell)
{
	uint32_t fields = s->fields, f;

	for (; fields; fields &= fields - 1) {
		f = (uint32_t)__builtin_ctz(fields);
		if (s->of[f][box].lo > cell->lo[f] ||
		    s->of[f][box].hi < cell->hi[f])
			return false;
	}
	return true;
}

/* --- where boxes begin and end --- */

/*
 * The last values before boxes begin or end inside the cell, in ascending
 * order.  The lowest bit says that a box begins behind the value.
 */
struct ends {
	const uint64_t	*at;
	uint32_t	n;
	uint32_t	nbegins;
	uint32_t	distinct;	/* values; counted up to TR_MAX_CUTS + 1 */
};

static uint32_t value_of(const struct ends *e, uint32_t i)
{
	return (uint32_t)(e->at[i] >> 1);
}

static void gather(struct ends *e, const struct tr_span *span,
		   const uint32_t *list, uint32_t n, uint32_t lo, uint32_t hi,
		   struct tr_cut_room *room)
{
	uint32_t i, m = 0, begins = 0;
	struct tr_span b;

	for (i = 0; i < n; i++) {
		b = span[list[i]];
		room->end[m] = (uint64_t)(b.lo - 1) << 1 | 1;
		begins += b.lo > lo;
		m += b.lo > lo;
		room->end[m] = (uint64_t)b.hi << 1;
		m += b.hi < hi;
	}
	tr_sort(room->end, m, room->sort);
	*e = (struct ends){ .at = room->end, .n = m, .nbegins = begins,
			    .distinct = m > 0 };
	for (i = 1; i < m && e->distinct <= TR_MAX_CUTS; i++)
		e->distinct += value_of(e, i) != value_of(e, i - 1);
}

/* Up to @k thresholds: all distinct ends, or quantiles of them. */
static void place(struct tr_cut *cut, const struct ends *e, uint32_t k)
{
	uint32_t i, v, steps = e->distinct <= k ? e->n : k;

	cut->n = 0;
	for (i = 0; i < steps; i++) {
		v = value_of(e, steps == e->n ? i :
			     (uint32_t)((uint64_t)e->n * (i + 1) / (k + 1)));
		if (!cut->n || v > cut->at[cut->n - 1])
			cut->at[cut->n++] = v;
	}
}

/* --- rating --- */

/*
 * How many of the @n boxes reach into each child: all but those that begin
 * behind it and those that end before it.
 */
static void count(const struct ends *e, const struct tr_cut *cut, uint32_t n,
		  uint32_t *in)
{
	uint32_t i = 0, c, begins = 0, ended = 0;

	for (c = 0; c < cut->n; c++) {
		while (i < e->n && value_of(e, i) < cut->at[c])
			begins += e->at[i++] & 1;
		in[c] = n - (e->nbegins - begins) - ended;
		while (i < e->n && value_of(e, i) == cut->at[c])
			begins += e->at[i++] & 1;
		ended = i - begins;
	}
	in[cut->n] = n - ended;
}

struct rating {
	double		score;		/* less is better */
	bool		stuck;		/* a child has all the boxes */
};

static struct rating rate(const struct ends *e, const struct tr_cut *cut,
			  uint32_t n)
{
	uint32_t in[TR_MAX_CUTS + 1], sum = 0, i;
	struct rating r = { 0, false };

	count(e, cut, n, in);
	for (i = 0; i <= cut->n; i++) {
		sum += in[i];
		r.stuck |= in[i] == n;
	}
	for (i = 0; i <= cut->n; i++)
		if (in[i] > FREE_BOXES)
			r.score += (double)in[i] / sum *
				   tr_log2(in[i], FREE_BOXES);
	r.score += COPY_WEIGHT * tr_log2(sum, n);
	if (r.stuck && sum >= n * STUCK_COPIES)
		r.score += STUCK_PENALTY;
	return r;
}

/* --- choosing --- */

/* Of a long list: boxes that end in the cell, evenly spread over it. */
static uint32_t sample(const struct tr_spans *s, const uint32_t *list,
		       uint32_t n, const struct tr_cell *cell, uint32_t *room)
{
	uint32_t i, seen = 0, m = 0, inside = 0;

	for (i = 0; i < n; i++)
		inside += !tr_spans_cover(s, list[i], cell);
	for (i = 0; i < n; i++) {
		if (tr_spans_cover(s, list[i], cell))
			continue;
		if ((uint64_t)seen++ * TR_CUT_SAMPLE / inside >= m &&
		    m < TR_CUT_SAMPLE)
			room[m++] = list[i];
	}
	return m;
}

bool tr_cut_choose(const struct tr_spans *s, const uint32_t *list, uint32_t n,
		   const struct tr_cell *cell, struct tr_cut_room *room,
		   struct tr_cut *cut)
{
	struct rating best = { HUGE_VAL, false }, r;
	uint32_t k, f, fields = s->fields;
	struct tr_cut try;
	struct ends e;

	if (n > TR_CUT_SAMPLE) {
		n = sample(s, list, n, cell, room->list);
		list = room->list;
	}
	for (; fields; fields &= fields - 1) {
		f = (uint32_t)__builtin_ctz(fields);
		gather(&e, s->of[f], list, n, cell->lo[f], cell->hi[f], room);
		try.field = f;
		for (k = 3; e.n && k <= TR_MAX_CUTS; k += 4) {
			place(&try, &e, k);
			r = rate(&e, &try, n);
			if (try.n > 3)
				r.score += WIDE_PENALTY;
			if (r.score < best.score) {
				best = r;
				*cut = try;
			}
			if (e.distinct <= 3)
				break;
		}
	}
	return best.score < HUGE_VAL && !(best.stuck && n <= STUCK_LEAF);
}
