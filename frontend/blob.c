/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * frontend/blob.c - a table as the kernel's iptables holds it, for -v -v
 *
 * One run of entries: for each chain its rules and, as its last entry, the policy
 * or RETURN; before a user chain and at the end stands an entry with an error
 * target, which carries a name.  Jumps are offsets.  None of this is how our
 * tables run, but what iptables prints when it is asked twice to be verbose.
 */
#include "frontend/blob.h"

#include <arpa/inet.h>
#include <errno.h>
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>
#include <xtables.h>

#include "frontend/entry.h"
#include "frontend/xt.h"

#define ERROR_SIZE	XT_ALIGN(sizeof(struct xt_error_target))
#define STANDARD_SIZE	XT_ALIGN(sizeof(struct xt_standard_target))
#define VERSION		"libxtables.so.12"

struct blob {
	FILE		*out;
	const struct ir_table *table;
	const struct fe_family *family;
	uint32_t	*first;		/* of each chain: its first entry */
	uint32_t	*last;		/* and the one behind its rules */
	uint32_t	size;
	uint32_t	entry;		/* the number of the next, and where it is */
	uint32_t	offset;
};

static void lay_out(struct blob *b)
{
	const uint32_t fixed = b->family->entry_size;
	const struct ir_chain *c;
	uint32_t i, k, at = 0;

	for (i = 0; i < ir_table_nchains(b->table); i++) {
		c = ir_table_chain(b->table, i);
		if (c->hook == IR_HOOK_NONE)
			at += fixed + ERROR_SIZE;
		b->first[i] = at;
		for (k = 0; k < c->nrules; k++)
			at += fe_entry_size(b->family, c->rule[k]->entry);
		b->last[i] = at;
		at += fixed + STANDARD_SIZE;
	}
	b->size = at + fixed + ERROR_SIZE;
}

static void print_hooks(const struct blob *b, const char *what,
			const uint32_t *offset)
{
	uint32_t at[IR_NHOOKS], i;

	for (i = 0; i < IR_NHOOKS; i++)
		at[i] = UINT32_MAX;
	for (i = 0; i < ir_table_nchains(b->table); i++)
		if (ir_table_chain(b->table, i)->hook != IR_HOOK_NONE)
			at[ir_table_chain(b->table, i)->hook] = offset[i];
	fprintf(b->out, "%s: pre/in/fwd/out/post = %x/%x/%x/%x/%x\n", what,
		at[0], at[1], at[2], at[3], at[4]);
}

static void print_addr4(FILE *out, const char *what, const struct in6_addr *addr,
			const struct in6_addr *mask)
{
	char a[INET_ADDRSTRLEN], m[INET_ADDRSTRLEN];

	fprintf(out, "%s IP: %s/%s\n", what,
		inet_ntop(AF_INET, addr, a, sizeof(a)),
		inet_ntop(AF_INET, mask, m, sizeof(m)));
}

static void print_addr6(FILE *out, const char *what, const struct in6_addr *addr,
			const struct in6_addr *mask, int prefix)
{
	char text[INET6_ADDRSTRLEN];

	fprintf(out, "%s IP: \n%s\n", what,
		inet_ntop(AF_INET6, addr, text, sizeof(text)));
	if (prefix >= 0)
		fprintf(out, "/%d\n", prefix);
	else
		fprintf(out, "/%s\n\n",
			inet_ntop(AF_INET6, mask, text, sizeof(text)));
}

static void print_addr(const struct blob *b, const char *what,
		       const struct in6_addr *addr, const struct in6_addr *mask)
{
	if (b->family->af == AF_INET)
		print_addr4(b->out, what, addr, mask);
	else
		print_addr6(b->out, what, addr, mask, b->family->prefix(mask));
}

static void print_iface(FILE *out, const char *before, const char *name,
			const unsigned char *mask)
{
	int i;

	fprintf(out, "%s `%s'/", before, name);
	for (i = 0; i < IFNAMSIZ; i++)
		putc(mask[i] ? 'X' : '.', out);
}

static unsigned int flags(const struct blob *b, const struct fe_ip *ip)
{
	if (b->family->af == AF_INET)
		return (ip->fragment ? IPT_F_FRAG : 0) |
		       (ip->go ? IPT_F_GOTO : 0);
	return (ip->asks_proto ? IP6T_F_PROTO : 0) | (ip->go ? IP6T_F_GOTO : 0);
}

