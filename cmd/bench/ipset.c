/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * cmd/bench/ipset.c - a set as ipset has it, and the iptables rule that asks it
 */
#include <errno.h>
#include <stdlib.h>

#include "cmd/bench/set.h"

#define S	BENCH_COLUMN_SADDR
#define D	BENCH_COLUMN_DADDR
#define SP	BENCH_COLUMN_SPORT
#define DP	BENCH_COLUMN_DPORT

/* The columns of a type in its own order, and from where each is taken. */
static const struct type {
	uint32_t	n;
	enum bench_column column[3];
	const char	*name;
	const char	*nets;		/* where addresses are ranges */
	const char	*from;
} types[] = {
	{ 1, { S }, "hash:ip", "hash:net", "src" },
	{ 1, { D }, "hash:ip", "hash:net", "dst" },
	{ 1, { SP }, "bitmap:port", "bitmap:port", "src" },
	{ 1, { DP }, "bitmap:port", "bitmap:port", "dst" },
	{ 2, { S, D }, "hash:net,net", "hash:net,net", "src,dst" },
	{ 2, { S, SP }, "hash:ip,port", "hash:net,port", "src,src" },
	{ 2, { S, DP }, "hash:ip,port", "hash:net,port", "src,dst" },
	{ 2, { D, SP }, "hash:ip,port", "hash:net,port", "dst,src" },
	{ 2, { D, DP }, "hash:ip,port", "hash:net,port", "dst,dst" },
	{ 3, { S, SP, D }, "hash:ip,port,ip", "hash:net,port,net",
	  "src,src,dst" },
	{ 3, { S, DP, D }, "hash:ip,port,ip", "hash:net,port,net",
	  "src,dst,dst" },
};

static const struct type *find_type(const struct bench_set *s)
{
	uint32_t i, k, columns;

	for (i = 0; i < sizeof(types) / sizeof(*types); i++) {
		columns = 0;
		for (k = 0; k < types[i].n; k++)
			columns |= 1u << types[i].column[k];
		if (columns == s->differs)
			return &types[i];
	}
	return NULL;
}

static bool is_port(enum bench_column c)
{
	return c == SP || c == DP;
}

static void write_element(const struct bench_set *s, const struct type *t,
			  FILE *f, const struct bench_set_row *row)
{
	uint32_t i;

	for (i = 0; i < t->n; i++) {
		fputs(i ? "," : "", f);
		if (is_port(t->column[i]) && t->n > 1)
			fprintf(f, "%s:", bench_set_proto(s));
		bench_set_value(f, t->column[i], row);
	}
}

static void write_create(const struct bench_set *s, const struct type *t,
			 FILE *f, const char *name)
{
	const bool nets = s->wide & (1u << S | 1u << D);

	fprintf(f, "create %s %s", name, nets ? t->nets : t->name);
	if (t->n == 1 && is_port(t->column[0]))
		fputs(" range 0-65535\n", f);
	else
		fprintf(f, " maxelem %u\n",
			s->rs->chain->nrules * 64 + (1u << 16));
}

/* A set that is in use can be swapped, but not deleted. */
static void write_set(const struct bench_set *s, const struct type *t, FILE *f)
{
	struct bench_set_row row;
	uint32_t i;

	write_create(s, t, f, "bench");
	write_create(s, t, f, "bench-new");
	for (i = 0; i < s->rs->chain->nrules; i++) {
		bench_set_row(s, i, &row);
		fputs("add bench-new ", f);
		write_element(s, t, f, &row);
		fputc('\n', f);
	}
	fputs("swap bench bench-new\ndestroy bench-new\n", f);
}

static void write_port(const struct bench_set *s, FILE *f, const char *option,
		       enum bench_column c)
{
	if (s->first.there[c] && !(s->differs >> c & 1))
		fprintf(f, " %s %u:%u", option, s->first.lo[c],
			s->first.hi[c]);
}

static void write_address(const struct bench_set *s, FILE *f,
			  const char *option, const char *range,
			  enum bench_column c)
{
	if (!s->first.there[c] || s->differs >> c & 1)
		return;
	fprintf(f, " %s ", bench_set_is_net(s->first.lo[c], s->first.hi[c]) ?
		option : range);
	bench_set_value(f, c, &s->first);
}

static void write_rule(const struct bench_set *s, const struct type *t, FILE *f)
{
	const struct ir_chain *chain = s->rs->chain;
	const char *name = ir_hook_name(s->rs->hook);

	fprintf(f, "*filter\n:%s %s [0:0]\n-A %s", name,
		chain->policy == IR_DROP ? "DROP" : "ACCEPT", name);
	if (s->first.there[BENCH_COLUMN_PROTO])
		fprintf(f, " -p %u", s->first.lo[BENCH_COLUMN_PROTO]);
	write_address(s, f, "-s", "-m iprange --src-range", S);
	write_address(s, f, "-d", "-m iprange --dst-range", D);
	if (s->first.there[SP] || s->first.there[DP])
		fprintf(f, " -m %s", bench_set_proto(s));
	write_port(s, f, "--sport", SP);
	write_port(s, f, "--dport", DP);
	fprintf(f, " -m set --match-set bench %s -j %s\nCOMMIT\n", t->from,
		chain->rule[0]->target == IR_DROP ? "DROP" : "ACCEPT");
}

/* 0 or -ENOMEM. */
static int write_text(const struct bench_set *s, const struct type *t,
		      char **text, void (*write)(const struct bench_set *s,
						 const struct type *t, FILE *f))
{
	size_t len;
	FILE *f = open_memstream(text, &len);

	if (!f)
		return -ENOMEM;
	write(s, t, f);
	return fclose(f) ? -ENOMEM : 0;
}

int bench_set_write_ipset(const struct bench_set *s, char **set, char **rule)
{
	const bool ports = s->first.there[SP] || s->first.there[DP];
	const struct type *t = find_type(s);
	int err;

	*set = *rule = NULL;
	if (!t || (ports && !bench_set_proto(s)))
		return -EOPNOTSUPP;
	err = write_text(s, t, set, write_set);
	if (!err)
		err = write_text(s, t, rule, write_rule);
	return err;
}

int bench_set_element_ipset(const struct bench_set *s, char *buf, size_t len)
{
	struct bench_set_row row = { .there = { false } };
	const struct type *t = find_type(s);
	FILE *f = t ? fmemopen(buf, len, "w") : NULL;
	int c;

	if (!f)
		return -ENOMEM;
	for (c = 0; c < BENCH_NCOLUMNS; c++)
		row.lo[c] = row.hi[c] = bench_set_no_flow[c];
	write_element(s, t, f, &row);
	return fclose(f) ? -ENOMEM : 0;
}
