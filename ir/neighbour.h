/* SPDX-License-Identifier: GPL-2.0-or-later */
/* ir/neighbour.h - packets at the edges of a rule, made from one inside */
#ifndef IR_NEIGHBOUR_H
#define IR_NEIGHBOUR_H

#include <stdbool.h>
#include <stdint.h>

#include "ir/space.h"

/* How many there may be for @rule. */
uint32_t ir_neighbours(const struct ir_rule *rule);

/*
 * The @n-th, made from @from, which is inside the rule.  The first of them miss
 * one predicate each, the last are still inside.  False where there is no such
 * packet.
 */
bool ir_neighbour(const struct ir_rule *rule, enum ir_hook hook, uint32_t n,
		  const struct ir_recipe *from, struct rng *r,
		  struct ir_recipe *out);

/*
 * Gives some fields of *c, a packet inside @rule (NULL: a policy), values that
 * @other asks for, mostly such that it stays inside: it comes to where the two
 * meet, or near.
 */
void ir_neighbour_mix(const struct ir_rule *rule, const struct ir_rule *other,
		      struct rng *r, struct ir_recipe *c);

/* Takes the transport header away, or part of it, mostly. */
void ir_neighbour_cut(struct rng *r, struct ir_recipe *c);

#endif
