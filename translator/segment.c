/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * translator/segment.c - which way to group a chain is tried, not guessed
 *
 * A short chain is a tree.  For a long one the ways (no mask hashed, one, two
 * ..., or rules that are wide in an address apart from those that are not) are
 * built one after the other, packets made from the rules are walked through
 * each, and the one that reads least is kept.
 */
#include "translator/segment.h"

#include <errno.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>

#include "translator/group.h"
#include "translator/log2.h"
#include "translator/mask.h"
#include "translator/walk.h"

/* Records in a leaf that are not worth a node. */
#define LEAF		8
#define LEAF_SMALL	12		/* where memory counts more than time */
/* Chains with fewer boxes are not worth the comparison. */
#define SMALL_CHAIN	64
/* Chains with more are compared in fewer ways, to save time. */
#define LARGE_CHAIN	20000

/* TR_GROUPING_WIDE, IPv4: a range of this many addresses is no /8 any more. */
#define WIDE		(1u << 24)

#define NPACKETS	256
/* A packet may meet rules that come back: so many lookups are rated. */
#define MAX_LOOKUPS	4

/* Weights of what a lookup reads, roughly in nanoseconds. */
#define GROUP_COST	4.0
#define SLOT_COST	4.0
#define NODE_COST	6.0
#define RECORD_COST	3.0
/* Each doubling of the size beyond this makes all reads slower by 5 %. */
#define CACHE_BYTES	65536
#define CACHE_COST	0.05

/* One segment under way. */
struct work {
	const struct tr_boxes *list;
	int		family;
	uint32_t	nfields;	/* that its packets have */
	struct tr_forest forest;
	struct tr_spans	spans;
	struct tr_cons	cons;
	struct tr_groups groups;
	struct tr_cell	cell;
	struct tr_masks	masks;
	uint32_t	*all;		/* 0, 1, 2 ... */
	uint32_t	*some;		/* room for a part of them */
	uint64_t	seed;
	struct tr_way	*way;		/* may be NULL */
	enum tr_grouping grouping;
	uint32_t	narrow[2];	/* IPv6, source and destination: prefixes of
					 * this length are not wide */
};

/* The values that packets can have. */
static void set_cell(struct tr_cell *cell, uint32_t nifaces, int variant)
{
	int f;

	for (f = 0; f < IR_NFIELDS; f++) {
		cell->lo[f] = 0;
		cell->hi[f] = ir_field_max(f);
	}
	cell->hi[IR_IIF] = nifaces;
	cell->hi[IR_OIF] = nifaces;
	cell->lo[IR_CTSTATE] = 1;
	cell->hi[IR_CTSTATE] = 1u << 15;
	cell->lo[IR_KIND] = variant ? 2 : 1;
	cell->hi[IR_KIND] = variant ? 1u << (IR_NKINDS - 1) : 1;
}

/* The fields in which some box is limited. */
static uint32_t limited_fields(const struct tr_boxes *list,
			       const struct tr_cell *cell)
{
	uint32_t fields = 0, i, f;
	const struct tr_box *b;

	for (i = 0; i < list->n; i++) {
		b = &list->box[i];
		for (f = 0; f < IR_NFIELDS; f++)
			if (b->lo[f] > cell->lo[f] || b->hi[f] < cell->hi[f])
				fields |= 1u << f;
	}
	return fields;
}

/* The length of the prefix that all of a box is in, from this half on. */
static uint32_t prefix_length(const struct tr_box *b, enum tr_half half)
{
	uint64_t free = ~tr_box_key(b, half).mask;

	if (free)
		return (uint32_t)__builtin_clzll(free);
	if (half == TR_HALF_SRC_LOW || half == TR_HALF_DST_LOW)
		return 64;
	return 64 + prefix_length(b, (enum tr_half)(half + 1));
}

/*
 * Most rules of an IPv6 ruleset are about parts of one network: the first bits
 * that all addresses have, and as many as make a /8 of them.
 */
static uint32_t narrow_length(const struct tr_boxes *list, enum tr_half half)
{
	uint32_t common = 64, length, i;
	uint64_t first = 0, value;
	bool any = false;

	for (i = 0; i < list->n; i++) {
		length = prefix_length(&list->box[i], half);
		value = tr_box_key(&list->box[i], half).value;
		if (!length)
			continue;
		first = any ? first : value;
		any = true;
		common = length < common ? length : common;
		if (first ^ value) {
			length = (uint32_t)__builtin_clzll(first ^ value);
			common = length < common ? length : common;
		}
	}
	return any ? common + 8 : 8;
}

