/* SPDX-License-Identifier: GPL-2.0-or-later */
/* -m comment --comment TEXT: always holds */
#include "frontend/match.h"

#include <linux/netfilter/xt_comment.h>

static int decode(const struct fe_into *in, const void *data)
{
	(void)in;
	(void)data;
	return 0;
}

const struct fe_match fe_match_comment = {
	.name		= "comment",
	.revision	= 0,
	.size		= sizeof(struct xt_comment_info),
	.decode		= decode,
};
