/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * -m icmp6 [!] --icmpv6-type TYPE[/CODE]
 *
 * Other than in IPv4, type 255 is a type like any other.
 */
#include "frontend/match.h"

#include <netinet/in.h>

static int decode(const struct fe_into *in, const void *data)
{
	const struct ip6t_icmp *info = data;
	uint32_t type = (uint32_t)info->type << 8;
	int err = fe_match_begin(in, IR_NEED_ICMP);

	return err ? err : fe_match_range(in, IR_ICMP, type | info->code[0],
					  type | info->code[1],
					  info->invflags & IP6T_ICMP_INV);
}

const struct fe_match fe_match_icmp6 = {
	.name		= "icmp6",
	.revision	= 0,
	.family		= AF_INET6,
	.size		= sizeof(struct ip6t_icmp),
	.decode		= decode,
};
