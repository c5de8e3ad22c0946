/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * frontend/decode.c - from the entry of a rule to its meaning
 *
 * The IP part is ip_packet_match() of net/ipv4/netfilter/ip_tables.c or
 * ip6_packet_match() of ip6_tables.c; each match is one file in match/.  A rule
 * with anything that is not known exactly is kept, to be printed, and refused.
 */
#include "frontend/decode.h"

#include <errno.h>
#include <string.h>

#include "frontend/entry.h"
#include "frontend/match.h"

static int decode_iface(const struct fe_into *in, enum ir_field field,
			const char *name, const unsigned char *mask,
			bool invert)
{
	struct ir_pred pred = {
		.kind		= IR_PRED_IFACE,
		.negate		= invert,
		.iface.field	= field,
	};
	uint8_t len = 0;

	while (len < IFNAMSIZ && mask[len])
		len++;
	if (!len)
		return invert ? fe_match_never(in) : 0;
	pred.iface.len = len;
	memcpy(pred.iface.name, name, len);
	return ir_rule_add_pred(in->table, in->rule, &pred);
}

static int decode_frag(const struct fe_into *in, const struct fe_ip *ip)
{
	const struct ir_term term = {
		.field	= IR_KIND,
		.mask	= IR_KINDS_FRAG,
		.lo	= 1,
		.hi	= UINT32_MAX,
	};
	const struct ir_pred pred = {
		.kind	= IR_PRED_TERMS,
		.negate	= ip->invflags & IPT_INV_FRAG,
		.term	= (struct ir_term *)&term,
		.nterms	= 1,
	};

	if (!ip->fragment)
		return 0;
	return ir_rule_add_pred(in->table, in->rule, &pred);
}

/* In IPv6 it is a match of its own: what it does to packets without one. */
static int decode_proto(const struct fe_into *in, const struct fe_ip *ip)
{
	int err;

	if (ip->asks_proto) {
		err = fe_match_begin(in, IR_NEED_PROTO);
		if (err)
			return err;
	}
	if (!ip->proto)
		return 0;
	return fe_match_range(in, IR_PROTO, ip->proto, ip->proto,
			      ip->invflags & XT_INV_PROTO);
}

static int decode_ip(const struct fe_into *in, const struct fe_ip *ip)
{
	int err;

	err = fe_match_addr(in, IR_SADDR, &ip->src, &ip->smsk,
			    ip->invflags & IPT_INV_SRCIP);
	if (!err)
		err = fe_match_addr(in, IR_DADDR, &ip->dst, &ip->dmsk,
				    ip->invflags & IPT_INV_DSTIP);
	if (!err)
		err = decode_iface(in, IR_IIF, ip->iniface, ip->iniface_mask,
				   ip->invflags & IPT_INV_VIA_IN);
	if (!err)
		err = decode_iface(in, IR_OIF, ip->outiface, ip->outiface_mask,
				   ip->invflags & IPT_INV_VIA_OUT);
	if (!err)
		err = decode_proto(in, ip);
	return err ? err : decode_frag(in, ip);
}

static const struct fe_match *find(int family, const struct xt_entry_match *m)
{
	return fe_match_find(family, m->u.user.name, m->u.user.revision);
}

static int decode_match(const struct fe_into *in,
			const struct xt_entry_match *m)
{
	const struct fe_match *match = find(ir_table_family(in->table), m);
	const char *name = m->u.user.name;

	if (!match || m->u.match_size < sizeof(*m) + match->size)
		return ir_rule_refuse(in->table, in->rule, in->loc,
				      "match '%s' cannot be compiled yet", name);
	return match->decode(in, m->data);
}

static int decode_target(const struct fe_into *in, const struct fe_ip *ip,
			 struct ir_chain *to, const char *name)
{
	struct ir_rule *rule = in->rule;

	if (to) {
		rule->to = to;
		rule->target = ip->go ? IR_GOTO : IR_JUMP;
	} else if (!*name) {
		rule->target = IR_CONTINUE;
	} else if (!strcmp(name, "ACCEPT")) {
		rule->target = IR_ACCEPT;
	} else if (!strcmp(name, "DROP")) {
		rule->target = IR_DROP;
	} else if (!strcmp(name, "RETURN")) {
		rule->target = IR_RETURN;
	} else {
		rule->target = IR_EXTENSION;
		return ir_rule_refuse(in->table, rule, in->loc,
				      "target '%s' cannot be compiled yet",
				      name);
	}
	return 0;
}

/* ip_tables.c calls a rule unconditional that has neither IP part nor match. */
static bool unconditional(const struct fe_family *f, const void *entry)
{
	static const union fe_entry nothing;

	return !fe_entry_next_match(f, entry, NULL) &&
	       !memcmp(entry, &nothing, f->ip_size);
}

static int refuse_table(struct ir_table *t, struct ir_rule *rule)
{
	if (!strcmp(ir_table_name(t), "filter"))
		return 0;
	return ir_rule_refuse(t, rule, &rule->loc, FE_TABLE_REFUSED,
			      ir_table_name(t));
}

int fe_decode_rule(struct ir_table *t, struct ir_rule *rule,
		   struct ir_chain *to, const struct fe_places *places)
{
	static const struct fe_places nowhere;
	const struct fe_family *f = fe_family_get(ir_table_family(t));
	struct fe_into in = { .table = t, .rule = rule };
	const struct xt_entry_match *m = NULL;
	const void *e = rule->entry;
	struct fe_ip ip;
	unsigned int i;
	int err;

	if (!places)
		places = &nowhere;
	f->get_ip(e, &ip);
	rule->always = unconditional(f, e);
	err = refuse_table(t, rule);
	if (!err)
		err = decode_ip(&in, &ip);
	for (i = 0; !err && (m = fe_entry_next_match(f, e, m)); i++) {
		in.loc = i < places->nmatches ? &places->match[i] : &rule->loc;
		err = decode_match(&in, m);
	}
	if (err)
		return err;
	in.loc = places->target ? places->target : &rule->loc;
	return decode_target(&in, &ip, to, fe_entry_target(f, e)->u.user.name);
}
