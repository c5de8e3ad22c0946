/* SPDX-License-Identifier: GPL-2.0-or-later */
/* -m rt [!] --rt-type N [!] --rt-segsleft A[:B] [!] --rt-len N */
#include "frontend/match.h"

#include <linux/netfilter_ipv6/ip6t_rt.h>

#define ADDRESSES	(IP6T_RT_FST | IP6T_RT_FST_NSTRICT)

static int refuse(const struct fe_into *in, const char *option)
{
	return ir_rule_refuse(in->table, in->rule, in->loc,
			      "match 'rt' with '%s' cannot be compiled yet",
			      option);
}

static int decode(const struct fe_into *in, const void *data)
{
	const struct ip6t_rt *info = data;
	int err;

	if (info->flags & IP6T_RT_RES)
		return refuse(in, "--rt-0-res");
	if (info->flags & ADDRESSES)
		return refuse(in, "--rt-0-addrs");
	err = fe_match_header(in, IR_EXT_RT);
	if (!err)
		err = fe_match_bits(in, IR_RT, 0xff, info->segsleft[0],
				    info->segsleft[1],
				    info->invflags & IP6T_RT_INV_SGS);
	if (!err && info->flags & IP6T_RT_LEN)
		err = fe_match_bytes(in, IR_RT, 0xff0000, info->hdrlen, 8, 1,
				      info->invflags & IP6T_RT_INV_LEN);
	if (!err && info->flags & IP6T_RT_TYP)
		err = fe_match_bits(in, IR_RT, 0xff00, info->rt_type,
				    info->rt_type,
				    info->invflags & IP6T_RT_INV_TYP);
	return err;
}

const struct fe_match fe_match_rt = {
	.name		= "rt",
	.revision	= 0,
	.family		= AF_INET6,
	.size		= sizeof(struct ip6t_rt),
	.decode		= decode,
};
