/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * tests/bench/bits.h - bit vectors, to compare the classifier with
 *
 * For every field, the values at which some rule begins or ends make intervals;
 * each has the set of rules that hold in it, as bits.  A packet's rules are the
 * sets of its fields' intervals, ANDed; the first of them is the lowest bit.
 * Intervals with the same rules share a set.
 */
#ifndef TESTS_BENCH_BITS_H
#define TESTS_BENCH_BITS_H

#include <stddef.h>
#include <stdint.h>

#include "ir/field.h"

/* What a rule asks for: a range of each field. */
struct bits_rule {
	uint32_t	lo[IR_NFIELDS];
	uint32_t	hi[IR_NFIELDS];
};

struct bits;

/* What lookups have read: steps of searches, sets, and words of sets. */
struct bits_visits {
	uint64_t	steps;
	uint64_t	sets;
	uint64_t	words;
};

/* Of rule[0..n-1], which are not kept.  NULL: out of memory. */
struct bits *bits_new(const struct bits_rule *rule, uint32_t n);
void bits_free(struct bits *b);

/* Bytes of all that a lookup may read. */
size_t bits_size(const struct bits *b);

/*
 * The first rule that holds for these values; UINT32_MAX: none.  @v, when not
 * NULL, is added to.
 */
uint32_t bits_find(const struct bits *b, const uint32_t field[IR_NFIELDS],
		   struct bits_visits *v);

#endif
