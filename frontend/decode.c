/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * frontend/decode.c - from the entry of a rule to its meaning
 *
 * The IP part is ip_packet_match() of net/ipv4/netfilter/ip_tables.c; each
 * match is one file in match/.  A rule with anything that is not known exactly
 * is kept, to be printed, and refused.
 */
#include "frontend/decode.h"

#include <arpa/inet.h>
#include <errno.h>
#include <string.h>

#include "frontend/entry.h"
#include "frontend/match.h"

static int decode_addr(const struct fe_into *in, enum ir_field field,
		       struct in_addr addr, struct in_addr mask, bool invert)
{
	if (!mask.s_addr && !addr.s_addr && !invert)
		return 0;
	return ir_rule_add_masked(in->table, in->rule, field,
				  ntohl(mask.s_addr), ntohl(addr.s_addr),
				  invert);
}

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

static int decode_frag(const struct fe_into *in, const struct ipt_ip *ip)
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

	if (!(ip->flags & IPT_F_FRAG))
		return 0;
	return ir_rule_add_pred(in->table, in->rule, &pred);
}

static int decode_ip(const struct fe_into *in, const struct ipt_ip *ip)
{
	int err;

	err = decode_addr(in, IR_SADDR, ip->src, ip->smsk,
			  ip->invflags & IPT_INV_SRCIP);
	if (!err)
		err = decode_addr(in, IR_DADDR, ip->dst, ip->dmsk,
				  ip->invflags & IPT_INV_DSTIP);
	if (!err)
		err = decode_iface(in, IR_IIF, ip->iniface, ip->iniface_mask,
				   ip->invflags & IPT_INV_VIA_IN);
	if (!err)
		err = decode_iface(in, IR_OIF, ip->outiface, ip->outiface_mask,
				   ip->invflags & IPT_INV_VIA_OUT);
	if (!err && ip->proto)
		err = fe_match_range(in, IR_PROTO, ip->proto, ip->proto,
				     ip->invflags & XT_INV_PROTO);
	return err ? err : decode_frag(in, ip);
}

static bool allowed(const struct fe_match *match, const struct ipt_ip *ip)
{
	const uint8_t *p;

	if (!match->protos)
		return true;
	if (ip->invflags & XT_INV_PROTO)
		return false;
	for (p = match->protos; *p; p++)
		if (*p == ip->proto)
			return true;
	return false;
}

static int decode_match(const struct fe_into *in, const struct ipt_ip *ip,
			const struct xt_entry_match *m)
{
	const char *name = m->u.user.name;
	const struct fe_match *match = fe_match_find(name, m->u.user.revision);

	/* for fe_check_rule(), which no longer knows the place of the match */
	if (match && !allowed(match, ip))
		in->rule->loc = *in->loc;
	if (!match || m->u.match_size < sizeof(*m) + match->size)
		return ir_rule_refuse(in->table, in->rule, in->loc,
				      "match '%s' cannot be compiled yet", name);
	return match->decode(in, m->data);
}

static int decode_target(struct ir_table *t, struct ir_rule *rule,
			 struct ir_chain *to, const struct ir_loc *loc)
{
	const struct ipt_entry *e = rule->entry;
	const char *name = fe_entry_target(e)->u.user.name;

	if (to) {
		rule->to = to;
		rule->target = e->ip.flags & IPT_F_GOTO ? IR_GOTO : IR_JUMP;
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
		return ir_rule_refuse(t, rule, loc,
				      "target '%s' cannot be compiled yet",
				      name);
	}
	return 0;
}

/* ip_tables.c calls a rule unconditional that has neither IP part nor match. */
static bool unconditional(const struct ipt_entry *e)
{
	static const struct ipt_ip nothing;

	return e->target_offset == sizeof(*e) &&
	       !memcmp(&e->ip, &nothing, sizeof(nothing));
}

static int refuse_table(struct ir_table *t, struct ir_rule *rule)
{
	if (!strcmp(ir_table_name(t), "filter"))
		return 0;
	return ir_rule_refuse(t, rule, &rule->loc,
			      "table '%s' cannot be compiled yet",
			      ir_table_name(t));
}

int fe_decode_rule(struct ir_table *t, struct ir_rule *rule,
		   struct ir_chain *to, const struct fe_places *places)
{
	static const struct fe_places nowhere;
	const struct ipt_entry *e = rule->entry;
	struct fe_into in = { .table = t, .rule = rule };
	const struct xt_entry_match *m = NULL;
	unsigned int i;
	int err;

	if (!places)
		places = &nowhere;
	rule->always = unconditional(e);
	err = refuse_table(t, rule);
	if (!err)
		err = decode_ip(&in, &e->ip);
	for (i = 0; !err && (m = fe_entry_next_match(e, m)); i++) {
		in.loc = i < places->nmatches ? &places->match[i] : &rule->loc;
		err = decode_match(&in, &e->ip, m);
	}
	if (err)
		return err;
	return decode_target(t, rule, to,
			     places->target ? places->target : &rule->loc);
}

int fe_check_rule(const struct ir_rule *rule, struct diag *diag)
{
	const struct ipt_entry *e = rule->entry;
	const struct xt_entry_match *m = NULL;
	const struct fe_match *match;

	while ((m = fe_entry_next_match(e, m))) {
		match = fe_match_find(m->u.user.name, m->u.user.revision);
		if (!match || allowed(match, &e->ip))
			continue;
		diag_error(diag, &rule->loc, "match '%s' needs %s",
			   match->name, match->needs);
		return -EINVAL;
	}
	return 0;
}

int fe_check_table(const struct ir_table *t, struct diag *diag)
{
	const struct ir_chain *c;
	uint32_t i, j;
	int err = 0;

	for (i = 0; !err && i < ir_table_nchains(t); i++) {
		c = ir_table_chain(t, i);
		for (j = 0; !err && j < c->nrules; j++)
			err = fe_check_rule(c->rule[j], diag);
	}
	return err;
}
