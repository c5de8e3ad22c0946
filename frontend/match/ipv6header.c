/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * -m ipv6header [!] --header NAME,... [--soft]
 *
 * Exactly these headers and no others; --soft: at the least these.  Inverted
 * and soft it means that none of them is there.
 */
#include "frontend/match.h"

#include <linux/netfilter_ipv6/ip6t_ipv6header.h>

static int decode(const struct fe_into *in, const void *data)
{
	const struct ip6t_ipv6header_info *info = data;
	uint32_t flags = info->matchflags;
	int err = fe_match_begin(in, IR_NEED_NOTHING);

	if (!err && info->modeflag)
		return ir_rule_add_masked(in->table, in->rule, IR_HEADERS,
					  IR_HEADERS_FAIL | flags,
					  flags & ~(uint32_t)info->invflags,
					  false);
	if (!err)
		err = ir_rule_add_masked(in->table, in->rule, IR_HEADERS,
					 IR_HEADERS_FAIL, 0, false);
	if (!err)
		err = fe_match_bits(in, IR_HEADERS, 0xff, flags, flags,
				    info->invflags);
	return err;
}

const struct fe_match fe_match_ipv6header = {
	.name		= "ipv6header",
	.revision	= 0,
	.family		= AF_INET6,
	.size		= sizeof(struct ip6t_ipv6header_info),
	.decode		= decode,
};
