/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * frontend/save.c - rules as text
 *
 * The IP part and the order of everything are iptables' own; each match and
 * target is printed by its extension, found again by the name and revision in
 * the entry.
 */
#include "frontend/save.h"

#include <errno.h>
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>
#include <xtables.h>

#include "frontend/entry.h"
#include "frontend/xt.h"

/* Where the counters of a rule are printed. */
enum counters { NOWHERE, BEFORE, INSIDE };

/* What is to be printed, for fe_xt_print(). */
struct job {
	const struct ir_table	*table;
	const struct ir_chain	*chain;
	const struct ir_rule	*rule;
	const char		*only;		/* name of a chain, or NULL: all */
	uint32_t		rulenum;
	enum counters		counters;
};

static void save_addr(char option, const struct in6_addr *addr,
		      const struct in6_addr *mask, bool invert)
{
	const struct fe_family *f = fe_xt_family();
	char text[INET6_ADDRSTRLEN];
	int bits = f->prefix(mask);

	if (!bits && !invert && IN6_IS_ADDR_UNSPECIFIED(addr))
		return;
	printf("%s -%c %s/", invert ? " !" : "", option,
	       fe_family_addr_text(f, addr, text));
	if (bits >= 0)
		printf("%d", bits);
	else
		fputs(fe_family_addr_text(f, mask, text), stdout);
}

static void save_iface(char option, const char *name, bool invert)
{
	if (*name && (strcmp(name, "+") || invert))
		printf("%s -%c %s", invert ? " !" : "", option, name);
}

static void save_ip(const struct fe_ip *ip)
{
	const char *proto = fe_xt_proto_name(ip->proto);

	save_addr('s', &ip->src, &ip->smsk, ip->invflags & IPT_INV_SRCIP);
	save_addr('d', &ip->dst, &ip->dmsk, ip->invflags & IPT_INV_DSTIP);
	save_iface('i', ip->iniface, ip->invflags & IPT_INV_VIA_IN);
	save_iface('o', ip->outiface, ip->invflags & IPT_INV_VIA_OUT);
	if (ip->proto) {
		printf("%s -p ", ip->invflags & XT_INV_PROTO ? " !" : "");
		if (proto)
			fputs(proto, stdout);
		else
			printf("%u", ip->proto);
	}
	if (ip->fragment)
		printf("%s -f", ip->invflags & IPT_INV_FRAG ? " !" : "");
}

static int save_match(const void *ip, const struct xt_entry_match *m)
{
	const char *name = m->u.user.name;
	struct xtables_match *any, *exact, *named;

	any = xtables_find_match(name, XTF_TRY_LOAD, NULL);
	if (!any) {
		fprintf(stderr, "Can't find library for match `%s'\n", name);
		return -EINVAL;
	}
	exact = xtables_find_match_revision(name, XTF_TRY_LOAD, any,
					    m->u.user.revision);
	named = exact ? exact : any;
	printf(" -m %s", named->alias ? named->alias(m) : name);
	if (exact && exact->save)
		exact->save(ip, m);
	else if (any->save)
		fputs(" [unsupported revision]", stdout);
	if (any == any->next)	/* a clone */
		free(any);
	return 0;
}

static int save_extension(const void *ip, const struct xt_entry_target *t)
{
	const char *name = t->u.user.name;
	struct xtables_target *any, *exact, *named;

	any = xtables_find_target(name, XTF_TRY_LOAD);
	if (!any) {
		fprintf(stderr, "Can't find library for target `%s'\n", name);
		return -EINVAL;
	}
	exact = xtables_find_target_revision(name, XTF_TRY_LOAD, any,
					     t->u.user.revision);
	named = exact ? exact : any;
	printf(" -j %s", named->alias ? named->alias(t) : name);
	if (exact && exact->save)
		exact->save(ip, t);
	else if (any->save)
		fputs(" [unsupported revision]", stdout);
	if (any == any->next)	/* a clone */
		free(any);
	return 0;
}

static int save_target(const struct ir_rule *rule)
{
	const struct xt_entry_target *t;

	t = fe_entry_target(fe_xt_family(), rule->entry);
	switch (rule->target) {
	case IR_CONTINUE:
		return 0;
	case IR_JUMP:
	case IR_GOTO:
		printf(" -%c %s", rule->target == IR_GOTO ? 'g' : 'j',
		       rule->to->name);
		return 0;
	case IR_EXTENSION:
		if (strcmp(t->u.user.name, "QUEUE"))
			return save_extension(rule->entry, t);
		/* a standard target, for all that we cannot compile it */
		fputs(" -j QUEUE", stdout);
		return 0;
	default:
		printf(" -j %s", ir_target_name(rule->target));
		return 0;
	}
}

