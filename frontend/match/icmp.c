/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * -m icmp [!] --icmp-type TYPE[/CODE]
 *
 * Type 255 is any type and code, but the header must be there all the same.
 */
#include "frontend/match.h"

#include <netinet/in.h>

#define ANY	0xff

static int decode(const struct fe_into *in, const void *data)
{
	const struct ipt_icmp *info = data;
	uint32_t type = (uint32_t)info->type << 8;
	bool invert = info->invflags & IPT_ICMP_INV;
	int err = fe_match_begin(in, IR_NEED_ICMP);

	if (err)
		return err;
	if (info->type == ANY)
		return invert ? fe_match_never(in) : 0;
	return fe_match_range(in, IR_ICMP, type | info->code[0],
			      type | info->code[1], invert);
}

const struct fe_match fe_match_icmp = {
	.name		= "icmp",
	.revision	= 0,
	.family		= AF_INET,
	.size		= sizeof(struct ipt_icmp),
	.decode		= decode,
};
