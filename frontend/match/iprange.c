/* SPDX-License-Identifier: GPL-2.0-or-later */
/* -m iprange [!] --src-range A-B [!] --dst-range A-B */
#include "frontend/match.h"

#include <linux/netfilter/xt_iprange.h>

static int decode(const struct fe_into *in, const void *data)
{
	const struct xt_iprange_mtinfo *info = data;
	int err = fe_match_begin(in, IR_NEED_NOTHING);

	if (!err && info->flags & IPRANGE_SRC)
		err = fe_match_addr_range(in, IR_SADDR, &info->src_min.in6,
					  &info->src_max.in6,
					  info->flags & IPRANGE_SRC_INV);
	if (!err && info->flags & IPRANGE_DST)
		err = fe_match_addr_range(in, IR_DADDR, &info->dst_min.in6,
					  &info->dst_max.in6,
					  info->flags & IPRANGE_DST_INV);
	return err;
}

const struct fe_match fe_match_iprange = {
	.name		= "iprange",
	.revision	= 1,
	.size		= sizeof(struct xt_iprange_mtinfo),
	.decode		= decode,
};