static bool is_wide(const struct work *w, const struct tr_box *b, int addr)
{
	const enum ir_field f = addr ? IR_DADDR : IR_SADDR;

	if (w->family == AF_INET6)
		return prefix_length(b, addr ? TR_HALF_DST : TR_HALF_SRC) <
		       w->narrow[addr];
	return b->hi[f] - b->lo[f] >= WIDE;
}

/* Rules wide in one address multiply with those wide in the other. */
static void build_wide(struct work *w)
{
	uint32_t kind, i, n;
	const struct tr_box *b;

	if (w->family == AF_INET6) {
		w->narrow[0] = narrow_length(w->list, TR_HALF_SRC);
		w->narrow[1] = narrow_length(w->list, TR_HALF_DST);
	}
	for (kind = 0; kind < 4; kind++) {
		for (i = 0, n = 0; i < w->list->n; i++) {
			b = &w->list->box[i];
			if (is_wide(w, b, 0) == (kind & 1) &&
			    is_wide(w, b, 1) == kind >> 1)
				w->some[n++] = i;
		}
		tr_groups_add(&w->groups, w->some, n);
	}
}

/*
 * Builds the groups with the first @nmasks masks hashed; with more than there are,
 * by width instead.
 */
static void build(struct work *w, uint32_t nmasks)
{
	uint32_t level, i, n;

	if (!nmasks) {
		tr_groups_add(&w->groups, w->all, w->list->n);
		return;
	}
	if (nmasks > w->masks.n) {
		build_wide(w);
		return;
	}
	for (level = 0; level <= nmasks; level++) {
		for (i = 0, n = 0; i < w->list->n; i++)
			if (w->masks.level[i] == level ||
			    (level == nmasks && w->masks.level[i] > level))
				w->some[n++] = i;
		if (!n)
			continue;
		if (level == nmasks ||
		    !tr_groups_add_hashed(&w->groups, w->some, n,
					  &w->masks.mask[level]))
			tr_groups_add(&w->groups, w->some, n);
	}
}

/* --- rating --- */

static uint32_t next_random(struct work *w)
{
	w->seed ^= w->seed << 13;
	w->seed ^= w->seed >> 7;
	w->seed ^= w->seed << 17;
	return w->seed >> 16;
}

static uint32_t random_in(struct work *w, uint32_t lo, uint32_t hi)
{
	uint64_t width = (uint64_t)hi - lo + 1;

	return lo + next_random(w) % width;
}

/* A packet of a random rule; every fourth misses it in some field. */
static void make_packet(struct work *w, uint32_t field[IR_NFIELDS])
{
	const struct tr_box *b;
	uint32_t f, lo, hi;
	int i;

	b = &w->list->box[next_random(w) % w->list->n];
	for (f = 0; f < w->nfields; f++) {
		lo = b->lo[f] > w->cell.lo[f] ? b->lo[f] : w->cell.lo[f];
		hi = b->hi[f] < w->cell.hi[f] ? b->hi[f] : w->cell.hi[f];
		field[f] = random_in(w, lo, lo < hi ? hi : lo);
	}
	for (i = 0; i < TR_NADDR; i++) {
		f = tr_addr_field(i);
		field[f] = (field[f] & ~b->mask[i]) | b->value[i];
	}
	field[IR_CTSTATE] = 1u << (31 - __builtin_clz(field[IR_CTSTATE]));
	field[IR_KIND] = 1u << (31 - __builtin_clz(field[IR_KIND]));
	if (next_random(w) % 4)
		return;
	f = next_random(w) % IR_KIND;
	if (f != IR_CTSTATE)
		field[f] = random_in(w, w->cell.lo[f], w->cell.hi[f]);
}

static void walk_packet(const struct work *w, uint32_t groups,
			const uint32_t *field, struct tr_visits *v)
{
	const uint32_t *word = w->forest.ws->word;
	uint32_t k = 0, i, at, action;

	for (i = 0; i < MAX_LOOKUPS; i++) {
		at = tr_find(word, groups, w->forest.layout, field, k, v);
		if (!at)
			return;
		action = word[at / 4] & TR_ACTION_MASK;
		if (action != TR_CONTINUE && action != TR_JUMP)
			return;
		k = (word[at / 4] >> TR_ID_SHIFT) + 1;
	}
}

/* What the groups at @groups cost per packet; @bytes is their size. */
static double rate(struct work *w, uint32_t groups, uint32_t bytes)
{
	uint32_t field[IR_NFIELDS] = { 0 }, i;
	struct tr_visits v = { 0 };
	double cost;

	w->seed = 88172645463325252ull;
	for (i = 0; i < NPACKETS; i++) {
		make_packet(w, field);
		walk_packet(w, groups, field, &v);
	}
	cost = GROUP_COST * v.groups + SLOT_COST * v.slots +
	       NODE_COST * v.nodes + RECORD_COST * v.records;
	if (bytes > CACHE_BYTES)
		cost *= 1 + CACHE_COST * tr_log2(bytes, CACHE_BYTES);
	return cost / NPACKETS;
}

