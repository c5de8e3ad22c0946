/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * translator/tree.c - cut until a leaf is short
 *
 * A box that certainly holds in the whole cell and never comes back hides
 * every box behind it: the list of a cell ends there.  Equal nodes and leaves
 * are stored once, and neighbours that became equal are joined, so a field
 * that turned out not to matter leaves no trace.
 */
#include "translator/tree.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

static bool touches(const struct tr_spans *s, uint32_t box,
		    const struct tr_cell *cell)
{
	uint32_t fields = s->fields, f;

	for (; fields; fields &= fields - 1) {
		f = (uint32_t)__builtin_ctz(fields);
		if (s->of[f][box].lo > cell->hi[f] ||
		    s->of[f][box].hi < cell->lo[f])
			return false;
	}
	return true;
}

/* How many of the list are left when it ends at the first that covers. */
static uint32_t end_list(const struct tr_spans *s, const uint32_t *list,
			 uint32_t n, const struct tr_cell *cell)
{
	uint32_t i;

	for (i = 0; i < n; i++)
		if (s->solid[list[i]] && tr_spans_cover(s, list[i], cell))
			return i + 1;
	return n;
}

static uint32_t *record_room(struct tr_forest *f, uint32_t words)
{
	uint32_t *more;

	if (words <= f->cap)
		return f->record;
	more = realloc(f->record, (size_t)words * 2 * sizeof(*more));
	if (!more) {
		f->ws->err = -ENOMEM;
		return NULL;
	}
	f->record = more;
	f->cap = words * 2;
	return more;
}

static void count_leaf(struct tr_stats *s, uint32_t records)
{
	s->leaves++;
	s->records += records;
	if (records > s->max_leaf)
		s->max_leaf = records;
}

static uint32_t store(struct tr_forest *f, const uint32_t *w, uint32_t n,
		      uint32_t align, enum tr_ref type, bool *fresh)
{
	uint32_t before = f->ws->n;
	uint32_t offset = tr_cons_add(f->cons, f->ws, w, n, align);

	*fresh = f->ws->n != before;
	if (f->ws->n > f->limit)
		f->over = true;
	return offset | type;
}

static uint32_t leaf(struct tr_forest *f, const uint32_t *list, uint32_t n)
{
	uint32_t size = f->layout->size / 4, i, at = 0, ref;
	uint32_t *rec;
	bool fresh;

	/* A search from k walks all before k: long rows are split instead. */
	if (n > TR_LEAF_MAX) {
		f->over = true;
		return 0;
	}
	rec = record_room(f, n * size);
	if (!rec)
		return 0;
	for (i = 0; i < n; i++) {
		tr_record_write(f->layout, &f->box[list[i]], rec + at);
		/* Pieces of one rule may be the same record. */
		if (!at || memcmp(rec + at, rec + at - size, size * 4))
			at += size;
	}
	rec[at - size] |= TR_LAST;
	ref = store(f, rec, at, 16, TR_LEAF, &fresh);
	if (fresh)
		count_leaf(&f->stats, at / size);
	return ref;
}

/* A node for @cut, joined where neighbours are equal. */
static uint32_t node(struct tr_forest *f, const struct tr_cut *cut,
		     const uint32_t *child)
{
	uint32_t w[16], to[TR_MAX_CUTS + 1], at[TR_MAX_CUTS];
	uint32_t i, k, n = 0, ref;
	bool fresh;

	to[0] = child[0];
	for (i = 0; i < cut->n; i++) {
		if (child[i + 1] == to[n])
			continue;
		at[n++] = cut->at[i];
		to[n] = child[i + 1];
	}
	if (!n)
		return to[0];
	k = n <= 3 ? 3 : 7;
	w[0] = cut->field;
	for (i = 0; i < k; i++)
		w[1 + i] = i < n ? at[i] : UINT32_MAX;
	for (i = 0; i <= k; i++)
		w[1 + k + i] = to[i < n ? i : n];
	ref = store(f, w, 2 * k + 2, 8 * k + 8,
		    k == 3 ? TR_NODE4 : TR_NODE8, &fresh);
	f->stats.nodes += fresh;
	f->used |= 1u << cut->field;
	return ref;
}

