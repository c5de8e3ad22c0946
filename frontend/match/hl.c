/* SPDX-License-Identifier: GPL-2.0-or-later */
/* -m hl [!] --hl-eq N, --hl-lt N, --hl-gt N: the hop limit of IPv6 */
#include "frontend/match.h"

#include <linux/netfilter_ipv6/ip6t_hl.h>

static int decode(const struct fe_into *in, const void *data)
{
	const struct ip6t_hl_info *info = data;
	uint32_t limit = info->hop_limit;
	int err = fe_match_begin(in, IR_NEED_NOTHING);

	if (err)
		return err;
	switch (info->mode) {
	case IP6T_HL_EQ:
	case IP6T_HL_NE:
		return fe_match_range(in, IR_TTL, limit, limit,
				      info->mode == IP6T_HL_NE);
	case IP6T_HL_LT:
		if (!limit)
			return fe_match_never(in);
		return fe_match_range(in, IR_TTL, 0, limit - 1, false);
	case IP6T_HL_GT:
		return fe_match_range(in, IR_TTL, limit + 1, UINT8_MAX, false);
	default:
		return fe_match_never(in);
	}
}

const struct fe_match fe_match_hl = {
	.name		= "hl",
	.revision	= 0,
	.family		= AF_INET6,
	.size		= sizeof(struct ip6t_hl_info),
	.decode		= decode,
};
