/* SPDX-License-Identifier: GPL-2.0-or-later */
/* frontend/match.c - which matches there are, and what they share */
#include "frontend/match.h"

#include <errno.h>
#include <string.h>

static const struct fe_match *const matches[] = {
	&fe_match_ah,
	&fe_match_comment,
	&fe_match_conntrack,
	&fe_match_dscp,
	&fe_match_dst,
	&fe_match_esp,
	&fe_match_eui64,
	&fe_match_frag,
	&fe_match_hbh,
	&fe_match_hl,
	&fe_match_icmp,
	&fe_match_icmp6,
	&fe_match_iprange,
	&fe_match_ipv6header,
	&fe_match_length,
	&fe_match_mh,
	&fe_match_multiport,
	&fe_match_rt,
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

int fe_match_bits(const struct fe_into *in, enum ir_field field, uint32_t mask,
		  uint32_t lo, uint32_t hi, bool negate)
{
	unsigned int shift = __builtin_ctz(mask);
	uint32_t max = mask >> shift;
	struct ir_term term = { .field = field, .mask = mask };
	const struct ir_pred pred = {
		.kind = IR_PRED_TERMS, .negate = negate,
		.term = &term, .nterms = 1,
	};

	if (hi > max)
		hi = max;
	if (lo > hi)
		return negate ? 0 : fe_match_never(in);
	if (!lo && hi == max)
		return negate ? fe_match_never(in) : 0;
	term.lo = lo << shift;
	term.hi = hi << shift;
	return ir_rule_add_pred(in->table, in->rule, &pred);
}

int fe_match_bytes(const struct fe_into *in, enum ir_field field,
		    uint32_t mask, uint32_t bytes, uint32_t unit, uint32_t less,
		    bool negate)
{
	uint32_t n = bytes / unit;

	if (bytes % unit || n < less)
		return negate ? 0 : fe_match_never(in);
	return fe_match_bits(in, field, mask, n - less, n - less, negate);
}

int fe_match_header(const struct fe_into *in, enum ir_ext ext)
{
	const uint32_t bad = IR_EXT_BAD << ext, there = 1u << ext;
	int err = fe_match_begin(in, IR_NEED_GUARD);

	if (!err)
		err = ir_rule_add_masked(in->table, in->rule, IR_EXT, bad, bad,
					 false);
	if (!err)
		err = fe_match_begin(in, IR_NEED_NOTHING);
	return err ? err : ir_rule_add_masked(in->table, in->rule, IR_EXT,
					      there, there, false);
}
