/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * cmd/bench/set.c - rulesets that are one set, in other words
 *
 * Whoever is in the set meets the same target, whatever the order of the rules
 * and however they overlap.
 */
#include "cmd/bench/set.h"

#include <errno.h>
#include <netinet/in.h>
#include <stdlib.h>
#include <string.h>

/* The columns in nft's words. */
static const struct {
	enum ir_field	field;
	const char	*type;
	const char	*expr;		/* %s: the protocol */
} columns[BENCH_NCOLUMNS] = {
	[BENCH_COLUMN_SADDR] = {
		IR_SADDR, "ipv4_addr", "ip saddr"
	},
	[BENCH_COLUMN_DADDR] = {
		IR_DADDR, "ipv4_addr", "ip daddr"
	},
	[BENCH_COLUMN_SPORT] = {
		IR_SPORT, "inet_service", "%s sport"
	},
	[BENCH_COLUMN_DPORT] = {
		IR_DPORT, "inet_service", "%s dport"
	},
};

const uint32_t bench_set_no_flow[BENCH_NCOLUMNS] = {
	[BENCH_COLUMN_SADDR] = 0xcb00714d,	/* 203.0.113.77 */
	[BENCH_COLUMN_DADDR] = 0xc6336401,	/* 198.51.100.1 */
	[BENCH_COLUMN_SPORT] = 4241,
	[BENCH_COLUMN_DPORT] = 4242,
};

/* Reading ------------------------------------------------------------------ */

static int column_of(enum ir_field f)
{
	int i;

	for (i = 0; i < BENCH_NCOLUMNS; i++)
		if (columns[i].field == f)
			return i;
	return f == IR_PROTO ? BENCH_COLUMN_PROTO : -1;
}

/* The range that a term is, where it is one: a prefix, or whole values. */
static bool read_term(const struct ir_term *t, uint32_t *lo, uint32_t *hi)
{
	uint32_t max = ir_field_max(t->field), rest = max & ~t->mask;

	if (rest & (rest + 1) || t->lo > t->hi || (rest && t->lo != t->hi))
		return false;
	*lo = t->lo;
	*hi = t->hi | rest;
	return true;
}

static bool read_pred(const struct ir_pred *p, struct bench_set_row *row)
{
	const struct ir_term *t = p->term;
	uint32_t lo, hi;
	int c;

	if (p->kind != IR_PRED_TERMS || p->negate || p->nterms != 1 ||
	    !read_term(t, &lo, &hi))
		return false;
	c = column_of(t->field);
	if (c < 0 || (row->there[c] && (row->lo[c] != lo || row->hi[c] != hi)))
		return false;
	row->there[c] = true;
	row->lo[c] = lo;
	row->hi[c] = hi;
	return true;
}

static bool read_row(const struct ir_rule *r, struct bench_set_row *row)
{
	uint32_t m, p;

	memset(row, 0, sizeof(*row));
	for (m = 0; m < r->nmatches; m++)
		for (p = 0; p < r->match[m].npreds; p++)
			if (!read_pred(&r->match[m].pred[p], row))
				return false;
	return true;
}

static void compare_rows(struct bench_set *s, const struct bench_set_row *row)
{
	const struct bench_set_row *a = &s->first;
	int c;

	for (c = 0; c <= BENCH_COLUMN_PROTO; c++) {
		if (row->lo[c] != a->lo[c] || row->hi[c] != a->hi[c])
			s->differs |= 1u << c;
		if (row->lo[c] != row->hi[c] || a->lo[c] != a->hi[c])
			s->wide |= 1u << c;
	}
}

int bench_set_read(const struct bench_ruleset *rs, struct bench_set *s)
{
	const struct ir_chain *chain = rs->chain;
	struct bench_set_row row;
	uint32_t i;

	*s = (struct bench_set){ .rs = rs };
	if (chain->nrules < 2 || chain->nrules != rs->nrules ||
	    (chain->rule[0]->target != IR_ACCEPT &&
	     chain->rule[0]->target != IR_DROP) ||
	    !read_row(chain->rule[0], &s->first))
		return -EOPNOTSUPP;
	for (i = 1; i < chain->nrules; i++) {
		if (chain->rule[i]->target != chain->rule[0]->target ||
		    !read_row(chain->rule[i], &row) ||
		    memcmp(row.there, s->first.there, sizeof(row.there)))
			return -EOPNOTSUPP;
		compare_rows(s, &row);
	}
	if (!s->differs || s->differs >> BENCH_COLUMN_PROTO)
		return -EOPNOTSUPP;
	s->wide &= s->differs;
	return 0;
}

void bench_set_row(const struct bench_set *s, uint32_t i,
		   struct bench_set_row *row)
{
	read_row(s->rs->chain->rule[i], row);
}

const char *bench_set_proto(const struct bench_set *s)
{
	if (!s->first.there[BENCH_COLUMN_PROTO])
		return NULL;
	switch (s->first.lo[BENCH_COLUMN_PROTO]) {
	case IPPROTO_TCP:
		return "tcp";
	case IPPROTO_UDP:
		return "udp";
	default:
		return NULL;
	}
}

