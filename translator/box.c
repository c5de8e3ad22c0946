/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * translator/box.c - predicates become hulls, record tests and extra terms
 *
 * Each predicate narrows the hull as far as it can be said with ranges.  Where
 * the record has a place for the field (layout.c writes it from the hull, the
 * masked addresses and the state bits) that is all; otherwise the predicate
 * goes into the extra terms as well.
 *
 * IR_CTSTATE has exactly one bit set, so a predicate on it is the set of bits
 * for which it holds, and several of them are the intersection.
 */
#include "translator/box.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "translator/ranges.h"

#define STATE_BITS	0xffffu

/* A rule under way: one box, cut by at most one set of ranges in the end. */
struct work {
	struct tr_box	box;
	struct tr_ranges pieces;	/* n 0: one piece */
	struct tr_boxer	*b;
	bool		never;		/* the rule cannot hold */
	int		err;
};

void tr_box_init(struct tr_box *box, uint32_t word0)
{
	memset(box, 0, sizeof(*box));
	memset(box->hi, 0xff, sizeof(box->hi));
	box->word0 = word0;
	box->exact = true;
	box->state = 0;
}

void tr_boxes_free(struct tr_boxes *list)
{
	free(list->box);
	memset(list, 0, sizeof(*list));
}

void tr_boxer_free(struct tr_boxer *b)
{
	free(b->term);
	b->term = NULL;
}

static bool has_slot(enum ir_field f)
{
	return f == IR_SPORT || f == IR_DPORT || f == IR_IIF || f == IR_OIF;
}

/* --- extra terms --- */

static void add_term(struct work *w, struct tr_term term)
{
	struct tr_boxer *b = w->b;
	struct tr_term *more;
	uint32_t cap;

	if (b->nterms == b->cap) {
		cap = b->cap ? b->cap * 2 : 64;
		more = realloc(b->term, cap * sizeof(*more));
		if (!more) {
			w->err = -ENOMEM;
			return;
		}
		b->term = more;
		b->cap = cap;
	}
	b->fields |= 1u << (term.op & TR_TERM_FIELD);
	b->term[b->nterms++] = term;
}

/* Marks the last term added as the end of its predicate. */
static void end_pred(struct work *w)
{
	if (!w->err)
		w->b->term[w->b->nterms - 1].op |= TR_TERM_LAST;
}

static void extra_ranges(struct work *w, const struct tr_ranges *r, bool negate)
{
	uint32_t op = r->field | (negate ? TR_TERM_NEGATE : 0), i;

	for (i = 0; i < r->n; i++)
		add_term(w, (struct tr_term){ op, UINT32_MAX, r->range[i].lo,
					      r->range[i].hi });
	end_pred(w);
}

static void extra_terms(struct work *w, const struct ir_pred *pred)
{
	uint32_t op = pred->negate ? TR_TERM_NEGATE : 0, i;
	const struct ir_term *t;

	for (i = 0; i < pred->nterms; i++) {
		t = &pred->term[i];
		add_term(w, (struct tr_term){ t->field | op, t->mask, t->lo,
					      t->hi });
	}
	end_pred(w);
}

/* Writes the terms gathered for this box. */
static uint32_t store_extra(struct work *w)
{
	struct tr_boxer *b = w->b;
	uint32_t offset;

	if (!b->nterms)
		return 0;
	b->term[b->nterms - 1].op |= TR_TERM_END;
	offset = tr_cons_add(b->cons, b->ws, (const uint32_t *)b->term,
			     b->nterms * sizeof(*b->term) / 4, 16);
	if (!offset)
		w->err = b->ws->err;
	return offset;
}

/* --- predicates --- */

static void narrow(struct work *w, enum ir_field f, struct tr_range to)
{
	struct tr_box *box = &w->box;

	if (to.lo > box->lo[f])
		box->lo[f] = to.lo;
	if (to.hi < box->hi[f])
		box->hi[f] = to.hi;
	if (box->lo[f] > box->hi[f])
		w->never = true;
}

/* (address & mask) == value, besides what was asked of it before. */
static void narrow_masked(struct work *w, enum ir_field f, uint32_t mask,
			  uint32_t value)
{
	struct tr_box *box = &w->box;
	int i = tr_addr(f);

	if (value & ~mask || (value ^ box->value[i]) & mask & box->mask[i])
		w->never = true;
	box->mask[i] |= mask;
	box->value[i] |= value;
}

