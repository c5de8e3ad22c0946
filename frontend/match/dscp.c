/* SPDX-License-Identifier: GPL-2.0-or-later */
/* -m dscp [!] --dscp VALUE: the upper six bits of the TOS byte */
#include "frontend/match.h"

#include <linux/netfilter/xt_dscp.h>

static int decode(const struct fe_into *in, const void *data)
{
	const struct xt_dscp_info *info = data;
	int err = fe_match_begin(in, IR_NEED_NOTHING);

	if (err)
		return err;
	return ir_rule_add_masked(in->table, in->rule, IR_TOS, XT_DSCP_MASK,
				  (uint32_t)info->dscp << XT_DSCP_SHIFT,
				  info->invert);
}

const struct fe_match fe_match_dscp = {
	.name		= "dscp",
	.revision	= 0,
	.size		= sizeof(struct xt_dscp_info),
	.decode		= decode,
};