/*
 * Spreads the list over the children: list of child i is
 * out[start[i]..start[i + 1] - 1].  NULL when out of memory.
 */
static uint32_t *spread(const struct tr_forest *f, const uint32_t *list,
			uint32_t n, const struct tr_cut *cut, uint32_t *start)
{
	const struct tr_span *span = f->spans->of[cut->field];
	uint32_t at[TR_MAX_CUTS + 2] = { 0 }, i, c, last;
	uint32_t *out;

	for (i = 0; i < n; i++) {
		last = tr_cut_child(cut, span[list[i]].hi);
		for (c = tr_cut_child(cut, span[list[i]].lo); c <= last; c++)
			at[c + 1]++;
	}
	for (c = 0; c <= cut->n; c++)
		at[c + 1] += at[c];
	memcpy(start, at, sizeof(at));
	out = malloc(((size_t)start[cut->n + 1] + 1) * sizeof(*out));
	for (i = 0; out && i < n; i++) {
		last = tr_cut_child(cut, span[list[i]].hi);
		for (c = tr_cut_child(cut, span[list[i]].lo); c <= last; c++)
			out[at[c]++] = list[i];
	}
	return out;
}

static uint32_t build(struct tr_forest *f, const uint32_t *list, uint32_t n,
		      struct tr_cell *cell, uint32_t depth);

static uint32_t build_children(struct tr_forest *f, const uint32_t *list,
			       uint32_t n, struct tr_cell *cell,
			       const struct tr_cut *cut, uint32_t depth)
{
	uint32_t start[TR_MAX_CUTS + 2], child[TR_MAX_CUTS + 1], i;
	uint32_t *out = spread(f, list, n, cut, start);
	uint32_t lo = cell->lo[cut->field], hi = cell->hi[cut->field];

	if (!out) {
		f->ws->err = -ENOMEM;
		return 0;
	}
	for (i = 0; i <= cut->n && !f->over && !f->ws->err; i++) {
		cell->lo[cut->field] = i ? cut->at[i - 1] + 1 : lo;
		cell->hi[cut->field] = i < cut->n ? cut->at[i] : hi;
		child[i] = build(f, out + start[i], start[i + 1] - start[i],
				 cell, depth);
	}
	cell->lo[cut->field] = lo;
	cell->hi[cut->field] = hi;
	free(out);
	return f->over || f->ws->err ? 0 : node(f, cut, child);
}

static uint32_t build(struct tr_forest *f, const uint32_t *list, uint32_t n,
		      struct tr_cell *cell, uint32_t depth)
{
	struct tr_cut cut;

	n = end_list(f->spans, list, n, cell);
	if (!n)
		return TR_EMPTY;
	if (n > f->work) {
		f->over = true;
		return 0;
	}
	f->work -= n;
	if (n <= f->leaf ||
	    !tr_cut_choose(f->spans, list, n, cell, &f->room, &cut))
		return leaf(f, list, n);
	if (depth == TR_DEPTH_MAX) {
		f->over = true;
		return 0;
	}
	if (depth + 1 > f->stats.max_depth)
		f->stats.max_depth = depth + 1;
	return build_children(f, list, n, cell, &cut, depth + 1);
}

uint32_t tr_tree_build(struct tr_forest *f, const uint32_t *list, uint32_t n,
		       const struct tr_cell *cell)
{
	struct tr_cell own = *cell;
	uint32_t *in, i, m = 0, ref = 0;

	in = malloc(((size_t)n + 1) * sizeof(*in));
	if (!in) {
		f->ws->err = -ENOMEM;
		return 0;
	}
	for (i = 0; i < n; i++)
		if (touches(f->spans, list[i], cell))
			in[m++] = list[i];
	ref = build(f, in, m, &own, 0);
	free(in);
	return ref;
}
