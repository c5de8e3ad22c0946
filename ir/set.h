/* SPDX-License-Identifier: GPL-2.0-or-later */
/* ir/set.h - sets of values of one field, as ranges */
#ifndef IR_SET_H
#define IR_SET_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include "ir/rng.h"
#include "ir/ruleset.h"

#define IR_SET_MAX	48

struct ir_range {
	uint32_t	lo;
	uint32_t	hi;
};

struct ir_set {
	uint32_t	n;
	/*
	 * False where ranges had to be left out, or a mask asks for more than
	 * ranges can say: the set is a guess then.
	 */
	bool		exact;
	struct ir_range	r[IR_SET_MAX];	/* ascending, with gaps between */
};

/* Copies what is in use. */
static inline void ir_set_copy(struct ir_set *to, const struct ir_set *from)
{
	memcpy(to, from, offsetof(struct ir_set, r) +
			 from->n * sizeof(from->r[0]));
}

/*
 * All values that @field can have in an IPv4 packet, or in an IPv6 one.  Of the
 * protocols of IPv6, 0 is that of a packet in which none is found.
 */
void ir_set_all(struct ir_set *s, bool ipv6, enum ir_field field);

bool ir_set_has(const struct ir_set *s, uint32_t value);

/* The range that @value is in; NULL: none. */
const struct ir_range *ir_set_find(const struct ir_set *s, uint32_t value);

/* Where any of the @n terms that test @field holds. */
void ir_set_terms(struct ir_set *s, enum ir_field field,
		  const struct ir_term *term, uint32_t n);

/* @s without what is not (or, with @inside false, what is) in @with. */
void ir_set_cut(struct ir_set *s, const struct ir_set *with, bool inside);
void ir_set_cut_range(struct ir_set *s, uint32_t lo, uint32_t hi);

/* A value of a set that is not empty: an end of a range or any. */
uint32_t ir_set_draw(const struct ir_set *s, struct rng *r);

#endif