/* Writing ------------------------------------------------------------------ */

static void write_address(FILE *f, uint32_t a)
{
	fprintf(f, "%u.%u.%u.%u", a >> 24, a >> 16 & 255, a >> 8 & 255,
		a & 255);
}

bool bench_set_is_net(uint32_t lo, uint32_t hi)
{
	uint32_t low = lo ^ hi;

	return !(low & (low + 1)) && !(lo & low);
}

void bench_set_value(FILE *f, enum bench_column c,
		     const struct bench_set_row *row)
{
	uint32_t lo = row->lo[c], hi = row->hi[c];
	const bool address = c <= BENCH_COLUMN_DADDR;

	if (!address)
		fprintf(f, lo == hi ? "%u" : "%u-%u", lo, hi);
	else
		write_address(f, lo);
	if (!address || lo == hi)
		return;
	if (bench_set_is_net(lo, hi)) {
		fprintf(f, "/%d", __builtin_clz(lo ^ hi));
		return;
	}
	fputc('-', f);
	write_address(f, hi);
}

/* What @write does for each column of the set, with dots between. */
static void write_joined(const struct bench_set *s, FILE *f,
			 const struct bench_set_row *row,
			 void (*write)(const struct bench_set *s, FILE *f,
				       enum bench_column c,
				       const struct bench_set_row *row))
{
	const char *dot = "";
	int c;

	for (c = 0; c < BENCH_NCOLUMNS; c++) {
		if (!(s->differs >> c & 1))
			continue;
		fputs(dot, f);
		write(s, f, c, row);
		dot = " . ";
	}
}

static void write_type(const struct bench_set *s, FILE *f, enum bench_column c,
		       const struct bench_set_row *row)
{
	(void)s;
	(void)row;
	fputs(columns[c].type, f);
}

static void write_expr(const struct bench_set *s, FILE *f, enum bench_column c,
		       const struct bench_set_row *row)
{
	const char *proto = bench_set_proto(s);

	(void)row;
	if (columns[c].expr[0] == '%')
		fprintf(f, "%s%s", proto ? proto : "th",
			columns[c].expr + 2);
	else
		fputs(columns[c].expr, f);
}

static void write_cell(const struct bench_set *s, FILE *f, enum bench_column c,
		       const struct bench_set_row *row)
{
	(void)s;
	bench_set_value(f, c, row);
}

/* The one rule. */
static void write_rule(const struct bench_set *s, FILE *f)
{
	int c;

	if (s->first.there[BENCH_COLUMN_PROTO])
		fprintf(f, "ip protocol %u ", s->first.lo[BENCH_COLUMN_PROTO]);
	for (c = 0; c < BENCH_NCOLUMNS; c++) {
		if (!s->first.there[c] || s->differs >> c & 1)
			continue;
		write_expr(s, f, c, NULL);
		fputc(' ', f);
		bench_set_value(f, c, &s->first);
		fputc(' ', f);
	}
	write_joined(s, f, NULL, write_expr);
	fprintf(f, " @bench counter %s\n",
		s->rs->chain->rule[0]->target == IR_DROP ? "drop" : "accept");
}

static void write_elements(const struct bench_set *s, FILE *f)
{
	struct bench_set_row row;
	uint32_t i;

	for (i = 0; i < s->rs->chain->nrules; i++) {
		bench_set_row(s, i, &row);
		fputs(i ? ",\n" : "", f);
		write_joined(s, f, &row, write_cell);
	}
}

/* Ranges that overlap are merged, where nft can: in sets of one column. */
static void write_flags(const struct bench_set *s, FILE *f)
{
	if (s->wide)
		fputs("flags interval\n", f);
	if (s->wide && !(s->differs & (s->differs - 1)))
		fputs("auto-merge\n", f);
}

int bench_set_write_nft(const struct bench_set *s, char **text, size_t *len)
{
	const bool input = s->rs->hook == IR_HOOK_INPUT;
	FILE *f = open_memstream(text, len);

	if (!f)
		return -ENOMEM;
	fputs("table ip filter {\nset bench {\ntype ", f);
	write_joined(s, f, NULL, write_type);
	fputc('\n', f);
	write_flags(s, f);
	fputs("elements = { ", f);
	write_elements(s, f);
	fprintf(f, " }\n}\nchain %s {\ntype filter hook %s priority 0; policy %s;\n",
		ir_hook_name(s->rs->hook), input ? "input" : "forward",
		s->rs->chain->policy == IR_DROP ? "drop" : "accept");
	write_rule(s, f);
	fputs("}\n}\n", f);
	return fclose(f) ? -ENOMEM : 0;
}

int bench_set_element_nft(const struct bench_set *s, char *buf, size_t len)
{
	struct bench_set_row row = { .there = { false } };
	FILE *f = fmemopen(buf, len, "w");

	if (!f)
		return -ENOMEM;
	memcpy(row.lo, bench_set_no_flow, sizeof(bench_set_no_flow));
	memcpy(row.hi, bench_set_no_flow, sizeof(bench_set_no_flow));
	write_joined(s, f, &row, write_cell);
	return fclose(f) ? -ENOMEM : 0;
}
