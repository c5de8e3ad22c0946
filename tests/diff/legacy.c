/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * tests/diff/legacy.c - load the kernel's iptables, read its counters quickly
 *
 * IPT_SO_GET_ENTRIES returns the whole table, one entry after the other:
 * built-in chains begin at the hook entries, user chains with an entry whose
 * target is ERROR and names the chain.  Each chain ends with its policy (or the
 * return, of a user chain), which is the entry before the next chain's first.
 * IPv6 differs in the size of an entry's first part alone.
 */
#include "tests/diff/legacy.h"

#include <errno.h>
#include <netinet/in.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>
#include <linux/netfilter_ipv4/ip_tables.h>
#include <linux/netfilter_ipv6/ip6_tables.h>

#define NOWHERE		UINT32_MAX

_Static_assert(sizeof(struct ipt_getinfo) == sizeof(struct ip6t_getinfo) &&
	       sizeof(struct ipt_get_entries) ==
	       sizeof(struct ip6t_get_entries), "one for both families");

/* Where an entry has what is needed of it. */
struct shape {
	int		family;
	int		level;
	int		get_info;
	int		get_entries;
	size_t		target_offset;
	size_t		next_offset;
	size_t		counters;
};

static const struct shape shapes[] = {
	{ AF_INET, SOL_IP, IPT_SO_GET_INFO, IPT_SO_GET_ENTRIES,
	  offsetof(struct ipt_entry, target_offset),
	  offsetof(struct ipt_entry, next_offset),
	  offsetof(struct ipt_entry, counters) },
	{ AF_INET6, SOL_IPV6, IP6T_SO_GET_INFO, IP6T_SO_GET_ENTRIES,
	  offsetof(struct ip6t_entry, target_offset),
	  offsetof(struct ip6t_entry, next_offset),
	  offsetof(struct ip6t_entry, counters) },
};

struct legacy {
	const struct shape	*shape;
	int			sock;
	struct ipt_get_entries	*get;
	socklen_t		size;
	uint32_t		nentries;
	uint32_t		*index;		/* per entry; NOWHERE: none */
};

int legacy_load(const char *text, bool ipv6)
{
	const char *command = ipv6 ? "ip6tables-legacy-restore" :
			      "iptables-legacy-restore";
	FILE *p = popen(command, "w");
	int status;

	if (!p) {
		perror(command);
		return -1;
	}
	fputs(text, p);
	status = pclose(p);
	if (status)
		fprintf(stderr, "%s: status %d\n", command, status);
	return status ? -1 : 0;
}

char *legacy_save(bool ipv6)
{
	FILE *p = popen(ipv6 ? "ip6tables-legacy-save -t filter" :
			"iptables-legacy-save -t filter", "r"), *out;
	char *text = NULL, buf[4096];
	size_t size, n;

	if (!p)
		return NULL;
	out = open_memstream(&text, &size);
	while (out && (n = fread(buf, 1, sizeof(buf), p)) > 0)
		fwrite(buf, 1, n, out);
	if (pclose(p) || !out || fclose(out)) {
		free(text);
		return NULL;
	}
	return text;
}

static int get(struct legacy *l)
{
	socklen_t len = l->size;

	if (!getsockopt(l->sock, l->shape->level, l->shape->get_entries, l->get,
			&len))
		return 0;
	perror("IPT_SO_GET_ENTRIES");
	return -1;
}

static uint32_t offset_at(const char *e, size_t at)
{
	uint16_t v;

	memcpy(&v, e + at, sizeof(v));
	return v;
}

/* The name of the user chain that starts at @e; NULL: none does. */
static const char *chain_head(const struct shape *s, const char *e)
{
	const struct xt_error_target *t = (const void *)
		(e + offset_at(e, s->target_offset));

	return strcmp(t->target.u.user.name, XT_ERROR_TARGET) ? NULL :
	       t->errorname;
}

static const struct ir_chain *base_at(const struct ir_table *t,
				      const struct ipt_getinfo *info,
				      uint32_t offset)
{
	uint32_t h;

	for (h = 0; h < NF_INET_NUMHOOKS; h++)
		if (info->valid_hooks >> h & 1 && info->hook_entry[h] == offset)
			return ir_table_base(t, h);
	return NULL;
}

/*
 * Gives each entry the index of the rule it is.  The last entry of a chain
 * is past its last rule: the policy.
 */
static int map(struct legacy *l, const struct ir_table *t,
	       const struct ipt_getinfo *info)
{
	const struct ir_chain *c = NULL, *base;
	uint32_t off, i = 0, rule = 0, rules = 0, want = 0;
	const char *e, *name;

	for (off = 0; off < info->size;
	     off += offset_at(e, l->shape->next_offset), i++) {
		e = (const char *)l->get->entrytable + off;
		l->index[i] = NOWHERE;
		base = base_at(t, info, off);
		name = base ? NULL : chain_head(l->shape, e);
		if (base || name) {
			c = base ? base : ir_table_find(t, name);
			rule = 0;
		}
		if (!c || name)
			continue;
		if (rule < c->nrules) {
			l->index[i] = c->rule[rule]->index;
			rules++;
		} else if (rule == c->nrules && c->hook != IR_HOOK_NONE) {
			l->index[i] = c->index;
		} else if (rule > c->nrules) {
			goto differ;
		}
		rule++;
	}
	for (i = 0; i < ir_table_nchains(t); i++)
		want += ir_table_chain(t, i)->nrules;
	if (rules == want)
		return 0;
differ:
	fprintf(stderr, "the kernel's table has other rules than ours\n");
	return -1;
}

static int start(struct legacy *l, const struct ir_table *t)
{
	struct ipt_getinfo info = { .name = "filter" };
	socklen_t len = sizeof(info);

	l->sock = socket(l->shape->family, SOCK_RAW | SOCK_CLOEXEC,
			 IPPROTO_RAW);
	if (l->sock < 0 || getsockopt(l->sock, l->shape->level,
				      l->shape->get_info, &info, &len)) {
		perror("IPT_SO_GET_INFO");
		return -1;
	}
	l->nentries = info.num_entries;
	l->size = sizeof(*l->get) + info.size;
	l->get = calloc(1, l->size);
	l->index = calloc(l->nentries, sizeof(*l->index));
	if (!l->get || !l->index)
		return -1;
	strcpy(l->get->name, "filter");
	l->get->size = info.size;
	if (get(l))
		return -1;
	return map(l, t, &info);
}

struct legacy *legacy_open(const struct ir_table *t)
{
	struct legacy *l = calloc(1, sizeof(*l));

	if (!l)
		return NULL;
	l->sock = -1;
	l->shape = &shapes[ir_table_family(t) == AF_INET6];
	if (start(l, t)) {
		legacy_close(l);
		return NULL;
	}
	return l;
}

void legacy_close(struct legacy *l)
{
	if (!l)
		return;
	if (l->sock >= 0)
		close(l->sock);
	free(l->get);
	free(l->index);
	free(l);
}

int legacy_read(struct legacy *l, struct ir_counter *count)
{
	const char *e = (const char *)l->get->entrytable;
	struct xt_counters c;
	uint32_t i;

	if (get(l))
		return -1;
	for (i = 0; i < l->nentries; i++) {
		memcpy(&c, e + l->shape->counters, sizeof(c));
		if (l->index[i] != NOWHERE)
			count[l->index[i]] = (struct ir_counter){ c.pcnt,
								  c.bcnt };
		e += offset_at(e, l->shape->next_offset);
	}
	return 0;
}
