/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * -m tcp [!] --sport [!] --dport [!] --tcp-flags MASK COMP [!] --tcp-option N
 *
 * The kernel looks for the option last, and only there a bad data offset drops
 * the packet: hence two matches.
 */
#include "frontend/match.h"

#include <netinet/in.h>
#include <linux/netfilter/xt_tcpudp.h>

static int decode_ports(const struct fe_into *in, const struct xt_tcp *info)
{
	int err = fe_match_range(in, IR_SPORT, info->spts[0], info->spts[1],
				 info->invflags & XT_TCP_INV_SRCPT);

	return err ? err : fe_match_range(in, IR_DPORT, info->dpts[0],
					  info->dpts[1],
					  info->invflags & XT_TCP_INV_DSTPT);
}

static int decode_flags(const struct fe_into *in, const struct xt_tcp *info)
{
	bool invert = info->invflags & XT_TCP_INV_FLAGS;

	if (!info->flg_mask && !info->flg_cmp)
		return invert ? fe_match_never(in) : 0;
	return ir_rule_add_masked(in->table, in->rule, IR_TCPFLAGS,
				  info->flg_mask, info->flg_cmp, invert);
}

static int decode_option(const struct fe_into *in, const struct xt_tcp *info)
{
	const struct ir_pred pred = {
		.kind	= IR_PRED_TCPOPT,
		.negate	= info->invflags & XT_TCP_INV_OPTION,
		.tcpopt	= info->option,
	};
	int err = fe_match_begin(in, IR_NEED_TCPOPT);

	return err ? err : ir_rule_add_pred(in->table, in->rule, &pred);
}

static int decode(const struct fe_into *in, const void *data)
{
	const struct xt_tcp *info = data;
	int err = fe_match_begin(in, IR_NEED_TCP);

	if (!err)
		err = decode_ports(in, info);
	if (!err)
		err = decode_flags(in, info);
	if (!err && info->option)
		err = decode_option(in, info);
	return err;
}

const struct fe_match fe_match_tcp = {
	.name		= "tcp",
	.revision	= 0,
	.size		= sizeof(struct xt_tcp),
	.decode		= decode,
};
