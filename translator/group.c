/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * translator/group.c - trees within a budget, by splitting the rules
 *
 * A tree that runs out of its budget is thrown away and its boxes are split in
 * two, which are tried again: rules that come back apart from those that do
 * not (they would multiply with each other), then rules wide in some field
 * apart from the narrow ones, and in the end the first half apart from the
 * second.  The budget grows with the number of boxes and a few boxes always
 * fit one leaf, so this ends, and all groups together stay linear.
 */
#include "translator/group.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>

#include "translator/sort.h"

/*
 * Bytes a tree may take: so many per box while there are few boxes, and a
 * fixed part and less per box when there are many.
 */
#define BUDGET_FEW	512
#define BUDGET_BASE	(32u << 10)
#define BUDGET_MANY	96
/* That is for IPv4, most of whose records have this size; IPv6 has larger ones. */
#define BUDGET_RECORD	32
/* Boxes looked at while building, per box and per word of the budget. */
#define WORK_PER_BOX	64
#define WORK_PER_WORD	8
/* So few boxes are one leaf rather than split. */
#define FORCE_LEAF	16
/* Boxes that come back, or do not: fewer are not worth a group. */
#define APART_MIN	8
/* An address range of this width is wide (a prefix shorter than /8). */
#define WIDE_ADDR	(1u << 24)
/* Another field's is from this part of all its values. */
#define WIDE_PART	16

static uint32_t budget_words(const struct tr_groups *g, uint32_t n)
{
	uint64_t few = (uint64_t)n * BUDGET_FEW + 1024;
	uint64_t many = (uint64_t)n * BUDGET_MANY + BUDGET_BASE;

	if (g->budget)
		return g->budget / 4;
	many = many * g->quarters / 4;
	if (g->family == AF_INET6 && g->forest->layout->size > BUDGET_RECORD) {
		few = few * g->forest->layout->size / BUDGET_RECORD;
		many = many * g->forest->layout->size / BUDGET_RECORD;
	}
	return (few < many ? few : many) / 4;
}

static void set_limits(struct tr_groups *g, uint32_t n)
{
	uint32_t words = budget_words(g, n);
	struct tr_forest *f = g->forest;

	f->over = false;
	f->limit = f->ws->n + words;
	f->work = (uint64_t)n * WORK_PER_BOX + (uint64_t)words * WORK_PER_WORD;
}

struct tr_mark tr_groups_mark(const struct tr_groups *g)
{
	return (struct tr_mark){
		.words		= g->forest->ws->n,
		.used		= g->forest->used,
		.ngroups	= g->n,
		.stats		= g->forest->stats,
	};
}

void tr_groups_back(struct tr_groups *g, const struct tr_mark *mark)
{
	tr_words_cut(g->forest->ws, mark->words);
	tr_cons_clear(g->forest->cons);
	g->forest->used = mark->used;
	g->forest->stats = mark->stats;
	g->n = mark->ngroups;
	g->many = false;
}

static void append(struct tr_groups *g, const struct tr_group *group)
{
	if (g->n == TR_GROUPS_MAX)
		g->many = true;
	else
		g->group[g->n++] = *group;
}

static uint32_t first_id(const struct tr_groups *g, const uint32_t *list)
{
	return g->forest->box[list[0]].word0 & ~0xffu;
}

/* One tree in one slot.  False: it does not fit. */
static bool add_tree(struct tr_groups *g, const uint32_t *list, uint32_t n)
{
	struct tr_mark mark = tr_groups_mark(g);
	struct tr_forest *f = g->forest;
	uint32_t ref, slots;

	set_limits(g, n);
	ref = tr_tree_build(f, list, n, g->cell);
	if (f->over) {
		tr_groups_back(g, &mark);
		return false;
	}
	slots = tr_words_add(f->ws, (uint32_t[]){ ref, first_id(g, list) | 1 },
			     2, 8);
	append(g, &(struct tr_group){
		.min0	= first_id(g, list),
		.max0	= f->box[list[n - 1]].word0 | 0xff,
		.slots	= slots,
	});
	return true;
}

/* --- splitting --- */

/* On which side of a split a box is. */
struct split {
	enum { BY_FINAL, BY_WIDTH, BY_ORDER } by;
	uint32_t	field;
	uint32_t	middle;		/* BY_ORDER */
};