/*
 * Builds and writes with @nmasks masks; returns the offset of the groups, 0
 * when there are too many.
 */
static uint32_t build_and_write(struct work *w, uint32_t nmasks)
{
	build(w, nmasks);
	if (w->groups.many || w->forest.ws->err)
		return 0;
	return tr_groups_write(&w->groups);
}

/* --- the best way --- */

/* What one way has built, put aside while the others are tried. */
struct attempt {
	double		cost;		/* HUGE_VAL: none so far */
	uint32_t	nmasks;
	uint32_t	groups;		/* offset */
	uint32_t	*word;		/* those behind the mark */
	uint32_t	nwords;
	uint32_t	used;
	struct tr_stats	stats;
	struct tr_group	group[TR_GROUPS_MAX];
	uint32_t	ngroups;
};

static int put_aside(struct attempt *best, const struct work *w,
		     const struct tr_mark *mark, uint32_t groups)
{
	const struct tr_words *ws = w->forest.ws;
	uint32_t n = ws->n - mark->words;
	uint32_t *word = realloc(best->word, (size_t)n * sizeof(*word));

	if (!word)
		return -ENOMEM;
	memcpy(word, ws->word + mark->words, (size_t)n * sizeof(*word));
	best->groups = groups;
	best->word = word;
	best->nwords = n;
	best->used = w->forest.used;
	best->stats = w->forest.stats;
	best->ngroups = w->groups.n;
	memcpy(best->group, w->groups.group, sizeof(best->group));
	return 0;
}

/* Everything as it was; the words are at the mark again. */
static uint32_t take_back(struct work *w, const struct attempt *best)
{
	tr_words_add(w->forest.ws, best->word, best->nwords, 4);
	w->forest.used = best->used;
	w->forest.stats = best->stats;
	w->groups.n = best->ngroups;
	memcpy(w->groups.group, best->group, sizeof(best->group));
	return best->groups;
}

/* Tries all ways, keeps the best. */
static uint32_t build_best(struct work *w)
{
	struct tr_mark mark = tr_groups_mark(&w->groups);
	struct attempt best = { .cost = HUGE_VAL };
	uint32_t step = 1, n, groups = 0;
	double cost;

	if (w->list->n > LARGE_CHAIN && w->masks.n)
		step = w->masks.n;
	for (n = 0; n <= w->masks.n + 1 && !w->forest.ws->err; n += step) {
		groups = build_and_write(w, n);
		cost = HUGE_VAL;
		if (groups)
			cost = rate(w, groups,
				    (w->forest.ws->n - mark.words) * 4);
		if (cost < best.cost) {
			best.cost = cost;
			best.nmasks = n;
			if (n + step > w->masks.n + 1)
				goto out;
			if (put_aside(&best, w, &mark, groups))
				w->forest.ws->err = -ENOMEM;
		}
		tr_groups_back(&w->groups, &mark);
	}
	w->groups.many = best.cost == HUGE_VAL;
	groups = w->groups.many || w->forest.ws->err ? 0 :
		 take_back(w, &best);
out:
	free(best.word);
	if (w->way && groups) {
		*w->way = (struct tr_way){
			.nmasks = w->masks.n, .best = best.nmasks, .known = true,
		};
		memcpy(w->way->mask, w->masks.mask, sizeof(w->way->mask));
	}
	return groups;
}

/* As it was done before.  0: it cannot be. */
static uint32_t build_known(struct work *w)
{
	struct tr_mark mark = tr_groups_mark(&w->groups);
	const struct tr_way *way = w->way;
	uint32_t groups = 0;

	if (!way || !way->known || way->nmasks > TR_MAX_MASKS ||
	    way->best > way->nmasks + 1)
		return 0;
	if (tr_masks_take(&w->masks, w->list, way->mask, way->nmasks))
		w->forest.ws->err = -ENOMEM;
	else
		groups = build_and_write(w, way->best);
	if (groups || w->forest.ws->err)
		return groups;
	tr_groups_back(&w->groups, &mark);
	tr_masks_free(&w->masks);
	return 0;
}

