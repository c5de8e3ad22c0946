/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * -m multiport [!] --sports|--dports|--ports PORT[:PORT],...
 *
 * A slot with its flag set begins a range that the next slot ends.
 */
#include "frontend/match.h"

#include <netinet/in.h>
#include <linux/netfilter/xt_multiport.h>

struct terms {
	struct ir_term	term[2 * XT_MULTI_PORTS];
	uint32_t	n;
};

static void add(struct terms *t, enum ir_field field, uint32_t lo, uint32_t hi)
{
	if (lo > hi)
		return;
	t->term[t->n++] = (struct ir_term){
		.field	= field,
		.mask	= UINT32_MAX,
		.lo	= lo,
		.hi	= hi,
	};
}

static void collect(struct terms *t, const struct xt_multiport_v1 *info)
{
	unsigned int count = info->count, i;
	uint32_t lo, hi;

	if (count > XT_MULTI_PORTS)
		count = XT_MULTI_PORTS;
	for (i = 0; i < count; i++) {
		lo = info->ports[i];
		hi = lo;
		if (info->pflags[i] && i + 1 < XT_MULTI_PORTS)
			hi = info->ports[++i];
		if (info->flags != XT_MULTIPORT_DESTINATION)
			add(t, IR_SPORT, lo, hi);
		if (info->flags != XT_MULTIPORT_SOURCE)
			add(t, IR_DPORT, lo, hi);
	}
}

static int decode(const struct fe_into *in, const void *data)
{
	const struct xt_multiport_v1 *info = data;
	struct terms terms = { .n = 0 };
	struct ir_pred pred = {
		.kind	= IR_PRED_TERMS,
		.negate	= info->invert,
		.term	= terms.term,
	};
	int err = fe_match_begin(in, IR_NEED_PORTS);

	if (err)
		return err;
	collect(&terms, info);
	pred.nterms = terms.n;
	return ir_rule_add_pred(in->table, in->rule, &pred);
}

const struct fe_match fe_match_multiport = {
	.name		= "multiport",
	.revision	= 1,
	.size		= sizeof(struct xt_multiport_v1),
	.decode		= decode,
};