static bool is_wide(const struct tr_groups *g, const struct tr_box *box,
		    uint32_t f)
{
	uint64_t lo = box->lo[f], hi = box->hi[f], all = g->cell->hi[f];
	uint64_t width;

	hi = hi < all ? hi : all;
	width = hi - lo + 1;
	if (tr_addr((enum ir_field)f) >= 0)
		return width > WIDE_ADDR;
	return width * WIDE_PART > all;
}

static bool on_left(const struct tr_groups *g, const struct split *s,
		    uint32_t i, uint32_t box)
{
	const struct tr_box *b = &g->forest->box[box];

	switch (s->by) {
	case BY_FINAL:
		return b->final;
	case BY_WIDTH:
		return is_wide(g, b, s->field);
	case BY_ORDER:
		break;
	}
	return i < s->middle;
}

static uint32_t count_left(const struct tr_groups *g, const struct split *s,
			   const uint32_t *list, uint32_t n)
{
	uint32_t i, left = 0;

	for (i = 0; i < n; i++)
		left += on_left(g, s, i, list[i]);
	return left;
}

static uint32_t smaller(uint32_t left, uint32_t n)
{
	return left < n - left ? left : n - left;
}

/* The most even of the splits by width, if any is even enough. */
static bool split_by_width(const struct tr_groups *g, const uint32_t *list,
			   uint32_t n, struct split *s)
{
	struct split try = { .by = BY_WIDTH };
	uint32_t f, even, best = n / 64;

	for (f = 0; f < IR_NFIELDS; f++) {
		if (!(g->forest->spans->fields & 1u << f))
			continue;
		try.field = f;
		even = smaller(count_left(g, &try, list, n), n);
		if (tr_addr((enum ir_field)f) >= 0)
			even *= 4;
		if (even > best) {
			best = even;
			*s = try;
		}
	}
	return best > n / 64;
}

static void choose_split(const struct tr_groups *g, const uint32_t *list,
			 uint32_t n, struct split *s)
{
	*s = (struct split){ .by = BY_FINAL };
	if (smaller(count_left(g, s, list, n), n) >= APART_MIN)
		return;
	if (split_by_width(g, list, n, s))
		return;
	*s = (struct split){ .by = BY_ORDER, .middle = n / 2 };
}

static void add_halves(struct tr_groups *g, const uint32_t *list, uint32_t n)
{
	uint32_t *part = malloc((size_t)n * sizeof(*part));
	uint32_t i, left, l = 0, r;
	struct split s;

	if (!part) {
		g->forest->ws->err = -ENOMEM;
		return;
	}
	choose_split(g, list, n, &s);
	left = count_left(g, &s, list, n);
	r = left;
	for (i = 0; i < n; i++)
		if (on_left(g, &s, i, list[i]))
			part[l++] = list[i];
		else
			part[r++] = list[i];
	tr_groups_add(g, part, left);
	tr_groups_add(g, part + left, n - left);
	free(part);
}

void tr_groups_add(struct tr_groups *g, const uint32_t *list, uint32_t n)
{
	struct tr_forest *f = g->forest;
	uint32_t leaf = f->leaf, budget = g->budget;

	if (!n || f->ws->err || g->many)
		return;
	if (add_tree(g, list, n) || f->ws->err)
		return;
	if (n > FORCE_LEAF) {
		add_halves(g, list, n);
		return;
	}
	f->leaf = FORCE_LEAF;
	g->budget = UINT32_MAX;
	add_tree(g, list, n);
	f->leaf = leaf;
	g->budget = budget;
}

/* --- hashing --- */

/* The boxes of a hashed group, sorted by slot. */
struct hashed {
	const struct tr_mask *mask;
	uint64_t	mul;
	uint32_t	shift;
	uint32_t	nslots;
	uint64_t	*key;		/* of each box in the list */
	uint64_t	*sorted;	/* the same, ascending, each once */
	uint32_t	nkeys;
	uint32_t	*start;		/* of each slot in byslot; nslots + 1 */
	uint32_t	*byslot;	/* positions in the list */
};

static void hashed_free(struct hashed *h)
{
	free(h->key);
	free(h->sorted);
	free(h->start);
	free(h->byslot);
}

