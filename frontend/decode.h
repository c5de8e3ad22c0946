/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * frontend/decode.h - from the entry of a rule to its meaning
 */
#ifndef FRONTEND_DECODE_H
#define FRONTEND_DECODE_H

#include "ir/ruleset.h"

/* What is said of every other table with rules or a policy; its name. */
#define FE_TABLE_REFUSED \
	"table '%s' cannot be enforced, only 'filter' can: " \
	"--store-only keeps it nevertheless"

/*
 * Where the parts of a rule stand in its line: what is NULL or beyond the end
 * is said to be the whole rule.
 */
struct fe_places {
	const struct ir_loc	*target;
	const struct ir_loc	*match;		/* one for each */
	unsigned int		nmatches;
};

/*
 * Fills in matches and target of a new @rule of @t from rule->entry, which must
 * be valid; rule->loc must be set.  @to is the chain a jump leads to, NULL when
 * the target is none.  What cannot be compiled is refused in the rule; @places
 * may be NULL.  0 or -ENOMEM.
 */
int fe_decode_rule(struct ir_table *t, struct ir_rule *rule,
		   struct ir_chain *to, const struct fe_places *places);

#endif
