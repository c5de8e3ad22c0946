/* SPDX-License-Identifier: GPL-2.0-or-later */
/* -m udp [!] --sport [!] --dport */
#include "frontend/match.h"

#include <netinet/in.h>
#include <linux/netfilter/xt_tcpudp.h>

static int decode(const struct fe_into *in, const void *data)
{
	const struct xt_udp *info = data;
	int err = fe_match_begin(in, IR_NEED_UDP);

	if (!err)
		err = fe_match_range(in, IR_SPORT, info->spts[0], info->spts[1],
				     info->invflags & XT_UDP_INV_SRCPT);
	if (!err)
		err = fe_match_range(in, IR_DPORT, info->dpts[0], info->dpts[1],
				     info->invflags & XT_UDP_INV_DSTPT);
	return err;
}

const struct fe_match fe_match_udp = {
	.name		= "udp",
	.revision	= 0,
	.size		= sizeof(struct xt_udp),
	.decode		= decode,
};