static int find_keys(struct hashed *h, const struct tr_groups *g,
		     const uint32_t *list, uint32_t n)
{
	uint64_t *room = malloc((size_t)n * sizeof(*room));
	uint32_t i;

	h->key = malloc((size_t)n * sizeof(*h->key));
	h->sorted = malloc((size_t)n * sizeof(*h->sorted));
	if (!h->key || !h->sorted || !room) {
		free(room);
		return -ENOMEM;
	}
	for (i = 0; i < n; i++)
		h->key[i] = tr_mask_key(h->mask, &g->forest->box[list[i]]);
	memcpy(h->sorted, h->key, (size_t)n * sizeof(*h->key));
	tr_sort(h->sorted, n, room);
	free(room);
	for (i = 0; i < n; i++)
		if (!h->nkeys || h->sorted[i] != h->sorted[h->nkeys - 1])
			h->sorted[h->nkeys++] = h->sorted[i];
	return 0;
}

/* How many pairs of keys meet in a slot, more or less; uses h->start. */
static uint64_t collisions(struct hashed *h, uint64_t mul)
{
	uint64_t sum = 0;
	uint32_t i;

	memset(h->start, 0, h->nslots * sizeof(*h->start));
	for (i = 0; i < h->nkeys; i++)
		sum += h->start[h->sorted[i] * mul >> h->shift >>
				TR_TAG_BITS]++;
	return sum;
}

/* The best of a few multipliers, always the same ones. */
static void choose_mul(struct hashed *h)
{
	uint64_t seed = 0x9e3779b97f4a7c15ull, mul, sum, best = UINT64_MAX;
	int i;

	for (i = 0; i < 6; i++) {
		seed = seed * 0x5851f42d4c957f2dull + 0x14057b7ef767814full;
		mul = (seed ^ seed >> 31) | 1;
		sum = collisions(h, mul);
		if (sum < best) {
			best = sum;
			h->mul = mul;
		}
	}
}

static uint32_t hash_of(const struct hashed *h, uint32_t i)
{
	return h->key[i] * h->mul >> h->shift;
}

static uint32_t slot_of(const struct hashed *h, uint32_t i)
{
	return hash_of(h, i) >> TR_TAG_BITS;
}

static int sort_by_slot(struct hashed *h, uint32_t n)
{
	uint32_t bits = 4, i;

	while (1u << bits < h->nkeys + h->nkeys / 2 && bits < 26)
		bits++;
	h->nslots = 1u << bits;
	h->shift = 64 - TR_TAG_BITS - bits;
	h->start = malloc(((size_t)h->nslots + 1) * sizeof(*h->start));
	h->byslot = malloc((size_t)n * sizeof(*h->byslot));
	if (!h->start || !h->byslot)
		return -ENOMEM;
	choose_mul(h);
	memset(h->start, 0, ((size_t)h->nslots + 1) * sizeof(*h->start));
	for (i = 0; i < n; i++)
		h->start[slot_of(h, i)]++;
	for (i = 1; i <= h->nslots; i++)
		h->start[i] += h->start[i - 1];
	for (i = n; i-- > 0;)
		h->byslot[--h->start[slot_of(h, i)]] = i;
	return 0;
}

static bool low_bits(uint32_t x)
{
	return !(x & (x + 1));
}

static void narrow_word(struct tr_cell *cell, enum ir_field f, uint32_t mask,
			uint32_t value)
{
	uint32_t low = ~mask;

	if (!low_bits(low))
		return;
	cell->lo[f] = value & mask;
	cell->hi[f] = (value & mask) | low;
}

/*
 * With one key in the slot the tree need only know packets that have it: all
 * others match no box of the slot anyway.
 */
static void narrow_cell(struct tr_cell *cell, const struct tr_mask *m,
			const struct tr_box *box)
{
	enum tr_half half;
	uint64_t value;
	int i;

	for (i = 0; i < 2 && m->mask[i]; i++) {
		half = (enum tr_half)m->half[i];
		value = tr_box_key(box, half).value;
		narrow_word(cell, tr_half_high(half), m->mask[i] >> 32,
			    value >> 32);
		narrow_word(cell, tr_half_low(half), (uint32_t)m->mask[i],
			    (uint32_t)value);
	}
}