/* With as little memory as it takes not to have too many groups. */
static uint32_t build_small(struct work *w)
{
	struct tr_mark mark = tr_groups_mark(&w->groups);
	uint32_t groups;

	for (w->groups.quarters = 2;; w->groups.quarters++) {
		groups = build_and_write(w, 0);
		if (groups || w->forest.ws->err || w->groups.quarters == 4)
			return groups;
		tr_groups_back(&w->groups, &mark);
	}
}

static uint32_t build_groups(struct work *w, int variant)
{
	struct tr_words *ws = w->forest.ws;
	uint32_t groups;

	if (w->grouping != TR_GROUPING_BEST)
		return build_and_write(w, w->grouping == TR_GROUPING_WIDE);
	if (variant)
		return build_small(w);
	if (w->list->n <= SMALL_CHAIN)
		return build_and_write(w, 0);
	groups = build_known(w);
	if (groups || ws->err)
		return groups;
	if (tr_masks_choose(&w->masks, w->list, w->family)) {
		ws->err = -ENOMEM;
		return 0;
	}
	return build_best(w);
}

static void start(struct work *w, struct tr_segments *s,
		  const struct tr_boxes *list, int variant)
{
	const struct tr_options *opt = s->opt;
	uint32_t i;

	memset(w, 0, sizeof(*w));
	w->list = list;
	w->family = s->family;
	w->nfields = s->family == AF_INET6 ? IR_NFIELDS : IR_NFIELDS4;
	set_cell(&w->cell, s->nifaces, variant);
	w->forest.ws = s->ws;
	w->forest.cons = &w->cons;
	w->forest.layout = s->layout;
	w->forest.box = list->box;
	w->forest.spans = &w->spans;
	w->forest.leaf = opt && opt->leaf ? opt->leaf :
			 variant ? LEAF_SMALL : LEAF;
	if (w->forest.leaf > TR_LEAF_MAX)
		w->forest.leaf = TR_LEAF_MAX;
	w->forest.stats = s->stats;
	w->groups.forest = &w->forest;
	w->groups.family = s->family;
	w->groups.cell = &w->cell;
	w->groups.budget = opt ? opt->budget : 0;
	w->groups.quarters = 4;
	w->way = s->way;
	w->grouping = opt ? opt->grouping : TR_GROUPING_BEST;
	w->all = malloc(((size_t)list->n + 1) * sizeof(*w->all));
	w->some = malloc(((size_t)list->n + 1) * sizeof(*w->some));
	if (tr_spans_make(&w->spans, list, limited_fields(list, &w->cell)) ||
	    !w->all || !w->some) {
		s->ws->err = -ENOMEM;
		return;
	}
	for (i = 0; i < list->n; i++)
		w->all[i] = i;
}

static void stop(struct work *w)
{
	tr_spans_free(&w->spans);
	tr_masks_free(&w->masks);
	tr_cons_free(&w->cons);
	free(w->forest.record);
	free(w->all);
	free(w->some);
}

static void note_masks(struct tr_segments *s, const struct tr_groups *g)
{
	uint32_t i, k, half;

	for (i = 0; i < g->n; i++)
		for (k = 0; k < 2; k++) {
			half = g->group[i].half[k];
			if (g->group[i].mask[k])
				s->fields |= 1u << tr_half_high(half) |
					     1u << tr_half_low(half);
		}
}

/* The groups at @from and one more, or as many as it takes. */
static uint32_t extend_groups(struct work *w, uint32_t from)
{
	struct tr_groups *g = &w->groups;
	const struct tr_group *group;

	group = (const void *)(w->forest.ws->word + from / 4);
	for (; group[g->n].min0 != UINT32_MAX; g->n++) {
		if (g->n == TR_GROUPS_MAX) {
			w->forest.ws->err = -EINVAL;
			return 0;
		}
		g->group[g->n] = group[g->n];
	}
	/* They are counted once more when they are written. */
	w->forest.stats.groups -= g->n;
	return build_and_write(w, 0);
}

int tr_segment_build(struct tr_segments *s, const struct tr_boxes *list,
		     int variant, uint32_t from, struct tr_segment *out)
{
	struct work *w = malloc(sizeof(*w));
	struct tr_mark mark;
	int err;

	if (!w)
		return -ENOMEM;
	start(w, s, list, variant);
	mark = tr_groups_mark(&w->groups);
	if (!s->ws->err)
		out->groups = from ? extend_groups(w, from) :
			      build_groups(w, variant);
	err = s->ws->err ? s->ws->err : w->groups.many;
	if (err)
		tr_groups_back(&w->groups, &mark);
	out->single = w->groups.n == 1;
	note_masks(s, &w->groups);
	s->fields |= w->forest.used;
	s->stats = w->forest.stats;
	stop(w);
	free(w);
	return err;
}
