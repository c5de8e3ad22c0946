/* SPDX-License-Identifier: GPL-2.0-or-later */
/* -m eui64: the source address is made of the sender's MAC address */
#include "frontend/match.h"

static int decode(const struct fe_into *in, const void *data)
{
	(void)data;
	return ir_rule_refuse(in->table, in->rule, in->loc,
			      "match 'eui64' asks for the Ethernet header, which not every hook has");
}

const struct fe_match fe_match_eui64 = {
	.name		= "eui64",
	.revision	= 0,
	.family		= AF_INET6,
	.size		= sizeof(int),
	.decode		= decode,
};
