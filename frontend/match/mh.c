/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * -m mh [!] --mh-type A[:B]
 *
 * A header that is there but announces a payload drops the packet.
 */
#include "frontend/match.h"

#include <linux/netfilter_ipv6/ip6t_mh.h>

static int decode(const struct fe_into *in, const void *data)
{
	const struct ip6t_mh *info = data;
	int err = fe_match_begin(in, IR_NEED_MH);

	if (!err)
		err = fe_match_begin(in, IR_NEED_GUARD);
	if (!err)
		err = ir_rule_add_masked(in->table, in->rule, IR_ICMP, 0xff,
					 IPPROTO_NONE, true);
	if (!err)
		err = fe_match_begin(in, IR_NEED_NOTHING);
	if (!err)
		err = fe_match_bits(in, IR_ICMP, 0xff00, info->types[0],
				    info->types[1],
				    info->invflags & IP6T_MH_INV_TYPE);
	return err;
}

const struct fe_match fe_match_mh = {
	.name		= "mh",
	.revision	= 0,
	.family		= AF_INET6,
	.size		= sizeof(struct ip6t_mh),
	.decode		= decode,
};