/* One range of values. */
static void add_range(struct work *w, const struct tr_ranges *r)
{
	struct tr_range x = r->range[0];
	enum ir_field f = r->field;
	uint32_t mask;

	if (!x.lo && x.hi >= ir_field_max(f))
		return;
	narrow(w, f, x);
	if (has_slot(f) || (f == IR_PROTO && x.lo == x.hi))
		return;
	if (tr_addr(f) >= 0 && tr_range_prefix(x, &mask))
		narrow_masked(w, f, mask, x.lo);
	else
		extra_ranges(w, r, false);
}

/* Several: the first such predicate cuts the rule into pieces. */
static void add_several(struct work *w, const struct tr_ranges *r,
			const struct tr_ranges *plain, bool negate)
{
	if (!w->pieces.n && r->n <= TR_MAX_RANGES) {
		w->pieces = *r;
		if (has_slot(r->field))
			return;
	} else {
		w->box.exact = false;
		narrow(w, r->field, (struct tr_range){
			r->range[0].lo, r->range[r->n - 1].hi });
	}
	extra_ranges(w, plain, negate);
}

static void add_ranges(struct work *w, const struct tr_ranges *plain,
		       bool negate)
{
	struct tr_ranges r = *plain;

	if (negate)
		tr_ranges_invert(&r);
	if (!r.n)
		w->never = true;
	else if (r.n == 1)
		add_range(w, &r);
	else
		add_several(w, &r, plain, negate);
}

static bool term_holds(const struct ir_pred *pred, uint32_t value)
{
	bool holds = false;
	uint32_t i, v;

	for (i = 0; i < pred->nterms && !holds; i++) {
		v = value & pred->term[i].mask;
		holds = v >= pred->term[i].lo && v <= pred->term[i].hi;
	}
	return holds != pred->negate;
}

static bool all_terms_on(const struct ir_pred *pred, enum ir_field f)
{
	uint32_t i;

	for (i = 0; i < pred->nterms; i++)
		if (pred->term[i].field != f)
			return false;
	return pred->nterms > 0;
}

static void add_state(struct work *w, const struct ir_pred *pred)
{
	struct tr_box *box = &w->box;
	uint32_t bit, set = 0;

	for (bit = 1; bit & STATE_BITS; bit <<= 1)
		if (term_holds(pred, bit))
			set |= bit;
	box->state = box->state ? box->state & set : set;
	if (!box->state)
		w->never = true;
}

/* A field masked in a way that is not a range, or several fields. */
static void add_odd(struct work *w, const struct ir_pred *pred)
{
	const struct ir_term *t = pred->term;
	uint32_t i, max = ir_field_max(t->field);
	struct tr_range hull = { UINT32_MAX, 0 };

	if (pred->nterms == 1 && tr_addr(t->field) >= 0 && t->lo == t->hi &&
	    !pred->negate)
		narrow_masked(w, t->field, t->mask, t->lo);
	else
		extra_terms(w, pred);
	w->box.exact = false;
	if (pred->negate || !all_terms_on(pred, t->field))
		return;
	for (i = 0; i < pred->nterms; i++) {
		uint64_t hi = (uint64_t)t[i].hi + (~t[i].mask & max);

		hull.lo = t[i].lo < hull.lo ? t[i].lo : hull.lo;
		hi = hi > max ? max : hi;
		hull.hi = hi > hull.hi ? hi : hull.hi;
	}
	narrow(w, t->field, hull);
}

static void add_terms(struct work *w, const struct ir_pred *pred)
{
	struct tr_ranges r;

	if (!pred->nterms)
		w->never |= !pred->negate;
	else if (all_terms_on(pred, IR_KIND))
		return;			/* outcome_of() has asked */
	else if (all_terms_on(pred, IR_CTSTATE))
		add_state(w, pred);
	else if (tr_ranges_from_terms(&r, pred))
		add_ranges(w, &r, pred->negate);
	else
		add_odd(w, pred);
}

