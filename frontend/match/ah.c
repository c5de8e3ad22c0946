/* SPDX-License-Identifier: GPL-2.0-or-later */
/* -m ah [!] --ahspi A[:B] [!] --ahlen N --ahres, of IPv6 */
#include "frontend/match.h"

#include <linux/netfilter_ipv6/ip6t_ah.h>

static int decode(const struct fe_into *in, const void *data)
{
	const struct ip6t_ah *info = data;
	int err = fe_match_header(in, IR_EXT_AH);

	if (!err)
		err = fe_match_range(in, IR_AHSPI, info->spis[0], info->spis[1],
				     info->invflags & IP6T_AH_INV_SPI);
	if (!err && info->hdrlen)
		err = fe_match_bytes(in, IR_AH, 0xff0000, info->hdrlen, 4, 2,
				      info->invflags & IP6T_AH_INV_LEN);
	if (!err && info->hdrres)
		err = fe_match_bits(in, IR_AH, 0xffff, 0, 0, false);
	return err;
}

const struct fe_match fe_match_ah = {
	.name		= "ah",
	.revision	= 0,
	.family		= AF_INET6,
	.size		= sizeof(struct ip6t_ah),
	.decode		= decode,
};
