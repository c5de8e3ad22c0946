/* SPDX-License-Identifier: GPL-2.0-or-later */
/* translator/ranges.c - sets of ranges: from terms, inverted, as a prefix */
#include "translator/ranges.h"

#include <string.h>

/* True for 0..01..1. */
static bool low_bits(uint32_t x)
{
	return !(x & (x + 1));
}

/*
 * The range of a term whose mask leaves only low bits out: what is compared
 * are multiples of 1 + those bits.  Empty when lo > hi.
 */
static bool term_range(const struct ir_term *t, struct tr_range *out)
{
	uint32_t max = ir_field_max(t->field);
	uint32_t low = max & ~t->mask;
	uint32_t last = (t->hi < max ? t->hi : max) & ~low;
	uint64_t first = ((uint64_t)t->lo + low) & ~(uint64_t)low;

	if (!low_bits(low))
		return false;
	*out = (struct tr_range){ 1, 0 };
	if (first <= last)
		*out = (struct tr_range){ first, last | low };
	return true;
}

/* Adds [lo, hi] and joins what it touches.  False when there is no room. */
static bool insert(struct tr_ranges *r, struct tr_range add)
{
	struct tr_range out[TR_MAX_RANGES + 1];
	uint32_t i, n = 0;

	for (i = 0; i < r->n; i++) {
		const struct tr_range *x = &r->range[i];

		if ((uint64_t)x->hi + 1 >= add.lo &&
		    (uint64_t)add.hi + 1 >= x->lo) {
			add.lo = x->lo < add.lo ? x->lo : add.lo;
			add.hi = x->hi > add.hi ? x->hi : add.hi;
		}
	}
	for (i = 0; i < r->n && r->range[i].hi < add.lo; i++)
		out[n++] = r->range[i];
	out[n++] = add;
	for (; i < r->n; i++)
		if (r->range[i].lo > add.hi)
			out[n++] = r->range[i];
	if (n > TR_MAX_RANGES)
		return false;
	memcpy(r->range, out, n * sizeof(*out));
	r->n = n;
	return true;
}

bool tr_ranges_from_terms(struct tr_ranges *r, const struct ir_pred *pred)
{
	struct tr_range range;
	uint32_t i;

	if (!pred->nterms)
		return false;
	r->field = pred->term[0].field;
	r->n = 0;
	for (i = 0; i < pred->nterms; i++) {
		if (pred->term[i].field != r->field ||
		    !term_range(&pred->term[i], &range))
			return false;
		if (range.lo <= range.hi && !insert(r, range))
			return false;
	}
	return true;
}

void tr_ranges_invert(struct tr_ranges *r)
{
	uint32_t max = ir_field_max(r->field), i, n = 0;
	struct tr_range out[TR_MAX_RANGES + 1];
	uint64_t next = 0;

	for (i = 0; i < r->n; i++) {
		if (r->range[i].lo > next)
			out[n++] = (struct tr_range){ next,
						      r->range[i].lo - 1 };
		next = (uint64_t)r->range[i].hi + 1;
	}
	if (next <= max)
		out[n++] = (struct tr_range){ next, max };
	memcpy(r->range, out, n * sizeof(*out));
	r->n = n;
}

bool tr_range_prefix(struct tr_range range, uint32_t *mask)
{
	uint32_t low = range.lo ^ range.hi;

	*mask = ~low;
	return low_bits(low) && !(range.lo & low);
}