static void add_tcpopt(struct work *w, const struct ir_pred *pred)
{
	uint32_t bit = 1u << w->b->tcpopt[pred->tcpopt];
	uint32_t op = IR_TCPOPT | (pred->negate ? TR_TERM_NEGATE : 0);

	add_term(w, (struct tr_term){ op, bit, bit, bit });
	end_pred(w);
	w->box.exact = false;
}

static void add_pred(struct work *w, const struct ir_pred *pred)
{
	struct tr_ranges r = { .n = 1 };

	switch (pred->kind) {
	case IR_PRED_TERMS:
		add_terms(w, pred);
		break;
	case IR_PRED_IFACE:
		r.field = pred->iface.field;
		tr_ifaces_range(w->b->ifaces, &pred->iface, &r.range[0].lo,
				&r.range[0].hi);
		if (r.range[0].hi == w->b->ifaces->n)
			r.range[0].hi = ir_field_max(r.field);
		add_ranges(w, &r, pred->negate);
		break;
	case IR_PRED_TCPOPT:
		add_tcpopt(w, pred);
		break;
	}
}

/* --- kinds --- */

enum { FAILS = -1 };

/*
 * What the first @n matches of @rule do with packets of @kind: FAILS, or twice
 * the number of matches whose predicates decide, plus 1 when a hotdrop follows
 * them.
 */
static int outcome_of(const struct ir_rule *rule, uint32_t n,
		      enum ir_kind kind)
{
	const struct ir_match *m;
	enum ir_outcome out;
	uint32_t i, j;

	for (i = 0; i < n; i++) {
		m = &rule->match[i];
		out = ir_need_outcome(m->need, kind);
		if (out == IR_OUT_FAIL)
			return FAILS;
		if (out == IR_OUT_HOTDROP)
			return 2 * i + 1;
		for (j = 0; j < m->npreds && m->need != IR_NEED_GUARD; j++)
			if (m->pred[j].kind == IR_PRED_TERMS &&
			    all_terms_on(&m->pred[j], IR_KIND) &&
			    !term_holds(&m->pred[j], 1u << kind))
				return FAILS;
	}
	return 2 * n;
}

bool tr_rule_has_kinds(const struct ir_rule *rule)
{
	int kind;

	for (kind = 0; kind < IR_NKINDS; kind++)
		if (outcome_of(rule, rule->nmatches, kind) != 2 * (int)rule->nmatches)
			return true;
	return false;
}

/* Only packets of these kinds, out of all that are not whole. */
static void add_kinds(struct work *w, uint32_t kinds)
{
	uint32_t rest = IR_KINDS_ALL & ~(1u << IR_KIND_WHOLE);
	uint32_t low = kinds & -kinds, high = 1u << (31 - __builtin_clz(kinds));

	if (kinds == rest)
		return;
	w->box.kinds = kinds;
	narrow(w, IR_KIND, (struct tr_range){ low, high });
	if (kinds != 2 * high - low)
		w->box.exact = false;
}

/* --- boxes --- */

static int append(struct tr_boxes *list, const struct tr_box *box)
{
	struct tr_box *more;
	uint32_t cap;

	if (list->n == list->cap) {
		cap = list->cap ? list->cap * 2 : 64;
		more = realloc(list->box, (size_t)cap * sizeof(*more));
		if (!more)
			return -ENOMEM;
		list->box = more;
		list->cap = cap;
	}
	list->box[list->n++] = *box;
	return 0;
}

/* The state's hull: numbers between one bit and another. */
static void finish_state(struct work *w)
{
	struct tr_box *box = &w->box;
	uint32_t low = box->state & -box->state, high;

	if (!box->state)
		return;
	if (box->state == STATE_BITS) {
		box->state = 0;
		return;
	}
	high = 1u << (31 - __builtin_clz(box->state));
	narrow(w, IR_CTSTATE, (struct tr_range){ low, high });
	if (box->state != 2 * high - low)
		box->exact = false;
}

static int append_pieces(struct work *w, struct tr_boxes *list)
{
	struct tr_box saved;
	uint32_t i;
	int err = 0;

	w->box.extra = store_extra(w);
	if (w->err)
		return w->err;
	if (!w->pieces.n)
		return append(list, &w->box);
	saved = w->box;
	for (i = 0; i < w->pieces.n && !err; i++) {
		w->box = saved;
		w->never = false;
		narrow(w, w->pieces.field, w->pieces.range[i]);
		if (!w->never)
			err = append(list, &w->box);
	}
	return err;
}

