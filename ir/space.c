/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * ir/space.c - narrowing: what predicates leave of each field
 *
 * Fields are independent of each other but for the protocol and the kind, which
 * say what other fields there are at all: those are asked for each pair of them
 * (ir/recipe.c).
 */
#include "ir/space.h"

#include <stddef.h>
#include <string.h>

void ir_space_init(struct ir_space *s, bool ipv6, enum ir_hook hook)
{
	enum ir_field f;

	memset(s, 0, offsetof(struct ir_space, field));
	s->ipv6 = ipv6;
	s->hook = hook;
	s->exact = true;
	for (f = 0; f < IR_NFIELDS; f++)
		ir_set_all(&s->field[f], ipv6, f);
}

void ir_space_copy(struct ir_space *to, const struct ir_space *from)
{
	enum ir_field f;

	memcpy(to, from, offsetof(struct ir_space, field));
	for (f = 0; f < IR_NFIELDS; f++)
		ir_set_copy(&to->field[f], &from->field[f]);
}

/* Whether its terms are about more than one field. */
static bool several_fields(const struct ir_pred *pred)
{
	uint32_t i;

	for (i = 1; i < pred->nterms; i++)
		if (pred->term[i].field != pred->term[0].field)
			return true;
	return false;
}

uint32_t ir_space_choices(const struct ir_pred *pred, bool holds)
{
	if (pred->kind != IR_PRED_TERMS || holds == pred->negate ||
	    !several_fields(pred))
		return 1;
	return pred->nterms;
}

/* (address or word of it & mask) == value, of a mask that is no prefix. */
static void fix_bits(struct ir_space *s, const struct ir_term *t)
{
	enum ir_field i = t->field;

	s->empty |= (t->lo & ~t->mask) ||
		    ((s->fix_value[i] ^ t->lo) & s->fix_mask[i] & t->mask);
	s->fix_mask[i] |= t->mask;
	s->fix_value[i] |= t->lo;
}

/* Fields that are several small numbers or sets: sets of ranges say little. */
static bool of_bits(enum ir_field f)
{
	return f == IR_EXT || f == IR_HEADERS || f == IR_FRAG || f == IR_RT ||
	       f == IR_OPTLEN || f == IR_AH;
}

/* A bit by which a value under @mask becomes another one, not a longer header. */
static uint32_t other_bit(enum ir_field f, uint32_t mask)
{
	if (f == IR_HEADERS)
		while (mask & (mask - 1))
			mask &= mask - 1;
	return mask & -mask;
}

/* Where there is a choice it is made here, and the space is too narrow then. */
static void narrow_bits(struct ir_space *s, const struct ir_term *term,
			uint32_t n, bool inside)
{
	struct ir_term t = *term;

	if (n != 1 || (t.lo != t.hi && !inside)) {
		s->exact = false;
		return;
	}
	if (t.lo != t.hi || (!inside && t.mask & (t.mask - 1)))
		s->exact = false;
	t.hi = t.lo;
	if (!inside) {
		t.mask = other_bit(t.field, t.mask);
		t.lo = ~t.lo & t.mask;
	}
	fix_bits(s, &t);
}

static void narrow_field(struct ir_space *s, enum ir_field f,
			 const struct ir_term *term, uint32_t n, bool inside)
{
	struct ir_set with;

	if (of_bits(f)) {
		narrow_bits(s, term, n, inside);
		return;
	}
	ir_set_terms(&with, f, term, n);
	if (with.exact || (inside && with.n)) {
		ir_set_cut(&s->field[f], &with, inside);
		s->exact &= s->field[f].exact;
		return;
	}
	s->exact = false;
	if (inside && n == 1 && term->lo == term->hi &&
	    ir_field_max(f) == UINT32_MAX)
		fix_bits(s, term);
}

/* None of the terms is to hold. */
static void narrow_none(struct ir_space *s, const struct ir_pred *pred)
{
	enum ir_field f;
	uint32_t i, seen = 0;

	for (i = 0; i < pred->nterms; i++) {
		f = pred->term[i].field;
		if (!(seen >> f & 1))
			narrow_field(s, f, pred->term, pred->nterms, false);
		seen |= 1u << f;
	}
}

static void narrow_iface(struct ir_space *s, const struct ir_iface *pattern,
			 bool holds)
{
	if (s->nifaces == IR_SPACE_IFACES) {
		s->exact = false;
		return;
	}
	s->iface[s->nifaces].pattern = pattern;
	s->iface[s->nifaces++].holds = holds;
}

static void narrow_option(struct ir_space *s, uint8_t opt, bool holds)
{
	uint8_t *set = holds ? s->opt_yes : s->opt_no;

	set[opt / 8] |= (uint8_t)(1u << opt % 8);
	s->empty |= s->opt_yes[opt / 8] & s->opt_no[opt / 8];
}

void ir_space_narrow(struct ir_space *s, const struct ir_pred *pred, bool holds,
		     uint32_t term)
{
	bool any = holds != pred->negate;

	switch (pred->kind) {
	case IR_PRED_TERMS:
		if (!any)
			narrow_none(s, pred);
		else if (!pred->nterms)
			s->empty = true;
		else if (several_fields(pred))
			narrow_field(s, pred->term[term].field,
				     &pred->term[term], 1, true);
		else
			narrow_field(s, pred->term->field, pred->term,
				     pred->nterms, true);
		break;
	case IR_PRED_IFACE:
		narrow_iface(s, &pred->iface, any);
		break;
	case IR_PRED_TCPOPT:
		narrow_option(s, pred->tcpopt, any);
		break;
	}
}

void ir_space_kinds(struct ir_space *s, uint32_t kinds)
{
	struct ir_set set = { .exact = true };
	enum ir_kind k;

	for (k = 0; k < IR_NKINDS; k++)
		if (kinds >> k & 1)
			set.r[set.n++] = (struct ir_range){ 1u << k, 1u << k };
	ir_set_cut(&s->field[IR_KIND], &set, true);
}

void ir_space_need(struct ir_space *s, enum ir_need need, uint32_t outcomes)
{
	uint32_t kinds = 0;
	enum ir_kind k;

	for (k = 0; k < IR_NKINDS; k++)
		if (outcomes >> ir_need_outcome(need, k) & 1)
			kinds |= 1u << k;
	ir_space_kinds(s, kinds);
}
