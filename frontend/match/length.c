/* SPDX-License-Identifier: GPL-2.0-or-later */
/* -m length [!] --length MIN[:MAX]: the total length in the IP header */
#include "frontend/match.h"

#include <linux/netfilter/xt_length.h>

static int decode(const struct fe_into *in, const void *data)
{
	const struct xt_length_info *info = data;
	int err = fe_match_begin(in, IR_NEED_NOTHING);

	return err ? err : fe_match_range(in, IR_LEN, info->min, info->max,
					  info->invert);
}

const struct fe_match fe_match_length = {
	.name		= "length",
	.revision	= 0,
	.size		= sizeof(struct xt_length_info),
	.decode		= decode,
};
