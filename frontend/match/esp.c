/* SPDX-License-Identifier: GPL-2.0-or-later */
/* -m esp [!] --espspi A[:B], of IPv6 */
#include "frontend/match.h"

#include <linux/netfilter/xt_esp.h>

static int decode(const struct fe_into *in, const void *data)
{
	const struct xt_esp *info = data;
	int err = fe_match_begin(in, IR_NEED_ESP);

	return err ? err : fe_match_range(in, IR_ESPSPI, info->spis[0],
					  info->spis[1],
					  info->invflags & XT_ESP_INV_SPI);
}

const struct fe_match fe_match_esp = {
	.name		= "esp",
	.revision	= 0,
	.family		= AF_INET6,
	.size		= sizeof(struct xt_esp),
	.decode		= decode,
};
