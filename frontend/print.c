/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * frontend/print.c - a rule as iptables -v and -L show it
 *
 * The layouts are libxtables' FMT_*: with columns (-L), or as one line that
 * names its parts (FMT_PRINT_RULE).  Names are looked up unless FMT_NUMERIC.
 */
#include "frontend/print.h"

#include <errno.h>
#include <netdb.h>
#include <stdlib.h>
#include <xtables.h>

#include "frontend/entry.h"
#include "frontend/xt.h"

static void print_match(const void *ip, const struct xt_entry_match *m,
			unsigned int format)
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
		exact->print(ip, m, format & FMT_NUMERIC);
	else if (any->print)
		printf("%s [unsupported revision] ", any->name);
	else
		printf("%s ", any->name);
	if (any == any->next)	/* a clone */
		free(any);
}

/* A standard target has nothing to add to its name. */
static void print_extension(const void *ip, const struct xt_entry_target *t,
			    unsigned int format)
{
	const char *name = t->u.user.name;
	struct xtables_target *any, *exact;

	any = xtables_find_target(name, XTF_TRY_LOAD);
	if (!any) {
		if (t->u.target_size != sizeof(*t))
			printf("[%zu bytes of unknown target data] ",
			       t->u.target_size - sizeof(*t));
		return;
	}
	exact = xtables_find_target_revision(name, XTF_TRY_LOAD, any,
					     t->u.user.revision);
	if (exact && exact->print)
		exact->print(ip, t, format & FMT_NUMERIC);
	else if (any->print)
		printf(" %s [unsupported revision]", any->name);
	if (any == any->next)	/* a clone */
		free(any);
}

static const char *proto_name(uint8_t proto, unsigned int format)
{
	const char *name = fe_xt_proto_name(proto);
	const struct protoent *ent;

	if (name || format & FMT_NUMERIC)
		return name;
	ent = getprotobynumber(proto);
	return ent ? ent->p_name : NULL;
}

static void print_proto(uint8_t proto, bool invert, unsigned int format)
{
	const char *name = proto_name(proto, format);

	putchar(invert ? '!' : ' ');
	if (name)
		printf("%-*s ", FMT(4, 0), name);
	else
		printf("%-*u ", FMT(4, 0), proto);
}

static void print_frag(bool fragment, uint8_t invflags, unsigned int format)
{
	printf("%s%c%c ", FMT("", "opt "), invflags & IPT_INV_FRAG ? '!' : '-',
	       fragment ? 'f' : '-');
}

static void print_iface(const char *name, bool invert, unsigned int format)
{
	char text[IFNAMSIZ + 2];

	if (!*name)
		name = format & FMT_NUMERIC ? "*" : "any";
	snprintf(text, sizeof(text), "%s%s", invert ? "!" : "", name);
	printf("%-*s ", FMT(6, 0), text);
}

static void print_ifaces(const char *in, const char *out, uint8_t invflags,
			 unsigned int format)
{
	if (!(format & FMT_VIA))
		return;
	fputs(FMT(" ", "in "), stdout);
	print_iface(in, invflags & IPT_INV_VIA_IN, format);
	fputs(FMT("", "out "), stdout);
	print_iface(out, invflags & IPT_INV_VIA_OUT, format);
}

static void print_addr(const char *before, const struct in6_addr *addr,
		       const struct in6_addr *mask, bool invert,
		       unsigned int format)
{
	const struct fe_family *f = fe_xt_family();
	char text[NI_MAXHOST + INET6_ADDRSTRLEN + 1] = "anywhere";
	char number[INET6_ADDRSTRLEN];
	int n;

	if (format & FMT_NUMERIC || !f->is_any(addr, mask)) {
		n = snprintf(text, sizeof(text), "%s", format & FMT_NUMERIC ?
			     fe_family_addr_text(f, addr, number) :
			     f->addr_name(addr));
		if (n > 0 && (size_t)n < sizeof(text))
			snprintf(text + n, sizeof(text) - n, "%s",
				 f->mask_text(mask));
	}
	printf("%c%s%-*s", invert ? '!' : ' ', before, FMT(19, 0), text);
}

static void print_ip(const struct fe_ip *ip, unsigned int format)
{
	print_proto(ip->proto, ip->invflags & XT_INV_PROTO, format);
	print_frag(ip->fragment, ip->invflags, format);
	print_ifaces(ip->iniface, ip->outiface, ip->invflags, format);
	print_addr("", &ip->src, &ip->smsk, ip->invflags & IPT_INV_SRCIP,
		   format);
	putchar(' ');
	print_addr(FMT("", "-> "), &ip->dst, &ip->dmsk,
		   ip->invflags & IPT_INV_DSTIP, format);
	fputs(FMT(" ", "  "), stdout);
	if (ip->go)
		fputs("[goto] ", stdout);
}

void fe_print_format(const struct ir_rule *rule, uint32_t number,
		     unsigned int format)
{
	const struct fe_family *f = fe_xt_family();
	const void *e = rule->entry;	/* it begins with the IP part */
	const struct xt_entry_target *t = fe_entry_target(f, e);
	const struct xt_entry_match *m = NULL;
	struct fe_ip ip;

	if (format & FMT_LINENUMBERS)
		printf("%-*u ", FMT(4, 0), number);
	if (!(format & FMT_NOCOUNTS)) {
		xtables_print_num(rule->counter.packets, format);
		xtables_print_num(rule->counter.bytes, format);
	}
	printf("%-*s ", FMT(9, 0), rule->to ? rule->to->name : t->u.user.name);
	f->get_ip(e, &ip);
	print_ip(&ip, format);
	while ((m = fe_entry_next_match(f, e, m)))
		print_match(e, m, format);
	if (rule->target == IR_EXTENSION)
		print_extension(e, t, format);
	putchar('\n');
}

static int print(void *arg)
{
	fe_print_format(arg, 0, FMT_PRINT_RULE);
	return 0;
}

int fe_print_rule(FILE *out, const struct ir_rule *rule)
{
	return fe_xt_print(out, print, (void *)rule) ? -EINVAL : 0;
}
