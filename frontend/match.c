/* SPDX-License-Identifier: GPL-2.0-or-later */
/* frontend/match.c - which matches there are, and what they share */
#include "frontend/match.h"

#include <errno.h>
#include <string.h>

static const struct fe_match *const matches[] = {
	&fe_match_comment,
	&fe_match_conntrack,
	&fe_match_dscp,
	&fe_match_hl,
	&fe_match_icmp,
	&fe_match_icmp6,
	&fe_match_iprange,
	&fe_match_length,
	&fe_match_multiport,
	&fe_match_tcp,
	&fe_match_tos,
	&fe_match_ttl,
	&fe_match_udp,
};

const struct fe_match *fe_match_find(int family, const char *name,
				     uint8_t revision)
{
	size_t i;

	for (i = 0; i < sizeof(matches) / sizeof(*matches); i++)
		if (!strcmp(matches[i]->name, name) &&
		    matches[i]->revision == revision &&
		    (!matches[i]->family || matches[i]->family == family))
			return matches[i];
	return NULL;
}

int fe_match_begin(const struct fe_into *in, enum ir_need need)
{
	return ir_rule_add_match(in->table, in->rule, need) ? 0 : -ENOMEM;
}

int fe_match_never(const struct fe_into *in)
{
	const struct ir_pred never = { .kind = IR_PRED_TERMS };

	return ir_rule_add_pred(in->table, in->rule, &never);
}

int fe_match_range(const struct fe_into *in, enum ir_field field, uint32_t lo,
		   uint32_t hi, bool negate)
{
	bool empty = lo > hi;
	bool all = !lo && hi >= ir_field_max(field);

	if (negate ? empty : all)
		return 0;
	if (negate ? all : empty)
		return fe_match_never(in);
	return ir_rule_add_range(in->table, in->rule, field, lo, hi, negate);
}
