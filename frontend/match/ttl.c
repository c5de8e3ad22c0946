/* SPDX-License-Identifier: GPL-2.0-or-later */
/* -m ttl [!] --ttl-eq N, --ttl-lt N, --ttl-gt N */
#include "frontend/match.h"

#include <linux/netfilter_ipv4/ipt_ttl.h>

static int decode(const struct fe_into *in, const void *data)
{
	const struct ipt_ttl_info *info = data;
	uint32_t ttl = info->ttl;
	int err = fe_match_begin(in, IR_NEED_NOTHING);

	if (err)
		return err;
	switch (info->mode) {
	case IPT_TTL_EQ:
	case IPT_TTL_NE:
		return fe_match_range(in, IR_TTL, ttl, ttl,
				      info->mode == IPT_TTL_NE);
	case IPT_TTL_LT:
		if (!ttl)
			return fe_match_never(in);
		return fe_match_range(in, IR_TTL, 0, ttl - 1, false);
	case IPT_TTL_GT:
		return fe_match_range(in, IR_TTL, ttl + 1, UINT8_MAX, false);
	default:
		return fe_match_never(in);
	}
}

const struct fe_match fe_match_ttl = {
	.name		= "ttl",
	.revision	= 0,
	.family		= AF_INET,
	.size		= sizeof(struct ipt_ttl_info),
	.decode		= decode,
};