/* All of an entry but its matches and its target. */
static void print_head(struct blob *b, const void *entry,
		       const struct ir_counter *counter)
{
	struct fe_ip ip;

	b->family->get_ip(entry, &ip);
	fprintf(b->out, "Entry %u (%u):\n", b->entry++, b->offset);
	print_addr(b, "SRC", &ip.src, &ip.smsk);
	print_addr(b, "DST", &ip.dst, &ip.dmsk);
	print_iface(b->out, "Interface:", ip.iniface, ip.iniface_mask);
	print_iface(b->out, "to", ip.outiface, ip.outiface_mask);
	fprintf(b->out, "\nProtocol: %u\nFlags: %02X\nInvflags: %02X\n",
		ip.proto, flags(b, &ip), ip.invflags);
	fprintf(b->out, "Counters: %" PRIu64 " packets, %" PRIu64 " bytes\n",
		counter->packets, counter->bytes);
	fprintf(b->out, "Cache: %08X\n", 0);
}

static void print_target(FILE *out, const char *name, size_t size)
{
	fprintf(out, "Target name: `%s' [%zu]\n", name, size);
}

/* An entry that is no rule: its standard target, or with @error a name. */
static void print_mark(struct blob *b, const char *verdict, const char *error,
		       const struct ir_counter *counter)
{
	static const union fe_entry empty;
	size_t size = error ? ERROR_SIZE : STANDARD_SIZE;

	print_head(b, &empty, counter);
	print_target(b->out, error ? XT_ERROR_TARGET : "", size);
	if (error)
		fprintf(b->out, "error=`%s'\n\n", error);
	else
		fprintf(b->out, "verdict=%s\n\n", verdict);
	b->offset += b->family->entry_size + size;
}

/* Where a rule without a verdict of its own leads. */
static uint32_t leads_to(const struct blob *b, const struct ir_rule *rule)
{
	return rule->to ? b->first[rule->to->number] :
	       b->offset + fe_entry_size(b->family, rule->entry);
}

static void print_verdict(const struct blob *b, const struct ir_rule *rule)
{
	switch (rule->target) {
	case IR_ACCEPT:
		fputs("verdict=NF_ACCEPT\n", b->out);
		break;
	case IR_DROP:
		fputs("verdict=NF_DROP\n", b->out);
		break;
	case IR_RETURN:
		fputs("verdict=RETURN\n", b->out);
		break;
	case IR_EXTENSION:
		/* ip6tables has no name for it */
		fprintf(b->out, "verdict=%s\n", b->family->af == AF_INET ?
			"NF_QUEUE" : "UNKNOWN");
		break;
	default:
		fprintf(b->out, "verdict=%u\n", leads_to(b, rule));
	}
}

/* QUEUE is an extension to us alone. */
static bool is_standard(const struct ir_rule *rule,
			const struct xt_entry_target *t)
{
	return rule->target != IR_EXTENSION || !strcmp(t->u.user.name, "QUEUE");
}

static void print_rule(struct blob *b, const struct ir_rule *rule)
{
	const struct fe_family *f = b->family;
	const struct xt_entry_target *t = fe_entry_target(f, rule->entry);
	const struct xt_entry_match *m = NULL;
	const bool standard = is_standard(rule, t);

	print_head(b, rule->entry, &rule->counter);
	while ((m = fe_entry_next_match(f, rule->entry, m)))
		fprintf(b->out, "Match name: `%s'\n", m->u.user.name);
	print_target(b->out, standard ? "" : t->u.user.name,
		     t->u.target_size);
	if (standard)
		print_verdict(b, rule);
	putc('\n', b->out);
	b->offset += fe_entry_size(f, rule->entry);
}

static void print_chain(struct blob *b, const struct ir_chain *c)
{
	static const struct ir_counter none;
	uint32_t i;

	if (c->hook == IR_HOOK_NONE)
		print_mark(b, NULL, c->name, &none);
	for (i = 0; i < c->nrules; i++)
		print_rule(b, c->rule[i]);
	if (c->hook == IR_HOOK_NONE)
		print_mark(b, "RETURN", NULL, &none);
	else
		print_mark(b, c->policy == IR_DROP ? "NF_DROP" : "NF_ACCEPT",
			   NULL, &c->counter);
}

static void print_table(struct blob *b)
{
	static const struct ir_counter none;
	uint32_t i;

	fprintf(b->out, "libiptc v" VERSION ". %u bytes.\nTable `%s'\n",
		b->size, ir_table_name(b->table));
	print_hooks(b, "Hooks", b->first);
	print_hooks(b, "Underflows", b->last);
	for (i = 0; i < ir_table_nchains(b->table); i++)
		print_chain(b, ir_table_chain(b->table, i));
	print_mark(b, NULL, XT_ERROR_TARGET, &none);
}

int fe_blob_print(FILE *out, const struct ir_table *t)
{
	struct blob b = {
		.out	= out,
		.table	= t,
		.family	= fe_xt_family(),
		.first	= calloc(ir_table_nchains(t), sizeof(*b.first)),
		.last	= calloc(ir_table_nchains(t), sizeof(*b.last)),
	};
	int err = -ENOMEM;

	if (b.first && b.last) {
		lay_out(&b);
		print_table(&b);
		err = 0;
	}
	free(b.first);
	free(b.last);
	return err;
}