static const enum tr_action actions[] = {
	[IR_CONTINUE]	= TR_CONTINUE,
	[IR_ACCEPT]	= TR_ACCEPT,
	[IR_DROP]	= TR_DROP,
	[IR_RETURN]	= TR_RETURN,
	[IR_JUMP]	= TR_JUMP,
	[IR_GOTO]	= TR_GOTO,
	[IR_EXTENSION]	= TR_DROP,	/* refused before; fail closed */
};

static void start(struct work *w, struct tr_boxer *b,
		  const struct ir_rule *rule, bool hotdrop)
{
	uint32_t id = rule->index << TR_ID_SHIFT;
	enum tr_action action = actions[rule->target];

	memset(w, 0, sizeof(*w));
	w->b = b;
	b->nterms = 0;
	if (hotdrop) {
		tr_box_init(&w->box, id | TR_UNCOUNTED | TR_DROP);
		w->box.final = true;
		return;
	}
	tr_box_init(&w->box, id | action);
	w->box.final = action != TR_CONTINUE && action != TR_JUMP;
	if (action == TR_JUMP || action == TR_GOTO)
		w->box.target = b->segment[rule->to->number];
}

/* The predicates of a match, so that it holds. */
static void add_match(struct work *w, const struct ir_match *m)
{
	struct ir_pred pred;
	uint32_t i;

	for (i = 0; i < m->npreds && !w->never; i++) {
		pred = m->pred[i];
		pred.negate ^= m->need == IR_NEED_GUARD;
		add_pred(w, &pred);
	}
}

/*
 * The boxes of @rule for those kinds of packets that have this outcome; @guard,
 * if not NULL, is the match that drops them.
 */
static int add_outcome(struct tr_boxes *list, struct tr_boxer *b,
		       const struct ir_rule *rule,
		       const struct ir_match *guard, int outcome,
		       uint32_t kinds, int variant)
{
	uint32_t i;
	struct work w;

	start(&w, b, rule, outcome & 1 || guard);
	for (i = 0; i < (uint32_t)outcome / 2; i++)
		add_match(&w, &rule->match[i]);
	if (guard && !w.never)
		add_pred(&w, guard->pred);
	if (variant)
		add_kinds(&w, kinds);
	finish_state(&w);
	if (w.err || w.never)
		return w.err;
	return append_pieces(&w, list);
}

/*
 * The boxes of the first @n matches of @rule, which are all of them, or those
 * before a guard: then of the packets that it drops.
 */
static int add_upto(struct tr_boxes *list, struct tr_boxer *b,
		    const struct ir_rule *rule, uint32_t n, int variant)
{
	const struct ir_match *guard = n < rule->nmatches ? &rule->match[n] :
							    NULL;
	int outcome[IR_NKINDS], kind, other, err;
	uint32_t kinds;

	for (kind = 0; kind < IR_NKINDS; kind++) {
		outcome[kind] = outcome_of(rule, n, kind);
		if (guard && outcome[kind] != 2 * (int)n)
			outcome[kind] = FAILS;
	}
	if (!variant)
		return outcome[IR_KIND_WHOLE] == FAILS ? 0 :
		       add_outcome(list, b, rule, guard,
				   outcome[IR_KIND_WHOLE], 0, 0);
	for (kind = 1; kind < IR_NKINDS; kind++) {
		if (outcome[kind] == FAILS)
			continue;
		kinds = 0;
		for (other = IR_NKINDS - 1; other >= kind; other--) {
			if (outcome[other] != outcome[kind])
				continue;
			kinds |= 1u << other;
			if (other > kind)
				outcome[other] = FAILS;
		}
		err = add_outcome(list, b, rule, guard, outcome[kind], kinds,
				  1);
		if (err)
			return err;
	}
	return 0;
}

int tr_boxes_add(struct tr_boxes *list, struct tr_boxer *b,
		 const struct ir_rule *rule, int variant)
{
	uint32_t i;
	int err = 0;

	for (i = 0; i < rule->nmatches && !err; i++)
		if (rule->match[i].need == IR_NEED_GUARD)
			err = add_upto(list, b, rule, i, variant);
	return err ? err : add_upto(list, b, rule, rule->nmatches, variant);
}
