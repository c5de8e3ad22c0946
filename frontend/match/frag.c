/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * -m frag [!] --fragid A[:B] --fraglen N --fragres --fragfirst --fragmore|last
 *
 * The kernel does not look at --fraglen.
 */
#include "frontend/match.h"

#include <linux/netfilter_ipv6/ip6t_frag.h>

#define OFFSET		0xfff8u
#define MORE		0x0001u
#define RESERVED	0xff0006u

/* (the fragment header & mask) == value, if it is asked. */
static int ask(const struct fe_into *in, bool asked, uint32_t mask,
	       uint32_t value)
{
	if (!asked)
		return 0;
	return ir_rule_add_masked(in->table, in->rule, IR_FRAG, mask, value,
				  false);
}

static int decode(const struct fe_into *in, const void *data)
{
	const struct ip6t_frag *info = data;
	int err = fe_match_header(in, IR_EXT_FRAG);

	if (!err)
		err = fe_match_range(in, IR_FRAGID, info->ids[0], info->ids[1],
				     info->invflags & IP6T_FRAG_INV_IDS);
	if (!err)
		err = ask(in, info->flags & IP6T_FRAG_RES, RESERVED, 0);
	if (!err)
		err = ask(in, info->flags & IP6T_FRAG_FST, OFFSET, 0);
	if (!err)
		err = ask(in, info->flags & IP6T_FRAG_MF, MORE, MORE);
	if (!err)
		err = ask(in, info->flags & IP6T_FRAG_NMF, MORE, 0);
	return err;
}

const struct fe_match fe_match_frag = {
	.name		= "frag",
	.revision	= 0,
	.family		= AF_INET6,
	.size		= sizeof(struct ip6t_frag),
	.decode		= decode,
};