static int save_rule(const struct ir_chain *chain, const struct ir_rule *rule,
		     enum counters counters)
{
	const struct fe_family *f = fe_xt_family();
	const void *e = rule->entry;	/* it begins with the IP part */
	const struct xt_entry_match *m = NULL;
	struct fe_ip ip;
	int err = 0;

	if (counters == BEFORE)
		printf("[%" PRIu64 ":%" PRIu64 "] ", rule->counter.packets,
		       rule->counter.bytes);
	printf("-A %s", chain->name);
	f->get_ip(e, &ip);
	save_ip(&ip);
	while (!err && (m = fe_entry_next_match(f, e, m)))
		err = save_match(e, m);
	if (counters == INSIDE)
		printf(" -c %" PRIu64 " %" PRIu64, rule->counter.packets,
		       rule->counter.bytes);
	return err ? err : save_target(rule);
}

static int save_rules(const struct job *j, const struct ir_chain *chain)
{
	uint32_t i;
	int err = 0;

	for (i = 0; !err && i < chain->nrules; i++) {
		if (j->rulenum && j->rulenum != i + 1)
			continue;
		err = save_rule(chain, chain->rule[i], j->counters);
		putchar('\n');
	}
	return err;
}

static bool meant(const struct job *j, const struct ir_chain *chain)
{
	return !j->only || !strcmp(j->only, chain->name);
}

static int all_rules(const struct job *j)
{
	const struct ir_chain *chain;
	uint32_t i;
	int err = 0;

	for (i = 0; !err && i < ir_table_nchains(j->table); i++) {
		chain = ir_table_chain(j->table, i);
		if (meant(j, chain))
			err = save_rules(j, chain);
	}
	return err;
}

static int print_table(void *arg)
{
	const struct job *j = arg;
	const struct ir_chain *c;
	uint32_t i;
	int err;

	printf("*%s\n", ir_table_name(j->table));
	for (i = 0; i < ir_table_nchains(j->table); i++) {
		c = ir_table_chain(j->table, i);
		if (c->hook == IR_HOOK_NONE)
			printf(":%s - [0:0]\n", c->name);
		else
			printf(":%s %s [%" PRIu64 ":%" PRIu64 "]\n", c->name,
			       ir_target_name(c->policy), c->counter.packets,
			       c->counter.bytes);
	}
	err = all_rules(j);
	if (!err)
		puts("COMMIT");
	return err;
}

static void print_chain(const struct job *j, const struct ir_chain *c)
{
	if (c->hook == IR_HOOK_NONE) {
		printf("-N %s\n", c->name);
		return;
	}
	printf("-P %s %s", c->name, ir_target_name(c->policy));
	if (j->counters == INSIDE)
		printf(" -c %" PRIu64 " %" PRIu64, c->counter.packets,
		       c->counter.bytes);
	putchar('\n');
}

static int print_list(void *arg)
{
	const struct job *j = arg;
	const struct ir_chain *c;
	uint32_t i;

	for (i = 0; !j->rulenum && i < ir_table_nchains(j->table); i++) {
		c = ir_table_chain(j->table, i);
		if (meant(j, c))
			print_chain(j, c);
	}
	return all_rules(j);
}

static int print_rule(void *arg)
{
	const struct job *j = arg;

	return save_rule(j->chain, j->rule, NOWHERE);
}

int fe_save_table(FILE *out, const struct ir_table *t, bool counters)
{
	struct job j = {
		.table		= t,
		.counters	= counters ? BEFORE : NOWHERE,
	};

	return fe_xt_print(out, print_table, &j) ? -EINVAL : 0;
}

int fe_save_list(FILE *out, const struct ir_table *t, const char *chain,
		 uint32_t rulenum, bool counters)
{
	struct job j = {
		.table		= t,
		.only		= chain,
		.rulenum	= rulenum,
		.counters	= counters ? INSIDE : NOWHERE,
	};

	if (chain && !ir_table_find(t, chain))
		return -ENOENT;
	return fe_xt_print(out, print_list, &j) ? -EINVAL : 0;
}

int fe_save_rule(FILE *out, const struct ir_chain *chain,
		 const struct ir_rule *rule)
{
	struct job j = { .chain = chain, .rule = rule };

	return fe_xt_print(out, print_rule, &j) ? -EINVAL : 0;
}
