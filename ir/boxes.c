/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * ir/boxes.c - which rules may hold for a packet at all
 *
 * A rule is a box: for each field the least and the greatest value it can hold
 * for, as its predicates say one by one.  When a packet is out of the box, the
 * rule must have no effect, so it matters which matches are asked:
 *
 * - Those in front that need no header never drop a packet.  What they ask of the
 *   addresses tells off any packet.
 * - Packets with a whole transport header are not dropped by any match but an
 *   IR_NEED_GUARD.  For them all matches before such a one are asked (the late
 *   sides).
 * - The kind alone tells off rules with a match that does not hold for it.
 *
 * Large chains have more values than intervals; rules whose bits are set are
 * compared with their box once more, which is quicker than to evaluate them.
 */
#include "ir/boxes.h"

#include <stdlib.h>
#include <string.h>

#include "ir/eval.h"

/* Memory for the rows of a chain: so much, or more for very many rules. */
#define ROOM		(16u << 20)
#define ROOM_PER_RULE	64
#define MIN_CUTS	15
#define MAX_CUTS	1023

static const struct {
	enum ir_field	field;
	bool		late;		/* only for whole packets */
} sides[IR_BOX_SIDES] = {
	{ IR_SADDR, false }, { IR_DADDR, false },
	{ IR_SADDR1, false }, { IR_SADDR2, false }, { IR_SADDR3, false },
	{ IR_DADDR1, false }, { IR_DADDR2, false }, { IR_DADDR3, false },
	{ IR_PROTO, true }, { IR_SPORT, true }, { IR_DPORT, true },
	{ IR_ICMP, true }, { IR_LEN, true }, { IR_TTL, true },
	{ IR_TOS, true }, { IR_TCPFLAGS, true }, { IR_FRAGID, true },
	{ IR_AHSPI, true },
};

struct range {
	uint32_t	lo;
	uint32_t	hi;		/* less than lo: nothing */
};

/* One field of a chain. */
struct side {
	enum ir_field	field;
	bool		late;
	struct range	*range;		/* of each rule */
	uint32_t	*cut;		/* where intervals begin, but the first */
	uint32_t	ncuts;
	bool		coarse;		/* an interval may have ends of ranges in it */
	uint64_t	*row;		/* of each interval */
	uint32_t	*bits;		/* set in it */
};

struct chain {
	struct side	side[IR_BOX_SIDES];
	uint32_t	nsides;
	uint32_t	words;		/* of a row */
	uint64_t	*kind;		/* a row for each */
};

struct ir_boxes {
	const struct ir_table *t;
	struct chain	*chain;		/* by number */
};

/* --- what a rule can hold for --- */

/* lo <= (v & mask) <= hi: v is not less than v & mask. */
static struct range term_range(const struct ir_term *t)
{
	const uint32_t rest = ~t->mask;
	const bool prefix = !(rest & (rest + 1));

	return (struct range){ t->lo, prefix ? t->hi | rest : UINT32_MAX };
}

/* What @pred leaves of @field: from the least term to the greatest. */
static struct range pred_range(const struct ir_pred *pred, enum ir_field field)
{
	struct range all = { 0, UINT32_MAX }, out = { UINT32_MAX, 0 }, x;
	uint32_t i;

	if (pred->kind != IR_PRED_TERMS || pred->negate)
		return all;
	for (i = 0; i < pred->nterms; i++) {
		if (pred->term[i].field != field)
			return all;
		x = term_range(&pred->term[i]);
		out.lo = x.lo < out.lo ? x.lo : out.lo;
		out.hi = x.hi > out.hi ? x.hi : out.hi;
	}
	return out;
}

static struct range rule_range(const struct ir_rule *r, enum ir_field field,
			       bool late)
{
	struct range out = { 0, UINT32_MAX }, x;
	uint32_t i, k;

	for (i = 0; i < r->nmatches; i++) {
		if (r->match[i].need == IR_NEED_GUARD ||
		    (!late && r->match[i].need != IR_NEED_NOTHING))
			break;
		for (k = 0; k < r->match[i].npreds; k++) {
			x = pred_range(&r->match[i].pred[k], field);
			out.lo = x.lo > out.lo ? x.lo : out.lo;
			out.hi = x.hi < out.hi ? x.hi : out.hi;
		}
	}
	return out;
}

/* Whether @r can hold for packets of @kind, or drop them. */
static bool rule_takes(const struct ir_rule *r, enum ir_kind kind)
{
	enum ir_outcome out;
	uint32_t i;

	for (i = 0; i < r->nmatches; i++) {
		if (r->match[i].need == IR_NEED_GUARD)
			return true;
		out = ir_need_outcome(r->match[i].need, kind);
		if (out != IR_OUT_TEST)
			return out == IR_OUT_HOTDROP;
	}
	return true;
}

static bool has(const struct range *x, uint32_t v)
{
	return v >= x->lo && v <= x->hi;
}

