/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * frontend/print.c - a rule as iptables -v shows it
 *
 * The layout of FMT_PRINT_RULE: no columns, no counters, numbers only.
 */
#include "frontend/print.h"

#include <errno.h>
#include <stdlib.h>
#include <xtables.h>

#include "frontend/entry.h"
#include "frontend/xt.h"

static void print_match(const struct ipt_ip *ip, const struct xt_entry_match *m)
{
	const char *name = m->u.user.name;
	struct xtables_match *any, *exact;

	any = xtables_find_match(name, XTF_TRY_LOAD, NULL);
	if (!any) {
		printf("UNKNOWN match `%s' ", name);
		return;
	}
	exact = xtables_find_match_revision(name, XTF_TRY_LOAD, any,
					    m->u.user.revision);
	if (exact && exact->print)
		exact->print(ip, m, FMT_NUMERIC);
	else if (any->print)
		printf("%s [unsupported revision] ", name);
	else
		printf("%s ", name);
	if (any == any->next)	/* a clone */
		free(any);
}

/* A standard target has nothing to add to its name. */
static void print_extension(const struct ipt_ip *ip,
			    const struct xt_entry_target *t)
{
	const char *name = t->u.user.name;
	struct xtables_target *any, *exact;

	any = xtables_find_target(name, XTF_TRY_LOAD);
	if (!any)
		return;
	exact = xtables_find_target_revision(name, XTF_TRY_LOAD, any,
					     t->u.user.revision);
	if (exact && exact->print)
		exact->print(ip, t, FMT_NUMERIC);
	else if (any->print)
		printf(" %s [unsupported revision]", name);
	if (any == any->next)	/* a clone */
		free(any);
}

static void print_iface(const char *what, const char *name, bool invert)
{
	printf("%s %s%s ", what, invert ? "!" : "", *name ? name : "*");
}

static void print_addr(const char *before, const struct in_addr *addr,
		       const struct in_addr *mask, bool invert)
{
	printf("%c%s%s", invert ? '!' : ' ', before,
	       xtables_ipaddr_to_numeric(addr));
	fputs(xtables_ipmask_to_numeric(mask), stdout);
}

static void print_ip(const struct ipt_ip *ip)
{
	const char *proto = fe_xt_proto_name(ip->proto);

	putchar(ip->invflags & XT_INV_PROTO ? '!' : ' ');
	if (proto)
		printf("%s ", proto);
	else
		printf("%u ", ip->proto);
	printf("opt %c%c ", ip->invflags & IPT_INV_FRAG ? '!' : '-',
	       ip->flags & IPT_F_FRAG ? 'f' : '-');
	print_iface("in", ip->iniface, ip->invflags & IPT_INV_VIA_IN);
	print_iface("out", ip->outiface, ip->invflags & IPT_INV_VIA_OUT);
	print_addr("", &ip->src, &ip->smsk, ip->invflags & IPT_INV_SRCIP);
	putchar(' ');
	print_addr("-> ", &ip->dst, &ip->dmsk, ip->invflags & IPT_INV_DSTIP);
	fputs("  ", stdout);
	if (ip->flags & IPT_F_GOTO)
		fputs("[goto] ", stdout);
}

static int print(void *arg)
{
	const struct ir_rule *rule = arg;
	const struct ipt_entry *e = rule->entry;
	const struct xt_entry_target *t = fe_entry_target(e);
	const struct xt_entry_match *m = NULL;

	printf("%s ", rule->to ? rule->to->name : t->u.user.name);
	print_ip(&e->ip);
	while ((m = fe_entry_next_match(e, m)))
		print_match(&e->ip, m);
	if (rule->target == IR_EXTENSION)
		print_extension(&e->ip, t);
	putchar('\n');
	return 0;
}

int fe_print_rule(FILE *out, const struct ir_rule *rule)
{
	return fe_xt_print(out, print, (void *)rule) ? -EINVAL : 0;
}