/* Whether both have the same masked bits, not just the same sum of them. */
static bool same_key(const struct tr_mask *m, const struct tr_box *a,
		     const struct tr_box *b)
{
	enum tr_half half;
	int i;

	for (i = 0; i < 2 && m->mask[i]; i++) {
		half = (enum tr_half)m->half[i];
		if ((tr_box_key(a, half).value ^ tr_box_key(b, half).value) &
		    m->mask[i])
			return false;
	}
	return true;
}

/* The tree of slot @s; @room holds the list of its boxes. */
static void fill_slot(struct tr_groups *g, const struct hashed *h, uint32_t s,
		      const uint32_t *list, uint32_t *room, uint32_t slots)
{
	uint32_t first = h->start[s], n = h->start[s + 1] - first, i, ref;
	const uint32_t *at = h->byslot + first;
	const struct tr_box *box = g->forest->box;
	struct tr_cell cell = *g->cell;
	struct tr_words *ws = g->forest->ws;
	uint32_t tags = 0;
	bool same = true;

	for (i = 0; i < n; i++) {
		room[i] = list[at[i]];
		tags |= 1u << (hash_of(h, at[i]) & TR_TAG_MASK);
		same = same && same_key(h->mask, &box[room[i]], &box[room[0]]);
	}
	if (same)
		narrow_cell(&cell, h->mask, &box[room[0]]);
	ref = tr_tree_build(g->forest, room, n, &cell);
	ws->word[slots / 4 + 2 * s] = ref;
	ws->word[slots / 4 + 2 * s + 1] = first_id(g, room) | tags;
}

static bool fill_slots(struct tr_groups *g, const struct hashed *h,
		       const uint32_t *list, uint32_t n)
{
	struct tr_forest *f = g->forest;
	uint32_t *room = malloc((size_t)n * sizeof(*room));
	uint32_t slots, s;

	slots = tr_words_reserve(f->ws, 2 * h->nslots, 64);
	if (!room)
		f->ws->err = -ENOMEM;
	for (s = 0; s < h->nslots && !f->ws->err && !f->over; s++)
		if (h->start[s] < h->start[s + 1])
			fill_slot(g, h, s, list, room, slots);
		else
			f->ws->word[slots / 4 + 2 * s + 1] = UINT32_MAX;
	free(room);
	append(g, &(struct tr_group){
		.min0	= first_id(g, list),
		.max0	= f->box[list[n - 1]].word0 | 0xff,
		.slots	= slots,
		.shift	= h->shift,
		.mask	= { h->mask->mask[0], h->mask->mask[1] },
		.half	= { h->mask->half[0], h->mask->half[1] },
		.mul	= h->mul,
	});
	return !f->over;
}

bool tr_groups_add_hashed(struct tr_groups *g, const uint32_t *list, uint32_t n,
			  const struct tr_mask *mask)
{
	struct tr_mark mark = tr_groups_mark(g);
	struct hashed h = { .mask = mask };
	bool fits = false;

	if (find_keys(&h, g, list, n) || sort_by_slot(&h, n)) {
		g->forest->ws->err = -ENOMEM;
	} else {
		set_limits(g, n);
		g->forest->limit += 2 * h.nslots;
		fits = fill_slots(g, &h, list, n);
	}
	hashed_free(&h);
	if (!fits)
		tr_groups_back(g, &mark);
	return fits;
}

/* --- writing --- */

static int compare_groups(const void *a, const void *b)
{
	const struct tr_group *x = a, *y = b;

	if (x->min0 != y->min0)
		return x->min0 < y->min0 ? -1 : 1;
	return x->slots < y->slots ? -1 : 1;
}

uint32_t tr_groups_write(struct tr_groups *g)
{
	struct tr_words *ws = g->forest->ws;
	struct tr_group end = { .min0 = UINT32_MAX };
	uint32_t offset;

	if (g->n > 1)
		qsort(g->group, g->n, sizeof(*g->group), compare_groups);
	g->group[g->n] = end;
	offset = tr_words_add(ws, (const uint32_t *)g->group,
			      (g->n + 1) * sizeof(end) / 4, 16);
	g->forest->stats.groups += g->n;
	return offset;
}
