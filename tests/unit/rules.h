/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * tests/unit/rules.h - rules and packets made up for tests of the translator
 *
 * Everything is drawn from small pools, so that rules overlap and packets hit
 * their boundaries.
 */
#ifndef TESTS_UNIT_RULES_H
#define TESTS_UNIT_RULES_H

#include <stdbool.h>
#include <stdint.h>

#include "ir/packet.h"
#include "ir/ruleset.h"

uint32_t rnd(uint32_t n);		/* 0 .. n - 1 */
void rnd_seed(uint64_t seed);

/* Appends a rule; aborts the test when out of memory. */
struct ir_rule *add_rule(struct ir_table *t, struct ir_chain *c,
			 enum ir_target target, struct ir_chain *to);

/* A "-s net/len" or "-d net/len"; in IPv6 of the word @f alone. */
void add_prefix(struct ir_table *t, struct ir_rule *r, enum ir_field f,
		uint32_t addr, uint32_t len);
/* "-s" (@f IR_SADDR) or "-d" of the first @len bits of an IPv6 address. */
void add_prefix6(struct ir_table *t, struct ir_rule *r, enum ir_field f,
		 const uint32_t word[4], uint32_t len);

/* Word @i of the address that @f is the first word of. */
enum ir_field addr_word(enum ir_field f, int i);

void add_iface(struct ir_table *t, struct ir_rule *r, enum ir_field f,
	       const char *pattern, bool negate);

/* Matches of all sorts, at most @n. */
void add_random_matches(struct ir_table *t, struct ir_rule *r, uint32_t n);

/*
 * User chains that only call later ones, and @rules rules over all chains.
 * random_table() is of IPv4.
 */
struct ir_table *random_table_of(int family, uint32_t chains, uint32_t rules);
struct ir_table *random_table(uint32_t chains, uint32_t rules);

/* A packet at or next to boundaries of rules of @t. */
void random_packet(const struct ir_table *t, struct ir_packet *p);

#endif
