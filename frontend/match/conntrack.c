/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * -m conntrack [!] --ctstate STATE,... and its older form, -m state
 *
 * The state of a packet is exactly one bit, so a mask is a predicate.  SNAT and
 * DNAT are further bits of the connection that are not known here, and so is
 * everything else that can be asked of it.
 */
#include "frontend/match.h"

#include <linux/netfilter/nf_conntrack_common.h>
#include <linux/netfilter/xt_conntrack.h>

#define STATES	(XT_CONNTRACK_STATE | XT_CONNTRACK_STATE_ALIAS)
#define NAT	(XT_CONNTRACK_STATE_SNAT | XT_CONNTRACK_STATE_DNAT)

static const struct {
	unsigned int	flag;
	const char	*option;
} options[] = {
	{ XT_CONNTRACK_PROTO, "--ctproto" },
	{ XT_CONNTRACK_ORIGSRC, "--ctorigsrc" },
	{ XT_CONNTRACK_ORIGDST, "--ctorigdst" },
	{ XT_CONNTRACK_REPLSRC, "--ctreplsrc" },
	{ XT_CONNTRACK_REPLDST, "--ctrepldst" },
	{ XT_CONNTRACK_STATUS, "--ctstatus" },
	{ XT_CONNTRACK_EXPIRES, "--ctexpire" },
	{ XT_CONNTRACK_ORIGSRC_PORT, "--ctorigsrcport" },
	{ XT_CONNTRACK_ORIGDST_PORT, "--ctorigdstport" },
	{ XT_CONNTRACK_REPLSRC_PORT, "--ctreplsrcport" },
	{ XT_CONNTRACK_REPLDST_PORT, "--ctrepldstport" },
	{ XT_CONNTRACK_DIRECTION, "--ctdir" },
};

static const char *option_name(unsigned int flags)
{
	size_t i;

	for (i = 0; i < sizeof(options) / sizeof(*options); i++)
		if (flags & options[i].flag)
			return options[i].option;
	return "unknown";
}

static int refuse(const struct fe_into *in, const char *what)
{
	return ir_rule_refuse(in->table, in->rule, in->loc,
			      "match 'conntrack' with '%s' cannot be compiled yet",
			      what);
}

static int decode(const struct fe_into *in, const void *data)
{
	const struct xt_conntrack_mtinfo3 *info = data;
	unsigned int flags = info->match_flags & ~STATES;
	const struct ir_term term = {
		.field	= IR_CTSTATE,
		.mask	= info->state_mask,
		.lo	= 1,
		.hi	= UINT32_MAX,
	};
	struct ir_pred pred = {
		.kind	= IR_PRED_TERMS,
		.negate	= info->invert_flags & XT_CONNTRACK_STATE,
		.term	= (struct ir_term *)&term,
		.nterms	= 1,
	};
	int err;

	if (flags)
		return refuse(in, option_name(flags));
	if (info->state_mask & NAT)
		return refuse(in, info->state_mask & XT_CONNTRACK_STATE_SNAT ?
				  "SNAT" : "DNAT");
	if (!(info->match_flags & XT_CONNTRACK_STATE))
		return 0;
	err = fe_match_begin(in, IR_NEED_NOTHING);
	return err ? err : ir_rule_add_pred(in->table, in->rule, &pred);
}

const struct fe_match fe_match_conntrack = {
	.name		= "conntrack",
	.revision	= 3,
	.size		= sizeof(struct xt_conntrack_mtinfo3),
	.decode		= decode,
};
