/* SPDX-License-Identifier: GPL-2.0-or-later */
/* -m hbh [!] --hbh-len N and -m dst [!] --dst-len N; no options in them */
#include "frontend/match.h"

#include <linux/netfilter_ipv6/ip6t_opts.h>

static int decode(const struct fe_into *in, const struct ip6t_opts *info,
		  enum ir_ext ext, uint32_t mask, const char *name)
{
	int err;

	if (info->flags & IP6T_OPTS_OPTS)
		return ir_rule_refuse(in->table, in->rule, in->loc,
				      "match '%s' with '--%s-opts' cannot be compiled yet",
				      name, name);
	err = fe_match_header(in, ext);
	if (err || !(info->flags & IP6T_OPTS_LEN))
		return err;
	return fe_match_bytes(in, IR_OPTLEN, mask, info->hdrlen, 8, 1,
			       info->invflags & IP6T_OPTS_INV_LEN);
}

static int decode_hbh(const struct fe_into *in, const void *data)
{
	return decode(in, data, IR_EXT_HOP, 0xff00, "hbh");
}

static int decode_dst(const struct fe_into *in, const void *data)
{
	return decode(in, data, IR_EXT_DST, 0x00ff, "dst");
}

const struct fe_match fe_match_hbh = {
	.name		= "hbh",
	.revision	= 0,
	.family		= AF_INET6,
	.size		= sizeof(struct ip6t_opts),
	.decode		= decode_hbh,
};

const struct fe_match fe_match_dst = {
	.name		= "dst",
	.revision	= 0,
	.family		= AF_INET6,
	.size		= sizeof(struct ip6t_opts),
	.decode		= decode_dst,
};