static bool is_any(const struct range *x)
{
	return !x->lo && x->hi == UINT32_MAX;
}

/* --- rows --- */

static void set(uint64_t *row, uint32_t i)
{
	row[i / 64] |= (uint64_t)1 << i % 64;
}

/* The number of the interval that @v is in. */
static uint32_t interval(const struct side *s, uint32_t v)
{
	uint32_t lo = 0, hi = s->ncuts, mid;

	while (lo < hi) {
		mid = (lo + hi) / 2;
		if (s->cut[mid] <= v)
			lo = mid + 1;
		else
			hi = mid;
	}
	return lo;
}

static int by_value(const void *a, const void *b)
{
	const uint32_t x = *(const uint32_t *)a, y = *(const uint32_t *)b;

	return x < y ? -1 : x > y;
}

/* All values at which a rule begins, or has ended; sorted, each once. */
static uint32_t list_cuts(const struct range *range, uint32_t n, uint32_t *cut)
{
	uint32_t i, k = 0, m = 0;

	for (i = 0; i < n; i++) {
		if (range[i].lo > range[i].hi)
			continue;
		if (range[i].lo)
			cut[k++] = range[i].lo;
		if (range[i].hi < UINT32_MAX)
			cut[k++] = range[i].hi + 1;
	}
	qsort(cut, k, sizeof(*cut), by_value);
	for (i = 0; i < k; i++)
		if (!m || cut[m - 1] != cut[i])
			cut[m++] = cut[i];
	return m;
}

/* Where there are too many, some of them. */
static void choose_cuts(struct side *s, uint32_t max)
{
	uint32_t i;

	s->coarse = s->ncuts > max;
	if (!s->coarse)
		return;
	for (i = 0; i < max; i++)
		s->cut[i] = s->cut[(uint64_t)(i + 1) * s->ncuts / (max + 1)];
	s->ncuts = max;
}

static void fill_rows(struct side *s, uint32_t n, uint32_t words,
		      uint64_t *any)
{
	uint32_t i, k, last;

	memset(any, 0, words * sizeof(*any));
	for (i = 0; i < n; i++)
		if (is_any(&s->range[i]))
			set(any, i);
	for (k = 0; k <= s->ncuts; k++)
		memcpy(s->row + (size_t)k * words, any, words * sizeof(*any));
	for (i = 0; i < n; i++) {
		if (is_any(&s->range[i]) || s->range[i].lo > s->range[i].hi)
			continue;
		last = interval(s, s->range[i].hi);
		for (k = interval(s, s->range[i].lo); k <= last; k++)
			set(s->row + (size_t)k * words, i);
	}
}

static uint32_t max_cuts(uint32_t n, uint32_t words)
{
	uint64_t room = (uint64_t)n * ROOM_PER_RULE;
	uint64_t max = (room > ROOM ? room : ROOM) / 4 / 8 / words;

	return max < MIN_CUTS ? MIN_CUTS : max > MAX_CUTS ? MAX_CUTS :
	       (uint32_t)max;
}

static void count_bits(struct side *s, uint32_t words)
{
	const uint64_t *row = s->row;
	uint32_t i, k;

	for (k = 0; k <= s->ncuts; k++)
		for (i = 0; i < words; i++, row++)
			s->bits[k] += (uint32_t)__builtin_popcountll(*row);
}

/* False: out of memory.  Without cuts there are no rows. */
static bool make_rows(struct side *s, uint32_t n, uint32_t words)
{
	uint64_t *any;

	s->ncuts = list_cuts(s->range, n, s->cut);
	if (!s->ncuts)
		return true;
	choose_cuts(s, max_cuts(n, words));
	any = calloc(words, sizeof(*any));
	s->row = calloc((size_t)(s->ncuts + 1) * words, sizeof(*s->row));
	s->bits = calloc(s->ncuts + 1, sizeof(*s->bits));
	if (any && s->row && s->bits) {
		fill_rows(s, n, words, any);
		count_bits(s, words);
	}
	free(any);
	return any && s->row && s->bits;
}

static void free_side(struct side *s)
{
	free(s->range);
	free(s->cut);
	free(s->row);
	free(s->bits);
}

/* Appends the side to @to, if any rule limits the field.  False: memory. */
static bool add_side(struct chain *to, const struct ir_chain *c, uint32_t i)
{
	struct side *s = &to->side[to->nsides];
	uint32_t k;
	bool ok = false;

	s->field = sides[i].field;
	s->late = sides[i].late;
	s->range = calloc(c->nrules, sizeof(*s->range));
	s->cut = calloc((size_t)c->nrules * 2, sizeof(*s->cut));
	if (s->range && s->cut) {
		for (k = 0; k < c->nrules; k++)
			s->range[k] = rule_range(c->rule[k], s->field, s->late);
		ok = make_rows(s, c->nrules, to->words);
	}
	if (ok && s->ncuts) {
		to->nsides++;
		return true;
	}
	free_side(s);
	memset(s, 0, sizeof(*s));
	return ok;
}

