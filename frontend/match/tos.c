/* SPDX-License-Identifier: GPL-2.0-or-later */
/* -m tos [!] --tos VALUE[/MASK] */
#include "frontend/match.h"

#include <linux/netfilter/xt_dscp.h>

static int decode(const struct fe_into *in, const void *data)
{
	const struct xt_tos_match_info *info = data;
	int err = fe_match_begin(in, IR_NEED_NOTHING);

	return err ? err : ir_rule_add_masked(in->table, in->rule, IR_TOS,
					      info->tos_mask, info->tos_value,
					      info->invert);
}

const struct fe_match fe_match_tos = {
	.name		= "tos",
	.revision	= 1,
	.size		= sizeof(struct xt_tos_match_info),
	.decode		= decode,
};
