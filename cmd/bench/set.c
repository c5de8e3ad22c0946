/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * cmd/bench/set.c - rulesets that are one set, in other words
 *
 * Single values only: whoever is in the set meets the same target, whatever the
 * order of the rules.
 */
#include "cmd/bench/set.h"

#include <errno.h>
#include <netinet/in.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* The fields that may differ from rule to rule, in nft's words. */
static const struct {
	enum ir_field	field;
	const char	*type;
	const char	*expr;		/* %s: the protocol */
	const char	*example;
} columns[] = {
	{ IR_SADDR, "ipv4_addr", "ip saddr", "203.0.113.77" },
	{ IR_DADDR, "ipv4_addr", "ip daddr", "198.51.100.1" },
	{ IR_SPORT, "inet_service", "%s sport", "4241" },
	{ IR_DPORT, "inet_service", "%s dport", "4242" },
};

#define NCOLUMNS	4
#define PROTO		NCOLUMNS	/* must be the same in all */

struct row {
	bool		there[NCOLUMNS + 1];
	uint32_t	value[NCOLUMNS + 1];
};

struct set {
	const struct bench_ruleset *rs;
	struct row	first;
	bool		differs[NCOLUMNS + 1];
};

static int column_of(enum ir_field f)
{
	int i;

	for (i = 0; i < NCOLUMNS; i++)
		if (columns[i].field == f)
			return i;
	return f == IR_PROTO ? PROTO : -1;
}

static bool read_pred(const struct ir_pred *p, struct row *row)
{
	const struct ir_term *t = p->term;
	uint32_t max;
	int c;

	if (p->kind != IR_PRED_TERMS || p->negate || p->nterms != 1)
		return false;
	max = ir_field_max(t->field);
	if (t->lo != t->hi || (t->mask & max) != max)
		return false;
	c = column_of(t->field);
	if (c < 0 || (row->there[c] && row->value[c] != t->lo))
		return false;
	row->there[c] = true;
	row->value[c] = t->lo;
	return true;
}

static bool read_row(const struct ir_rule *r, struct row *row)
{
	uint32_t m, p;

	memset(row, 0, sizeof(*row));
	for (m = 0; m < r->nmatches; m++)
		for (p = 0; p < r->match[m].npreds; p++)
			if (!read_pred(&r->match[m].pred[p], row))
				return false;
	return true;
}

/* Whether it is one; which columns there are and which differ. */
static bool read_set(struct set *s)
{
	const struct ir_chain *chain = s->rs->chain;
	bool any = false;
	struct row row;
	uint32_t i;
	int c;

	if (chain->nrules < 2 || chain->nrules != s->rs->nrules ||
	    (chain->rule[0]->target != IR_ACCEPT &&
	     chain->rule[0]->target != IR_DROP) ||
	    !read_row(chain->rule[0], &s->first))
		return false;
	for (i = 1; i < chain->nrules; i++) {
		if (chain->rule[i]->target != chain->rule[0]->target ||
		    !read_row(chain->rule[i], &row) ||
		    memcmp(row.there, s->first.there, sizeof(row.there)))
			return false;
		for (c = 0; c <= PROTO; c++)
			s->differs[c] |= row.value[c] != s->first.value[c];
	}
	for (c = 0; c < NCOLUMNS; c++)
		any |= s->differs[c];
	return any && !s->differs[PROTO];
}

static const char *proto_name(uint32_t proto)
{
	switch (proto) {
	case IPPROTO_TCP:
		return "tcp";
	case IPPROTO_UDP:
		return "udp";
	default:
		return NULL;
	}
}

static void write_value(FILE *f, int c, uint32_t v)
{
	if (columns[c].field == IR_SADDR || columns[c].field == IR_DADDR)
		fprintf(f, "%u.%u.%u.%u", v >> 24, v >> 16 & 255, v >> 8 & 255,
			v & 255);
	else
		fprintf(f, "%u", v);
}

/* What @write does for each column that differs, with dots between. */
static void write_joined(const struct set *s, FILE *f, const struct row *row,
			 void (*write)(const struct set *s, FILE *f, int c,
				       const struct row *row))
{
	const char *dot = "";
	int c;

	for (c = 0; c < NCOLUMNS; c++) {
		if (!s->differs[c])
			continue;
		fputs(dot, f);
		write(s, f, c, row);
		dot = " . ";
	}
}

static void write_type(const struct set *s, FILE *f, int c,
		       const struct row *row)
{
	(void)s;
	(void)row;
	fputs(columns[c].type, f);
}

static void write_expr(const struct set *s, FILE *f, int c,
		       const struct row *row)
{
	const char *proto = proto_name(s->first.value[PROTO]);

	(void)row;
	if (columns[c].expr[0] == '%')
		fprintf(f, "%s%s", proto ? proto : "th",
			columns[c].expr + 2);
	else
		fputs(columns[c].expr, f);
}

static void write_cell(const struct set *s, FILE *f, int c,
		       const struct row *row)
{
	(void)s;
	write_value(f, c, row->value[c]);
}

static void write_example(const struct set *s, FILE *f, int c,
			  const struct row *row)
{
	(void)s;
	(void)row;
	fputs(columns[c].example, f);
}

/* The one rule. */
static void write_rule(const struct set *s, FILE *f)
{
	int c;

	if (s->first.there[PROTO])
		fprintf(f, "ip protocol %u ", s->first.value[PROTO]);
	for (c = 0; c < NCOLUMNS; c++) {
		if (!s->first.there[c] || s->differs[c])
			continue;
		write_expr(s, f, c, NULL);
		fputc(' ', f);
		write_value(f, c, s->first.value[c]);
		fputc(' ', f);
	}
	write_joined(s, f, NULL, write_expr);
	fprintf(f, " @bench counter %s\n",
		s->rs->chain->rule[0]->target == IR_DROP ? "drop" : "accept");
}

static void write_elements(const struct set *s, FILE *f)
{
	struct row row;
	uint32_t i;

	for (i = 0; i < s->rs->chain->nrules; i++) {
		read_row(s->rs->chain->rule[i], &row);
		fputs(i ? ",\n" : "", f);
		write_joined(s, f, &row, write_cell);
	}
}

int bench_set_write(const struct bench_ruleset *rs, char **text, size_t *len)
{
	const bool input = rs->hook == IR_HOOK_INPUT;
	struct set s = { .rs = rs };
	FILE *f;

	if (!read_set(&s))
		return -EOPNOTSUPP;
	f = open_memstream(text, len);
	if (!f)
		return -ENOMEM;
	fputs("table ip filter {\nset bench {\ntype ", f);
	write_joined(&s, f, NULL, write_type);
	fputs("\nelements = { ", f);
	write_elements(&s, f);
	fprintf(f, " }\n}\nchain %s {\ntype filter hook %s priority 0; policy %s;\n",
		ir_hook_name(rs->hook), input ? "input" : "forward",
		rs->chain->policy == IR_DROP ? "drop" : "accept");
	write_rule(&s, f);
	fputs("}\n}\n", f);
	return fclose(f) ? -ENOMEM : 0;
}

int bench_set_element(const struct bench_ruleset *rs, char *s, size_t len)
{
	struct set set = { .rs = rs };
	FILE *f;

	if (!read_set(&set))
		return -EOPNOTSUPP;
	f = fmemopen(s, len, "w");
	if (!f)
		return -ENOMEM;
	write_joined(&set, f, NULL, write_example);
	return fclose(f) ? -ENOMEM : 0;
}
