/* SPDX-License-Identifier: GPL-2.0-or-later */
/* tests/bench/bits.c - bit vectors, to compare the classifier with */
#include "tests/bench/bits.h"

#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

/* The intervals of one field. */
struct axis {
	enum ir_field	field;
	uint32_t	n;
	uint32_t	*first;		/* the lowest value of each; the first is 0 */
	uint32_t	*set;		/* of each: its set */
};

struct bits {
	uint32_t	nwords;		/* of a set */
	uint32_t	naxes;
	struct axis	axis[IR_NFIELDS];
	uint64_t	*set;		/* nsets times nwords */
	uint32_t	nsets;
	uint32_t	cap;

	/* While it is made: by hash of a set, its number + 1. */
	uint32_t	*table;
	uint32_t	mask;
};

/* Where a rule begins, or is over: sorted by value. */
struct event {
	uint32_t	value;
	uint32_t	rule;
};

static int by_value(const void *a, const void *b)
{
	const struct event *x = a, *y = b;

	return (x->value > y->value) - (x->value < y->value);
}

/* NULL: out of memory. */
static struct event *find_events(const struct bits_rule *rule, uint32_t n,
				 enum ir_field f, uint32_t *nevents)
{
	struct event *e = calloc((size_t)2 * n + 1, sizeof(*e));
	uint32_t i, m = 0;

	for (i = 0; e && i < n; i++) {
		e[m++] = (struct event){ rule[i].lo[f], i };
		if (rule[i].hi[f] != ir_field_max(f))
			e[m++] = (struct event){ rule[i].hi[f] + 1, i };
	}
	if (e)
		qsort(e, m, sizeof(*e), by_value);
	*nevents = m;
	return e;
}

static uint32_t hash_set(const uint64_t *w, uint32_t n)
{
	uint64_t h = 0;

	while (n--)
		h = (h ^ w[n]) * 0x9e3779b97f4a7c15ull ^ h >> 29;
	return (uint32_t)(h >> 32);
}

/* The number of the same set as the one at the end; the end grows by it if new. */
static uint32_t intern(struct bits *b)
{
	const uint64_t *w = b->set + (size_t)b->nsets * b->nwords;
	size_t size = b->nwords * sizeof(*w);
	uint32_t i = hash_set(w, b->nwords) & b->mask;

	for (; b->table[i]; i = (i + 1) & b->mask)
		if (!memcmp(b->set + (size_t)(b->table[i] - 1) * b->nwords, w,
			    size))
			return b->table[i] - 1;
	b->table[i] = ++b->nsets;
	return b->nsets - 1;
}

/* Room for one more set at the end. */
static int make_room(struct bits *b)
{
	uint64_t *more;

	if (b->nsets < b->cap)
		return 0;
	b->cap = b->cap ? 2 * b->cap : 64;
	more = realloc(b->set, (size_t)b->cap * b->nwords * sizeof(*more));
	if (!more)
		return -1;
	b->set = more;
	return 0;
}

/* An interval for each value of the events, each with the set before changed. */
static int sweep(struct bits *b, struct axis *a, const struct event *e,
		 uint32_t n, uint64_t *now)
{
	uint32_t i = 0;

	while (i < n || !a->n) {
		a->first[a->n] = a->n ? e[i].value : 0;
		for (; i < n && e[i].value == a->first[a->n]; i++)
			now[e[i].rule / 64] ^= (uint64_t)1 << e[i].rule % 64;
		if (make_room(b))
			return -1;
		memcpy(b->set + (size_t)b->nsets * b->nwords, now,
		       b->nwords * sizeof(*now));
		a->set[a->n++] = intern(b);
	}
	return 0;
}

static int make_axis(struct bits *b, struct axis *a,
		     const struct bits_rule *rule, uint32_t n)
{
	uint64_t *now = calloc(b->nwords, sizeof(*now));
	uint32_t nevents;
	struct event *e = find_events(rule, n, a->field, &nevents);
	int err = -1;

	a->first = calloc((size_t)nevents + 1, sizeof(*a->first));
	a->set = calloc((size_t)nevents + 1, sizeof(*a->set));
	if (now && e && a->first && a->set)
		err = sweep(b, a, e, nevents, now);
	free(now);
	free(e);
	return err;
}

static bool is_limited(const struct bits_rule *rule, uint32_t n,
		       enum ir_field f)
{
	uint32_t i;

	for (i = 0; i < n; i++)
		if (rule[i].lo[f] || rule[i].hi[f] != ir_field_max(f))
			return true;
	return false;
}

struct bits *bits_new(const struct bits_rule *rule, uint32_t n)
{
	struct bits *b = calloc(1, sizeof(*b));
	struct axis *a;
	int f, err = 0;

	if (!b)
		return NULL;
	b->nwords = n / 64 + 1;
	b->mask = 1023;
	while (b->mask < 8 * IR_NFIELDS * n)
		b->mask = 2 * b->mask + 1;
	b->table = calloc((size_t)b->mask + 1, sizeof(*b->table));
	for (f = 0; b->table && !err && f < IR_NFIELDS; f++) {
		if (!is_limited(rule, n, f))
			continue;
		a = &b->axis[b->naxes++];
		a->field = f;
		err = make_axis(b, a, rule, n);
	}
	err = b->table ? err : -1;
	free(b->table);
	b->table = NULL;
	if (!err)
		return b;
	bits_free(b);
	return NULL;
}

void bits_free(struct bits *b)
{
	uint32_t i;

	if (!b)
		return;
	for (i = 0; i < b->naxes; i++) {
		free(b->axis[i].first);
		free(b->axis[i].set);
	}
	free(b->set);
	free(b);
}

size_t bits_size(const struct bits *b)
{
	size_t size = (size_t)b->nsets * b->nwords * sizeof(*b->set);
	uint32_t i;

	for (i = 0; i < b->naxes; i++)
		size += (size_t)b->axis[i].n * 2 * sizeof(uint32_t);
	return size;
}

/* Halving without a branch: the last interval that begins at @v or before. */
static const uint64_t *find_set(const struct bits *b, const struct axis *a,
				uint32_t v, uint32_t *steps)
{
	const uint32_t *at = a->first;
	uint32_t n = a->n, half;

	while (n > 1) {
		half = n / 2;
		at += at[half] <= v ? half : 0;
		n -= half;
		++*steps;
	}
	return b->set + (size_t)a->set[at - a->first] * b->nwords;
}

uint32_t bits_find(const struct bits *b, const uint32_t field[IR_NFIELDS],
		   struct bits_visits *v)
{
	const uint64_t *set[IR_NFIELDS];
	uint32_t steps = 0, i, w;
	uint64_t hit = 0;

	for (i = 0; i < b->naxes; i++)
		set[i] = find_set(b, &b->axis[i], field[b->axis[i].field],
				  &steps);
	for (w = 0; w < b->nwords; w++) {
		hit = UINT64_MAX;
		for (i = 0; i < b->naxes; i++)
			hit &= set[i][w];
		if (hit)
			break;
	}
	if (v) {
		v->steps += steps;
		v->sets += b->naxes;
		v->words += (uint64_t)b->naxes * (w + (w < b->nwords));
	}
	return hit ? w * 64 + (uint32_t)__builtin_ctzll(hit) : UINT32_MAX;
}