static bool make_chain(struct chain *to, const struct ir_chain *c)
{
	enum ir_kind kind;
	uint32_t i;

	to->words = (c->nrules + 63) / 64;
	if (!c->nrules)
		return true;
	to->kind = calloc((size_t)IR_NKINDS * to->words, sizeof(*to->kind));
	if (!to->kind)
		return false;
	for (kind = 0; kind < IR_NKINDS; kind++)
		for (i = 0; i < c->nrules; i++)
			if (rule_takes(c->rule[i], kind))
				set(to->kind + (size_t)kind * to->words, i);
	for (i = 0; i < IR_BOX_SIDES; i++)
		if (!add_side(to, c, i))
			return false;
	return true;
}

struct ir_boxes *ir_boxes_new(const struct ir_table *t)
{
	struct ir_boxes *b = calloc(1, sizeof(*b));
	uint32_t n = ir_table_nchains(t), i;

	if (!b)
		return NULL;
	b->t = t;
	b->chain = calloc(n + 1, sizeof(*b->chain));
	for (i = 0; b->chain && i < n; i++)
		if (!make_chain(&b->chain[i], ir_table_chain(t, i)))
			break;
	if (!b->chain || i < n) {
		ir_boxes_free(b);
		return NULL;
	}
	return b;
}

void ir_boxes_free(struct ir_boxes *b)
{
	struct chain *c;
	uint32_t i, k;

	if (!b)
		return;
	for (i = 0; b->chain && i < ir_table_nchains(b->t); i++) {
		c = &b->chain[i];
		for (k = 0; k < c->nsides; k++)
			free_side(&c->side[k]);
		free(c->kind);
	}
	free(b->chain);
	free(b);
}

/* --- a packet's rules --- */

void ir_scan_start(struct ir_scan *s, const struct ir_boxes *b,
		   const struct ir_packet *p)
{
	s->boxes = b;
	s->p = p;
	s->work = 0;
	s->chain = NULL;
	s->nrows = 0;
}

static bool counts(const struct side *side, const struct ir_packet *p)
{
	return !side->late || p->kind == IR_KIND_WHOLE;
}

/* The rows of @c for the packet; what has the fewest bits comes first. */
static void enter(struct ir_scan *s, const struct ir_chain *c)
{
	const struct chain *in = &s->boxes->chain[c->number];
	uint32_t i, k, least = c->nrules;
	const struct side *side;
	const uint64_t *row;

	s->chain = c;
	s->row[0] = in->kind + (size_t)s->p->kind * in->words;
	s->nrows = 1;
	for (i = 0; i < in->nsides; i++) {
		side = &in->side[i];
		if (!counts(side, s->p))
			continue;
		k = interval(side, s->p->field[side->field]);
		row = side->row + (size_t)k * in->words;
		if (side->bits[k] < least) {
			least = side->bits[k];
			s->row[s->nrows] = s->row[0];
			s->row[0] = row;
		} else {
			s->row[s->nrows] = row;
		}
		s->nrows++;
	}
}

/* Of the sides whose bits do not tell. */
static bool in_box(const struct ir_scan *s, const struct chain *in, uint32_t i)
{
	const struct side *side;
	uint32_t k;

	for (k = 0; k < in->nsides; k++) {
		side = &in->side[k];
		if (side->coarse && counts(side, s->p) &&
		    !has(&side->range[i], s->p->field[side->field]))
			return false;
	}
	return true;
}

uint32_t ir_scan_next(struct ir_scan *s, const struct ir_chain *c, uint32_t at)
{
	const struct chain *in = &s->boxes->chain[c->number];
	uint64_t bits, mask = UINT64_MAX << at % 64;
	uint32_t w, k;

	if (at >= c->nrules)
		return c->nrules;
	if (s->chain != c)
		enter(s, c);
	for (w = at / 64; w < in->words; w++, mask = UINT64_MAX) {
		s->work++;
		bits = s->row[0][w] & mask;
		for (k = 1; bits && k < s->nrows; k++)
			bits &= s->row[k][w];
		for (; bits; bits &= bits - 1) {
			s->work++;
			k = w * 64 + (uint32_t)__builtin_ctzll(bits);
			if (in_box(s, in, k))
				return k;
		}
	}
	return c->nrules;
}

static uint32_t next(void *scan, const struct ir_chain *c, uint32_t at)
{
	return ir_scan_next(scan, c, at);
}

enum ir_target ir_boxes_eval(const struct ir_boxes *b, enum ir_hook hook,
			     const struct ir_packet *p,
			     struct ir_counter *count)
{
	struct ir_scan scan;

	ir_scan_start(&scan, b, p);
	return ir_eval_some(b->t, hook, p, count, next, &scan);
}
